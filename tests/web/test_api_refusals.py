"""What `/api/v1` refuses, each with its code; all of it leaves one gate as it was."""

import json
from collections.abc import Callable, Iterator

import pytest
from tests.operations.kit import Gate, folder
from tests.operations.lane import WHY, Lane, doubtful
from tests.web.api_client import (
    DISMISS,
    ORIGIN,
    QUARANTINE,
    TRIAGE,
    YES,
    Caller,
    code,
    path_of,
    words,
)
from tests.web.page_desk import BROWSER, Forms


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    """A gate with a delivery that cannot be read, and behind it a ticket that nobody can tell."""
    with folder() as path:
        gate = Gate(path)
        try:
            gate.deliver(b"[1]", "unreadable")
            gate.deliver(doubtful())
            yield Lane(gate)
        finally:
            gate.stop()


@pytest.fixture(scope="module")
def bob(lane: Lane) -> Caller:
    """Bob has the role `triage`."""
    return Caller(lane)


@pytest.fixture(scope="module")
def page(bob: Caller) -> str:
    return path_of(bob)


@pytest.fixture(scope="module")
def parked(bob: Caller) -> str:
    return path_of(bob, QUARANTINE)


@pytest.fixture
def nothing_said(lane: Lane) -> Callable[[], bool]:
    """Tells whether nobody has said anything since the test began (its control: test_api.py)."""
    before = words(lane)
    return lambda: words(lane) == before


# --- who ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_who_is_not_signed_in_hears_so_and_sees_nothing(
    lane: Lane, page: str, parked: str, method: str, nothing_said: Callable[[], bool]
) -> None:
    stranger = Caller(lane, "")
    paths = [page, parked] if method == "POST" else [TRIAGE, QUARANTINE, page, parked]
    for path in paths:
        answer = stranger.ask(method, path, {"Content-Type": "application/json"}, b"{}")
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
        if method != "HEAD":
            assert code(answer) == (401, "not_signed_in")
        assert "INC-p1" not in answer.text
    assert nothing_said()


def test_no_token_of_a_machine_signs_anybody_in(lane: Lane, bob: Caller, page: str) -> None:
    """Not even the very secret of Bob's session, unless it comes in the cookie that is signed."""
    with bob.client.session_transaction() as kept:
        secret = kept["sid"]
    stranger = Caller(lane, "")
    cookie = bob.client.get_cookie("ticketgate")
    assert cookie is not None
    for word in (secret, cookie.value):
        for headers in (
            {"Authorization": f"Bearer {word}"},
            {"Authorization": f"Basic {word}"},
            {"X-API-Key": word},
            {"Cookie": f"sid={word}"},
            {"Cookie": f"ticketgate={secret}"},
        ):
            assert code(stranger.ask("GET", page, headers)) == (401, "not_signed_in")
    own = {"Cookie": f"ticketgate={cookie.value}"}
    assert stranger.ask("GET", page, own).status_code == 200, "the cookie itself does"


def test_who_has_not_the_role_sees_no_ticket_and_says_nothing(
    lane: Lane, bob: Caller, page: str, parked: str, nothing_said: Callable[[], bool]
) -> None:
    shown = {path: bob.read(path)["shown"] for path in (page, parked)}
    erin = Caller(lane, "erin")
    for path in (TRIAGE, QUARANTINE, page, parked):
        assert code(erin.get(path)) == (403, "not_triage")
    answer = erin.client.get("/console/exceptions", headers=BROWSER)
    token = Forms(answer.text).form("/sign-out")["csrf_token"]
    for path, word in ((page, YES), (parked, DISMISS)):
        body = json.dumps({**word, "justification": WHY, "shown": shown[path]}).encode()
        headers = {"Content-Type": "application/json", "X-CSRF-Token": token}
        assert code(erin.ask("POST", path, headers, body)) == (403, "not_triage")
    assert nothing_said()


def test_whose_ticket_it_is_may_read_it_and_not_say_it(
    lane: Lane, page: str, nothing_said: Callable[[], bool]
) -> None:
    alice = Caller(lane, "alice")
    barred = alice.read(page)["barred"]
    assert barred["code"] == "own_ticket"
    assert code(alice.say(page, YES)) == (403, "own_ticket")
    assert nothing_said()


# --- from where, and how -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:8081"},
        {"Origin": "https://127.0.0.1:8080"},
        {"Origin": f"{ORIGIN}, https://evil.example"},
        {"Origin": f"{ORIGIN}.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN},
    ],
    ids=str,
)
def test_another_site_is_refused_with_cookie_and_token(
    bob: Caller, page: str, headers: dict[str, str], nothing_said: Callable[[], bool]
) -> None:
    body = json.dumps({**YES, "justification": WHY, "shown": bob.read(page)["shown"]}).encode()
    whole = bob.headers() | headers
    assert code(bob.ask("POST", page, whole, body)) == (403, "cross_site")
    assert code(bob.ask("GET", page, headers)) == (403, "cross_site")
    assert nothing_said()


@pytest.mark.parametrize("token", ["", "x", "IjEyMyI.aSB.x"])
def test_a_post_without_the_token_of_its_session_is_refused(
    bob: Caller, page: str, token: str, nothing_said: Callable[[], bool]
) -> None:
    assert code(bob.say(page, YES, X_CSRF_Token=token)) == (400, "csrf")
    assert nothing_said()


def test_the_token_counts_in_no_other_place(
    bob: Caller, page: str, nothing_said: Callable[[], bool]
) -> None:
    token = bob.token()
    inside = bob.say(page, YES | {"csrf_token": token}, X_CSRF_Token="")
    assert code(inside) == (400, "csrf")
    other = bob.say(page, YES, X_CSRF_Token="", X_CSRFToken=token)
    assert code(other) == (400, "csrf")
    assert nothing_said()


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-8",
        "application/json, text/plain",
        "application/jsonp",
        "application/problem+json",
        "text/json",
    ],
)
def test_a_body_of_any_other_type_is_refused(
    bob: Caller, page: str, kind: str, nothing_said: Callable[[], bool]
) -> None:
    assert code(bob.say(page, YES, Content_Type=kind)) == (415, "content_type")
    assert nothing_said()


def test_a_form_with_its_token_is_refused_as_well(
    bob: Caller, page: str, nothing_said: Callable[[], bool]
) -> None:
    fields = {**YES, "csrf_token": bob.token(), "justification": WHY, "shown": "0" * 64}
    assert code(bob.client.post(page, data=fields)) == (415, "content_type")
    assert nothing_said()


# --- the body ----------------------------------------------------------------------------------

DEEP = b'{"verdict": ' + b"[" * 40 + b"]" * 40 + b"}"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"{} {}", "not_json"),
        (b"\xff", "not_utf8"),
        (b"\xef\xbb\xbf{}", "byte_order_mark"),
        (b'{"verdict": "not_identity", "verdict": "identity"}', "duplicate_key"),
        (b'{"verdict": "not_identity", "v\\u0065rdict": "identity"}', "duplicate_key"),
        (b'{"verdict": NaN}', "number"),
        (DEEP, "depth"),
        (b'{"verdict": "\\ud800"}', "surrogate"),
        (b'{"verdict": "\\u0000"}', "nul"),
        (b"[]", "body_shape"),
        (b"null", "body_shape"),
        (b'"identity"', "body_shape"),
        (b"{}", "body_shape"),
        (b'{"verdict": 1, "justification": "", "shown": ""}', "body_shape"),
        (b'{"verdict": null, "justification": "", "shown": ""}', "body_shape"),
        (b'{"verdict": "identity", "justification": ""}', "body_shape"),
        (b'{"verdict": "", "kinds": "a", "justification": "", "shown": ""}', "body_shape"),
        (b'{"verdict": "", "kinds": [1], "justification": "", "shown": ""}', "body_shape"),
        (b'{"verdict": "", "kinds": null, "justification": "", "shown": ""}', "body_shape"),
        (b'{"verdict": "", "tier": null, "justification": "", "shown": ""}', "body_shape"),
        (b'{"verdict": "", "justification": "", "shown": "", "Kinds": []}', "unknown_key"),
        (b'{"verdict": "", "justification": "", "shown": "", "what": "release"}', "unknown_key"),
    ],
)
def test_a_body_that_is_not_what_is_taken_is_refused_with_its_code(
    bob: Caller, page: str, body: bytes, why: str, nothing_said: Callable[[], bool]
) -> None:
    answer = bob.send(page, body)
    assert code(answer) == (400, why)
    assert answer.json is not None
    assert "nothing was recorded" in answer.json["next_step"]
    assert "body is kept" not in answer.text
    assert nothing_said()


def test_a_body_of_quarantine_is_as_strict(
    bob: Caller, parked: str, nothing_said: Callable[[], bool]
) -> None:
    for body, why in (
        (b'{"what": "dismiss", "what": "release"}', "duplicate_key"),
        (b'{"what": "dismiss"}', "body_shape"),
        (b'{"what": "dismiss", "justification": "", "shown": "", "force": true}', "unknown_key"),
    ):
        assert code(bob.send(parked, body)) == (400, why)
    assert nothing_said()


def test_a_body_that_is_too_large_is_refused(
    bob: Caller, page: str, nothing_said: Callable[[], bool]
) -> None:
    answer = bob.say(page, YES | {"justification": "x" * 70_000})
    assert code(answer) == (413, "too_large")
    assert nothing_said()


def test_a_query_is_refused_and_not_ignored(bob: Caller, page: str) -> None:
    for path in (f"{TRIAGE}?source=snow-prod", f"{page}?shown=1"):
        assert code(bob.get(path)) == (400, "unknown_key")


# --- what the desk refuses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "status", "why"),
    [
        ({"shown": "0" * 64}, 409, "ticket_changed"),
        ({"shown": ""}, 409, "ticket_changed"),
        ({"verdict": "uncertain"}, 422, "verdict"),
        ({"verdict": "Identity"}, 422, "verdict"),
        ({"kinds": []}, 422, "kinds"),
        ({"kinds": ["delegation", "joy"]}, 422, "kinds"),
        ({"tier": "low"}, 422, "tier"),
        ({"tier": ""}, 422, "tier"),
        ({"justification": "too short"}, 422, "justification"),
        ({"justification": f"{WHY} pw: Summer2026!"}, 422, "secret_typed"),
    ],
)
def test_the_desk_s_refusals_are_problems_with_their_codes(
    bob: Caller,
    page: str,
    more: dict[str, object],
    status: int,
    why: str,
    nothing_said: Callable[[], bool],
) -> None:
    assert code(bob.say(page, YES | more)) == (status, why)
    assert nothing_said()


@pytest.mark.parametrize(
    ("more", "status", "why"),
    [
        ({"shown": "0" * 64}, 409, "shown_changed"),
        ({"what": "forget"}, 422, "what"),
        ({"justification": "x"}, 422, "justification"),
        ({"justification": f"{WHY} pw: Summer2026!"}, 422, "secret_typed"),
    ],
)
def test_so_are_those_of_quarantine(
    bob: Caller,
    parked: str,
    more: dict[str, object],
    status: int,
    why: str,
    nothing_said: Callable[[], bool],
) -> None:
    assert code(bob.say(parked, DISMISS | more)) == (status, why)
    assert nothing_said()


# --- looking, and what there is not ------------------------------------------------------------


@pytest.mark.parametrize("accept", ["text/html", "application/json", "*/*", ""])
def test_what_there_is_not_is_the_same_problem_whoever_accepts_what(
    bob: Caller, accept: str
) -> None:
    paths = ("triage/tkt_none", "quarantine/dlv_none", "grants", "exceptions/1", "triage/", "")
    answers = [bob.get(f"/api/v1/{path}", Accept=accept) for path in paths]
    answers.append(bob.get("/api/v2/triage", Accept=accept))
    assert {code(one) for one in answers} == {(404, "not_found")}
    assert len({one.data for one in answers}) == 1
    assert bob.client.get("/nowhere", headers=BROWSER).mimetype == "text/html"


def test_a_word_about_what_is_not_there_is_the_same_404(bob: Caller, page: str) -> None:
    body = json.dumps({**YES, "justification": WHY, "shown": "0" * 64}).encode()
    answer = bob.send(f"{TRIAGE}/tkt_none", body)
    assert code(answer) == (404, "not_found")
    assert answer.data == bob.get(f"{TRIAGE}/tkt_none").data


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused_and_the_allowed_ones_named(
    bob: Caller, page: str, method: str, nothing_said: Callable[[], bool]
) -> None:
    answer = bob.ask(method, page, bob.headers(), b"{}")
    assert code(answer) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert code(bob.ask("POST", TRIAGE, bob.headers(), b"{}")) == (405, "method_not_allowed")
    assert nothing_said()
