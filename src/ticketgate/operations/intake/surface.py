"""Surface: what a revision shows of it is noted in the revision's own transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from ticketgate.domain.classifying.surface import (
    IMPORTED,
    ITEM_CHARS_MAX,
    ROWS_MAX,
    SurfaceRow,
    beyond,
    seen_again,
)
from ticketgate.domain.errors import TicketgateError
from ticketgate.ports import Store, Transaction

ROWS_AT_ONCE: Final = 10  # of an import; a request over the control socket is 64 KiB at most
NEVER: Final = datetime.min.replace(tzinfo=UTC)  # until the transaction says when


def note_surface(tx: Transaction, found: Iterable[SurfaceRow]) -> int:
    """Add what was seen to the surface; returns how many rows are new.

    A source that shows more than `ROWS_MAX` has the rest in one row, so that nobody fills the
    store by inventing names.
    """
    fresh = 0
    for one in found:
        known = tx.surface.find(one.key)
        if known is None and tx.surface.count(one.source) >= ROWS_MAX:
            one = beyond(one)  # noqa: PLW2901 -- counted together from here on
            known = tx.surface.find(one.key)
        if known is None:
            tx.surface.save(replace(one, id=tx.new_id("srf")))
            fresh += 1
        else:
            tx.surface.save(seen_again(known, one))
    return fresh


def import_rows(store: Store, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add rows of an export (`table`, `item`, `automation`, `kinds`) to the surface of a source.

    Raises:
        TicketgateError: code `usage`; no rows of that form, or more than `ROWS_AT_ONCE`.
    """
    source, rows = asked.get("source"), asked.get("rows")
    if not isinstance(source, str) or not isinstance(rows, list) or len(rows) > ROWS_AT_ONCE:
        raise TicketgateError(f"send a source and at most {ROWS_AT_ONCE} rows", code="usage")
    plain = [_imported(source, row) for row in rows]

    def add(tx: Transaction, now: datetime) -> int:
        return note_surface(tx, [replace(one, first_seen=now, last_seen=now) for one in plain])

    return {"added": store.write(add)}


def _imported(source: str, row: object) -> SurfaceRow:
    match row:
        case {
            "table": str(table),
            "item": str(item),
            "automation": str(automation),
            "kinds": list(kinds),
        } if all(isinstance(one, str) for one in kinds):
            table, item, automation = (text[:ITEM_CHARS_MAX] for text in (table, item, automation))
            touched = tuple(sorted(one[:ITEM_CHARS_MAX] for one in set(kinds)))
            return SurfaceRow(
                "", IMPORTED, source, table, item, automation, "", touched, 1, "", "", NEVER, NEVER
            )
        case _:
            raise TicketgateError("a row of an export in another form", code="usage")
