"""Stories that cannot be true: told anew, chained and signed by the right key.

Each changes the story of `bundle_writer.Log.story` and says at which record the lie shows first.
"""

from collections.abc import Callable
from typing import Any, Final

from tests.agreement.bundles import retold
from tests.verifier.bundle_writer import Log

Records = list[dict[str, Any]]
Change = Callable[[Log], tuple[Log, int]]

OPENED, MINTED, DELIVERY, TICKET, PROCESSED, REQUEST, DECISION, APPROVED = range(8)
PLANNED, PROVISIONING, ACTIVE, BEGUN, ATTEMPTED, REVOKED = range(8, 14)


def _named(name: str, first_bad: int, change: Callable[[Records], object]) -> Change:
    def tell(log: Log) -> tuple[Log, int]:
        return retold(log, change), first_bad

    tell.__name__ = name
    return tell


def _said(name: str, first_bad: int, place: int, **fields: object) -> Change:
    return _named(name, first_bad, lambda records: records[place].update(fields))


def _at_all(name: str, first_bad: int, places: range | list[int], **fields: object) -> Change:
    def change(records: Records) -> None:
        for place in places:
            records[place].update(fields)

    return _named(name, first_bad, change)


def _lacking(name: str, first_bad: int, place: int, field: str) -> Change:
    return _named(name, first_bad, lambda records: records[place].pop(field))


def _deny(records: Records) -> None:
    denial = dict(records[DECISION]) | {"decision": "deny"}
    del denial["sd"]
    records.insert(APPROVED, denial)


def _plan_twice(records: Records) -> None:
    records.insert(ACTIVE, dict(records[PLANNED]) | {"id": "g2", "_ts": records[ACTIVE]["_ts"]})


def _no_decision(records: Records) -> None:
    records[DECISION] = {
        "_prev": "", "_seq": 0, "_ts": records[DECISION]["_ts"], "sd": records[DECISION]["sd"],
        "type": "heartbeat", "duplicates": 0, "refused": [],
    }  # fmt: skip


LATE: Final = "2026-11-22T12:00:00.000000Z"
GRANTED: Final = range(PLANNED, REVOKED + 1)
UNTRUE: Final[tuple[Change, ...]] = (
    _said("approved_by_the_requester", DECISION, DECISION, approver="act_bob"),
    _said("approved_by_nobody", DECISION, DECISION, approver=None),
    _named("approved_without_a_decision", APPROVED, _no_decision),
    _said("denied_and_approved", APPROVED, DECISION, decision="deny"),
    _said("neither_approved_nor_denied", DECISION, DECISION, decision="perhaps"),
    _named("denied_beside_an_approval", APPROVED + 1, _deny),
    _said("approved_at_another_stage", APPROVED, DECISION, stage=2),
    _said("approved_in_another_round", APPROVED, DECISION, round=2),
    _said("approved_of_something_else", APPROVED, DECISION, material="m2"),
    _said("fewer_approvals_than_it_takes", APPROVED, APPROVED, stages=[2]),
    _said("fewer_approvals_than_a_decision_said", APPROVED, DECISION, need=2),
    _said("no_stages", APPROVED, APPROVED, stages=[]),
    _said("a_stage_of_nobody", APPROVED, APPROVED, stages=[0]),
    _said("a_stage_that_is_true", APPROVED, APPROVED, stages=[True]),
    _said("an_approver_who_edited_it", DECISION, REQUEST, editors=["act_ann"]),
    _said("an_editor_told_too_late", APPROVED, APPROVED, editor="act_ann"),
    _said("no_beneficiary", APPROVED, APPROVED, beneficiary=None),
    _said("a_grant_to_somebody_else", PLANNED, PLANNED, subject="act_eve"),
    _said("a_grant_of_something_else", PLANNED, PLANNED, entitlement="root"),
    _said("a_grant_elsewhere", PLANNED, PLANNED, target="other"),
    _said("a_grant_of_another_request", PLANNED, PLANNED, request="r2"),
    _said("a_grant_for_longer_than_approved", PLANNED, PLANNED, seconds=3601),
    _said("a_grant_for_no_time", PLANNED, PLANNED, seconds=0),
    _said("an_approval_for_less", PLANNED, DECISION, seconds=599),
    _at_all("an_end_behind_the_seconds", PROVISIONING, GRANTED, not_after=LATE),
    _said("an_end_that_moved", BEGUN, BEGUN, not_after=LATE),
    _said("no_end", PROVISIONING, PROVISIONING, not_after=None),
    _said("a_grant_that_changed_hands", ACTIVE, ACTIVE, subject="act_eve"),
    _said("revoked_and_not_read_back", REVOKED, REVOKED, confirmed=False),
    _said("revoked_and_perhaps_read_back", REVOKED, REVOKED, confirmed=1),
    _said("an_heir_that_is_no_grant", REVOKED, REVOKED, heirs=["g9"]),
    _said("heirs_that_are_no_list", REVOKED, REVOKED, heirs="g1"),
    _said("a_state_it_was_not_in", ACTIVE, ACTIVE, **{"from": "planned"}),
    _said("a_move_that_does_not_exist", PLANNED, PLANNED, to="revoked"),
    _said("a_machine_that_does_not_exist", PLANNED, PLANNED, on="door"),
    _said("a_move_of_another_thing", ACTIVE, ACTIVE, id="g2"),
    _said("a_cause_that_is_no_text", ACTIVE, ACTIVE, cause=7),
    _said("a_type_that_does_not_exist", ATTEMPTED, ATTEMPTED, type="revocation.tried"),
    _said("a_type_that_is_no_text", ATTEMPTED, ATTEMPTED, type=["revocation.attempted"]),
    _lacking("a_field_that_is_missing", ATTEMPTED, ATTEMPTED, "before"),
    _said("a_record_that_moves_and_may_not", ATTEMPTED, ATTEMPTED, on="grant"),
    _said("time_that_goes_back", REVOKED, REVOKED, _ts="2026-11-22T02:40:00.000000Z"),
    _named("time_that_ran_ahead", TICKET, lambda records: records[DELIVERY].update(_ts=LATE)),
    _said("a_revision_that_is_no_number", TICKET, TICKET, revision="1"),
    _named("two_grants_of_one_approval", ACTIVE, _plan_twice),
)
