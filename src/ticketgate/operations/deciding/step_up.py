"""Decide with a step-up: who signed in afresh for just what is shown is known the more surely."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.step_up import METHOD
from ticketgate.domain.requests.ground import Ground
from ticketgate.operations.deciding.decide_request import Decided, Form, SignedIn, decide_request
from ticketgate.ports import Reading, Transaction

T = TypeVar("T")


def decide_stepped_up(
    tx: Transaction,
    now: datetime,
    *,
    session_hash: str,
    token_hash: str,
    who: SignedIn,
    form: Form,
    ground: Ground,
) -> Decided | Refusal:
    """Decide as `decide_request` does; the step-up of this session for this `shown` counts once.

    It counts while it is fresh, for its own person, and for nothing else that they are shown.
    """
    who = replace(who, claimed=tx.sign_ins.claimed(session_hash))
    deciding = partial(decide_request, token_hash=token_hash, form=form, ground=ground)
    return by_step_up(
        tx, now, session_hash=session_hash, who=who, shown=form.shown, operation=deciding
    )


def by_step_up(
    tx: Transaction,
    now: datetime,
    *,
    session_hash: str,
    who: SignedIn,
    shown: str,
    operation: Callable[..., T | Refusal],
) -> T | Refusal:
    """Carry out `operation(tx, now, who=…)` with what this session's step-up for `shown` adds.

    One that is refused uses nothing up.
    """
    stepped = stepped_up(tx, now, session_hash, who, shown)
    outcome = operation(tx, now, who=stepped)
    if not isinstance(outcome, Refusal):
        tx.sign_ins.drop_step_up(session_hash, shown)
    return outcome


def stepped_up(
    reading: Reading, now: datetime, session_hash: str, who: SignedIn, shown: str
) -> SignedIn:
    """How surely this person is known where `shown` is what they act on."""
    found = reading.sign_ins.step_up(session_hash, shown)
    if found is None or found.subject != who.subject or now >= found.until:
        return who
    return replace(who, method=METHOD, at=found.at, step_up=found)
