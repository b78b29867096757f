"""Strength: what a record claims of how surely it is known who decided."""

from typing import Any, Final

import pytest

from ticketgate.domain.evidence import Json
from ticketgate.domain.requests.strength import Decided, Strength, counts, decided

AT: Final = "2026-11-22T02:40:00.000000Z"
DECISION: Final[dict[str, Any]] = {
    "type": "decision.recorded", "_ts": AT, "request": "req_1", "approver": "act_bob",
    "decision": "approve", "method": "oidc",
}  # fmt: skip
BEGUN: Final[dict[str, Any]] = {
    "type": "emergency.invoked", "_ts": AT, "id": "emg_1", "person": "act_bob", "drill": False,
    "method": "oidc_step_up",
}  # fmt: skip


def of(record: dict[str, Json], **other: Json) -> Decided:
    told = decided(7, record | other)
    assert told is not None
    return told


@pytest.mark.parametrize(
    ("method", "strength"),
    [
        ("passkey", "passkey"),
        ("oidc_step_up", "step-up"),
        ("oidc", "session"),
        ("mail_code", "code"),
        ("a password", "unknown"),
        (None, "unknown"),
        ([], "unknown"),
    ],
    ids=str,
)
def test_a_decision_is_as_strong_as_its_sign_in(method: Json, strength: str) -> None:
    told = of(DECISION, method=method)
    assert told == Decided(
        7, AT, "decision.recorded", "req_1", "approve", "act_bob",
        Strength(strength), Strength(strength),
    )  # fmt: skip


def test_a_rule_decides_without_a_person() -> None:
    record: dict[str, Any] = {"type": "request.approved", "_ts": AT, "id": "req_1"}
    said: dict[str, Any] = {"cause": "automatic", "automatic": {"rule": "reports@policy.yaml:70"}}
    told = of(record, **said)
    assert (told.strength, told.sign_in, told.who) == ("automatic", None, "reports@policy.yaml:70")
    assert of(record, **said | {"automatic": 7}).who == ""
    assert decided(7, record | {"cause": "decided"}) is None  # its decisions have their own records


def test_who_helps_themself_is_no_approver_however_they_signed_in() -> None:
    told = of(BEGUN)
    assert (told.what, told.strength, told.sign_in) == ("invoke", "emergency", "step-up")
    assert of(BEGUN, drill=True).what == "drill"
    claim = of(BEGUN, type="emergency.claimed", by="act_erin")
    assert (claim.what, claim.who, claim.strength) == ("claim", "act_erin", "claimed")
    assert claim.sign_in == "step-up"


def test_consents_and_reviews_are_decisions_too() -> None:
    consent = of(BEGUN, type="emergency.consented", by="act_erin", cause="consented")
    assert (consent.what, consent.who, consent.strength) == ("consented", "act_erin", "step-up")
    review = of(BEGUN, type="review.done", reviewer="act_dan", outcome="justified")
    assert (review.what, review.who, review.about) == ("justified", "act_dan", "emg_1")


def test_whatever_else_is_recorded_is_no_decision() -> None:
    for other in ("emergency.asked", "decision.refused", "request.denied", 7):
        assert decided(7, DECISION | {"type": other}) is None


def test_each_strength_is_counted_also_that_of_which_there_is_none() -> None:
    found = [of(DECISION), of(DECISION), of(BEGUN)]
    assert counts(found) == {
        "passkey": 0, "step-up": 0, "session": 2, "code": 0, "automatic": 0, "emergency": 1,
        "claimed": 0, "unknown": 0,
    }  # fmt: skip
