"""The page of a link takes an approval back; no other door does."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.operations.fakes import MORNING
from tests.operations.kit import Gate, approve, folder
from tests.operations.tickets import access_ticket
from tests.web.page_desk import BROWSER, SESSION_KEY, Forms, Surfer

from ticketgate.web.create_app import create_app

OOPS = "the change was called off an hour ago"


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Alice has the access, by Bob and Carol."""
    with folder() as path:
        made = Gate(path)
        try:
            approve(made)
            made.run_targets()
            yield made
        finally:
            made.stop()


def browser(gate: Gate) -> Surfer:
    return Surfer(
        create_app(
            gate.desk,
            public_url="http://127.0.0.1:8080",
            session_key=SESSION_KEY,
            new_secret=gate.ids.token,
        )
    )


def bob_at(gate: Gate, page: str) -> Surfer:
    """Bob, signed in by his link."""
    made = browser(gate)
    asked = made.submit(page, "/sign-in", {})
    gate.run_mail()
    words = gate.post.to(gate.directory.people["bob"].mail)[-1].text.split()
    code = next(word for word in words if word.isdigit() and len(word) == 8)
    made.submit(asked.headers["Location"], "/sign-in/code", {"code": code})
    return made


def test_an_approval_is_taken_back_on_the_page_it_was_given_on(gate: Gate) -> None:
    page = f"/approve/{gate.tokens('bob')[-1]}"
    bob = bob_at(gate, page)
    assert "Take your approval back" in bob.get(page).text
    assert gate.grant_states() == ["active"]  # looking took nothing
    form = Forms(bob.get(page).text).form(page)
    assert form["decision"] == "take_back"
    bare = bob.client.post(page, data=form | {"justification": " "}, headers=BROWSER)
    assert bare.status_code == 422
    assert 'aria-invalid="true"' in bare.text
    unbound = form | {"justification": OOPS, "csrf_token": "x"}
    assert bob.client.post(page, data=unbound, headers=BROWSER).status_code == 400
    assert gate.grant_states() == ["active"]
    done = bob.client.post(page, data=form | {"justification": OOPS}, headers=BROWSER)
    assert done.status_code == 303
    gate.settle()
    assert gate.grant_states() == ["revoked"]
    text = bob.get(page).text
    assert "Take your approval back" not in text
    assert "The access is <code>revoked</code>" in text
    late = bob.client.post(page, data=form | {"justification": OOPS}, headers=BROWSER)
    assert late.status_code == 409


def test_without_a_session_nothing_is_taken_back(gate: Gate) -> None:
    page = f"/approve/{gate.tokens('bob')[-1]}"
    stranger = browser(gate)
    token = Forms(stranger.get("/sign-in").text).form("/sign-in")["csrf_token"]
    posted = {"csrf_token": token, "decision": "take_back", "justification": OOPS}
    assert stranger.client.post(page, data=posted, headers=BROWSER).status_code == 401
    assert gate.grant_states() == ["active"]


def test_the_page_of_whom_a_delegate_stood_in_for_says_so_and_takes_it_back() -> None:
    with folder() as path:
        gate = Gate(path)
        gate.directory.delegate("bob", "erin", MORNING - timedelta(hours=1), 4)
        gate.deliver(access_ticket())
        gate.approve("erin", "carol")
        gate.settle()
        page = f"/approve/{gate.tokens('bob')[-1]}"
        bob = bob_at(gate, page)
        text = bob.get(page).text
        assert "<h1><bdi>Erin Walsh (erin)</bdi> decided in your place</h1>" in text
        assert "That decision is record" in text
        assert "You approved" not in text
        assert "Record my decision" not in text
        form = Forms(text).form(page) | {"justification": OOPS}
        assert bob.client.post(page, data=form, headers=BROWSER).status_code == 303
        gate.settle()
        assert gate.grant_states() == ["revoked"]
        gate.stop()
