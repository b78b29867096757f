"""The shapes in which ServiceNow sends a field (Table API, `sysparm_display_value`).

A field is a scalar, `{link, value}`, or `{display_value, value[, link]}`. `value` is what the
database holds: booleans and integers as text, times as `YYYY-MM-DD HH:MM:SS` in UTC, references
as sys_ids. `display_value` is what a person saw, in that person's language and time zone; only
the names of references are read from it. Every reader answers None for what it cannot read.
"""

import re
from collections.abc import Mapping
from typing import Final

from ticketgate.connector_api import JsonValue, Reference
from ticketgate_connectors.records import EMPTY, scalar

_SYS_ID: Final = re.compile(r"[0-9a-f]{32}")


def plain(cell: JsonValue) -> str | None:
    """The value of a field that is no reference; a shape without `value` cannot be read."""
    if isinstance(cell, Mapping):
        return scalar(cell["value"]) if "value" in cell else None
    return scalar(cell)


def reference(cell: JsonValue) -> Reference | None:
    """A reference; the half that the shape lacks is None.

    A bare text is an id when it is 32 lower-case hex digits, else a name. An empty half beside a
    full one is a name that the sender may not read, so it lacks too. All empty is `EMPTY`.
    """
    if not isinstance(cell, Mapping):
        text = scalar(cell)
        if not text:
            return None if text is None else EMPTY
        return Reference(text, None) if _SYS_ID.fullmatch(text) else Reference(None, text)
    halves = {key: scalar(cell[key]) for key in ("value", "display_value") if key in cell}
    if not halves or (None in halves.values() and not any(halves.values())):
        return None
    if not any(halves.values()):
        return EMPTY
    return Reference(halves.get("value") or None, halves.get("display_value") or None)
