"""Abandon: two operators give up on a revocation that its target never confirms.

`docs/rules.md`, I5. Only what is overdue; each of them signed in, on the same facts, with a reason.
Nothing is known to be gone: the exception that opens stays until a person has seen to the access.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure, digest_of
from ticketgate.domain.grants.command import CommandKind, CommandState
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.domain.instants import to_text
from ticketgate.domain.log.restore import Statement, to_abandon
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.naming import name_and_id
from ticketgate.domain.requests.roles import may_operate
from ticketgate.operations.attending.party import hands_of_grant
from ticketgate.operations.cases.exceptions import is_full, open_exception
from ticketgate.operations.grants.end_grant import move
from ticketgate.operations.grants.given_up import MAY_STAND
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.people.sayer import Sayer, may_say
from ticketgate.operations.restoring.declare_restore import Heard, Hearing, Said, two_people
from ticketgate.ports import Reading, Transaction

CAUSE: Final = "given_up"
_FULL: Final = Refusal(
    "given_up_full",
    "So many revocations are given up already that nobody would be told of this one by itself.",
    "See to the exceptions `access_may_stand`, and say it again then.",
)


@dataclass(frozen=True, slots=True)
class AbandonForm:
    """What was posted: why, and the digest of what the page showed."""

    justification: str
    shown: str


def last_answer(reading: Reading, grant: Grant) -> tuple[str, int]:
    """What the target said last of the revocation (empty: nothing), after how many tries."""
    command = reading.commands.of(grant.id, CommandKind.REVOKE)
    return ("", 0) if command is None else (command.last_outcome, command.tries)


def shown_of(reading: Reading, grant: Grant) -> str:
    """The digest of what a page shows: whose access, where, since when, and the last answer."""
    since = None if grant.revoking_since is None else to_text(grant.revoking_since)
    told = [grant.id, grant.state.value, grant.entitlement, grant.target, grant.subject, since]
    return digest_of([*told, last_answer(reading, grant)[0]])


def own_grant(
    reading: Reading, grant: Grant, subject: str, snapshot: DirectorySnapshot
) -> Refusal | None:
    """Nobody gives up on what they asked, get, approved or entered, by any account of theirs."""
    if not any(snapshot.same_human(one, subject) for one in hands_of_grant(reading, grant)):
        return None
    return Refusal(
        "own_grant",
        "You asked for this access, get it, approved it or entered it; others must give it up.",
        "Two other operators can.",
    )


def abandon(
    tx: Transaction, now: datetime, *, ident: str, form: AbandonForm, who: Sayer
) -> Grant | Heard | Refusal:
    """One operator's word, kept; with another person's on the same facts the grant is abandoned.

    Refusals: those of `may_say` and `may_operate`, `not_found`, `own_grant`, `not_overdue`,
    `given_up_full`, those of `two_people`. A refused word changes nothing.
    """
    refusal = may_say(tx, now, who, may_operate)
    grant = tx.grants.get(ident)
    if refusal is not None or grant is None:
        return refusal or Refusal("not_found", "There is no such access.")
    refusal = own_grant(tx, grant, who.subject, who.snapshot) or not_overdue(grant)
    if refusal is not None or is_full(tx, MAY_STAND):
        return refusal or _FULL
    shown = shown_of(tx, grant)
    said = Said(who.subject, form.shown, form.justification)
    by = Hearing(
        who.ground(grant.source),
        who.roles,
        (),
        counts=lambda one: own_grant(tx, grant, one, who.snapshot) is None,
    )
    found = two_people(tx, now, to_abandon(ident), said, by, shown)
    return _give_up(tx, now, grant, found, who.snapshot) if isinstance(found, list) else found


def not_overdue(grant: Grant) -> Refusal | None:
    """Why there is nothing to give up."""
    if grant.state is GrantState.REVOKE_OVERDUE:
        return None
    return Refusal(
        "not_overdue",
        f"Removing this access is not overdue: it is {grant.state.value.replace('_', ' ')}.",
        "Open the list of active access again.",
    )


def _give_up(
    tx: Transaction,
    now: datetime,
    grant: Grant,
    words: list[Statement],
    snapshot: DirectorySnapshot,
) -> Grant:
    outcome, _ = last_answer(tx, grant)
    command = tx.commands.of(grant.id, CommandKind.REVOKE)
    if command is not None:  # none is tried again; of one that is under way what it says is kept
        tx.commands.save(replace(command, state=CommandState.CANCELLED))
    hidden = tuple(
        Disclosure("reason", one.reason, subject=one.subject, kind="operator") for one in words
    )
    after = move(
        tx,
        now,
        grant,
        replace(grant, state=GrantState.ABANDONED, ended_at=now),
        CAUSE,
        {
            "by": [actor_of(tx, one.subject) for one in words],
            "outcome": outcome,
            "shown": words[-1].shown,
        },
        hidden,
    )
    tx.restores.drop(to_abandon(grant.id))
    whose = f"{grant.entitlement} on {grant.target}, of {name_and_id(grant.subject, snapshot)}"
    told = [Disclosure("what", whose, subject=grant.subject)]
    # Who gave up does not say as well that nothing stands: `own_exception` reads them here.
    told += [Disclosure("gave_up", one.subject, subject=one.subject) for one in words]
    open_exception(tx, now, MAY_STAND, f"grant {grant.id}", about=grant.id, hidden=told)
    return after
