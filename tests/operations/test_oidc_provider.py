"""Sign-in by a real OpenID provider: npm's oidc-provider, on loopback."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
from tests.openid import STRONG, Browser, Page, account, desk_of, pages, real_provider
from tests.operations.kit import WHY, Gate
from tests.operations.tickets import access_ticket
from tests.web.page_desk import BROWSER, Forms

from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.settings import ProviderSettings


@pytest.fixture(scope="module")
def provider() -> Iterator[ProviderSettings]:
    """The provider of this file."""
    with real_provider() as settings:
        yield settings


@pytest.fixture
def bob(gate: Gate, provider: ProviderSettings) -> Browser:
    """Bob at a browser; his account there is linked by its id."""
    account(gate, "bob", "idp-bob")
    return Browser(pages(gate, desk_of(gate, provider)), provider)


def test_a_person_signs_in_by_the_account_that_the_directory_links(
    bob: Browser, gate: Gate
) -> None:
    back = bob.sign_in("idp-bob")
    assert (back.status_code, back.headers["Location"]) == (303, "/sign-in")
    assert bob.name == "Bob Ng"
    assert [one["method"] for one in gate.records("sign_in.recorded")] == ["oidc"]


@pytest.mark.parametrize("sub", ["bob@example.com", "IDP-BOB", "idp-bob ", "bob", "\uff49dp-bob"])
def test_an_account_that_only_looks_like_one_is_nobody(bob: Browser, gate: Gate, sub: str) -> None:
    answer = bob.sign_in(sub)
    assert (answer.status_code, bob.name) == (403, "")
    assert "account_unknown" in answer.text
    assert [one["code"] for one in gate.records("sign_in.refused")] == ["account_unknown"]


def test_who_is_not_active_does_not_come_in(bob: Browser, gate: Gate) -> None:
    gate.directory.leave("bob")
    assert bob.sign_in("idp-bob").status_code == 403
    (refused,) = gate.records("sign_in.refused")
    assert (refused["code"], len(refused["people"])) == ("approver_inactive", 1)


def test_who_cancels_there_reads_what_to_do(bob: Browser) -> None:
    answer = bob.sign_in("")
    assert answer.status_code == 403
    assert "was cancelled, at the identity provider" in answer.text
    assert bob.name == ""


def test_a_way_back_works_once(bob: Browser) -> None:
    path = bob.at_provider(bob.off(), "idp-bob")
    assert bob.get(path).status_code == 303
    again = bob.get(path)
    assert (again.status_code, "sign_in_state" in again.text) == (400, True)


def test_a_way_back_works_once_also_with_the_cookie_of_before(bob: Browser, gate: Gate) -> None:
    path = bob.at_provider(bob.off(), "idp-bob")
    before = bob.client.get_cookie("ticketgate")
    assert before is not None
    bob.get(path)
    bob.client.set_cookie("ticketgate", before.value)
    assert bob.get(path).status_code in {400, 403}  # the provider knows the code no more
    assert len(gate.records("sign_in.recorded")) == 1


def test_a_way_back_works_only_in_the_browser_that_asked(bob: Browser, gate: Gate) -> None:
    path = bob.at_provider(bob.off(), "idp-bob")
    mallory = Browser(bob.app, bob.settings)
    mallory.off()
    assert mallory.get(path).status_code == 400
    assert mallory.name == ""
    assert bob.get(path).status_code == 303


def test_a_way_back_is_over_after_ten_minutes(bob: Browser, gate: Gate) -> None:
    path = bob.at_provider(bob.off(), "idp-bob")
    gate.clock.at += gate.clock.at.resolution * 600_000_001
    assert bob.get(path).status_code == 400


@pytest.mark.parametrize(
    "query", ["", "?state=forged&code=x", "?code=x", "?state=%00&code=x", "?state=a&state=b&code=x"]
)
def test_a_forged_state_is_400(bob: Browser, gate: Gate, query: str) -> None:
    bob.off()
    answer = bob.get(f"/sign-in/oidc/callback{query}")
    assert (answer.status_code, "sign_in_state" in answer.text) == (400, True)
    assert gate.records("sign_in.refused") == []


def test_an_answer_that_names_another_issuer_or_none_is_refused(bob: Browser) -> None:
    for change in ("&iss=http%3A%2F%2F127.0.0.1%3A1", ""):
        path = bob.at_provider(bob.off(), "idp-bob")
        kept = "&".join(part for part in path.split("&") if not part.startswith("iss="))
        answer = bob.get(kept + change)
        assert (answer.status_code, "token_refused" in answer.text) == (403, True)


def test_looking_signs_nobody_in(bob: Browser, gate: Gate) -> None:
    path = bob.at_provider(bob.off(), "idp-bob")
    stranger = Browser(bob.app, bob.settings)
    for _ in range(30):
        assert bob.client.head(path).status_code == 405
        assert bob.client.options(path).status_code == 200
        assert stranger.get(path).status_code == 400
    assert gate.records("sign_in.recorded") == []
    assert bob.get(path).status_code == 303


def test_a_session_of_before_ends(bob: Browser, gate: Gate) -> None:
    bob.sign_in("idp-bob")
    before = bob.client.get_cookie("ticketgate")
    assert before is not None
    token = Forms(bob.get("/sign-in").text).form("/sign-out")["csrf_token"]
    asked = bob.client.post("/sign-in/oidc", data={"csrf_token": token}, headers=BROWSER)
    assert bob.get(bob.at_provider(Page(asked.text).onward, "idp-bob")).status_code == 303
    assert bob.name == "Bob Ng"
    bob.client.set_cookie("ticketgate", before.value)
    assert bob.name == ""


# --- deciding with a second factor ------------------------------------------------------------


@pytest.fixture
def asked_of_bob(gate: Gate, bob: Browser) -> str:
    """Alice has asked for what needs a second factor; the path of Bob's link."""
    gate.restart(needing(gate.policy, None))
    gate.deliver(access_ticket())
    gate.run_mail()
    bob.app = pages(gate, desk_of(gate, bob.settings))
    bob.client = bob.app.test_client()
    return f"/approve/{gate.tokens('bob')[-1]}"


def needing(policy: Policy, assurance: str | None) -> Policy:
    """The same policy, whose first rule needs this assurance."""
    return replace(policy, approve=(replace(policy.approve[0], assurance=assurance),))


def decide(browser: Browser, path: str, page: str = "") -> tuple[int, str]:
    """Approve on the page of the link; (status, code)."""
    fields = Forms(page or browser.get(path).text).form(path)
    fields |= {"decision": "approve", "justification": WHY}
    answer = browser.client.post(path, data=fields, headers={"Accept": "application/json"})
    return answer.status_code, "" if answer.status_code == 303 else answer.get_json()["code"]


def steps_up(browser: Browser, path: str, account: str = "idp-bob", factor: str = "1") -> int:
    """Press the button of the second factor, and sign in there; the status of the way back."""
    return browser.sign_in(account, page=path, factor=factor).status_code


def test_a_second_factor_is_asked_for_what_the_page_shows_and_then_it_decides(
    bob: Browser, gate: Gate, asked_of_bob: str
) -> None:
    assert bob.sign_in("idp-bob", page=asked_of_bob).headers["Location"] == asked_of_bob
    page = bob.get(asked_of_bob).text
    assert "Sign in again to decide" in page
    assert "Record my decision" not in page
    assert steps_up(bob, asked_of_bob) == 303
    assert decide(bob, asked_of_bob) == (303, "")
    (record,) = gate.records("decision.recorded")
    assert (record["method"], record["step_up"]["acr"]) == ("oidc_step_up", STRONG)
    assert record["step_up"]["class"] == "provider_token"
    assert len(record["sd"]) == 2


def test_a_sign_in_alone_does_not_decide(bob: Browser, gate: Gate, asked_of_bob: str) -> None:
    bob.sign_in("idp-bob", page=asked_of_bob, factor="1")
    token = Forms(bob.get(asked_of_bob).text).form("/sign-in/oidc")
    sent = {**token, "decision": "approve", "justification": WHY}
    answer = bob.client.post(asked_of_bob, data=sent, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "assurance")
    assert gate.records("decision.recorded") == []


def test_a_weak_class_is_no_second_factor_whatever_was_asked_for(
    bob: Browser, gate: Gate, asked_of_bob: str
) -> None:
    bob.sign_in("idp-bob", page=asked_of_bob)
    assert steps_up(bob, asked_of_bob, factor="") == 403
    assert "Record my decision" not in bob.get(asked_of_bob).text
    assert [one["code"] for one in gate.records("sign_in.refused")] == ["step_up_refused"]


def test_another_person_cannot_step_up_for_who_is_signed_in(
    bob: Browser, gate: Gate, asked_of_bob: str
) -> None:
    account(gate, "carol", "idp-carol")
    bob.sign_in("idp-bob", page=asked_of_bob)
    bob.there = requests.Session()  # nobody is signed in there
    assert steps_up(bob, asked_of_bob, account="idp-carol") == 403
    assert "Record my decision" not in bob.get(asked_of_bob).text


def test_a_second_factor_counts_for_five_minutes(
    bob: Browser, gate: Gate, asked_of_bob: str
) -> None:
    bob.sign_in("idp-bob", page=asked_of_bob)
    steps_up(bob, asked_of_bob)
    page = bob.get(asked_of_bob).text
    gate.clock.at = datetime.now(UTC) + timedelta(minutes=5)
    assert decide(bob, asked_of_bob, page) == (403, "assurance")
    assert "Sign in again to decide" in bob.get(asked_of_bob).text


def test_a_second_factor_counts_for_what_was_shown_and_nothing_else(
    bob: Browser, gate: Gate, asked_of_bob: str
) -> None:
    bob.sign_in("idp-bob", page=asked_of_bob)
    steps_up(bob, asked_of_bob)
    gate.deliver(access_ticket(ident="t2"))
    gate.run_mail()
    other = f"/approve/{gate.tokens('bob')[-1]}"
    assert other != asked_of_bob
    assert "Sign in again to decide" in bob.get(other).text
    assert decide(bob, asked_of_bob) == (303, "")


def test_what_has_changed_meanwhile_is_not_stepped_up_for(
    bob: Browser, gate: Gate, asked_of_bob: str
) -> None:
    bob.sign_in("idp-bob", page=asked_of_bob)
    fields = Forms(bob.get(asked_of_bob).text).form("/sign-in/oidc") | {"shown": "0" * 64}
    answer = bob.client.post("/sign-in/oidc", data=fields, headers=BROWSER)
    assert (answer.status_code, "shown_changed" in answer.text) == (409, True)
