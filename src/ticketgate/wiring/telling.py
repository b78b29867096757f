"""The lines that a gateway and its workers log, through the allow-list."""

from typing import Final, TextIO

import structlog

from ticketgate.adapters.process import logs

_LOG: Final = structlog.get_logger("ticketgate")


def configure_logs(stream: TextIO | None = None) -> None:
    """JSON lines on standard error (or `stream`), through the allow-list."""
    logs.configure(stream)


def log(event: str, code: str) -> None:
    """What did not go, by its code."""
    _LOG.warning(event, code=code)


def alarm(grant: str, delivery: str) -> None:
    """A live grant whose ticket a parked delivery may have closed."""
    _LOG.error("grant.perhaps_closed", grant=grant, delivery=delivery)
