"""Decide with a step-up: who signed in afresh for just what is shown is known the more surely."""

from dataclasses import replace
from datetime import datetime

from ticketgate.domain.errors import Refusal
from ticketgate.domain.step_up import METHOD
from ticketgate.operations.decide_request import Decided, Form, Rules, SignedIn, decide_request
from ticketgate.ports import Transaction


def decide_stepped_up(
    tx: Transaction,
    now: datetime,
    *,
    session_hash: str,
    token_hash: str,
    who: SignedIn,
    form: Form,
    rules: Rules,
) -> Decided | Refusal:
    """Decide as `decide_request` does; the step-up of this session for this `shown` counts once.

    It counts while it is fresh, for its own person, and for nothing else that they are shown.
    """
    found = tx.sign_ins.step_up(session_hash, form.shown)
    if found is not None and found.subject == who.subject and now < found.until:
        who = replace(who, method=METHOD, at=found.at, step_up=found)
    outcome = decide_request(tx, now, token_hash=token_hash, who=who, form=form, rules=rules)
    if isinstance(outcome, Decided):
        tx.sign_ins.drop_step_up(session_hash, form.shown)
    return outcome
