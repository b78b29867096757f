"""Where browsers make passkeys, and when a rule may ask for them."""

import shutil
from pathlib import Path

import pytest
from tests.adapters.test_configuration import SECRETS, SHIPPED, edit, faults_of, load, put_secret

from ticketgate.adapters.keys.passkey_site import site_of
from ticketgate.domain.people.passkey_row import Site


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://gate.example.com", Site("gate.example.com", "https://gate.example.com")),
        (
            "https://gate.example.com:8443",
            Site("gate.example.com", "https://gate.example.com:8443"),
        ),
        ("http://localhost:8080", Site("localhost", "http://localhost:8080")),
        ("http://gate.example.com", None),
        ("http://127.0.0.1:8080", None),
        ("https://192.0.2.7", None),
        ("https://[2001:db8::7]", None),
        ("https://", None),
    ],
)
def test_a_site_has_https_and_a_name_or_is_localhost(url: str, site: Site | None) -> None:
    assert site_of(url) == site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped configuration, with secrets, whose first rule wants a passkey."""
    for path in SHIPPED.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "secrets").mkdir()
    for name, text in SECRETS.items():
        put_secret(tmp_path, name, text)
    policy = tmp_path / "policy.yaml"
    policy.write_text(policy.read_text().replace("accept: mail_code", "accept: passkey", 1))
    return tmp_path


def public_url(folder: Path, url: str) -> None:
    path = folder / "ticketgate.yaml"
    lines = path.read_text().splitlines(keepends=True)
    kept = [f"public_url: {url}\n" if one.startswith("public_url:") else one for one in lines]
    path.write_text("".join(kept))


def test_a_rule_may_want_passkeys_where_browsers_make_them(folder: Path) -> None:
    public_url(folder, "https://gate.example.com")
    assert load(folder).policy.approve[0].assurance == "passkey"


def test_a_rule_that_nobody_could_meet_is_refused(folder: Path) -> None:
    public_url(folder, "http://127.0.0.1:8080")
    assert "needs passkey which no configured sign-in reaches" in faults_of(folder)[0]
    public_url(folder, "https://gate.example.com")
    edit(
        folder, "ticketgate.yaml", '  voucher: ["group:sec-iam", "person:bob", "person:erin"]\n', ""
    )
    assert "needs passkey which no configured sign-in reaches" in faults_of(folder)[0]
