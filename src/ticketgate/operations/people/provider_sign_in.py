"""Sign in at an identity provider: what commits once its token was checked."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Draft, Json
from ticketgate.domain.people.claims import claimed_in
from ticketgate.domain.people.directory import DirectorySnapshot, Person
from ticketgate.domain.people.id_token import ASK_LIFE, SKEW, IdToken, Logout
from ticketgate.domain.people.sign_in import SESSION_LIFE, SessionRow, StepUp
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.people.sign_in import secret_hash
from ticketgate.ports import Transaction

METHOD: Final = "oidc"
STEP_UP: Final = "oidc_step_up"
_USED = Refusal(
    "sign_in_state", "This way back from the identity provider was used.", "Sign in again."
)


@dataclass(frozen=True, slots=True)
class Proved:
    """A checked token, the ask that it answers, and the directory in which its account is found."""

    token: IdToken
    state: str
    system: str
    snapshot: DirectorySnapshot


def sign_in_by_provider(
    tx: Transaction, now: datetime, *, proved: Proved, session_hash: str
) -> SessionRow | Refusal:
    """Open a session for the person whose account it is; mail addresses never count.

    Refusals: `sign_in_state` (used), `account_unknown`, `approver_inactive`.
    """
    if not _spend(tx, now, proved.state):
        return _USED
    person = _person(tx, proved)
    if isinstance(person, Refusal):
        return person
    session = SessionRow(session_hash, person.id, METHOD, now, now + SESSION_LIFE)
    tx.people.add_session(session)
    tx.sign_ins.note(session_hash, person.id, proved.token.sub, proved.token.sid)
    _keep_claims(tx, proved, session_hash, person.id)
    fields: dict[str, Json] = {"person": actor_of(tx, person.id), "method": METHOD}
    tx.append(Draft("sign_in.recorded", fields))
    return session


def step_up_by_provider(
    tx: Transaction, now: datetime, *, proved: Proved, step_up: StepUp
) -> StepUp | Refusal:
    """Keep that the person of a session signed in afresh, for what was shown to them.

    `step_up` has the session and what was shown. Refusals: those of signing in; `step_up_refused`
    when another person did, or the session is over.
    """
    if not _spend(tx, now, proved.state):
        return _USED
    person = _person(tx, proved)
    if isinstance(person, Refusal):
        return person
    session = tx.people.session(step_up.id_hash)
    live = session is not None and session.ended_at is None and now < session.expires_at
    if session is None or not live or session.subject != person.id:
        record_refused(tx, now, code="step_up_refused", subject=person.id)
        return Refusal(
            "step_up_refused",
            "That is not the person who is signed in here.",
            "Sign out here, and sign in as the person the link was mailed to.",
        )
    kept = replace(step_up, subject=person.id, at=now)
    tx.sign_ins.save_step_up(kept)
    _keep_claims(tx, proved, step_up.id_hash, person.id)
    fields: dict[str, Json] = {"person": actor_of(tx, person.id), "method": STEP_UP}
    tx.append(Draft("sign_in.recorded", {**fields, "shown": step_up.shown}))
    return kept


def record_refused(tx: Transaction, _now: datetime, *, code: str, subject: str = "") -> None:
    """Record that a sign-in at the provider was refused; whose it was, where that is known."""
    people: list[Json] = [actor_of(tx, subject)] if subject else []
    tx.append(Draft("sign_in.refused", {"code": code, "people": people}))


def end_by_provider(tx: Transaction, now: datetime, *, logout: Logout) -> int | Refusal:
    """End the sessions that the provider ended; how many. Refusal: `logout_token` (seen before)."""
    until = now + ASK_LIFE + SKEW * 2  # an older token is refused by its time
    if not tx.sign_ins.spend(secret_hash(f"jti:{logout.jti}"), now, until):
        return Refusal("logout_token", "This logout token was used.")
    found = tx.sign_ins.sessions(logout.sub, logout.sid)
    for id_hash in found:
        tx.people.end_session(id_hash, now)
    return len(found)


def _keep_claims(tx: Transaction, proved: Proved, session_hash: str, subject: str) -> None:
    rules, token = proved.snapshot.claims, proved.token
    if rules is not None:
        told = claimed_in(rules, token.claims, subject=subject, issued=token.issued)
        tx.sign_ins.save_claimed(session_hash, told)


def _spend(tx: Transaction, now: datetime, state: str) -> bool:
    return tx.sign_ins.spend(secret_hash(f"state:{state}"), now, now + ASK_LIFE)


def _person(tx: Transaction, proved: Proved) -> Person | Refusal:
    person = proved.snapshot.by_exact(proved.system, proved.token.sub)
    if person is None:
        tx.append(Draft("sign_in.refused", {"code": "account_unknown", "people": []}))
        return Refusal(
            "account_unknown",
            f"Nobody in the directory has the account {proved.token.sub} of the identity provider.",
            f"Ask whoever keeps the directory to list it under accounts: {proved.system}.",
        )
    if not person.active or person.kind != "human":
        tx.append(
            Draft(
                "sign_in.refused",
                {"code": "approver_inactive", "people": [actor_of(tx, person.id)]},
            )
        )
        return Refusal("approver_inactive", "This person is not active.")
    return person
