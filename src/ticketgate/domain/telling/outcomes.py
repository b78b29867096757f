"""Outcomes: what the people of a request, and its ticket, are told of what came of it.

One table says it of every edge of the machines that people wait for, so that no edge is forgotten:
`tests/domain/test_outcomes.py` holds it against `machines.EDGES`. What is told names no person and
quotes no ticket; it is true of the moment it was committed at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.instants import duration_text, minute_text, to_text, whole_seconds
from ticketgate.domain.log.machines import NEW
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.opening import REASONS
from ticketgate.domain.requests.way_out import NEXT_STEPS

EMERGENCY_KIND: Final = "emergency.access"  # of event; the beneficiary alone begins one
EMERGENCY_PAGE: Final = "/console/emergency"


class Outcome(StrEnum):
    """What can come of a request, a grant, a passkey or an emergency, in one word."""

    OPENED = "opened"
    BLOCKED = "blocked"
    APPROVED = "approved"
    DENIED = "denied"
    TIMED_OUT = "timed_out"
    WITHDRAWN = "withdrawn"
    ACTIVE = "active"
    CANCELLED = "cancelled"
    EXTENDED = "extended"
    ENDING_SOON = "ending_soon"  # time alone brings it: no edge does
    REVOKED_EARLY = "revoked_early"
    ENDED = "ended"
    RELEASED = "released"
    OVERDUE = "overdue"
    PASSKEY_ENROLLED = "passkey_enrolled"
    PASSKEY_USABLE = "passkey_usable"
    PASSKEY_REVOKED = "passkey_revoked"
    CONSENT_ASKED = "consent_asked"
    GIVEN_UP = "given_up"
    LOCKED = "locked"  # of the person whose emergency was not reviewed in time
    REVIEW_OVERDUE = "review_overdue"
    REVIEWED = "reviewed"


_O = Outcome

# (machine, from, to) -> what it is to those who wait; None: nothing that they are told.
OUTCOMES: Final[Mapping[tuple[str, str, str], Outcome | None]] = {
    ("request", NEW, "blocked"): _O.BLOCKED,
    ("request", NEW, "awaiting"): _O.OPENED,
    ("request", NEW, "approved"): _O.APPROVED,
    ("request", "awaiting", "awaiting"): None,  # a stage, a round: it waits as it did
    ("request", "awaiting", "approved"): _O.APPROVED,
    ("request", "awaiting", "denied"): _O.DENIED,
    ("request", "awaiting", "withdrawn"): _O.WITHDRAWN,
    ("request", "awaiting", "timed_out"): _O.TIMED_OUT,
    ("request", "blocked", "blocked"): None,  # by other reasons: the page has those of now
    ("request", "blocked", "awaiting"): _O.OPENED,
    ("request", "blocked", "approved"): _O.APPROVED,
    ("request", "blocked", "denied"): _O.DENIED,
    ("request", "blocked", "withdrawn"): _O.WITHDRAWN,
    ("request", "blocked", "timed_out"): _O.TIMED_OUT,
    ("grant", NEW, "planned"): None,  # told as approved, or as an emergency
    ("grant", NEW, "revoking"): None,  # told with the emergency that was entered afterwards
    ("grant", "planned", "provisioning"): None,
    ("grant", "planned", "cancelled"): _O.CANCELLED,
    ("grant", "provisioning", "active"): _O.ACTIVE,
    ("grant", "provisioning", "revoking"): _O.REVOKED_EARLY,
    ("grant", "active", "active"): _O.EXTENDED,
    ("grant", "active", "revoking"): _O.REVOKED_EARLY,
    ("grant", "active", "released_shared"): _O.RELEASED,
    ("grant", "revoking", "revoked"): _O.ENDED,
    ("grant", "revoking", "revoke_overdue"): _O.OVERDUE,
    ("grant", "revoke_overdue", "revoking"): None,  # the same end, tried again
    ("grant", "revoke_overdue", "abandoned"): _O.GIVEN_UP,
    ("passkey", NEW, "pending"): _O.PASSKEY_ENROLLED,
    ("passkey", "pending", "pending"): None,  # the first of two who vouch
    ("passkey", "pending", "usable"): _O.PASSKEY_USABLE,
    ("passkey", "pending", "revoked"): _O.PASSKEY_REVOKED,
    ("passkey", "usable", "revoked"): _O.PASSKEY_REVOKED,
    ("review", NEW, "asked"): _O.CONSENT_ASKED,
    ("review", "asked", "consented"): None,  # who asked has the page open
    ("review", "consented", "due"): None,  # everybody concerned has the mail of an emergency
    ("review", NEW, "due"): None,  # as above
    ("review", NEW, "claimed"): None,
    ("review", "claimed", "overdue"): _O.REVIEW_OVERDUE,  # to the person as `LOCKED`
    ("review", "claimed", "done"): _O.REVIEWED,
    ("review", "due", "overdue"): _O.REVIEW_OVERDUE,
    ("review", "due", "done"): _O.REVIEWED,
    ("review", "overdue", "done"): _O.REVIEWED,
}
# Nobody waits for these by mail: deliveries and tickets are the platform's, exceptions have a list.
NOT_TOLD: Final = frozenset({"delivery", "ticket", "exception"})

REQUESTER: Final = "requester"
BENEFICIARY: Final = "beneficiary"
BOTH: Final = (REQUESTER, BENEFICIARY)


@dataclass(frozen=True, slots=True)
class Told:
    """How an outcome is told: who has mail of it, and whether its ticket may have a comment.

    `who` are parties of a request; empty where nobody has mail, or whoever else the operation
    names. `page` is the path of the page that shows it.
    """

    subject: str  # of the mail
    who: tuple[str, ...] = BOTH
    ticket: bool = True
    page: str = "/console/requests"


TOLD: Final[Mapping[Outcome, Told]] = {
    _O.OPENED: Told("waits for approval"),
    _O.BLOCKED: Told("cannot be approved as it is"),
    _O.APPROVED: Told("is approved"),
    _O.DENIED: Told("is denied"),
    _O.TIMED_OUT: Told("was not decided in time"),
    _O.WITHDRAWN: Told("is withdrawn"),
    _O.ACTIVE: Told("access is given"),
    _O.CANCELLED: Told("access is not given"),
    _O.EXTENDED: Told("access is extended"),
    _O.ENDING_SOON: Told("access ends soon", who=(BENEFICIARY,), ticket=False),
    _O.REVOKED_EARLY: Told("access is taken away"),
    _O.ENDED: Told("access has ended"),
    _O.RELEASED: Told("access has ended"),
    _O.OVERDUE: Told("", who=()),  # who still has it is not invited to use it
    _O.PASSKEY_ENROLLED: Told(
        "A passkey was enrolled for you", who=(), ticket=False, page="/console/passkeys"
    ),
    _O.PASSKEY_USABLE: Told(
        "A passkey of yours can be used now", who=(), ticket=False, page="/console/passkeys"
    ),
    _O.PASSKEY_REVOKED: Told(
        "A passkey of yours was revoked", who=(), ticket=False, page="/console/passkeys"
    ),
    _O.CONSENT_ASKED: Told(
        "Somebody asks you to consent to an emergency",
        who=(),
        ticket=False,
        page=EMERGENCY_PAGE,
    ),
    _O.GIVEN_UP: Told("removing access was given up", who=(BENEFICIARY,), ticket=False),
    _O.LOCKED: Told("You are locked until an emergency is reviewed", who=(), ticket=False),
    _O.REVIEW_OVERDUE: Told("The review of an emergency is overdue", who=(), ticket=False),
    _O.REVIEWED: Told("An emergency was reviewed", who=(), ticket=False),
}
COMMENTED: Final = tuple(one.value for one in Outcome if TOLD[one].ticket)
COMMENTED_DEFAULT: Final = tuple(
    one.value
    for one in (_O.OPENED, _O.BLOCKED, _O.APPROVED, _O.DENIED, _O.ACTIVE, _O.ENDED, _O.OVERDUE)
)

NOTICE_SHARE: Final = 4  # access that lasts no longer than so often the notice is not reminded of

_EMERGENCY: Final = (
    " In an emergency, whoever needs it and is pre-authorised begins one, signed in, on the page"
    " /console/emergency of the gateway; this ticket does not."
)
KEPT: Final = {  # why a revocation removed nothing
    "baseline": "The access stood before it, and stays.",
    "shared": "The access stays, since another grant holds it.",
}
_OF_GRANT: Final[Mapping[str, str]] = {
    "active": "The {what} is given{until}.",
    "extended": "The {what} goes on{until}.",
    "cancelled": "The {what} is not given: {why}.",
    "revoked_early": "The {what} is being taken away before its time: {why}.",
    "released": "The grant of {what} has ended: {why}. Another grant holds it, so it stays.",
    "ended": "The {what} is removed; reading the target confirms it.",
    "ended_kept": "The grant of {what} has ended. {kept}",
    "overdue": (
        "Removing the {what} is overdue: the target has not confirmed it."
        " It is tried again until it does."
    ),
    "given_up": (
        "The {what} has ended, but the target never confirmed that it is removed: it may still"
        " stand. Operators have given up trying, and see to it by hand."
    ),
}
# Why something ended, in words; a cause without any is told as the code that its record has.
_WHY: Final[Mapping[str, str]] = {
    "requester": "who asked, or would get it, took it back",
    "withdrawn": "who asked, or would get it, took it back",
    "returned": "who had it gave it back",
    "superseded": "the ticket asks something else now",
    "blocked": "what the ticket asks now cannot be approved as it is",
    "ticket_closed": "the ticket is closed",
    "unapproved": "what was approved does not hold any more",
    "ticket_passed_on": "the ticket is for somebody else now",
    "late_revision": "the ticket was for somebody else, or asked something else, for a while",
    "rules_loosened": "the rules have changed; the ticket asks anew with its next revision",
    "grant_ended": "the access has ended",
    "shadow": "the gateway only watches now",
    "leaver": "the person is not active any more",
    "person_locked": "an emergency of the person was not reviewed in time",
    "operator": "an operator ended it",
    "kill_switch": "an operator ended it",
    "review_denied": "its review found the emergency unjustified",
    "provision_failed": "the target did not give it",
    "activate_within": "it could not be given in time",
    "expired": "its time is up",
    "window_over": "it could not begin before its window was over",
    "window_changed": "the ticket names another time now",
    "not_asked": "the ticket does not ask for it any more",
    "beneficiary_changed": "the ticket is for somebody else now",
    "rules_changed": "other rules apply now",
    "requester_left": "who asked for it is not active any more",
}
_ASK_AGAIN: Final = "If it is still needed, ask again."
_NEXT: Final[Mapping[Outcome, str]] = {
    _O.OPENED: "Nothing is to be done. No answer is never taken as a yes.",
    _O.DENIED: f"The page of the request says more. {_ASK_AGAIN}",
    _O.TIMED_OUT: f"Silence is never a yes, so nothing is given. {_ASK_AGAIN}",
    _O.WITHDRAWN: f"If that is not meant, look at the ticket. {_ASK_AGAIN}",
    _O.CANCELLED: f"If that is not meant, tell an operator. {_ASK_AGAIN}",
    _O.ACTIVE: "Give it back on the page when it is not needed any more.",
    _O.ENDING_SOON: "Save your work. Where the rules allow more time, ask for it on the page.",
    _O.REVOKED_EARLY: f"If that is not meant, tell an operator. {_ASK_AGAIN}",
    _O.GIVEN_UP: f"Do not use what may be left of it. {_ASK_AGAIN}",
}


@dataclass(frozen=True, slots=True)
class Saying:
    """What is told of one outcome: the text for both, and for the mail what can be done."""

    outcome: Outcome
    text: str
    next: str = ""


@dataclass(frozen=True, slots=True)
class OutcomeLetter:
    """A mail about an outcome, committed with it. `index` is its record's, None where none is.

    `about` is the id of what it is of, `thread` that of the request or emergency with whose mails
    it belongs (empty: none). `until` is the end that a reminder is of.
    """

    id: str
    outcome: Outcome
    about: str
    thread: str
    subject: str
    text: str
    next: str
    index: int | None
    queued_at: datetime
    until: datetime | None = None

    @property
    def key(self) -> str:
        """What makes it one of its kind: nobody has two letters of the same key."""
        when = "" if self.until is None else to_text(self.until)
        return f"{self.outcome} {self.about} {when or self.index}"


@dataclass(frozen=True, slots=True)
class OutcomeNote:
    """What the mail says beside the letter; names are of the directory, empty where none is.

    `because` is what whoever denied it typed, for the people of the request alone. `reviewers` is
    who can review an emergency now, for the person whom it locks.
    """

    ticket: str
    beneficiary: str
    evidence: str
    page: str  # the path of the page that shows it
    because: str = ""
    reviewers: str = ""


def of_request(request: AccessRequest, before: str, cause: str) -> Saying | None:
    """What is told of a move of a request; None where nothing is."""
    outcome = OUTCOMES["request", before, request.state.value]
    if outcome is None:
        return None
    what = "More time for access" if request.extends else "Access"
    what = f"{what} to {request.entitlement} at {request.target}"
    match outcome:
        case Outcome.OPENED:
            until = minute_text(request.decide_by)
            text = f"{what} was asked for and waits for approval until {until}.{_offer(request)}"
        case Outcome.BLOCKED:
            text = f"{what} cannot be approved as it is asked for. {_reasons(request.reasons)}"
            return Saying(outcome, f"{text}{_offer(request)}", _ways_out(request.reasons))
        case Outcome.APPROVED:
            text = f"{what} was approved, for {timedelta(seconds=request.seconds_now)} (h:mm:ss)."
            if request.not_before is not None:
                text += f" It begins at {minute_text(request.not_before)}."
        case Outcome.DENIED:
            text = f"{what} was denied."
        case Outcome.TIMED_OUT:
            text = f"{what} was not decided by {minute_text(request.decide_by)}, so it is over."
        case _:
            text = f"{what} is not asked for any more: {_why(cause)}."
    return Saying(outcome, text, _NEXT.get(outcome, ""))


def of_grant(grant: Grant, before: str, cause: str, kept: str) -> Saying | None:
    """The same of a grant. `kept` says why a revocation removed nothing; empty when it did.

    That the time of an active one is up is told once the access is gone.
    """
    outcome = OUTCOMES["grant", before, grant.state.value]
    if outcome is None or (outcome is Outcome.REVOKED_EARLY and cause == "expired"):
        return None
    how = f"{outcome}_kept" if outcome is Outcome.ENDED and kept else outcome.value
    text = _OF_GRANT[how].format(
        what=f"access to {grant.entitlement} at {grant.target}",
        until="" if grant.not_after is None else f", until {minute_text(grant.not_after)}",
        why=_why(cause),
        kept=KEPT.get(kept, ""),
    )
    return Saying(outcome, text, _NEXT.get(outcome, ""))


def of_ending(grant: Grant) -> Saying:
    """What is told before access ends."""
    ends = "soon" if grant.not_after is None else f"at {minute_text(grant.not_after)}"
    text = f"The access to {grant.entitlement} at {grant.target} ends {ends}."
    return Saying(Outcome.ENDING_SOON, text, _NEXT[Outcome.ENDING_SOON])


def of_passkey(before: str, after: str, key: str) -> Saying | None:
    """What the person of a passkey is told of it; `key` is the digest of its public key."""
    outcome = OUTCOMES["passkey", before, after]
    name = f"The passkey with the key {key}"
    unless = "If you know nothing of it, revoke it on the page and tell an operator now."
    match outcome:
        case Outcome.PASSKEY_ENROLLED:
            text = f"{name} was enrolled as yours. Two people vouch for it before it counts."
            return Saying(outcome, text, unless)
        case Outcome.PASSKEY_USABLE:
            text = f"{name} signs your decisions from now on: two people have vouched for it."
            return Saying(outcome, text, unless)
        case Outcome.PASSKEY_REVOKED:
            said = f"{name} is revoked, and signs nothing any more."
            return Saying(outcome, said, "If that is not meant, tell an operator.")
        case _:
            return None


def of_ask(entitlement: str, target: str, life: timedelta) -> Saying:
    """What those are told who may consent to an emergency."""
    lasting = duration_text(whole_seconds(life))
    text = (
        f"Somebody needs emergency access to {entitlement} at {target}. An emergency for it was"
        f" not reviewed in time, so a second person must consent, within {lasting} of the ask."
    )
    return Saying(Outcome.CONSENT_ASKED, text, "Read who asks and why, and consent or let it be.")


def soon_over(grant: Grant, now: datetime, notice: timedelta) -> bool:
    """Whether access that lasts long enough ends within `notice` from now."""
    if grant.not_after is None or grant.activated_at is None or not notice:
        return False
    lasts = grant.not_after - grant.activated_at
    return lasts > NOTICE_SHARE * notice and now < grant.not_after <= now + notice


def _offer(request: AccessRequest) -> str:
    """A ticket only offers an emergency: the beneficiary, signed in, begins one (rule 9)."""
    return _EMERGENCY if EMERGENCY_KIND in request.kinds else ""


def _reasons(codes: Sequence[str]) -> str:
    return " ".join(REASONS[code] for code in codes)


def _ways_out(codes: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(NEXT_STEPS[code] for code in codes))


def _why(cause: str) -> str:
    return _WHY.get(cause, f"its record says {cause}")
