"""Invariants of approvals: who decided what, when, and on what they were shown.

Whom a rule names and who is the same human is worked out anew (`state.py`).
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

from tests.operations.state import Record
from tests.operations.step import ENDED, HOLDING, Step

from ticketgate.domain.evidence import digest_of
from ticketgate.domain.instants import from_text
from ticketgate.domain.policy.policy import ApproveRule, Stage, Word
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import Approval, Link


def rule_of(step: Step, request: AccessRequest) -> tuple[ApproveRule, Stage]:
    """The rule of now that a request names, and its open stage."""
    rule = next(one for one in step.after.policy.approve if one.id == request.approve_rule)
    return rule, rule.stages[request.stage - 1]


def named_and_there(step: Step) -> Iterator[str]:
    """I1, rule 5: whoever decides is an active human whom a word of the stage names now."""
    now = step.after
    for request, one in step.decisions():
        rule, stage = rule_of(step, request)
        words = [*stage.any_of, *_also_asked(step, request, rule, stage)]
        seat = one.on_behalf_of or one.approver
        if not any(seat in now.named(word, request) for word in words):
            yield f"no word of stage {stage.name} names {seat}"
        if now.is_away(one.approver):
            yield f"{one.approver} is away"
        if one.on_behalf_of and not now.stands_in(one.approver, one.on_behalf_of):
            yield f"{one.approver} does not stand in for {one.on_behalf_of}"
        for who in _seat(one):
            if not now.is_fit(who):
                yield f"{who} is no active human"


def kept_apart(step: Step) -> Iterator[str]:
    """I1: nobody decides whom `never` names, by any account."""
    now = step.after
    for request, one in step.decisions():
        rule, stage = rule_of(step, request)
        barred = [(word, now.named(word, request)) for word in (*rule.never, *stage.never)]
        for who in _seat(one):
            yield from (
                f"{who} decides, and never {word.text}"
                for word, named in barred
                if now.human(who) & named
            )


def _also_asked(
    step: Step, request: AccessRequest, rule: ApproveRule, stage: Stage
) -> tuple[Word, ...]:
    """Whom `escalate` adds: after a silence, or where somebody of the stage is not there."""
    if rule.escalate is None:
        return ()
    now = step.after
    named = {who for word in stage.any_of for who in now.named(word, request)}
    parties = {who for one in request.parties for who in now.human(one.subject)}
    there = {one for one in named - parties if now.is_fit(one) and not now.is_away(one)}
    silent = request.escalated == request.stage
    return rule.escalate.to if silent or len(there) < stage.need or named != there else ()


def directory_is_of_now(step: Step) -> Iterator[str]:
    """Rule 5: a decision is by the directory as it is, and read within a minute."""
    for record in step.after.of_type("decision.recorded"):
        age = from_text(str(record["_ts"])) - from_text(str(record["directory_read_at"]))
        if record["directory"] != step.after.directory:
            yield "decided by another directory than that of now"
        if not timedelta(0) <= age <= timedelta(seconds=60):
            yield f"decided by a directory that is {age} old"


def a_reason_each(step: Step) -> Iterator[str]:
    """I1: nobody decides without saying why."""
    if step.why == "" and list(step.decisions()):
        yield "decided without a justification"


def approved_before_given(step: Step) -> Iterator[str]:
    """I1: what a target is called for is what was approved, or is of an emergency."""
    now = step.after
    for grant in step.fresh_grants():
        request = now.requests.get(grant.request)
        if grant.origin == "emergency" and grant.request in now.emergencies:
            continue
        if request is None or request.state.value != "approved":
            yield f"{grant.id} is given, and was not approved"
        elif (request.beneficiary.subject, request.entitlement) != (
            grant.subject,
            grant.entitlement,
        ):
            yield f"{grant.id} is not what was approved"


def enough_people(step: Step) -> Iterator[str]:
    """I1: what is approved was so at each stage by enough distinct people, or by a rule."""
    now = step.after
    for record in now.of_type("request.approved"):
        ident = str(record["id"])
        given = [one for one in now.approvals[ident] if one.round == record["round"]]
        if record.get("automatic"):
            yield from _by_a_rule(record["automatic"], len(given))
            continue
        if not record["stages"] or any(one.decision != "approve" for one in given):
            yield f"{ident} is approved without people, or against somebody"
        for number, need in enumerate(record["stages"], start=1):
            here = {now.human(one.approver) for one in given if one.stage == number}
            if len(here) < need:
                yield f"{ident} is approved by {len(here)} of {need} at stage {number}"


def _by_a_rule(said: Record, people: int) -> Iterator[str]:
    if people or not said["rule"] or not 1 <= said["count"] <= said["max_per_day"]:
        yield f"approved by a rule, oftener than it may: {said}"


def nobody_decides_their_own(step: Step) -> Iterator[str]:
    """I2: no account of whoever asks, receives or wrote it, no delegate of or for them."""
    now = step.after
    for request, one in step.decisions():
        own = {party.subject for party in request.parties} - {""}
        for who in {one.approver, one.on_behalf_of} - {""}:
            if now.human(who) & own:
                yield f"{who} decides on what {sorted(own)} ask, get or wrote"


def one_voice_each(step: Step) -> Iterator[str]:
    """I7: a link works once, and a human has one voice in a round, whoever speaks for them."""
    now = step.after
    for given in now.approvals.values():
        for one, other in combinations(given, 2):
            voices = [{who for name in _seat(x) for who in now.human(name)} for x in (one, other)]
            if one.round == other.round and voices[0] & voices[1]:
                yield f"{sorted(voices[0] & voices[1])} have decided twice"
    used = [record["link"] for record in now.of_type("decision.recorded")]
    for ident in used:
        if step.before.links[ident].state.value != "issued":
            yield f"link {ident} was {step.before.links[ident].state.value}, and is used"
        if now.links[ident].state.value != "used":
            yield f"link {ident} is not used up"


def _seat(one: Approval) -> set[str]:
    return {one.approver, one.on_behalf_of} - {""}


def in_time_on_what_was_shown(step: Step) -> Iterator[str]:
    """I8, rule 6: a decision is before its deadline, in its round and stage, on its digest."""
    for request, one in step.decisions():
        where = (one.round, one.stage)
        if request.state.value != "awaiting" or step.after.at >= request.decide_by:
            yield f"decided on a request that is {request.state.value}, or too late"
        if where != (request.round, request.stage):
            yield f"decided in round and stage {where}"
        for record in step.after.of_type("decision.recorded"):
            link = step.before.links[str(record["link"])]
            if not record["shown"] == link.shown == _shown(request):
                yield "decided on what was not shown"
            if not _is_of(link, request, one):
                yield "decided over another one's link"


def _shown(request: AccessRequest) -> str:
    names = ("material", "round", "stage", "cut", "rules")
    return digest_of({name: getattr(request, name) for name in names})


def _is_of(link: Link, request: AccessRequest, one: Approval) -> bool:
    return (link.request, link.approver) == (request.id, one.approver)


def nothing_waits(step: Step) -> Iterator[str]:
    """Rule 6: nobody decides on a ticket of which a delivery waits or is parked."""
    for request, _ in step.decisions():
        if {request.ticket_id, ""} & step.before.waiting:
            yield f"decided while a delivery of {request.ticket_id} waits"


def as_the_ticket_says(step: Step) -> Iterator[str]:
    """Rule 6: a ticket that is over, or for somebody else by now, holds no access."""
    now = step.after
    for grant in now.grants.values():
        row = now.tickets.get(grant.ticket)
        if grant.origin == "emergency" or row is None or grant.state.value in ENDED:
            continue
        live = grant.state.value in HOLDING | {"planned"}
        if live and row.ticket.state_class.value in {"closed", "cancelled"}:
            yield f"{grant.id} is {grant.state.value}, and its ticket is closed"
        named = row.ticket.reference("requested_for")
        if named is None or named.id is None:
            continue
        meant = [p.id for p in now.people.values() if named.id in p.accounts.get(grant.source, ())]
        if live and meant != [grant.subject]:
            yield f"{grant.id} is of {grant.subject}, and its ticket is for {meant}"
