"""The pages of quarantine: who sees them, what a POST needs, and what they show."""

from dataclasses import replace

import pytest
from tests.domain.planted import PLANTED
from tests.operations.lane import WHY, Lane
from tests.operations.tickets import printer_incident
from tests.web.page_desk import BROWSER, Forms, Surfer
from tests.web.test_triage_page import app_of, lane, surfer

__all__ = ["lane"]
LIST = "/console/quarantine"
SAID = {"what": "dismiss", "justification": WHY}


@pytest.fixture
def page(lane: Lane) -> str:
    """The page of a delivery that cannot be read."""
    lane.gate.deliver(b"[1]", "msg\u202e:<b>x</b>")
    found = lane.quarantine.listed("bob")
    assert isinstance(found, tuple)
    return f"{LIST}/{found[0].id}"


def test_before_sign_in_nothing_is_shown_and_nothing_is_taken(lane: Lane, page: str) -> None:
    stranger = Surfer(app_of(lane))
    for path in (LIST, page):
        assert stranger.get(path).headers["Location"].startswith("/sign-in")
    token = Forms(stranger.get("/sign-in").text).form("/sign-in")["csrf_token"]
    answer = stranger.client.post(page, data={"csrf_token": token, **SAID}, headers=BROWSER)
    assert answer.status_code == 401
    assert lane.gate.records("delivery.dismissed") == []


def test_the_page_shows_what_the_body_tells_and_what_differs(lane: Lane) -> None:
    first = printer_incident("p7")
    lane.gate.deliver(first)
    told = f"<b>see</b> {PLANTED['github'][1]}"
    lane.gate.deliver(replace(first, fields={**first.fields, "description": told}))
    found = lane.quarantine.listed("bob")
    assert isinstance(found, tuple)
    bob = surfer(lane, "bob", LIST)
    page = bob.get(f"{LIST}/{found[0].id}").text
    assert "INC-p7" in page
    assert "opened by <bdi>Alice</bdi>" in page
    assert "Against revision 1" in page
    assert "&lt;b&gt;see&lt;/b&gt; ⟦secret: github token, 40 characters⟧" in page
    assert PLANTED["github"][1] not in page
    assert "priority" not in page, "only what differs"


def test_looking_changes_nothing(lane: Lane, page: str) -> None:
    bob = surfer(lane, "bob", LIST)
    bob.get(page)
    size = lane.gate.evidence_size()
    for path in (LIST, page):
        assert bob.get(path).status_code == 200
        assert bob.client.head(path, headers=BROWSER).status_code == 200
        assert bob.client.options(path, headers=BROWSER).status_code == 200
    assert lane.gate.evidence_size() == size
    assert "The body is not strict JSON" not in bob.get(LIST).text
    assert "not_a_record" in bob.get(page).text


def test_a_delivery_is_dismissed_on_its_page(lane: Lane, page: str) -> None:
    bob = surfer(lane, "bob", page)
    assert bob.submit(page, page, SAID | {"csrf_token": "x"}).status_code == 400
    answer = bob.submit(page, page, SAID)
    assert (answer.status_code, answer.headers["Location"]) == (303, LIST)
    assert "Nothing is quarantined." in bob.get(LIST).text
    assert bob.get(page).status_code == 404
    assert len(lane.gate.records("delivery.dismissed")) == 1


def test_a_refused_form_comes_back_as_it_was_typed(lane: Lane, page: str) -> None:
    bob = surfer(lane, "bob", page)
    short = bob.submit(page, page, SAID | {"justification": "a <b>short</b> one"})
    assert short.status_code == 422
    assert "a &lt;b&gt;short&lt;/b&gt; one" in short.text
    assert 'value="dismiss" required checked' in short.text
    secret = bob.submit(page, page, SAID | {"justification": WHY + " pw: Summer2026!"})
    assert secret.status_code == 422
    assert "secret_typed" in secret.text
    assert WHY + " pw: Summer2026!</textarea>" in secret.text
    stale = bob.submit(page, page, SAID | {"shown": "0" * 64})
    assert stale.status_code == 409
    assert WHY in stale.text


def test_a_fault_that_passes_keeps_what_was_typed(lane: Lane, page: str) -> None:
    bob = surfer(lane, "bob", page)
    fields = Forms(bob.get(page).text).form(page) | SAID
    read = lane.gate.directory
    seen = bob.client.post(page.rpartition("/")[0] + "/dlv_none", data=fields, headers=BROWSER)
    assert seen.status_code == 404
    read.unreadable = True
    answer = bob.client.post(page, data=fields, headers=BROWSER)
    assert answer.status_code == 503
    read.unreadable = False


def test_who_has_not_the_role_sees_nothing(lane: Lane, page: str) -> None:
    erin = surfer(lane, "erin", LIST)
    for path in (LIST, page):
        answer = erin.get(path)
        assert answer.status_code == 403
        assert "not_a_record" not in answer.text
