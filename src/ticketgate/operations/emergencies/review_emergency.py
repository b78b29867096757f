"""Review an emergency: somebody else says in time what it was, or the person is locked (rule 9)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ticketgate.domain.emergencies.emergency import (
    OUTCOMES,
    REASON_CHARS_MAX,
    REASON_CHARS_MIN,
    WAITING,
    Emergency,
    ReviewState,
    clause_for,
    is_over,
    is_overdue,
    reviewers,
)
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, Json, digest_of
from ticketgate.domain.grants.grant import UNENDED, Grant
from ticketgate.domain.instants import to_text
from ticketgate.domain.log.machines import edge
from ticketgate.domain.people.naming import name_of
from ticketgate.domain.people.step_up import with_step_up
from ticketgate.domain.requests.approvers import unfit
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.text.typed_text import bad_typed
from ticketgate.operations.deciding.decide_request import SignedIn
from ticketgate.operations.emergencies.invoke_emergency import too_weak
from ticketgate.operations.grants.end_grant import end_grant
from ticketgate.operations.people.actors import actor_of, clause_of
from ticketgate.operations.people.emergency_lock import lock_on
from ticketgate.operations.people.freshness import stale
from ticketgate.operations.telling.tell_outcome import tell_overdue, tell_review
from ticketgate.ports import Reading, Transaction

UNJUSTIFIED: Final = "unjustified"
NAMED_MAX: Final = 5  # reviewers, in a mail and on a page
_NOT_REVIEWER: Final = Refusal(
    "not_reviewer",
    "The policy does not name you to review this.",
    "Reviewers are named under `emergency: review: by:` in the policy.",
)


@dataclass(frozen=True, slots=True)
class ReviewForm:
    """What the reviewer posted."""

    outcome: str
    justification: str
    shown: str


def shown_of(emergency: Emergency, grant: Grant | None) -> str:
    """The digest of where an emergency stood when a page showed it."""
    of_grant: list[Json] = [] if grant is None else [grant.id, grant.version, grant.state.value]
    return digest_of([emergency.id, emergency.version, *of_grant])


def may_review(
    reading: Reading, now: datetime, emergency: Emergency, who: SignedIn, ground: Ground
) -> str | Refusal:
    """The word that names this person as a reviewer of it, or why they may not.

    Who is locked reviews nobody: two people who are would let each other go.

    Refusals: those of `approvers.unfit`, `own_emergency`, `own_claim`, `not_reviewer`,
    `person_locked`, `assurance`.
    """
    snapshot, section = ground.snapshot, ground.policy.emergency
    refusal = unfit(snapshot.person(who.subject))
    if refusal is not None:
        return refusal
    if snapshot.same_human(who.subject, emergency.subject):
        return Refusal("own_emergency", "Nobody reviews their own emergency, by any account.")
    if emergency.is_claim and snapshot.same_human(who.subject, emergency.entered_by):
        return Refusal("own_claim", "Nobody reviews what they entered themself, by any account.")
    entitlement = ground.policy.entitlement(emergency.entitlement)
    if section is None or entitlement is None:
        return _NOT_REVIEWER
    clause = clause_for(section.review_by, who.subject, entitlement, snapshot)
    if clause is None:
        return _NOT_REVIEWER
    locked = lock_on(reading, now, (who.subject,), snapshot)
    return locked or too_weak(who, entitlement, section) or clause


def review_emergency(
    tx: Transaction,
    now: datetime,
    *,
    ident: str,
    who: SignedIn,
    form: ReviewForm,
    ground: Ground,
) -> Emergency | Refusal:
    """Say what an emergency was; `unjustified` ends access that is live still.

    Refusals: `not_found`, `directory_stale`, those of `may_review`, `reviewed_already`,
    `shown_changed`, `outcome`, `emergency_live`, `justification`, `secret_typed`.
    """
    unready = stale(tx, now, ground.snapshot, who.subject)
    emergency = tx.emergencies.get(ident)
    if unready is not None or emergency is None:
        return unready or Refusal("not_found", "There is no such emergency.")
    grant = tx.grants.get(emergency.grant)
    clause = may_review(tx, now, emergency, who, ground)
    if isinstance(clause, Refusal):
        return clause
    bad = _bad_form(emergency, grant, form)
    if bad is not None:
        return bad
    index = _record(tx, emergency, who, form, ground, clause)
    after = replace(
        emergency,
        version=emergency.version + 1,
        state=ReviewState.DONE,
        outcome=form.outcome,
        reviewer=who.subject,
        reviewed_at=now,
    )
    tx.emergencies.save(after)
    ends = grant is not None and grant.state in UNENDED
    tell_review(tx, now, after, index, ends=ends)
    if grant is not None and ends:
        end_grant(tx, now, grant, "review_denied")
    return after


def _bad_form(emergency: Emergency, grant: Grant | None, form: ReviewForm) -> Refusal | None:
    if emergency.state is ReviewState.DONE:
        return Refusal("reviewed_already", f"It was reviewed already: {emergency.outcome}.")
    if form.shown != shown_of(emergency, grant):
        return Refusal(
            "shown_changed", "More has happened meanwhile.", "Open the page again and read it."
        )
    if form.outcome not in OUTCOMES:
        return Refusal("outcome", f"Choose one of: {', '.join(OUTCOMES)}.")
    if form.outcome != UNJUSTIFIED and not is_over(grant):
        return Refusal(
            "emergency_live",
            "The access is not over: what is done until then belongs to the review.",
            "Wait for its end; or say that it is unjustified, which ends it now.",
        )
    return bad_typed(
        "justification",
        form.justification,
        chars_min=REASON_CHARS_MIN,
        chars_max=REASON_CHARS_MAX,
    )


def _record(
    tx: Transaction,
    emergency: Emergency,
    who: SignedIn,
    form: ReviewForm,
    ground: Ground,
    clause: str,
) -> int:
    """The index of the record."""
    reviewer = actor_of(tx, who.subject)
    fields: dict[str, Json] = {
        "person": actor_of(tx, emergency.subject),
        "entitlement": emergency.entitlement,
        "outcome": form.outcome,
        "reviewer": reviewer,
        "clause": clause_of(clause, reviewer),
        "shown": form.shown,
        "policy": ground.policy.digest,
        "directory": ground.snapshot.digest,
        "method": who.method,
        "signed_in_at": to_text(who.at),
    }
    said = Disclosure("findings", form.justification.strip(), subject=who.subject, kind="emergency")
    before, done = emergency.state.value, ReviewState.DONE.value
    told = with_step_up(fields, said, who.step_up)
    return tx.append(edge("review", emergency.id, before, done, "reviewed", *told)).index


def late_reviews(reading: Reading, now: datetime) -> list[Emergency]:
    """Those whose time is up and that no record calls overdue yet."""
    return [
        one
        for one in reading.emergencies.unreviewed()
        if one.state.value in WAITING and is_overdue(one, reading.grants.get(one.grant), now)
    ]


def can_review(emergency: Emergency, ground: Ground) -> list[str]:
    """Whom the policy lets review it: active humans, neither its person nor who entered it.

    Whether they are locked themselves, and how surely they sign in, is not looked at.
    """
    rules, entitlement = ground.policy.emergency, ground.policy.entitlement(emergency.entitlement)
    if rules is None or entitlement is None:
        return []
    found = reviewers(rules, entitlement, emergency.subject, ground.snapshot)
    same = ground.snapshot.same_human
    return sorted(
        one for one in found if not (emergency.is_claim and same(one, emergency.entered_by))
    )


def reviewers_named(emergency: Emergency, ground: Ground) -> str:
    """Who can review it, by name: the first few, and how many more there are."""
    found = can_review(emergency, ground)
    more = f" and {len(found) - NAMED_MAX} more" if len(found) > NAMED_MAX else ""
    names = ", ".join(name_of(one, ground.snapshot) for one in found[:NAMED_MAX])
    return f"{names}{more}" if found else "nobody now: tell an operator"


def declare_unreviewed(tx: Transaction, now: datetime, *, ground: Ground | None) -> int:
    """Call reviews overdue whose time is up; returns how many. The lock does not wait for it.

    The person is told, and who can review it. Without a `ground` nobody knows who can: then the
    person is told alone, and reviewers find it on their first page.
    """
    late = late_reviews(tx, now)
    for one in late:
        fields: dict[str, Json] = {
            "person": actor_of(tx, one.subject),
            "entitlement": one.entitlement,
        }
        after = replace(one, version=one.version + 1, state=ReviewState.OVERDUE)
        tx.emergencies.save(after)
        move = edge("review", one.id, one.state.value, after.state.value, "review_due", fields)
        others = [] if ground is None else can_review(one, ground)
        tell_overdue(tx, now, after, others, tx.append(move).index)
    return len(late)
