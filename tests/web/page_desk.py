"""A desk of cards: enough of the contract to unit-test the pages, and a record of every call."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Final

import flask
from typing_extensions import override
from werkzeug.test import TestResponse

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import EvidenceRef
from ticketgate.operations.deciding.decide_request import Decided
from ticketgate.operations.deciding.earlier_round import EarlierLink
from ticketgate.operations.deciding.link_view import LinkView
from ticketgate.operations.deciding.sign_decision import Signed
from ticketgate.operations.desks.desk import Desk, Session
from ticketgate.web.create_app import create_app

SESSION_KEY: Final = b"k" * 32
BROWSER: Final = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
BOBS_LINK: Final = "bobs-link_0123456789"
CAROLS_LINK: Final = "carols-link_0123456789"
CODE: Final = "12345678"
MIDNIGHT: Final = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)
MORNING: Final = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
JUSTIFICATION: Final = "Alice is on call tonight and the migration is planned."
NOT_FOUND: Final = Refusal("not_found", "no such link, as the desk would word it")

VIEW: Final = LinkView(
    ticket="RITM0010001",
    source="snow-prod",
    requester="Alice Ito",
    beneficiary="Alice Ito",
    entitlement="prod-db-admin",
    target="corp-scim",
    access=(("group", "SG-PROD-DB-ADMIN"),),
    seconds=4 * 3600,
    seconds_asked=8 * 3600,
    catalog_item="Elevated access",
    reason="Migration of the orders table.\nWindow 20:00 to 24:00, change CHG0031337.",
    tier="high",
    kinds=("privilege.elevate", "group.member"),
    rules=(("elevated-access-item", "policy.yaml:6"), ("asks-for-group", "policy.yaml:19")),
    approve_rule=("critical-and-high", "policy.yaml:48"),
    clause="manager_of:beneficiary",
    stage=1,
    stages=2,
    stage_name="line",
    round=1,
    need=1,
    decisions=(),
    justification_chars_min=20,
    assurance="mail_code",
    because="no identity provider in the demo",
    decide_by=MORNING,
    shown="5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592",
    state="awaiting",
    mine="",
    place="Evidence: gate.example.com/evidence#123, root 3f5a0123456789ab… at 130",
)


@dataclass
class PageDesk(Desk):
    """One link for Bob, one for Carol; one code; `calls` lists what changed or could have."""

    views: dict[str, tuple[str, LinkView]] = field(
        default_factory=lambda: {BOBS_LINK: ("bob", VIEW), CAROLS_LINK: ("carol", VIEW)}
    )
    refusals: dict[str, Refusal | Exception] = field(default_factory=dict)
    calls: list[tuple[object, ...]] = field(default_factory=list)
    looks: list[tuple[str, str]] = field(default_factory=list)
    sessions: dict[str, Session] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)

    def _refusal(self, method: str) -> Refusal | None:
        planned = self.refusals.get(method)
        if isinstance(planned, Exception):
            raise planned
        return planned

    @override
    def open_link(self, token: str, subject: str) -> LinkView | EarlierLink | Refusal:
        self.looks.append((token, subject))
        holder, view = self.views.get(token, ("", VIEW))
        return self._refusal("open_link") or (view if holder == subject else NOT_FOUND)

    @override
    def decide(
        self,
        token: str,
        session: Session,
        *,
        decision: str,
        justification: str,
        seconds: int | None,
        shown: str,
        signed: Signed | None = None,
    ) -> Decided | Refusal:
        self.calls.append(("decide", token, session.subject, decision, seconds, shown))
        self.calls.append(("justification", justification))
        holder, view = self.views.get(token, ("", VIEW))
        refusal = self._refusal("decide") or (None if holder == session.subject else NOT_FOUND)
        if refusal is not None:
            return refusal
        after = dataclasses.replace(view, mine=decision, state="approved")
        self.views[token] = (holder, after)
        return Decided(decision, "approved", EvidenceRef("gate.example.com/evidence", 7, "ab"))

    @override
    def ask_code(self, browser: str, *, address: str | None, token: str | None) -> Refusal | None:
        self.calls.append(("ask_code", browser, address, token))
        holder = self.views.get(token or "", ("", VIEW))[0]
        self.asked[browser] = holder or (address or "").partition("@")[0]
        return self._refusal("ask_code")

    @override
    def enter_code(self, browser: str, code: str) -> Session | Refusal:
        self.calls.append(("enter_code", browser, code))
        refusal = self._refusal("enter_code")
        if refusal is not None:
            return refusal
        if code != CODE or browser not in self.asked:
            return Refusal("code_wrong", "that is not the code", "look at the newest mail")
        subject = self.asked.pop(browser)
        ident = f"session-{len(self.sessions)}"
        name = {"bob": "Bob Ng", "carol": "Carol Sy"}.get(subject, subject)
        self.sessions[ident] = Session(ident, subject, name, "mail_code", MIDNIGHT, MORNING)
        return self.sessions[ident]

    @override
    def session(self, session_id: str) -> Session | None:
        self._refusal("session")
        return self.sessions.get(session_id)

    @override
    def sign_out(self, session_id: str) -> None:
        self.calls.append(("sign_out", session_id))
        self.sessions.pop(session_id, None)


class Forms(HTMLParser):
    """Every form of a page, as a browser would send it: action and successful controls."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._area = ""
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag == "form":
            self.forms.append((given["action"], {}))
        elif "name" in given and tag != "meta":
            chosen = given.get("type") != "radio" or "checked" in given
            if chosen:
                self.forms[-1][1][given["name"]] = given.get("value", "")
        self._area = given.get("name", "") if tag == "textarea" else ""

    @override
    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1][1][self._area] += data

    @override
    def handle_endtag(self, tag: str) -> None:
        if self._area:
            fields = self.forms[-1][1]
            fields[self._area] = fields[self._area].removeprefix("\n")
        self._area = ""

    def form(self, action: str) -> dict[str, str]:
        """The fields of the form with this action."""
        return dict(next(fields for where, fields in self.forms if where == action))


class Surfer:
    """A person at a browser: fetches pages, and posts only forms that were really fetched."""

    def __init__(self, app: flask.Flask) -> None:
        self.client = app.test_client()

    def get(self, path: str) -> TestResponse:
        """The page at `path`."""
        return self.client.get(path, headers=BROWSER)

    def submit(
        self, page: str, action: str, typed: Mapping[str, str], headers: Mapping[str, str] = BROWSER
    ) -> TestResponse:
        """Fetch `page`, fill `typed` into its form for `action`, and send it."""
        fields = Forms(self.get(page).text).form(action) | dict(typed)
        return self.client.post(action, data=fields, headers=dict(headers))

    def sign_in(self, link: str = BOBS_LINK) -> TestResponse:
        """Sign in as the holder of `link`, by its button and the code."""
        asked = self.submit(f"/approve/{link}", "/sign-in", {})
        return self.submit(asked.headers["Location"], "/sign-in/code", {"code": CODE})


def app_for(desk: Desk, public_url: str = "http://127.0.0.1:8080") -> flask.Flask:
    """The real application over `desk`; browser secrets are counted."""
    minted = iter(f"browser-{number}" for number in range(1000))
    return create_app(
        desk, public_url=public_url, session_key=SESSION_KEY, new_secret=lambda: next(minted)
    )
