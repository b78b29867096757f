"""What every reply of the pages carries, and what they refuse before any page sees it."""

from collections.abc import Iterator
from html.parser import HTMLParser

import flask
import pytest
from flask.testing import FlaskClient
from tests.web.page_desk import BOBS_LINK, BROWSER, SESSION_KEY, Forms, PageDesk, Surfer, app_for
from typing_extensions import override
from werkzeug.exceptions import ServiceUnavailable

from ticketgate.domain.errors import EvidenceError, Refusal
from ticketgate.web.create_app import create_app
from ticketgate.web.security import BODY_BYTES_MAX

PAGE = f"/approve/{BOBS_LINK}"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.fixture
def desk() -> PageDesk:
    return PageDesk()


@pytest.fixture
def app(desk: PageDesk) -> flask.Flask:
    """The application with two more pages: one fails, one is busy."""
    more = flask.Blueprint("more", __name__)

    @more.get("/fails")
    def fails() -> str:
        raise EvidenceError("a detail that is ours alone")

    @more.get("/busy")
    def busy() -> str:
        raise ServiceUnavailable

    return create_app(
        desk,
        public_url="http://127.0.0.1:8080",
        session_key=SESSION_KEY,
        new_secret=lambda: "browser",
        extra_blueprints=[more],
    )


@pytest.fixture
def client(app: flask.Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


REPLIES = [
    ("GET", "/sign-in", 200),
    ("GET", "/sign-in/code", 200),
    ("GET", PAGE, 200),
    ("HEAD", PAGE, 200),
    ("OPTIONS", PAGE, 200),
    ("GET", "/static/style.css", 200),
    ("GET", "/static/icon.svg", 200),
    ("GET", "/static/../create_app.py", 404),
    ("GET", "/nowhere", 404),
    ("POST", "/nowhere", 404),
    ("POST", "/sign-in", 400),
    ("DELETE", PAGE, 405),
    ("GET", "/sign-out", 405),
    ("GET", "/fails", 500),
    ("GET", "/busy", 500),
]


@pytest.mark.parametrize(("method", "path", "status"), REPLIES)
def test_every_reply_carries_the_headers(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    for headers in (BROWSER, {"Accept": "*/*"}, {}):
        reply = client.open(path, method=method, headers=headers)
        assert reply.status_code == status
        assert {name: reply.headers.get(name) for name in HEADERS} == HEADERS
        reply.close()


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/nowhere", "not_found"),
        ("POST", "/sign-in", "csrf"),
        ("DELETE", PAGE, "method_not_allowed"),
        ("GET", "/fails", "internal"),
        ("GET", "/busy", "internal"),
    ],
)
def test_errors_have_one_code_for_people_and_machines(
    client: FlaskClient, method: str, path: str, code: str
) -> None:
    page = client.open(path, method=method, headers=BROWSER)
    assert page.mimetype == "text/html"
    assert f"<code>{code}</code>" in page.text
    for headers in ({"Accept": "*/*"}, {"Accept": "application/json"}, {}):
        problem = client.open(path, method=method, headers=headers)
        assert problem.mimetype == "application/problem+json"
        assert problem.json is not None
        assert (problem.json["code"], problem.json["status"]) == (code, page.status_code)
        assert "a detail that is ours alone" not in problem.text


def test_a_refused_method_names_the_allowed_ones(client: FlaskClient) -> None:
    allowed = client.delete(PAGE).headers["Allow"]
    assert set(allowed.split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


@pytest.mark.parametrize("path", ["/sign-in", PAGE])
def test_a_form_that_is_too_large_is_refused(client: FlaskClient, path: str) -> None:
    fields = Forms(client.get("/sign-in", headers=BROWSER).text).form("/sign-in")
    fields["address"] = "x" * BODY_BYTES_MAX
    reply = client.post(path, data=fields, headers=BROWSER)
    assert reply.status_code == 413
    assert "<code>too_large</code>" in reply.text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe%zz&=&==&&&", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"x", "multipart/form-data"),
        (b"a=" * 30_000, "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_is_no_form_is_refused_without_a_fault(
    client: FlaskClient, body: bytes, kind: str
) -> None:
    for path in (PAGE, "/sign-in", "/sign-in/code", "/sign-out"):
        assert client.post(path, data=body, content_type=kind).status_code in {400, 413}


def test_over_http_the_cookie_is_httponly_and_lax(client: FlaskClient) -> None:
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("ticketgate=")
    assert set(cookie.split("; ")[1:]) == {"HttpOnly", "Path=/", "SameSite=Lax"}


def test_over_https_the_cookie_is_bound_to_the_host(desk: PageDesk) -> None:
    app = app_for(desk, "https://gate.example.com")
    cookie = app.test_client().get("/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("__Host-ticketgate=")
    assert set(cookie.split("; ")[1:]) == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_over_https_a_form_needs_no_referer(desk: PageDesk) -> None:
    client = app_for(desk, "https://gate.example.com").test_client()
    site = "https://gate.example.com"
    page = client.get("/sign-in", base_url=site, headers=BROWSER)
    fields = Forms(page.text).form("/sign-in")
    assert client.post("/sign-in", base_url=site, data=fields).status_code == 303


def test_the_cookie_holds_no_name_and_no_link(desk: PageDesk, app: flask.Flask) -> None:
    surfer = Surfer(app)
    surfer.sign_in()
    surfer.get(PAGE)
    with surfer.client.session_transaction() as kept:
        assert set(kept) == {"sid", "csrf_token"}


def test_the_host_header_builds_no_link(client: FlaskClient) -> None:
    page = client.get("/sign-in", headers={**BROWSER, "Host": "evil.example"})
    assert "evil.example" not in page.text
    assert "evil.example" not in str(page.headers)


class Places(HTMLParser):
    """Every address a page loads or leads to, and every script or style written into it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"src", "href", "action"}:
                self.found.append(value or "")
            if name == "style" or name.startswith("on"):
                self.inline.append(name)
        if tag in {"script", "style", "iframe"}:
            self.inline.append(tag)


def test_pages_load_nothing_from_elsewhere_and_run_no_script(
    desk: PageDesk, app: flask.Flask
) -> None:
    surfer = Surfer(app)
    paths = ["/sign-in", "/sign-in/code", PAGE, "/nowhere"]
    pages = [surfer.get(path).text for path in paths]
    surfer.sign_in()
    pages += [surfer.get(path).text for path in paths]
    desk.refusals["decide"] = Refusal("link_used", "Used.")
    pages.append(surfer.submit(PAGE, PAGE, {}).text)
    for page in pages:
        places = Places()
        places.feed(page)
        assert [place for place in places.found if not place.startswith(("/", "#"))] == []
        assert [place for place in places.found if place.startswith("//")] == []
        assert places.inline == []


def test_every_control_has_a_label_and_every_id_is_one(app: flask.Flask) -> None:
    surfer = Surfer(app)
    pages = [surfer.get(path).text for path in ("/sign-in", "/sign-in/code", PAGE)]
    surfer.sign_in()
    pages.append(surfer.get(PAGE).text)
    for page in pages:
        tags = Forms(page).tags
        labelled = {given["for"] for tag, given in tags if tag == "label" and "for" in given}
        controls = [
            given["id"]
            for tag, given in tags
            if tag in {"input", "textarea", "select"}
            and given.get("type") not in {"hidden", "radio"}
        ]
        idents = [given["id"] for _, given in tags if "id" in given]
        assert set(controls) <= labelled
        assert len(idents) == len(set(idents))
        assert [tag for tag, _ in tags].count("h1") == 1
        assert dict(tags)["html"] == {"lang": "en"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:8081"},
        {"Origin": "https://127.0.0.1:8080"},
        {"Origin": ""},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused_whatever_its_token(
    desk: PageDesk, client: FlaskClient, headers: dict[str, str]
) -> None:
    fields = Forms(client.get("/sign-in", headers=BROWSER).get_data(as_text=True)).form("/sign-in")
    data = fields | {"address": "bob@example.com"}
    answer = client.post("/sign-in", data=data, headers=BROWSER | headers)
    assert answer.status_code == 403
    assert "cross_site" in answer.get_data(as_text=True)
    assert desk.calls == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://127.0.0.1:8080"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_form_of_ours_is_taken(
    desk: PageDesk, client: FlaskClient, headers: dict[str, str]
) -> None:
    fields = Forms(client.get("/sign-in", headers=BROWSER).get_data(as_text=True)).form("/sign-in")
    data = fields | {"address": "bob@example.com"}
    answer = client.post("/sign-in", data=data, headers=BROWSER | headers)
    assert answer.status_code < 400
    assert [one[0] for one in desk.calls] == ["ask_code"]
