"""The provider's desk over a provider that says what it is told to: logout, states, busy hours."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest
from tests.openid import SETTINGS, STRONG, account, desk_of, pages
from tests.operations.kit import Gate
from tests.web.page_desk import BROWSER, Forms
from typing_extensions import override

from ticketgate.adapters.net.oidc import TokenError
from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.id_token import LOGOUT_EVENT
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.desks.provider_desk import CALLS_MAX, Ask, Back, ProviderDesk
from ticketgate.ports import Asking, IdentityProvider, Signed

BACK = Back("c0de", "", None)


@dataclass
class Told(IdentityProvider):
    """Signs whatever `claims` say, for the nonce that was asked for."""

    claims: dict[str, Any] = field(default_factory=dict)
    nonce: str = ""
    end: str | None = None
    fault: TokenError | None = None

    @override
    def address(self, asking: Asking, now: datetime) -> str:
        self.nonce = asking.nonce
        return "https://login.example.com/auth"

    @override
    def redeem(self, code: str, verifier: str, issuer: str | None, now: datetime) -> Signed:
        return self.signed("raw", now)

    @override
    def signed(self, token: str, now: datetime) -> Signed:
        if self.fault is not None:
            raise self.fault
        at = int(now.timestamp())
        whole: dict[str, Any] = {
            "iss": SETTINGS.issuer,
            "aud": SETTINGS.client_id,
            "sub": "idp-bob",
            "sid": "s1",
            "iat": at,
            "exp": at + 60,
            "auth_time": at,
            "acr": STRONG,
            "nonce": self.nonce,
        }
        return Signed(token, {k: v for k, v in {**whole, **self.claims}.items() if v is not None})

    @override
    def sign_out(self, now: datetime) -> str | None:
        return self.end


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def desk(gate: Gate, told: Told) -> ProviderDesk:
    account(gate, "bob", "idp-bob")
    return desk_of(gate, SETTINGS, told)


def asked(desk: ProviderDesk, shown: str = "") -> Ask:
    found = desk.ask("/sign-in", shown=shown)
    assert not isinstance(found, Refusal)
    return found[0]


def signed_in(desk: ProviderDesk) -> Session:
    found = desk.sign_in(asked(desk), BACK)
    assert isinstance(found, Session)
    return found


def code(outcome: object) -> str:
    return outcome.code if isinstance(outcome, Refusal) else ""


def logout(told: Told, jti: str = "j1", **claims: object) -> None:
    """From now on logout tokens are signed."""
    told.claims = {"nonce": None, "jti": jti, "events": {LOGOUT_EVENT: {}}, **claims}


def test_a_state_counts_once_whatever_the_browser_keeps(desk: ProviderDesk) -> None:
    ask = asked(desk)
    assert code(desk.sign_in(ask, BACK)) == ""
    assert code(desk.sign_in(ask, BACK)) == "sign_in_state"


def test_a_step_up_counts_once_and_for_a_live_session_of_a_known_person(
    desk: ProviderDesk, gate: Gate
) -> None:
    session = signed_in(desk)
    ask = asked(desk, "5" * 64)
    assert code(desk.step_up(ask, BACK, session)) == ""
    assert desk.stepped_up(session, "5" * 64)
    assert not desk.stepped_up(session, "6" * 64)
    assert code(desk.step_up(ask, BACK, session)) == "sign_in_state"
    gate.desk.sign_out(session.id)
    assert code(desk.step_up(asked(desk, "6" * 64), BACK, session)) == "step_up_refused"
    account(gate, "bob", "another")
    assert code(desk.step_up(asked(desk, "7" * 64), BACK, session)) == "account_unknown"
    assert code(desk.step_up(asked(desk, "8" * 64), Back("", "access_denied", None), session)) == (
        "provider_refused"
    )


def test_a_token_for_a_plain_sign_in_is_no_step_up(desk: ProviderDesk, told: Told) -> None:
    session = signed_in(desk)
    ask = asked(desk, "5" * 64)
    asked(desk)  # the provider signs for this one
    assert code(desk.step_up(ask, BACK, session)) == "token_refused"


def test_a_token_that_is_refused_is_recorded(desk: ProviderDesk, told: Told, gate: Gate) -> None:
    told.fault = TokenError("no")
    assert code(desk.sign_in(asked(desk), BACK)) == "token_refused"
    told.fault = None
    told.claims = {"iss": "https://evil.example.com"}
    assert code(desk.sign_in(asked(desk), BACK)) == "token_refused"
    assert [one["code"] for one in gate.records("sign_in.refused")] == ["token_refused"] * 2


def test_more_calls_than_are_made_at_a_time_are_asked_to_try_again(desk: ProviderDesk) -> None:
    for _ in range(CALLS_MAX):
        desk._calls.acquire()
    assert code(desk.ask("/sign-in")) == "provider_unavailable"
    assert code(desk.sign_in(Ask("s", asked_at(desk), "/sign-in"), BACK)) == "provider_unavailable"
    assert desk.sign_out() is None
    desk._calls.release()
    assert code(desk.ask("/sign-in")) == ""


def asked_at(desk: ProviderDesk) -> str:
    return desk._clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_the_provider_ends_a_session_by_its_back_channel(
    desk: ProviderDesk, told: Told, gate: Gate
) -> None:
    session = signed_in(desk)
    logout(told, sid="another")
    assert code(desk.logged_out("raw")) == ""
    assert gate.desk.session(session.id) is not None
    logout(told, "j2", sub=None)
    assert code(desk.logged_out("raw")) == ""
    assert gate.desk.session(session.id) is None


def test_a_logout_of_the_person_ends_all_their_sessions(
    desk: ProviderDesk, told: Told, gate: Gate
) -> None:
    sessions = [signed_in(desk), signed_in(desk)]
    logout(told, sid=None)
    assert code(desk.logged_out("raw")) == ""
    assert [gate.desk.session(one.id) for one in sessions] == [None, None]


def test_a_logout_token_counts_once_and_no_other_token_is_one(
    desk: ProviderDesk, told: Told
) -> None:
    logout(told)
    assert code(desk.logged_out("raw")) == ""
    assert code(desk.logged_out("raw")) == "logout_token"
    told.claims = {}
    assert code(desk.logged_out("raw")) == "logout_token"
    told.fault = TokenError("no")
    assert code(desk.logged_out("raw")) == "token_refused"


def test_the_back_channel_needs_no_form_and_answers_400_to_what_does_not_count(
    desk: ProviderDesk, told: Told, gate: Gate
) -> None:
    client = pages(gate, desk).test_client()
    logout(told)
    assert client.post("/sign-in/oidc/logout", data={"logout_token": "raw"}).status_code == 200
    assert client.post("/sign-in/oidc/logout", data={"logout_token": "raw"}).status_code == 400
    told.fault = TokenError("no")
    answer = client.post("/sign-in/oidc/logout", data={"logout_token": "raw"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "logout_token")
    assert client.get("/sign-in/oidc/logout").status_code == 405


def test_who_signs_out_here_is_led_to_sign_out_there(
    desk: ProviderDesk, told: Told, gate: Gate
) -> None:
    client = pages(gate, desk).test_client()
    told.end = "https://login.example.com/end?client_id=gate"
    page = client.get("/sign-in", headers=BROWSER).text
    client.post("/sign-in/oidc", data=Forms(page).form("/sign-in/oidc"), headers=BROWSER)
    with client.session_transaction() as kept:
        state = kept["asks"][0][0]
    client.get(f"/sign-in/oidc/callback?state={state}&code=x", headers=BROWSER)
    page = client.get("/sign-in", headers=BROWSER).text
    token = Forms(page).form("/sign-out")
    answer = client.post("/sign-out", data=token, headers=BROWSER)
    assert 'href="https://login.example.com/end?client_id=gate"' in answer.text
    assert "Signed in as" not in answer.text
    assert "Signed in as" not in client.get("/sign-in", headers=BROWSER).text


def test_without_codes_by_mail_none_is_sent(desk: ProviderDesk, gate: Gate) -> None:
    client = pages(gate, desk, mail_code=False).test_client()
    page = client.get("/sign-in", headers=BROWSER).text
    assert "8-digit code" not in page
    token = Forms(page).form("/sign-in/oidc")["csrf_token"]
    sent = {"csrf_token": token, "address": "bob@example.com"}
    answer = client.post("/sign-in", data=sent, headers=BROWSER)
    assert (answer.status_code, "mail_code_off" in answer.text) == (403, True)
    gate.run_mail()
    assert gate.post.mails == []


def test_a_step_up_needs_classes_that_are_a_second_factor(gate: Gate, told: Told) -> None:
    account(gate, "bob", "idp-bob")
    desk = desk_of(gate, replace(SETTINGS, step_up=()), told)
    assert not desk.steps_up
    session = signed_in(desk)
    assert code(desk.step_up(asked(desk, "5" * 64), BACK, session)) == "step_up_refused"
