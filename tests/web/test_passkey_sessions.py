"""Nobody enrols a passkey into a session that is not theirs: fixed, forged, or another by now."""

from collections.abc import Iterator

import flask
import pytest
from tests.operations.kit import Gate, folder
from tests.operations.passkeys import Keys
from tests.verifier.authenticator import Passkey
from tests.verifier.bundle_writer import b64
from tests.web.page_desk import BROWSER, SESSION_KEY, Forms, Surfer

from ticketgate.domain.people.passkey import challenge_of
from ticketgate.operations.people.sign_in import secret_hash
from ticketgate.web.create_app import create_app

PAGE, CODE = "/console/passkeys", "/sign-in/code"
COOKIE = "ticketgate"
MALLORY = Passkey("mallory")


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as path:
        gate = Gate(path)
        try:
            yield gate
        finally:
            gate.stop()


@pytest.fixture
def app(gate: Gate) -> flask.Flask:
    return create_app(
        gate.desk, public_url="http://127.0.0.1:8080", session_key=SESSION_KEY,
        new_secret=gate.ids.token, passkeys=Keys(gate).desk,
    )  # fmt: skip


def ask(gate: Gate, surfer: Surfer, person: str) -> str:
    """Ask for a code by address, in this browser; what the mail says."""
    surfer.submit("/sign-in", "/sign-in", {"address": f"{person}@example.com"})
    gate.run_mail()
    words = gate.post.to(f"{person}@example.com")[-1].text.split()
    return next(word for word in words if word.isdigit() and len(word) == 8)


def sign_in(gate: Gate, surfer: Surfer, person: str) -> None:
    code = ask(gate, surfer, person)
    assert surfer.submit(CODE, CODE, {"code": code}).status_code == 303


def cookie(surfer: Surfer) -> str:
    found = surfer.client.get_cookie(COOKIE)
    assert found is not None
    return found.value


def made(gate: Gate, surfer: Surfer) -> dict[str, str]:
    """What the browser makes over what was begun in it, as its form has it."""
    begun = surfer.submit(PAGE, PAGE, {"do": "begin"})
    with surfer.client.session_transaction() as session:
        ident = secret_hash(session["sid"])
    with gate.db() as db:
        ceremony = db.passkeys.ceremony(ident, "ticketgate-passkey-enrolment/v1")
    assert ceremony is not None
    client, attestation = MALLORY.register(challenge_of(ceremony.payload))
    token = Forms(begun.text).form("/sign-out")["csrf_token"]
    parts = {"client_data": b64(client), "attestation": b64(attestation)}
    return {"csrf_token": token, "do": "finish"} | parts


def enrolled(gate: Gate) -> int:
    return len(gate.records("passkey.enrolled"))


def test_what_one_began_in_a_browser_nobody_finishes_who_signs_in_there(
    gate: Gate, app: flask.Flask
) -> None:
    shared = Surfer(app)
    sign_in(gate, shared, "bob")
    begun = made(gate, shared)
    assert shared.submit(PAGE, "/sign-out", {}).status_code == 303
    sign_in(gate, shared, "alice")
    assert shared.client.post(PAGE, data=begun, headers=BROWSER).status_code == 400  # csrf
    token = Forms(shared.get(PAGE).text).form("/sign-out")["csrf_token"]
    answer = shared.client.post(PAGE, data=begun | {"csrf_token": token}, headers=BROWSER)
    assert (answer.status_code, "passkey_over" in answer.text) == (409, True)
    assert enrolled(gate) == 0


def test_who_finishes_what_they_began_has_enrolled_it(gate: Gate, app: flask.Flask) -> None:
    """The control of the one above."""
    bob = Surfer(app)
    sign_in(gate, bob, "bob")
    assert bob.client.post(PAGE, data=made(gate, bob), headers=BROWSER).status_code == 303
    assert enrolled(gate) == 1


def test_a_cookie_that_was_there_before_the_sign_in_is_nobody_s_session(
    gate: Gate, app: flask.Flask
) -> None:
    """Mallory plants their cookie in Bob's browser, and keeps a copy (CWE-384)."""
    mallory, bob = Surfer(app), Surfer(app)
    mallory.get("/sign-in")
    ask(gate, mallory, "alice")
    planted = cookie(mallory)
    token = Forms(mallory.get("/sign-in").text).form("/sign-in")["csrf_token"]
    bob.client.set_cookie(COOKIE, planted)
    sign_in(gate, bob, "bob")
    assert cookie(bob) != planted
    mallory.client.set_cookie(COOKIE, planted)
    assert mallory.get(PAGE).status_code == 303  # to the sign-in
    for csrf in (token, Forms(bob.get(PAGE).text).form("/sign-out")["csrf_token"]):
        form = {"do": "begin", "csrf_token": csrf}
        assert mallory.client.post(PAGE, data=form, headers=BROWSER).status_code in {400, 401}
    # Nor does the token of then act in what is Bob's browser now: it was made anew.
    form = {"do": "begin", "csrf_token": token}
    assert bob.client.post(PAGE, data=form, headers=BROWSER).status_code == 400


def test_nobody_is_signed_in_by_another_site_s_form(gate: Gate, app: flask.Flask) -> None:
    """Mallory has a code of their own, and Bob's browser send it (login CSRF)."""
    mallory, bob = Surfer(app), Surfer(app)
    code = ask(gate, mallory, "alice")
    ask(gate, bob, "bob")
    theirs = Forms(mallory.get(CODE).text).form(CODE)["csrf_token"]
    for token in ({}, {"csrf_token": theirs}):
        answer = bob.client.post(CODE, data={"code": code} | token, headers=BROWSER)
        assert answer.status_code == 400
    assert bob.get(PAGE).status_code == 303
    # And even in a form of his own it is no code of his browser's.
    assert bob.submit(CODE, CODE, {"code": code}).status_code == 401
    assert bob.get(PAGE).status_code == 303
    assert mallory.submit(CODE, CODE, {"code": code}).status_code == 303  # the control
