"""A terminal: runs `ticketgate` in this process, as the installed command would."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from ticketgate.cli.main import main


class Terminal:
    """Commands on one configuration folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, stdin: bytes | None = None) -> Result:
        """Run a command; a traceback fails the test."""
        return CliRunner().invoke(
            main,
            ["--config", str(self.folder), *arguments],
            input=stdin,
            catch_exceptions=False,
            prog_name="ticketgate",
        )

    def json(self, *arguments: str, code: int = 0, stdin: bytes | None = None) -> Any:  # noqa: ANN401 -- JSON
        """The JSON answer of a command that ends with `code`."""
        done = self(*arguments, "--json", stdin=stdin)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands once in a file of the configuration."""
        path = self.folder / name
        text = path.read_text()
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new))
