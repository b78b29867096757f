"""What is approved is what was asked: an approval of one thing carries no other."""

import pytest
from tests.domain.evidence_log import BY, Log, texts
from tests.domain.story import Story

from ticketgate.domain.evidence import Json
from ticketgate.domain.log.machines import NEW
from ticketgate.domain.requests.access_request import digest_of_shown


def told(**changed: str) -> set[str]:
    """What is wrong with a log in which Alice asked for `e` at `t`, and this was approved."""
    log = Log()
    asked = dict[str, Json](round=1, stage=1, stages=[1], material="m")
    asked |= {"requester": "act_alice", "beneficiary": "act_amy", "seconds": 60}
    asked |= {"entitlement": "e", "target": "t", "decide_by": BY, "links": [["lnk_1", "act_1"]]}
    log.move("request", "r", NEW, "awaiting", **asked)
    decided: dict[str, Json] = {"round": 1, "stage": 1, "need": 1, "material": "m", "seconds": 60}
    decided |= {"request": "r", "approver": "act_1", "decision": "approve", "link": "lnk_1"}
    log.tell("decision.recorded", None, **decided)
    asked.update(changed)
    log.move("request", "r", "awaiting", "approved", **asked)
    return texts(log.report())


def test_an_approval_of_what_was_asked_is_sound() -> None:
    assert told() == set()


@pytest.mark.parametrize("name", ["entitlement", "target"])
def test_something_else_cannot_be_approved(name: str) -> None:
    assert told(**{name: "other"}) == {"approved is something else than was asked"}


@pytest.mark.parametrize("name", ["requester", "beneficiary"])
def test_nothing_can_be_approved_for_somebody_else(name: str) -> None:
    assert told(**{name: "act_eve"}) == {"approved for somebody else than was asked"}


def test_what_was_shown_is_the_digest_of_what_it_is_about() -> None:
    wrong = "`shown` is not the digest of what it is about"
    for cut, faults in ((None, []), (60, [(1, wrong)])):
        story = Story()
        story.ask()
        shown = digest_of_shown({"material": "m1", "round": 1, "stage": 1})
        story.decide("bob", shown=shown, cut=cut)
        assert story.faults == faults
    story = Story()
    story.ask(shown="0" * 64)
    assert story.faults == [(0, wrong)]
