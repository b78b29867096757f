"""A real OpenID provider, the pages in front of a gate, and a browser that goes between them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin

import flask
import requests
from tests.node_parts import node_packages, node_program
from tests.operations.kit import CODE_KEY, Gate
from tests.web.page_desk import BROWSER, Forms
from typing_extensions import override
from werkzeug.test import TestResponse

from ticketgate.adapters.net.http import GuardedHttp
from ticketgate.adapters.net.oidc import OpenIdProvider
from ticketgate.cli.demo.servers import free_port
from ticketgate.domain.settings import ProviderSettings
from ticketgate.operations.desks.provider_desk import ProviderDesk
from ticketgate.ports import IdentityProvider
from ticketgate.web.create_app import SignInWays, create_app

OURS: Final = "http://127.0.0.1:8080"  # never served here: the browser hands it to the application
ACCOUNTS: Final = "corp-login"
STRONG: Final = "urn:example:second-factor"
SETTINGS: Final = ProviderSettings(
    issuer="",
    client_id="gate",
    client_secret="a secret of the client, of some length",
    accounts=ACCOUNTS,
    step_up=(STRONG,),
)


@contextmanager
def real_provider(ours: str = OURS) -> Iterator[ProviderSettings]:
    """The oidc-provider of npm on loopback, and the settings that name it."""
    packages, port = node_packages("oidc-provider"), free_port()
    way_back = f"{ours}/sign-in/oidc/callback"
    client = (SETTINGS.client_id, SETTINGS.client_secret)
    more = (way_back, f"{ours}/sign-in", f"{ours}/sign-in/oidc/logout")
    with node_program(packages, "provider.mjs", str(port), *client, *more):
        yield replace(SETTINGS, issuer=f"http://127.0.0.1:{port}")


def account(gate: Gate, subject: str, *subs: str) -> None:
    """Link accounts of the provider to a person, and nothing else of theirs."""
    gate.directory.change(subject, accounts={ACCOUNTS: subs})


def desk_of(
    gate: Gate,
    settings: ProviderSettings,
    provider: IdentityProvider | None = None,
    *,
    ours: str = OURS,
) -> ProviderDesk:
    """The provider's desk of a gate, over the real way out."""
    gate.clock.at = max(gate.clock.at, datetime.now(UTC))
    return ProviderDesk(
        store=gate.store,
        directory=gate.directory,
        clock=gate.clock,
        ids=gate.ids,
        provider=provider or OpenIdProvider(settings, ours, GuardedHttp(5.0)),
        settings=settings,
        key=CODE_KEY,
    )


def pages(
    gate: Gate, provider: ProviderDesk, *, mail_code: bool = True, ours: str = OURS
) -> flask.Flask:
    """The real application over the gate's desk."""
    return create_app(
        gate.desk,
        public_url=ours,
        session_key=b"k" * 32,
        new_secret=gate.ids.token,
        sign_in=SignInWays(mail_code, provider),
    )


class Page(HTMLParser):
    """Where a page leads by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.onward = ""
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "meta" and given.get("http-equiv") == "refresh":
            self.onward = str(given["content"]).partition("url=")[2]


@dataclass
class Browser:
    """One browser: the application's cookies, and the provider's."""

    app: flask.Flask
    settings: ProviderSettings
    there: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def get(self, path: str) -> TestResponse:
        """A page of ours."""
        return self.client.get(path, headers=BROWSER)

    def press(self, page: str, action: str, **typed: str) -> TestResponse:
        """Send a form of a page of ours as it was fetched."""
        fields = Forms(self.get(page).text).form(action) | typed
        return self.client.post(action, data=fields, headers=BROWSER)

    def off(self, page: str = "/sign-in") -> str:
        """Press the button of the provider; where the browser is led."""
        answer = self.press(page, "/sign-in/oidc")
        assert answer.status_code == 200, answer.text
        return Page(answer.text).onward

    def at_provider(self, url: str, account: str, factor: str = "", groups: str = "") -> str:
        """Sign in there; the path that the browser comes back to."""
        answer = self.there.get(url, allow_redirects=False, timeout=10)
        steps = iter(range(12))
        while not (location := answer.headers.get("Location", "")).startswith(OURS):
            next(steps)  # a provider that leads nowhere fails the test
            if answer.status_code == 200:
                typed = {"account": account, "factor": factor, "groups": groups}
                answer = self.there.post(url, data=typed, allow_redirects=False, timeout=10)
            else:
                url = urljoin(url, location)
                answer = self.there.get(url, allow_redirects=False, timeout=10)
        return location.removeprefix(OURS)

    def sign_in(
        self, account: str, page: str = "/sign-in", factor: str = "", groups: str = ""
    ) -> TestResponse:
        """All the way there and back; what the way back answers."""
        return self.get(self.at_provider(self.off(page), account, factor, groups))

    @property
    def name(self) -> str:
        """Who is signed in here, as the page says."""
        text = self.get("/sign-in").text
        return text.partition("Signed in as <bdi>")[2].partition("</bdi>")[0]
