"""From the page of emergencies to the provider and back: a second factor for just what it shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import flask
import pytest
from flask.testing import FlaskClient
from tests.openid import SETTINGS, account
from tests.openid import desk_of as provider_desk
from tests.operations.emergencies import WHAT, WHY, desk_of, policy_with
from tests.operations.kit import Gate, folder
from tests.operations.test_provider_desk import Told
from tests.web.page_desk import BROWSER, SESSION_KEY, Forms
from tests.web.test_emergency_page import LIST
from typing_extensions import override

from ticketgate.ports import Asking
from ticketgate.web.create_app import SignInWays, create_app

TO = "/sign-in/oidc"


@dataclass
class Kept(Told):
    """Keeps the state that was asked with, too."""

    state: str = ""

    @override
    def address(self, asking: Asking, now: datetime) -> str:
        self.state = asking.state
        return super().address(asking, now)


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as place:
        made = Gate(place, policy_with())
        try:
            account(made, "bob", "idp-bob")
            yield made
        finally:
            made.stop()


@pytest.fixture
def told() -> Kept:
    return Kept()


@pytest.fixture
def app(gate: Gate, told: Kept) -> flask.Flask:
    return create_app(
        gate.desk,
        public_url="http://127.0.0.1:8080",
        session_key=SESSION_KEY,
        new_secret=gate.ids.token,
        emergencies=desk_of(gate),
        sign_in=SignInWays(mail_code=False, provider=provider_desk(gate, SETTINGS, told)),
    )


def there_and_back(client: FlaskClient, told: Kept, page: str, **changes: str) -> tuple[int, str]:
    """Press the provider's button of a page; the status, and where the way back leads."""
    forms = Forms(client.get(page, headers=BROWSER).text).forms
    form = next(form for where, form in forms if where == TO) | changes
    off = client.post(TO, data=form, headers=BROWSER)
    if off.status_code != 200:
        return off.status_code, ""
    back = client.get(f"{TO}/callback?state={told.state}&code=c0de", headers=BROWSER)
    return back.status_code, back.headers.get("Location", "")


def test_a_second_factor_for_what_the_page_shows_begins_an_emergency(
    gate: Gate, app: flask.Flask, told: Kept
) -> None:
    client = app.test_client()
    assert there_and_back(client, told, f"/sign-in?next={LIST}") == (303, LIST)
    text = client.get(LIST, headers=BROWSER).text
    assert "Begin the emergency" not in text
    assert "You may, as" in text  # what is signed for is shown first
    assert there_and_back(client, told, LIST) == (303, LIST)
    forms = Forms(client.get(LIST, headers=BROWSER).text).forms
    form = next(form for where, form in forms if where == LIST)
    posted = form | {"reason": WHY, "minutes": "30", "do": "invoke"}
    begun = client.post(LIST, data=posted, headers=BROWSER)
    assert begun.status_code == 303, begun.text
    (record,) = gate.records("emergency.invoked")
    assert (record["method"], record["entitlement"]) == ("oidc_step_up", WHAT)
    assert client.get(begun.headers["Location"], headers=BROWSER).status_code == 200


def test_for_what_the_page_does_not_show_none_is_asked(app: flask.Flask, told: Kept) -> None:
    client = app.test_client()
    there_and_back(client, told, f"/sign-in?next={LIST}")
    assert there_and_back(client, told, LIST, shown="0" * 64)[0] == 409
