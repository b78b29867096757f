"""`notify`: who outside is told what, and what is refused."""

from pathlib import Path

import pytest
from tests.adapters.test_configuration import KNOWN, folder, put_secret

from ticketgate.adapters.config.configuration import load_configuration
from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.settings import ReceiverSettings
from ticketgate.domain.telling.announcement import EVENTS

__all__ = ["folder"]

SLACK_URL = "https://hooks.slack.example/services/T0/B0/secret?x=1"
HOOK = (
    "{ name: siem, kind: webhook, url: env:SIEM_URL, events: [approved, 'emergency.*'],"
    " secret: file:secrets/siem.whsec }"
)
SLACK = "{ name: sec-ops, kind: slack, url: file:secrets/slack.url, events: [revoke_overdue] }"


def read(
    folder: Path, *receivers: str, url: str = "https://siem.example.com/in"
) -> tuple[ReceiverSettings, ...]:
    put_secret(folder, "slack.url", SLACK_URL)
    put_secret(folder, "siem.whsec", "whsec_dGhlIGhvb2sncyBrZXkgb2YgdGhpcyB0ZXN0IG9ubHk=")
    path = folder / "ticketgate.yaml"
    path.write_text(path.read_text() + f"\nnotify: [{', '.join(receivers)}]\n")
    environ = {"SIEM_URL": url}
    return load_configuration(folder, environ=environ, connectors=KNOWN).settings.receivers


def fault(folder: Path, *receivers: str, url: str = "https://siem.example.com/in") -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, *receivers, url=url)
    return " | ".join(one.text for one in caught.value.faults)


def test_receivers_are_read_with_their_secrets_and_shown_without(folder: Path) -> None:
    siem, slack = read(folder, HOOK, SLACK)
    assert (siem.name, siem.kind, siem.url) == ("siem", "webhook", "https://siem.example.com/in")
    assert siem.events == {"approved", *(one for one in EVENTS if one.startswith("emergency."))}
    assert siem.secret == b"the hook's key of this test only"
    assert (slack.url, slack.secret, slack.allow_networks) == (SLACK_URL, None, "")
    assert "secret?" not in repr(slack)
    assert "hook's key" not in repr(siem)


def test_without_the_section_nobody_is_told(folder: Path) -> None:
    assert load_configuration(folder, environ={}, connectors=KNOWN).settings.receivers == ()


def test_private_networks_are_said(folder: Path) -> None:
    (one,) = read(folder, HOOK.replace(" }", ", allow_networks: '10.0.0.0/8' }"))
    assert one.allow_networks == "10.0.0.0/8"


@pytest.mark.parametrize(
    ("receiver", "says"),
    [
        (HOOK.replace(", secret: file:secrets/siem.whsec", ""), "the key 'secret' is missing"),
        (SLACK.replace(" }", ", secret: file:secrets/siem.whsec }"), "Slack takes no signature"),
        (HOOK.replace("webhook", "teams"), "unknown word 'teams'"),
        (HOOK.replace("approved", "aproved"), "did you mean 'approved'"),
        (HOOK.replace("[approved, 'emergency.*']", "[]"), "the list is empty"),
        (HOOK.replace("name: siem, ", ""), "the key 'name' is missing"),
        (HOOK.replace("kind: webhook, ", ""), "the key 'kind' is missing"),
        (HOOK.replace("url: env:SIEM_URL, ", ""), "the key 'url' is missing"),
        (HOOK.replace("name: siem", "name: 'a b'"), "is not an id"),
        (HOOK.replace("env:SIEM_URL", "https://x.example.com"), "env:NAME or file:PATH"),
        (HOOK.replace(" }", ", retries: 5 }"), "unknown key 'retries'"),
        (HOOK.replace(" }", ", allow_networks: '10.0.0.1/8' }"), "is not a list of networks"),
        (HOOK.replace("siem.whsec", "slack.url"), "a secret is `whsec_`"),
        ("siem", "must be a mapping"),
    ],
    ids=[
        "unsigned", "slack_secret", "kind", "event", "no_events", "no_name", "no_kind", "no_url",
        "name", "plain_url", "unknown_key", "networks", "secret", "scalar",
    ],
)  # fmt: skip
def test_what_is_not_in_order_is_refused_with_its_line(
    folder: Path, receiver: str, says: str
) -> None:
    assert says in fault(folder, receiver)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://siem.example.com/in", "use https"),
        ("https://bob:pw@siem.example.com/", "without user or fragment"),
        ("https://siem.example.com/#top", "without user or fragment"),
        ("ftp://siem.example.com/", "is not https"),
        ("https:///in", "is not https"),
        ("https://siem.example.com:x/", "is not https"),
        ("https://[siem/", "is not https"),
        ("https://siem.example.com/a b", "is not https"),
    ],
    ids=["http", "user", "fragment", "scheme", "host", "port", "bracket", "space"],
)
def test_an_address_that_is_none_is_refused_and_never_shown(
    folder: Path, url: str, says: str
) -> None:
    told = fault(folder, HOOK, url=url)
    assert says in told
    assert url not in told


def test_http_is_for_this_machine_itself(folder: Path) -> None:
    assert read(folder, HOOK, url="http://127.0.0.1:9/in")[0].url == "http://127.0.0.1:9/in"


def test_two_of_one_name_and_too_many_are_refused(folder: Path) -> None:
    assert "named twice" in fault(folder, HOOK, HOOK)
    many = [HOOK.replace("siem,", f"siem{number},") for number in range(17)]
    folder.joinpath("ticketgate.yaml").write_text(
        folder.joinpath("ticketgate.yaml").read_text().partition("\nnotify:")[0]
    )
    assert "at most 16" in fault(folder, *many)
