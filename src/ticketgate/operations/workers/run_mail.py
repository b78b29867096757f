"""Run mail: the token or code is minted per try, its hash committed, then the mail is sent."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.grants.command import Command, CommandKind
from ticketgate.domain.grants.grant import GrantState
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.naming import name_of
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import Link, LinkNote
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.roles import Roles, may_audit, may_operate
from ticketgate.domain.telling.anchoring_text import evidence_line
from ticketgate.domain.telling.outcomes import (
    EMERGENCY_PAGE,
    TOLD,
    Outcome,
    OutcomeLetter,
    OutcomeNote,
)
from ticketgate.operations.deciding.why_denied import why_denied
from ticketgate.operations.emergencies.review_emergency import can_review, reviewers_named
from ticketgate.operations.grants.extend_grant import ends_then
from ticketgate.operations.people.sign_in import mint_code, secret_hash
from ticketgate.operations.requests.in_force import InForce
from ticketgate.operations.telling.digest import days_digest
from ticketgate.operations.telling.evidence_place import EvidencePlace
from ticketgate.operations.telling.record_mail import mailed, mint_link, unwanted
from ticketgate.ports import Ids, Letter, Letters, Post, Reading, Store


@dataclass(frozen=True, slots=True)
class _Made:
    """A mail that is ready: for whom, what, and with which mails it belongs."""

    subject: str
    letter: Letter
    thread: str = ""


@dataclass(frozen=True, slots=True)
class MailRunner:
    """Sends what the outbox holds for people."""

    store: Store
    post: Post
    letters: Letters
    ids: Ids
    policy: InForce
    log: Callable[[str, str], None]  # (event, code) of what did not go
    code_key: bytes = field(repr=False)
    count: Callable[[str], None]  # each try: its code, empty when the server took the mail
    place: EvidencePlace
    roles: Roles

    def run(self, command: Command, snapshot: DirectorySnapshot) -> None:
        """One try of one mail."""
        made = self._made(command, snapshot)
        if made is None:
            self.store.write(partial(unwanted, ident=command.id))
            return
        person = snapshot.person(made.subject)
        code, retryable = "no_address", False
        if person is not None and person.mail:
            code, retryable = self._send(person.mail, made, command)
        self.count(code)
        if code:
            self.log("mail.failed", code)
        told = partial(mailed, ident=command.id, to=made.subject, code=code, retryable=retryable)
        self.store.write(told)

    def _made(self, command: Command, snapshot: DirectorySnapshot) -> _Made | None:
        """The mail of a command; None when nobody wants it any more."""
        match command.kind:
            case CommandKind.MAIL_LINK | CommandKind.MAIL_AGAIN:
                return self._link(command, snapshot)
            case CommandKind.MAIL_REMINDER:
                return self._reminder(command, snapshot)
            case CommandKind.MAIL_DIGEST:
                return self._digest(command, snapshot)
            case CommandKind.MAIL_NOTICE:
                return self._notice(command, snapshot)
            case CommandKind.MAIL_OUTCOME:
                return self._outcome(command, snapshot)
            case _:
                return self._code(command)

    def _send(self, to: str, made: _Made, command: Command) -> tuple[str, bool]:
        try:
            self.post.send(to, made.letter, f"{command.id}.{command.tries}", made.thread)
        except TicketgateError as fault:
            return fault.code, fault.code == "mail_unavailable"
        return "", False

    def _link(self, command: Command, snapshot: DirectorySnapshot) -> _Made | None:
        token = self.ids.token()
        minted = self.store.write(
            partial(mint_link, ident=command.about, token_hash=secret_hash(token))
        )
        if minted is None:
            return None
        link, request = minted
        letter = self.letters.link(self._note(link, request, snapshot), token)
        return _Made(link.approver, letter, request.id)

    def _reminder(self, command: Command, snapshot: DirectorySnapshot) -> _Made | None:
        made = self._link(command, snapshot)
        if made is None:
            return None
        subject, text, html = made.letter
        return replace(made, letter=(f"Reminder: {subject}", text, html))

    def _digest(self, command: Command, snapshot: DirectorySnapshot) -> _Made | None:
        found = days_digest(self.store, command.about, self.policy.now, snapshot)
        return None if found is None else _Made(found[0], self.letters.digest(found[1]))

    def _note(self, link: Link, request: AccessRequest, snapshot: DirectorySnapshot) -> LinkNote:
        policy = self.policy.now
        stages = next((one.stages for one in policy.approve if one.id == request.approve_rule), ())
        with self.store.reading() as looking:
            ends = ends_then(looking, request, Ground(policy, snapshot))
        return LinkNote(
            ticket=request.ticket_number,
            entitlement=request.entitlement,
            target=request.target,
            requester=name_of(request.requester.subject, snapshot),
            beneficiary=name_of(request.beneficiary.subject, snapshot),
            seconds=request.seconds_now,
            decide_by=request.decide_by,
            shown=link.shown,
            clause=link.clause,
            on_behalf_of=name_of(link.on_behalf_of, snapshot) if link.on_behalf_of else "",
            until=_until(link, snapshot),
            ends=ends,
            not_before=request.not_before,
            window_end=request.window_end,
            stage_name=stages[link.stage - 1].name if link.stage <= len(stages) else "",
            evidence=self._place(request.id),
        )

    def _place(self, request: str) -> str:
        with self.store.reading() as looking:
            return self.place.line(looking, request)

    def _notice(self, command: Command, snapshot: DirectorySnapshot) -> _Made | None:
        """One of those who are told of an emergency, and what; None once it is gone."""
        with self.store.reading() as looking:
            notice = looking.emergencies.notice(command.about)
            emergency = None if notice is None else looking.emergencies.get(notice[0])
        if notice is None or emergency is None:
            return None
        line = evidence_line(self.place.origin, emergency.index, self.place.signed())
        who = name_of(emergency.subject, snapshot)
        opens = self._opens(notice[1], emergency, snapshot)
        letter = self.letters.emergency(emergency, who, line, opens)
        return _Made(notice[1], letter, emergency.id)

    def _opens(self, reader: str, emergency: Emergency, snapshot: DirectorySnapshot) -> str:
        """What they can do of it, as of `Letters.emergency`: as the pages answer them."""
        if reader in can_review(emergency, Ground(self.policy.now, snapshot)):
            return "review"
        own = (emergency.subject, *filter(None, [emergency.entered_by]))
        if any(snapshot.same_human(reader, one) for one in own):
            return "page"
        if may_audit(self.roles, reader, snapshot) is None:
            return "page"
        if not emergency.grant or emergency.is_claim:  # there is nothing to end
            return ""
        return "end" if may_operate(self.roles, reader, snapshot) is None else ""

    def _outcome(self, command: Command, snapshot: DirectorySnapshot) -> _Made | None:
        """What came of something; None for a reminder of an end that is another one by now."""
        with self.store.reading() as looking:
            letter = looking.letters.get(command.about)
            if letter is None or not _holds(looking, letter):
                return None
            request = looking.requests.get(letter.thread)
            index = letter.index
            if index is None:
                index = looking.requests.newest_record(letter.thread)
            emergency = looking.emergencies.get(letter.thread)
            urgent = emergency is not None
            denied = None if letter.outcome is not Outcome.DENIED else request
            because = "" if denied is None else why_denied(looking, denied)
        shown = (letter.thread,) if urgent or request is not None else ()
        note = OutcomeNote(
            ticket="" if request is None else request.ticket_number,
            beneficiary="" if request is None else name_of(request.beneficiary.subject, snapshot),
            evidence=evidence_line(self.place.origin, index, self.place.signed()),
            page="/".join((EMERGENCY_PAGE if urgent else TOLD[letter.outcome].page, *shown)),
            because=because,
            reviewers=self._reviewers(letter, emergency, snapshot),
        )
        return _Made(letter.subject, self.letters.outcome(letter, note), letter.thread)

    def _reviewers(
        self, letter: OutcomeLetter, emergency: Emergency | None, snapshot: DirectorySnapshot
    ) -> str:
        """Who can let somebody go whom an emergency locks, by name."""
        if letter.outcome is not Outcome.LOCKED or emergency is None:
            return ""
        return reviewers_named(emergency, Ground(self.policy.now, snapshot))

    def _code(self, command: Command) -> _Made | None:
        code = self.ids.code()
        row = self.store.write(
            partial(mint_code, ident=command.about, code=code, key=self.code_key)
        )
        return None if row is None else _Made(row.subject, self.letters.code(code))


def _holds(looking: Reading, letter: OutcomeLetter) -> bool:
    """Whether what a letter says ahead of time is still so; what has come to pass is."""
    if letter.until is None:
        return True
    grant = looking.grants.get(letter.about)
    ends = None if grant is None or grant.state is not GrantState.ACTIVE else grant.not_after
    return ends == letter.until


def _until(link: Link, snapshot: DirectorySnapshot) -> datetime | None:
    """When the delegation ends by which somebody is asked; None when nobody delegated."""
    given = snapshot.duties.given_to(link.approver, snapshot.read_at)
    ends = (one.window.ends for one in given if one.principal == link.on_behalf_of)
    return max(ends, default=None)
