"""`requests load`: who has how much waiting."""

from contextlib import closing
from datetime import datetime, timedelta

from tests.cli.terminal import Terminal

from ticketgate.adapters.sqlite import schema
from ticketgate.domain.instants import to_text
from ticketgate.wiring.commands import wall_time


def asked(terminal: Terminal, approver: str, minutes: int) -> None:
    """Somebody was asked so many minutes ago, and has not answered."""
    now = wall_time()
    (path,) = terminal.folder.rglob("*.db")
    until = to_text(now + timedelta(hours=8))
    with closing(schema.connect(path)) as db:
        db.execute(
            "INSERT INTO request (id, version, state, source, tbl, ticket_id, entitlement,"
            " opened_at, decide_by) VALUES ('req_1', 1, 'awaiting', 's', 't', 'i', 'e', ?, ?)",
            (until, until),
        )
        db.execute(
            "INSERT INTO link (id, request, round, stage, approver, clause, shown, state,"
            " expires_at, why) VALUES ('lnk_1', 'req_1', 1, 1, ?, 'c', 's', 'issued', ?, '')",
            (approver, until),
        )
        at: datetime = now - timedelta(minutes=minutes)
        db.execute("INSERT INTO link_token VALUES ('h', 'lnk_1', ?)", (to_text(at),))


def test_without_requests_nobody_is_listed(terminal: Terminal) -> None:
    assert "nobody is asked" in terminal("requests", "load").output
    assert terminal.json("requests", "load") == []


def test_who_is_asked_is_listed_with_the_age_of_the_oldest(terminal: Terminal) -> None:
    asked(terminal, "bob", 90)
    done = terminal("requests", "load")
    assert done.exit_code == 0
    assert "bob" in done.output
    assert "WAITING" in done.output
    (found,) = terminal.json("requests", "load")
    assert 90 * 60 <= found.pop("oldest") < 92 * 60
    assert found == {
        "approver": "bob",
        "waiting": 1,
        "decided_7d": 0,
        "decided_30d": 0,
        "median": None,
    }
