"""What `evidence erase` and `evidence prune` share: the running gateway, or its place."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from ticketgate.cli.failures import tell_faults
from ticketgate.domain.errors import TicketgateError
from ticketgate.wiring.commands import ask_gateway, load_to_revoke
from ticketgate.wiring.gateway import Gateway
from ticketgate.wiring.telling import configure_logs

T = TypeVar("T")
ASK_SECONDS: Final = 5.0


def asked_of_gateway(
    folder: Path, request: Mapping[str, Any], seconds: float = ASK_SECONDS
) -> Mapping[str, Any] | None:
    """What the running gateway answers; None when none is running.

    Raises:
        TicketgateError: it refuses, with its code.
    """
    answer = ask_gateway(folder, request, seconds)
    if answer is not None and "code" in answer:
        raise TicketgateError(
            str(answer.get("reason", "the gateway refused")),
            code=str(answer["code"]),
            next_step=str(answer.get("next_step", "")),
        )
    return answer


def in_its_place(folder: Path, work: Callable[[Gateway], T]) -> T:
    """Do the work while no gateway runs: take the lock; nothing is given meanwhile."""
    configure_logs(sys.__stderr__)
    configuration = load_to_revoke(folder, os.environ)
    tell_faults(configuration.faults)
    gateway = Gateway(configuration)
    gateway.start_revoking()
    try:
        return work(gateway)
    finally:
        gateway.stop()


def said(reason: str) -> str:
    """The reason, which is not empty.

    Raises:
        TicketgateError: code `usage`.
    """
    if not reason.strip():
        raise TicketgateError("the reason is empty", code="usage", next_step="say why")
    return reason.strip()
