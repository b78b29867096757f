"""Passkeys: enrolled by their person, vouched for by two others, revoked by anybody who may.

A key signs nothing until two different humans with the role `voucher`, neither of them its person,
have said whose it is. What browsers send is checked by `domain/people/passkey.py` alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import EvidenceError, Refusal
from ticketgate.domain.evidence import Json
from ticketgate.domain.log.machines import NEW, edge
from ticketgate.domain.people.passkey import (
    CREATE,
    ENROLMENT,
    VOUCHING,
    attested_data,
    attested_key,
    challenge_of,
    check_authenticator,
    check_client,
    credential_id,
    encode,
    key_digest,
)
from ticketgate.domain.people.passkey_row import (
    CEREMONY_LIFE,
    PASSKEYS_MAX,
    Ceremony,
    Passkey,
    PasskeyState,
    Site,
    VouchBy,
)
from ticketgate.domain.requests.approvers import unfit
from ticketgate.domain.requests.roles import may_operate, may_vouch
from ticketgate.domain.verifying.approval_check import PASSKEY
from ticketgate.operations.deciding.sign_decision import (
    OVER,
    Signed,
    key_used,
    payload_base,
)
from ticketgate.operations.own_keys.sign_vouching import (
    begin_vouching,
    must_sign,
    signed_vouching,
)
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.people.sayer import Sayer, may_say
from ticketgate.operations.telling.tell_outcome import tell_of_passkey
from ticketgate.ports import Transaction

_AGAIN: Final = "Begin again."
_NONE: Final = Refusal("not_found", "There is no such passkey.")
_KNOWN: Final = Refusal("passkey_known", "This passkey is enrolled already.", "Use another one.")
_TOO_MANY: Final = Refusal(
    "passkeys_full",
    f"Nobody has more than {PASSKEYS_MAX} passkeys here.",
    "Revoke one that you do not use.",
)
_OWN: Final = Refusal(
    "own_passkey",
    "Nobody vouches for a passkey of their own, whichever account it is of.",
    "Somebody else with the role `voucher` must do it.",
)
_STANDS_IN: Final = Refusal(
    "own_passkey",
    "Whose passkey it is has you stand in for them; nobody vouches for both voices of one seat.",
    "Somebody else with the role `voucher` must do it.",
)
_TWICE: Final = Refusal(
    "vouched_already",
    "You have vouched for it already, be it with another account.",
    "Somebody else with the role `voucher` must do it.",
)
_OTHER: Final = Refusal(
    "passkey_changed", "It is not what was shown, or waits for nobody.", "Open the page again."
)


@dataclass(frozen=True, slots=True)
class Made:
    """What a browser made for an enrolment."""

    client_data: bytes
    attestation: bytes


def begin_enrolment(
    tx: Transaction, now: datetime, *, session_hash: str, who: Sayer, site: Site
) -> Ceremony | Refusal:
    """What the browser is asked to make a passkey over.

    Refusals: those of `unfit`, `passkeys_full`.
    """
    refusal = unfit(who.snapshot.person(who.subject))
    if refusal is not None:
        return refusal
    actor = actor_of(tx, who.subject)
    kept = [one for one in tx.passkeys.of_person(actor) if one.state is not PasskeyState.REVOKED]
    if len(kept) >= PASSKEYS_MAX:
        return _TOO_MANY
    payload = {**payload_base(tx, now, ENROLMENT, site), "approver": actor}
    ceremony = Ceremony(session_hash, ENROLMENT, payload, "", now + CEREMONY_LIFE)
    tx.passkeys.begin(ceremony, now)
    return ceremony


def finish_enrolment(
    tx: Transaction, now: datetime, *, session_hash: str, who: Sayer, made: Made
) -> Passkey | Refusal:
    """Enrol it; two people must vouch then.

    Refusals: those of `unfit`, `passkey_over`, `passkey_invalid`, `passkey_known`.
    """
    refusal = unfit(who.snapshot.person(who.subject))
    if refusal is not None:
        return refusal
    ceremony = tx.passkeys.ceremony(session_hash, ENROLMENT)
    actor = actor_of(tx, who.subject)
    if ceremony is None or now >= ceremony.expires_at or ceremony.payload["approver"] != actor:
        return OVER
    tx.passkeys.end(session_hash, ENROLMENT)
    try:
        passkey, fields = _enrolled(now, ceremony.payload, actor, made)
    except EvidenceError as fault:
        return invalid(fault)
    if tx.passkeys.get(passkey.id) is not None:
        return _KNOWN
    ref = tx.append(edge("passkey", passkey.id, NEW, passkey.state.value, "enrolled", fields))
    tx.passkeys.add(passkey)
    tell_of_passkey(tx, now, passkey, NEW, ref.index)
    return passkey


def invalid(fault: EvidenceError) -> Refusal:
    """Why what a browser sent does not count."""
    return Refusal("passkey_invalid", f"It does not count: {fault.reason}.", _AGAIN)


def _enrolled(
    now: datetime, payload: Mapping[str, Json], actor: str, made: Made
) -> tuple[Passkey, dict[str, Json]]:
    origin, rp_id = str(payload["origin"]), str(payload["rp_id"])
    check_client(made.client_data, CREATE, challenge_of(payload), origin)
    data = attested_data(made.attestation)
    told = check_authenticator(data, rp_id, attested=True)
    credential, cose = attested_key(data)
    passkey = Passkey(
        id=credential_id(credential),
        person=actor,
        state=PasskeyState.PENDING,
        key=key_digest(cose),
        cose=cose,
        credential=credential,
        rp_id=rp_id,
        origin=origin,
        counter=told.counter,
        enrolled_at=now,
    )
    fields: dict[str, Json] = {
        "person": actor,
        "key": passkey.key,
        "cose": encode(cose),
        "credential": encode(credential),
        "rp_id": rp_id,
        "origin": origin,
        "attestation": encode(made.attestation),
        "backup_eligible": told.eligible,
        "backed_up": told.backed_up,
    }
    return passkey, fields


def to_vouch(
    tx: Transaction, now: datetime, *, ident: str, key: str, who: Sayer
) -> Passkey | Refusal:
    """The passkey with this key (its digest, as shown), where this person may vouch for it.

    Refusals: those of `may_say` and `may_vouch`; `not_found`, `passkey_changed`, `own_passkey`,
    `vouched_already`.
    """
    refusal = may_say(tx, now, who, may_vouch)
    passkey = tx.passkeys.get(ident)
    if refusal is not None or passkey is None:
        return refusal or _NONE
    if passkey.state is not PasskeyState.PENDING or passkey.key != key:
        return _OTHER
    return _barred(tx, now, passkey, who) or passkey


def prepare_vouching(
    tx: Transaction,
    now: datetime,
    *,
    ident: str,
    key: str,
    who: Sayer,
    session_hash: str,
    site: Site,
) -> tuple[Ceremony, Passkey] | Refusal:
    """Begin to sign for it. Refusals: those of `to_vouch` and `begin_vouching`."""
    about = to_vouch(tx, now, ident=ident, key=key, who=who)
    if isinstance(about, Refusal):
        return about
    return begin_vouching(
        tx, now, session_hash=session_hash, subject=who.subject, about=about, site=site
    )


def vouch(
    tx: Transaction,
    now: datetime,
    *,
    ident: str,
    key: str,
    who: Sayer,
    site: Site | None = None,
    signed: Signed | None = None,
    vouch_by: VouchBy = VouchBy.BOOTSTRAP,
) -> Passkey | Refusal:
    """Say that the passkey is its person's, signed by the voucher's own unless they never had one.

    Refusals: those of `to_vouch`; unsigned, of `must_sign`; signed, of `signed_vouching`.
    """
    passkey = to_vouch(tx, now, ident=ident, key=key, who=who)
    if isinstance(passkey, Refusal):
        return passkey
    voucher = actor_of(tx, who.subject)
    own = (
        must_sign(tx, who, site, vouch_by)
        if signed is None
        else signed_vouching(tx, now, passkey, voucher, signed)
    )
    if isinstance(own, Refusal):
        return own
    state = PasskeyState.USABLE if passkey.voucher else PasskeyState.PENDING
    since = now if state is PasskeyState.USABLE else None
    after = replace(passkey, state=state, voucher=voucher, confirmed_at=since)
    fields: dict[str, Json] = {
        "person": passkey.person,
        "key": passkey.key,
        "voucher": voucher,
        "method": who.method,
    }
    if signed is not None and own is not None:
        fields |= {"method": PASSKEY, PASSKEY: signed.told}
    before = passkey.state.value
    ref = tx.append(edge("passkey", ident, before, state.value, "vouched", fields))
    tx.passkeys.save(after)
    if signed is not None and own is not None:
        key_used(tx, now, signed, own, VOUCHING, ident)
    tell_of_passkey(tx, now, after, before, ref.index)
    return after


def _barred(tx: Transaction, now: datetime, passkey: Passkey, who: Sayer) -> Refusal | None:
    """Neither the person nor who vouched first, by any account of theirs; both must be known.

    Nor who stands in for the person now: the keys of one seat would be in one hand.
    """
    person, same = tx.people.subject(passkey.person), who.snapshot.same_human
    if person is None or same(who.subject, person):
        return _OWN
    for one in who.snapshot.duties.delegations:
        stands_in = one.window.holds(now) and same(one.principal, person)
        if stands_in and same(one.delegate, who.subject):
            return _STANDS_IN
    first = tx.people.subject(passkey.voucher) if passkey.voucher else None
    if passkey.voucher and (first is None or same(who.subject, first)):
        return _TWICE
    return None


def revoke_passkey(tx: Transaction, now: datetime, *, ident: str, who: Sayer) -> Passkey | Refusal:
    """End it, for good: by its person, or by an operator.

    Refusals: `not_found` (also of somebody else's, to who is no operator), `passkey_changed`.
    """
    passkey = tx.passkeys.get(ident)
    person = None if passkey is None else tx.people.subject(passkey.person)
    mine = person is not None and who.snapshot.same_human(who.subject, person)
    if passkey is None or not (mine or may_operate(who.roles, who.subject, who.snapshot) is None):
        return _NONE
    if passkey.state is PasskeyState.REVOKED:
        return _OTHER
    since = passkey.confirmed_at or (now if passkey.state is PasskeyState.USABLE else None)
    after = replace(passkey, state=PasskeyState.REVOKED, confirmed_at=since)
    fields: dict[str, Json] = {"person": passkey.person, "by": actor_of(tx, who.subject)}
    before = passkey.state.value
    ref = tx.append(edge("passkey", ident, before, after.state.value, "revoked", fields))
    tx.passkeys.save(after)
    tell_of_passkey(tx, now, after, before, ref.index)
    return after
