"""Ask for consent: while a review is overdue, nobody begins an emergency for the same alone."""

from datetime import datetime

from ticketgate.domain.emergencies.emergency import CONSENT_LIFE, Emergency, ReviewState, named
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, Json
from ticketgate.domain.instants import whole_seconds
from ticketgate.domain.log.machines import NEW, edge
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import EmergencyRules, Entitlement
from ticketgate.domain.requests.approvers import unfit
from ticketgate.domain.requests.ground import Ground
from ticketgate.operations.deciding.decide_request import SignedIn
from ticketgate.operations.people.actors import actor_of, clause_of
from ticketgate.operations.people.emergency_lock import lock_on, overdue
from ticketgate.operations.telling.tell_outcome import tell_of_ask
from ticketgate.ports import Reading, Transaction

_NEEDED = Refusal(
    "consent_needed",
    "Somebody's emergency for this was not reviewed in time. Until it is, a second person must"
    " consent within 15 minutes: another pre-authorised person, or a reviewer.",
    "Have one of them open /console/emergency now; once they have consented, begin again.",
)


def needs_consent(reading: Reading, now: datetime, entitlement: str) -> bool:
    """Whether a review of an emergency for it is overdue, whoever's it was."""
    return any(one.entitlement == entitlement for one in overdue(reading, now))


def own_ask(reading: Reading, now: datetime, subject: str, entitlement: str) -> Emergency | None:
    """What this person asked consent to and that still counts; one that has it comes first."""
    found = [
        one
        for one in reading.emergencies.asks(now - CONSENT_LIFE)
        if one.subject == subject and one.entitlement == entitlement
    ]
    given = [one for one in found if one.state is ReviewState.CONSENTED]
    return next(reversed(given or found), None)


def ask_consent(
    tx: Transaction,
    now: datetime,
    *,
    who: SignedIn,
    seconds: int,
    reason: str,
    allowed: tuple[EmergencyRules, Entitlement, str],
    ground: Ground,
) -> Refusal:
    """Record what somebody would begin, so that a second person can consent; `consent_needed`.

    `allowed` is the section, the entitlement, and the word that pre-authorises them.
    """
    section, entitlement, clause = allowed
    if own_ask(tx, now, who.subject, entitlement.id) is not None:
        return _NEEDED
    ident, actor = tx.new_id("emg"), actor_of(tx, who.subject)
    fields: dict[str, Json] = {
        "person": actor,
        "entitlement": entitlement.id,
        "target": entitlement.target,
        "seconds": seconds,
        "within": whole_seconds(section.review_within),
        "clause": clause_of(clause, actor),
        "policy": ground.policy.digest,
        "directory": ground.snapshot.digest,
    }
    why = Disclosure("reason", reason.strip(), subject=who.subject, kind="emergency")
    asked = ReviewState.ASKED
    ref = tx.append(edge("review", ident, NEW, asked.value, "asked", fields, (why,)))
    ask = Emergency(
        id=ident,
        version=1,
        state=asked,
        drill=False,
        subject=who.subject,
        entitlement=entitlement.id,
        target=entitlement.target,
        grant="",
        seconds=seconds,
        within=section.review_within,
        clause=clause,
        invoked_at=now,
        index=ref.index,
    )
    tx.emergencies.save(ask)
    tell_of_ask(tx, now, ask, _may_consent(tx, now, ask, section, entitlement, ground.snapshot))
    return _NEEDED


def _may_consent(
    tx: Transaction,
    now: datetime,
    ask: Emergency,
    section: EmergencyRules,
    entitlement: Entitlement,
    snapshot: DirectorySnapshot,
) -> list[str]:
    """Who may consent and has an address: never that human, nobody who is locked."""
    words = (*section.words_for(entitlement.id), *section.review_by)
    found = {one for word in words for one in named(word, entitlement, snapshot)}
    return [
        one
        for one in sorted(found)
        if unfit(snapshot.person(one)) is None
        and snapshot.people[one].mail
        and not snapshot.same_human(one, ask.subject)
        and lock_on(tx, now, (one,), snapshot) is None
    ]
