"""What was told long ago goes, and nothing that is still to be told, or tells what was."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.adapters.shelf import NOON, command

from ticketgate.adapters.sqlite import migrating, schema
from ticketgate.adapters.sqlite.transaction import SqliteReading
from ticketgate.domain.grants.command import CommandKind, CommandState
from ticketgate.domain.requests.approval import Link, LinkState
from ticketgate.domain.telling.outcomes import Outcome, OutcomeLetter
from ticketgate.domain.telling.write_back import Comment

DAY = timedelta(days=1)
OLD = NOON - 30 * DAY


class Told:
    """The tables, with what was told written in."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.db = connection
        self.tables = SqliteReading(connection)

    def letter(self, ident: str = "ltr_1", days: int = 31, until: int | None = None) -> None:
        end = None if until is None else NOON - until * DAY
        told = (ident, Outcome.DENIED, ident, "", "alice", "", "", 1, NOON - days * DAY, end)
        self.tables.letters.add(OutcomeLetter(*told))

    def comment(self, ident: str = "cmt_1", days: int = 31) -> None:
        told = (ident, "snow", "item", "t1", "req_1", "", 1, NOON - days * DAY)
        self.tables.channels.add_comment(Comment(*told))

    def reminder(self, link: str = "lnk_1", days: int = 31, seconds: int = 60) -> None:
        day = (NOON - days * DAY).date()
        self.tables.workload.add_reminder(f"{link}:{seconds}", "bob", day, mailed=True)

    def digest(self, ident: str = "dig_1", days: int = 31) -> None:
        self.tables.workload.add_digest(ident, "bob", (NOON - days * DAY).date())

    def command(self, kind: CommandKind, about: str, state: CommandState) -> None:
        one = replace(command(f"cmd_{about}"), kind=kind, about=about, state=state)
        self.tables.commands.add(one)

    def link(self, ident: str, state: LinkState) -> None:
        self.tables.links.save(Link(ident, "req_1", 1, 1, "bob", "person:bob", "s", state, NOON))

    def drop(self, limit: int = 100) -> int:
        return self.tables.keeping.drop_messages(OLD, limit)

    def left(self) -> set[str]:
        names = {"letter": "id", "comment": "id", "reminder": "key", "digest": "id"}
        found = (self.db.execute(f"SELECT {key} FROM {table}") for table, key in names.items())  # noqa: S608 -- fixed words
        return {ident for rows in found for (ident,) in rows}


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with closing(schema.connect(tmp_path / "x.db")) as connection:
        migrating.migrate(connection)
        yield Told(connection)


def test_what_is_older_than_the_limit_goes_and_the_rest_stays(told: Told) -> None:
    for days, name in ((31, "old"), (29, "new")):
        told.letter(f"ltr_{name}", days)
        told.comment(f"cmt_{name}", days)
        told.reminder(f"lnk_{name}", days)
        told.digest(f"dig_{name}", days)
    assert told.drop() == 4
    assert told.left() == {"ltr_new", "cmt_new", "lnk_new:60", "dig_new"}
    assert told.drop() == 0


def test_what_counts_for_a_limit_of_its_day_stays_for_all_of_it(told: Told) -> None:
    told.reminder(days=30)
    told.digest(days=30)
    assert told.drop() == 0


@pytest.mark.parametrize(
    ("state", "stays"),
    [
        (CommandState.QUEUED, True),
        (CommandState.INTENDED, True),
        (CommandState.DONE, False),
        (CommandState.CANCELLED, False),
    ],
)
def test_what_is_still_to_be_told_stays_however_old(
    told: Told, state: CommandState, *, stays: bool
) -> None:
    told.letter()
    told.comment()
    told.digest()
    told.command(CommandKind.MAIL_OUTCOME, "ltr_1", state)
    told.command(CommandKind.COMMENT, "cmt_1", state)
    told.command(CommandKind.MAIL_DIGEST, "dig_1", state)
    assert told.drop() == (0 if stays else 3)
    assert bool(told.left()) == stays


@pytest.mark.parametrize("state", list(LinkState))
def test_a_reminder_stays_while_its_link_can_be_used(told: Told, state: LinkState) -> None:
    """Else the same reminder would go out again."""
    told.reminder()
    told.reminder(seconds=3600)
    told.link("lnk_1", state)
    told.link("lnk_2", LinkState.ISSUED)
    assert told.drop() == (0 if state is LinkState.ISSUED else 2)


def test_a_letter_about_an_end_stays_until_that_end_is_as_old(told: Told) -> None:
    """Else whoever has the access would be told of that end again."""
    told.letter("ltr_ahead", until=-1)
    told.letter("ltr_lately", until=29)
    told.letter("ltr_over", until=31)
    assert told.drop() == 1
    assert told.left() == {"ltr_ahead", "ltr_lately"}


def test_no_more_go_at_a_time_than_was_said(told: Told) -> None:
    for number in range(5):
        told.letter(f"ltr_{number}")
        told.comment(f"cmt_{number}")
    told.letter("ltr_held")
    told.command(CommandKind.MAIL_OUTCOME, "ltr_held", CommandState.QUEUED)
    assert [told.drop(2) for _ in range(4)] == [4, 4, 2, 0]
    assert told.left() == {"ltr_held"}
