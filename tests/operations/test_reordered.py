"""I9 of two gates: one is told all revisions in order, the other in any order and repeatedly.

Without a decision in between both end with the same live access, and the same ticket.
"""

from dataclasses import replace
from typing import Any, Final
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.operations.kit import Gate, approve, folder
from tests.operations.tickets import access_ticket, account, closed, edited, moved

from ticketgate.connector_api import StateClass, Ticket
from ticketgate.domain.grants.grant import UNENDED
from ticketgate.domain.tickets.ticket import TERMINAL_STATES
from ticketgate.operations.workers import work_delivery

EDITS: Final[dict[str, dict[str, Any]]] = {
    "comment": {"short_description": "any news?"},
    "reason": {"reason": "another migration"},
    "item": {"catalog_item": "nothing of ours"},
    "passed": {"requested_for": account("bob")},
}
FIRST: Final = access_ticket()
WORDS: Final = [*EDITS, "role", "unlisted", "ends", "undone"]
CHAINS: Final = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5)


def chain(words: list[str], *, closes: bool) -> list[Ticket]:
    """The revisions of a ticket, each on top of the one before; what was done stays, till undone.

    At most one closes: of two, the one that comes first sticks as the last revision.
    """
    found = [FIRST]
    for word in words:
        after = edited(found[-1], "alice", **EDITS.get(word, {"short_description": word}))
        if word == "role":
            after = replace(after, variables={"role": "nothing", "duration": ""})
        if word == "unlisted":
            after = replace(after, state="99", state_class=StateClass.UNLISTED)
        if word == "ends" and not any(one.state_class in TERMINAL_STATES for one in found):
            closes, after = False, moved(found[-1], StateClass.CANCELLED)
        if word == "undone":  # all that was done, a closing too, which nothing undoes
            after = replace(FIRST, version=after.version)
        found.append(after)
    return [*found[1:], *([closed(found[-1])] if closes else [])]


def outcome(revisions: list[Ticket]) -> tuple[object, ...]:
    """What stands after a gate, which has given access to Alice, was told these."""
    with folder() as path:
        gate = Gate(path)
        try:
            approve(gate)
            gate.settle()
            assert gate.members() == {"alice"}
            for ticket in revisions:
                gate.deliver(ticket)
            gate.settle()
            with gate.db() as looking:
                row = looking.tickets.find(revisions[0].key)
            assert row is not None
            live = {(one.subject, one.entitlement) for one in gate.grants() if one.state in UNENDED}
            return (live, gate.members(), row.ticket, row.verdict)
        finally:
            gate.stop()


@pytest.mark.untraced
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(words=CHAINS, closes=st.booleans(), data=st.data())
def test_order_and_repeats_change_nothing(
    words: list[str],
    closes: bool,  # noqa: FBT001 -- drawn
    data: st.DataObject,
) -> None:
    told = chain(words, closes=closes)
    again = data.draw(st.lists(st.sampled_from(told), max_size=4), label="repeats")
    mixed = data.draw(st.permutations([*told, *again]), label="order")
    assert outcome(mixed) == outcome(told)


@pytest.mark.parametrize("word", ["item", "passed", "role", "ends"])
@pytest.mark.parametrize("order", [(1, 0), (1, 0, 1, 0)])
def test_what_a_newer_revision_undid_takes_away_all_the_same(
    word: str, order: tuple[int, ...]
) -> None:
    told = chain([word, "undone"], closes=False)
    in_order = outcome(told)
    assert outcome([told[one] for one in order]) == in_order
    assert in_order[:2] == (set(), set())


def test_where_older_revisions_count_the_order_tells() -> None:
    """The control."""
    told = chain(["comment", "reason"], closes=False)
    assert outcome(told[::-1]) == outcome(told)
    with patch.object(work_delivery, "odd_revision", lambda *_: None):
        assert outcome(told[::-1]) != outcome(told)
