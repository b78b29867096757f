"""`passkeys:` of ticketgate.yaml: by what people vouch."""

import shutil
from pathlib import Path

import pytest
from tests.adapters.test_configuration import SECRETS, SHIPPED, edit, faults_of, load, put_secret

from ticketgate.domain.people.passkey_row import VouchBy


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped configuration, with secrets."""
    for path in SHIPPED.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "secrets").mkdir()
    for name, text in SECRETS.items():
        put_secret(tmp_path, name, text)
    return tmp_path


def say(folder: Path, text: str) -> None:
    path = folder / "ticketgate.yaml"
    path.write_text(f"{path.read_text()}\npasskeys: {text}\n")


def test_a_sign_in_does_for_the_first_unless_it_is_said(folder: Path) -> None:
    assert load(folder).settings.vouch_by is VouchBy.BOOTSTRAP
    say(folder, "{ vouching: passkey }")
    assert load(folder).settings.vouch_by is VouchBy.PASSKEY


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{ vouching: passkeys }", "unknown word 'passkeys'; did you mean 'passkey'?"),
        ("{ vouching: mail_code }", "unknown word 'mail_code'; one of: bootstrap, passkey"),
        ("{ vouching: }", "is empty"),
        ("{}", "the key 'vouching' is missing"),
        ("{ vouching: passkey, keys: 3 }", "unknown key"),
        ("passkey", "must be a mapping of keys"),
    ],
)
def test_anything_else_is_refused(folder: Path, written: str, message: str) -> None:
    say(folder, written)
    assert message in str(faults_of(folder))


def test_it_is_refused_where_no_browser_makes_a_passkey(folder: Path) -> None:
    text = (folder / "ticketgate.yaml").read_text()
    line = next(one for one in text.splitlines() if one.startswith("public_url:"))
    edit(folder, "ticketgate.yaml", line, "public_url: http://127.0.0.1:8080")
    say(folder, "{ vouching: bootstrap }")
    assert load(folder).settings.vouch_by is VouchBy.BOOTSTRAP  # the control
    edit(folder, "ticketgate.yaml", "vouching: bootstrap", "vouching: passkey")
    assert "nobody could vouch" in str(faults_of(folder))
