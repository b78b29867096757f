"""What the page of passkeys calls, and the page of a link where a key must sign."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from ticketgate.domain.errors import EvidenceError, Refusal, TicketgateError
from ticketgate.domain.evidence import Json
from ticketgate.domain.people.naming import name_and_id
from ticketgate.domain.people.passkey import APPROVAL, VerifyP256, check_assertion, encode
from ticketgate.domain.people.passkey_row import (
    Ceremony,
    Passkey,
    PasskeyState,
    Site,
    VouchBy,
)
from ticketgate.domain.requests.roles import may_vouch
from ticketgate.operations.deciding.sign_decision import OVER, Signed, Wanted, begin_signing
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.lane_desk import LaneDesk
from ticketgate.operations.own_keys.passkeys import (
    Made,
    begin_enrolment,
    finish_enrolment,
    invalid,
    prepare_vouching,
    revoke_passkey,
    vouch,
)
from ticketgate.operations.people.sayer import Sayer
from ticketgate.operations.people.sign_in import secret_hash

_NO_PASSKEYS: Final = Refusal(
    "no_passkeys",
    "Passkeys need an https address with a name, or localhost; this gateway has another one.",
    "An operator must change `public_url`.",
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A passkey that waits for somebody to vouch; `person` is name and subject id.

    `usable` counts those of that account that may be used already: somebody else who reads the
    person's mail could have enrolled one more.
    """

    passkey: Passkey
    person: str
    usable: int


@dataclass(frozen=True, slots=True)
class PasskeysView:
    """One's own passkeys, and those to vouch for; `waiting` is empty for who has not the role."""

    mine: tuple[Passkey, ...]
    waiting: tuple[Waiting, ...]
    vouches: bool
    offered: bool  # the gateway's address lets browsers make passkeys


@dataclass(frozen=True, slots=True)
class PasskeyDesk(LaneDesk):
    """`site` is None where the gateway's address lets no browser make a passkey."""

    site: Site | None
    verify: VerifyP256
    vouch_by: VouchBy = VouchBy.BOOTSTRAP

    def view(self, subject: str) -> PasskeysView | Refusal:
        """What this person sees; nothing is recorded. Refusals: of `unfit`, of the directory."""
        who = self.known(subject)
        if isinstance(who, Refusal):
            return who
        vouches = may_vouch(who.roles, subject, who.snapshot) is None
        with self.store.reading() as looking:
            actor = looking.people.actor(subject)
            mine = () if actor is None else tuple(looking.passkeys.of_person(actor))
            pending = looking.passkeys.pending() if vouches else ()
            people = {one.person: looking.people.subject(one.person) for one in pending}
            has = {actor: _usable(looking.passkeys.of_person(actor)) for actor in people}
        waiting = tuple(
            Waiting(one, name_and_id(person, who.snapshot), has[one.person])
            for one in pending
            if (person := people[one.person]) is not None
        )
        return PasskeysView(mine, waiting, vouches, self.site is not None)

    def begin(self, session: Session) -> Ceremony | Refusal:
        """Begin to enrol. Refusals: `no_passkeys`, `passkeys_full`, those of the store."""
        site = self.site
        if site is None:
            return _NO_PASSKEYS
        return self.carry_out(
            session,
            lambda who: partial(
                begin_enrolment,
                session_hash=secret_hash(session.id),
                who=who,
                site=site,
            ),
        )

    def finish(self, session: Session, made: Made) -> Passkey | Refusal:
        """Enrol what the browser made. Refusals: those of `finish_enrolment`, of the store."""
        return self.carry_out(
            session,
            lambda who: partial(
                finish_enrolment,
                session_hash=secret_hash(session.id),
                who=who,
                made=made,
            ),
        )

    def vouch(
        self, session: Session, ident: str, key: str, signed: Signed | None = None
    ) -> Passkey | Refusal:
        """Vouch. Refusals: those of `vouch`, of directory and store."""
        what = partial(
            vouch, ident=ident, key=key, site=self.site, signed=signed, vouch_by=self.vouch_by
        )
        return self.carry_out(session, lambda who: partial(what, who=who))

    def prepare_vouching(
        self, session: Session, ident: str, key: str
    ) -> tuple[Ceremony, Passkey] | Refusal:
        """Begin to sign a vouching. Refusals: of `prepare_vouching`, of directory and store."""
        site = self.site
        if site is None:
            return _NO_PASSKEYS
        what = partial(
            prepare_vouching,
            ident=ident,
            key=key,
            session_hash=secret_hash(session.id),
            site=site,
        )
        return self.carry_out(session, lambda who: partial(what, who=who))

    def revoke(self, session: Session, ident: str) -> Passkey | Refusal:
        """Revoke. Refusals: those of `revoke_passkey`, of directory and store."""

        def operation(who: Sayer) -> partial[Passkey | Refusal]:
            return partial(revoke_passkey, ident=ident, who=who)

        return self.carry_out(session, operation)

    def prepare(
        self, token: str, session: Session, wanted: Wanted, passkey: str = ""
    ) -> tuple[Ceremony, tuple[Passkey, ...]] | Refusal:
        """Begin a ceremony over a decision, for `passkey` or the newest. As of `begin_signing`."""
        site = self.site
        if site is None:
            return _NO_PASSKEYS
        try:
            return self.store.write(
                partial(
                    begin_signing,
                    session_hash=secret_hash(session.id),
                    subject=session.subject,
                    token_hash=secret_hash(token),
                    wanted=wanted,
                    site=site,
                    passkey=passkey,
                )
            )
        except TicketgateError as fault:
            return fault.refusal

    def signed(
        self, session: Session, given: Mapping[str, bytes], purpose: str = APPROVAL
    ) -> Signed | Refusal:
        """What the browser signed, once its signature verifies; whose it is, the decision says.

        `given` has `authenticator_data`, `client_data` and `signature`. Refusals: `passkey_over`,
        `passkey_invalid`.
        """
        session_hash = secret_hash(session.id)
        with self.store.reading() as looking:
            ceremony = looking.passkeys.ceremony(session_hash, purpose)
            ident = "" if ceremony is None else str(ceremony.payload["credential_id"])
            passkey = looking.passkeys.get(ident)
        if ceremony is None or passkey is None or passkey.state is not PasskeyState.USABLE:
            return OVER
        told = _told(ceremony, passkey, given)
        try:
            return Signed(session_hash, check_assertion(told, self.verify, purpose), told)
        except EvidenceError as fault:
            return invalid(fault)


def _usable(passkeys: Sequence[Passkey]) -> int:
    return sum(one.state is PasskeyState.USABLE for one in passkeys)


def _told(ceremony: Ceremony, passkey: Passkey, given: Mapping[str, bytes]) -> dict[str, Json]:
    """The assertion as a record has it."""
    parts = {name: encode(data) for name, data in given.items()}
    return {**parts, "payload": ceremony.payload, "key": encode(passkey.cose)}
