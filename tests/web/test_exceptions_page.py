"""The pages of exceptions: who sees them, what a POST needs, and what they show."""

import pytest
from tests.operations.lane import WHY, Lane
from tests.operations.office import Office
from tests.operations.tickets import access_ticket
from tests.web.page_desk import BROWSER, Forms, Surfer
from tests.web.test_triage_page import app_of, lane, surfer

__all__ = ["lane"]
LIST = "/console/exceptions"
RESOLVE = {"what": "resolve", "justification": WHY}
HOSTILE = "svc-<b>x</b>\u202eexe"


@pytest.fixture
def page(lane: Lane) -> str:
    """The page of an exception of Alice's ticket, whose writer nobody knows."""
    assert lane.gate.deliver(access_ticket(updated_by=HOSTILE)) == "uncertain"
    return f"{LIST}/{lane.excepted().id}"


def test_before_sign_in_nothing_is_shown_and_nothing_is_taken(lane: Lane, page: str) -> None:
    stranger = Surfer(app_of(lane))
    for path in (LIST, page):
        assert stranger.get(path).headers["Location"].startswith("/sign-in")
    token = Forms(stranger.get("/sign-in").text).form("/sign-in")["csrf_token"]
    answer = stranger.client.post(page, data={"csrf_token": token, **RESOLVE}, headers=BROWSER)
    assert answer.status_code == 401
    assert WHY in answer.text
    assert lane.gate.records("exception.resolved") == []


def test_looking_changes_nothing_and_shows_hostile_text_as_text(lane: Lane, page: str) -> None:
    bob = surfer(lane, "bob", LIST)
    bob.get(page)
    size = lane.gate.evidence_size()
    for path in (LIST, page):
        text = bob.get(path).text
        assert "svc-&lt;b&gt;x&lt;/b&gt;" in text
        assert "\u202e" not in text
        assert "An account that neither directory nor policy knows asked for access." in text
        assert "/console/triage/tkt_" in text
        assert bob.client.head(path, headers=BROWSER).status_code == 200
        assert bob.client.options(path, headers=BROWSER).status_code == 200
    assert lane.gate.evidence_size() == size


def test_one_is_taken_and_resolved_on_its_page(lane: Lane, page: str) -> None:
    bob = surfer(lane, "bob", page)
    assert bob.submit(page, page, {"csrf_token": "x"}).status_code == 400
    answer = bob.submit(page, page, {})
    assert (answer.status_code, answer.headers["Location"]) == (303, LIST)
    assert "<strong>Yours</strong>" in bob.get(LIST).text
    assert "Take it" not in bob.get(page).text
    assert bob.submit(page, page, RESOLVE).status_code == 303
    assert "Nothing is open." in bob.get(LIST).text
    assert bob.get(page).status_code == 404
    kinds = [one["type"] for one in lane.gate.records("exception.assigned", "exception.resolved")]
    assert kinds == ["exception.assigned", "exception.resolved"]


def test_one_is_given_to_a_person_who_can_resolve_it(lane: Lane, page: str) -> None:
    bob = surfer(lane, "bob", page)
    text = bob.get(page).text
    assert '<option value="erin">' in text
    for nobody in ("alice", "mallory", "bob", "svc-ticketgate"):
        assert f'<option value="{nobody}">' not in text
    refused = bob.submit(page, page, {"what": "assign", "to": "mallory"})
    assert refused.status_code == 422
    assert "assignee" in refused.text
    assert bob.submit(page, page, {"what": "assign", "to": "erin"}).status_code == 303
    assert lane.excepted("erin").mine


def test_a_refused_form_comes_back_as_it_was_typed(lane: Lane, page: str) -> None:
    bob = surfer(lane, "bob", page)
    short = bob.submit(page, page, RESOLVE | {"justification": "a <b>short</b> one"})
    assert short.status_code == 422
    assert "a &lt;b&gt;short&lt;/b&gt; one" in short.text
    assert 'aria-invalid="true"' in short.text
    secret = bob.submit(page, page, RESOLVE | {"justification": WHY + " pw: Summer2026!"})
    assert secret.status_code == 422
    assert "secret_typed" in secret.text
    assert WHY + " pw: Summer2026!</textarea>" in secret.text
    assert 'aria-invalid="true"' in secret.text


def test_a_form_of_an_earlier_state_is_refused_and_keeps_what_was_typed(
    lane: Lane, page: str
) -> None:
    bob = surfer(lane, "bob", page)
    fields = Forms(bob.get(page).text).form(page) | RESOLVE
    assert lane.attend("take", "erin") == ""
    stale = bob.client.post(page, data=fields, headers=BROWSER)
    assert stale.status_code == 409
    assert WHY in stale.text
    fields = Forms(bob.get(page).text).form(page) | RESOLVE
    assert lane.attend("resolve", "erin") == ""
    late = bob.client.post(page, data=fields, headers=BROWSER)
    assert late.status_code == 409
    assert "resolved_already" in late.text


def test_whose_ticket_it_is_reads_why_not_and_gets_no_form(lane: Lane, page: str) -> None:
    alice = surfer(lane, "alice", page)
    text = alice.get(page).text
    assert "own_ticket" in text
    assert [where for where, _ in Forms(text).forms if where == page] == []
    bobs = Forms(surfer(lane, "bob", page).get(page).text).form(page)
    token = Forms(text).forms[0][1]["csrf_token"]
    answer = alice.client.post(page, data=bobs | RESOLVE | {"csrf_token": token}, headers=BROWSER)
    assert answer.status_code == 403
    assert lane.gate.records("exception.resolved") == []


def test_who_has_no_role_sees_nothing(lane: Lane, page: str) -> None:
    mallory = surfer(lane, "mallory", LIST)
    for path in (LIST, page):
        answer = mallory.get(path)
        assert answer.status_code == 403
        assert "svc-" not in answer.text


def test_pages_of_the_console_lead_to_each_other_as_the_roles_allow(lane: Lane, page: str) -> None:
    bob = surfer(lane, "bob", LIST)
    for path in (LIST, page, "/console/triage", "/console/quarantine"):
        text = bob.get(path).text
        assert all(f'<li><a href="{one}"' in text for one in (LIST, "/console/triage"))
        assert text.count('aria-current="page"') == 1
        assert ">Restore<" not in text
    assert 'aria-label="Console"' not in bob.get("/sign-in").text
    erin = surfer(lane, "erin", LIST).get(LIST).text
    assert f'<li><a href="{LIST}"' in erin
    assert "/console/triage" not in erin


def test_the_page_of_a_restore_is_led_to_only_while_one_is_under_way(lane: Lane) -> None:
    office = Office(lane.gate)
    assert ">Restore<" not in surfer(lane, "erin", LIST, office.desk).get(LIST).text
    office.lose()  # which ends the session
    erin = surfer(lane, "erin", LIST, office.desk)
    assert '<a href="/restore">Restore</a>' in erin.get(LIST).text
    assert ">Restore<" not in surfer(lane, "bob", LIST, office.desk).get(LIST).text
