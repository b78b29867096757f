"""The file of signing keys: what is a key of this log, and who may read it."""

import base64
from pathlib import Path

import pytest
from tests.keys import ORIGIN, key_of

from ticketgate.adapters.keys import ed25519
from ticketgate.adapters.keys.signing_keys import (
    FILE_BYTES_MAX,
    KEYS_MAX,
    KeyFileError,
    read_keys,
    write_keys,
)
from ticketgate.domain.log.note import LOG_KEY, WITNESS_KEY

ALICE = key_of("alice")
ID = ALICE.public.id.hex()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "signing.key"
    made.touch(mode=0o600)
    return made


def refused(path: Path, match: str) -> None:
    with pytest.raises(KeyFileError, match=match) as told:
        read_keys(path, ORIGIN)
    assert told.value.code == "signing_key"


def test_what_is_written_is_read_in_order_and_only_its_owner_reads_it(path: Path) -> None:
    keys = (ALICE, key_of("bob"))
    write_keys(path, keys)
    assert read_keys(path, ORIGIN) == keys
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_signs_lines_and_messages_and_does_not_show_its_seed() -> None:
    assert ed25519.verify(ALICE.public.public, b"text\n", ALICE.line("text\n").signature)
    assert ALICE.line("text\n").is_of(ALICE.public)
    assert ed25519.verify(ALICE.public.public, b"said", ALICE.sign(b"said"))
    assert "seed" not in repr(ALICE)


def test_empty_lines_are_no_keys(path: Path) -> None:
    path.write_text(f"\n{ALICE.text}\n\n")
    assert read_keys(path, ORIGIN) == (ALICE,)


def test_a_file_that_is_not_there_or_no_file_is_refused(path: Path) -> None:
    path.unlink()
    refused(path, "cannot be read: No such file")
    path.mkdir()
    refused(path, "cannot be read: Is a directory")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610])
def test_a_file_that_others_can_read_is_refused(path: Path, mode: int) -> None:
    write_keys(path, [ALICE])
    path.chmod(mode)
    refused(path, "can be read by others")


def test_no_key_and_too_many_are_refused(path: Path) -> None:
    refused(path, "holds no signing key")
    write_keys(path, [key_of(str(number)) for number in range(KEYS_MAX)])
    assert len(read_keys(path, ORIGIN)) == KEYS_MAX
    write_keys(path, [key_of(str(number)) for number in range(KEYS_MAX + 1)])
    refused(path, "holds no signing key, or over")
    path.write_text(ALICE.text + "\n" * FILE_BYTES_MAX)
    refused(path, "holds no signing key, or over")


def test_two_equal_keys_are_refused(path: Path) -> None:
    write_keys(path, [ALICE, ALICE])
    refused(path, "holds a key twice")


def test_a_key_of_another_log_is_refused(path: Path) -> None:
    write_keys(path, [ALICE, key_of("bob", "other.example/evidence")])
    refused(path, "has a key of 'other")


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("no key", "2 is not a signing key"),
        (f"PRIVATE+KEY+{ORIGIN}+{ID}+not base64", "2 is not a signing key"),
        (f"PRIVATE+KEY+{ORIGIN}+{ID}+{encoded(bytes([LOG_KEY, *b'short']))}", "not an Ed25519"),
        (f"PRIVATE+KEY+{ORIGIN}+{ID}+{encoded(bytes([WITNESS_KEY]) + ALICE.seed)}", "not an Ed25"),
        (f"PRIVATE+KEY+a b+{ID}+{encoded(bytes([LOG_KEY]) + ALICE.seed)}", "not an Ed25519"),
        (ALICE.text.removeprefix("PRIVATE+KEY+"), "a key id that is not its key's"),
        (ALICE.text.replace(ID, "00000000"), "a key id that is not its key's"),
    ],
)
def test_a_line_that_is_not_a_key_is_named(path: Path, line: str, match: str) -> None:
    path.write_text(f"{key_of('bob').text}\n{line}\n")
    refused(path, match)
