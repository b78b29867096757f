"""Sign a vouching: who vouches for a passkey and has one of their own signs whose it is.

As of a decision (`sign_decision`): a ceremony is begun for one browser session over what was shown;
`passkeys.vouch` asks here whether the signature counts, and who may go without.
"""

from datetime import datetime
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Json
from ticketgate.domain.people.passkey import VOUCHING
from ticketgate.domain.people.passkey_row import CEREMONY_LIFE, Ceremony, Passkey, Site, VouchBy
from ticketgate.operations.deciding.sign_decision import (
    CHANGED,
    NO_KEY,
    OVER,
    Signed,
    is_head,
    payload_base,
    usable_of,
)
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.people.sayer import Sayer
from ticketgate.ports import Transaction

NEEDED: Final = Refusal(
    "passkey_needed",
    "Whoever has a passkey that may be used vouches by it.",
    "Sign with your own passkey, on /console/passkeys.",
)
_HAD_ONE: Final = Refusal(
    "voucher_without_passkey",
    "Whoever has had a passkey, on any account of theirs, vouches with one for good, and this"
    " account has none that may be used now.",
    "Sign in to the account that has one, or enrol one at /console/passkeys: once two others have"
    " vouched for it, you may vouch again.",
)
_NOT_WITHOUT: Final = Refusal(
    "voucher_without_passkey",
    "Here nobody vouches without a passkey of their own (`passkeys.vouching: passkey`).",
    "Somebody with the role `voucher` who has one must do it.",
)


def must_sign(tx: Transaction, who: Sayer, site: Site | None, vouch_by: VouchBy) -> Refusal | None:
    """Why a sign-in alone does not vouch. Refusals: `passkey_needed`, `voucher_without_passkey`.

    It does only for a human none of whose accounts ever had a passkey that two people had vouched
    for, revoked or of another site by now: else the mailbox of who vouches would be enough, since
    by it one may revoke.
    """
    if site is not None and usable_of(tx, actor_of(tx, who.subject), site):
        return NEEDED
    known = (tx.people.subject(actor) for actor in tx.passkeys.confirmed())
    if any(one is not None and who.snapshot.same_human(who.subject, one) for one in known):
        return _HAD_ONE
    return None if vouch_by is VouchBy.BOOTSTRAP else _NOT_WITHOUT


def begin_vouching(
    tx: Transaction, now: datetime, *, session_hash: str, subject: str, about: Passkey, site: Site
) -> tuple[Ceremony, Passkey] | Refusal:
    """Begin a ceremony over whose passkey `about` is, for the newest of the voucher's own.

    Refusal: `passkey_unknown`.
    """
    actor = actor_of(tx, subject)
    usable = usable_of(tx, actor, site)
    if not usable:
        return NO_KEY
    payload: dict[str, Json] = {
        **payload_base(tx, now, VOUCHING, site),
        **_about(about, actor),
        "credential_id": usable[-1].id,
    }
    ceremony = Ceremony(session_hash, VOUCHING, payload, "", now + CEREMONY_LIFE)
    tx.passkeys.begin(ceremony, now)
    return ceremony, usable[-1]


def _about(passkey: Passkey, voucher: str) -> dict[str, Json]:
    return {
        "passkey": passkey.id,
        "key": passkey.key,
        "person": passkey.person,
        "voucher": voucher,
    }


def signed_vouching(
    tx: Transaction, now: datetime, about: Passkey, voucher: str, signed: Signed
) -> Passkey | Refusal:
    """The voucher's own passkey, if it signed exactly this. Uses nothing up.

    Refusals: `passkey_over`, `passkey_changed`, `passkey_unknown`.
    """
    ceremony = tx.passkeys.ceremony(signed.session_hash, VOUCHING)
    if ceremony is None or now >= ceremony.expires_at:
        return OVER
    payload, exactly = signed.assertion.payload, _about(about, voucher)
    same = payload == ceremony.payload and all(payload[name] == exactly[name] for name in exactly)
    if not same or not is_head(tx, 1, payload["log_size"], payload["log_head"]):
        return CHANGED
    site = Site(str(payload["rp_id"]), str(payload["origin"]))
    usable = {one.id: one for one in usable_of(tx, voucher, site)}
    own = usable.get(str(payload["credential_id"]))
    return own if own is not None and own.key == signed.assertion.key else NO_KEY
