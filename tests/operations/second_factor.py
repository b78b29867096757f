"""A step-up as the provider's desk keeps it, for tests that need no provider."""

import base64
import json
from datetime import timedelta

from tests.operations.kit import Gate

from ticketgate.domain.people.id_token import nonce_of
from ticketgate.domain.people.sign_in import StepUp
from ticketgate.operations.people.sign_in import secret_hash

SALT = "a" * 32


def keep_step_up(
    gate: Gate, person: str, shown: str, *, subject: str = "", minutes: int = 5
) -> None:
    """Somebody's session has a step-up for `shown`, by `subject` where that is another person."""
    body = json.dumps({"nonce": nonce_of(SALT, shown)}).encode()
    now = gate.clock.now()
    step_up = StepUp(
        id_hash=secret_hash(gate.session(person).id),
        subject=subject or person,
        shown=shown,
        at=now,
        until=now + timedelta(minutes=minutes),
        auth_time=now,
        acr="mfa",
        salt=SALT,
        token=f"e30.{base64.urlsafe_b64encode(body).rstrip(b'=').decode()}.AA",
    )
    gate.write(lambda tx, _now: tx.sign_ins.save_step_up(step_up))
