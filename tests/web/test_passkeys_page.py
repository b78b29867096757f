"""The page of passkeys: who sees it, what a POST needs, and where a script may run."""

from collections.abc import Iterator

import pytest
from tests.operations.kit import Gate, folder
from tests.operations.passkeys import BOB, Keys
from tests.verifier.authenticator import Passkey
from tests.web.page_desk import SESSION_KEY, Surfer

from ticketgate.web.create_app import create_app

PAGE = "/console/passkeys"


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as path:
        gate = Gate(path)
        try:
            yield gate
        finally:
            gate.stop()


def surfer(gate: Gate) -> Surfer:
    """Bob, who came by the page and signed in."""
    app = create_app(
        gate.desk, public_url="http://127.0.0.1:8080", session_key=SESSION_KEY,
        new_secret=gate.ids.token, passkeys=Keys(gate).desk,
    )  # fmt: skip
    made = Surfer(app)
    first = made.get(PAGE)
    assert first.status_code == 303
    asked = made.submit(first.headers["Location"], "/sign-in", {"address": "bob@example.com"})
    gate.run_mail()
    words = gate.post.to("bob@example.com")[-1].text.split()
    code = next(word for word in words if word.isdigit() and len(word) == 8)
    made.submit(asked.headers["Location"], "/sign-in/code", {"code": code})
    return made


def test_looking_changes_nothing_and_runs_no_script(gate: Gate) -> None:
    bob = surfer(gate)
    before = gate.evidence_size()
    seen = bob.get(PAGE)
    assert seen.status_code == 200
    assert "script-src" not in seen.headers["Content-Security-Policy"]
    assert gate.evidence_size() == before


def test_where_a_passkey_is_made_our_own_script_may_run(gate: Gate) -> None:
    begun = surfer(gate).submit(PAGE, PAGE, {"do": "begin"})
    assert begun.headers["Content-Security-Policy"].endswith("; script-src 'self'")
    assert "passkey.js" in begun.text
    assert "<noscript>" in begun.text


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"do": "finish", "client_data": "é", "attestation": ""}, 422),
        ({"do": "vouch", "id": "x", "key": "y"}, 404),
        ({"do": "revoke", "id": "x"}, 404),
        ({"do": "else"}, 422),
    ],
)
def test_what_does_not_count_is_refused(gate: Gate, sent: dict[str, str], status: int) -> None:
    assert surfer(gate).submit(PAGE, PAGE, sent).status_code == status


def test_who_waits_for_others_to_vouch_is_told_so_and_offered_no_button(gate: Gate) -> None:
    bob, keys = surfer(gate), Keys(gate)
    keys.enrol("bob", BOB)
    text = bob.get(PAGE).text
    assert "It is yours: others vouch for it." in text
    assert 'value="vouch"' not in text
    keys.enrol("alice", Passkey("alice"))
    assert bob.get(PAGE).text.count('value="vouch"') == 1


def test_who_has_a_passkey_already_is_shown_so_to_those_who_vouch(gate: Gate) -> None:
    """Who reads their mail could enrol another one in their name."""
    bob, keys = surfer(gate), Keys(gate)
    keys.enrol("alice", Passkey("alice"))
    assert "that may be used already" not in bob.get(PAGE).text  # the control
    keys.usable("alice", Passkey("alice", "own"))
    assert "This person has 1 that may be used already: ask them why" in bob.get(PAGE).text


def test_who_has_a_passkey_is_asked_to_sign_that_they_vouch(gate: Gate) -> None:
    bob, keys = surfer(gate), Keys(gate)
    row = keys.enrol("alice", Passkey("alice"))
    form = {"do": "vouch", "id": row.id, "key": row.key}
    keys.usable("bob", BOB)
    asked = bob.submit(PAGE, PAGE, form)
    assert (asked.status_code, "Sign and vouch" in asked.text) == (200, True)
    assert "a passkey of " in asked.text
    assert "(alice)" in asked.text
    assert asked.headers["Content-Security-Policy"].endswith("; script-src 'self'")
    parts = dict.fromkeys(("client_data", "authenticator_data", "signature"), "eA==")
    assert bob.submit(PAGE, PAGE, form | parts).status_code == 422
    assert len(gate.records("passkey.vouched")) == 2  # of Bob's own, by others
    keys.desk.revoke(keys.session("bob"), BOB.id)
    refused = bob.submit(PAGE, PAGE, form)
    assert (refused.status_code, "voucher_without_passkey" in refused.text) == (403, True)
    assert len(gate.records("passkey.vouched")) == 2
