"""Keep README's help block equal to `ticketgate --help`: `tools/readme_help.py [--check]`."""

import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

from click import Command
from click.testing import CliRunner

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN = "<!-- help: written by tools/readme_help.py -->\n"
END = "<!-- end of help -->"


def command() -> Command:
    """The command as it is installed."""
    (script,) = entry_points(group="console_scripts", name="ticketgate")
    loaded = script.load()
    if not isinstance(loaded, Command):
        raise TypeError(f"{script.value} is not a click command")
    return loaded


def block() -> str:
    """What stands between the marks."""
    shown = CliRunner().invoke(
        command(), ["--help"], prog_name="ticketgate", terminal_width=80, catch_exceptions=False
    )
    return f"```text\n$ ticketgate --help\n{shown.stdout.strip()}\n```\n"


def renewed(text: str) -> str:
    """The README with the block as it is now."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{block()}{END}{after}"


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0 written, or equal; 1 with --check, when it differs."""
    text = README.read_text()
    if "--check" in arguments:
        return int(renewed(text) != text)
    README.write_text(renewed(text))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
