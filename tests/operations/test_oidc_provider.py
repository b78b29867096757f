"""Sign-in by a real OpenID provider: npm's oidc-provider, on loopback."""

from collections.abc import Iterator

import pytest
from tests.openid import Browser, Page, account, desk_of, pages, real_provider
from tests.operations.kit import Gate
from tests.web.page_desk import BROWSER, Forms

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
    return Browser(pages(gate, desk_of(gate, provider)))


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
    mallory = Browser(bob.app)
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
    stranger = Browser(bob.app)
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
