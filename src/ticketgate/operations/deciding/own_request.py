"""What people do with a request on its page: take it back, give access back, deny what is blocked.

All of that takes away, so none of it needs an approval; more time is asked as a new request. Who it
is about may do so; somebody with the role `triage` or `operator` may end what nobody can be asked
about.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, digest_of
from ticketgate.domain.grants.grant import HOLDING, Grant, GrantState
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.requests.access_request import (
    BY_ITS_PEOPLE,
    LIVE_REQUEST,
    AccessRequest,
    RequestState,
)
from ticketgate.domain.requests.approvers import unfit
from ticketgate.domain.requests.roles import Roles, may_attend
from ticketgate.operations.deciding.decide_request import SignedIn
from ticketgate.operations.deciding.decision_refusals import not_found, with_word
from ticketgate.operations.deciding.take_back import in_place_of, take_back_in_place
from ticketgate.operations.deciding.who_decided import of_end
from ticketgate.operations.grants.end_grant import end_grant
from ticketgate.operations.grants.extend_grant import Wish, ask_extension
from ticketgate.operations.grants.shadow import IN_SHADOW
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.people.freshness import stale
from ticketgate.operations.people.sayer import Sayer, bad_justification, own_shapers
from ticketgate.operations.requests.open_request import Word, end_request
from ticketgate.ports import Reading, Transaction

WITHDRAW, RETURN, EXTEND, DENY = "withdraw", "return", "extend", "deny"
TAKE_BACK: Final = "take_back"  # what a delegate approved in one's place


@dataclass(frozen=True, slots=True)
class RequestForm:
    """What was posted: `withdraw`, `return` (which grant), `extend` (which, how long, why), `deny`.

    Or `take_back`, of what a delegate approved. `shown` is the digest of what the page showed.
    """

    what: str
    grant: str
    justification: str
    shown: str
    seconds: int | None = None


def shown_of(request: AccessRequest, grants: Sequence[Grant]) -> str:
    """The digest of where a request and its grants stand."""
    return digest_of([request.id, request.version, [[one.id, one.version] for one in grants]])


def may_see(
    request: AccessRequest,
    subject: str,
    roles: Roles,
    snapshot: DirectorySnapshot,
    stood_in_for: Collection[str] = (),
) -> Refusal | None:
    """Why this person may not see the request: who asks or gets it may, and who may attend.

    So may those in whose place a delegate decided, `stood_in_for`.

    Refusals: `approver_unknown`, `approver_inactive`, `not_human`; else `not_found`, which is
    what everybody else is told, whether there is such a request or not.
    """
    refusal = unfit(snapshot.person(subject))
    if refusal is not None:
        return refusal
    if is_own(request, subject) or subject in stood_in_for:
        return None
    if may_attend(roles, subject, snapshot) is None:
        return None
    return not_found()


def stood_in_for(reading: Reading, request: AccessRequest) -> frozenset[str]:
    """Everybody in whose place a delegate decided, in any round."""
    given = reading.requests.approvals(request.id)
    return frozenset(one.on_behalf_of for one in given if one.on_behalf_of)


def is_own(request: AccessRequest, subject: str) -> bool:
    """Whether this person asks for it, or gets it: they may always let go of it."""
    return subject in {request.requester.subject, request.beneficiary.subject} - {""}


def is_theirs(reading: Reading, request: AccessRequest, subject: str) -> bool:
    """Whether its page is for this person without a role: their own, or decided in their place."""
    return is_own(request, subject) or subject in stood_in_for(reading, request)


def offered(
    request: AccessRequest, grants: Sequence[Grant], who: Sayer
) -> frozenset[tuple[str, str]]:
    """What this person can do now, as (deed, the grant that it is about or empty)."""
    deeds: set[tuple[str, str]] = set()
    if is_own(request, who.subject) and _withdrawable(request, grants):
        deeds.add((WITHDRAW, ""))
    deeds |= {(RETURN, one.id) for one in grants if _returnable(one, who.subject)}
    if any(limit.extend for limit in who.policy.limits):
        deeds |= {(EXTEND, one.id) for one in grants if _extendable(one, who.subject)}
    if request.state is RequestState.BLOCKED and _denies(request, who) is None:
        deeds.add((DENY, ""))
    return frozenset(deeds)


def _withdrawable(request: AccessRequest, grants: Sequence[Grant]) -> bool:
    return request.state in LIVE_REQUEST or any(one.state is GrantState.PLANNED for one in grants)


def _returnable(grant: Grant, subject: str) -> bool:
    return grant.state in HOLDING and grant.subject == subject


def _extendable(grant: Grant, subject: str) -> bool:
    return grant.state is GrantState.ACTIVE and grant.subject == subject


def _denies(request: AccessRequest, who: Sayer) -> Refusal | None:
    """Why this person may not deny a blocked request; one's own is withdrawn instead."""
    refusal = may_attend(who.roles, who.subject, who.snapshot)
    return refusal or own_shapers(request.shapers, request.source, who.subject, who.snapshot)


def do_with_request(
    tx: Transaction,
    now: datetime,
    *,
    ident: str,
    form: RequestForm,
    who: Sayer,
    signed_in_at: datetime,
) -> AccessRequest | Refusal:
    """Withdraw it, give its access back or ask for more time, or deny it while it is blocked.

    Refusals: `directory_stale`, `not_found`, those of `may_see` and `may_attend`, `own_ticket`,
    `what`, `shown_changed`, `not_offered`, `justification`, `secret_typed`; for more time
    `shadow` and those of `ask_extension`.
    """
    found = _seen(tx, now, ident, who)
    if isinstance(found, Refusal):
        return found
    request, grants = found
    if form.shown != shown_of(request, grants):
        return with_word(_OTHER_NOW, of_end(tx, request, who.snapshot))
    if form.what == TAKE_BACK:
        by, why = SignedIn(who.subject, who.method, signed_in_at), form.justification
        done = take_back_in_place(tx, now, request=request, who=by, reason=why)
        return done if isinstance(done, Refusal) else request
    if form.what not in _DEEDS:
        return Refusal("what", "Say what becomes of the request.", "Choose one of them.")
    return _DEEDS[form.what](tx, now, request, grants, form, who)


def _seen(
    tx: Transaction, now: datetime, ident: str, who: Sayer
) -> tuple[AccessRequest, list[Grant]] | Refusal:
    old = stale(tx, now, who.snapshot, who.subject)
    request = tx.requests.get(ident)
    if old is not None or request is None:
        return old or unfit(who.snapshot.person(who.subject)) or not_found()
    refusal = may_see(request, who.subject, who.roles, who.snapshot, stood_in_for(tx, request))
    return refusal or (request, tx.grants.of_request(ident))


def _withdraw(
    tx: Transaction,
    now: datetime,
    request: AccessRequest,
    grants: Sequence[Grant],
    _form: RequestForm,
    who: Sayer,
) -> AccessRequest | Refusal:
    if not is_own(request, who.subject) or not _withdrawable(request, grants):
        return _NOT_WITHDRAWN
    by = actor_of(tx, who.subject)
    if request.state in LIVE_REQUEST:
        mine = Word({"by": by, "method": who.method})
        return end_request(tx, now, request, RequestState.WITHDRAWN, BY_ITS_PEOPLE, mine)
    for grant in (one for one in grants if one.state is GrantState.PLANNED):
        end_grant(tx, now, grant, "withdrawn", by)
    return request


def _give_back(
    tx: Transaction,
    now: datetime,
    request: AccessRequest,
    grants: Sequence[Grant],
    form: RequestForm,
    who: Sayer,
) -> AccessRequest | Refusal:
    grant = next((one for one in grants if one.id == form.grant), None)
    if grant is None or not _returnable(grant, who.subject):
        return _NOT_RETURNED
    end_grant(tx, now, grant, "returned", actor_of(tx, who.subject))
    return request


def _extend(
    tx: Transaction,
    now: datetime,
    _request: AccessRequest,
    grants: Sequence[Grant],
    form: RequestForm,
    who: Sayer,
) -> AccessRequest | Refusal:
    if who.policy.shadow:
        return IN_SHADOW
    grant = next((one for one in grants if one.id == form.grant), None)
    if grant is None or not _extendable(grant, who.subject):
        return _NOT_EXTENDED
    wish = Wish(form.seconds, form.justification)
    return ask_extension(tx, now, grant=grant, wish=wish, ground=who.ground())


def _deny(
    tx: Transaction,
    now: datetime,
    request: AccessRequest,
    _grants: Sequence[Grant],
    form: RequestForm,
    who: Sayer,
) -> AccessRequest | Refusal:
    refusal = _denies(request, who)
    if refusal is None and request.state is not RequestState.BLOCKED:
        refusal = _NOT_DENIED
    refusal = refusal or bad_justification(form.justification)
    if refusal is not None:
        return refusal
    said = Disclosure(
        "justification", form.justification.strip(), subject=who.subject, kind="decision"
    )
    word = Word({"by": actor_of(tx, who.subject), "method": who.method}, (said,))
    return end_request(tx, now, request, RequestState.DENIED, "blocked", word)


_DEEDS: Final[Mapping[str, Callable[..., AccessRequest | Refusal]]] = {
    WITHDRAW: _withdraw,
    RETURN: _give_back,
    EXTEND: _extend,
    DENY: _deny,
}
_OTHER_NOW: Final = Refusal(
    "shown_changed", "This is not what the page shows now.", "Read it again, then say so."
)
_NOT_WITHDRAWN: Final = Refusal(
    "not_offered",
    "Only who asks for it or gets it can withdraw it, and only before access is given.",
    "Who has the access gives it back instead.",
)
_NOT_RETURNED: Final = Refusal(
    "not_offered",
    "Only who has the access can give it back, and only while they have it.",
    "Open the request again; it shows where the access stands.",
)
_NOT_EXTENDED: Final = Refusal(
    "not_offered",
    "Only who has the access can ask for more time, and only while they have it.",
    "Open the request again; it shows where the access stands.",
)
_NOT_DENIED: Final = Refusal(
    "not_offered",
    "Only a request that is blocked is denied here.",
    "Those who were asked decide about the others.",
)


@dataclass(frozen=True, slots=True)
class KnownRequest:
    """A request, all its grants, in whose place delegates decided, and who may take that back."""

    request: AccessRequest
    grants: list[Grant]
    stood_in_for: frozenset[str]
    takers: frozenset[str]


def known_request(reading: Reading, ident: str) -> KnownRequest | None:
    """What there is of a request; None where there is none."""
    request = reading.requests.get(ident)
    if request is None:
        return None
    stood = stood_in_for(reading, request)
    takers = frozenset(one for one in stood if in_place_of(reading, request, one))
    return KnownRequest(request, reading.grants.of_request(ident), stood, takers)
