"""In real Chromium: sign in at a real provider, give a second factor for one page, and approve."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import flask
import pytest
from tests.chromium import ARGUMENTS, CHROMIUM, needs_chromium
from tests.node_parts import node_packages
from tests.openid import account, desk_of, pages, real_provider
from tests.operations.kit import WHY, Gate, folder
from tests.operations.tickets import access_ticket
from werkzeug.serving import make_server

from ticketgate.cli.demo.servers import free_port

pytestmark = [
    pytest.mark.slow,
    needs_chromium,
]


@contextmanager
def serving(app: flask.Flask, port: int) -> Iterator[None]:
    """The application, on loopback."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate whose first rule needs a second factor; Alice has asked."""
    with folder() as path:
        made = Gate(path)
        try:
            account(made, "bob", "idp-bob")
            rule = replace(made.policy.approve[0], assurance=None)
            made.restart(replace(made.policy, approve=(rule,)))
            yield made
        finally:
            made.stop()


def test_bob_signs_in_gives_a_second_factor_and_approves(gate: Gate) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    node_packages("oidc-provider")
    ours = f"http://127.0.0.1:{free_port()}"
    with real_provider(ours) as settings, playwright.sync_playwright() as started:
        app = pages(gate, desk_of(gate, settings, ours=ours), ours=ours)
        gate.deliver(access_ticket())
        gate.run_mail()
        link = f"{ours}/approve/{gate.tokens('bob')[-1]}"
        with serving(app, int(ours.rpartition(":")[2])):
            browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_context(java_script_enabled=False).new_page()
            page.goto(link)
            page.get_by_role("button", name="Sign in at the identity provider").click()
            page.get_by_label("Account").fill("idp-bob")
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(link)
            page.get_by_role("button", name="Sign in again for this").click()
            page.get_by_label("Account").fill("idp-bob")
            page.get_by_label("Factor").fill("123456")
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(link)
            page.get_by_label("Approve: give the access").check()
            page.get_by_label("Justification").fill(WHY)
            page.get_by_role("button", name="Record my decision").click()
            page.get_by_role("heading", name="You approved this access").wait_for()
            browser.close()
    (record,) = gate.records("decision.recorded")
    assert (record["decision"], record["method"]) == ("approve", "oidc_step_up")
