"""Paging by a token of the platform's own, for platforms whose lists are walked with one.

Records are asked for from a time on, then page after page with the token that came with the last
one; after the last page the next poll begins `overlap` earlier than what was seen to be newest.
Times are whole numbers since 1970 in the unit that the platform counts in.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ticketgate.connector_api import JsonValue, Misconfigured
from ticketgate_connectors.rest import Rest, record


@dataclass(frozen=True, slots=True)
class Walk:
    """Asked next: what changed at `since` or later, from the place on that `token` stands for."""

    since: int
    token: str = ""
    newest: int = 0

    @property
    def text(self) -> str:
        """As it is kept."""
        return json.dumps([self.since, self.token, self.newest])

    def asked(
        self, rest: Rest, path: str, start: Mapping[str, str], onwards: Mapping[str, str]
    ) -> Mapping[str, JsonValue]:
        """The page: asked for with `onwards` where there is a token, with `start` where none is.

        Tokens end. One that the platform takes no more begins the walk anew.
        """
        try:
            raw, _ = rest.get(path, onwards if self.token else start)
        except Misconfigured:
            if not self.token:
                raise
            raw, _ = rest.get(path, start)
        return record(raw)

    def behind(
        self,
        times: Iterable[int],
        token: JsonValue,
        overlap: int,
        *,
        more: bool,
        earliest: int | None = None,
    ) -> "Walk":
        """The walk behind a page of records that changed at those times; `more` have a token.

        `earliest` is what was really asked for, where that is not `since`.

        Raises:
            Misconfigured: the platform did not move on, or did not heed the query.
        """
        if more and (not isinstance(token, str) or token in {"", self.token}):
            raise Misconfigured("the platform gave the same page again")
        seen, first = list(times), self.since if earliest is None else earliest
        if any(when < first for when in seen):
            raise Misconfigured("the platform does not heed the query's times")
        newest = max([*seen, self.newest])
        if more and isinstance(token, str):
            return Walk(self.since, token, newest)
        return Walk(newest - overlap if newest else self.since)


def read_walk(text: str) -> Walk:
    """A walk as it was kept. Raises Misconfigured: it is none."""
    try:
        since, token, newest = json.loads(text)
    except (ValueError, TypeError):
        since, token, newest = None, None, None
    if type(since) is not int or not isinstance(token, str) or type(newest) is not int:
        raise Misconfigured("the cursor that was kept cannot be read")
    return Walk(since, token, newest)
