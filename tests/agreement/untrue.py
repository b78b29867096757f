"""Stories that cannot be true: told anew, chained and signed by the right key.

Each changes the story of `bundle_writer.Log.story` and says at which record the lie shows first.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from tests.agreement.bundles import retold
from tests.verifier.bundle_writer import REQUEST as REQUEST_FIELDS
from tests.verifier.bundle_writer import Log

from ticketgate.domain.instants import from_text, to_text

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
    denial |= {"approver": "act_cid", "link": "lnk_2"}
    del denial["sd"]
    records.insert(APPROVED, denial)


def _decide_twice(records: Records) -> None:
    again = dict(records[DECISION])
    del again["sd"]
    records.insert(APPROVED, again)


def _again(first: dict[str, object] | None = None, **fields: object) -> Callable[[Records], None]:
    """Cid approves after Ann, as these fields say; `first` is what Ann's approval says beside."""

    def change(records: Records) -> None:
        second = dict(records[DECISION]) | {"approver": "act_cid", "link": "lnk_2"} | fields
        del second["sd"]
        records[DECISION] |= first or {}
        records.insert(APPROVED, second)

    return change


def _plan_twice(records: Records) -> None:
    records.insert(ACTIVE, dict(records[PLANNED]) | {"id": "g2", "_ts": records[ACTIVE]["_ts"]})


def _no_decision(records: Records) -> None:
    records[DECISION] = {
        "_prev": "", "_seq": 0, "_ts": records[DECISION]["_ts"], "sd": records[DECISION]["sd"],
        "type": "heartbeat", "duplicates": 0, "refused": [],
    }  # fmt: skip


def _beside(name: str, first_bad: int, place: int, kind: str, **fields: object) -> Change:
    """Another record stands before the one at this place. What hides something does not move."""

    def change(records: Records) -> None:
        told = {"_prev": "", "_seq": 0, "_ts": records[place]["_ts"], "type": kind}
        records.insert(place, told | fields)
        if place <= DECISION:
            del records[PROCESSED]

    return _named(name, first_bad, change)


def _left_alone(records: Records) -> None:
    """Nobody ends the grant, and a minute after its end the log goes on."""
    del records[BEGUN + 1 :]
    beat = {"_ts": "2026-11-22T02:51:09.000001Z", "type": "heartbeat"}
    records[BEGUN] = {"_prev": "", "_seq": 0, "duplicates": 0, "refused": [], **beat}


def _left_revoked_by_what_lacks_a_field(records: Records) -> None:
    """A record that lacks something moves nothing: what it would have ended goes on."""
    del records[BEGUN]["entitlement"], records[REVOKED]
    records[ATTEMPTED]["_ts"] = LATE


def _left_planned(records: Records) -> None:
    """The approval is taken back, and what is planned stays so."""
    del records[PROVISIONING:]
    records.append(_back(records))


def _left_active(records: Records) -> None:
    """The approval is taken back, and what is active stays so."""
    del records[BEGUN:]
    records.append(_back(records))


def _back(records: Records) -> dict[str, Any]:
    told = {"_prev": "", "_seq": 0, "_ts": records[-1]["_ts"], "type": BACK}
    return told | TAKEN


def _back_by(approver: str) -> Callable[[Records], None]:
    """Ann approved in Dan's place, and this one takes it back just before access is given."""

    def change(records: Records) -> None:
        records[DECISION]["on_behalf_of"] = "act_dan"
        told = {"_prev": "", "_seq": 0, "_ts": records[PROVISIONING]["_ts"], "type": BACK}
        records.insert(PROVISIONING, told | TAKEN | {"approver": approver})

    return change


_EXTENDED: Final = BEGUN + 3  # where the story of `extended` does so


def extended(records: Records, **fields: Any) -> None:  # noqa: ANN401 -- JSON
    """Bob asks for more time, Ann approves, and it is given; `fields` change what is recorded."""
    moment, end = records[ACTIVE]["_ts"], records[PROVISIONING]["not_after"]
    more, late = fields.pop("more", 600), fields.pop("late", False)
    extends = fields.pop("extends", "g1")
    asked, decided, approved = (dict(records[one]) for one in (REQUEST, DECISION, APPROVED))
    for one in (asked, decided, approved):
        one.pop("sd", None)
        one |= {"_ts": moment}
    for one in (asked, approved):
        one |= {"id": "r3", "extends": extends, "decide_by": LATE}
    asked |= {"links": [["lnk_3", "act_ann"]]}
    decided |= {"request": "r3", "link": "lnk_3"}
    until = from_text(end) + timedelta(seconds=more)
    told = dict(records[ACTIVE]) | {"from": "active", "type": "grant.extended", "hard_max": 1200}
    told |= {"not_after": to_text(until), "extension": "r3", "_ts": end if late else moment}
    del records[BEGUN:]
    records += [asked, decided, approved, told | fields]


def _told(name: str, **fields: Any) -> Change:  # noqa: ANN401 -- JSON
    return _named(name, _EXTENDED, lambda records: extended(records, **fields))


def _given_again(records: Records) -> None:
    """What was approved is more time; what is planned is another grant."""
    planned = dict(records[PLANNED]) | {"id": "g3", "request": "r3"}
    extended(records)
    records[-1] = planned | {"_ts": records[-2]["_ts"]}


def _triagers(name: str, first_bad: int, named: object, person: str) -> Change:
    """Somebody said in triage what the ticket is; the request names other triagers, or all."""

    def change(records: Records) -> None:
        records[TICKET] |= {"cause": "triage", "person": person}
        records[REQUEST] |= {"triagers": named}

    return _named(name, first_bad, change)


BACK: Final = "decision.taken_back"
TAKEN: Final[dict[str, Any]] = {
    "approver": "act_ann", "link": "lnk_1", "method": "mail_code", "request": "r1", "round": 1,
    "signed_in_at": "2026-11-22T02:40:00.000000Z", "stage": 1,
}  # fmt: skip
BY: Final = "2026-11-22T02:40:06.000000Z"  # when the decision is recorded
RESTORE: Final = {"by": ["act_1", "act_2"], "kept": 1, "lost_root": "", "lost_size": 9}
ASKED: Final = {"on": "request", "id": "r1", "from": "awaiting", "to": "awaiting", "cause": "c"}
NEXT: Final = {**REQUEST_FIELDS, **ASKED, "stage": 2, "links": []}
LATE: Final = "2026-11-22T12:00:00.000000Z"
GRANTED: Final = range(PLANNED, REVOKED + 1)
UNTRUE: Final[tuple[Change, ...]] = (
    _said("approved_by_the_requester", DECISION, DECISION, approver="act_bob"),
    _said("approved_by_nobody", DECISION, DECISION, approver=None),
    _said("approved_for_the_requester", DECISION, DECISION, on_behalf_of="act_bob"),
    _said("approved_for_oneself", DECISION, DECISION, on_behalf_of="act_ann"),
    _said("approved_for_what_is_no_text", DECISION, DECISION, on_behalf_of=7),
    _named("approved_for_somebody_who_approved", APPROVED, _again(on_behalf_of="act_ann")),
    _named(
        "approved_after_somebody_did_so_for_them", APPROVED, _again({"on_behalf_of": "act_cid"})
    ),
    _named(
        "approved_for_one_person_twice",
        APPROVED,
        _again({"on_behalf_of": "act_dan"}, on_behalf_of="act_dan"),
    ),
    _named("approved_without_a_decision", APPROVED, _no_decision),
    _said("denied_and_approved", APPROVED, DECISION, decision="deny"),
    _said("neither_approved_nor_denied", DECISION, DECISION, decision="perhaps"),
    _named("denied_beside_an_approval", APPROVED + 1, _deny),
    _said("approved_at_another_stage", DECISION, DECISION, stage=2),
    _said("approved_in_another_round", DECISION, DECISION, round=2),
    _said("approved_when_the_time_was_over", DECISION, REQUEST, decide_by=BY),
    _said("approved_when_no_time_was_given", DECISION, REQUEST, decide_by=None),
    _said("denied_when_the_time_was_over", DECISION, REQUEST, decide_by="2026-11-22"),
    _said("a_link_that_nobody_issued", DECISION, DECISION, link="lnk_9"),
    _said("a_link_that_is_another_person_s", DECISION, DECISION, link="lnk_2"),
    _said("a_link_that_is_no_text", DECISION, DECISION, link=["lnk_1"]),
    _said("nobody_was_asked", DECISION, REQUEST, links=[]),
    _said("links_that_are_no_list", REQUEST, REQUEST, links=None),
    _said("links_without_actors", REQUEST, REQUEST, links=[["lnk_1"]]),
    _said("asked_at_no_stage", REQUEST, REQUEST, stage=0),
    _said("asked_in_a_round_that_is_true", REQUEST, REQUEST, round=True),
    _named("a_link_used_twice", DECISION + 1, _decide_twice),
    _beside("a_link_of_an_earlier_stage", DECISION, DECISION, "request.awaiting", **NEXT),
    _beside(
        "links_of_another_stage",
        DECISION - 1,
        DECISION,
        "links.issued",
        request="r1",
        round=1,
        stage=2,
        links=[],
    ),
    _beside(
        "links_of_another_request",
        DECISION - 1,
        DECISION,
        "links.issued",
        request="r2",
        round=1,
        stage=1,
        links=[],
    ),
    _beside(
        "more_links_without_actors",
        DECISION - 1,
        DECISION,
        "links.issued",
        request="r1",
        round=1,
        stage=1,
        links=["lnk_9"],
    ),
    _beside(
        "links_when_nobody_is_asked",
        PLANNED,
        PLANNED,
        "links.issued",
        request="r1",
        round=1,
        stage=1,
        links=[],
    ),
    _beside("a_link_of_before_a_restore", DECISION, DECISION, "restore.declared", **RESTORE),
    _beside("given_in_a_restore", PROVISIONING + 1, PROVISIONING, "restore.declared", **RESTORE),
    _beside("activated_in_a_restore", ACTIVE + 1, ACTIVE, "restore.declared", **RESTORE),
    _named("access_that_nothing_ends", ACTIVE, _left_alone),
    _named("access_that_ends_without_a_word", ACTIVE, _left_revoked_by_what_lacks_a_field),
    _said("approved_of_something_else", DECISION, DECISION, material="m2"),
    _at_all("shown_of_other_rules", DECISION, [REQUEST, DECISION], rules="r2"),
    _at_all("shown_of_other_material", DECISION, [REQUEST, DECISION, APPROVED], material="m2"),
    _said("shown_without_a_cut", DECISION, DECISION, cut=60),
    _said("shown_of_nothing", DECISION, DECISION, shown=None),
    _said("a_request_that_shows_something_else", REQUEST, REQUEST, shown="0" * 64),
    _said("a_request_that_shows_nothing", REQUEST, REQUEST, shown=None),
    _said("approved_and_showing_something_else", APPROVED, APPROVED, shown="0" * 64),
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
    _beside("approved_when_it_was_taken_back", APPROVED + 1, APPROVED, BACK, **TAKEN),
    _beside("given_when_it_was_taken_back", PROVISIONING + 1, PROVISIONING, BACK, **TAKEN),
    _beside("activated_when_it_was_taken_back", ACTIVE + 1, ACTIVE, BACK, **TAKEN),
    _named("given_when_dan_took_it_back", PROVISIONING + 1, _back_by("act_dan")),
    _named("taken_back_by_neither_of_the_two", PROVISIONING, _back_by("act_eve")),
    _beside("taken_back_by_another", PLANNED, PLANNED, BACK, **TAKEN | {"approver": "act_eve"}),
    _beside("taken_back_by_nobody", PLANNED, PLANNED, BACK, **TAKEN | {"approver": None}),
    _beside("taken_back_of_nothing", PLANNED, PLANNED, BACK, **TAKEN | {"request": "r2"}),
    _beside("taken_back_before_it_was_said", DECISION - 1, DECISION, BACK, **TAKEN),
    _triagers("triagers_without_one_who_said_so", REQUEST, ["act_eve"], person="act_cid"),
    _triagers("a_triager_who_approves", DECISION, ["act_ann"], person="act_ann"),
    _triagers("triagers_that_are_no_list", REQUEST, "act_cid", person="act_cid"),
    _told("more_time_that_nobody_approved", extension="r2"),
    _told("more_time_than_approved", more=601),
    _told("more_time_that_is_none", more=0),
    _told("a_life_beyond_the_longest", hard_max=1199),
    _told("no_longest_life", hard_max=None),
    _told("more_time_and_no_end", not_after=None),
    _told("more_time_for_another_grant", extends="g2"),
    _told("more_time_of_a_request_for_access", extends=None),
    _told("more_time_for_another_person", subject="act_eve"),
    _told("more_time_when_it_was_over", late=True),
    _named("access_of_a_request_for_more_time", _EXTENDED, _given_again),
    _named("taken_back_and_left_as_planned", PLANNED, _left_planned),
    _named("taken_back_and_left_active", ACTIVE, _left_active),
)
