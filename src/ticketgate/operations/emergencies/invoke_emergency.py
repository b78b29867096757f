"""Invoke an emergency: its record, its grant, the review it owes and who is told, as one (rule 9).

Pre-authorised by the policy, by the signed-in beneficiary alone. Refusals are values with a record.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from ticketgate.domain.emergencies.emergency import (
    REASON_CHARS_MAX,
    REASON_CHARS_MIN,
    Emergency,
    ReviewState,
    clause_for,
    cools_until,
    is_over,
    terms,
    to_tell,
)
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, Draft, Json
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.grants.grant import UNENDED
from ticketgate.domain.instants import duration_text, to_text, whole_seconds
from ticketgate.domain.log.machines import NEW, edge
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.step_up import with_step_up
from ticketgate.domain.policy.policy import (
    ASSURANCE_LEVELS,
    EmergencyRules,
    Entitlement,
)
from ticketgate.domain.requests.approvers import unfit
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.roles import OPERATOR, Roles
from ticketgate.domain.text.typed_text import bad_typed
from ticketgate.operations.deciding.decide_request import SignedIn
from ticketgate.operations.emergencies.ask_consent import ask_consent, needs_consent, own_ask
from ticketgate.operations.emergencies.emergency_window import reason_of
from ticketgate.operations.emergencies.reviewers_left import nobody_left
from ticketgate.operations.grants.end_grant import end_grant
from ticketgate.operations.grants.shadow import IN_SHADOW
from ticketgate.operations.outbox import queue_mail
from ticketgate.operations.people.actors import actor_of, clause_of
from ticketgate.operations.people.emergency_lock import lock_on
from ticketgate.operations.people.freshness import stale
from ticketgate.operations.requests.plan_grant import plan_emergency
from ticketgate.ports import Reading, Transaction


@dataclass(frozen=True, slots=True)
class InvokeForm:
    """What was posted; `seconds` None means as long as the policy lets it be."""

    entitlement: str
    seconds: int | None
    reason: str
    shown: str
    drill: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """That somebody may invoke one entitlement: by which word, and under which rules.

    `ask` is what they asked for and a second person consented to, where that was needed.
    """

    rules: EmergencyRules
    entitlement: Entitlement
    clause: str
    ask: Emergency | None = None


_NOT_ALLOWED = Refusal(
    "not_preauthorised",
    "The policy does not let you help yourself to this in an emergency.",
    "Ask for it in a ticket, or ask somebody who is pre-authorised.",
)


def invoke_emergency(
    tx: Transaction,
    now: datetime,
    *,
    who: SignedIn,
    form: InvokeForm,
    ground: Ground,
    roles: Roles,
) -> Emergency | Refusal:
    """Begin an emergency of the signed-in person themself.

    Refusals: `directory_stale`, `shadow`; `consent_needed`, recorded as `emergency.asked`, once,
    until a second person consents or it is too old; and, recorded as `emergency.refused`: those of
    `approvers.unfit`, `not_preauthorised`, `assurance`, `person_locked`, `shown_changed`, `reason`,
    `secret_typed`, `seconds`, `no_reviewer`, `emergency_live`,
    `emergency_cooldown`.
    """
    unready = stale(tx, now, ground.snapshot, who.subject)
    unready = unready or (IN_SHADOW if ground.policy.shadow else None)
    if unready is not None:
        return unready
    allowed = may_invoke(tx, now, who, form.entitlement, ground)
    refusal = allowed if isinstance(allowed, Refusal) else None
    if isinstance(allowed, Standing):
        weak = too_weak(who, allowed.entitlement, allowed.rules)
        refusal = weak or _bad_form(form, allowed) or _too_soon(tx, now, who, form, allowed, ground)
    if refusal is not None or isinstance(allowed, Refusal):
        refused(tx, who, form.entitlement, ground, refusal or _NOT_ALLOWED)
        return refusal or _NOT_ALLOWED
    if not form.drill and needs_consent(tx, now, form.entitlement):
        ask = own_ask(tx, now, who.subject, form.entitlement)
        if ask is None or ask.state is not ReviewState.CONSENTED:
            return ask_consent(
                tx,
                now,
                who=who,
                seconds=_wanted(form, allowed),
                reason=form.reason,
                allowed=(allowed.rules, allowed.entitlement, allowed.clause),
                ground=ground,
            )
        allowed = replace(allowed, ask=ask)
        refusal = _not_consented(tx, form, ask)
        if refusal is not None:
            refused(tx, who, form.entitlement, ground, refusal)
            return refusal
    return _begin(tx, now, who, form, allowed, ground, roles)


def may_invoke(
    reading: Reading, now: datetime, who: SignedIn, entitlement: str, ground: Ground
) -> Standing | Refusal:
    """Whether this person may invoke this entitlement, signed in surely enough or not."""
    emergency, wanted = ground.policy.emergency, ground.policy.entitlement(entitlement)
    refusal = unfit(ground.snapshot.person(who.subject))
    if refusal is not None:
        return refusal
    if emergency is None or wanted is None:
        return _NOT_ALLOWED
    words = emergency.words_for(entitlement)
    clause = clause_for(words, who.subject, wanted, ground.snapshot)
    if clause is None:
        return _NOT_ALLOWED
    locked = lock_on(reading, now, (who.subject,), ground.snapshot)
    return locked or Standing(emergency, wanted, clause)


def too_weak(who: SignedIn, entitlement: Entitlement, section: EmergencyRules) -> Refusal | None:
    """Whether the sign-in is below what the section, or else the tier, needs."""
    needed = section.needs(entitlement.tier)
    if ASSURANCE_LEVELS.index(who.method) >= ASSURANCE_LEVELS.index(needed):
        return None
    return Refusal("assurance", f"This needs a sign-in by {needed}, not {who.method}.")


def _bad_form(form: InvokeForm, allowed: Standing) -> Refusal | None:
    longest = whole_seconds(allowed.rules.hard_max)
    if form.shown != terms(allowed.rules, allowed.entitlement, allowed.clause):
        return Refusal(
            "shown_changed", "These are not the rules of now.", "Open the page again and read it."
        )
    if form.seconds is not None and not 1 <= form.seconds <= longest:
        most = f"{duration_text(longest)} (1 to {longest} s)"
        return Refusal("seconds", f"Give at most {most}, or leave it out.")
    return bad_typed("reason", form.reason, chars_min=REASON_CHARS_MIN, chars_max=REASON_CHARS_MAX)


def _not_consented(tx: Transaction, form: InvokeForm, ask: Emergency) -> Refusal | None:
    """What the consent is not for: more time than was asked, or another reason than was read."""
    if form.seconds is not None and form.seconds > ask.seconds:
        return Refusal("seconds", f"The consent is for {ask.seconds} seconds at most.")
    if form.reason.strip() != reason_of(tx, ask.index):
        return Refusal(
            "reason",
            "The consent is for the reason that was typed when it was asked for.",
            "Type that reason again; the page shows it beside the consent.",
        )
    return None


def _too_soon(
    tx: Transaction,
    now: datetime,
    who: SignedIn,
    form: InvokeForm,
    allowed: Standing,
    ground: Ground,
) -> Refusal | None:
    """One at a time, the next after the cooldown, and somebody must be there to review it.

    A reviewer counts whose own is not reviewed yet: two who help each other at night both may.
    """
    people, terms = (who.subject,), (allowed.rules, allowed.entitlement)
    unreviewed = nobody_left(tx, now, people, *terms, ground.snapshot, owing_counts=True)
    if unreviewed is not None or form.drill:
        return unreviewed
    return not_yet(tx, now, who.subject, allowed, ground.snapshot)


def not_yet(
    reading: Reading, now: datetime, subject: str, allowed: Standing, snapshot: DirectorySnapshot
) -> Refusal | None:
    """Why another one, that is no drill, cannot begin now; pages say it before anybody types."""
    own = [
        one
        for one in reading.emergencies.of_entitlement(allowed.entitlement.id)
        if snapshot.same_human(one.subject, subject)
    ]
    grants = [reading.grants.get(one.grant) for one in own]
    if not all(map(is_over, grants)):
        return Refusal(
            "emergency_live",
            "An emergency of yours for this is not over; none is ever extended.",
            "Ask for more time in a ticket.",
        )
    ends = [cools_until(grant, allowed.rules.cooldown) for grant in grants]
    until = max(filter(None, ends), default=now)
    if now < until:
        left = duration_text(whole_seconds(until - now) or 1)
        return Refusal(
            "emergency_cooldown",
            f"The next emergency for this can begin in {left}.",
            "Ask for it in a ticket.",
        )
    return None


def refused(
    tx: Transaction, who: SignedIn, entitlement: str, ground: Ground, refusal: Refusal
) -> None:
    """Record it. An entitlement that the policy does not know is not named: it was typed."""
    known = ground.policy.entitlement(entitlement)
    fields: dict[str, Json] = {
        "code": refusal.code,
        "person": actor_of(tx, who.subject),
        "entitlement": "" if known is None else known.id,
    }
    tx.append(Draft("emergency.refused", fields))


def _begin(
    tx: Transaction,
    now: datetime,
    who: SignedIn,
    form: InvokeForm,
    allowed: Standing,
    ground: Ground,
    roles: Roles,
) -> Emergency:
    entitlement, ask = allowed.entitlement, allowed.ask
    ident = tx.new_id("emg") if ask is None else ask.id
    before = NEW if ask is None else ask.state.value
    seconds = _wanted(form, allowed)
    fields = _told(tx, who, form, allowed, ground, seconds)
    why = Disclosure("reason", form.reason.strip(), subject=who.subject, kind="emergency")
    due = ReviewState.DUE.value
    told = with_step_up(fields, why, who.step_up)
    ref = tx.append(edge("review", ident, before, due, "invoked", *told))
    grant = ""
    if not form.drill:
        grant = plan_emergency(
            tx, now, emergency=ident, subject=who.subject, entitlement=entitlement, seconds=seconds
        ).id
    emergency = Emergency(
        id=ident,
        version=1 if ask is None else ask.version + 1,
        state=ReviewState.DUE,
        drill=form.drill,
        subject=who.subject,
        entitlement=entitlement.id,
        target=entitlement.target,
        grant=grant,
        seconds=seconds,
        within=allowed.rules.review_within,
        clause=allowed.clause,
        invoked_at=now,
        index=ref.index,
    )
    tx.emergencies.save(emergency)
    operators = roles.get(OPERATOR, ())
    people = to_tell(allowed.rules, entitlement, who.subject, operators, ground.snapshot)
    for subject in people:
        tell(tx, now, ident, subject)
    return emergency


def _told(
    tx: Transaction,
    who: SignedIn,
    form: InvokeForm,
    allowed: Standing,
    ground: Ground,
    seconds: int,
) -> dict[str, Json]:
    """What the record of an emergency says that has no name of its own in `edge`."""
    actor = actor_of(tx, who.subject)
    return {
        "person": actor,
        "entitlement": allowed.entitlement.id,
        "target": allowed.entitlement.target,
        "seconds": seconds,
        "hard_max": whole_seconds(allowed.rules.hard_max),
        "cooldown": whole_seconds(allowed.rules.cooldown),
        "within": whole_seconds(allowed.rules.review_within),
        "drill": form.drill,
        "shown": form.shown,
        "clause": clause_of(allowed.clause, actor),
        "policy": ground.policy.digest,
        "authority_basis": "verified",
        "directory": ground.snapshot.digest,
        "directory_read_at": to_text(ground.snapshot.read_of(who.subject)),
        "method": who.method,
        "signed_in_at": to_text(who.at),
    }


def _wanted(form: InvokeForm, allowed: Standing) -> int:
    """For how long, in seconds: where nothing was typed, as the policy and a consent let it be."""
    longest = whole_seconds(allowed.rules.hard_max)
    if allowed.ask is not None:
        longest = min(longest, allowed.ask.seconds)
    return form.seconds or longest


def tell(tx: Transaction, now: datetime, emergency: str, subject: str) -> None:
    """Queue the mail that tells somebody of an emergency."""
    notice = tx.new_id("ntc")
    tx.emergencies.add_notice(notice, emergency, subject)
    queue_mail(tx, now, CommandKind.MAIL_NOTICE, notice)


def give_back(
    tx: Transaction, now: datetime, *, ident: str, who: SignedIn, ground: Ground
) -> Emergency | Refusal:
    """End the access of one's own emergency before its time. Refusals: `not_found`."""
    emergency = tx.emergencies.get(ident)
    grant = None if emergency is None else tx.grants.get(emergency.grant)
    own = emergency is not None and ground.snapshot.same_human(emergency.subject, who.subject)
    if emergency is None or grant is None or not own:
        return Refusal("not_found", "There is no such emergency of yours.")
    if grant.state in UNENDED:
        end_grant(tx, now, grant, "returned")
    return emergency
