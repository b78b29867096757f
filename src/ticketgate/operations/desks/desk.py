"""The desk: what people at the page can do. One decision function; no side door."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Final

from ticketgate.domain.changes.directory_diff import DirectoryDifference, between
from ticketgate.domain.errors import Refusal, TicketgateError
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.naming import name_of
from ticketgate.domain.requests.access_request import AccessRequest, RequestState
from ticketgate.domain.requests.approval import Approval, Link, LinkState, voices
from ticketgate.domain.requests.approvers import Standing, standing, unfit
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.opening import case_of
from ticketgate.operations.deciding.decide_request import Decided, Form, SignedIn
from ticketgate.operations.deciding.decision_refusals import not_found
from ticketgate.operations.deciding.earlier_round import EarlierLink, changed_for, earlier_link
from ticketgate.operations.deciding.link_view import LinkView, has_already, view_of
from ticketgate.operations.deciding.sign_decision import Signed
from ticketgate.operations.deciding.step_up import decide_stepped_up
from ticketgate.operations.deciding.take_back import TakenBack, given_by, is_of, take_back, takeable
from ticketgate.operations.evidence.gateway_records import note_loaded
from ticketgate.operations.grants.enforce import is_held
from ticketgate.operations.intake.parked import on_hold
from ticketgate.operations.people.sign_in import ask_code, enter_code, secret_hash, sign_out
from ticketgate.operations.people.view import note_view
from ticketgate.operations.requests.in_force import InForce, under
from ticketgate.operations.telling.evidence_place import EvidencePlace
from ticketgate.ports import Clock, Directory, Ids, Store, Transaction

BACKLOG_TRIES: Final = 40
BACKLOG_PAUSE_SECONDS: Final = 0.05  # 40 of them are the two seconds of rule 6
AGAIN: Final = frozenset({"ticket_backlog", "directory_stale", "policy_stale"})


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person. `method` is how surely (mail_code); `id` is the secret of the cookie."""

    id: str
    subject: str
    name: str
    method: str
    signed_in_at: datetime
    expires_at: datetime

    @property
    def who(self) -> SignedIn:
        """Who acts by it, and how surely that is known."""
        return SignedIn(self.subject, self.method, self.signed_in_at)


class Desk:
    """What the pages call. Every method may be called from several threads at once."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        clock: Clock,
        ids: Ids,
        policy: InForce,
        code_key: bytes,
        wait: Callable[[float], None],
        place: EvidencePlace,
    ) -> None:
        """`wait` pauses between looks at a backlog (rule 6: up to two seconds).

        `code_key` keys the hashes of sign-in codes.
        """
        self._store = store
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._policy = policy
        self._code_key = code_key
        self._wait = wait
        self._place = place
        self._noting = Lock()
        self._noted: str | None = None
        self._before: DirectorySnapshot | None = None

    def snapshot(self, *sure: str) -> DirectorySnapshot:
        """The directory as it is now; a new one is recorded before it is used (rule 5).

        Of the subjects in `sure` every directory is asked at this moment.

        Raises:
            TicketgateError: code `directory_unreadable`.
        """
        snapshot = self._directory.read(self._clock.now(), sure)
        with self._noting:  # so that what is noted here is what the store says last
            if snapshot.digest != self._noted:
                self._note(snapshot)
        return snapshot

    def _note(self, snapshot: DirectorySnapshot) -> None:
        """Record the directory, and how it differs; it is held against the next one."""
        with self._store.reading() as looking:
            last = looking.people.loaded("directory")
        found = between(self._before, snapshot, last)  # not in the transaction: it takes a while
        noting = partial(_note_directory, snapshot=snapshot, found=found)
        self._noted = self._store.write(noting)
        if self._noted == snapshot.digest:
            self._before = snapshot

    def open_link(self, token: str, subject: str) -> LinkView | EarlierLink | Refusal:
        """What the link shows to this signed-in person; of an earlier round, what was shown then.

        Refusals: `not_found` (unknown, expired, another person's: alike), `not_entitled` and
        the other codes of `approvers.standing`, `directory_unreadable`.
        """
        with self._store.reading() as looking:
            link = looking.links.by_token(secret_hash(token))
            request = None if link is None else looking.requests.get(link.request)
            if link is None or request is None or link.approver != subject:
                return not_found()
            approvals = looking.requests.approvals(request.id)
            grants = given_by(looking, request)
            held, place = is_held(looking), self._place.line(looking, request.id)
            hold, already = on_hold(looking, request.ticket), has_already(looking, request)
        try:
            snapshot = self._directory.read(self._clock.now())
        except TicketgateError as fault:
            return fault.refusal
        refusal = unfit(snapshot.person(subject))
        if refusal is not None:  # a session outlives its person's leaving; what it shows does not
            return refusal
        self._store.write(partial(note_view, about=request.id, subject=subject))
        if link.round < request.round:
            return self._earlier(link, request, snapshot)
        view = self._view(link, request, approvals, snapshot)
        if isinstance(view, Refusal):
            return view
        with self._store.reading() as looking:
            changed = changed_for(looking, link, snapshot)
        return replace(
            view,
            held=held,
            place=place,
            takeable=takeable(request, link, approvals, grants),
            given=grants[-1].state.value if grants else "",
            hold=hold,
            changed=changed,
            has_already=already,
        )

    def _earlier(
        self, link: Link, request: AccessRequest, snapshot: DirectorySnapshot
    ) -> EarlierLink:
        ground, now = Ground(self._policy.now, snapshot), self._clock.now()
        with self._store.reading() as looking:
            return earlier_link(
                looking, request, link, ground=ground, now=now, origin=self._place.origin
            )

    def _view(
        self,
        link: Link,
        request: AccessRequest,
        approvals: list[Approval],
        snapshot: DirectorySnapshot,
    ) -> LinkView | Refusal:
        case = case_of(request, self._policy.now, snapshot, self._clock.now())
        if case is None or link.stage > len(case.rule.stages):
            return Refusal("rules_changed", "The rule that this was shown under is gone.")
        given = [one for one in approvals if one.round == link.round]
        mine = next((one for one in given if is_of(link.approver, one)), None)
        state = self._state(link, request, mine)
        stage = case.rule.stages[link.stage - 1]
        found = Standing(link.clause, link.on_behalf_of)
        if state == "awaiting" and mine is None:
            here = voices(approvals, request.round)
            now = standing(case, stage, link.approver, here, link.on_behalf_of)
            if isinstance(now, Refusal):
                return now
            found = now
        return view_of(
            link,
            request,
            approvals,
            case,
            found,
            state=state,
            origin=self._place.origin,
            mine=mine,
        )

    def _state(self, link: Link, request: AccessRequest, mine: Approval | None) -> str:
        """Awaiting only while a decision would still count; deadlines are checked inline."""
        if request.state is not RequestState.AWAITING or mine is not None:
            return request.state.value
        if self._clock.now() >= request.decide_by:
            return "timed_out"
        return "awaiting" if link.state is LinkState.ISSUED else link.why or link.state.value

    def decide(
        self,
        token: str,
        session: Session,
        *,
        decision: str,
        justification: str,
        seconds: int | None,
        shown: str,
        signed: Signed | None = None,
    ) -> Decided | Refusal:
        """Decide as the holder of the link. Refused POSTs use nothing up.

        `signed` is what the approver's own passkey signed of this very decision.

        Refusals: `not_found`; `not_entitled`, `self_approval`, `alias_of_requester`,
        `approver_inactive`, `approver_unknown`, `not_human`, `separation_of_duties`,
        `distinct_people`, `approver_away`, `delegation_void`, `claims_old`, `not_in_claims`,
        `assurance`, `passkey_unknown` (403); `link_used`,
        `already_decided`, `decision_late`, `ticket_changed`, `rules_changed`, `request_blocked`,
        `shown_changed`, `passkey_over`, `passkey_changed` (409);
        `justification`, `seconds`, `decision` (422); `directory_unreadable`,
        `directory_stale`, `policy_stale`, `ticket_backlog`, `store_unavailable`,
        `clock_disputed` (503).
        """
        if self._clock.disputed():
            return Refusal(
                "clock_disputed",
                "The machine's clock is off, so no time to live can be given.",
                "An operator must mend the clock.",
            )
        form = Form(decision, justification, seconds, shown, signed)
        who = session.who
        outcome: Decided | Refusal = not_found()
        for _ in range(BACKLOG_TRIES):
            outcome = self._decide_once(token, session, who, form)
            if not isinstance(outcome, Refusal) or outcome.code not in AGAIN:
                return outcome
            self._wait(BACKLOG_PAUSE_SECONDS)
        return outcome

    def _decide_once(
        self, token: str, session: Session, who: SignedIn, form: Form
    ) -> Decided | Refusal:
        try:
            about = (who.subject, *self._about(token))
            ground = Ground(self._policy.now, self.snapshot(*about))
            deciding = partial(
                decide_stepped_up,
                session_hash=secret_hash(session.id),
                token_hash=secret_hash(token),
                who=who,
                form=form,
                ground=ground,
            )
            return self._store.write(under(ground.policy, deciding))
        except TicketgateError as fault:
            return fault.refusal

    def take_back(self, token: str, session: Session, *, reason: str) -> TakenBack | Refusal:
        """Take back what this person approved over the link. Refusals: those of the operation."""
        who = session.who
        try:
            snapshot = self.snapshot(who.subject)
            taking = partial(
                take_back, token_hash=secret_hash(token), who=who, reason=reason, snapshot=snapshot
            )
            return self._store.write(taking)
        except TicketgateError as fault:
            return fault.refusal

    def _about(self, token: str) -> list[str]:
        """Who asks, receives or wrote what a link is about, and who is stood in for."""
        with self._store.reading() as looking:
            link = looking.links.by_token(secret_hash(token))
            request = None if link is None else looking.requests.get(link.request)
        if link is None or request is None:
            return []
        return [link.on_behalf_of, *(party.subject for party in request.parties)]

    def ask_code(self, browser: str, *, address: str | None, token: str | None) -> Refusal | None:
        """Queue a sign-in code to the holder of `address` or of the link `token`.

        The answer is the same whether or not there is such a person. `browser` is the secret of
        the browser session that asks. Refusal: `too_many_codes` (for links only: for an address
        it would tell that there is such a person).
        """
        try:
            snapshot = self._directory.read(self._clock.now())
        except TicketgateError as fault:
            return fault.refusal
        link = None
        if token is not None:
            with self._store.reading() as looking:
                link = looking.links.by_token(secret_hash(token))
            person = None if link is None else snapshot.person(link.approver)
        else:
            person = snapshot.by_mail(address or "")
        if person is None or not person.active:
            return None
        refusal = self._store.write(
            partial(
                ask_code,
                browser_hash=secret_hash(browser),
                subject=person.id,
                link=None if link is None else link.id,
            )
        )
        return refusal if link is not None else None

    def enter_code(self, browser: str, code: str) -> Session | Refusal:
        """Sign in with the code. Refusals: `code_wrong`, `code_expired`, `code_tries`."""
        ident = self._ids.token()
        snapshot = self._directory.read(self._clock.now())  # unreadable: the code stays good
        row = self._store.write(
            partial(
                enter_code,
                browser_hash=secret_hash(browser),
                code=code,
                session_hash=secret_hash(ident),
                key=self._code_key,
                snapshot=snapshot,
            )
        )
        if isinstance(row, Refusal):
            return row
        name = name_of(row.subject, snapshot)
        return Session(ident, row.subject, name, row.method, row.signed_in_at, row.expires_at)

    def session(self, session_id: str) -> Session | None:
        """The live session with this id; rights are asked of the directory at each decision.

        Whoever is not active any more keeps it, so that what they try is refused with its reason
        and recorded (rule 16: the holder who may no longer decide gets 403).
        """
        with self._store.reading() as looking:
            row = looking.people.session(secret_hash(session_id))
        now = self._clock.now()
        if row is None or row.ended_at is not None or now >= row.expires_at:
            return None
        name = name_of(row.subject, self._directory.read(now))
        return Session(session_id, row.subject, name, row.method, row.signed_in_at, row.expires_at)

    def sign_out(self, session_id: str) -> None:
        """End the session."""
        self._store.write(partial(sign_out, session_hash=secret_hash(session_id)))


def _note_directory(
    tx: Transaction, now: datetime, *, snapshot: DirectorySnapshot, found: DirectoryDifference
) -> str | None:
    """Record this directory unless it is not newer; returns the digest that holds now.

    Where another one was recorded meanwhile, it is not known how this one differs from that.
    """
    known = tx.people.loaded("directory") == found.since
    note_loaded(
        tx,
        now,
        kind="directory",
        digest=snapshot.digest,
        read_at=snapshot.read_at,
        difference=found.kind if known else "unknown",
        counts=found.counts if known else None,
        sources=snapshot.sources,
    )
    return tx.people.loaded("directory")
