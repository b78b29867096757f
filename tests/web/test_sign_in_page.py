"""Sign-in by mail code: bound to the browser that asked, and the same answer for everybody."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.page_desk import BOBS_LINK, BROWSER, CODE, Forms, PageDesk, Surfer, app_for

from ticketgate.domain.errors import Refusal
from ticketgate.web.sign_in import local

PAGE = f"/approve/{BOBS_LINK}"


@pytest.fixture
def desk() -> PageDesk:
    return PageDesk()


@pytest.fixture
def bob(desk: PageDesk) -> Surfer:
    """Bob at his browser, not signed in."""
    return Surfer(app_for(desk))


def cookie_of(surfer: Surfer) -> str:
    """What the browser keeps."""
    cookie = surfer.client.get_cookie("ticketgate", "localhost")
    return cookie.value if cookie else ""


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/code", PAGE])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_sends_no_code(bob: Surfer, desk: PageDesk, path: str, method: str) -> None:
    assert bob.client.open(path, method=method, headers=BROWSER).status_code == 200
    assert desk.calls == []


def test_the_code_of_a_link_goes_to_its_holder_and_leads_back_to_it(
    bob: Surfer, desk: PageDesk
) -> None:
    asked = bob.submit(PAGE, "/sign-in", {})
    assert desk.calls == [("ask_code", "browser-0", None, BOBS_LINK)]
    assert asked.status_code == 303
    entered = bob.submit(asked.headers["Location"], "/sign-in/code", {"code": CODE})
    assert (entered.status_code, entered.headers["Location"]) == (303, PAGE)
    assert "Bob Ng" in bob.get(PAGE).text


def test_a_code_can_be_asked_for_by_address(bob: Surfer, desk: PageDesk) -> None:
    asked = bob.submit("/sign-in", "/sign-in", {"address": " bob@example.com "})
    assert desk.calls == [("ask_code", "browser-0", "bob@example.com", None)]
    entered = bob.submit(asked.headers["Location"], "/sign-in/code", {"code": CODE})
    assert entered.headers["Location"] == "/sign-in"
    page = bob.get("/sign-in").text
    assert "You are signed in" in page
    assert "2026-11-22 08:30 UTC" in page


def test_known_and_unknown_addresses_get_the_same_answer(desk: PageDesk) -> None:
    answers = []
    for address in ("bob@example.com", "nobody@example.com", ""):
        surfer = Surfer(app_for(desk))
        asked = surfer.submit("/sign-in", "/sign-in", {"address": address})
        page = surfer.get(asked.headers["Location"]).text
        token = Forms(page).form("/sign-in/code")["csrf_token"]
        answers.append((asked.status_code, asked.data, page.replace(token, "")))
    assert len(set(answers)) == 1


def test_one_browser_keeps_its_secret_and_another_has_another(bob: Surfer, desk: PageDesk) -> None:
    bob.submit(PAGE, "/sign-in", {})
    bob.submit(PAGE, "/sign-in", {})
    other = bob.client.application.test_client()
    fields = Forms(other.get(PAGE, headers=BROWSER).text).form("/sign-in")
    other.post("/sign-in", data=fields, headers=BROWSER)
    browsers = [call[1] for call in desk.calls]
    assert browsers[0] == browsers[1] != browsers[2]


@pytest.mark.parametrize("typed", ["12345678", "1234 5678", " 12-34-56-78 ", "1234\u00a05678\t"])
def test_a_code_is_read_as_people_type_it(bob: Surfer, desk: PageDesk, typed: str) -> None:
    asked = bob.submit(PAGE, "/sign-in", {})
    entered = bob.submit(asked.headers["Location"], "/sign-in/code", {"code": typed})
    assert entered.status_code == 303
    assert desk.calls[-1] == ("enter_code", "browser-0", CODE)


@pytest.mark.parametrize("typed", ["", "1234567", "123456789", "1234567a", "١٢٣٤٥٦٧٨", "²" * 8])
def test_what_is_no_code_costs_no_try(bob: Surfer, desk: PageDesk, typed: str) -> None:
    asked = bob.submit(PAGE, "/sign-in", {})
    entered = bob.submit(asked.headers["Location"], "/sign-in/code", {"code": typed})
    assert entered.status_code == 401
    assert "<code>code_wrong</code>" in entered.text
    assert [call[0] for call in desk.calls] == ["ask_code"]


def test_a_code_in_a_browser_that_asked_for_none_is_refused(bob: Surfer, desk: PageDesk) -> None:
    entered = bob.submit("/sign-in/code", "/sign-in/code", {"code": CODE})
    assert entered.status_code == 401
    assert "<code>code_expired</code>" in entered.text
    assert desk.calls == []


@pytest.mark.parametrize(
    ("code", "status"), [("code_wrong", 401), ("code_expired", 401), ("code_tries", 429)]
)
def test_a_refused_code_says_why_and_keeps_the_way_back(
    bob: Surfer, desk: PageDesk, code: str, status: int
) -> None:
    desk.refusals["enter_code"] = Refusal(code, "The reason.", "The next step.")
    asked = bob.submit(PAGE, "/sign-in", {})
    where = asked.headers["Location"]
    page = bob.submit(where, "/sign-in/code", {"code": CODE})
    assert page.status_code == status
    assert f"<code>{code}</code>" in page.text
    assert "The next step." in page.text
    assert Forms(page.text).form("/sign-in/code")["next"] == PAGE
    machine = bob.submit(where, "/sign-in/code", {"code": CODE}, headers={"Accept": "*/*"})
    assert machine.mimetype == "application/problem+json"
    assert machine.json is not None
    assert machine.json["code"] == code


def test_too_many_codes_is_told(bob: Surfer, desk: PageDesk) -> None:
    desk.refusals["ask_code"] = Refusal("too_many_codes", "Five codes were sent.", "Wait.")
    page = bob.submit("/sign-in", "/sign-in", {"address": '"><b>@example.com'})
    assert page.status_code == 429
    assert "Five codes were sent." in page.text
    assert Forms(page.text).form("/sign-in")["address"] == '"><b>@example.com'


def test_the_session_is_new_at_sign_in_and_the_old_one_ends(bob: Surfer, desk: PageDesk) -> None:
    bob.sign_in()
    before = cookie_of(bob)
    planted = Forms(bob.get(PAGE).text).form("/sign-out")["csrf_token"]
    asked = bob.submit("/sign-in/code", "/sign-in/code", {"code": CODE})
    assert asked.status_code == 401
    fields = {"address": "bob@example.com", "csrf_token": planted}
    bob.client.post("/sign-in", data=fields, headers=BROWSER)
    bob.submit("/sign-in/code", "/sign-in/code", {"code": CODE})
    assert ("sign_out", "session-0") in desk.calls
    assert list(desk.sessions) == ["session-1"]
    assert cookie_of(bob) != before
    stale = bob.client.post("/sign-out", data={"csrf_token": planted}, headers=BROWSER)
    assert stale.status_code == 400


def test_signing_out_ends_the_session_here_and_at_the_desk(bob: Surfer, desk: PageDesk) -> None:
    bob.sign_in()
    kept = cookie_of(bob)
    left = bob.submit(PAGE, "/sign-out", {})
    assert (left.status_code, left.headers["Location"]) == (303, "/sign-in")
    assert desk.sessions == {}
    bob.client.set_cookie("ticketgate", kept)
    assert "Sign in to open this link" in bob.get(PAGE).text


def test_signing_out_twice_is_no_fault(bob: Surfer, desk: PageDesk) -> None:
    token = Forms(bob.get("/sign-in").text).form("/sign-in")["csrf_token"]
    left = bob.client.post("/sign-out", data={"csrf_token": token}, headers=BROWSER)
    assert left.status_code == 303
    assert desk.calls == []


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/code", "/sign-out"])
def test_a_post_without_the_csrf_token_is_refused(bob: Surfer, desk: PageDesk, path: str) -> None:
    bob.sign_in()
    desk.calls.clear()
    fields = {"address": "bob@example.com", "code": CODE}
    assert bob.client.post(path, data=fields, headers=BROWSER).status_code == 400
    assert desk.calls == []


def test_a_forged_cookie_is_nobody(bob: Surfer, desk: PageDesk) -> None:
    bob.sign_in()
    forged = cookie_of(Surfer(app_for(desk))) or "eyJzaWQiOiJzZXNzaW9uLTAifQ.aaaaaa.bbbbbb"
    bob.client.set_cookie("ticketgate", forged)
    assert "Sign in to open this link" in bob.get(PAGE).text


@pytest.mark.parametrize(
    "target",
    [
        *("https://evil.example/", "//evil.example", "/\\evil.example", "/approve/../..//evil"),
        *("/approve/a/b", "/approve/", "/approve/x?y", "javascript:alert(1)", "/approve/x\n", ""),
        *("/approve/x%0d%0aSet-Cookie:a", "approve/x", " /approve/x", "/sign-out"),
    ],
)
def test_sign_in_leads_nowhere_else(bob: Surfer, target: str) -> None:
    bob.submit("/sign-in", "/sign-in", {"address": "bob@example.com", "next": target})
    page = bob.client.get("/sign-in/code", query_string={"next": target}, headers=BROWSER)
    fields = Forms(page.text).form("/sign-in/code")
    assert fields["next"] == "/sign-in"
    fields |= {"code": CODE, "next": target}
    entered = bob.client.post("/sign-in/code", data=fields, headers=BROWSER)
    assert (entered.status_code, entered.headers["Location"]) == (303, "/sign-in")


@given(target=st.text(max_size=80) | st.text("/\\.:@?#%approve", max_size=30))
def test_no_text_at_all_leads_away(target: str) -> None:
    onward = local(target)
    rest = onward.removeprefix("/approve/")
    assert onward == "/sign-in" or (onward == target and "/" not in rest and rest.isascii())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(link=st.text(max_size=40))
def test_any_text_for_a_link_is_answered_alike(bob: Surfer, desk: PageDesk, link: str) -> None:
    asked = bob.submit("/sign-in", "/sign-in", {"link": link, "address": "x@example.com"})
    assert asked.status_code == 303
    assert asked.headers["Location"].startswith("/sign-in/code?next=/")
