"""The page of a restore: who sees it, what a POST needs, and what opens while it is pending."""

from collections.abc import Iterator

import flask
import pytest
from tests.operations.kit import Gate, folder
from tests.operations.office import WHY, Office
from tests.web.page_desk import BROWSER, SESSION_KEY, Forms, Surfer

from ticketgate.web.create_app import create_app

PAGE = "/restore"
SAID = {"reason": WHY}


@pytest.fixture
def office() -> Iterator[Office]:
    """A gate whose loss waits to be declared."""
    with folder() as path:
        gate = Gate(path)
        try:
            made = Office(gate, pending=True)
            made.lose()
            yield made
        finally:
            gate.stop()


def app_of(office: Office) -> flask.Flask:
    return create_app(
        office.gate.desk,
        public_url="http://127.0.0.1:8080",
        session_key=SESSION_KEY,
        new_secret=office.gate.ids.token,
        restores=office.desk,
    )


def surfer(office: Office, person: str) -> Surfer:
    """Somebody who came by the page of the restore and signed in."""
    made = Surfer(app_of(office))
    first = made.get(PAGE)
    assert first.status_code == 303
    address = office.gate.directory.people[person].mail
    asked = made.submit(first.headers["Location"], "/sign-in", {"address": address})
    office.gate.run_mail()
    words = office.gate.post.to(address)[-1].text.split()
    code = next(word for word in words if word.isdigit() and len(word) == 8)
    entered = made.submit(asked.headers["Location"], "/sign-in/code", {"code": code})
    assert entered.headers["Location"] == PAGE
    return made


def test_before_sign_in_nothing_of_it_is_shown_and_nothing_is_taken(office: Office) -> None:
    stranger = Surfer(app_of(office))
    assert "records" not in stranger.get(PAGE).text
    fields = Forms(stranger.get("/sign-in").text).form("/sign-in")
    token = {"csrf_token": fields["csrf_token"], "do": "declare", **SAID}
    answer = stranger.client.post(PAGE, data=token, headers=BROWSER)
    assert answer.status_code == 401
    assert WHY in answer.text
    assert office.gate.records("restore.declared") == []


def test_looking_changes_nothing_and_heads_do_not_either(office: Office) -> None:
    bob = surfer(office, "bob")
    size = office.gate.evidence_size()
    for _ in range(3):
        assert bob.get(PAGE).status_code == 200
        assert bob.client.head(PAGE, headers=BROWSER).status_code == 200
        assert bob.client.options(PAGE, headers=BROWSER).status_code == 200
    assert office.gate.evidence_size() == size


def test_two_people_declare_it_on_the_page(office: Office) -> None:
    bob, carol = surfer(office, "bob"), surfer(office, "carol")
    page = bob.get(PAGE).text
    assert "records #7 to #98" in page
    assert office.view().shown in page
    assert bob.submit(PAGE, PAGE, SAID).status_code == 303
    assert "You have said so." in bob.get(PAGE).text
    assert "Said so far by <bdi>Bob Ng</bdi>" in carol.get(PAGE).text
    assert carol.submit(PAGE, PAGE, SAID).status_code == 303
    done = carol.get(PAGE).text
    assert "Start the gateway again without" in done
    assert "<textarea" not in done
    assert office.declared == ["declared"]


def test_a_refused_form_comes_back_as_it_was_typed(office: Office) -> None:
    bob = surfer(office, "bob")
    answer = bob.submit(PAGE, PAGE, {"reason": "a <b>short</b> one"})
    assert answer.status_code == 422
    assert "a &lt;b&gt;short&lt;/b&gt; one" in answer.text
    assert 'aria-invalid="true"' in answer.text
    secret = bob.submit(PAGE, PAGE, {"reason": WHY + " pw: Summer2026!"})
    assert secret.status_code == 422
    assert "secret_typed" in secret.text
    assert WHY + " pw: Summer2026!</textarea>" in secret.text
    assert 'aria-invalid="true"' in secret.text
    stale = bob.submit(PAGE, PAGE, SAID | {"shown": "0" * 64})
    assert stale.status_code == 409
    assert Forms(stale.text).form(PAGE)["shown"] == office.view().shown


def test_a_form_without_its_token_or_without_a_purpose_is_refused(office: Office) -> None:
    bob = surfer(office, "bob")
    assert bob.submit(PAGE, PAGE, SAID | {"csrf_token": "x"}).status_code == 400
    assert bob.submit(PAGE, PAGE, SAID | {"do": "else"}).status_code == 400
    assert office.view().said_by == ()


def test_who_is_no_operator_sees_no_number(office: Office) -> None:
    erin = surfer(office, "erin")
    answer = erin.get(PAGE)
    assert answer.status_code == 403
    assert "#98" not in answer.text


def test_no_link_opens_while_the_restore_is_pending(office: Office) -> None:
    bob = surfer(office, "bob")
    answer = bob.get("/approve/anything")
    assert answer.status_code == 503
    assert "restore_pending" in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    fields = Forms(bob.get(PAGE).text).form(PAGE)
    data = {"csrf_token": fields["csrf_token"], "decision": "approve", "justification": WHY}
    posted = bob.client.post("/approve/anything", data=data, headers=BROWSER)
    assert posted.status_code == 503
    assert WHY in posted.text


def test_the_hold_is_ended_on_the_page_with_its_drift(office: Office) -> None:
    gate = office.gate
    office.declare("dan")
    office.declare("carol")
    running = Office(gate)
    gate.target.groups["SG-PROD-DB-ADMIN"].add("id-erin")
    bob = surfer(running, "bob")
    assert "Not compared yet" in bob.get(PAGE).text
    running.reconcile()
    page = bob.get(PAGE).text
    assert "Not compared yet" not in page
    assert "id-erin" in page
    forms = Forms(page).forms
    assert [fields["do"] for _, fields in forms if "do" in fields] == ["compare", "end"]
    assert bob.client.post(PAGE, data=forms[1][1], headers=BROWSER).status_code == 303
    running.reconcile()
    fields = Forms(bob.get(PAGE).text).forms[2][1] | {"source": "snow-prod", **SAID}
    assert bob.client.post(PAGE, data=fields, headers=BROWSER).status_code == 303
    carol = surfer(running, "carol")
    fields = Forms(carol.get(PAGE).text).forms[2][1] | {"source": "snow-prod", **SAID}
    assert carol.client.post(PAGE, data=fields, headers=BROWSER).status_code == 303
    assert len(gate.records("restore.ended")) == 1
    assert carol.get(PAGE).status_code == 404
