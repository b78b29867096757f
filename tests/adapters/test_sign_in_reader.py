"""`sign_in` of the settings: which ways are on, and the provider letter for letter."""

from datetime import timedelta
from pathlib import Path

import pytest

from ticketgate.adapters.config import sign_in_reader
from ticketgate.adapters.config.sign_in_reader import SignInRead, read_sign_in
from ticketgate.adapters.files.places import Place
from ticketgate.adapters.files.secret_files import SecretReader
from ticketgate.adapters.files.strict_yaml import Report, parse

WHOLE = """
mail_code: false
oidc:
  issuer: https://login.example.com/
  client_id: gate
  client_secret: env:OIDC_SECRET
  accounts: corp-login
  scopes: [openid, profile]
  acr: { oidc_step_up: [mfa, hwk] }
  max_age_step_up: 2m
  allow_networks: 10.0.0.0/8
"""


def read(text: str, **environ: str) -> tuple[SignInRead, list[str]]:
    """What the section says, and its faults."""
    report = Report("ticketgate.yaml")
    node = parse(text.encode(), report)
    assert node is not None
    secrets = SecretReader(Path(), {"OIDC_SECRET": "short is fine here", **environ})
    found = read_sign_in(Place(node, "sign_in", report), secrets)
    return found, [fault.message for fault in report.faults]


def test_a_provider_is_read_whole_and_its_issuer_letter_for_letter() -> None:
    found, faults = read(WHOLE)
    assert faults == []
    assert not found.mail_code
    assert found.provider is not None
    assert found.provider.issuer == "https://login.example.com/"
    assert found.provider.scopes == ("profile",)
    assert found.provider.step_up == ("mfa", "hwk")
    assert found.provider.step_up_age == timedelta(minutes=2)
    assert "short" not in repr(found)


def test_levels_are_those_that_can_be_reached() -> None:
    assert read(WHOLE)[0].levels == {"oidc", "oidc_step_up"}
    without = WHOLE.replace("  acr: { oidc_step_up: [mfa, hwk] }\n", "")
    assert read(without)[0].levels == {"oidc"}
    assert read("mail_code: true")[0].levels == {"mail_code"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("https://login", "http://login", "http is only for this machine itself; use https"),
        ("env:OIDC_SECRET", "hunter2", "a secret is written as env:NAME or file:PATH"),
        ("env:OIDC_SECRET", "env:OTHER", "the environment variable OTHER is not set"),
        ("  accounts: corp-login\n", "", "'accounts' is missing"),
        ("  client_id: gate\n", "", "'client_id' is missing"),
        ("2m", "2h", "is longer than"),
        ("10.0.0.0/8", "10.0.0.1/8", "is not a list of networks"),
        ("[mfa, hwk]", "['mfa hwk']", "a class (acr) has no spaces"),
        ("oidc_step_up: [mfa, hwk]", "oidc: [mfa]", "'oidc_step_up' is missing"),
        ("max_age_step_up", "max_age", "unknown key 'max_age'"),
    ],
)  # fmt: skip
def test_a_faulty_provider_is_refused(old: str, new: str, fault: str) -> None:
    assert WHOLE.count(old) >= 1
    faults = read(WHOLE.replace(old, new))[1]
    assert any(fault in one for one in faults), faults


def test_at_least_one_way_is_on() -> None:
    (fault,) = read("mail_code: false")[1]
    assert fault.startswith("no way to sign in is on")


def test_without_the_extra_the_fault_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_reader, "_PACKAGES", ("no_such_package",))
    (fault,) = read(WHOLE)[1]
    assert fault.endswith("pip install 'ticketgate[oidc]'")
