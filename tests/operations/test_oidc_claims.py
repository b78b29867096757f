"""Claims of a real OpenID provider, npm's oidc-provider: from the sign-in to the decision."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.openid import Browser, account, desk_of, pages, real_provider
from tests.operations.kit import Gate
from tests.operations.test_claims import SEC, ask
from tests.operations.test_oidc_provider import decide

from ticketgate.domain.settings import ProviderSettings


@pytest.fixture(scope="module")
def provider() -> Iterator[ProviderSettings]:
    """The provider of this file."""
    with real_provider() as settings:
        yield settings


@pytest.fixture
def dan(gate: Gate, provider: ProviderSettings) -> Browser:
    """Dan at a browser; the directory has him in sec-iam, and links his account there."""
    account(gate, "dan", "idp-dan")
    desk_of(gate, provider)  # as late as the provider thinks
    ask(gate, SEC)
    return Browser(pages(gate, desk_of(gate, provider)), provider)


def link(gate: Gate) -> str:
    """The path of Dan's link."""
    return f"/approve/{gate.tokens('dan')[-1]}"


def test_a_group_of_the_signed_token_confirms(dan: Browser, gate: Gate) -> None:
    dan.sign_in("idp-dan", page=link(gate), groups="G0 G1")
    assert decide(dan, link(gate)) == (303, "")
    (record,) = gate.records("decision.recorded")
    assert (record["authority_basis"], record["method"]) == ("claimed", "oidc")


def test_a_token_that_does_not_name_the_group_takes_it_away(dan: Browser, gate: Gate) -> None:
    dan.sign_in("idp-dan", page=link(gate), groups="g1 G10")
    assert decide(dan, link(gate)) == (403, "not_in_claims")
    assert gate.records("decision.recorded") == []


def test_the_newest_token_of_a_session_counts(gate: Gate, provider: ProviderSettings) -> None:
    account(gate, "dan", "idp-dan")
    desk_of(gate, provider)
    ask(gate, SEC, assurance="oidc_step_up")
    dan = Browser(pages(gate, desk_of(gate, provider)), provider)
    dan.sign_in("idp-dan", page=link(gate), groups="G1")
    assert dan.sign_in("idp-dan", page=link(gate), factor="1", groups="G2").status_code == 303
    assert decide(dan, link(gate)) == (403, "not_in_claims")


def test_a_token_gets_old_and_a_new_sign_in_helps(dan: Browser, gate: Gate) -> None:
    dan.sign_in("idp-dan", page=link(gate), groups="G1")
    gate.clock.at += timedelta(minutes=16)
    assert decide(dan, link(gate)) == (403, "claims_old")
