"""The cast of the domain's tests: Alice requests, Bob approves, Carol owns, Mallory tries."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ticketgate.domain.matching.matcher import Group
from ticketgate.domain.people.directory import DirectorySnapshot, Person
from ticketgate.domain.people.duties import Delegation, Duties, Window
from ticketgate.domain.policy.policy import ApproveRule, Entitlement, Stage, Word
from ticketgate.domain.requests.access_request import (
    AccessRequest,
    Party,
    RequestState,
    Shaper,
    material_of,
)
from ticketgate.domain.requests.approvers import Case
from ticketgate.domain.tickets.identity_event import Tier

NOON: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SNOW: Final = "snow-prod"
ALWAYS: Final = Group("all", (), 1)


def person(ident: str, **changes: Any) -> Person:  # noqa: ANN401 -- any field of Person
    """Somebody with one account at the source, `sys-<id>`."""
    plain = Person(ident, ident.title(), f"{ident}@example.com", accounts={SNOW: (f"sys-{ident}",)})
    return replace(plain, **changes)


def directory(*people: Person, duties: Duties | None = None) -> DirectorySnapshot:
    """A directory of just these."""
    found = {one.id: one for one in people}
    return DirectorySnapshot("d" * 64, NOON, found, duties=duties or Duties())


def around_noon(begins: int = -1, ends: int = 1) -> Window:
    """A window from and until so many hours after noon."""
    return Window(NOON + timedelta(hours=begins), NOON + timedelta(hours=ends))


def delegation(principal: str, delegate: str, window: Window | None = None) -> Delegation:
    """`principal` is on holiday around noon."""
    return Delegation(principal, delegate, window or around_noon(), "holiday")


def party(ident: str) -> Party:
    """Somebody of a ticket, by their account at the source."""
    return Party(ident, f"sys-{ident}")


def shaper(role: str, ident: str) -> Shaper:
    """Somebody with a hand in the ticket; nobody whom the directory knows when empty."""
    return Shaper(role, party(ident) if ident else Party("", "sys-ghost"))


def word(text: str) -> Word:
    """A word as the policy writes it."""
    verb, _, of = text.partition(":")
    return Word(verb, of)


def stage(*any_of: str, need: int = 1, never: tuple[str, ...] = (), name: str = "line") -> Stage:
    """A stage of these words."""
    return Stage(name, tuple(map(word, any_of)), need, tuple(map(word, never)))


def rule(*stages: Stage, never: tuple[str, ...] = ()) -> ApproveRule:
    """A rule of these stages."""
    return ApproveRule(
        "two-eyes", ALWAYS, stages, tuple(map(word, never)), 20, None, "",
        timedelta(hours=8), "policy.yaml:50", "r" * 64,
    )  # fmt: skip


def entitlement(
    owner: str = "person:carol",
    backup: str | None = None,
    **changes: Any,  # noqa: ANN401 -- any field
) -> Entitlement:
    """Production database administration."""
    plain = Entitlement(
        "prod-db-admin", "corp-scim", {"group": "SG"}, ALWAYS, None, word(owner),
        None if backup is None else word(backup), Tier.HIGH, None, "policy.yaml:40", "e" * 64,
    )  # fmt: skip
    return replace(plain, **changes)


def request(**changes: Any) -> AccessRequest:  # noqa: ANN401 -- any field of AccessRequest
    """Alice asks for herself."""
    plain = AccessRequest(
        id="req_1",
        version=1,
        state=RequestState.AWAITING,
        source=SNOW,
        table="sc_req_item",
        ticket_id="9d38",
        ticket_number="RITM0010001",
        revision=1,
        entitlement="prod-db-admin",
        target="corp-scim",
        access={"group": "SG"},
        requester=party("alice"),
        beneficiary=party("alice"),
        shapers=(),
        seconds=7200,
        seconds_asked=None,
        catalog_item="Elevated access",
        reason="Migration",
        tier=Tier.HIGH,
        kinds=("privilege.elevate",),
        rule_ids=("elevated@policy.yaml:9",),
        approve_rule="two-eyes",
        salt="00" * 16,
        material="",
        rules="5" * 64,
        round=1,
        stage=1,
        opened_at=NOON,
        decide_by=NOON + timedelta(hours=8),
    )
    changed = replace(plain, **changes)
    return replace(changed, material=material_of(changed))


def case(
    snapshot: DirectorySnapshot,
    *stages: Stage,
    never: tuple[str, ...] = (),
    owner: str = "person:carol",
    backup: str | None = None,
    **changes: Any,  # noqa: ANN401 -- any field of AccessRequest
) -> Case:
    """The approver question of Alice's request."""
    return Case(
        request(**changes), rule(*stages, never=never), entitlement(owner, backup), snapshot, NOON
    )
