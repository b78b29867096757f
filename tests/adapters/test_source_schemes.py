"""The scheme of a source as the settings say it: what fits its kind, its options, its secrets."""

import importlib
import re
import tomllib
from base64 import b64encode
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ticketgate.adapters.config.sources_reader import read_sources
from ticketgate.adapters.files.places import Place
from ticketgate.adapters.files.secret_files import SecretReader
from ticketgate.adapters.files.strict_yaml import Report, parse
from ticketgate.domain.schemes.glpi import Glpi
from ticketgate.domain.schemes.jira import Jira
from ticketgate.domain.schemes.jira_app import JiraApp
from ticketgate.domain.schemes.pagerduty import PagerDuty
from ticketgate.domain.schemes.static import ApiKey, Basic, Bearer
from ticketgate.domain.schemes.table import SCHEMES
from ticketgate.domain.schemes.zammad import Zammad
from ticketgate.domain.schemes.zendesk import Zendesk
from ticketgate.domain.settings import SourceSettings
from ticketgate_connectors.itsm.servicenow import SERVICENOW
from ticketgate_connectors.itsm.servicenow.connector import ServiceNow

PASSWORD = "desk:a-password-of-more-than-24-bytes"
SECRETS = {
    "TEXT": "a secret of more than 24 bytes",
    "TOKEN": "a-token-of-more-than-24-bytes",
    "WHSEC": "whsec_" + b64encode(b"k" * 32).decode(),
    "RAW": "k" * 32,
    "PASSWORD": PASSWORD,
    "ENCODED": b64encode(PASSWORD.encode()).decode(),
    "SHORT": "k" * 23,
    "SAMPLE": "It's a Secret to Everybody",
    "ZENDESK_SAMPLE": "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==",
}


class Desk(ServiceNow):
    """A connector of a kind, and of schemes, that the test names."""

    def __init__(self, kind: str, *schemes: str) -> None:
        self.kind, self.schemes = kind, schemes


KINDS = {name: Desk(name, name) for name in SCHEMES} | {
    "servicenow": SERVICENOW,
    "liar": Desk("liar", "zammad"),
}


def source(name: str, kind: str, secret: str, *lines: str) -> str:
    return "\n".join(
        [
            f"{name}:",
            f"  kind: {kind}",
            *(f"  {line}" for line in lines),
            f"  secrets: [{', '.join(f'env:{one}' for one in secret.split())}]",
            "  tables: { incident: {} }",
            "",
        ]
    )


def read(text: str) -> tuple[dict[str, SourceSettings], list[str]]:
    """The sources, and the faults as line, path and message."""
    report = Report("f.yaml")
    node = parse(text.encode(), report)
    assert node is not None
    found = read_sources(Place(node, "", report), KINDS, SecretReader(Path(), SECRETS))
    return found, [fault.text.removeprefix("f.yaml:") for fault in report.faults]


@pytest.mark.parametrize(
    ("scheme", "secret", "options", "made", "key"),
    [
        ("standard_webhooks", "WHSEC", (), SCHEMES["standard_webhooks"].make({}), b"k" * 32),
        ("jira", "TEXT", (), Jira("sha256"), SECRETS["TEXT"].encode()),
        ("jira", "TEXT", ("method: sha512",), Jira("sha512"), SECRETS["TEXT"].encode()),
        ("jira_app", "TEXT", (), JiraApp(None), SECRETS["TEXT"].encode()),
        ("jira_app", "TEXT", ("client_key: a:7",), JiraApp("a:7"), SECRETS["TEXT"].encode()),
        ("zendesk", "TEXT", (), Zendesk(), SECRETS["TEXT"].encode()),
        ("glpi", "TEXT", (), Glpi(), SECRETS["TEXT"].encode()),
        ("zammad", "TEXT", (), Zammad(), SECRETS["TEXT"].encode()),
        ("pagerduty", "TEXT", (), PagerDuty(), SECRETS["TEXT"].encode()),
        ("basic", "PASSWORD", (), Basic(), SECRETS["ENCODED"].encode()),
        ("bearer", "TOKEN", (), Bearer(), SECRETS["TOKEN"].encode()),
        ("api_key", "TOKEN", ("header: X-Desk",), ApiKey("x-desk"), SECRETS["TOKEN"].encode()),
    ],
)
def test_a_scheme_that_the_kind_takes_is_taken(
    scheme: str, secret: str, options: tuple[str, ...], made: object, key: bytes
) -> None:
    found, faults = read(source("desk", scheme, secret, f"scheme: {scheme}", *options))
    assert faults == []
    assert (found["desk"].scheme, found["desk"].secrets) == (made, (key,))


@pytest.mark.parametrize("scheme", ["basic", "bearer", "api_key"])
def test_servicenow_may_use_a_static_credential(scheme: str) -> None:
    options = ("header: x-key",) if scheme == "api_key" else ()
    secret = "PASSWORD" if scheme == "basic" else "TOKEN"
    assert read(source("desk", "servicenow", secret, f"scheme: {scheme}", *options))[1] == []


@pytest.mark.parametrize("zone", [UTC, ZoneInfo("Europe/Berlin")], ids=str)
def test_a_table_says_the_zone_of_its_local_times(zone: tzinfo) -> None:
    text = source("desk", "jira", "TEXT", "scheme: jira")
    found, faults = read(text.replace("incident: {}", f"incident: {{ times_in: {zone} }}"))
    assert faults == []
    assert found["desk"].mapping.tables["incident"].zone == zone


@pytest.mark.parametrize("word", ["true", "false"])
def test_a_table_says_whether_null_is_empty(word: str) -> None:
    text = source("desk", "jira", "TEXT", "scheme: jira")
    found, faults = read(text.replace("incident: {}", f"incident: {{ null_is_empty: {word} }}"))
    assert faults == []
    assert found["desk"].mapping.tables["incident"].null_is_empty is (word == "true")
    assert read(text)[0]["desk"].mapping.tables["incident"].null_is_empty is False
    _, faults = read(text.replace("incident: {}", "incident: { null_is_empty: perhaps }"))
    assert len(faults) == 1


@pytest.mark.parametrize("zone", ["Europe/Berlim", "../../etc/passwd", "+01:00", "/etc/localtime"])
def test_a_zone_that_nobody_knows_is_refused(zone: str) -> None:
    text = source("desk", "jira", "TEXT", "scheme: jira")
    _, faults = read(text.replace("incident: {}", f'incident: {{ times_in: "{zone}" }}'))
    (fault,) = faults
    assert fault == (
        f"5: desk.tables.incident.times_in: this machine knows no time zone {zone!r};"
        " they are named as Europe/Berlin"
    )


def test_a_scheme_that_does_not_fit_the_kind_is_told_by_line_with_those_that_do() -> None:
    _, faults = read(source("desk", "servicenow", "TEXT", "scheme: zendesk"))
    assert faults == [
        (
            "3: desk.scheme: zendesk is not for servicenow; a source of this kind takes: "
            "standard_webhooks, basic, bearer, api_key"
        )
    ]


def test_sha1_is_for_zammad_whatever_a_connector_says() -> None:
    _, faults = read(source("desk", "liar", "TEXT", "scheme: zammad"))
    assert [fault.partition(";")[0] for fault in faults] == [
        "3: desk.scheme: zammad is not for liar"
    ]


@pytest.mark.parametrize("method", ["sha1", "md5", "SHA256", "none"])
def test_a_method_that_is_weak_or_none_is_refused(method: str) -> None:
    _, faults = read(source("desk", "jira", "TEXT", "scheme: jira", f"method: {method}"))
    assert faults == [f"3: desk.scheme: {method!r} is none of: sha256, sha384, sha512"]


@pytest.mark.parametrize(
    ("kind", "secret", "lines", "fault"),
    [
        ("api_key", "TOKEN", ("scheme: api_key",), "2: desk: the key 'header' is missing"),
        (
            "api_key",
            "TOKEN",
            ("scheme: api_key", "header: Cookie"),
            "3: desk.scheme: 'cookie' is no header for a key; use one such as x-api-key",
        ),
        (
            "api_key",
            "TOKEN",
            ("scheme: api_key", "header: []"),
            "4: desk.header: must be text, not a list or a mapping",
        ),
        (
            "bearer",
            "TOKEN",
            ("scheme: bearer", "header: x-key"),
            "4: desk.header: unknown key 'header'",
        ),
        ("basic", "TEXT", ("scheme: basic",), "4: desk.secrets[0]: a secret of basic is `us"),
        ("zendesk", "SHORT", ("scheme: zendesk",), "4: desk.secrets[0]: a secret has at least 24"),
        ("jira", "SAMPLE", ("scheme: jira",), "4: desk.secrets[0]: this secret is a published"),
        (
            "zendesk",
            "ZENDESK_SAMPLE",
            ("scheme: zendesk",),
            "4: desk.secrets[0]: this secret is a published sample",
        ),
        ("jira", "TEXT", ("scheme: sha1",), "3: desk.scheme: unknown word 'sha1'"),
        ("jira", "TEXT", ("scheme: [jira]",), "3: desk.scheme: must be text"),
        ("jira", "TEXT", (), "2: desk: the key 'scheme' is missing"),
        ("none", "TEXT", ("scheme: jira",), "2: desk.kind: unknown word 'none'"),
    ],
)
def test_a_fault_is_one_line_and_names_its_place(
    kind: str, secret: str, lines: tuple[str, ...], fault: str
) -> None:
    _, faults = read(source("desk", kind, secret, *lines))
    assert len(faults) == 1
    assert faults[0].startswith(fault)


def test_an_option_of_a_scheme_that_is_misspelt_is_not_a_second_fault() -> None:
    _, faults = read(source("desk", "api_key", "TOKEN", "scheme: apikey", "header: x-key"))
    assert faults == ["3: desk.scheme: unknown word 'apikey'; did you mean 'api_key'?"]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (("zendesk", "TEXT"), ("zendesk", "TEXT"), True),
        (("zendesk", "TEXT"), ("glpi", "TEXT"), True),
        (("zammad", "RAW"), ("standard_webhooks", "WHSEC"), True),
        (("basic", "PASSWORD"), ("basic", "PASSWORD"), True),
        (("bearer", "TOKEN"), ("bearer", "TOKEN"), True),
        (("bearer", "ENCODED"), ("basic", "PASSWORD"), True),
        (("zendesk", "TEXT"), ("glpi", "RAW"), False),
        (("bearer", "TOKEN"), ("basic", "PASSWORD"), False),
    ],
)
def test_two_sources_never_share_a_secret_whatever_their_schemes(
    first: tuple[str, str], second: tuple[str, str], *, same: bool
) -> None:
    text = source("one", *first, f"scheme: {first[0]}")
    _, faults = read(text + source("two", *second, f"scheme: {second[0]}"))
    told = ["the source 'one' has the same secret; each source needs its own" in f for f in faults]
    assert told == ([True] if same else [])


def test_several_secrets_are_read_while_rotating() -> None:
    found, faults = read(source("desk", "zendesk", "TEXT RAW", "scheme: zendesk"))
    assert faults == []
    assert found["desk"].secrets == (SECRETS["TEXT"].encode(), b"k" * 32)
    assert "secret of more" not in repr(found)


def test_every_shipped_connector_names_schemes_that_there_are_and_is_documented() -> None:
    """The list is the project's own, as what is installed here may be older."""
    document = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
    table = document.partition("| kind | takes |")[2].partition("\n\n")[0]
    documented = {
        words[0]: tuple(words[1:])
        for line in table.splitlines()
        if (words := re.findall(r"`(\w+)`", line))
    }
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    named = project["project"]["entry-points"]["ticketgate.connectors"]
    itsm = {kind: place for kind, place in named.items() if ".itsm." in place}
    assert "servicenow" in itsm
    assert documented.keys() == itsm.keys()
    for kind, place in itsm.items():
        module, _, attribute = place.partition(":")
        connector = getattr(importlib.import_module(module), attribute)
        assert connector.schemes == documented[kind], kind
        assert set(connector.schemes) <= SCHEMES.keys(), kind
        assert all(SCHEMES[one].only in {None, kind} for one in connector.schemes), kind
