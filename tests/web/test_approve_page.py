"""The page of a link: what it shows to whom, and what a POST does."""

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.page_desk import (
    BOBS_LINK,
    BROWSER,
    CAROLS_LINK,
    JUSTIFICATION,
    MIDNIGHT,
    NOT_FOUND,
    VIEW,
    Forms,
    PageDesk,
    Surfer,
    app_for,
)

from ticketgate.domain.errors import Refusal, StoreUnavailableError
from ticketgate.domain.tickets.access_window import AccessWindow

PAGE = f"/approve/{BOBS_LINK}"
APPROVE = {"decision": "approve", "justification": JUSTIFICATION}
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}\u202egpj.exe\u200b"
STATUS_OF = {
    "not_found": 404,
    **dict.fromkeys(
        ("not_entitled", "self_approval", "alias_of_requester", "approver_inactive", "assurance"),
        403,
    ),
    **dict.fromkeys(
        (
            *("link_used", "already_decided", "decision_late"),
            *("ticket_changed", "rules_changed", "shown_changed"),
        ),
        409,
    ),
    **dict.fromkeys(("justification", "secret_typed", "seconds", "decision"), 422),
    **dict.fromkeys(
        ("directory_unreadable", "ticket_backlog", "store_unavailable", "clock_disputed"), 503
    ),
}


@pytest.fixture
def desk() -> PageDesk:
    return PageDesk()


@pytest.fixture
def bob(desk: PageDesk) -> Surfer:
    """Bob at his browser, not signed in."""
    return Surfer(app_for(desk))


@pytest.fixture
def signed_in_bob(bob: Surfer, desk: PageDesk) -> Surfer:
    """Bob, signed in; what that took is forgotten."""
    assert bob.sign_in().status_code == 303
    desk.calls.clear()
    return bob


def words_of_the_request() -> list[str]:
    """Texts that only the request can have brought into a page."""
    plain = (VIEW.ticket, VIEW.source, VIEW.requester, VIEW.entitlement, VIEW.target, VIEW.shown)
    return [*plain, VIEW.reason.splitlines()[0], VIEW.catalog_item, VIEW.rules[0][0]]


def test_before_sign_in_the_page_shows_nothing_of_the_request(bob: Surfer, desk: PageDesk) -> None:
    page = bob.get(PAGE)
    assert page.status_code == 200
    assert [word for word in words_of_the_request() if word in page.text] == []
    assert Forms(page.text).form("/sign-in")["link"] == BOBS_LINK
    assert desk.looks == []


def test_before_sign_in_a_link_that_never_was_looks_like_one_that_is(bob: Surfer) -> None:
    known, unknown = bob.get(PAGE).text, bob.get("/approve/no-such-link").text
    fields = Forms(known).form("/sign-in")["csrf_token"], Forms(unknown).form("/sign-in")
    assert known.replace(fields[0], "").replace(BOBS_LINK, "") == unknown.replace(
        fields[1]["csrf_token"], ""
    ).replace("no-such-link", "")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_link_scanners_change_nothing_however_often_they_look(
    bob: Surfer, desk: PageDesk, method: str
) -> None:
    for _ in range(30):
        assert bob.client.open(PAGE, method=method, headers=BROWSER).status_code == 200
    assert desk.calls == []
    assert desk.looks == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_while_signed_in_decides_nothing(
    signed_in_bob: Surfer, desk: PageDesk, method: str
) -> None:
    asked = f"{PAGE}?decision=approve&justification={'x' * 40}&shown={VIEW.shown}"
    assert signed_in_bob.client.open(asked, method=method, headers=BROWSER).status_code == 200
    assert desk.calls == []


def test_the_holder_sees_exactly_what_is_approved(signed_in_bob: Surfer) -> None:
    page = signed_in_bob.get(PAGE).text
    expected = [
        *words_of_the_request()[:5],
        *("Migration of the orders table.", "CHG0031337", "Elevated access", "high"),
        *("privilege.elevate, group.member", "elevated-access-item", "policy.yaml:6"),
        *("asks-for-group", "policy.yaml:19", "critical-and-high", "policy.yaml:48"),
        *("manager_of:beneficiary", "1 of 2", "line", "SG-PROD-DB-ADMIN", "mail_code"),
        *("no identity provider in the demo", "2026-11-22 08:30 UTC", "8 h was asked"),
        *("Removed 4 h after it is given, whatever happens", "At least 20 letters and digits"),
        *(VIEW.shown[:16], VIEW.shown[16:]),
    ]
    assert [word for word in expected if word not in page] == []


def test_the_holder_sees_when_access_begins_and_is_over(
    signed_in_bob: Surfer, desk: PageDesk
) -> None:
    assert "as soon as it is approved" in signed_in_bob.get(PAGE).text
    starts = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
    view = dataclasses.replace(VIEW, window=AccessWindow(starts, starts + timedelta(hours=4)))
    desk.views = {token: (who, view) for token, (who, _) in desk.views.items()}
    page = signed_in_bob.get(PAGE).text
    assert re.search(r"<dt>Begins</dt><dd><strong>.*2026-11-27 08:00.*at the earliest", page)
    assert re.search(r"At the end.*2026-11-27 12:00.*at the latest", page)


def test_the_page_tells_where_in_the_log_the_request_stands(signed_in_bob: Surfer) -> None:
    assert VIEW.place in signed_in_bob.get(PAGE).text


def test_a_second_round_and_earlier_decisions_are_told(
    signed_in_bob: Surfer, desk: PageDesk
) -> None:
    decisions = (("Carol Sy", "approve", MIDNIGHT),)
    view = dataclasses.replace(VIEW, round=2, decisions=decisions, seconds_asked=None)
    desk.views[BOBS_LINK] = ("bob", view)
    page = signed_in_bob.get(PAGE).text
    assert "round 2" in page
    assert '<bdi>Carol Sy</bdi> approved, <time datetime="2026-11-22T00:00:00Z">' in page
    assert "names no time" in page


def test_a_decision_is_taken_and_the_page_shows_the_outcome(
    signed_in_bob: Surfer, desk: PageDesk
) -> None:
    typed = APPROVE | {"justification": "First line, long enough.\r\nSecond line."}
    answer = signed_in_bob.submit(PAGE, PAGE, typed)
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE)
    assert desk.calls == [
        ("decide", BOBS_LINK, "bob", "approve", None, VIEW.shown),
        ("justification", "First line, long enough.\nSecond line."),
    ]
    outcome = signed_in_bob.get(PAGE)
    assert "You approved this access" in outcome.text
    assert "The request is approved." in outcome.text
    assert PAGE not in [action for action, _ in Forms(outcome.text).forms]


@pytest.mark.parametrize("state", ["denied", "withdrawn", "timed_out", "blocked", "approved"])
def test_a_request_that_has_ended_shows_its_state_instead_of_a_form(
    signed_in_bob: Surfer, desk: PageDesk, state: str
) -> None:
    desk.views[BOBS_LINK] = ("bob", dataclasses.replace(VIEW, state=state, reason=" "))
    page = signed_in_bob.get(PAGE).text
    assert "There is nothing left to decide" in page
    assert "The ticket gives no reason." in page
    assert PAGE not in [action for action, _ in Forms(page).forms]


def test_an_approver_may_shorten_by_choosing_or_by_posting_seconds(
    signed_in_bob: Surfer, desk: PageDesk
) -> None:
    options = [
        given["value"] for tag, given in Forms(signed_in_bob.get(PAGE).text).tags if tag == "option"
    ]
    assert options == ["", "7200", "3600", "1800", "900"]
    signed_in_bob.submit(PAGE, PAGE, APPROVE | {"seconds": "5400"})
    assert desk.calls[0] == ("decide", BOBS_LINK, "bob", "approve", 5400, VIEW.shown)


@pytest.mark.parametrize("seconds", ["-1", "1.5", "1e3", "٣٦٠٠", " 60", "60s", "9" * 10, "\x00"])
def test_seconds_that_are_no_whole_number_never_reach_the_desk(
    signed_in_bob: Surfer, desk: PageDesk, seconds: str
) -> None:
    answer = signed_in_bob.submit(PAGE, PAGE, APPROVE | {"seconds": seconds})
    assert answer.status_code == 422
    assert "<code>seconds</code>" in answer.text
    assert desk.calls == []


@pytest.mark.parametrize(("code", "status"), STATUS_OF.items())
def test_each_refusal_has_its_status_and_code_for_people_and_machines(
    signed_in_bob: Surfer, desk: PageDesk, code: str, status: int
) -> None:
    desk.refusals["decide"] = Refusal(code, "The reason.", "The next step.")
    page = signed_in_bob.submit(PAGE, PAGE, APPROVE)
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert f"<code>{code}</code>" in page.text
    problem = signed_in_bob.submit(PAGE, PAGE, APPROVE, headers={"Accept": "*/*"})
    assert (problem.status_code, problem.mimetype) == (status, "application/problem+json")
    assert problem.json is not None
    assert (problem.json["code"], problem.json["status"]) == (code, status)
    if code not in {"not_found", "directory_unreadable"}:  # told in words of their own
        assert "The next step." in page.text
        assert problem.json["next_step"] == "The next step."
    assert ("Retry-After" in page.headers) == (status == 503)


@pytest.mark.parametrize("code", ["justification", "secret_typed", "ticket_backlog"])
def test_what_was_typed_is_kept_where_trying_again_makes_sense(
    signed_in_bob: Surfer, desk: PageDesk, code: str
) -> None:
    desk.refusals["decide"] = Refusal(code, "The reason.", "The next step.")
    typed = {"decision": "deny", "justification": "\nno & <b>never</b>", "seconds": "3600"}
    page = signed_in_bob.submit(PAGE, PAGE, typed).text
    kept = Forms(page).form(PAGE)
    assert (kept["decision"], kept["justification"]) == ("deny", "\nno & <b>never</b>")
    assert kept["shown"] == VIEW.shown
    assert '<option value="3600" selected>' in page


def test_what_was_typed_is_kept_while_the_page_itself_cannot_be_shown(
    signed_in_bob: Surfer, desk: PageDesk
) -> None:
    fields = Forms(signed_in_bob.get(PAGE).text).form(PAGE) | APPROVE
    desk.refusals["decide"] = desk.refusals["open_link"] = Refusal(
        "directory_unreadable",
        "/srv/gate/directory.yaml:12: people.bob: `mial` is not known",
        "mend /srv/gate/directory.yaml",
    )
    answer = signed_in_bob.client.post(PAGE, data=fields, headers=BROWSER)
    assert answer.status_code == 503
    assert JUSTIFICATION in answer.text
    assert "The directory cannot be read now" in answer.text
    assert "/srv" not in answer.text  # where it lies, and which line, is for who runs it


def test_a_form_is_not_filled_in_again_when_it_would_be_about_something_else(
    signed_in_bob: Surfer, desk: PageDesk
) -> None:
    fields = Forms(signed_in_bob.get(PAGE).text).form(PAGE) | APPROVE
    desk.views[BOBS_LINK] = ("bob", dataclasses.replace(VIEW, shown="f" * 64))
    desk.refusals["decide"] = Refusal("justification", "Too short.")
    answer = signed_in_bob.client.post(PAGE, data=fields, headers=BROWSER)
    assert answer.status_code == 409
    assert "<code>shown_changed</code>" in answer.text
    assert "f" * 64 not in answer.text


def test_one_who_may_no_longer_decide_is_told_why(signed_in_bob: Surfer, desk: PageDesk) -> None:
    desk.refusals["open_link"] = Refusal("not_entitled", "You left the group sec-iam.")
    page = signed_in_bob.get(PAGE)
    assert page.status_code == 403
    assert "You left the group sec-iam." in page.text


def test_unknown_expired_and_others_links_and_pages_answer_alike(
    signed_in_bob: Surfer, desk: PageDesk
) -> None:
    desk.views["expired-link"] = ("", VIEW)
    pages = []
    for path in (f"/approve/{CAROLS_LINK}", "/approve/unknown", "/approve/expired-link", "/x"):
        reply = signed_in_bob.get(path)
        assert reply.status_code == 404
        token = Forms(reply.text).form("/sign-out")["csrf_token"]
        pages.append(reply.text.replace(token, ""))
    assert len(set(pages)) == 1


def test_posting_to_anothers_link_answers_like_an_unknown_one(signed_in_bob: Surfer) -> None:
    fields = Forms(signed_in_bob.get(PAGE).text).form(PAGE) | APPROVE
    replies = [
        signed_in_bob.client.post(f"/approve/{link}", data=fields, headers={"Accept": "*/*"})
        for link in (CAROLS_LINK, "unknown")
    ]
    assert [reply.status_code for reply in replies] == [404, 404]
    assert replies[0].data == replies[1].data
    assert NOT_FOUND.reason not in replies[0].text


def test_a_post_without_the_csrf_token_is_refused(signed_in_bob: Surfer, desk: PageDesk) -> None:
    fields = Forms(signed_in_bob.get(PAGE).text).form(PAGE) | APPROVE
    token = fields.pop("csrf_token")
    for forged in (fields, fields | {"csrf_token": token[:-1]}, fields | {"csrf_token": "é"}):
        answer = signed_in_bob.client.post(PAGE, data=forged, headers=BROWSER)
        assert (answer.status_code, "<code>csrf</code>" in answer.text) == (400, True)
    assert desk.calls == []


def test_the_csrf_token_of_another_browser_is_refused(
    signed_in_bob: Surfer, desk: PageDesk
) -> None:
    mallory = Surfer(signed_in_bob.client.application)
    stolen = Forms(mallory.get(PAGE).text).form("/sign-in")["csrf_token"]
    fields = Forms(signed_in_bob.get(PAGE).text).form(PAGE) | APPROVE | {"csrf_token": stolen}
    assert signed_in_bob.client.post(PAGE, data=fields, headers=BROWSER).status_code == 400
    assert desk.calls == []


def test_a_post_after_the_session_ended_records_nothing_and_loses_no_word(
    signed_in_bob: Surfer, desk: PageDesk
) -> None:
    fields = Forms(signed_in_bob.get(PAGE).text).form(PAGE) | APPROVE
    desk.sessions.clear()
    answer = signed_in_bob.client.post(PAGE, data=fields, headers=BROWSER)
    assert answer.status_code == 401
    assert "<code>not_signed_in</code>" in answer.text
    assert JUSTIFICATION in answer.text
    assert [word for word in words_of_the_request() if word in answer.text] == []
    assert desk.calls == []


def test_fields_that_the_form_does_not_have_are_ignored(
    signed_in_bob: Surfer, desk: PageDesk
) -> None:
    extra = {"approver": "carol", "subject": "carol", "state": "approved", "link": CAROLS_LINK}
    assert signed_in_bob.submit(PAGE, PAGE, APPROVE | extra).status_code == 303
    assert desk.calls[0] == ("decide", BOBS_LINK, "bob", "approve", None, VIEW.shown)


TEXT_FIELDS = (
    *("ticket", "source", "requester", "beneficiary", "entitlement", "target", "catalog_item"),
    *("reason", "tier", "clause", "stage_name", "assurance", "because"),
)


def test_hostile_text_is_inert_in_every_field(signed_in_bob: Surfer, desk: PageDesk) -> None:
    honest = Forms(signed_in_bob.get(PAGE).text).tags
    everywhere: dict[str, Any] = dict.fromkeys(TEXT_FIELDS, HOSTILE)
    view = dataclasses.replace(
        VIEW,
        access=((HOSTILE, HOSTILE),),
        kinds=(HOSTILE, HOSTILE),
        rules=((HOSTILE, HOSTILE), (HOSTILE, HOSTILE)),
        approve_rule=(HOSTILE, HOSTILE),
        **everywhere,
    )
    desk.views[BOBS_LINK] = ("bob", view)
    page = signed_in_bob.get(PAGE).text
    assert [tag for tag, _ in Forms(page).tags] == [tag for tag, _ in honest]
    assert "\u202e" not in page
    assert "\u200b" not in page
    assert "⟦U+202E⟧gpj.exe⟦U+200B⟧" in page
    assert "{{ 7*7 }}" in page


def test_the_holder_sees_everybody_who_shaped_what_is_asked(
    desk: PageDesk, signed_in_bob: Surfer
) -> None:
    people = (("Alice Ito (alice)", ("requester", "beneficiary")), ("<b>x</b>", ("editor",)))
    desk.views[BOBS_LINK] = ("bob", dataclasses.replace(VIEW, shapers=people))
    page = signed_in_bob.get(PAGE).text
    assert "Alice Ito (alice)</bdi>: opened it, was to receive it</li>" in page
    assert "&lt;b&gt;x&lt;/b&gt;</bdi>: changed what is asked</li>" in page
    assert "Who shaped it" in page


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=st.text(st.characters(), max_size=60))
def test_no_text_of_a_ticket_changes_the_structure_of_the_page(
    signed_in_bob: Surfer, desk: PageDesk, text: str
) -> None:
    desk.views[BOBS_LINK] = ("bob", dataclasses.replace(VIEW, catalog_item="x"))
    honest = [tag for tag, _ in Forms(signed_in_bob.get(PAGE).text).tags]
    view = dataclasses.replace(VIEW, requester=text, catalog_item=f"x{text}", reason=f"x{text}")
    desk.views[BOBS_LINK] = ("bob", view)
    page = signed_in_bob.get(PAGE)
    assert page.status_code == 200
    assert [tag for tag, _ in Forms(page.text).tags] == honest


def test_a_store_that_is_down_is_a_503_page(signed_in_bob: Surfer, desk: PageDesk) -> None:
    desk.refusals["session"] = StoreUnavailableError("The store is full.", next_step="Wait.")
    page = signed_in_bob.get(PAGE)
    assert page.status_code == 503
    assert "The store is full." in page.text
    assert page.headers["Retry-After"] == "5"


def test_a_fault_of_ours_tells_nothing_of_itself(
    signed_in_bob: Surfer, desk: PageDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.refusals["open_link"] = RuntimeError("secret detail")
    page = signed_in_bob.get(PAGE)
    assert page.status_code == 500
    assert "secret detail" not in page.text
    assert "<code>internal</code>" in page.text
    assert BOBS_LINK not in capsys.readouterr().out
