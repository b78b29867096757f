"""Who shapes what a ticket asks, and what an unknown hand does to it (ADR 0009)."""

import pytest
from tests.domain.cast import NOON, SNOW, case, directory, person, request, shaper, stage

from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.access_request import Party, Shaper
from ticketgate.domain.requests.opening import blocking, known_now, shapers_of
from ticketgate.domain.tickets.ticket import Reference, StateClass, Ticket

PEOPLE = directory(person("alice", manager="bob"), person("bob"))


def policy() -> Policy:
    about = case(PEOPLE, stage("manager_of:beneficiary"))
    return Policy("p" * 64, (), (about.entitlement,), (about.rule,), ())


def ticket(opened_by: str = "sys-alice", requested_for: str = "sys-alice") -> Ticket:
    fields = {
        "opened_by": Reference(opened_by, None),
        "requested_for": Reference(requested_for, None),
    }
    return Ticket(
        SNOW, "sc_req_item", "9d38", 1, "1", StateClass.OPEN, "sys-bob", "requested_for", fields
    )


@pytest.mark.parametrize(
    ("role", "reasons"),
    [
        ("editor", ("unknown_editor",)),
        ("requester", ("unknown_requester",)),
        ("beneficiary", ()),
    ],
)
def test_an_opener_or_editor_whom_the_directory_does_not_know_blocks(
    role: str, reasons: tuple[str, ...]
) -> None:
    """A past beneficiary who is unknown got nothing and wrote nothing."""
    assert blocking(request(shapers=(shaper(role, ""),)), policy(), PEOPLE, NOON) == reasons


def test_a_reason_is_told_once() -> None:
    found = request(shapers=(shaper("requester", ""),), reasons=("unknown_requester",))
    assert blocking(found, policy(), PEOPLE, NOON) == ("unknown_requester",)


def test_opener_and_beneficiary_shape_a_revision_and_its_writer_only_by_an_edit() -> None:
    revision = ticket()
    hands = (shaper("requester", "alice"), shaper("beneficiary", "alice"))
    assert shapers_of(revision, PEOPLE, edited=False) == hands
    assert shapers_of(revision, PEOPLE, edited=True) == (*hands, shaper("editor", "bob"))


def test_who_is_not_named_shapes_nothing() -> None:
    nameless = ticket(opened_by="", requested_for="")
    assert shapers_of(nameless, PEOPLE, edited=False) == ()


def test_a_shaper_whom_the_directory_knows_meanwhile_is_known_once() -> None:
    before = (Shaper("editor", Party("", "sys-bob")), shaper("editor", "bob"), shaper("editor", ""))
    found = known_now(before, SNOW, PEOPLE)
    assert found == (shaper("editor", "bob"), shaper("editor", ""))
