"""Consent to an emergency: the second person's word while a review for the same is overdue."""

from dataclasses import dataclass, replace
from datetime import datetime

from ticketgate.domain.emergencies.emergency import (
    REASON_CHARS_MAX,
    REASON_CHARS_MIN,
    Emergency,
    ReviewState,
    ask_counts,
    clause_for,
)
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, Json
from ticketgate.domain.instants import to_text
from ticketgate.domain.log.machines import edge
from ticketgate.domain.people.step_up import with_step_up
from ticketgate.domain.requests.approvers import unfit
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.text.typed_text import bad_typed
from ticketgate.operations.deciding.decide_request import SignedIn
from ticketgate.operations.emergencies.invoke_emergency import too_weak
from ticketgate.operations.emergencies.review_emergency import shown_of
from ticketgate.operations.people.actors import actor_of, clause_of
from ticketgate.operations.people.emergency_lock import lock_on
from ticketgate.operations.people.freshness import stale
from ticketgate.ports import Reading, Transaction

_NOTHING = Refusal("not_found", "Nobody asks for this consent, or not any more.")


@dataclass(frozen=True, slots=True)
class ConsentForm:
    """What the second person posted."""

    justification: str
    shown: str


def may_consent(
    reading: Reading, now: datetime, ask: Emergency, who: SignedIn, ground: Ground
) -> str | Refusal:
    """The word that names this person to consent to it, or why they may not.

    Whom it does not name is not told that there is anything.

    Refusals: those of `approvers.unfit`, `own_emergency`, `not_found`, `person_locked`,
    `assurance`.
    """
    snapshot, section = ground.snapshot, ground.policy.emergency
    refusal = unfit(snapshot.person(who.subject))
    if refusal is not None:
        return refusal
    if snapshot.same_human(who.subject, ask.subject):
        return Refusal("own_emergency", "Nobody consents to their own emergency, by any account.")
    entitlement = ground.policy.entitlement(ask.entitlement)
    if section is None or entitlement is None:
        return _NOTHING
    words = (*section.words_for(ask.entitlement), *section.review_by)
    clause = clause_for(words, who.subject, entitlement, snapshot)
    if clause is None:
        return _NOTHING
    locked = lock_on(reading, now, (who.subject,), snapshot)
    return locked or too_weak(who, entitlement, section) or clause


def consent(
    tx: Transaction,
    now: datetime,
    *,
    ident: str,
    who: SignedIn,
    form: ConsentForm,
    ground: Ground,
) -> Emergency | Refusal:
    """Consent to what somebody else asked for, in time; they then begin it themself.

    Refusals: `directory_stale`, `not_found` (too old, or consented to, as well), those of
    `may_consent`, `shown_changed`, `justification`, `secret_typed`.
    """
    unready = stale(tx, now, ground.snapshot, who.subject)
    ask = tx.emergencies.get(ident)
    if unready is not None:
        return unready
    if ask is None or ask.state is not ReviewState.ASKED or not ask_counts(ask, now):
        return _NOTHING
    clause = may_consent(tx, now, ask, who, ground)
    if isinstance(clause, Refusal):
        return clause
    if form.shown != shown_of(ask, None):
        return Refusal("shown_changed", "This is not what was shown.", "Open the page again.")
    bad = bad_typed(
        "justification", form.justification, chars_min=REASON_CHARS_MIN, chars_max=REASON_CHARS_MAX
    )
    if bad is not None:
        return bad
    actor, after = actor_of(tx, who.subject), ReviewState.CONSENTED
    fields: dict[str, Json] = {
        "person": actor_of(tx, ask.subject),
        "entitlement": ask.entitlement,
        "by": actor,
        "clause": clause_of(clause, actor),
        "policy": ground.policy.digest,
        "directory": ground.snapshot.digest,
        "method": who.method,
        "signed_in_at": to_text(who.at),
        "shown": form.shown,
    }
    why = Disclosure(
        "justification", form.justification.strip(), subject=who.subject, kind="emergency"
    )
    told = with_step_up(fields, why, who.step_up)
    tx.append(edge("review", ask.id, ask.state.value, after.value, "consented", *told))
    given = replace(ask, version=ask.version + 1, state=after)
    tx.emergencies.save(given)
    return given
