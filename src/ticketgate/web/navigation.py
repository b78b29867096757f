"""The one navigation of the console: its pages as a table, and who is shown which.

A link that is shown gives no right: each page asks again, of the directory of that moment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import flask

from ticketgate.domain.errors import Refusal
from ticketgate.domain.requests.roles import AUDITOR, OPERATOR, TRIAGE
from ticketgate.operations.desks.desk import Desk
from ticketgate.operations.desks.lane_desk import LaneDesk
from ticketgate.operations.desks.own_lock import OwnLock, own_lock
from ticketgate.operations.people.sayer import Sayer
from ticketgate.web.sign_in import signed_in


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the console. `below` are the endpoints of pages that belong to it.

    `roles` are those that open it, any one of them; empty: everybody who is signed in.
    """

    endpoint: str
    title: str
    roles: frozenset[str] = frozenset()
    below: frozenset[str] = frozenset()


PAGES: Final = (
    Page("console", "Waiting for me"),
    Page("requests", "Requests", below=frozenset({"request_page"})),
    Page("grants", "Active access", below=frozenset({"end_grant", "abandon"})),
    Page("emergency", "Emergency", below=frozenset({"one_emergency", "backfill"})),
    Page(
        "exceptions", "Exceptions", frozenset({TRIAGE, OPERATOR, AUDITOR}), frozenset({"exception"})
    ),
    Page("triage", "Triage", frozenset({TRIAGE}), frozenset({"triage_ticket"})),
    Page(
        "quarantine", "Quarantine", frozenset({TRIAGE, AUDITOR}), frozenset({"quarantine_delivery"})
    ),
    Page("deliveries", "Deliveries", frozenset({OPERATOR, AUDITOR})),
    Page(
        "evidence_log", "Evidence", frozenset({OPERATOR, AUDITOR}), frozenset({"evidence_record"})
    ),
    Page("search", "Search"),
    Page("passkeys", "Passkeys"),
    Page("restore", "Restore", frozenset({OPERATOR})),
)
RECORD: Final = "evidence_record"  # the endpoint that shows one record of the log
_CONSOLE: Final = frozenset(one for page in PAGES for one in (page.endpoint, *page.below))


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the navigation; `here` is the page that is looked at, or what it belongs to."""

    endpoint: str
    title: str
    here: bool


@dataclass(frozen=True, slots=True)
class Navigation:
    """Called by the template of every page: what of `PAGES` this person may open.

    `known` is asked once a page who looks. `open_if` says of an endpoint what must hold beside the
    role; who is not known sees none of these.
    """

    desk: Desk
    known: Callable[[str], Sayer | Refusal]
    open_if: Mapping[str, Callable[[Sayer], bool]] = field(default_factory=dict)

    def __call__(self) -> list[Entry]:
        """The entries; none outside the console, and none before sign-in."""
        at = flask.request.endpoint
        person = signed_in(self.desk) if at in _CONSOLE else None
        if person is None:
            return []
        who, there = self.known(person.subject), flask.current_app.view_functions
        roles = frozenset[str]() if isinstance(who, Refusal) else who.holds
        return [
            Entry(page.endpoint, page.title, at == page.endpoint or at in page.below)
            for page in PAGES
            if page.endpoint in there
            and (not page.roles or page.roles & roles)
            and self._opens(page.endpoint, who)
        ]

    def _opens(self, endpoint: str, who: Sayer | Refusal) -> bool:
        asked = self.open_if.get(endpoint)
        return asked is None or (not isinstance(who, Refusal) and asked(who))


@dataclass(frozen=True, slots=True)
class Locked:
    """Called by the template of every page: the lock on who looks, None where there is none."""

    desk: Desk
    known: LaneDesk | None

    def __call__(self) -> OwnLock | None:
        """Asked once a page."""
        if "own_lock" not in flask.g:
            flask.g.own_lock = None  # if this fails, the page that says so will not ask again
            person = None if self.known is None else signed_in(self.desk)
            if self.known is not None and person is not None:
                flask.g.own_lock = own_lock(self.known, person.subject)
        found: OwnLock | None = flask.g.own_lock
        return found


def record_link(index: int) -> str:
    """Where a record of the log is shown; empty where nothing shows it."""
    there = RECORD in flask.current_app.view_functions
    return flask.url_for(RECORD, index=index) if there else ""
