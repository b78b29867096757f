"""Anchor: somebody outside the operator's hand who vouches for the log, and how that went."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ticketgate.domain.errors import TicketgateError

RETRY_FIRST: Final = timedelta(seconds=30)
LATE_AFTER: Final = 3  # rounds without success; then the gateway is not ready
# Not a passing failure: an anchor holds something that this log contradicts.
CONTRADICTIONS: Final = frozenset(
    {"witness_ahead", "witness_conflict", "witness_inconsistent", "copy_conflict"}
)
_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]", re.ASCII)


class AnchorKind(StrEnum):
    """What an anchor is, in the order in which they are asked: a copy holds what others said."""

    WITNESS = "witness"
    TSA = "tsa"
    COPY = "copy"


class AnchorError(TicketgateError):
    """An anchor did not take a checkpoint. Messages hold no secret."""

    code = "anchor"


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """How it goes with one anchor. `code` is that of the last try, empty when it took it."""

    kind: AnchorKind
    name: str
    since: datetime  # when its first outcome was noted
    size: int = 0  # of the newest checkpoint that it took; 0 where there is none
    anchored_at: datetime | None = None
    code: str = ""

    def age(self, now: datetime) -> timedelta:
        """How long ago it vouched last; since it was first asked, where it never did."""
        return now - (self.anchored_at or self.since)


def origin_slug(origin: str) -> str:
    """The origin as the name of a folder: one plain word that never begins with a dot."""
    plain = _PLAIN.sub("_", origin)
    return "_" + plain[1:] if plain.startswith(".") else plain
