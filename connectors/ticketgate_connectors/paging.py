"""Paging by the time of the last change, for platforms that keep it in whole seconds.

Records are asked for in the order (time, id). Within one second the id leads on, so that no page
border among equal times loses one; after the last page the next poll begins `overlap` earlier.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ticketgate.connector_api import Misconfigured, Refused

FORM: Final = "%Y-%m-%d %H:%M:%S"  # always UTC
_SECOND: Final = timedelta(seconds=1)

Seen = Sequence[tuple[datetime, str]]  # (time of change, id), as the platform gave them


def moment(text: str) -> datetime:
    """A time in `FORM`. Raises Misconfigured: it is none."""
    try:
        return _time(text)
    except ValueError:
        raise Misconfigured("the platform gave a time that is not in its form") from None


def _time(text: str) -> datetime:
    return datetime.strptime(text, FORM).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Asked next: what changed at `since` or later; with `after`, at `since` with a higher id."""

    since: datetime
    after: str = ""
    newest: datetime | None = None

    @property
    def text(self) -> str:
        """As it is kept."""
        newest = "" if self.newest is None else self.newest.strftime(FORM)
        return json.dumps([self.since.strftime(FORM), self.after, newest])

    def behind(self, seen: Seen, overlap: timedelta, *, full: bool) -> tuple["Cursor", bool]:
        """The cursor behind a page, and whether to ask on at once.

        Raises:
            Misconfigured: the platform did not heed order or query.
            Refused: it says that there is more, and shows none of it to us.
        """
        self._check(seen)
        times = [when for when, _ in seen]
        newest = max([*times, *([self.newest] if self.newest else [])], default=None)
        if full and not seen:
            raise Refused(
                "the platform has records there that it does not show to our user",
                next_step="give the user the right to read every ticket of the table",
            )
        if full:
            last, ident = seen[-1]
            if self.after or last == self.since:
                return Cursor(self.since, ident, newest), True
            return Cursor(last, "", newest), True
        if self.after:
            return Cursor(self.since + _SECOND, "", newest), True
        return Cursor(self.since if newest is None else newest - overlap, "", newest), False

    def _check(self, seen: Seen) -> None:
        times = [when for when, _ in seen]
        early = any(when < self.since for when in times)
        other = bool(self.after) and any(when != self.since for when in times)
        if early or other or times != sorted(times):
            raise Misconfigured("the platform does not heed the query's order or its times")


def read_cursor(text: str) -> Cursor:
    """A cursor as it was kept. Raises Misconfigured: it is none."""
    try:
        since, after, newest = json.loads(text)
        begin, last = _time(since), None if newest == "" else _time(newest)
    except (ValueError, TypeError):
        begin, after, last = None, None, None
    if begin is None or not isinstance(after, str):
        raise Misconfigured("the cursor that was kept cannot be read")
    return Cursor(begin, after, last)
