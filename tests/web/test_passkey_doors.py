"""Where a rule takes a passkey or a second factor, no door decides without: page, API or form."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.operations.kit import WHY, Gate, code_of, folder
from tests.operations.lane import Lane
from tests.operations.passkeys import BOB, Keys
from tests.operations.tickets import access_ticket
from tests.verifier.authenticator import Passkey
from tests.web.page_desk import SESSION_KEY, Surfer

from ticketgate.web.create_app import create_app

SPARE = Passkey("bob", "spare")
API_DECIDES_OF = {"/api/v1/triage/<ident>", "/api/v1/quarantine/<ident>"}


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as path:
        gate = Gate(path)
        try:
            yield gate
        finally:
            gate.stop()


def needing(gate: Gate, assurance: str) -> None:
    """Every rule takes this and nothing less; Alice asks."""
    rules = tuple(replace(one, assurance=assurance) for one in gate.policy.approve)
    gate.restart(replace(gate.policy, approve=rules))
    gate.deliver(access_ticket())
    gate.run_mail()


def surfer(gate: Gate, keys: Keys) -> Surfer:
    """Bob, signed in by a mail code, where every page and the whole API are."""
    lane = Lane(gate)
    app = create_app(
        gate.desk, public_url="http://127.0.0.1:8080", session_key=SESSION_KEY,
        new_secret=gate.ids.token, passkeys=keys.desk,
        lanes=(lane.desk, lane.quarantine, lane.exceptions),
    )  # fmt: skip
    made = Surfer(app)
    first = made.get("/console/passkeys")
    asked = made.submit(first.headers["Location"], "/sign-in", {"address": "bob@example.com"})
    gate.run_mail()
    words = gate.post.to("bob@example.com")[-1].text.split()
    code = next(word for word in words if word.isdigit() and len(word) == 8)
    made.submit(asked.headers["Location"], "/sign-in/code", {"code": code})
    return made


def decided(gate: Gate) -> int:
    return len(gate.records("decision.recorded"))


def test_the_api_takes_no_word_about_a_request(gate: Gate) -> None:
    """A route that decides something new must be added here, with how it asks for the key."""
    rules = surfer(gate, Keys(gate)).client.application.url_map.iter_rules()
    posts = {
        one.rule for one in rules if one.rule.startswith("/api/") and "POST" in (one.methods or ())
    }
    assert posts == API_DECIDES_OF


@pytest.mark.parametrize("assurance", ["passkey", "oidc_step_up", "oidc"])
def test_a_mail_code_decides_nothing_at_any_door(gate: Gate, assurance: str) -> None:
    needing(gate, assurance)
    keys = Keys(gate)
    keys.usable("bob", BOB)
    bob = surfer(gate, keys)
    token = gate.tokens("bob")[-1]
    page, shown = f"/approve/{token}", gate.shown(token)
    form = {"decision": "approve", "justification": WHY, "shown": shown}
    asked = bob.submit(page, page, form)
    assert ("Sign and record" in asked.text) is (assurance == "passkey")
    bob.submit(page, page, form | {"signature": "eA==", "client_data": "eA=="})
    bob.client.post(page, data=json.dumps(form), content_type="application/json")
    for one in API_DECIDES_OF:
        path = one.replace("<ident>", gate.requests()[0].id)
        answer = bob.client.post(path, data=json.dumps(form), content_type="application/json")
        assert answer.status_code >= 400
    assert code_of(gate.decide("bob")) == "assurance"
    assert (decided(gate), gate.states()) == (0, ["awaiting"])


def test_one_of_several_passkeys_is_chosen_on_the_page(gate: Gate) -> None:
    needing(gate, "passkey")
    keys = Keys(gate)
    keys.usable("bob", BOB)
    keys.usable("bob", SPARE)
    bob = surfer(gate, keys)
    token = gate.tokens("bob")[-1]
    page = f"/approve/{token}"
    form = {"decision": "approve", "justification": WHY, "shown": gate.shown(token)}
    first = bob.submit(page, page, form)
    assert "Use this one instead" in first.text
    other = min((BOB, SPARE), key=lambda one: one.id)
    chosen = bob.submit(page, page, form | {"passkey": other.id})
    assert f"key <code>{other.digest}</code>.</p>" in chosen.text
    gone = bob.submit(page, page, form | {"passkey": "0" * 64})
    assert gone.status_code == 403
    assert decided(gate) == 0
