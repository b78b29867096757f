"""Every page that the routes can answer, as each person of tests/web/whole.py sees it.

The list comes from the application's own map, so that no page is forgotten: a route that answers
nobody with 200 fails. Two answers of the same make (tags, classes, roles) are looked at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

import flask
from tests.operations.tickets import access_ticket
from tests.web.page_desk import VIEW
from tests.web.whole import PEOPLE, WHY, Whole
from typing_extensions import override
from werkzeug.test import TestResponse

HTML: Final = "text/html"
TYPE: Final = "Content-Type"
OK: Final = 200
REFUSED: Final = 400
# What a browser comes back to; it shows problems only.
PAGELESS: Final = {"/sign-in/oidc/callback"}


@dataclass(frozen=True)
class Seen:
    """One answer: who asked for what, and what came."""

    route: str
    who: str
    status: int
    text: str
    headers: tuple[tuple[str, str], ...]

    @override
    def __str__(self) -> str:
        return f"{self.route} as {self.who}: {self.status}"


class _Make(HTMLParser):
    """What a page is made of, without its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[tuple[str, ...]] = []
        self.feed(page)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kept = [
            f"{name}={value}"
            for name, value in attrs
            if name in {"class", "type", "role", "name"} or name.startswith("aria-")
        ]
        self.parts.append((tag, *sorted(kept)))


def make_of(page: str) -> frozenset[tuple[str, ...]]:
    """The kinds of elements of a page; one row and a hundred rows are of one make."""
    return frozenset(_Make(page).parts)


def seen(route: str, who: str, answer: TestResponse) -> Seen:
    """An answer, kept."""
    return Seen(route, who, answer.status_code, answer.text, tuple(answer.headers.items()))


def looks(made: Whole) -> Iterator[Seen]:
    """Every GET route as everybody is answered, where the answer is a page."""
    for route in routes(made.app):
        found = False
        for who in PEOPLE:
            answer = made.look(who, made.path(route))
            found = found or answer.status_code == OK
            if answer.mimetype == HTML and answer.status_code // 100 != 3:
                yield seen(route, who, answer)
        assert found or route in PAGELESS, f"nobody sees {route}: open something there"


def routes(app: flask.Flask) -> list[str]:
    """Every route that can be looked at."""
    return [one.rule for one in app.url_map.iter_rules() if "GET" in (one.methods or ())]


def different(pages: Iterator[Seen]) -> list[Seen]:
    """One of each make: of pages by their route, of problems by their status alone."""
    kept: dict[object, Seen] = {}
    for page in pages:
        problem = page.status >= REFUSED and "<form" not in page.text.split("<main")[-1]
        kept.setdefault((page.status if problem else page.route, make_of(page.text)), page)
    return list(kept.values())


def refused(made: Whole) -> Iterator[Seen]:
    """What forms are answered that say nothing, and what a link shows that is spent."""
    link = f"/approve/{made.link}"
    asked = made.form("bob", link, link)
    tried: dict[str, Callable[[], TestResponse]] = {
        "without a token": lambda: made.clients["bob"].post(link, headers=made.headers("bob")),
        "empty": lambda: made.send("bob", link, asked | {"decision": "approve"}),
        "stale": lambda: made.send(
            "bob", link, asked | {"decision": "approve", "justification": "x" * 40, "shown": "0"}
        ),
        "wrong code": lambda: made.send("nobody", "/sign-in/code", {"code": "12345678"}),
        "ended without a reason": lambda: _ended(made),
        "of an earlier round": lambda: _of_before(made),
        "enrolment": lambda: made.send("bob", "/console/passkeys", {"do": "begin"}),
        "no page": lambda: made.look("nobody", "/nothing"),
        "denied": lambda: _followed(made, link, asked),
        "again": lambda: made.send("bob", link, asked | {"decision": "deny"}),
    }
    for name, ask in tried.items():
        yield seen(f"{name}: {link}", "bob", ask())


def ceremonies(made: Whole) -> Iterator[Seen]:
    """The pages between two steps of a sign-in or of a signature, with what they would show."""
    key = {"enrolled_at": made.gate.clock.at, "key": "ab" * 32, "id": "pky_1"}
    wanted = {"decision": "approve", "seconds": 3600, "justification": WHY, "shown": VIEW.shown}
    known: dict[str, dict[str, object]] = {
        "to_provider.html": {"address": "https://idp.example.com/authorize"},
        "signed_out.html": {"address": "https://idp.example.com/logout"},
        "passkey_sign.html": {
            "view": VIEW,
            "wanted": wanted,
            "passkey": key,
            "others": [key],
            "link": made.link,
            "options": "{}",
        },
        "passkey_vouch.html": {
            "ident": "pky_1",
            "key": "ab" * 32,
            "options": "{}",
            "whose": "Alice Ito (alice)",
        },
    }
    for name, context in known.items():
        with made.app.test_request_context("/"):
            text = flask.render_template(name, **context)
        # It would go on to the provider before anybody looks at it.
        yield Seen(name, "nobody", OK, text.replace('http-equiv="refresh"', ""), ((TYPE, HTML),))


def _ended(made: Whole) -> TestResponse:
    """Olga wants to end access, and does not say why."""
    path = made.path("/console/grants/<ident>")
    answer = made.send("olga", path, made.form("olga", path, path))
    assert answer.status_code == 422, answer.text
    return answer


def _of_before(made: Whole) -> TestResponse:
    """What Grace's link shows once its ticket asks for something else."""
    old = made.gate.tokens("grace")[-1]
    made.gate.deliver(access_ticket("other", version=2, by="henry", beneficiary="henry", hours="1"))
    made.gate.run_mail()
    answer = made.look("grace", f"/approve/{old}")
    assert "has changed since this link was mailed" in answer.text, answer.text
    return answer


def _followed(made: Whole, link: str, asked: dict[str, str]) -> TestResponse:
    """Bob denies; what his link shows then."""
    why = "nobody needs this access tonight, ask again in the morning"
    answer = made.send("bob", link, asked | {"decision": "deny", "justification": why})
    assert answer.status_code == 303, answer.text
    return made.look("bob", link)
