"""Decide: the one decision function, used by every door. Refusals are values with a record.

Order: who holds the link, where the request stands, whether the person still may (`docs/rules.md`
rule 5), whether it is still what was shown (rule 6), then the form. A refusal uses nothing up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Draft, EvidenceRef, Json
from ticketgate.domain.instants import duration_text, to_text
from ticketgate.domain.people.claims import Claimed
from ticketgate.domain.people.sign_in import StepUp
from ticketgate.domain.people.step_up import with_step_up
from ticketgate.domain.policy.policy import ASSURANCE_DEFAULT, ASSURANCE_LEVELS, ApproveRule
from ticketgate.domain.requests.access_request import AccessRequest, RequestState
from ticketgate.domain.requests.approval import Approval, Link, LinkState, voices
from ticketgate.domain.requests.approvers import Case, Standing
from ticketgate.domain.requests.decision import Verdict, decide, seconds_of
from ticketgate.domain.requests.entitled import Entitled, entitled
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.requests.opening import REASONS, Asked, case_of
from ticketgate.domain.text.typed_text import bad_typed
from ticketgate.operations.classifying.classified import classified_row
from ticketgate.operations.deciding.decision_refusals import (
    CHANGED,
    NOT_ASKED,
    RULES,
    as_mailed,
    no_longer,
    not_found,
)
from ticketgate.operations.deciding.sign_decision import Key, Signed, Wanted, key_of
from ticketgate.operations.grants.extend_grant import extend_grant, longest_now
from ticketgate.operations.grants.shadow import IN_SHADOW
from ticketgate.operations.intake.parked import unsettled
from ticketgate.operations.people.actors import actor_of, clause_of
from ticketgate.operations.people.emergency_lock import lock_on
from ticketgate.operations.people.freshness import stale
from ticketgate.operations.requests.ask_again import ask_again, wanted_by
from ticketgate.operations.requests.open_request import (
    changed,
    issue_links,
    kept_out,
    record,
    renew,
    void_links,
)
from ticketgate.operations.requests.plan_grant import plan_grant
from ticketgate.ports import Transaction

JUSTIFICATION_CHARS_MAX: Final = 4000


@dataclass(frozen=True, slots=True)
class Form:
    """What the approver posted; `seconds` None leaves the life as shown."""

    decision: str
    justification: str
    seconds: int | None
    shown: str
    signed: Signed | None = None  # by a passkey, where the approver's own key signed it


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who posts it, how surely that is known, and what their sign-in claimed of groups."""

    subject: str
    method: str
    at: datetime
    step_up: StepUp | None = None
    claimed: Claimed | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that committed."""

    decision: str  # approve | deny
    state: str  # of the request afterwards
    evidence: EvidenceRef


def decide_request(
    tx: Transaction,
    now: datetime,
    *,
    token_hash: str,
    who: SignedIn,
    form: Form,
    ground: Ground,
) -> Decided | Refusal:
    """Decide as the holder of a link.

    Refusals are those of `Desk.decide`; each but `not_found` of an unknown link, and those that
    only say "try again", is recorded as `decision.refused`.
    """
    link = tx.links.by_token(token_hash)
    request = None if link is None else tx.requests.get(link.request)
    if link is None or request is None:
        return not_found()
    unready = _unready(tx, now, request, (who.subject, link.on_behalf_of), ground)
    if unready is not None:
        return unready
    if link.approver != who.subject:
        code = "self_approval" if _is_party(request, who.subject) else "not_link_holder"
        _refused(tx, request, who, code)
        return not_found()
    seconds = form.seconds or request.seconds_now
    wanted = Wanted(form.decision, form.justification, seconds, form.shown)
    key = key_of(tx, now, request, link, wanted, form.signed)
    who = replace(who, method=key.method or who.method)
    closed = no_longer(tx, request, link, now, ground.snapshot) or key.refusal
    ballot = closed or _ballot(tx, now, request, link, who, form, ground)
    if isinstance(ballot, Refusal):
        _refused(tx, request, who, ballot.code)
        return ballot
    return _commit(tx, now, request, who, form, ballot, key)


@dataclass(frozen=True, slots=True)
class _Ballot:
    """A vote that counts: the link that is used up, what it is about, and why it may."""

    link: Link
    case: Case
    entitled: Entitled
    policy: str  # digest
    revision: int  # of the ticket, now
    hard_max: int = 0  # of an extension: seconds that the access never outlives


def _ballot(
    tx: Transaction,
    now: datetime,
    request: AccessRequest,
    link: Link,
    who: SignedIn,
    form: Form,
    ground: Ground,
) -> _Ballot | Refusal:
    still = _still(tx, now, request, ground)
    if isinstance(still, Refusal):
        return as_mailed(tx, link, still)
    case, revision = still
    people = {who.subject, link.on_behalf_of, request.beneficiary.subject} - {""}
    locked = lock_on(tx, now, people, ground.snapshot)
    found = locked or _entitled(tx, request, link, who, case)
    if isinstance(found, Refusal):
        return found
    bad = _bad_form(request, link, form, case.rule)
    if bad is not None or not request.extends or form.decision == "deny":
        return bad or _Ballot(link, case, found, ground.policy.digest, revision)
    longest = longest_now(tx, now, request, ground)
    if isinstance(longest, Refusal):
        return longest
    return _Ballot(link, case, found, ground.policy.digest, revision, longest)


def _is_party(request: AccessRequest, subject: str) -> bool:
    return subject in {party.subject for party in request.parties}


def _refused(tx: Transaction, request: AccessRequest, who: SignedIn, code: str) -> None:
    fields: dict[str, Json] = {
        "request": request.id,
        "round": request.round,
        "stage": request.stage,
        "code": code,
        "approver": actor_of(tx, who.subject),
    }
    tx.append(Draft("decision.refused", fields))


def _unready(
    tx: Transaction, now: datetime, request: AccessRequest, who: tuple[str, str], ground: Ground
) -> Refusal | None:
    """What only says "try again": a stale directory, or deliveries not worked off (rules 5, 6)."""
    old = stale(tx, now, ground.snapshot, *_asked_about(request, who))
    return old or (IN_SHADOW if ground.policy.shadow else unsettled(tx, request.ticket))


def _asked_about(request: AccessRequest, who: tuple[str, str]) -> tuple[str, ...]:
    """Of whom the directory must have been asked: who decides, for whom, and whom it is about."""
    return (*who, *(party.subject for party in request.parties))


def _still(
    tx: Transaction, now: datetime, request: AccessRequest, ground: Ground
) -> tuple[Case, int] | Refusal:
    """Whether ticket, policy and directory still give what was shown; else a new round opens.

    With the ticket's revision of now; a ticket that asks for it no more ends the request.
    """
    row = tx.tickets.find(request.ticket)
    wanted: Mapping[str, Asked] = {} if row is None else _wanted(row, ground)
    what = wanted.get(request.entitlement)
    case = case_of(request, ground.policy, ground.snapshot, now)
    if row is None or what is None:
        moved = 0 if row is None else ask_again(tx, now, row, wanted, ground)
        return NOT_ASKED if moved else RULES
    cause = changed(request, what)
    after = renew(
        tx, now, request, what=what, row=row, policy=ground.policy, snapshot=ground.snapshot
    )
    if after is request and case is not None:
        return case, row.revision
    if not cause and what.reasons:
        return _stands_in_the_way(what)
    return RULES if cause == "rules" else CHANGED


def _wanted(row: TicketRow, ground: Ground) -> Mapping[str, Asked]:
    """What the ticket asks under the policy in force, by entitlement."""
    classification = classified_row(row, ground.policy, ground.snapshot)
    return wanted_by(row.ticket, classification, ground)


def _stands_in_the_way(what: Asked) -> Refusal:
    return Refusal(
        "request_blocked",
        " ".join(REASONS[code] for code in what.reasons),
        "The request cannot be approved as it is; the ticket's page says what to do.",
    )


def _entitled(
    tx: Transaction, request: AccessRequest, link: Link, who: SignedIn, case: Case
) -> Entitled | Refusal:
    """Why this person may decide at this stage now, as they were asked to, or why not."""
    stage = case.rule.stages[request.stage - 1]
    earlier, other = _earlier(tx, request), link.on_behalf_of
    found = entitled(case, stage, who.subject, earlier, other, who.claimed)
    if isinstance(found, Refusal):
        return found
    needed = case.rule.assurance or ASSURANCE_DEFAULT[request.tier]
    if ASSURANCE_LEVELS.index(who.method) < ASSURANCE_LEVELS.index(needed):
        return Refusal("assurance", f"This needs a sign-in by {needed}, not {who.method}.")
    return found


def _earlier(tx: Transaction, request: AccessRequest) -> frozenset[str]:
    return voices(tx.requests.approvals(request.id), request.round)


def _bad_form(request: AccessRequest, link: Link, form: Form, rule: ApproveRule) -> Refusal | None:
    chars_min = max(1, rule.justification_chars_min)
    if form.shown != link.shown or link.shown != request.shown:
        return Refusal(
            "shown_changed", "This is not what is asked now.", "Open the link again and read it."
        )
    if form.decision not in {"approve", "deny"}:
        return Refusal("decision", "Choose approve or deny.")
    refusal = bad_typed(
        "justification", form.justification, chars_min=chars_min, chars_max=JUSTIFICATION_CHARS_MAX
    )
    if refusal is not None or form.seconds is None or 1 <= form.seconds <= request.seconds_now:
        return refusal
    longest = request.seconds_now
    return Refusal(
        "seconds", f"Give at most {duration_text(longest)} (1 to {longest} s), or leave it out."
    )


def _commit(
    tx: Transaction,
    now: datetime,
    request: AccessRequest,
    who: SignedIn,
    form: Form,
    ballot: _Ballot,
    key: Key,
) -> Decided:
    seconds = form.seconds or request.seconds_now
    ref = _record_decision(tx, request, who, form, ballot, key)
    key.used(tx, now, request.id)
    tx.links.save(replace(ballot.link, state=LinkState.USED))
    tx.requests.add_approval(
        Approval(
            request=request.id,
            round=request.round,
            stage=request.stage,
            approver=who.subject,
            decision=form.decision,
            seconds=seconds,
            decided_at=now,
            index=ref.index,
            on_behalf_of=ballot.entitled.standing.on_behalf_of,
        )
    )
    after = _advance(tx, now, request, ballot)
    return Decided(form.decision, after.state.value, ref)


def _record_decision(
    tx: Transaction,
    request: AccessRequest,
    who: SignedIn,
    form: Form,
    ballot: _Ballot,
    key: Key,
) -> EvidenceRef:
    link, rule, snapshot = ballot.link, ballot.case.rule, ballot.case.snapshot
    stage = rule.stages[request.stage - 1]
    viewed = tx.requests.first_view(request.id, who.subject)
    actor = actor_of(tx, who.subject)
    asked = _asked_about(request, (who.subject, link.on_behalf_of))
    fields: dict[str, Json] = {
        "request": request.id,
        "round": request.round,
        "stage": request.stage,
        "need": stage.need,
        "approver": actor,
        "decision": form.decision,
        "shown": link.shown,
        "cut": request.cut,
        "material": request.material,
        "seconds": form.seconds or request.seconds_now,
        **_capacity(tx, actor, ballot.entitled.standing),
        **ballot.entitled.basis,
        "directory": snapshot.digest,
        "directory_read_at": to_text(snapshot.read_of(*asked)),
        "policy": ballot.policy,
        "rules": request.rules,
        "rule": f"{rule.id}@{rule.where}",
        "classification": list(request.rule_ids),
        "method": who.method,
        "because": rule.because,
        "signed_in_at": to_text(who.at),
        "first_viewed_at": None if viewed is None else to_text(viewed),
        "revision": ballot.revision,
        "link": link.id,
        **key.fields,
    }
    return tx.append(Draft("decision.recorded", *with_step_up(fields, key.hidden, who.step_up)))


def _capacity(tx: Transaction, actor: str, found: Standing) -> dict[str, Json]:
    """By which word the actor decides, and in whose place; no word tells a subject."""
    fields: dict[str, Json] = {}
    if found.until is not None:
        fields["on_behalf_of"] = actor = actor_of(tx, found.on_behalf_of)
        fields["delegated_until"] = to_text(found.until)
    return {"clause": clause_of(found.clause, actor), **fields}


def _advance(
    tx: Transaction, now: datetime, request: AccessRequest, ballot: _Ballot
) -> AccessRequest:
    """Move the request by what its approvals come to now."""
    case = ballot.case
    approvals = tx.requests.approvals(request.id)
    decision = decide(case.rule, approvals, request.round)
    if decision.verdict is Verdict.PENDING and decision.stage == request.stage:
        return request
    void_links(tx, request.id, "stage_done")
    shortest = seconds_of(approvals, request.round, request.seconds)
    after = replace(
        request,
        version=request.version + 1,
        cut=shortest if shortest < request.seconds else None,
    )
    if decision.verdict is Verdict.PENDING:
        return _next_stage(tx, now, request, replace(after, stage=decision.stage), case)
    approved = decision.verdict is Verdict.APPROVED
    state = RequestState.APPROVED if approved else RequestState.DENIED
    after = replace(after, state=state, closed_at=now)
    tx.requests.save(after)
    record(tx, now, after, request.state.value, "decided", [], _stages(case.rule))
    if approved and after.extends:
        extend_grant(tx, now, after, ballot.hard_max)
    elif approved:
        plan_grant(tx, now, after)
    return after


def _stages(rule: ApproveRule) -> dict[str, Json]:
    return {"stages": [stage.need for stage in rule.stages]}


def _next_stage(
    tx: Transaction, now: datetime, before: AccessRequest, after: AccessRequest, case: Case
) -> AccessRequest:
    tx.requests.save(after)
    links = issue_links(tx, now, after, case, _earlier(tx, after))
    more = _stages(case.rule) | kept_out(tx, after, case)
    record(tx, now, after, before.state.value, "next_stage", links, more)
    return after
