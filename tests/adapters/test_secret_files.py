"""Secrets are taken from files and the environment, and not from everybody's."""

import base64
from pathlib import Path

import pytest

from ticketgate.adapters.files.places import Place
from ticketgate.adapters.files.secret_files import SecretReader
from ticketgate.adapters.files.strict_yaml import Items, Report, Scalar
from ticketgate.domain.schemes.samples import KNOWN_SAMPLES
from ticketgate.domain.schemes.table import STANDARD_WEBHOOKS

KEY = bytes(range(32))
WHSEC = "whsec_" + base64.b64encode(KEY).decode()


def at(reference: str) -> Place:
    return Place(Scalar(reference, plain=True, line=3), "secret", Report("f.yaml"))


def reader(tmp_path: Path, **environ: str) -> SecretReader:
    return SecretReader(tmp_path, environ)


def put(tmp_path: Path, content: str | bytes, mode: int = 0o600) -> Place:
    path = tmp_path / "one.key"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return at("file:one.key")


def message(place: Place) -> str:
    return place.report.faults[0].text


def test_a_secret_comes_from_a_file_beside_the_settings(tmp_path: Path) -> None:
    assert reader(tmp_path).text(put(tmp_path, "s" * 24 + "\n")) == "s" * 24


def test_a_secret_comes_from_the_environment(tmp_path: Path) -> None:
    assert reader(tmp_path, SNOW=WHSEC).key(at("env:SNOW"), STANDARD_WEBHOOKS) == KEY


def test_a_password_that_somebody_else_chose_may_be_short(tmp_path: Path) -> None:
    assert reader(tmp_path, PW="short").any_text(at("env:PW")) == "short"


def test_no_place_is_no_secret(tmp_path: Path) -> None:
    assert reader(tmp_path).text(None) is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o601])
def test_a_file_that_others_can_open_is_refused(tmp_path: Path, mode: int) -> None:
    place = put(tmp_path, "s" * 24, mode)
    assert reader(tmp_path).text(place) is None
    assert message(place) == "f.yaml:3: secret: one.key can be read by others; chmod 600 one.key"


@pytest.mark.parametrize("sample", sorted(KNOWN_SAMPLES))
def test_a_published_sample_is_refused(tmp_path: Path, sample: str) -> None:
    place = put(tmp_path, sample)
    assert reader(tmp_path).any_text(place) is None
    assert "published sample" in message(place)


def test_a_published_sample_in_another_dress_is_refused(tmp_path: Path) -> None:
    encoded = base64.b64encode(b"It's a Secret to Everybody").decode()
    place = put(tmp_path, f"whsec_{encoded}")
    assert reader(tmp_path).key(place, STANDARD_WEBHOOKS) is None
    assert "published sample" in message(place)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("s" * 23, "shorter than 24 bytes"),
        ("", "is empty or longer"),
        ("\n\n", "is empty or longer"),
        ("s" * 4097, "is empty or longer"),
        ("s" * 30 + "\n" + "t" * 30, "line break or a control character"),
        (b"\xff" * 30, "does not hold text"),
    ],
)
def test_what_is_no_secret_is_refused(tmp_path: Path, content: str | bytes, fault: str) -> None:
    place = put(tmp_path, content)
    assert reader(tmp_path).text(place) is None
    assert fault in message(place)


@pytest.mark.parametrize(
    "key", ["a" * 40, "whsec_" + "!" * 40, "whsec_" + base64.b64encode(b"k" * 23).decode()]
)
def test_what_is_no_key_is_refused(tmp_path: Path, key: str) -> None:
    place = put(tmp_path, key)
    assert reader(tmp_path).key(place, STANDARD_WEBHOOKS) is None
    assert key not in message(place)


@pytest.mark.parametrize(
    ("reference", "fault"),
    [
        ("env:NONE", "the environment variable NONE is not set"),
        ("env:", "env:NAME or file:PATH"),
        ("file:", "env:NAME or file:PATH"),
        ("file:none.key", "none.key cannot be read: No such file or directory"),
        ("file:.", ". cannot be read: Is a directory"),
        ("file:a\0b", "does not hold text"),
        ("hunter2-and-some-more-characters", "env:NAME or file:PATH"),
    ],
)
def test_what_is_no_reference_is_refused_and_not_repeated(
    tmp_path: Path, reference: str, fault: str
) -> None:
    place = at(reference)
    assert reader(tmp_path).key(place, STANDARD_WEBHOOKS) is None
    assert fault in message(place)
    assert "hunter2" not in message(place)


def test_a_list_where_a_secret_should_be_is_refused(tmp_path: Path) -> None:
    place = Place(Items((), 1), "secret", Report("f.yaml"))
    assert reader(tmp_path).any_text(place) is None
    assert "must be text" in message(place)
