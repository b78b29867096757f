"""Replay: more time is of the one grant for which it was approved."""

import pytest
from tests.domain.story import LATER, Story

from ticketgate.domain.evidence import Json
from ticketgate.domain.log.machines import NEW

UNTIL = "2026-11-22T04:00:00.000000Z"


def extended(asked: dict[str, Json] | None = None, **fields: Json) -> Story:
    """Alice has access; Bob approves that it goes on for longer."""
    story = Story()
    story.approved()
    story.grant(NEW, "planned", activate_by=LATER)
    story.grant("planned", "provisioning", not_after=LATER)
    story.grant("provisioning", "active", not_after=LATER)
    more: dict[str, Json] = {"id": "request_2", "extends": "grant_1"} | (asked or {})
    story.ask("awaiting", NEW, **more)
    story.decide("bob", request="request_2")
    story.ask("approved", "awaiting", **more)
    told: dict[str, Json] = {"not_after": UNTIL, "hard_max": 86_400, "extension": "request_2"}
    story.grant("active", "active", **told | fields)
    return story


def test_what_was_approved_is_extended() -> None:
    assert extended().faults == []


def test_access_that_no_request_gave_is_not_extended() -> None:
    faults = extended(request="request_9").faults
    assert (9, "more time for access that no request gave") in faults


@pytest.mark.parametrize(
    ("asked", "record"),
    [
        ({"extends": "grant_9"}, {}),
        ({}, {"subject": "mallory"}),
        ({}, {"entitlement": "other"}),
        ({}, {"target": "other"}),
    ],
)
def test_more_time_is_of_the_grant_for_which_it_was_approved(
    asked: dict[str, Json], record: dict[str, Json]
) -> None:
    faults = extended(asked, **record).faults
    assert (9, "more time for another grant than was approved") in faults
