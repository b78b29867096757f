"""Surface: what a revision shows of it is noted in the revision's own transaction."""

from collections.abc import Iterable
from dataclasses import replace

from ticketgate.domain.surface import ROWS_MAX, SurfaceRow, beyond, seen_again
from ticketgate.ports import Transaction


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
