"""The commented parts of the shipped configuration: uncommented they load, alone and together."""

import re
from pathlib import Path
from typing import Final

import pytest
from tests.test_wiring import copied

from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.people.passkey_row import VouchBy
from ticketgate.domain.settings import LdapSettings, ScimSettings
from ticketgate.wiring.commands import Configured, load

WHSEC: Final = "whsec_dGhlIGhvb2sncyBrZXkgb2YgdGhpcyB0ZXN0IG9ubHk="
SECRETS: Final = {
    "ad.password": "a password",
    "people.token": "a token of the directory of people",
    "oidc.secret": "a secret of the client at the provider",
    "siem.url": "https://siem.example.com/in",
    "siem.whsec": WHSEC,
}
OFF: Final = re.compile(r"(?m)^# (?P<key>[a-z_]+):(?P<rest>.*\n(?:#  .*\n)*)")
PASSKEY: Final = re.compile(r"(?m)^    assurance:\n      accept: mail_code\n      because: .*\n")
REPLACED: Final = {"directory", "sign_in"}  # the shipped line goes
FILES: Final = {
    "directory": "ticketgate.yaml",
    "sign_in": "ticketgate.yaml",
    "notify": "ticketgate.yaml",
    "remind": "ticketgate.yaml",
    "passkeys": "ticketgate.yaml",
    "emergency": "policy.yaml",
    "signals": "policy.yaml",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = copied(tmp_path / "config")
    for name, secret in SECRETS.items():
        path = made / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(secret)
    path = made / "ticketgate.yaml"
    named = path.read_text().replace(
        "public_url: http://127.0.0.1:8080", "public_url: https://g.example"
    )
    path.write_text(named)
    return made


def turned_on(folder: Path, *keys: str) -> Configured:
    """The configuration with these parts uncommented, each in place of a line that says it."""
    for key in keys:
        path = folder / FILES[key]
        text = path.read_text()
        (found,) = [one for one in OFF.finditer(text) if one["key"] == key]
        lines = [line.removeprefix("# ") for line in found[0].splitlines(keepends=True)]
        text = text.replace(found[0], "".join(lines))
        if key in REPLACED:
            text, replaced = re.subn(rf"(?m)^{key}: \{{.*\n", "", text)
            assert replaced == 1
        path.write_text(text)
    return load(folder, {})


def test_directories_are_turned_on(folder: Path) -> None:
    ldap, scim = turned_on(folder, "directory").settings.directories
    assert isinstance(ldap, LdapSettings)
    assert isinstance(scim, ScimSettings)
    assert (ldap.name, scim.name) == ("corp-ad", "corp-people")


def test_sign_in_at_a_provider_is_turned_on(folder: Path) -> None:
    provider = turned_on(folder, "sign_in").settings.provider
    assert provider is not None
    assert provider.client_secret == SECRETS["oidc.secret"]
    assert provider.step_up == ("mfa",)


def test_receivers_and_reminders_are_turned_on(folder: Path) -> None:
    found = turned_on(folder, "notify", "remind").settings
    assert [one.name for one in found.receivers] == ["siem"]
    assert found.reminding.per_day == 5


def test_nobody_vouches_without_a_passkey_once_that_is_turned_on(folder: Path) -> None:
    assert turned_on(folder, "passkeys").settings.vouch_by is VouchBy.PASSKEY


def test_an_emergency_needs_a_sign_in_that_its_tier_asks_for(folder: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        turned_on(folder, "emergency")
    (fault,) = refused.value.faults
    assert "no configured sign-in reaches" in fault.message
    assert turned_on(folder, "sign_in").policy.emergency is not None


def test_signals_are_the_defaults(folder: Path) -> None:
    before = load(folder, {}).policy.signals
    assert turned_on(folder, "signals").policy.signals == before


def test_a_rule_takes_passkeys_alone(folder: Path) -> None:
    path = folder / "policy.yaml"
    text = path.read_text()
    (line,) = re.findall(r"(?m)^#   (assurance: \{ accept: passkey \}\n)", text)
    path.write_text(PASSKEY.sub(f"    {line}", text, count=1))
    assert load(folder, {}).policy.approve[0].assurance == "passkey"


def test_everything_is_turned_on_at_once(folder: Path) -> None:
    found = turned_on(folder, *FILES)
    assert found.settings.receivers
    assert found.policy.emergency
    assert not found.settings.mail_code


def test_each_commented_part_is_among_these_or_known_not_to_load() -> None:
    """The key of the witness of an anchor is another's; retention and evidence are a line each."""
    config = Path(__file__).parent.parent / "config"
    for name in ("ticketgate.yaml", "policy.yaml"):
        found = {one["key"] for one in OFF.finditer((config / name).read_text())}
        others = {"anchors", "quorum", "anchor_every", "retention", "evidence"}
        assert found - others == {key for key, file in FILES.items() if file == name}


def test_groups_that_a_sign_in_confirms_are_turned_on_with_a_provider(folder: Path) -> None:
    turned_on(folder, "directory", "sign_in")
    path = folder / "ticketgate.yaml"
    path.write_text(path.read_text().replace("  # claims:", "  claims:"))
    claims = load(folder, {}).settings.claims
    assert claims is not None
    assert claims.groups == {"corp-dba": "corp-dba"}
