"""The lines that the workers of a gateway log, through the allow-list."""

from typing import Final

import structlog

_LOG: Final = structlog.get_logger("ticketgate")


def log(event: str, code: str) -> None:
    """What did not go, by its code."""
    _LOG.warning(event, code=code)


def alarm(grant: str, delivery: str) -> None:
    """A live grant whose ticket a parked delivery may have closed."""
    _LOG.error("grant.perhaps_closed", grant=grant, delivery=delivery)
