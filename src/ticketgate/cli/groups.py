"""Groups of commands: listed in the order of use, and a group alone prints its help."""

import click
from typing_extensions import override


class Listed(click.Group):
    """A group that keeps the order in which its commands were added."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args or ["--help"])
