"""Logs: one JSON line per event, through an allow-list of keys. What is not listed never leaves."""

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import structlog
from typing_extensions import override

# fmt: off
ALLOWED: Final = frozenset({
    "event", "level", "timestamp", "code", "kind", "count", "seconds", "source", "target",
    "state", "host", "port", "origin", "index", "command", "delivery", "request", "grant",
    "tries", "endpoint", "error", "trace", "check", "ok", "loop", "version", "anchor",
})
# fmt: on


def only_allowed(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop every key that is not allowed; say how many were dropped, never what they held."""
    dropped = [key for key in event if key not in ALLOWED]
    for key in dropped:
        del event[key]
    if dropped:
        event["count"] = event.get("count", len(dropped))
    return event


def configure(stream: TextIO | None = None) -> None:
    """Log to `stream` (standard error by default); the standard library's loggers too."""
    out = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(out),
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_NameOnly())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class _NameOnly(logging.Formatter):
    """Which library spoke and how loudly; its message and traceback may hold anything."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({"event": record.name, "level": record.levelname.lower()})
