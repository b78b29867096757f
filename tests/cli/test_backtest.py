"""`policy backtest` of many tickets: several processes say what one says."""

import gc
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from tests.cli.terminal import Terminal
from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket, printer_incident

from ticketgate.adapters.process import workers
from ticketgate.adapters.sqlite import recorded
from ticketgate.operations.trying import backtest
from ticketgate.wiring import replaying

TICKETS = 9


@pytest.fixture
def many(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A store with tickets of several kinds, which counts as large, and a policy `new.yaml`."""
    terminal.edit("ticketgate.yaml", "store: data/ticketgate.db", "store: data/gate.db")
    gate = Gate(terminal.folder / "data")
    for number in range(TICKETS):
        gate.deliver(access_ticket(f"t{number}"))
        gate.deliver(printer_incident(f"p{number}", short_description=f"toner {number}"))
    gate.stop()
    text = (terminal.folder / "policy.yaml").read_text()
    text = text.replace("default: 2h, max: 4h, hard_max: 8h", "default: 1h, max: 1h, hard_max: 8h")
    (terminal.folder / "new.yaml").write_text(text.replace("vpn, sudo]", "vpn, sudo, toner]"))
    monkeypatch.setattr(replaying, "ALONE_MAX", TICKETS)
    monkeypatch.setattr(replaying, "PART", 2)
    monkeypatch.setattr(backtest, "PROGRESS_EVERY", 3)
    return terminal


def asked(terminal: Terminal) -> tuple[int, str, str]:
    new = str(terminal.folder / "new.yaml")
    done = terminal("policy", "backtest", new, "--since", "36500d", "--show", "--json")
    return done.exit_code, done.stdout, done.stderr


def begun(monkeypatch: pytest.MonkeyPatch, count: int) -> list[list[sqlite3.Connection]]:
    """For each process that begins, the connections to SQLite that are open then."""
    found: list[list[sqlite3.Connection]] = []
    begin = workers._begun

    def seen(*given: Any) -> Any:  # noqa: ANN401 -- handed on
        found.append([one for one in gc.get_objects() if is_open(one)])
        return begin(*given)

    monkeypatch.setattr(workers, "_begun", seen)
    monkeypatch.setattr(replaying, "processors", lambda: count)
    return found


def is_open(one: object) -> bool:
    try:
        return isinstance(one, sqlite3.Connection) and one.total_changes >= 0
    except sqlite3.ProgrammingError:  # it is closed
        return False


@pytest.mark.parametrize("count", [2, 5])
def test_several_processes_say_the_same_to_the_byte(
    many: Terminal, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert begun(monkeypatch, 1) == []
    alone = asked(many)
    assert '"revisions": 18' in alone[1]
    assert "shorter access" in alone[1]
    assert "newly needs a look" in alone[1]
    assert alone[2].splitlines() == [f"{at} revisions replayed" for at in range(3, 19, 3)]
    processes = begun(monkeypatch, count)
    assert asked(many) == alone
    assert processes == [[]] * count, "and none of them has a connection to the store"


def test_few_revisions_are_replayed_by_one_process(
    many: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "ALONE_MAX", 2 * TICKETS)
    processes = begun(monkeypatch, 2)
    assert asked(many)[0] == 0
    assert processes == []


def broken(one: recorded.Stored) -> Any:  # noqa: ANN401 -- as revision_of
    return recorded.revision_of(one._replace(encoded="AA") if one.record > TICKETS else one)


def ended(_: recorded.Stored) -> Any:  # noqa: ANN401 -- as revision_of
    raise SystemExit(5)


@pytest.mark.parametrize(
    ("way", "words"),
    [(broken, ["[cannot_replay]", "evidence verify"]), (ended, ["[worker_ended]", "(5)"])],
)
def test_a_process_that_fails_leaves_no_result(
    many: Terminal, way: Callable[..., Any], words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "revision_of", way)
    begun(monkeypatch, 2)
    exit_code, out, err = asked(many)
    assert (exit_code, out) == (3, "")
    assert all(word in err for word in words), err
