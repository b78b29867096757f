"""The shipped configuration loads; every fault of every file is told at once, by line."""

import base64
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.keys import SIGNING_KEY
from typing_extensions import override

from ticketgate.adapters.config.configuration import Configuration, load_configuration
from ticketgate.adapters.config.settings_file import KnownConnectors, load_settings
from ticketgate.adapters.directories.directory_file import DirectoryFile
from ticketgate.connector_api import HttpClient, TargetConnector, TargetKind, TargetSettings
from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.settings import MailSettings
from ticketgate.domain.tickets.mapping import TableMapping
from ticketgate.domain.tickets.ticket import StateClass
from ticketgate_connectors.itsm.servicenow import SERVICENOW

SHIPPED = Path(__file__).resolve().parents[2] / "config"
SECRETS = {
    "session.key": "k" * 40,
    "snow-prod.whsec": "whsec_" + base64.b64encode(b"x" * 32).decode(),
    "scim.token": "t" * 40,
    "smtp.password": "mail-pw-7",
    "signing.key": SIGNING_KEY,
}

BECAUSE = (
    "      because: single sign-on is not connected yet; two people of different teams must agree\n"
)


class Kind(TargetKind):
    """A kind of target that needs a group and takes one option."""

    kind = "scim"
    capabilities = frozenset({"observe"})

    @override
    def config_schema(self) -> Mapping[str, str]:
        return {"tenant": "which tenant"}

    @override
    def access_keys(self) -> frozenset[str]:
        return frozenset({"group"})

    @override
    def open(self, settings: TargetSettings, http: HttpClient) -> TargetConnector:
        raise NotImplementedError


KNOWN = KnownConnectors({"servicenow": SERVICENOW}, {"scim": Kind()})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped configuration, with secrets."""
    for path in SHIPPED.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "secrets").mkdir()
    for name, text in SECRETS.items():
        put_secret(tmp_path, name, text)
    return tmp_path


def put_secret(folder: Path, name: str, text: str) -> None:
    path = folder / "secrets" / name
    path.write_text(text + "\n")
    path.chmod(0o600)


def edit(folder: Path, name: str, old: str, new: str) -> int:
    """Replace the first `old`; answers the line it stood on."""
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def load(folder: Path, connectors: KnownConnectors = KNOWN) -> Configuration:
    return load_configuration(folder, environ={"TOKEN": "e" * 30}, connectors=connectors)


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(folder)
    return [fault.text.removeprefix(f"{folder}/") for fault in caught.value.faults]


def test_the_shipped_configuration_loads(folder: Path) -> None:
    found = load(folder)
    settings = found.settings
    assert settings.store == str(folder / "data" / "ticketgate.db")
    assert settings.data_dir == str(folder / "data")
    assert settings.session_key == b"k" * 40
    assert settings.sources["snow-prod"].secrets == (b"x" * 32,)
    assert settings.targets["corp-scim"].token == "t" * 40
    assert settings.mail == MailSettings(
        "smtp.example.com", 587, "gate@example.com", "gate", "mail-pw-7"
    )
    assert (settings.host, settings.port, settings.mail_code) == ("127.0.0.1", 8080, True)
    assert (settings.body_bytes_max, settings.body_seconds_max) == (1_048_576, 5.0)
    assert settings.raw_body_keep.days == 30
    assert settings.policy_file == str(folder / "policy.yaml")
    assert isinstance(found.directory, DirectoryFile)
    assert str(found.directory.path) == settings.directory_file == str(folder / "directory.yaml")
    table = settings.sources["snow-prod"].mapping.tables["sc_req_item"]
    assert isinstance(table, TableMapping)
    assert (table.bound_to, table.states["2"]) == ("requested_for", StateClass.LIVE)
    assert table.map == {"reason": "variables.business_reason"}


def test_no_secret_shows_when_settings_are_printed(folder: Path) -> None:
    shown = repr(load(folder))
    assert not [text for text in SECRETS.values() if text in shown]


def test_secrets_are_told_apart_from_the_policy_and_the_directory(folder: Path) -> None:
    edit(folder, "ticketgate.yaml", "file:secrets/scim.token", "env:TOKEN")
    assert load(folder).settings.targets["corp-scim"].token == "e" * 30


def test_settings_have_defaults_for_what_may_be_left_out(folder: Path) -> None:
    text = (folder / "ticketgate.yaml").read_text()
    for line in ("listen:", "intake:", "  body_", "  raw_", "policy:", "  user:", "  password:",
                 "    at_once:"):  # fmt: skip
        text = "\n".join(one for one in text.split("\n") if not one.startswith(line))
    (folder / "ticketgate.yaml").write_text(text)
    found = load_settings(folder / "ticketgate.yaml", environ={}, connectors=KNOWN)
    assert (found.host, found.port, found.body_bytes_max) == ("127.0.0.1", 8080, 1_048_576)
    assert (found.mail.user, found.mail.password, found.mail.tls) == (None, None, True)
    assert found.targets["corp-scim"].at_once == 4
    assert found.body_seconds_max == 5


def test_mail_without_tls_is_for_loopback_only(folder: Path) -> None:
    edit(folder, "ticketgate.yaml", "  user: gate", "  tls: false\n  user: gate")
    assert any("mail without TLS is only for" in one for one in faults_of(folder))
    edit(folder, "ticketgate.yaml", "smtp.example.com:587", "127.0.0.1:1025")
    assert load(folder).settings.mail.port == 1025
    edit(folder, "ticketgate.yaml", "127.0.0.1:1025", "localhost:1025")
    assert not load(folder).settings.mail.tls


def test_entries_are_public_only_where_it_is_said(folder: Path) -> None:
    assert not load(folder).settings.evidence_public
    edit(folder, "ticketgate.yaml", "# evidence: {", "evidence: {")
    assert load(folder).settings.evidence_public


def test_an_option_of_the_connector_is_handed_on(folder: Path) -> None:
    edit(folder, "ticketgate.yaml", "    at_once: 4", "    tenant: corp")
    assert load(folder).settings.targets["corp-scim"].options == {"tenant": "corp"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("origin: gate", "orign: gate", "unknown key 'orign'; did you mean 'origin'?"),
        ("origin: gate.example.com/evidence", "origin: a b", "an origin is like"),
        ("origin: gate.example.com/evidence", "origin: [a]", "must be text"),
        ("origin: gate.example.com/evidence", "origin: a\norigin: b", "is there twice"),
        ("https://gate.example.com ", "http://gate.example.com ", "use https"),
        ("https://gate.example.com ", "gate.example.com ", "is not an http(s) URL"),
        ("https://gate.example.com ", "https://a@b ", "no user, query or fragment"),
        ("https://gate.example.com ", "https://a:99999 ", "is not an http(s) URL"),
        ("https://gate.example.com ", "https://a:x ", "is not an http(s) URL"),
        ("https://gate.example.com ", "https://é ", "is not an http(s) URL"),
        ("https://gate.example.com ", "[] ", "must be text"),
        ("store: data/ticketgate.db", "store: postgresql://db/x", "a database URL comes later"),
        ("policy: policy.yaml", "policy: none.yaml", "none.yaml:1: (file): cannot be read"),
        ("{ file: directory.yaml }", "{ file: none.yaml }", "none.yaml:1: (file): cannot be read"),
        ("{ file: directory.yaml }", "directory.yaml", "must be a mapping"),
        ("{ file: directory.yaml }", "{ feed: x, file: directory.yaml }", "'feed' comes later"),
        ("policy: policy.yaml", "api_tokens: []", "'api_tokens' comes later"),
        ("policy: policy.yaml", "witnesses: []", "'witnesses' comes later"),
        ("file:secrets/session.key", "file:secrets/none", "none cannot be read"),
        ("file:secrets/session.key", "hunter2", "a secret is written as env:NAME or file:PATH"),
        ("port: 8080", "port: 80800", "must be a whole number from 1 to 65535"),
        ("port: 8080", "port: 8080, tls: true", "unknown key 'tls'"),
        ("{ host: 127.0.0.1, port: 8080 }", "8080", "must be a mapping"),
        ("body_bytes_max: 1048576", "body_bytes_max: 1MB", "must be a whole number"),
        ("body_seconds_max: 5s", "body_seconds_max: 5", "'5' is not a duration"),
        ("body_seconds_max: 5s", "body_seconds_max: 2m", "at most 1m"),
        ("raw_body_keep: 30d", "raw_body_keep: forever", "'forever' is not a duration"),
        ("kind: servicenow", "kind: servicenw", "did you mean 'servicenow'?"),
        ("scheme: standard_webhooks", "scheme: jira", "jira is not for servicenow"),
        ("scheme: standard_webhooks", "scheme: none", "unknown word 'none'"),
        ("    scheme: standard_webhooks\n", "", "the key 'scheme' is missing"),
        ('["file:secrets/snow-prod.whsec"]', "[]", "the list is empty"),
        ('["file:secrets/snow-prod.whsec"]', "env:X", "must be a list"),
        ('["file:secrets/snow-prod.whsec"]', "[env:TOKEN]", "a secret is `whsec_` and base64"),
        ("  snow-prod: ", "  'snow prod': ", "is not a name"),
        ("  snow-prod: ", "  other: 5\n  snow-prod: ", "must be a mapping"),
        ("own_users: [svc-ticketgate]", "own_user: []", "did you mean 'own_users'?"),
        ("bound_to: none", "bound_to: nobody", "unknown word 'nobody'"),
        ('open: ["1"], live', 'opened: ["1"], live', "did you mean 'open'?"),
        ('live: ["2", "3"], closed', 'live: ["1", "3"], closed', "the state '1' is open already"),
        ('states: { open: ["1"], live', 'states: [{ open: ["1"], live', "not YAML"),
        ("must_have: [catalog_item,", "must_have: [catalogitem,", "did you mean 'catalog_item'?"),
        ("map: { reason", "map: { resaon", "did you mean 'reason'?"),
        ("variables.business_reason", "[a]", "must be text"),
        ("connector: scim", "connector: scmi", "did you mean 'scim'?"),
        ("at_once: 4", "at_once: 0", "must be a whole number from 1 to 64"),
        ("at_once: 4", "atonce: 4", "did you mean 'at_once'?"),
        ("at_once: 4", "tenant: [a]", "must be text"),
        ("https://idp.example.com/scim/v2", "http://10.0.0.1", "use https"),
        ("smtp.example.com:587", "smtp.example.com", "is not host:port"),
        ("smtp.example.com:587", "a@smtp.example.com:587", "the user does not belong here"),
        ("smtp.example.com:587", "smtp.example.com:x", "is not host:port"),
        ("smtp.example.com:587", "[]", "must be text"),
        ("from: gate@example.com", "from: gate", "is not a mail address"),
        ("  user: gate\n", "", "user and password go together"),
        ("  user: gate\n", "  user: gate\n  tls: maybe\n", "must be true or false"),
        ("  user: gate\n", "  user: gate\n  remind_before_end: 8d\n", "longer than 7 days"),
        ("  user: gate\n", "  user: gate\n  remind_before_end: 0h\n", "is not a duration"),
        ("{ mail_code: true }", "{ mail_code: false }", "nobody could approve"),
        ("{ mail_code: true }", "{ mail_code: true, passkey: {} }", "'passkey' comes later"),
        ("{ mail_code: true }", "{ oidc: {} }", "'issuer' is missing"),
        ("{ mail_code: true }", "mail_code", "must be a mapping"),
    ],
)
def test_a_fault_of_the_settings_is_told(folder: Path, old: str, new: str, fault: str) -> None:
    edit(folder, "ticketgate.yaml", old, new)
    assert any(fault in one for one in faults_of(folder))


def test_mail_that_is_no_mapping_and_sources_without_tables_are_refused(folder: Path) -> None:
    path = folder / "ticketgate.yaml"
    head, _, tail = path.read_text().partition("mail:\n")
    path.write_text(f"{head}mail: smtp\n{tail[tail.index('sign_in') :]}")
    assert any("mail: must be a mapping" in one for one in faults_of(folder))
    head, _, tail = path.read_text().partition("    tables:")
    path.write_text(f"{head}    tables: {{}}\n\n{tail[tail.index('targets:') :]}")
    assert any("no table is listed" in one for one in faults_of(folder))


def test_states_that_are_no_mapping_are_refused(folder: Path) -> None:
    edit(folder, "ticketgate.yaml", "sysapproval_approver: {}", "sc_task: { states: x, map: x }")
    found = faults_of(folder)
    assert sum("must be a mapping" in one for one in found) == 2


def test_a_default_of_the_connector_can_be_taken_away(folder: Path) -> None:
    edit(folder, "ticketgate.yaml", "variables.business_reason", "null")
    table = load(folder).settings.sources["snow-prod"].mapping.tables["sc_req_item"]
    assert table.map == {"reason": None}


@given(data=st.data())
def test_only_our_error_comes_out_of_damaged_settings(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = (SHIPPED / "ticketgate.yaml").read_text()
    at = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(at, min(len(text), at + 20)))
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_text(
        text[:at] + data.draw(st.text("ab:/ []{}|&*'\"\n~1é", max_size=12)) + text[end:]
    )
    with pytest.raises(ConfigurationError) as caught:  # its secrets are missing at the least
        load_settings(path, environ={}, connectors=KNOWN)
    assert all(fault.line >= 1 for fault in caught.value.faults)


def test_two_sources_with_one_secret_are_refused(folder: Path) -> None:
    text = (folder / "ticketgate.yaml").read_text()
    start, end = text.index("  snow-prod:"), text.index("\ntargets:")
    copied = text[start:end].replace("snow-prod:", "snow-test:", 1)
    (folder / "ticketgate.yaml").write_text(text[:end] + copied + text[end:])
    assert ["each source needs its own" in one for one in faults_of(folder)] == [True]


def test_a_source_may_name_its_own_secret_twice_while_rotating(folder: Path) -> None:
    one = '"file:secrets/snow-prod.whsec"'
    edit(folder, "ticketgate.yaml", one, f"{one}, {one}")
    assert len(load(folder).settings.sources["snow-prod"].secrets) == 2


def test_a_secret_that_others_can_read_is_refused(folder: Path) -> None:
    (folder / "secrets" / "scim.token").chmod(0o644)
    assert ["can be read by others" in one for one in faults_of(folder)] == [True]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("target: corp-scim", "target: corp-scmi",
         "ticketgate.yaml has no target 'corp-scmi'; did you mean 'corp-scim'?"),
        ("{ group: SG-PROD-DB-ADMIN }", "{ groop: x }", "a scim target needs exactly: group"),
        ("{ group: SG-PROD-DB-ADMIN }", "{ group: x, dn: y }", "needs exactly: group"),
        ("owner: person:carol", "owner: person:carrol", "did you mean 'carol'?"),
        ('"group:sec-iam"', '"group:sec-iamm"', "no group 'sec-iamm'; did you mean 'sec-iam'?"),
        ('any_of: ["manager_of:beneficiary"]\n        need: 1',
         'any_of: ["manager_of:beneficiary"]\n        need: 2',
         "stage 'line' needs 2, but its words name at most 1 of the directory"),
        ("need: 1\n        never", "need: 7\n        never", "but its words name at most 6"),
        ("    decide_within: 8h",
         "    decide_within: 8h\n    escalate: { after: 1h, to: ['on_call:dba'] }",
         "the directory has no on_call 'dba'"),
        ("    decide_within: 8h",
         "    decide_within: 8h\n    escalate: { after: 1h, to: ['group:empty'] }",
         "escalate: group:empty names nobody of the directory"),
        ("accept: mail_code", "accept: oidc",
         "'high-and-critical' needs oidc which no configured sign-in reaches"),
        (BECAUSE, "", "mail_code is below the default of the tier: `because` is missing"),
    ],
)  # fmt: skip
def test_a_fault_between_files_is_told(folder: Path, old: str, new: str, fault: str) -> None:
    edit(folder, "directory.yaml", "groups:\n", "groups:\n  empty: { name: Nobody }\n")
    edit(folder, "policy.yaml", old, new)
    found = faults_of(folder)
    assert any(fault in one for one in found)
    assert all(one.startswith("policy.yaml:") for one in found)


def test_without_assurance_the_default_of_the_tier_must_be_reachable(folder: Path) -> None:
    path = folder / "policy.yaml"
    lines = path.read_text().splitlines()
    kept = [one for one in lines if one.strip().partition(":")[0] not in
            {"assurance", "accept", "because"}]  # fmt: skip
    path.write_text("\n".join(kept))
    needs = [one.split(": ", 2)[2] for one in faults_of(folder)]
    assert [one[: one.index(",")] for one in needs] == [
        "the rule 'high-and-critical' needs oidc_step_up",
        "the rule 'medium-and-low' needs oidc",
    ]


def test_a_rule_of_the_lowest_tier_alone_needs_no_reason_for_mail_codes(folder: Path) -> None:
    edit(
        folder,
        "policy.yaml",
        "when: { tier: [medium, low] }\n    stages",
        "when: { tier: low }\n    stages",
    )
    path = folder / "policy.yaml"
    head, _, tail = path.read_text().rpartition("    assurance:")
    path.write_text(head + tail[tail.index("    decide_within") :])
    rule = load(folder).policy.approve[1]
    assert (rule.assurance, rule.because) == (None, "")


def test_a_group_with_an_owner_of_its_own_counts_its_members(folder: Path) -> None:
    edit(folder, "policy.yaml", "owner: person:carol", "owner: group:sales")
    edit(folder, "policy.yaml", "    backup_owner: person:dan\n", "")
    edit(folder, "policy.yaml", '["group:sec-iam", ', "[")
    edit(folder, "policy.yaml", "need: 1\n        never", "need: 2\n        never")
    assert any("needs 2, but its words name at most 1" in one for one in faults_of(folder))


def test_accounts_are_listed_under_sources_and_targets(folder: Path) -> None:
    line = edit(folder, "directory.yaml", "corp-scim: [alice@", "corp-scmi: [alice@")
    expected = (
        f"directory.yaml:{line}: people.alice.accounts.corp-scmi: 'corp-scmi' is no source, "
        "no target and no directory; did you mean 'corp-scim'?"
    )
    assert faults_of(folder) == [expected]


def test_every_fault_of_every_file_is_listed_at_once(folder: Path) -> None:
    edit(folder, "ticketgate.yaml", "mail_code: true", "mail_code: maybe")
    edit(folder, "policy.yaml", "owner: person:carol", "owner: person:mallory")
    edit(folder, "policy.yaml", "ticket.table: sc_req_item", "ticket.tabel: sc_req_item")
    edit(folder, "directory.yaml", "corp-scim: [bob@", "corp-scmi: [bob@")
    files = [one.split(":")[0] for one in faults_of(folder)]
    assert files == ["directory.yaml", "policy.yaml", "policy.yaml", "ticketgate.yaml"]


def test_settings_that_cannot_be_read_do_not_hide_the_other_faults(folder: Path) -> None:
    (folder / "ticketgate.yaml").write_text("a: [")
    edit(folder, "policy.yaml", "tier: high", "tier: hihg")
    edit(folder, "directory.yaml", "manager: bob", "manager: bobb")
    files = [one.split(":")[0] for one in faults_of(folder)]
    assert files == ["directory.yaml", "policy.yaml", "ticketgate.yaml"]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert [one.split(":")[0] for one in faults_of(tmp_path)] == [
        "directory.yaml",
        "policy.yaml",
        "ticketgate.yaml",
    ]
