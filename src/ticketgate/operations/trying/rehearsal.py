"""Rehearsal: a case of a policy test, played by the real operations on a store of its own.

Nothing leaves: mails are not sent (whoever was asked holds a link), and the targets are those
that are handed in. Time moves only when the case says so.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Final

from typing_extensions import override

from ticketgate.domain.classifying.masked_ticket import masked_ticket
from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Json, canonical, digest_of
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.people.claims import everything_of
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.policy.policy_case import Move
from ticketgate.domain.requests.access_request import AccessRequest, RequestState
from ticketgate.domain.requests.approval import Link, LinkState, voices
from ticketgate.domain.requests.approvers import standing
from ticketgate.domain.requests.automatic import CAUSE
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.opening import case_of
from ticketgate.domain.tickets.delivery import VerifiedDelivery
from ticketgate.domain.tickets.ticket import Ticket
from ticketgate.domain.timekeeping import Kept
from ticketgate.operations.classifying.classified import classified
from ticketgate.operations.deciding.decide_request import Form, SignedIn, decide_request
from ticketgate.operations.evidence.gateway_records import note_loaded, open_log
from ticketgate.operations.intake.receive import receive
from ticketgate.operations.requests.in_force import InForce
from ticketgate.operations.telling.record_mail import mint_link
from ticketgate.operations.workers.housekeeping import Housekeeper
from ticketgate.operations.workers.run_targets import TargetRunner
from ticketgate.operations.workers.work_delivery import Reading, work_delivery
from ticketgate.ports import Clock, Store, Targets, Transaction

ORIGIN: Final = "rehearsal.invalid/policy"
ROUNDS_MAX: Final = 20  # of calls that make calls
LISTED_MAX: Final = 1000
NONE: Final = "none"
_TARGETS: Final = (CommandKind.REVOKE, CommandKind.PROVISION)


class SetClock(Clock):
    """Time as a case sets it; it never runs back."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def set(self, moment: datetime) -> None:
        """It is this time now, unless it is later already."""
        self._now = max(self._now, moment)

    @override
    def now(self) -> datetime:
        return self._now

    @override
    def wall(self) -> datetime:
        return self._now

    @override
    def disputed(self) -> bool:
        return False

    def kept(self) -> Kept:
        """What is kept over a restart, which a case does not have."""
        return Kept("rehearsal", 0.0, self._now)


class Rehearsal:
    """One gateway for one case."""

    def __init__(
        self,
        store: Store,
        clock: SetClock,
        targets: Targets,
        policy: Policy,
        snapshot: DirectorySnapshot,
    ) -> None:
        """The store is fresh and started."""
        self._store = store
        self._clock = clock
        self._policy = policy
        self._snapshot = snapshot
        self._refused = NONE
        self._webhooks = 0
        self._tokens = 0
        held = (store, targets, clock.now, _unheard, clock.disputed)
        self._runner = TargetRunner(*held, InForce(policy))
        self._keeper = Housekeeper(
            store=store,
            clock=clock,
            policy=InForce(policy),
            snapshot=self._known,
            raw_body_keep=timedelta(days=30),
            kept_clock=clock.kept,
            counts=_no_counts,
            alarm=_unheard,
        )
        store.write(partial(open_log, origin=ORIGIN, version="0"))
        store.write(partial(note_loaded, kind="policy", digest=policy.digest))

    def deliver(self, ticket: Ticket) -> None:
        """A revision of the ticket arrives and is worked off."""
        self._webhooks += 1
        ticket = masked_ticket(ticket)
        body = canonical(ticket.plain())
        verified = VerifiedDelivery(
            source=ticket.source,
            webhook_id=f"case-{self._webhooks}",
            body=body,
            body_digest=sha256(body).hexdigest(),
            received_at=self._clock.now(),
        )
        self._store.write(
            partial(receive, verified=verified, quarantine=None, hint=None, origin=ORIGIN)
        )
        snapshot = self._known()
        with self._store.reading() as looking:
            (row,) = looking.deliveries.waiting(1)
        reading = Reading(row, ticket, classified(ticket, self._policy, snapshot))
        ground = Ground(self._policy, snapshot)
        self._store.write(partial(work_delivery, reading=reading, ground=ground))
        self._settle()

    def play(self, move: Move) -> None:
        """Time passes up to the move, then it is made."""
        self._refused = NONE
        self._clock.set(move.at)
        self._settle()
        if move.ticket is not None:
            self.deliver(move.ticket)
        elif move.do == "leaves":
            self._leave(move.by)
        elif move.do:
            self._decide(move)
        self._settle()

    def seen(self) -> dict[str, Json]:
        """What a test can expect of a case that is played."""
        request, grant = self._request(), self._grant()
        waiting: list[Json] = []
        if request is not None:
            with self._store.reading() as looking:
                links = looking.links.of_request(request.id)
            waiting += sorted(one.approver for one in links if one.state is LinkState.ISSUED)
        return {
            "state": NONE if request is None else request.state.value,
            "stage": 0 if request is None else request.stage,
            "round": 0 if request is None else request.round,
            "waiting_for": waiting,
            "automatic": request is not None and request.cause == CAUSE,
            "grant": NONE if grant is None else grant.state.value,
            "refused": self._refused,
        }

    def _known(self) -> DirectorySnapshot:
        """The directory as read just now, and recorded before it is used (rule 5)."""
        self._snapshot = self._snapshot.read_again(self._clock.now())
        digest = self._snapshot.digest
        self._store.write(partial(note_loaded, kind="directory", digest=digest))
        return self._snapshot

    def _leave(self, subject: str) -> None:
        people = dict(self._snapshot.people)
        people[subject] = replace(people[subject], active=False)
        digest = digest_of([self._snapshot.digest, "leaves", subject])
        self._snapshot = replace(
            self._snapshot, digest=digest, read_at=self._clock.now(), people=people
        )

    def _decide(self, move: Move) -> None:
        request = self._request()
        if request is None:
            self._refused = "not_found"
            return
        with self._store.reading() as looking:
            links = [one for one in looking.links.of_request(request.id) if one.approver == move.by]
            given = looking.requests.approvals(request.id)
        if request.state is RequestState.AWAITING:
            links = [one for one in links if _place(one) == (request.round, request.stage)]
        if not links:
            earlier = voices(given, request.round)
            self._refused = self._why_not_asked(request, move.by, earlier)
            return
        now, link = self._clock.now(), links[-1]
        self._tokens += 1
        token = digest_of([link.id, self._tokens])
        self._store.write(partial(_open_link, link=link, token=token))
        outcome = self._store.write(
            partial(
                decide_request,
                token_hash=token,
                who=self._signed_in(move.by, move.method, now),
                form=Form(move.do, move.justification, move.seconds, link.shown),
                ground=Ground(self._policy, self._known()),
            )
        )
        if isinstance(outcome, Refusal):
            self._refused = outcome.code

    def _signed_in(self, subject: str, method: str, now: datetime) -> SignedIn:
        claimed = everything_of(self._snapshot.claims, subject, now)
        return SignedIn(subject, method, now, claimed=claimed)

    def _why_not_asked(self, request: AccessRequest, subject: str, earlier: frozenset[str]) -> str:
        """Why somebody has no link: what would be told if they had one."""
        case = case_of(request, self._policy, self._known(), self._clock.now())
        if case is None:
            return "request_blocked"
        found = standing(case, case.rule.stages[request.stage - 1], subject, earlier)
        return found.code if isinstance(found, Refusal) else "not_found"

    def _settle(self) -> None:
        """Everything that is due now, and what comes of it now."""
        for _ in range(ROUNDS_MAX):
            self._keeper.step()
            with self._store.reading() as looking:
                due = looking.commands.ready(_TARGETS, self._clock.now(), LISTED_MAX)
            if not due:
                return
            for command in due:
                self._runner.run(command, self._known())
        raise RuntimeError("the rehearsal does not come to rest")

    def _request(self) -> AccessRequest | None:
        with self._store.reading() as looking:
            found = looking.requests.listed(None, LISTED_MAX)
        return found[0] if found else None

    def _grant(self) -> Grant | None:
        with self._store.reading() as looking:
            found = looking.grants.listed(None, LISTED_MAX)
        return found[0] if found else None


def _place(link: Link) -> tuple[int, int]:
    return (link.round, link.stage)


def _open_link(tx: Transaction, now: datetime, *, link: Link, token: str) -> None:
    """A token for the link, as a mail would carry it; a link that is over keeps its answer."""
    if mint_link(tx, now, ident=link.id, token_hash=token) is None:
        tx.links.add_token(token, link.id, now)


def _no_counts() -> tuple[dict[str, int], int]:
    return {}, 0


def _unheard(event: str, code: str) -> None:
    """What a target did not do shows in the state of the grant."""
    del event, code
