"""The pages of the triage lane: who sees them, what a POST needs, and what they show."""

from collections.abc import Iterator

import flask
import pytest
from tests.operations.kit import Gate, folder
from tests.operations.lane import WHY, Lane, doubtful
from tests.operations.tickets import edited
from tests.web.page_desk import BROWSER, SESSION_KEY, Forms, Surfer

from ticketgate.operations.desks.restore_desk import RestoreDesk
from ticketgate.web.create_app import create_app

LIST = "/console/triage"
# Turned text (U+202E) counts as unread, so rules are blind up to the highest tier.
SAID = {"verdict": "identity", "kind": "delegation", "tier": "critical", "justification": WHY}
HOSTILE = "access to <script>alert(1)</script> \u202egpj.exe"


@pytest.fixture
def lane() -> Iterator[Lane]:
    """A gate with one ticket that nobody can tell."""
    with folder() as path:
        gate = Gate(path)
        try:
            gate.deliver(doubtful(short_description=HOSTILE))
            yield Lane(gate)
        finally:
            gate.stop()


def app_of(lane: Lane, restores: RestoreDesk | None = None) -> flask.Flask:
    return create_app(
        lane.gate.desk,
        public_url="http://127.0.0.1:8080",
        session_key=SESSION_KEY,
        new_secret=lane.gate.ids.token,
        lanes=(lane.desk, lane.quarantine, lane.exceptions),
        restores=restores,
    )


def surfer(
    lane: Lane, person: str, page: str = LIST, restores: RestoreDesk | None = None
) -> Surfer:
    """Somebody who came by a page of the lane and signed in."""
    made = Surfer(app_of(lane, restores))
    first = made.get(page)
    assert first.status_code == 303
    address = lane.gate.directory.people[person].mail
    asked = made.submit(first.headers["Location"], "/sign-in", {"address": address})
    lane.gate.run_mail()
    words = lane.gate.post.to(address)[-1].text.split()
    code = next(word for word in words if word.isdigit() and len(word) == 8)
    entered = made.submit(asked.headers["Location"], "/sign-in/code", {"code": code})
    assert entered.headers["Location"] == page
    return made


def page_of(lane: Lane) -> str:
    return f"{LIST}/{lane.listed()[0].id}"


def test_before_sign_in_nothing_is_shown_and_nothing_is_taken(lane: Lane) -> None:
    page, stranger = page_of(lane), Surfer(app_of(lane))
    assert stranger.get(page).headers["Location"].startswith("/sign-in")
    token = Forms(stranger.get("/sign-in").text).form("/sign-in")["csrf_token"]
    answer = stranger.client.post(page, data={"csrf_token": token, **SAID}, headers=BROWSER)
    assert answer.status_code == 401
    assert WHY in answer.text
    assert len(lane.verdicts()) == 1


def test_the_list_and_the_ticket_show_hostile_text_as_text(lane: Lane) -> None:
    bob = surfer(lane, "bob")
    for page in (LIST, page_of(lane)):
        text = bob.get(page).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
        assert "\u202e" not in text
        assert "⟦U+202E⟧gpj.exe" in text
        assert "looks-like-access" in text


def test_sign_in_leads_back_to_the_ticket(lane: Lane) -> None:
    page = page_of(lane)
    assert surfer(lane, "bob", page).get(page).status_code == 200


def test_get_head_and_options_change_nothing(lane: Lane) -> None:
    page, bob = page_of(lane), surfer(lane, "bob")
    for path in (LIST, page):
        bob.get(path)
    size = lane.gate.evidence_size()
    for path in (LIST, page):
        assert bob.client.head(path, headers=BROWSER).status_code == 200
        assert bob.client.options(path, headers=BROWSER).status_code == 200
        assert bob.get(path).status_code == 200
    assert lane.gate.evidence_size() == size
    assert bob.client.post(LIST, headers=BROWSER).status_code in {400, 405}


def test_a_word_on_the_page_takes_the_ticket_off_the_list(lane: Lane) -> None:
    page, bob = page_of(lane), surfer(lane, "bob")
    answer = bob.submit(page, page, SAID)
    assert (answer.status_code, answer.headers["Location"]) == (303, LIST)
    assert "No ticket waits." in bob.get(LIST).text
    assert bob.get(page).status_code == 404
    assert lane.verdicts()[-1] == ("uncertain", "identity", "triage")
    assert bob.client.post(page, data={}, headers=BROWSER).status_code == 400


def test_a_form_without_its_token_is_refused(lane: Lane) -> None:
    page, bob = page_of(lane), surfer(lane, "bob")
    assert bob.submit(page, page, SAID | {"csrf_token": "x"}).status_code == 400
    assert len(lane.verdicts()) == 1


def test_a_refused_form_comes_back_as_it_was_typed(lane: Lane) -> None:
    page, bob = page_of(lane), surfer(lane, "bob")
    answer = bob.submit(page, page, SAID | {"justification": "a <b>short</b> one"})
    assert answer.status_code == 422
    assert "a &lt;b&gt;short&lt;/b&gt; one" in answer.text
    assert 'value="delegation" checked' in answer.text
    assert 'aria-invalid="true"' in answer.text
    secret = bob.submit(page, page, SAID | {"justification": WHY + " pw: Summer2026!"})
    assert secret.status_code == 422
    assert "secret_typed" in secret.text
    assert WHY + " pw: Summer2026!</textarea>" in secret.text
    again = Forms(answer.text).form(page) | SAID
    assert bob.client.post(page, data=again, headers=BROWSER).status_code == 303


def test_a_form_of_an_earlier_revision_is_refused_and_keeps_what_was_typed(lane: Lane) -> None:
    page, bob = page_of(lane), surfer(lane, "bob")
    stale = bob.submit(page, page, SAID | {"shown": "0" * 64})
    assert stale.status_code == 409
    assert "ticket_changed" in stale.text
    assert WHY in stale.text
    short = bob.submit(page, page, SAID | {"shown": "0" * 64, "kind": "joy"})
    assert short.status_code == 409


def test_a_busy_ticket_keeps_what_was_typed(lane: Lane) -> None:
    page, bob = page_of(lane), surfer(lane, "bob")
    fields = Forms(bob.get(page).text).form(page) | SAID
    lane.gate.receive(doubtful("p9"))
    busy = bob.client.post(page, data=fields, headers=BROWSER)
    assert busy.status_code == 503
    assert WHY in busy.text
    changed = bob.client.post(page, data=fields | {"shown": "1"}, headers=BROWSER)
    assert changed.status_code == 503
    assert "Back to the list" in changed.text


def test_whose_ticket_it_is_sees_no_form_and_is_refused(lane: Lane) -> None:
    page, bob = page_of(lane), surfer(lane, "bob")
    alice = surfer(lane, "alice")
    assert "Record what it is" in bob.get(page).text
    assert "cannot be told" not in bob.get(page).text
    seen = alice.get(page).text
    assert "Record what it is" not in seen
    assert "own_ticket" in seen
    token = Forms(seen).form("/sign-out")["csrf_token"]
    data = {"csrf_token": token, "shown": lane.listed()[0].shown, **SAID}
    assert alice.client.post(page, data=data, headers=BROWSER).status_code == 403
    assert len(lane.verdicts()) == 1


def test_where_nobody_can_tell_whose_it_is_a_no_is_kept_until_another_says_it(lane: Lane) -> None:
    lane.gate.deliver(edited(doubtful(short_description=HOSTILE), "<b>2", description="access to"))
    page, said = page_of(lane), {"verdict": "not_identity", "justification": WHY}
    bob = surfer(lane, "bob")
    seen = bob.get(page).text
    assert "editor: account &lt;b&gt;2" in seen
    assert "one has" not in seen
    answer = bob.submit(page, page, said)
    assert answer.status_code == 409
    assert "second_word" in answer.text
    assert WHY in answer.text
    carol = surfer(lane, "carol")
    assert "one has" in carol.get(page).text
    assert carol.submit(page, page, said).status_code == 303
    assert lane.verdicts()[-1] == ("uncertain", "not_identity", "triage")


def test_who_has_not_the_role_sees_no_ticket(lane: Lane) -> None:
    page, erin = page_of(lane), surfer(lane, "erin")
    for path in (LIST, page):
        answer = erin.get(path)
        assert answer.status_code == 403
        assert "INC-p1" not in answer.text


def test_without_the_desk_there_are_no_such_pages(lane: Lane) -> None:
    app = create_app(lane.gate.desk, public_url="http://x", session_key=SESSION_KEY, new_secret=str)
    assert Surfer(app).get(LIST).status_code == 404
