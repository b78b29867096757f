"""Outcomes: every edge says what it is to those who wait, and each saying is a whole sentence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.domain.log.machines import EDGES
from ticketgate.domain.requests.access_request import AccessRequest, Party, RequestState
from ticketgate.domain.requests.opening import REASONS
from ticketgate.domain.telling.outcomes import (
    COMMENTED,
    COMMENTED_DEFAULT,
    NOT_TOLD,
    OUTCOMES,
    TOLD,
    Outcome,
    Saying,
    of_ask,
    of_ending,
    of_grant,
    of_passkey,
    of_request,
    soon_over,
)
from ticketgate.domain.tickets.identity_event import Tier

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALICE = Party("alice", "alice")
ASKED = AccessRequest(
    id="req_1",
    version=1,
    state=RequestState.AWAITING,
    source="snow",
    table="sc_req_item",
    ticket_id="t1",
    ticket_number="RITM1",
    revision=1,
    entitlement="prod-db-admin",
    target="corp-scim",
    access={},
    requester=ALICE,
    beneficiary=ALICE,
    shapers=(),
    seconds=3600,
    seconds_asked=None,
    catalog_item="",
    reason="a secret reason",
    tier=Tier.HIGH,
    kinds=("access.grant",),
    rule_ids=(),
    approve_rule="r",
    salt="",
    material="",
    rules="",
    round=1,
    stage=1,
    opened_at=NOON,
    decide_by=NOON,
)
GIVEN = Grant(
    id="grt_1",
    version=1,
    state=GrantState.ACTIVE,
    request="req_1",
    source="snow",
    table="sc_req_item",
    ticket_id="t1",
    entitlement="prod-db-admin",
    target="corp-scim",
    access={},
    subject="alice",
    seconds=6 * 3600,
    activate_by=NOON,
    not_after=NOON + 6 * HOUR,
    since=NOON,
)
WHAT = "to prod-db-admin at corp-scim"


def edges_of(machines: dict[str, Any]) -> set[tuple[str, str, str]]:
    told = machines.keys() - NOT_TOLD
    return {(name, before, after) for name in told for before, after in machines[name]}


def test_every_edge_that_somebody_waits_for_has_a_word_about_it() -> None:
    assert OUTCOMES.keys() == edges_of(dict(EDGES))
    assert EDGES.keys() >= NOT_TOLD


def test_a_new_edge_or_machine_without_a_word_is_seen() -> None:
    planted: dict[str, Any] = dict(EDGES)
    planted["grant"] = EDGES["grant"] | {("active", "paused")}
    planted["badge"] = {("", "printed")}
    missing = edges_of(planted) - OUTCOMES.keys()
    assert missing == {("grant", "active", "paused"), ("badge", "", "printed")}


def test_every_outcome_says_how_it_is_told_and_comes_from_somewhere() -> None:
    assert TOLD.keys() == set(Outcome)
    assert set(OUTCOMES.values()) - {None} == set(Outcome) - {
        Outcome.ENDING_SOON,  # by time alone
        Outcome.LOCKED,  # what `review_overdue` is to its person
    }
    assert set(COMMENTED_DEFAULT) <= set(COMMENTED)
    assert "ending_soon" not in COMMENTED


def said_of_request(**changes: Any) -> Saying:  # noqa: ANN401 -- the fields' own
    before = changes.pop("before", "awaiting")
    cause = changes.pop("cause", "decided")
    found = of_request(replace(ASKED, **changes), before, cause)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("changes", "outcome", "text"),
    [
        (
            {"before": ""},
            "opened",
            f"Access {WHAT} was asked for and waits for approval until ",
        ),
        ({"state": RequestState.APPROVED}, "approved", f"Access {WHAT} was approved, for 1:00:00"),
        ({"state": RequestState.DENIED}, "denied", f"Access {WHAT} was denied."),
        ({"state": RequestState.TIMED_OUT}, "timed_out", "was not decided by 2026-11-22 12:00 UTC"),
        (
            {"state": RequestState.WITHDRAWN, "cause": "ticket_closed"},
            "withdrawn",
            "is not asked for any more: the ticket is closed.",
        ),
        (
            {"state": RequestState.WITHDRAWN, "cause": "some_new_word"},
            "withdrawn",
            "is not asked for any more: its record says some_new_word.",
        ),
        ({"before": "", "extends": "grt_1"}, "opened", f"More time for access {WHAT} was asked"),
        ({"before": "", "kinds": ("emergency.access",)}, "opened", "/console/emergency of the"),
    ],
    ids=["opened", "approved", "denied", "late", "closed", "unknown", "more", "emergency"],
)
def test_a_request_is_told_in_words(changes: dict[str, Any], outcome: str, text: str) -> None:
    said = said_of_request(**changes)
    assert (said.outcome.value, text in said.text) == (outcome, True), said
    assert "secret" not in said.text + said.next


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_block_is_told_with_its_reason_and_the_way_out(reason: str) -> None:
    said = said_of_request(before="", state=RequestState.BLOCKED, reasons=(reason,))
    assert REASONS[reason] in said.text
    assert said.next


def test_what_changes_nothing_for_who_waits_is_not_told() -> None:
    assert of_request(ASKED, "awaiting", "next_stage") is None
    assert of_request(replace(ASKED, state=RequestState.BLOCKED), "blocked", "revalidated") is None
    assert of_grant(replace(GIVEN, state=GrantState.PROVISIONING), "planned", "intent", "") is None


@pytest.mark.parametrize(
    ("before", "state", "cause", "kept", "text"),
    [
        (
            "provisioning",
            "active",
            "read",
            "",
            f"The access {WHAT} is given, until 2026-11-22 ",
        ),
        ("active", "active", "extended", "", f"The access {WHAT} goes on, until 2026-11-22 18:00"),
        ("planned", "cancelled", "leaver", "", "is not given: the person is not active any more."),
        ("active", "revoking", "operator", "", "before its time: an operator ended it."),
        ("active", "released_shared", "expired", "", "has ended: its time is up. Another grant"),
        ("revoking", "revoked", "expired", "", "is removed; reading the target confirms it."),
        ("revoking", "revoked", "expired", "baseline", "The access stood before it, and stays."),
        ("revoking", "revoke_overdue", "denied", "", "is overdue: the target has not confirmed"),
        ("revoke_overdue", "abandoned", "given_up", "", "it may still stand. Operators have given"),
    ],
    ids=["given", "more", "cancelled", "early", "shared", "removed", "kept", "overdue", "given_up"],
)
def test_a_grant_is_told_in_words(
    before: str, state: str, cause: str, kept: str, text: str
) -> None:
    said = of_grant(replace(GIVEN, state=GrantState(state)), before, cause, kept)
    assert said is not None
    assert text in said.text


def test_a_grant_without_an_end_tells_none() -> None:
    said = of_grant(replace(GIVEN, not_after=None), "provisioning", "read", "")
    assert said is not None
    assert said.text == f"The access {WHAT} is given."


def test_that_time_is_up_is_told_once_the_access_is_gone() -> None:
    revoking = replace(GIVEN, state=GrantState.REVOKING)
    assert of_grant(revoking, "active", "expired", "") is None


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("", "pending", "was enrolled as yours"),
        ("pending", "usable", "signs your decisions from now on"),
        ("usable", "revoked", "is revoked"),
    ],
    ids=["enrolled", "usable", "revoked"],
)
def test_a_passkey_is_told_with_its_key(before: str, after: str, text: str) -> None:
    said = of_passkey(before, after, "ab12")
    assert said is not None
    assert "the key ab12" in said.text
    assert text in said.text
    assert "operator" in said.next


def test_the_first_who_vouches_is_not_told() -> None:
    assert of_passkey("pending", "pending", "ab12") is None


def test_an_ask_says_for_what_and_how_long_it_counts() -> None:
    said = of_ask("prod-db-admin", "corp-scim", timedelta(minutes=15))
    assert "within 15 min of the ask" in said.text
    assert WHAT in said.text


@pytest.mark.parametrize(
    ("lasts", "left", "notice", "who"),
    [
        (4 * HOUR, HOUR, HOUR, set()),  # not longer than four times the notice
        (4 * HOUR + timedelta(seconds=1), HOUR, HOUR, {"alice"}),
        (8 * HOUR, HOUR + timedelta(seconds=1), HOUR, set()),
        (8 * HOUR, timedelta(0), HOUR, set()),
        (8 * HOUR, HOUR, timedelta(0), set()),
    ],
    ids=["short", "long", "early", "over", "never"],
)
def test_who_is_reminded(
    lasts: timedelta, left: timedelta, notice: timedelta, who: set[str]
) -> None:
    grant = replace(GIVEN, since=NOON - lasts, not_after=NOON)
    both = (grant, replace(grant, not_after=None))
    found = (one for one in both if soon_over(one, NOON - left, notice))
    assert {one.subject for one in found} == who


def test_a_reminder_says_when() -> None:
    assert "ends at 2026-11-22 18:00 UTC" in of_ending(GIVEN).text
    assert "ends soon." in of_ending(replace(GIVEN, not_after=None)).text


def test_an_approval_for_later_says_when_it_begins() -> None:
    later = replace(ASKED, state=RequestState.APPROVED, not_before=NOON + HOUR)
    saying = of_request(later, "awaiting", "decided")
    assert saying is not None
    assert saying.text.endswith("It begins at 2026-11-22 13:00 UTC.")
    at_once = of_request(replace(later, not_before=None), "awaiting", "decided")
    assert at_once is not None
    assert "begins" not in at_once.text
