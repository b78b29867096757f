"""Sign in by mail code: asked for by a browser session, mailed to a person, entered once.

A code is 8 digits, lives 10 minutes, takes 5 tries, and counts only in the browser session that
asked for it. Failed tries never void a link (`docs/rules.md` rule 16).
"""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as mac

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Draft
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.sign_in import (
    CODE_LIFE,
    CODE_TRIES_MAX,
    CODES_AN_HOUR_MAX,
    SESSION_LIFE,
    Code,
    SessionRow,
)
from ticketgate.operations.outbox import queue_mail
from ticketgate.operations.people.actors import actor_of
from ticketgate.ports import Transaction


def secret_hash(secret: str) -> str:
    """How tokens, sessions and browser secrets, of 256 random bits, are stored: SHA-256, hex."""
    return sha256(secret.encode()).hexdigest()


def code_hash(key: bytes, ident: str, code: str) -> str:
    """HMAC-SHA256, hex, of a code and its row: whoever reads the store cannot try all codes.

    Eight digits are soon tried through; `key` lies outside the store.
    """
    return mac(key, f"mail-code:{ident}:{code}".encode(), "sha256").hex()


def ask_code(
    tx: Transaction, now: datetime, *, browser_hash: str, subject: str, link: str | None
) -> Refusal | None:
    """Queue a code. Refusal: `too_many_codes`.

    Five an hour for each link and each person asked by link, and five for each person asked by
    address: what anybody can ask for by an address never uses up what a link gives.
    """
    since = now - timedelta(hours=1)
    if tx.people.codes_since(subject, link, since) >= CODES_AN_HOUR_MAX:
        return Refusal(
            "too_many_codes",
            f"At most {CODES_AN_HOUR_MAX} codes an hour are sent to one person.",
            "Use the newest code that you have, or wait.",
        )
    code = Code(tx.new_id("cod"), browser_hash, subject, link, now)
    tx.people.add_code(code)
    queue_mail(tx, now, CommandKind.MAIL_CODE, code.id)
    return None


def mint_code(tx: Transaction, now: datetime, *, ident: str, code: str, key: bytes) -> Code | None:
    """Commit the hash of the code that is about to be mailed; None when it is not wanted."""
    row = tx.people.code(ident)
    if row is None or row.state != "open":
        return None
    row = replace(row, code_hash=code_hash(key, ident, code), expires_at=now + CODE_LIFE, tries=0)
    tx.people.save_code(row)
    return row


def enter_code(
    tx: Transaction,
    now: datetime,
    *,
    browser_hash: str,
    code: str,
    session_hash: str,
    key: bytes,
    snapshot: DirectorySnapshot,
) -> SessionRow | Refusal:
    """Open a session for the person whose code this is, if the directory has them as active.

    Refusals: `code_wrong`, `code_expired`, `code_tries`; a wrong try counts against every open
    code of the browser session.
    """
    rows = [row for row in tx.people.codes_of_browser(browser_hash) if row.code_hash]
    fresh = [row for row in rows if row.expires_at is not None and now < row.expires_at]
    usable = [row for row in fresh if row.tries < CODE_TRIES_MAX]
    if not usable:
        return _no_code(bool(rows), bool(fresh))
    for row in usable:
        if compare_digest(row.code_hash, code_hash(key, row.id, code)):
            return _signed_in(tx, now, row, session_hash, snapshot)
    for row in usable:
        tx.people.save_code(replace(row, tries=row.tries + 1))
    _record_refused(tx, "code_wrong", {row.subject for row in usable})
    return Refusal("code_wrong", "That is not the code.", "Read the newest mail again.")


def _no_code(any_mailed: bool, any_fresh: bool) -> Refusal:  # noqa: FBT001 -- two facts of one row
    if any_fresh:
        return Refusal("code_tries", "Too many wrong tries for this code.", "Ask for a new code.")
    if any_mailed:
        return Refusal("code_expired", "The code is older than 10 minutes.", "Ask for a new code.")
    return Refusal("code_wrong", "That is not the code.", "Read the newest mail again.")


def _record_refused(tx: Transaction, code: str, subjects: set[str]) -> None:
    people = [actor_of(tx, one) for one in sorted(subjects)]
    tx.append(Draft("sign_in.refused", {"code": code, "people": people}))


def _signed_in(
    tx: Transaction, now: datetime, row: Code, session_hash: str, snapshot: DirectorySnapshot
) -> SessionRow | Refusal:
    person = snapshot.person(row.subject)
    if person is None or not person.active:
        _record_refused(tx, "approver_inactive", {row.subject})
        return Refusal("code_wrong", "This person is not active.")
    tx.people.save_code(replace(row, state="used"))
    for other in tx.people.codes_of_browser(row.browser_hash):
        tx.people.save_code(replace(other, state="void"))
    session = SessionRow(session_hash, row.subject, "mail_code", now, now + SESSION_LIFE)
    tx.people.add_session(session)
    tx.append(
        Draft("sign_in.recorded", {"person": actor_of(tx, row.subject), "method": "mail_code"})
    )
    return session


def sign_out(tx: Transaction, now: datetime, *, session_hash: str) -> None:
    """End a session."""
    tx.people.end_session(session_hash, now)
