"""Sign a decision: what an approver's own key is asked to sign, and whether it has.

A ceremony is begun for one browser session, over exactly what was shown and typed; the decision is
then made through the one door (`decide_request`), which asks here whether the signature counts.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, Json, disclosure_digest_of
from ticketgate.domain.instants import to_text
from ticketgate.domain.people.passkey import APPROVAL, FOR_WHOM, Assertion
from ticketgate.domain.people.passkey_row import (
    CEREMONY_LIFE,
    Ceremony,
    Passkey,
    PasskeyState,
    Site,
)
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import Link
from ticketgate.domain.verifying.approval_check import HEAD_AGE_MAX, PASSKEY
from ticketgate.operations.cases.exceptions import open_exception
from ticketgate.operations.deciding.decision_refusals import not_found
from ticketgate.operations.people.actors import actor_of
from ticketgate.ports import Transaction

OVER: Final = Refusal(
    "passkey_over", "Nothing is under way here, or its time is up.", "Begin again."
)
NO_KEY: Final = Refusal(
    "passkey_unknown",
    "No passkey of yours may be used.",
    "Enrol one at /console/passkeys, and have two people vouch for it.",
)
CHANGED: Final = Refusal(
    "passkey_changed",
    "What was signed is not what is sent, or not over this log any more.",
    "Open the link again, and decide afresh.",
)


@dataclass(frozen=True, slots=True)
class Signed:
    """An assertion whose signature has verified, and as it goes into the record."""

    session_hash: str
    assertion: Assertion
    told: Json


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody is about to decide; as of `decide_request.Form`, with nothing left out."""

    decision: str
    justification: str
    seconds: int
    shown: str


def payload_base(tx: Transaction, now: datetime, purpose: str, site: Site) -> dict[str, Json]:
    """What every payload says: for what, where, until when, over which head of the log."""
    head = tx.evidence.head()
    return {
        "purpose": purpose,
        "rp_id": site.rp_id,
        "origin": site.origin,
        "expires_at": to_text(now + CEREMONY_LIFE),
        "nonce": tx.new_salt(),
        "log_size": 0 if head is None else head.size,
        "log_head": "" if head is None else head.leaf.hex(),
    }


def begin_signing(
    tx: Transaction,
    now: datetime,
    *,
    session_hash: str,
    subject: str,
    token_hash: str,
    wanted: Wanted,
    site: Site,
    passkey: str = "",
) -> tuple[Ceremony, tuple[Passkey, ...]] | Refusal:
    """Begin a ceremony for `passkey` (an id), else the newest that may be used.

    Nothing is decided. With it come all that may be used, the one that is to sign first.

    Refusals: `not_found`, `shown_changed`, `passkey_unknown`.
    """
    link = tx.links.by_token(token_hash)
    request = None if link is None else tx.requests.get(link.request)
    if link is None or request is None or link.approver != subject:
        return not_found()
    if not wanted.shown == link.shown == request.shown:
        return Refusal(
            "shown_changed", "This is not what is asked now.", "Open the link again and read it."
        )
    actor = actor_of(tx, subject)
    usable = usable_of(tx, actor, site)
    chosen = next((one for one in usable[::-1] if passkey in {"", one.id}), None)
    if chosen is None:
        return NO_KEY
    salt = tx.new_salt()
    payload: dict[str, Json] = {
        **payload_base(tx, now, APPROVAL, site),
        "approver": actor,
        "credential_id": chosen.id,
        "decision": wanted.decision,
        "justification_digest": disclosure_digest_of(said(wanted.justification, subject, salt)),
        "request": request.id,
        "round": request.round,
        "seconds": wanted.seconds,
        "shown": wanted.shown,
        "stage": request.stage,
        **capacity(tx, link),
    }
    ceremony = Ceremony(session_hash, APPROVAL, payload, salt, now + CEREMONY_LIFE)
    tx.passkeys.begin(ceremony, now)
    return ceremony, (chosen, *(one for one in usable if one is not chosen))


def usable_of(tx: Transaction, actor: str, site: Site) -> tuple[Passkey, ...]:
    """The passkeys of an actor that may be used on this site, the oldest first."""
    return tuple(
        one
        for one in tx.passkeys.of_person(actor)
        if one.state is PasskeyState.USABLE and (one.rp_id, one.origin) == (site.rp_id, site.origin)
    )


def capacity(tx: Transaction, link: Link) -> dict[str, Json]:
    """In whose place the holder of a link decides, by actor; nothing where in their own."""
    return {FOR_WHOM: actor_of(tx, link.on_behalf_of)} if link.on_behalf_of else {}


def said(justification: str, subject: str, salt: str = "") -> Disclosure:
    """The justification as a decision hides it; `salt` in hex, empty for one of its own."""
    text = justification.strip()
    return Disclosure("justification", text, subject, "decision", bytes.fromhex(salt))


@dataclass(frozen=True, slots=True)
class Key:
    """What a decision has of a passkey: nothing beside `hidden`, where none signed it."""

    hidden: Disclosure
    signed: Signed | None = None
    passkey: Passkey | None = None
    refusal: Refusal | None = None

    @property
    def method(self) -> str:
        """How the person is known by it; empty where nothing was signed."""
        return "" if self.passkey is None else PASSKEY

    @property
    def fields(self) -> dict[str, Json]:
        """Of the decision's record."""
        return {} if self.signed is None else {PASSKEY: self.signed.told}

    def used(self, tx: Transaction, now: datetime, about: str) -> None:
        """After the decision: as of `key_used`, where a passkey signed it."""
        if self.signed is not None and self.passkey is not None:
            key_used(tx, now, self.signed, self.passkey, APPROVAL, about)


def key_used(
    tx: Transaction, now: datetime, signed: Signed, passkey: Passkey, purpose: str, about: str
) -> None:
    """After what was signed is recorded: the ceremony is over, and the counter is kept.

    A counter that did not go on opens `passkey_counter`: the key may have been copied. It
    blocks nothing, since many authenticators keep none (they say 0).
    """
    tx.passkeys.end(signed.session_hash, purpose)
    counter, before = signed.assertion.authenticator.counter, passkey.counter
    if (counter or before) and counter <= before:
        whose = tx.people.subject(passkey.person)  # None: erased
        hidden = () if whose is None else (Disclosure("person", whose, subject=whose),)
        told = f"passkey {passkey.id}"
        open_exception(tx, now, "passkey_counter", told, about=about, hidden=hidden)
    tx.passkeys.save(replace(passkey, counter=max(counter, before)))


def key_of(
    tx: Transaction,
    now: datetime,
    request: AccessRequest,
    link: Link,
    wanted: Wanted,
    signed: Signed | None,
) -> Key:
    """Whether the signature of the link's holder counts for exactly this. Uses nothing up.

    Its refusals: `passkey_over`, `passkey_changed`, `passkey_unknown`.
    """
    subject = link.approver
    plain = said(wanted.justification, subject)
    if signed is None:
        return Key(plain)
    ceremony = tx.passkeys.ceremony(signed.session_hash, APPROVAL)
    if ceremony is None or now >= ceremony.expires_at:
        return Key(plain, refusal=OVER)
    payload, hidden = signed.assertion.payload, said(wanted.justification, subject, ceremony.salt)
    exactly: dict[str, Json] = {
        "approver": tx.people.actor(subject),
        "decision": wanted.decision,
        "justification_digest": disclosure_digest_of(hidden),
        "request": request.id,
        "round": request.round,
        "seconds": wanted.seconds,
        "shown": wanted.shown,
        "stage": request.stage,
        FOR_WHOM: None,
        **capacity(tx, link),
    }
    same = payload == ceremony.payload
    same = same and all(payload.get(name) == exactly[name] for name in exactly)
    newest = tx.requests.newest_record(request.id)
    least = 1 if newest is None else newest + 1
    if not same or not is_head(tx, least, payload["log_size"], payload["log_head"]):
        return Key(plain, refusal=CHANGED)
    passkey = tx.passkeys.get(str(payload["credential_id"]))
    if passkey is None or passkey.state is not PasskeyState.USABLE:
        return Key(plain, refusal=NO_KEY)
    if (passkey.key, passkey.person) != (signed.assertion.key, payload["approver"]):
        return Key(plain, refusal=NO_KEY)
    return Key(hidden, signed, passkey)


def is_head(tx: Transaction, least: int, size: Json, leaf: Json) -> bool:
    """Whether this was the head of this very log, of at least so many records, not long ago.

    More people may have been asked meanwhile, over the same `shown`: both verifiers want a head
    behind that record.
    """
    now = tx.evidence_size()
    oldest = max(least, now + 2 - HEAD_AGE_MAX)
    if not isinstance(size, int) or not oldest <= size <= now:
        return False
    return tx.evidence.hashes(0, size - 1, 1)[0].hex() == leaf
