"""Groups of commands: listed in the order of use, and a group alone prints its help.

A command may be added later, by name and place: what it imports is imported when it is called.
"""

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem
from typing_extensions import override


class Later(NamedTuple):
    """A command that is imported when it is called; `short_help` is what its group lists.

    `place` is `module:name`. The short help is the first sentence of the command's own help, which
    a test holds.
    """

    place: str
    short_help: str

    def command(self) -> click.Command:
        """The command itself, imported now.

        Raises:
            TypeError: what is there is no command.
        """
        module, _, name = self.place.partition(":")
        found = getattr(import_module(module), name)
        if not isinstance(found, click.Command):
            raise TypeError(f"{self.place} is no command")
        return found


class _Commands(MutableMapping[str, click.Command]):
    """Commands by name, in the order added; one that comes later is imported when asked for."""

    def __init__(self) -> None:
        self._known: dict[str, click.Command | Later] = {}

    def add_later(self, name: str, later: Later) -> None:
        """Keep where a command is."""
        self._known[name] = later

    def to_list(self) -> dict[str, click.Command]:
        """Every command, without an import: of one that comes later its name and short help."""
        return {
            name: click.Command(name, help=one.short_help) if isinstance(one, Later) else one
            for name, one in self._known.items()
        }

    @override
    def __getitem__(self, name: str) -> click.Command:
        found = self._known[name]
        if isinstance(found, Later):
            found = self._known[name] = found.command()
        return found

    @override
    def __setitem__(self, name: str, command: click.Command) -> None:
        self._known[name] = command

    @override
    def __delitem__(self, name: str) -> None:
        del self._known[name]

    @override
    def __contains__(self, name: object) -> bool:
        return name in self._known

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    @override
    def __len__(self) -> int:
        return len(self._known)


class Listed(click.Group):
    """A group that keeps the order in which its commands were added."""

    def __init__(self, name: str | None = None, **settings: Any) -> None:  # noqa: ANN401 -- click's
        self._later = _Commands()
        super().__init__(name, commands=self._later, **settings)

    def add_later(self, name: str, place: str, short_help: str) -> None:
        """Add a command that is imported from `module:name` when it is called."""
        self._later.add_later(name, Later(place, short_help))

    def to_list(self) -> dict[str, click.Command]:
        """Every command, without an import: of one that comes later its name and short help."""
        return self._later.to_list()

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args or ["--help"])

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does, and nothing is imported for a list."""
        shown = self.to_list()
        limit = formatter.width - 6 - max(map(len, shown))
        with formatter.section("Commands"):
            formatter.write_dl([(n, one.get_short_help_str(limit)) for n, one in shown.items()])

    @override
    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """As click does, and nothing is imported for a list."""
        found = [
            CompletionItem(name, help=one.get_short_help_str())
            for name, one in self.to_list().items()
            if name.startswith(incomplete)
        ]
        return found + click.Command.shell_complete(self, ctx, incomplete)
