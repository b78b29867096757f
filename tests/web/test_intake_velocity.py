"""How many deliveries of a source are taken: counted once they are authentic, never before."""

import asyncio
import json
from datetime import timedelta

from tests.web.wire import BODY, SOURCE, Door, signed

from ticketgate.domain.requests.velocity import Rate
from ticketgate.web.intake import Intake
from ticketgate.web.problems import Answer

MINUTE = timedelta(minutes=1)
FORGED = {"webhook-signature": "v1," + "A" * 43 + "="}


def limited(count: int = 2) -> Door:
    """A door that takes two deliveries a minute."""
    return Door(limits={SOURCE: Rate(count, MINUTE), "other": Rate(count, MINUTE)})


def post(intake: Intake, number: int, source: str = SOURCE, **change: str) -> Answer:
    headers = signed(ident=f"msg_{number}") | {
        name.replace("_", "-"): value for name, value in change.items()
    }
    fields = {name.encode(): value.encode() for name, value in headers.items()}
    return asyncio.run(intake.post(source, fields, BODY))


def test_more_than_the_limit_are_429_and_not_stored_until_the_window_is_over() -> None:
    door = limited()
    intake = door.intake()
    assert [post(intake, number).status for number in range(4)] == [202, 202, 429, 429]
    assert len(door.inbox.kept) == 2
    assert door.refused == [(SOURCE, "too_many_deliveries")] * 2
    door.steady += timedelta(seconds=61)
    assert post(intake, 4).status == 202


def test_the_sender_is_told_when_to_come_back() -> None:
    door = limited(1)
    intake = door.intake()
    post(intake, 0)
    door.steady += timedelta(seconds=20)
    answer = post(intake, 1)
    assert dict(answer.headers)[b"retry-after"] == b"41"
    assert json.loads(answer.body)["code"] == "too_many_deliveries"


def test_what_is_not_authentic_is_never_counted_nor_answered_429() -> None:
    """Mallory cannot use up what the platform may send, nor see that it has sent much."""
    door = limited()
    intake = door.intake()
    for number in range(9):
        assert post(intake, number, webhook_signature=FORGED["webhook-signature"]).status == 401
    assert [post(intake, number).status for number in range(3)] == [202, 202, 429]
    assert post(intake, 9, webhook_signature=FORGED["webhook-signature"]).status == 401
    assert post(intake, 9, source="nowhere").status == 401


def test_a_step_of_the_wall_clock_frees_nothing_and_locks_nobody_out() -> None:
    door = limited(1)
    intake = door.intake()
    post(intake, 0)
    door.now += timedelta(minutes=2)  # within the tolerance of signatures
    assert post(intake, 1).status == 429
    door.steady += timedelta(seconds=61)
    door.now -= timedelta(minutes=3)
    assert post(intake, 2).status == 202


def test_without_a_limit_everything_authentic_is_taken() -> None:
    intake = Door().intake()
    assert {post(intake, number).status for number in range(9)} == {202}
