"""People at real browsers and a real gateway: sign in by code, approve, shorten, deny, emergency.

Sign-in by OIDC is in tests/web/test_oidc_in_chromium.py, passkeys in test_passkeys_chromium.py.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from tests.chromium import launched, needs_chromium
from tests.e2e.stage import MAILS, WHY, Stage, put

from ticketgate.cli.demo.person import CODE
from ticketgate.cli.demo.snow import Record
from ticketgate.cli.demo.world import World

ROOM: Final = "SG-WAR-ROOM"
ENTITLEMENT: Final = f"""
  - id: war-room
    target: corp-scim
    access: {{ group: {ROOM} }}
    asked_by: {{ ticket.catalog_item: war room }}
    owner: person:carol
    tier: low
"""
EMERGENCY: Final = """
emergency:
  allow: [{ entitlement: war-room, people: ["group:platform-engineering"] }]
  hard_max: 2h
  cooldown: 12h
  review: { within: 24h, by: ["group:sec-iam"] }
  overdue: lock
"""

PRESSES_MAX: Final = 40
_FOCUSED: Final = """() => {
  const one = document.activeElement;
  return one.id || (one.type === "radio" ? one.value : one.textContent);
}"""

pytestmark = needs_chromium


class People:
    """Everybody's own browser, at one gateway on `localhost`."""

    def __init__(self, stage: Stage, browser: Any, in_room: Callable[[], bool]) -> None:  # noqa: ANN401 -- no types
        self.stage, self.in_room = stage, in_room
        self._browser, self._pages = browser, dict[str, Any]()

    def page(self, name: str) -> Any:  # noqa: ANN401
        """The page of somebody; not signed in."""
        if name not in self._pages:
            self._pages[name] = self._browser.new_context().new_page()
        return self._pages[name]

    def link(self, name: str, record: Record) -> str:
        """What the newest mail about a ticket leads somebody to."""
        about = rf"(?s){record.columns['number']}\b.*?(https?://\S+/approve/\S+)"
        return self.stage.world.mailbox.wait_for(MAILS[name], about, 0)

    def open(self, name: str, url: str) -> Any:  # noqa: ANN401
        """Open an address; sign in by a code from real mail where that is asked for."""
        page, mailbox = self.page(name), self.stage.world.mailbox
        page.goto(url)
        button = page.get_by_role("button", name="Send me a sign-in code")
        if button.count():
            before = len(mailbox.mails)
            if page.get_by_label("Your mail address").count():
                page.get_by_label("Your mail address").fill(MAILS[name])
            button.click()
            code = mailbox.wait_for(MAILS[name], CODE, before)
            page.get_by_label("Sign-in code").get_by_role("textbox").fill(code)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(url)
        return page

    def press_until(self, name: str, what: str, *, key: str = "Tab") -> None:
        """Press a key until the element with this `id` or `value`, or this text, has the focus."""
        page = self.page(name)
        for _ in range(PRESSES_MAX):
            page.keyboard.press(key)
            if page.evaluate(_FOCUSED) == what:
                return
        raise AssertionError(f"{what} is not reached by {key}")

    def decisions(self, record: Record) -> list[tuple[str, str]]:
        """What was decided on the one request of a ticket, and by which sign-in."""
        ident = self.stage.request(record)["id"]
        found = self.stage.entries("decision.recorded")
        return [(one["decision"], one["method"]) for one in found if one["request"] == ident]


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    stage = Stage(World(tmp_path_factory.mktemp("people")))
    world = stage.world
    try:
        room = world.scim.add_group(ROOM, world.alice)
        bob = world.scim.add_user(MAILS["bob"])
        named = f"http://localhost:{world.port}"
        settings, policy = (world.config / f"{one}.yaml" for one in ("ticketgate", "policy"))
        put(
            settings,
            settings.read_text().replace(f"public_url: {world.url}", f"public_url: {named}"),
        )
        text = policy.read_text()
        assert text.count("\nentitlements:\n") == 1
        text = text.replace("\nentitlements:\n", f"\nentitlements:{ENTITLEMENT}")
        put(policy, text + EMERGENCY)
        world.url = named
        world.start()
        with launched() as browser:
            yield People(stage, browser, lambda: bob in world.scim.members(room))
    finally:
        stage.close()


def test_bob_approves_by_keyboard_alone_and_carol_gives_a_shorter_time(people: People) -> None:
    stage = people.stage
    with stage.asked(duration="2h") as record:
        link = people.link("bob", record)
        page = people.open("bob", link)
        page.goto(link)  # the focus begins at the top
        people.press_until("bob", "Skip to content")
        page.keyboard.press("Enter")
        people.press_until("bob", "approve")
        page.keyboard.press("Space")
        people.press_until("bob", "justification")
        page.keyboard.type(WHY)
        people.press_until("bob", "Record my decision")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="You approved this access").wait_for()
        page = people.open("carol", people.link("carol", record))
        page.get_by_label("Approve: give the access").check()
        page.get_by_label("Justification").fill(WHY)
        page.get_by_label("For how long").select_option(label="30 min")
        page.get_by_role("button", name="Record my decision").click()
        page.get_by_role("heading", name="You approved this access").wait_for()
        stage.wait("the grant", lambda: stage.grant(record)["state"] == "active")
        assert people.decisions(record) == [("approve", "mail_code")] * 2
        (approved,) = [
            one
            for one in stage.entries("request.approved")
            if one["id"] == stage.request(record)["id"]
        ]
        assert approved["seconds"] == 30 * 60
        page = people.open("alice", f"{stage.world.url}/console/grants")
        assert page.get_by_text("prod-db-admin").first.is_visible()


def test_bob_denies_and_reads_in_the_console_that_nothing_waits(people: People) -> None:
    with people.stage.asked() as record:
        page = people.open("bob", f"{people.stage.world.url}/console")
        page.get_by_text(record.columns["number"]).first.wait_for()
        page = people.open("bob", people.link("bob", record))
        page.get_by_label("Deny: end the request").check()
        page.get_by_label("Justification").fill("nobody works on billing tonight, ask tomorrow")
        page.get_by_role("button", name="Record my decision").click()
        page.get_by_role("heading", name="You denied this access").wait_for()
        assert people.decisions(record) == [("deny", "mail_code")]
        assert people.stage.request(record)["state"] == "denied"
        assert people.stage.grants(record) == []
        page.goto(f"{people.stage.world.url}/console")
        assert record.columns["number"] not in page.inner_text("main")


def test_an_emergency_is_begun_given_back_and_reviewed_by_somebody_else(people: People) -> None:
    stage, console = people.stage, f"{people.stage.world.url}/console/emergency"
    page = people.open("bob", console)
    page.get_by_label("What has happened").fill("orders are down and nobody else is awake")
    page.get_by_label("For how many minutes").fill("20")
    page.get_by_role("button", name="Begin the emergency").click()
    page.get_by_role("heading", name="Emergency access to war-room").wait_for()
    where = page.url
    stage.wait("the access", people.in_room)
    page.reload()
    page.get_by_text("active, until").wait_for()
    assert page.get_by_role("button", name="Finish the review").count() == 0
    page.get_by_role("button", name="Give the access back now").click()
    stage.wait("the end of it", lambda: not people.in_room())
    mail = stage.world.mailbox.wait_for(MAILS["carol"], rf"({console}/\S+)", 0)
    assert mail == where
    given = "SELECT 1 FROM access_grant WHERE entitlement = 'war-room' AND state = 'revoked'"
    stage.wait("its record", lambda: stage.rows(given) != [])
    page = people.open("carol", where)
    page.get_by_label("justified", exact=True).check()
    page.get_by_label("Findings").fill("read the audit log of the target: one index was rebuilt")
    page.get_by_role("button", name="Finish the review").click()
    page.get_by_text("justified, by Carol Adeyemi").wait_for()
    (review,) = stage.entries("review.done")
    (begun,) = stage.entries("emergency.invoked")
    assert (review["outcome"], review["id"]) == ("justified", begun["id"])
