"""`ticketgate demo` from start to end, as `make run` shows it to a stranger."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ticketgate.cli.demo.servers import DemoError, wait_until
from ticketgate.cli.demo.story import Teller, expect
from ticketgate.cli.main import main


def test_the_demo_tells_each_step_and_ends_well(tmp_path: Path) -> None:
    """Ticket, rule, two named approvers, access, its end, and the proof; in a folder to keep."""
    folder = tmp_path / "kept"
    ran = CliRunner().invoke(main, ["demo", "--keep", str(folder)])
    assert ran.exit_code == 0, ran.output
    told = [line for line in ran.output.splitlines() if line.startswith("[")]
    assert len(told) == 10
    for said in (
        "is an identity event (privilege.elevate, ",
        "elevated-access-item@policy.yaml:",
        "Bob approves",
        "Carol approves",
        "Alice really is a member of SG-PROD-DB-ADMIN",
        "gone ",
        "STRUCTURE: holds",
        "SIGNED: holds",
        "SEMANTICS: holds",
        "STATE: holds",
        "STRUCTURE holds",
        "STRUCTURE fails",
    ):
        assert said in ran.output
    assert (folder / "config" / "data" / "ticketgate.db").is_file()


def test_a_folder_that_exists_is_not_worked_in(tmp_path: Path) -> None:
    ran = CliRunner().invoke(main, ["demo", "--keep", str(tmp_path)])
    assert ran.exit_code == 3
    assert "exists" in ran.output


def test_a_step_that_does_not_come_out_stops_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    """A control: what the demo says is seen to hold, or it stops."""
    with pytest.raises(DemoError, match="nobody"):
        expect(False, "nobody came")
    with pytest.raises(DemoError, match="never"):
        Teller().wait("never", lambda: False, 0.1)
    with pytest.raises(DemoError, match="never"):
        wait_until("never", lambda: False, 0.1)
    assert "waiting: never" in capsys.readouterr().out
