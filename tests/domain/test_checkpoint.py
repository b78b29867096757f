"""Checkpoints: one form, and what each signature line on them is worth."""

import base64
from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.domain.signing import Signer, signer, verify, witness

from ticketgate.domain.evidence import INTEGER_MAX
from ticketgate.domain.log.checkpoint import (
    FUTURE_SECONDS_MAX,
    Checkpoint,
    Cosignature,
    Signatures,
    check_signatures,
    cosignature_time,
    cosigned,
    cosigned_at,
    parse_checkpoint,
    parse_text,
)
from ticketgate.domain.log.note import (
    LOG_KEY,
    WITNESS_KEY,
    Note,
    NoteError,
    SignatureLine,
    VerifierKey,
    is_key_name,
)

ORIGIN: Final = "gate.example.com/evidence"
NOON: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOW: Final = int(NOON.timestamp())
GATE: Final = signer(ORIGIN, "gate")
NEXT: Final = signer(ORIGIN, "next")
WALTER: Final = witness("walter.example.org")
WANDA: Final = witness("wanda.example.org")
CHECKPOINT: Final = Checkpoint(ORIGIN, 3, bytes(range(32)))
TEXT: Final = CHECKPOINT.text
ROOT: Final = base64.b64encode(CHECKPOINT.root).decode()

# Found by trying 100,161 seeds: two keys of one name with the same key id.
TWIN: Final = signer(ORIGIN, "seed 27069")
OTHER_TWIN: Final = signer(ORIGIN, "seed 100161")

checkpoints = st.builds(
    Checkpoint,
    st.text(min_size=1, max_size=30).filter(is_key_name),
    st.integers(0, INTEGER_MAX),
    st.binary(min_size=32, max_size=32),
)


def checked(*lines: SignatureLine, trusted: tuple[Signer, ...] = (GATE, WALTER)) -> Signatures:
    """What these lines below the checkpoint are worth."""
    return check_signatures(Note(TEXT, lines), [one.key for one in trusted], verify, NOON)


def spoiled(line: SignatureLine) -> SignatureLine:
    """The line with the last bit of its signature turned."""
    wrong = line.signature[:-1] + bytes([line.signature[-1] ^ 1])
    return SignatureLine(line.name, line.key_id, wrong)


@given(checkpoints)
@example(Checkpoint("o", 0, bytes(32)))
@example(Checkpoint("o", INTEGER_MAX, bytes(32)))
def test_a_checkpoint_is_read_as_it_was_written(checkpoint: Checkpoint) -> None:
    note = Note(checkpoint.text, (GATE.line(checkpoint.text),))
    read = parse_checkpoint(note.encoded())
    assert read.checkpoint == checkpoint
    assert read.note == note


@given(checkpoints, st.data())
def test_what_is_accepted_is_what_would_be_written(
    checkpoint: Checkpoint, more: st.DataObject
) -> None:
    text = checkpoint.text
    place = more.draw(st.integers(0, len(text) - 1))
    text = text[:place] + more.draw(st.characters()) + text[place + 1 :]
    try:
        found = parse_text(text)
    except NoteError:
        return
    assert found.text == text


@pytest.mark.parametrize(
    "size",
    ["", "00", "03", "-0", "-3", "+3", "3.0", "3 ", " 3", "0x3", "3e1", "1_0", "\u0663", "\uff13",
     str(2**53), str(2**63), "9" * 17, "1" * 5000],
)  # fmt: skip
def test_a_size_in_another_form_is_refused(size: str) -> None:
    with pytest.raises(NoteError):
        parse_text(f"{ORIGIN}\n{size}\n{ROOT}\n")


def test_the_largest_size_is_read_and_the_next_is_not() -> None:
    assert parse_text(f"{ORIGIN}\n{2**53 - 1}\n{ROOT}\n").size == 2**53 - 1
    with pytest.raises(NoteError, match="counted"):
        parse_text(f"{ORIGIN}\n{2**53}\n{ROOT}\n")


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_a_root_that_has_not_32_bytes_is_refused(length: int) -> None:
    with pytest.raises(NoteError, match="root"):
        parse_text(f"{ORIGIN}\n3\n{base64.b64encode(bytes(length)).decode()}\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n3\n",
        f"{ORIGIN}\n3\n{ROOT}",
        f"{ORIGIN}\n3\n{ROOT}\n\n",
        f"{ORIGIN}\n3\n{ROOT}\nextension\n",
        f"{ORIGIN}\n3\n{ROOT}\nextension",
        f"\n3\n{ROOT}\n",
        f"gate example\n3\n{ROOT}\n",
        f"gate+example\n3\n{ROOT}\n",
        f"gate\u2003example\n3\n{ROOT}\n",
        f"{ORIGIN}\n3\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n3\n{ROOT[:-2]}9=\n",
        f"{ORIGIN}\n3\n {ROOT}\n",
    ],
)
def test_what_is_not_three_lines_in_form_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_text(text)


def test_a_good_line_counts_and_an_unknown_one_is_ignored() -> None:
    mallory = signer("mallory.example", "mallory")
    assert checked(GATE.line(TEXT), mallory.line(TEXT)) == Signatures((GATE.key,), (), (), ())
    assert checked(mallory.line(TEXT)) == Signatures((), (), (), ())
    assert checked(spoiled(mallory.line(TEXT))) == Signatures((), (), (), ())


def test_a_bad_line_of_a_known_key_is_a_fault_beside_a_good_one() -> None:
    good, bad = GATE.line(TEXT), spoiled(GATE.line(TEXT))
    fault = f"a signature that {GATE.key.label} did not make"
    assert checked(good, bad) == Signatures((GATE.key,), (), (fault,), ())
    assert checked(bad, good) == Signatures((GATE.key,), (), (fault,), ())


def test_a_signature_of_another_text_is_a_fault() -> None:
    other = Checkpoint(ORIGIN, 4, CHECKPOINT.root).text
    assert checked(GATE.line(other)).faults
    assert checked(WALTER.cosign(other, NOW)).faults


@pytest.mark.parametrize("length", [1, 63, 65, 72])
def test_a_signature_of_another_length_is_a_fault(length: int) -> None:
    data = (GATE.line(TEXT).signature * 2)[:length]
    assert checked(SignatureLine(ORIGIN, GATE.key.id, data)).faults


def test_the_same_line_and_the_same_key_count_once() -> None:
    line = GATE.line(TEXT)
    assert checked(line, line, line) == Signatures((GATE.key,), (), (), ())
    assert len(checked(spoiled(line), spoiled(line)).faults) == 1


def test_two_keys_of_the_log_both_count() -> None:
    found = checked(GATE.line(TEXT), NEXT.line(TEXT), trusted=(GATE, NEXT))
    assert found == Signatures((GATE.key, NEXT.key), (), (), ())


def test_trusted_keys_may_be_given_once_only() -> None:
    note = Note(TEXT, (GATE.line(TEXT), NEXT.line(TEXT)))
    found = check_signatures(note, (one.key for one in (GATE, NEXT)), verify, NOON)
    assert found.keys == (GATE.key, NEXT.key)


def test_somebody_elses_line_under_a_known_key_id_is_a_fault() -> None:
    forged = SignatureLine(ORIGIN, GATE.key.id, NEXT.line(TEXT).signature)
    assert checked(forged).faults == (f"a signature that {GATE.key.label} did not make",)


def test_of_two_keys_with_one_key_id_only_the_trusted_one_counts() -> None:
    assert TWIN.key.id == OTHER_TWIN.key.id
    assert TWIN.key != OTHER_TWIN.key
    found = checked(OTHER_TWIN.line(TEXT), trusted=(TWIN,))
    assert found == Signatures((), (), (f"a signature that {TWIN.key.label} did not make",), ())


def test_a_line_is_by_the_one_of_two_trusted_keys_that_it_verifies_under() -> None:
    both = (TWIN, OTHER_TWIN)
    found = checked(OTHER_TWIN.line(TEXT), trusted=both)
    assert found == Signatures((OTHER_TWIN.key,), (), (), ())
    found = checked(TWIN.line(TEXT), OTHER_TWIN.line(TEXT), trusted=both)
    assert found == Signatures((TWIN.key, OTHER_TWIN.key), (), (), ())
    assert len(checked(spoiled(TWIN.line(TEXT)), trusted=both).faults) == 1


def test_a_cosignature_says_who_saw_it_and_when() -> None:
    found = checked(GATE.line(TEXT), WALTER.cosign(TEXT, NOW), WANDA.cosign(TEXT, NOW))
    assert found == Signatures((GATE.key,), (Cosignature(WALTER.key, NOW),), (), ())


def test_of_two_cosignatures_of_one_witness_the_latest_counts() -> None:
    early, late = WALTER.cosign(TEXT, NOW - 60), WALTER.cosign(TEXT, NOW)
    for lines in ((early, late), (late, early)):
        assert checked(*lines).cosignatures == (Cosignature(WALTER.key, NOW),)


def test_a_cosignature_from_the_future_is_a_fault() -> None:
    latest = NOW + FUTURE_SECONDS_MAX
    assert checked(WALTER.cosign(TEXT, latest)).cosignatures == (Cosignature(WALTER.key, latest),)
    assert checked(WALTER.cosign(TEXT, latest + 1)) == Signatures(
        (), (), (), (f"a cosignature of {WALTER.key.label} from the future",)
    )


def test_a_cosignature_with_another_time_than_was_signed_is_a_fault() -> None:
    line = WALTER.cosign(TEXT, NOW)
    moved = (NOW - 1).to_bytes(8, "big") + line.signature[8:]
    fault = f"a cosignature that {WALTER.key.label} did not make"
    assert checked(SignatureLine(line.name, line.key_id, moved)).faults == (fault,)
    assert checked(spoiled(line)).faults == (fault,)


@pytest.mark.parametrize("length", [1, 64, 71, 73])
def test_a_cosignature_of_another_length_is_a_fault(length: int) -> None:
    data = (WALTER.cosign(TEXT, NOW).signature * 2)[:length]
    assert checked(SignatureLine(WALTER.key.name, WALTER.key.id, data)).faults


def test_a_time_of_64_bits_is_no_time() -> None:
    last = 2**63 - 1
    assert cosigned_at(TEXT, WALTER.cosign(TEXT, last), WALTER.key, verify) == last
    assert cosigned_at(TEXT, WALTER.cosign(TEXT, last + 1), WALTER.key, verify) is None
    assert checked(WALTER.cosign(TEXT, last)).faults


def test_a_witness_signs_the_words_of_the_specification() -> None:
    assert cosigned(TEXT, 1) == f"cosignature/v1\ntime 1\n{ORIGIN}\n3\n{ROOT}\n".encode()


def test_one_secret_in_two_roles_signs_for_each_role_alone() -> None:
    """A log's signature of the text is no cosignature, and the other way round."""
    role = Signer(GATE.secret, VerifierKey(ORIGIN, WITNESS_KEY, GATE.key.public))
    both = (GATE, role)
    assert checked(GATE.line(TEXT), trusted=both) == Signatures((GATE.key,), (), (), ())
    found = checked(role.cosign(TEXT, NOW), trusted=both)
    assert found == Signatures((), (Cosignature(role.key, NOW),), (), ())
    assert {GATE.key.type, role.key.type} == {LOG_KEY, WITNESS_KEY}


def test_the_instant_of_a_cosignature_is_one_while_the_calendar_lasts() -> None:
    assert cosignature_time(NOW) == NOON
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert cosignature_time(int(last.timestamp())) == last
    assert cosignature_time(int(last.timestamp()) + 1) is None
    assert cosignature_time(2**63 - 1) is None
