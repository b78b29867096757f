"""Of a random clean history: passkeys that two people vouch for, and emergencies with reviews."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Final

from tests.domain.evidence_log import LATER, NOON

from ticketgate.domain.emergencies.emergency import CONSENT_LIFE
from ticketgate.domain.evidence import Json
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.log.machines import NEW
from ticketgate.domain.people.passkey import encode

TICK: Final = timedelta(seconds=1)  # between two records of a log
WITHIN: Final = 4  # seconds that a review may take: so few that some are overdue
# The base point of P-256 (FIPS 186-4, D.1.2.3) as a COSE key: a key that is on the curve.
COSE: Final = (
    bytes.fromhex("a5010203262001215820")
    + bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
    + bytes.fromhex("225820")
    + bytes.fromhex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
)


class Passkeys:
    """Each is enrolled by a person of its own; bob, and then carol, vouch for it."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Json]] = {}
        self._vouched: set[str] = set()

    def enrol(self, number: int) -> str:
        credential = b"credential %d" % number
        ident = sha256(credential).hexdigest()
        self._of[ident] = {
            "person": f"p{number}",
            "key": sha256(COSE).hexdigest(),
            "cose": encode(COSE),
            "credential": encode(credential),
            "rp_id": "gate.example.com",
            "origin": "https://gate.example.com",
        }
        return ident

    def may_follow(self, ident: str, after: set[str]) -> set[str]:
        """Of the states that the machine lets it go to."""
        return after - ({"pending"} if ident in self._vouched else {"usable"})

    def told(self, ident: str, before: str, after: str) -> dict[str, Json]:
        known = self._of[ident]
        if before == NEW:
            return known
        same = {name: known[name] for name in ("person", "key")}
        if after == "revoked":
            return {"person": known["person"], "by": "bob"}
        voucher = "carol" if ident in self._vouched else "bob"
        self._vouched.add(ident)
        return same | {"voucher": voucher}


@dataclass
class Emergency:
    """One emergency; `until` is when its review is overdue, `asked` when consent was asked for."""

    person: str
    entitlement: str
    drill: bool
    asked: datetime | None = None
    until: datetime | None = None
    done: bool = False
    over: bool = False  # nothing of its access stands

    def told(self) -> dict[str, Json]:
        """What all of its records say."""
        return {"person": self.person, "entitlement": self.entitlement, "target": "db-1"}


class Emergencies:
    """Each is of a person of its own, who does nothing else; carol consents, bob reviews."""

    def __init__(self) -> None:
        self._of: dict[str, Emergency] = {}

    def begin(self, ident: str, random: Random) -> None:
        entitlement, drill = random.choice(("db.admin", "vpn.admin")), random.random() < 0.5
        self._of[ident] = Emergency(f"person of {ident}", entitlement, drill)

    def may_follow(self, ident: str, before: str, after: set[str], last: datetime) -> set[str]:
        """Of the states that the machine lets it go to; `last` is when the last record was kept."""
        one, now = self._of[ident], last + TICK
        if before == NEW:
            after = after - {"claimed"} if one.drill else after
            # Consent is needed while a review of the same is overdue, and never for a drill.
            return after - ({"asked"} if one.drill else {"due"} if self._owes(one, now) else set())
        if one.asked is not None and one.until is None and now >= one.asked + CONSENT_LIFE:
            return set()
        early = one.until is not None and now < one.until
        return after - ({"overdue"} if early else set())

    def _owes(self, one: Emergency, now: datetime) -> bool:
        return any(
            other.until is not None and now >= other.until and not other.done
            for other in self._of.values()
            if other.entitlement == one.entitlement and not other.drill
        )

    def gives(self, ident: str, after: str) -> bool:
        """Whether a grant follows."""
        return after == "due" and not self._of[ident].drill

    def told(self, ident: str, after: str) -> dict[str, Json]:
        one = self._of[ident]
        told = one.told()
        if after in {"asked", "due"}:
            told |= {"seconds": 3600, "within": WITHIN}
        if after == "due":
            told |= {"drill": one.drill, "hard_max": 3600, "cooldown": 60, "clause": "c1"}
        if after == "claimed":
            told |= {"seconds": 60, "within": WITHIN, "backfill_within": 86400, "enforced": False}
            told |= {"access_from": to_text(NOON - 2 * TICK), "access_until": to_text(NOON)}
            told |= {"clause": "role:operator", "authority_basis": "claimed"}
        outcome = "justified" if one.drill or one.over else "unjustified"
        return told | {"by": "carol", "reviewer": "bob", "outcome": outcome}

    def moved(self, ident: str, after: str, now: datetime) -> None:
        """After its record: when its consent lapses, or its review is overdue."""
        one = self._of[ident]
        if after == "asked":
            one.asked = now
        elif after in {"due", "claimed"}:
            one.until = now + timedelta(seconds=WITHIN)
        one.done = after == "done"

    def granted(self, ident: str, before: str, after: str, now: datetime) -> None:
        """After a record of its grant: the review is due from when its access has to end, or did.

        That is no earlier once it has ended and is found to be gone.
        """
        one, ends = self._of[ident], {"planned", "provisioning"}
        one.over = one.over or after in {"revoked", "released_shared", "cancelled"}
        if after in ends:
            one.until = from_text(LATER) + timedelta(seconds=WITHIN)
        elif after == "cancelled" or (before in {"provisioning", "active"} and after != "active"):
            one.until = now + timedelta(seconds=WITHIN)

    def grant_told(self, ident: str) -> dict[str, Json] | None:
        """What its grant's records say of it; None where this is no emergency."""
        if (one := self._of.get(ident)) is None:
            return None
        return one.told() | {"subject": one.person, "origin": "emergency", "activate_by": LATER}


def later(text: str, seconds: int) -> str:
    """So many seconds after an instant."""
    return to_text(from_text(text) + timedelta(seconds=seconds))
