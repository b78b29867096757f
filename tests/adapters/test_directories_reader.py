"""Directories beside the file: what the settings may say of them, and every fault of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.adapters.test_configuration import edit, faults_of, folder, load, put_secret
from tests.operations.fakes import MORNING

from ticketgate.adapters.config import directories_reader
from ticketgate.adapters.directories.joined_directory import JoinedDirectory
from ticketgate.domain.people.claims import ClaimRules
from ticketgate.domain.settings import LdapSettings, ScimSettings

__all__ = ["folder"]  # a fixture
UUID = "6F9619FF-8B86-D011-B42D-00C04FC964FF"
LDAP = f"""
directory:
  file: directory.yaml
  ldap:
    corp:
      kind: openldap
      url: ldaps://ldap.corp.example
      bind_dn: cn=ticketgate,dc=corp,dc=example
      password: file:secrets/ldap.password
      base: ou=people,dc=corp,dc=example
      groups: {{ dba: {{ id: {UUID} }} }}
"""
SCIM = """
directory:
  file: directory.yaml
  scim:
    idp:
      url: https://idp.corp.example/scim/v2
      token: file:secrets/scim.token
      groups: { dba: { id: Gr0up } }
"""


def beside(folder: Path, text: str) -> None:
    put_secret(folder, "ldap.password", "let me read")
    edit(folder, "ticketgate.yaml", "directory: { file: directory.yaml }\n", text.lstrip())


def test_a_directory_in_ldap_is_read_with_what_is_usual(folder: Path) -> None:
    beside(folder, LDAP)
    found = load(folder)
    (corp,) = found.settings.directories
    assert isinstance(corp, LdapSettings)
    assert corp.users == "(objectClass=inetOrgPerson)"
    assert corp.groups_base == corp.base == "ou=people,dc=corp,dc=example"
    assert corp.groups == {"dba": UUID.lower()}
    assert corp.attributes == {"name": "cn", "mail": "mail", "manager": "manager"}
    assert (corp.every, corp.deadline) == (timedelta(minutes=5), timedelta(seconds=10))
    assert corp.ca_file == ""
    assert "let me read" not in repr(corp)
    assert isinstance(found.directory, JoinedDirectory)
    assert [one.name for one in found.directory.remotes] == ["corp"]


def test_everything_can_be_said(folder: Path) -> None:
    more = """      users: (objectClass=person)
      groups_base: ou=groups,dc=corp,dc=example
      attributes: { name: displayName, mail: rfc822Mailbox, manager: none, team: ou }
      ca_file: ca.pem
      start_tls: true
      every: 1m
      deadline: 2s
"""
    (folder / "ca.pem").write_text("")
    text = LDAP.replace("ldaps:", "ldap:").replace("kind: openldap", "kind: active_directory")
    beside(folder, text + more)
    (corp,) = load(folder).settings.directories
    assert isinstance(corp, LdapSettings)
    assert corp.kind == "active_directory"
    assert corp.start_tls
    assert corp.attributes == {"name": "displayName", "mail": "rfc822Mailbox", "team": "ou"}
    assert corp.ca_file == str(folder / "ca.pem")


def test_a_directory_that_speaks_scim_is_read(folder: Path) -> None:
    beside(folder, SCIM)
    found = load(folder)
    (idp,) = found.settings.directories
    assert isinstance(idp, ScimSettings)
    assert idp.groups == {"dba": "Gr0up"}  # its ids are whatever it likes
    assert "t" * 40 not in repr(idp)
    assert isinstance(found.directory, JoinedDirectory)


def test_groups_and_accounts_of_a_directory_can_be_named(folder: Path) -> None:
    beside(folder, LDAP)
    edit(folder, "directory.yaml", "    accounts: {", f"    accounts: {{ corp: [{UUID}],")
    edit(folder, "policy.yaml", "group:sec-iam", "group:dba")
    assert load(folder).settings.directories


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("url: ldaps://ldap.corp.example", "url: https://ldap.corp.example", "is not ldaps://HOST"),
        ("url: ldaps://ldap.corp.example", "url: ldaps://a@ldap.corp.example", "is not ldaps://"),
        ("url: ldaps://ldap.corp.example", "url: ldaps://ldap/dc=x", "is not ldaps://HOST"),
        ("url: ldaps://ldap.corp.example", "url: ldaps://ldap:99999", "is not ldaps://HOST"),
        (
            "url: ldaps://ldap.corp.example",
            "url: ldap://ldap.corp.example\n      start_tls: false",
            "LDAP without TLS is only for a server on this machine",
        ),
        ("kind: openldap", "kind: openldap\n      start_tls: true", "ldaps is TLS from the"),
        ("kind: openldap", "kind: nds", "unknown word 'nds'"),
        ("file:secrets/ldap.password", "let me read", "env:NAME or file:PATH"),
        ("bind_dn: cn=ticketgate,dc=corp,dc=example", "user: x", "unknown key"),
        (UUID, "sec-iam", "is not the id of a group"),
        ("dba: {", "sec-iam: {", "the group 'sec-iam' stands in directory.yaml as well"),
        ("    corp:", "    corp-scim:", "'corp-scim' is a source or a target already"),
        ("    corp:", "    file:", "'file' is a directory already"),
        ("kind: openldap", "kind: openldap\n      every: 2h", "must be from 10s to 3600s"),
        ("kind: openldap", "kind: openldap\n      deadline: 2m", "must be from 1s to 60s"),
        ("kind: openldap", "kind: openldap\n      users: uid=*", "is not a filter"),
        ("kind: openldap", "kind: openldap\n      users: (a=*))", "is not a filter"),
        ("kind: openldap", "kind: openldap\n      ca_file: none.pem", "no such file"),
        ("kind: openldap", "kind: openldap\n      attributes: { phone: x }", "unknown key"),
        ("  file: directory.yaml", "  files: directory.yaml", "unknown key"),
    ],
)
def test_a_fault_of_a_directory_is_told(folder: Path, old: str, new: str, fault: str) -> None:
    beside(folder, LDAP.replace(old, new, 1))
    assert any(fault in one for one in faults_of(folder)), faults_of(folder)


def test_two_directories_do_not_share_a_name_or_a_group(folder: Path) -> None:
    beside(folder, LDAP + SCIM.partition("directory.yaml\n")[2].replace("idp:", "corp:"))
    found = faults_of(folder)
    assert any("'corp' is a directory already" in one for one in found)
    assert any("the group 'dba' stands in another directory" in one for one in found)


def test_a_network_that_is_none_is_told(folder: Path) -> None:
    beside(folder, SCIM + "      allow_networks: 10.0.0.1/8\n")
    assert any("is not a list of networks" in one for one in faults_of(folder))


def test_an_account_of_a_directory_that_is_not_configured_is_told(folder: Path) -> None:
    edit(folder, "directory.yaml", "    accounts: {", "    accounts: { corp: [x],")
    assert any("no target and no directory" in one for one in faults_of(folder))


def test_without_the_extra_it_is_said_how_to_install_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directories_reader, "find_spec", lambda _: None)
    beside(folder, LDAP)
    assert any("pip install 'ticketgate[ldap]'" in one for one in faults_of(folder))


# --- groups that a sign-in confirms -------------------------------------------------------------

CLAIMS = """
directory:
  file: directory.yaml
  claims:
    current_within: 5m
    groups: { claim: groups, map: { sales: 5d1e-sales } }
"""
OIDC = """sign_in:
  mail_code: true
  oidc:
    issuer: https://login.example.com
    client_id: gate
    client_secret: file:secrets/oidc.secret
    accounts: corp-login
"""


def confirmed(folder: Path, text: str = CLAIMS) -> None:
    put_secret(folder, "oidc.secret", "s" * 40)
    edit(folder, "ticketgate.yaml", "sign_in: { mail_code: true }\n", OIDC)
    beside(folder, text)


def test_groups_can_be_held_by_claims_and_the_directory_says_so(folder: Path) -> None:
    confirmed(folder)
    found = load(folder)
    rules = ClaimRules("groups", {"sales": "5d1e-sales"}, timedelta(minutes=5))
    assert found.settings.claims == rules
    assert found.directory.read(MORNING).claims == rules
    assert found.directory.read(MORNING).claims == rules, "as well when it was parsed before"


def test_a_claim_is_current_for_a_quarter_of_an_hour_unless_it_is_said(folder: Path) -> None:
    confirmed(folder, CLAIMS.replace("    current_within: 5m\n", ""))
    claims = load(folder).settings.claims
    assert claims is not None
    assert claims.within == timedelta(minutes=15)


def test_a_group_of_another_directory_can_be_held_by_claims(folder: Path) -> None:
    confirmed(folder, LDAP + CLAIMS.partition("directory.yaml\n")[2].replace("sales:", "dba:"))
    found = load(folder)
    assert isinstance(found.directory, JoinedDirectory)
    assert found.settings.claims is not None


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("current_within: 5m", "current_within: 2h", "must be from 60s to 3600s"),
        ("current_within: 5m", "current_within: 1s", "must be from 60s to 3600s"),
        ("current_within: 5m", "freshness: 5m", "unknown key"),
        ("claim: groups, ", "", "'claim' is missing"),
        ("{ claim: groups, map: { sales: 5d1e-sales } }", "{ claim: groups }", "'map' is missing"),
        ("{ claim: groups, map: { sales: 5d1e-sales } }", "[sales]", "must be"),
        ("    groups: { claim: groups, map: { sales: 5d1e-sales } }\n", "", "'groups' is missing"),
        ("{ sales: 5d1e-sales }", "{}", "names no group"),
        ("{ sales: 5d1e-sales }", "[sales]", "must be"),
        ("{ sales: 5d1e-sales }", "{ sales: [a] }", "must be text"),
        ("map: {", "scope: x, map: {", "unknown key"),
        ("{ sales:", "{ platform-engineering: 5d1e-sales, sales:", "stands for another group"),
        ("{ sales:", "{ seles:", "only confirms, and the directory has no group 'seles'"),
        ("{ sales:", "{ sec-iam:", "the group 'sec-iam' has a role; claims confirm only who"),
    ],
)
def test_a_fault_of_claims_is_told(folder: Path, old: str, new: str, fault: str) -> None:
    assert old in CLAIMS
    confirmed(folder, CLAIMS.replace(old, new, 1))
    assert any(fault in one for one in faults_of(folder)), faults_of(folder)


def test_claims_need_a_provider(folder: Path) -> None:
    beside(folder, CLAIMS)
    assert any("claims come with sign_in" in one for one in faults_of(folder))


EMERGENCY = """
emergency:
  allow:
    - { entitlement: prod-db-admin, people: ["person:bob"] }
  hard_max: 2h
  cooldown: 12h
  assurance: { accept: mail_code, because: single sign-on is not connected yet }
  review: { within: 24h, by: ["person:dan", "owner_of:entitlement"], never: [beneficiary] }
  overdue: lock
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('people: ["person:bob"]', 'people: ["group:sales"]'),
        ('by: ["person:dan"', 'by: ["group:sales"'),
        ("    owner: person:carol", "    owner: group:sales"),
    ],
    ids=["begun", "reviewed", "owned"],
)
def test_emergencies_name_no_group_that_a_sign_in_confirms(
    folder: Path, old: str, new: str
) -> None:
    confirmed(folder)
    with (folder / "policy.yaml").open("a") as policy:
        policy.write(EMERGENCY)
    assert load(folder).policy.emergency is not None
    edit(folder, "policy.yaml", old, new)
    assert any("emergencies name the group 'sales'" in one for one in faults_of(folder))
