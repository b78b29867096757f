"""Notes and keys: a published vector, and one form for each, byte for byte."""

import base64
from hashlib import sha256
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.domain.signing import signer, verify

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.log.note import (
    LINES_MAX,
    LOG_KEY,
    NOTE_BYTES_MAX,
    WITNESS_KEY,
    Note,
    NoteError,
    SignatureLine,
    VerifierKey,
    is_key_name,
    parse_note,
    parse_signature_line,
    parse_vkey,
    unb64,
)

# The example of the Go package golang.org/x/mod/sumdb/note.
PETER: Final = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_NOTE: Final = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqf"
    "qdngotpRZb6KE6RyyBwJnAM=\n"
).encode()

DASH: Final = "\u2014 "
GOOD_LINE: Final = f"{DASH}gate.example.com AAECAwQ="
GOOD: Final = f"text\n\n{GOOD_LINE}\n"
ALICE: Final = signer("alice", "alice").key

names = st.text(min_size=1, max_size=20).filter(is_key_name)
signature_lines = st.builds(
    SignatureLine, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=90)
)
printable = st.characters(exclude_categories=["Cc", "Cs"])
texts = st.lists(st.text(printable, max_size=20), min_size=1, max_size=5).map(
    lambda lines: "\n".join((*lines, ""))
)
notes = st.builds(
    Note, texts.filter(lambda text: text != "\n"), st.lists(signature_lines, min_size=1).map(tuple)
)
vkeys = st.builds(
    VerifierKey,
    names,
    st.sampled_from([LOG_KEY, WITNESS_KEY]),
    st.binary(min_size=32, max_size=32),
)


def key_text(key: VerifierKey, data: bytes) -> str:
    """A vkey of this name over other bytes, with the key id that fits them."""
    ident = sha256(key.name.encode() + b"\n" + data).hexdigest()[:8]
    return f"{key.name}+{ident}+{base64.b64encode(data).decode()}"


def test_the_published_note_is_read_and_its_signature_verifies() -> None:
    note, key = parse_note(PETERS_NOTE), parse_vkey(PETER)
    (line,) = note.lines
    assert line.is_of(key)
    assert verify(key.public, note.text.encode(), line.signature)
    assert not verify(key.public, note.text.upper().encode(), line.signature)
    assert note.encoded() == PETERS_NOTE
    assert (key.name, key.type, key.id.hex(), key.text) == (
        "PeterNeumann",
        LOG_KEY,
        "c74f20a3",
        PETER,
    )


@given(notes)
@example(Note("\n\n", (SignatureLine("a", b"abcd", b"e"),)))
@example(Note("a\n\nb\n", (SignatureLine("a", b"abcd", b"e"),) * LINES_MAX))
@example(Note("a\n\n\n", (SignatureLine("\ufeff", b"abcd", b"e"),)))
def test_a_note_is_read_as_it_was_written(note: Note) -> None:
    assert parse_note(note.encoded()) == note


@given(st.binary(max_size=80) | notes.map(Note.encoded), st.data())
def test_what_is_accepted_is_what_would_be_written(data: bytes, more: st.DataObject) -> None:
    """One byte changed anywhere: refused with our error, or another note in canonical form."""
    if data:
        place = more.draw(st.integers(0, len(data) - 1))
        byte = more.draw(st.integers(0, 255))
        data = data[:place] + bytes([byte]) + data[place + 1 :]
    try:
        found = parse_note(data)
    except NoteError:
        return
    assert found.encoded() == data


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n",
        "text\n",
        "text\n\n",
        f"text\n{GOOD_LINE}\n",
        f"\n\n{GOOD_LINE}\n",
        f"{GOOD_LINE}\n",
        GOOD.removesuffix("\n"),
        GOOD + "\n",
        GOOD + "\n\n",
        f"text\n\n{GOOD_LINE}\n\n{GOOD_LINE}",
        GOOD.replace("\n", "\r\n"),
        GOOD.replace("\n\n", "\n\r\n"),
        "\ufeff" + GOOD_LINE,
        GOOD.replace("\u2014", "-"),
        GOOD.replace("\u2014", "\u2013"),
        GOOD.replace("\u2014", "\u2015"),
        GOOD.replace("\u2014", "\u2014 \u2014"),
        GOOD.replace("\u2014 ", "\u2014"),
        GOOD.replace("\u2014 ", "\u2014\u00a0"),
        GOOD.replace("\u2014 ", "\u2014  "),
        GOOD.replace("\u2014 ", " \u2014 "),
        f"{GOOD}extra\n",
        f"text\n\nextra\n{GOOD_LINE}\n",
    ],
)
def test_what_is_not_quite_a_note_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_note(text.encode())


@pytest.mark.parametrize("point", [*range(10), *range(0x0B, 0x20), 0x7F, 0x80, 0x85, 0x9F], ids=hex)
def test_a_control_character_is_refused_wherever_it_stands(point: int) -> None:
    for place in ("text", "gate"):
        with pytest.raises(NoteError, match="control"):
            parse_note(GOOD.replace(place, f"{place}{chr(point)}").encode())


@pytest.mark.parametrize("data", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"])
def test_what_is_not_utf_8_is_refused(data: bytes) -> None:
    with pytest.raises(NoteError, match="UTF-8"):
        parse_note(GOOD.encode().replace(b"text", data))


def test_the_good_note_of_these_tests_is_one() -> None:
    assert parse_note(GOOD.encode()) == Note(
        "text\n", (SignatureLine("gate.example.com", bytes(range(4)), b"\x04"),)
    )


def test_a_note_has_at_most_as_many_lines_as_are_allowed() -> None:
    most = f"text\n\n{f'{GOOD_LINE}{chr(10)}' * LINES_MAX}"
    assert len(parse_note(most.encode()).lines) == LINES_MAX
    with pytest.raises(NoteError, match="signature lines"):
        parse_note(f"{most}{GOOD_LINE}\n".encode())


def test_ten_thousand_signatures_are_refused_before_one_is_looked_at() -> None:
    short = f"{DASH}a AAECAwQ=\n"
    with pytest.raises(NoteError, match="bytes"):
        parse_note(f"text\n\n{short * 10_000}".encode())


def test_a_note_has_at_most_as_many_bytes_as_are_allowed() -> None:
    room = NOTE_BYTES_MAX - len(GOOD.encode()) + len("text")
    assert len(parse_note(GOOD.replace("text", "x" * room).encode()).text) == room + 1
    with pytest.raises(NoteError, match="bytes"):
        parse_note(GOOD.replace("text", "x" * (room + 1)).encode())


@pytest.mark.parametrize(
    "line",
    [
        "",
        DASH,
        f"{DASH}alice",
        f"{DASH}alice ",
        f"{DASH} AAECAwQ=",
        f"{DASH}al ice AAECAwQ=",
        f"{DASH}alice AAECAwQ= ",
        f"{DASH}alice\u3000 AAECAwQ=",
        f"{DASH}al\u2028ice AAECAwQ=",
        f"{DASH}al+ice AAECAwQ=",
        f"{DASH}al\nice AAECAwQ=",
        f"{DASH}alice AAECAw==",
        f"{DASH}alice AAEC",
        f"{DASH}alice AAECAwQ",
        f"{DASH}alice AAECAwR=",
        f"{DASH}alice AAECAwQ==",
        f"{DASH}alice AAEC-_Q=",
        f"{DASH}alice AAEC\u00e9wQ=",
        "alice AAECAwQ=",
    ],
)
def test_a_signature_line_in_another_form_is_refused(line: str) -> None:
    with pytest.raises(NoteError):
        parse_signature_line(line)


def test_a_line_is_of_a_key_by_name_and_by_key_id() -> None:
    mine = signer("alice", "alice").line("text\n")
    assert mine.is_of(ALICE)
    assert not SignatureLine("bob", ALICE.id, mine.signature).is_of(ALICE)
    assert not SignatureLine("alice", bytes(4), mine.signature).is_of(ALICE)


def test_lines_are_added_once_each_and_behind_those_that_were_there() -> None:
    first, second = (signer(name, name).line("text\n") for name in ("alice", "bob"))
    note = Note("text\n", (first,)).with_lines([second, first, second])
    assert note == Note("text\n", (first, second))


@given(vkeys)
@example(VerifierKey("n", LOG_KEY, b"\xfb" * 32))
def test_a_key_is_read_as_it_was_written(key: VerifierKey) -> None:
    assert parse_vkey(key.text) == key
    assert key.text.startswith(f"{key.label}+")


@given(st.text(max_size=60) | vkeys.map(lambda key: key.text), st.data())
def test_what_is_accepted_as_a_key_is_what_would_be_written(text: str, more: st.DataObject) -> None:
    if text:
        place = more.draw(st.integers(0, len(text) - 1))
        text = text[:place] + more.draw(st.characters()) + text[place + 1 :]
    try:
        found = parse_vkey(text)
    except NoteError:
        return
    assert found.text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alice",
        ALICE.label,
        ALICE.text.replace("alice", ""),
        ALICE.text.replace("alice", "bob"),
        ALICE.text.replace("alice", "al ice"),
        ALICE.text.replace("alice", "al+ice"),
        ALICE.text.replace("alice", "ali\u00a0ce"),
        ALICE.text.replace("alice", "alice\ud800"),
        ALICE.text.replace(ALICE.id.hex(), "00000000"),
        ALICE.text.replace(ALICE.id.hex(), ALICE.id.hex().upper()),
        ALICE.text.replace(ALICE.id.hex(), ALICE.id.hex()[:7]),
        ALICE.text.replace(ALICE.id.hex(), "0" + ALICE.id.hex()),
        ALICE.text + "\n",
        ALICE.text + "=",
        " " + ALICE.text,
        key_text(ALICE, b"\x02" + ALICE.public),
        key_text(ALICE, b"\x00" + ALICE.public),
        key_text(ALICE, b"\x01" + ALICE.public[:31]),
        key_text(ALICE, b"\x01" + ALICE.public + b"\x00"),
        key_text(ALICE, b""),
    ],
)
def test_a_key_in_another_form_is_refused(text: str) -> None:
    assert text != ALICE.text
    with pytest.raises(NoteError):
        parse_vkey(text)


def test_the_same_bytes_are_another_key_as_a_witness() -> None:
    other = VerifierKey(ALICE.name, WITNESS_KEY, ALICE.public)
    assert parse_vkey(other.text) == other
    assert other.id != ALICE.id
    assert key_text(ALICE, b"\x04" + ALICE.public) == other.text


@given(st.binary(max_size=40))
def test_base64_is_read_as_it_was_written(data: bytes) -> None:
    assert unb64(base64.b64encode(data).decode()) == data


@pytest.mark.parametrize(
    "text",
    ["A", "AA", "AAA", "AA=", "AA===", "AB==", "AAB=", "AA==\n", " AA==", "AA==AA==", "-_==",
     "A=A=", "====", "\u0660A==", "\ud800", "AAAA\x00"],
)  # fmt: skip
def test_base64_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        unb64(text)


def test_a_fault_of_a_note_is_one_of_the_evidence() -> None:
    with pytest.raises(EvidenceError):
        parse_note(b"")
