"""The gate's desk of passkeys, and who enrols and vouches there."""

from datetime import timedelta
from typing import Any, Final

from tests.operations.kit import Gate
from tests.verifier.authenticator import PAGE, RP_ID, Passkey

from ticketgate.adapters.keys import p256
from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.passkey import challenge_of
from ticketgate.domain.people.passkey_row import Ceremony, Site
from ticketgate.domain.people.passkey_row import Passkey as Row
from ticketgate.domain.policy.policy import Word
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.passkey_desk import PasskeyDesk, PasskeysView
from ticketgate.operations.own_keys.passkeys import Made

BOB: Final = Passkey("bob")
ROLES: Final = {
    "voucher": tuple(Word("person", name) for name in ("bob", "carol", "dan", "erin")),
    "operator": (Word("person", "erin"),),
}


class Keys:
    """The gate's desk of passkeys."""

    def __init__(self, gate: Gate, site: Site | None = Site(RP_ID, PAGE)) -> None:  # noqa: B008
        self.gate = gate
        self.desk = PasskeyDesk(
            gate.store, gate.clock, gate.directory, gate.desk.snapshot, ROLES, gate.in_force, {},
            site, p256.verify,
        )  # fmt: skip

    def session(self, person: str, ident: str = "") -> Session:
        now = self.gate.clock.now()
        life = now + timedelta(hours=1)
        return Session(ident or f"sid-{person}", person, person, "mail_code", now, life)

    def begin(self, person: str) -> Ceremony:
        found = self.desk.begin(self.session(person))
        assert isinstance(found, Ceremony), found
        return found

    def finish(self, person: str, key: Passkey, **changes: Any) -> Row | Refusal:  # noqa: ANN401
        challenge = challenge_of(self.begin(person).payload)
        return self.desk.finish(
            self.session(person), Made(*key.register(changes.get("over", challenge)))
        )

    def enrol(self, person: str, key: Passkey) -> Row:
        found = self.finish(person, key)
        assert isinstance(found, Row), found
        return found

    def vouch(self, voucher: str, row: Row) -> Row | Refusal:
        return self.desk.vouch(self.session(voucher), row.id, row.key)

    def usable(self, person: str, key: Passkey) -> Row:
        row = self.enrol(person, key)
        for voucher in ("carol", "dan"):
            found = self.vouch(voucher, row)
            assert isinstance(found, Row), found
            row = found
        return row

    def view(self, person: str) -> PasskeysView:
        found = self.desk.view(person)
        assert isinstance(found, PasskeysView)
        return found
