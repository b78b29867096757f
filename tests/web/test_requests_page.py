"""The pages of requests: who sees them, what a POST needs, and what they show."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import flask
import pytest
from tests.operations.emergencies import desk_of
from tests.operations.kit import Gate, folder
from tests.operations.own import WHY, Own
from tests.operations.tickets import access_ticket
from tests.web.page_desk import BROWSER, SESSION_KEY, Forms, Surfer

from ticketgate.domain.people.duties import Window
from ticketgate.operations.desks.emergency_desk import EmergencyDesk
from ticketgate.web.create_app import create_app

LIST = "/console/requests"
HOSTILE = "for <script>alert(1)</script> \u202egpj.exe"


@pytest.fixture
def own() -> Iterator[Own]:
    """A gate with one request of Alice's that waits for Bob."""
    with folder() as path:
        gate = Gate(path)
        try:
            gate.deliver(access_ticket(reason=HOSTILE))
            yield Own(gate)
        finally:
            gate.stop()


@pytest.fixture
def page(own: Own) -> str:
    return f"{LIST}/{own.last()}"


def app_of(own: Own, emergencies: EmergencyDesk | None = None) -> flask.Flask:
    return create_app(
        own.gate.desk,
        public_url="http://127.0.0.1:8080",
        session_key=SESSION_KEY,
        new_secret=own.gate.ids.token,
        requests=(own.desk, own.console),
        emergencies=emergencies,
    )


def surfer(
    own: Own, person: str, page: str = LIST, *, emergencies: EmergencyDesk | None = None
) -> Surfer:
    """Somebody who came by a page of requests and signed in."""
    made = Surfer(app_of(own, emergencies))
    first = made.get(page)
    assert first.status_code == 303
    address = own.gate.directory.people[person].mail
    asked = made.submit(first.headers["Location"], "/sign-in", {"address": address})
    own.gate.run_mail()
    words = own.gate.post.to(address)[-1].text.split()
    code = next(word for word in words if word.isdigit() and len(word) == 8)
    entered = made.submit(asked.headers["Location"], "/sign-in/code", {"code": code})
    assert entered.headers["Location"] == page
    return made


def fields(text: str, page: str, what: str) -> dict[str, str]:
    """The form of the page that does this."""
    found = [form for where, form in Forms(text).forms if where == page]
    return next(form for form in found if form.get("what") == what)


def test_why_it_was_denied_stands_on_the_page_of_who_asked_and_stays_text(
    own: Own, page: str
) -> None:
    own.gate.run_mail()
    own.gate.decide("bob", "deny", why=f"nobody may do this, {HOSTILE}")
    alice = surfer(own, "alice", page).get(page).text
    said = '<dt>Denied because</dt><dd class="said"><bdi>'
    assert f"{said}nobody may do this, for &lt;script&gt;" in alice
    assert "\u202e" not in alice
    assert "Denied because" not in surfer(own, "dan", page).get(page).text


def test_before_sign_in_nothing_is_shown_and_nothing_is_done(own: Own, page: str) -> None:
    stranger = Surfer(app_of(own))
    for path in (LIST, page, f"{LIST}/req_none"):
        assert stranger.get(path).headers["Location"].startswith("/sign-in")
    token = Forms(stranger.get("/sign-in").text).form("/sign-in")["csrf_token"]
    posted = {"csrf_token": token, "what": "withdraw", "shown": own.view().shown}
    assert stranger.client.post(page, data=posted, headers=BROWSER).status_code == 401
    assert own.gate.states() == ["awaiting"]


def test_looking_changes_nothing_and_shows_hostile_text_as_text(own: Own, page: str) -> None:
    alice = surfer(own, "alice")
    for path in (LIST, page):
        alice.get(path)
    size = own.gate.evidence_size()
    text = alice.get(page).text
    assert "&lt;script&gt;alert(1)" in text
    assert "\u202e" not in text
    for path in (LIST, page):
        assert alice.get(path).status_code == 200
        assert alice.client.head(path, headers=BROWSER).status_code == 200
        assert alice.client.options(path, headers=BROWSER).status_code == 200
    assert own.gate.evidence_size() == size
    assert own.gate.states() == ["awaiting"]


def test_a_request_is_withdrawn_on_its_page(own: Own, page: str) -> None:
    alice = surfer(own, "alice", page)
    form = fields(alice.get(page).text, page, "withdraw")
    bad = alice.client.post(page, data=form | {"csrf_token": "x"}, headers=BROWSER)
    assert bad.status_code == 400
    assert own.gate.states() == ["awaiting"]
    assert alice.client.post(page, data=form, headers=BROWSER).status_code == 303
    assert own.gate.states() == ["withdrawn"]
    assert ">withdrawn</span>" in alice.get(page).text
    assert alice.client.post(page, data=form, headers=BROWSER).status_code == 409


def test_access_is_given_back_on_the_page(own: Own, page: str) -> None:
    own.gate.approve("bob", "carol")
    own.gate.settle()
    alice = surfer(own, "alice", page)
    form = fields(alice.get(page).text, page, "return")
    assert alice.client.post(page, data=form, headers=BROWSER).status_code == 303
    own.gate.settle()
    assert own.gate.grant_states() == ["revoked"]
    assert "<code>returned</code>" in alice.get(page).text


def test_more_time_is_asked_on_the_page(own: Own, page: str) -> None:
    policy = own.gate.policy
    limits = tuple(replace(one, extend=1) for one in policy.limits)
    own.gate.restart(replace(policy, digest="1" * 64, limits=limits))
    own.gate.approve("bob", "carol")
    own.gate.settle()
    own = Own(own.gate)
    alice = surfer(own, "alice", page)
    form = fields(alice.get(page).text, page, "extend")
    typed = form | {"minutes": "90", "justification": "short"}
    short = alice.client.post(page, data=typed, headers=BROWSER)
    assert short.status_code == 422
    assert 'value="90"' in short.text
    assert "short</textarea>" in short.text
    for minutes in ("", "0", "-1", "1e3", "NaN", "forever", "\u0661\u0662", "99999999", "1.5"):
        bad = form | {"minutes": minutes, "justification": WHY}
        assert alice.client.post(page, data=bad, headers=BROWSER).status_code == 422
    good = form | {"minutes": "90", "justification": WHY}
    assert alice.client.post(page, data=good, headers=BROWSER).status_code == 303
    assert own.gate.states() == ["approved", "awaiting"]
    assert own.gate.requests()[-1].seconds == 90 * 60
    assert "more time for access" in alice.get(f"{LIST}/{own.last()}").text


def test_a_blocked_request_tells_why_and_is_denied_by_who_has_the_role(own: Own) -> None:
    own.gate.deliver(access_ticket("t2", hours="forever"))
    page = f"{LIST}/{own.last()}"
    dan = surfer(own, "dan", page)
    text = dan.get(page).text
    assert '<code class="quiet">duration</code>' in text
    assert "What to do:" in text
    form = fields(text, page, "deny")
    short = dan.client.post(page, data=form | {"justification": "<b>no</b>"}, headers=BROWSER)
    assert short.status_code == 422
    assert "&lt;b&gt;no&lt;/b&gt;</textarea>" in short.text
    assert 'aria-invalid="true"' in short.text
    said = dan.client.post(page, data=form | {"justification": WHY}, headers=BROWSER)
    assert said.status_code == 303
    assert own.gate.states() == ["awaiting", "denied"]


def test_whose_it_is_not_sees_nothing_of_it(own: Own, page: str) -> None:
    mallory = surfer(own, "mallory")
    assert "You have asked for nothing" in mallory.get(LIST).text
    other, none = mallory.get(page), mallory.get(f"{LIST}/req_none")
    assert (other.status_code, none.status_code) == (404, 404)
    assert other.text == none.text
    assert surfer(own, "alice").get(page).status_code == 200  # the control


def test_whom_a_delegate_stood_in_for_takes_the_approval_back_on_the_page(
    own: Own, page: str
) -> None:
    gate = own.gate
    away = Window(gate.clock.at - timedelta(hours=1), gate.clock.at + timedelta(hours=8))
    gate.directory.change("bob", away=(away,))
    gate.directory.delegate("bob", "erin", away.starts, 8)
    gate.tick()
    assert "not_found" in surfer(own, "bob", page).get(page).text
    gate.approve("erin")
    bob = surfer(own, "bob", page)
    assert page in bob.get(LIST).text
    text = bob.get(page).text
    assert "Take the approval in your place back" in text
    form = fields(text, page, "take_back")
    bare = bob.client.post(page, data=form | {"justification": " "}, headers=BROWSER)
    assert bare.status_code == 422
    assert 'aria-invalid="true"' in bare.text
    assert gate.states() == ["awaiting"]
    done = bob.client.post(page, data=form | {"justification": WHY}, headers=BROWSER)
    assert done.status_code == 303
    assert gate.states() == ["denied"]
    assert "take_back" not in bob.get(page).text.replace("(<code>taken_back</code>)", "")


def test_a_ticket_that_asks_for_an_emergency_shows_where_one_begins(own: Own) -> None:
    gate, link = own.gate, 'href="/console/emergency"'
    why = "break glass: orders are down"
    gate.deliver(access_ticket("t2", priority="1", short_description=why))
    page, before = (f"{LIST}/{one.id}" for one in reversed(gate.requests()))
    alice = surfer(own, "alice")
    assert link not in alice.get(page).text  # this gateway has no such page
    alice = surfer(own, "alice", emergencies=desk_of(gate))
    assert link in alice.get(page).text
    assert link not in alice.get(before).text
