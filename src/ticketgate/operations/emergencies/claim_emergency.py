"""Claim an emergency afterwards: what was done by hand while the gateway could not help (rule 9).

It is entered late, by a named person, and is their word alone: claimed, not enforced. It approves
nothing and gives nothing. Its review is owed as any, and whatever of the access still stands at
the target is taken away at once, by the ordinary path. So everybody enters what their own account
held, and what somebody else's did only an operator, who may end access anyway.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from ticketgate.domain.emergencies.emergency import (
    REASON_CHARS_MAX,
    REASON_CHARS_MIN,
    Emergency,
    ReviewState,
    clause_for,
    to_tell,
)
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, Json, digest_of
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.grants.grant import CLAIMED, Grant, GrantState
from ticketgate.domain.instants import duration_text, to_text, whole_seconds
from ticketgate.domain.log.machines import NEW, edge
from ticketgate.domain.people.step_up import with_step_up
from ticketgate.domain.policy.policy import EmergencyRules, Entitlement
from ticketgate.domain.requests.approvers import unfit
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.roles import OPERATOR, Roles, may_operate
from ticketgate.domain.text.typed_text import bad_typed
from ticketgate.operations.deciding.decide_request import SignedIn
from ticketgate.operations.emergencies.invoke_emergency import refused, tell, too_weak
from ticketgate.operations.emergencies.reviewers_left import nobody_left
from ticketgate.operations.grants.shadow import IN_SHADOW
from ticketgate.operations.outbox import queue
from ticketgate.operations.people.actors import actor_of, clause_of
from ticketgate.operations.people.emergency_lock import lock_on
from ticketgate.operations.people.freshness import stale
from ticketgate.operations.requests.plan_grant import of_emergency, save_new
from ticketgate.ports import Transaction

SEEN_CHARS_MIN: Final = 3
CLAIMS_MAX: Final = 5  # that one human enters within `CLAIMS_WITHIN`
CLAIMS_WITHIN: Final = timedelta(days=1)
_LOOKED: Final = 100  # in one look for them
_FORM: Final = "%Y-%m-%dT%H:%M"
_BY_ROLE: Final = f"role:{OPERATOR}"
_NOTHING: Final = Refusal(
    "not_found",
    "There is nothing here for you.",
    "Those who may help themselves to it, its reviewers and operators enter such a thing.",
)
_OF_OTHER: Final = Refusal(
    "claim_of_other",
    "You enter what this account of yours held. What another account did, an operator enters: what"
    " still stands of it is taken away.",
    "Have somebody with the role `operator` enter it, or sign in as the account that held it.",
)
_TOO_MANY: Final = Refusal(
    "claim_limit",
    f"Nobody enters more than {CLAIMS_MAX} of these within a day, by any account.",
    "Another operator can enter the rest now; what one of your own held, you can tomorrow.",
)


@dataclass(frozen=True, slots=True)
class ClaimForm:
    """What was posted. `since` and `until` are UTC, as `2026-11-26T03:00`."""

    person: str
    entitlement: str
    since: str
    until: str
    reason: str
    how: str
    seen_by: str
    shown: str


@dataclass(frozen=True, slots=True)
class _Claim:
    """A form that does: what it is about, by which word it was entered, and for which time."""

    section: EmergencyRules
    entitlement: Entitlement
    clause: str
    since: datetime
    until: datetime


def claim_terms(ground: Ground) -> str:
    """The digest of what the page of such an entry goes by."""
    section = ground.policy.emergency
    own = "" if section is None else section.digest
    return digest_of(["claim", own, *(one.digest for one in ground.policy.entitlements)])


def may_claim(who: str, entitlement: Entitlement, ground: Ground, roles: Roles) -> str | None:
    """The word by which this person may enter one for it; None where no word names them now.

    One of the policy is for what their own account held; `role:operator` for anybody's.
    """
    section = ground.policy.emergency
    if section is None or unfit(ground.snapshot.person(who)) is not None:
        return None
    words = (*section.words_for(entitlement.id), *section.review_by)
    clause = clause_for(words, who, entitlement, ground.snapshot)
    return _BY_ROLE if clause is None and claims_for_others(who, ground, roles) else clause


def claims_for_others(who: str, ground: Ground, roles: Roles) -> bool:
    """Whether this person may enter what somebody else held."""
    return may_operate(roles, who, ground.snapshot) is None


def claimable(who: str, ground: Ground, roles: Roles) -> list[Entitlement]:
    """Everything for which this person may enter one."""
    found = ground.policy.entitlements
    return [one for one in found if may_claim(who, one, ground, roles) is not None]


def claim_emergency(
    tx: Transaction,
    now: datetime,
    *,
    who: SignedIn,
    form: ClaimForm,
    ground: Ground,
    roles: Roles,
) -> Emergency | Refusal:
    """Enter what somebody held by hand.

    Refusals: `directory_stale`, `shadow`; and, recorded as `emergency.refused`: `not_found`,
    `assurance`, `person_locked`, `claim_of_other`, `shown_changed`, `claim_person`, `claim_times`,
    `reason`, `how`, `seen_by`, `secret_typed`, `claimed_already`, `no_reviewer`, `claim_limit`.
    """
    unready = stale(tx, now, ground.snapshot, who.subject)
    unready = unready or (IN_SHADOW if ground.policy.shadow else None)
    if unready is not None:
        return unready
    claim = _read(tx, now, who, form, ground, roles)
    if isinstance(claim, Refusal):
        refused(tx, who, form.entitlement, ground, claim)
        return claim
    return _enter(tx, now, who, form, claim, ground, roles)


def _read(
    tx: Transaction, now: datetime, who: SignedIn, form: ClaimForm, ground: Ground, roles: Roles
) -> _Claim | Refusal:
    section, wanted = ground.policy.emergency, ground.policy.entitlement(form.entitlement)
    clause = None if wanted is None else may_claim(who.subject, wanted, ground, roles)
    if section is None or wanted is None or clause is None:
        return _NOTHING
    refusal = lock_on(tx, now, (who.subject,), ground.snapshot) or too_weak(who, wanted, section)
    if refusal is not None:
        return refusal
    if form.person != who.subject:
        if not claims_for_others(who.subject, ground, roles):
            return _OF_OTHER
        clause = _BY_ROLE
    if form.shown != claim_terms(ground):
        return Refusal(
            "shown_changed", "These are not the rules of now.", "Open the page again and read it."
        )
    span = _span(now, form, section)
    if isinstance(span, Refusal):
        return span
    claim = _Claim(section, wanted, clause, *span)
    return (
        _bad_person(form, wanted, ground)
        or _bad_words(form)
        or _already(tx, form, claim, ground)
        or _unreviewable(tx, now, who, form, claim, ground)
        or _too_many(tx, now, who, ground)
        or claim
    )


def _bad_person(form: ClaimForm, wanted: Entitlement, ground: Ground) -> Refusal | None:
    person = ground.snapshot.person(form.person)
    if person is not None and person.accounts.get(wanted.target):
        return None
    return Refusal(
        "claim_person",
        f"The directory has nobody of this id with an account at {wanted.target}.",
        "Give the id that the directory has. Whoever has no account there could not hold it.",
    )


def _span(
    now: datetime, form: ClaimForm, section: EmergencyRules
) -> tuple[datetime, datetime] | Refusal:
    since, until = _instant(form.since), _instant(form.until)
    back = section.backfill_within
    if since is None or until is None or not now - back <= since < until <= now:
        return Refusal(
            "claim_times",
            "Give two times in UTC, the first before the second, none in the future, and none"
            f" longer than {duration_text(whole_seconds(back))} ago.",
            "What is older goes into the ticket of the incident, with why it is late.",
        )
    return since, until


def _instant(text: str) -> datetime | None:
    """The minute; None for anything else than `2026-11-26T03:00`."""
    try:
        moment = datetime.strptime(text, _FORM).replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if moment.strftime(_FORM) == text else None


def _bad_words(form: ClaimForm) -> Refusal | None:
    long, short = REASON_CHARS_MAX, REASON_CHARS_MIN
    told = (("reason", form.reason, short), ("how", form.how, short))
    for code, text, least in (*told, ("seen_by", form.seen_by, SEEN_CHARS_MIN)):
        bad = bad_typed(code, text, chars_min=least, chars_max=long)
        if bad is not None:
            return bad
    return None


def _already(tx: Transaction, form: ClaimForm, claim: _Claim, ground: Ground) -> Refusal | None:
    """One entry for a time: posted twice it would be reviewed twice."""
    for one in tx.emergencies.of_entitlement(claim.entitlement.id):
        same = ground.snapshot.same_human(one.subject, form.person)
        if one.access_from is None or one.access_until is None or not same:
            continue
        if one.access_from < claim.until and claim.since < one.access_until:
            return Refusal(
                "claimed_already",
                "Somebody has entered this person's access for a part of this time.",
                "What is missing there belongs into its review.",
            )
    return None


def _unreviewable(
    tx: Transaction,
    now: datetime,
    who: SignedIn,
    form: ClaimForm,
    claim: _Claim,
    ground: Ground,
) -> Refusal | None:
    """Somebody else than the person and who enters it must be there who owes no review.

    So claims, however many, never lock everybody who could review them.
    """
    people, terms = (form.person, who.subject), (claim.section, claim.entitlement)
    return nobody_left(tx, now, people, *terms, ground.snapshot, owing_counts=False)


def _too_many(tx: Transaction, now: datetime, who: SignedIn, ground: Ground) -> Refusal | None:
    """Each is mail to many, and a review: who enters a great many does harm by that alone."""
    since, count, behind = now - CLAIMS_WITHIN, 0, ""
    while found := tx.emergencies.listed(_LOOKED, behind):
        recent = [one for one in found if one.invoked_at > since]
        count += sum(
            one.is_claim and ground.snapshot.same_human(one.entered_by, who.subject)
            for one in recent
        )
        if len(recent) < len(found):
            break
        behind = found[-1].id
    return _TOO_MANY if count >= CLAIMS_MAX else None


def _enter(
    tx: Transaction,
    now: datetime,
    who: SignedIn,
    form: ClaimForm,
    claim: _Claim,
    ground: Ground,
    roles: Roles,
) -> Emergency:
    ident, entitlement, section = tx.new_id("emg"), claim.entitlement, claim.section
    before = section.words_for(entitlement.id)
    word = clause_for(before, form.person, entitlement, ground.snapshot) or ""
    fields = _told(tx, who, form, claim, ground, word)
    why = Disclosure("reason", form.reason.strip(), subject=who.subject, kind="emergency")
    fields, disclosures = with_step_up(fields, why, who.step_up)
    more = tuple(
        Disclosure(name, text.strip(), subject=who.subject, kind="emergency")
        for name, text in (("how", form.how), ("seen_by", form.seen_by))
    )
    after = ReviewState.CLAIMED
    told = (*disclosures, *more)
    ref = tx.append(edge("review", ident, NEW, after.value, "entered", fields, told))
    grant = _take_away(tx, now, ident, form.person, claim)
    emergency = Emergency(
        id=ident,
        version=1,
        state=after,
        drill=False,
        subject=form.person,
        entitlement=entitlement.id,
        target=entitlement.target,
        grant=grant.id,
        seconds=whole_seconds(claim.until - claim.since),
        within=section.review_within,
        clause=word,
        invoked_at=now,
        index=ref.index,
        entered_by=who.subject,
        access_from=claim.since,
        access_until=claim.until,
    )
    tx.emergencies.save(emergency)
    operators = roles.get(OPERATOR, ())
    people = to_tell(section, entitlement, form.person, operators, ground.snapshot)
    for subject in people:
        tell(tx, now, ident, subject)
    return emergency


def _told(
    tx: Transaction,
    who: SignedIn,
    form: ClaimForm,
    claim: _Claim,
    ground: Ground,
    word: str,
) -> dict[str, Json]:
    """What the record says; a word that names a person would tell who an actor is."""
    actor, person = actor_of(tx, who.subject), actor_of(tx, form.person)
    return {
        "person": person,
        "entitlement": claim.entitlement.id,
        "target": claim.entitlement.target,
        "by": actor,
        "clause": clause_of(claim.clause, actor),
        "preauthorised": clause_of(word, person),
        "access_from": to_text(claim.since),
        "access_until": to_text(claim.until),
        "seconds": whole_seconds(claim.until - claim.since),
        "within": whole_seconds(claim.section.review_within),
        "backfill_within": whole_seconds(claim.section.backfill_within),
        "enforced": False,
        "authority_basis": "claimed",
        "policy": ground.policy.digest,
        "directory": ground.snapshot.digest,
        "method": who.method,
        "signed_in_at": to_text(who.at),
        "shown": form.shown,
    }


def _take_away(
    tx: Transaction, now: datetime, emergency: str, subject: str, claim: _Claim
) -> Grant:
    """A grant that was never given and is being revoked: what is found at the target ends now.

    What another live grant of ours holds there stays, and is that one's to remove.
    """
    never_given = of_emergency(
        tx,
        emergency=emergency,
        subject=subject,
        entitlement=claim.entitlement,
        seconds=whole_seconds(claim.until - claim.since),
        activate_by=now,
    )
    grant = replace(
        never_given,
        state=GrantState.REVOKING,
        not_after=now,
        cause=CLAIMED,
        revoking_since=now,
        origin=CLAIMED,
    )
    save_new(tx, grant, CLAIMED)
    queue(tx, now, CommandKind.REVOKE, grant.id, grant.target)
    return grant


def know_account(tx: Transaction, now: datetime, *, ident: str, principal: str) -> None:
    """Note whose account a claim is about, by which grants are counted: no provisioning told it."""
    del now
    grant = tx.grants.get(ident)
    if grant is not None and grant.principal is None:
        tx.grants.save(replace(grant, principal=principal, version=grant.version + 1))
