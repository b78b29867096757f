"""Passkeys in real Chromium with a virtual authenticator: enrolled, vouched for, and signing."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Page, sync_playwright
from tests.agreement.both import STAND_ALONE
from tests.chromium import ARGUMENTS, CHROMIUM, needs_chromium
from tests.e2e.stage import MAILS, WHY, Entry, Stage, put

from ticketgate.cli.demo.person import CODE
from ticketgate.cli.demo.snow import Record
from ticketgate.cli.demo.world import World

AUTHENTICATOR: Final = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A gateway on `localhost`, whose high requests take a passkey and nothing less."""
    stage = Stage(World(tmp_path_factory.mktemp("passkeys")))
    world = stage.world
    try:
        named = f"http://localhost:{world.port}"
        settings = world.config / "ticketgate.yaml"
        text = settings.read_text()
        put(settings, text.replace(f"public_url: {world.url}", f"public_url: {named}"))
        world.url = named
        policy = world.config / "policy.yaml"
        put(policy, policy.read_text().replace("accept: mail_code", "accept: passkey", 1))
        world.start()
        yield stage
    finally:
        stage.close()


@pytest.fixture(scope="module")
def page(stage: Stage) -> Iterator[Page]:
    """Bob's browser, with an authenticator that verifies him; signed in by a code."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        cdp = page.context.new_cdp_session(page)
        cdp.send("WebAuthn.enable")
        cdp.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        mailbox = stage.world.mailbox
        before = len(mailbox.mails)
        page.goto(f"{stage.world.url}/sign-in?next=/console/passkeys")
        page.fill("input[name=address]", MAILS["bob"])
        page.click("main form button")
        page.fill("input[name=code]", mailbox.wait_for(MAILS["bob"], CODE, before))
        page.click("main form button")
        page.wait_for_url("**/console/passkeys")
        yield page
        browser.close()


def decisions(stage: Stage, record: Record) -> list[Entry]:
    """What was decided on the one request of a ticket."""
    ident = stage.request(record)["id"]
    return [one for one in stage.entries("decision.recorded") if one["request"] == ident]


def test_a_passkey_is_made_vouched_for_and_signs_a_decision(stage: Stage, page: Page) -> None:
    page.get_by_role("button", name="Enrol a passkey").click()
    page.get_by_role("button", name="Use this device or a security key").click()
    page.get_by_text("waits for two people to vouch").wait_for()
    (enrolled,) = stage.entries("passkey.enrolled")
    assert enrolled["key"] in page.content()
    for name in ("carol", "erin"):
        voucher = stage.actor(name)
        voucher.open(f"{stage.world.url}/console/passkeys")
        assert enrolled["key"] in voucher.text
        voucher.post(voucher.form("key"))
    page.reload()
    page.get_by_text("may be used").first.wait_for()
    with stage.asked() as record:
        page.goto(stage.actor("bob").link_of(record.columns["number"]))
        page.check("input[name=decision][value=approve]")
        page.fill("textarea[name=justification]", WHY)
        page.get_by_role("button", name="Record my decision").click()
        assert decisions(stage, record) == []
        page.get_by_role("button", name="Sign and record my decision").click()
        page.get_by_role("heading", name="You approved this access").wait_for()
        (decision,) = decisions(stage, record)
        assert decision["method"] == "passkey"
        payload, key = STAND_ALONE.check_assertion(decision["passkey"])
        assert key == enrolled["key"]
        assert (payload["shown"], payload["origin"]) == (decision["shown"], stage.world.url)
        assert stage.refusals(record) == []
