"""Keys that follow: only a holder of an accepted key names the next, and one always goes on."""

import base64
from typing import Any, Final

import pytest
from tests.domain.signing import Signer, signer, verify, witness

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Json
from ticketgate.domain.log.trust import LogKey, encode_signature, follow_key, rotation_text

ORIGIN: Final = "gate.example.com/evidence"
GATE: Final = signer(ORIGIN, "gate")
NEXT: Final = signer(ORIGIN, "next")
THIRD: Final = signer(ORIGIN, "third")
MALLORY: Final = signer(ORIGIN, "mallory")
AT: Final = 10
ACCEPTED: Final = (LogKey(GATE.key),)


def rotated(old: Signer, new: Signer, index: int = AT, origin: str = ORIGIN) -> dict[str, Json]:
    """The record of a rotation that both keys signed."""
    said = rotation_text(origin, index, new.key.text)
    return {
        "type": "key.rotated",
        "old": old.key.text,
        "new": new.key.text,
        "signature": encode_signature(old.sign(said)),
        "possession": encode_signature(new.sign(said)),
    }


def ended(key: Signer) -> dict[str, Json]:
    """The record of the end of a key."""
    return {"type": "key.ended", "key": key.key.text}


def follow(
    keys: tuple[LogKey, ...], record: dict[str, Json], index: int = AT
) -> tuple[LogKey, ...]:
    """The keys after the record."""
    return follow_key(keys, ORIGIN, index, record, verify)


def test_what_both_keys_sign_names_the_log_and_the_place() -> None:
    assert rotation_text(ORIGIN, AT, NEXT.key.text) == (
        f"ticketgate-key-rotation/v1\n{ORIGIN}\n10\n{NEXT.key.text}\n".encode()
    )
    assert encode_signature(b"\xfb\xff") == "+/8="


def test_a_holder_names_the_next_key_and_both_go_on() -> None:
    after = follow(ACCEPTED, rotated(GATE, NEXT))
    assert after == (LogKey(GATE.key), LogKey(NEXT.key, above=AT))
    assert [after[1].counts_at(size) for size in (AT - 1, AT, AT + 1)] == [False, False, True]
    assert after[0].counts_at(AT + 1)


def test_a_key_that_follows_ends_where_the_trust_file_says() -> None:
    ends = {NEXT.key.label: 11}
    after = follow_key(ACCEPTED, ORIGIN, AT, rotated(GATE, NEXT), verify, ends)
    assert after[1] == LogKey(NEXT.key, above=AT, end=11)
    with pytest.raises(EvidenceError, match="not accepted"):
        follow_key(after, ORIGIN, 11, rotated(NEXT, THIRD, 11), verify, ends)


def test_a_key_that_the_trust_file_ends_brings_no_other() -> None:
    """Who stole it can write a rotation at any place."""
    ends = {GATE.key.label: 20}
    accepted = (LogKey(GATE.key, end=20),)
    assert follow_key(accepted, ORIGIN, AT, rotated(GATE, NEXT), verify, ends) == accepted


def test_trust_goes_on_over_several_keys() -> None:
    after = follow(ACCEPTED, rotated(GATE, NEXT))
    after = follow(after, ended(GATE), 11)
    after = follow(after, rotated(NEXT, THIRD, 12), 12)
    assert after == (LogKey(GATE.key, end=12), LogKey(NEXT.key, AT), LogKey(THIRD.key, 12))
    with pytest.raises(EvidenceError, match="not accepted"):
        follow(after, rotated(GATE, MALLORY, 13), 13)


def test_who_holds_no_accepted_key_names_no_other() -> None:
    with pytest.raises(EvidenceError, match="not accepted"):
        follow(ACCEPTED, rotated(MALLORY, NEXT))


@pytest.mark.parametrize(("end", "counts"), [(AT - 1, False), (AT, False), (AT + 1, True)])
def test_a_key_names_no_other_once_it_has_ended(end: int, *, counts: bool) -> None:
    keys = (LogKey(GATE.key, end=end),)
    if counts:
        assert len(follow(keys, rotated(GATE, NEXT))) == 2
        return
    with pytest.raises(EvidenceError, match="not accepted"):
        follow(keys, rotated(GATE, NEXT))


@pytest.mark.parametrize(("above", "counts"), [(AT - 1, True), (AT, True), (AT + 1, False)])
def test_a_key_names_no_other_before_it_counts(above: int, *, counts: bool) -> None:
    keys = (LogKey(GATE.key, above=above),)
    if counts:
        assert len(follow(keys, rotated(GATE, NEXT))) == 2
        return
    with pytest.raises(EvidenceError, match="not accepted"):
        follow(keys, rotated(GATE, NEXT))


@pytest.mark.parametrize(
    "key",
    [
        GATE,
        signer("other.example.com", "next"),
        witness(ORIGIN),
    ],
    ids=["itself", "another log's", "a witness"],
)
def test_only_a_new_key_of_this_log_can_follow(key: Signer) -> None:
    with pytest.raises(EvidenceError, match="cannot follow"):
        follow(ACCEPTED, rotated(GATE, key))


@pytest.mark.parametrize("end", [None, 5])
def test_a_key_that_is_accepted_already_stays_as_it_is(end: int | None) -> None:
    keys = (LogKey(GATE.key), LogKey(NEXT.key, end=end))
    assert follow(keys, rotated(GATE, NEXT)) == keys


@pytest.mark.parametrize("name", ["signature", "possession"])
def test_both_keys_must_have_signed(name: str) -> None:
    good = rotated(GATE, NEXT)
    said = rotation_text(ORIGIN, AT, NEXT.key.text)
    for wrong in (MALLORY.sign(said), b"", GATE.sign(said)[:63], GATE.sign(said) + b"\x00"):
        with pytest.raises(EvidenceError, match="did not sign"):
            follow(ACCEPTED, good | {name: encode_signature(wrong)})


@pytest.mark.parametrize("index", [AT - 1, AT + 1])
def test_a_rotation_holds_at_its_own_place_only(index: int) -> None:
    with pytest.raises(EvidenceError, match="did not sign"):
        follow(ACCEPTED, rotated(GATE, NEXT), index)


def test_a_rotation_holds_in_its_own_log_only() -> None:
    with pytest.raises(EvidenceError, match="did not sign"):
        follow(ACCEPTED, rotated(GATE, NEXT, origin="other.example.com"))


@pytest.mark.parametrize("name", ["old", "new", "signature", "possession"])
@pytest.mark.parametrize("value", [None, 7, ["x"], {"x": "y"}], ids=repr)
def test_a_rotation_is_made_of_texts(name: str, value: Any) -> None:  # noqa: ANN401 -- any JSON
    with pytest.raises(EvidenceError, match="made of texts"):
        follow(ACCEPTED, rotated(GATE, NEXT) | {name: value})
    short = rotated(GATE, NEXT)
    del short[name]
    with pytest.raises(EvidenceError, match="made of texts"):
        follow(ACCEPTED, short)


@pytest.mark.parametrize("name", ["old", "new", "signature", "possession"])
@pytest.mark.parametrize(
    "value", ["", "x", "\ud800", NEXT.key.text + "\n", "a+\ud800+b"], ids=ascii
)
def test_whatever_texts_a_rotation_is_made_of_only_our_error_leaves(name: str, value: str) -> None:
    with pytest.raises(EvidenceError):
        follow(ACCEPTED, rotated(GATE, NEXT) | {name: value})


def test_a_signature_has_one_form() -> None:
    good = rotated(GATE, NEXT)
    loose = str(good["signature"]).rstrip("=")
    with pytest.raises(EvidenceError, match="base64"):
        follow(ACCEPTED, good | {"signature": loose})


def test_a_key_ends_with_the_record_that_says_so() -> None:
    keys = (LogKey(GATE.key), LogKey(NEXT.key))
    after = follow(keys, ended(GATE))
    assert after == (LogKey(GATE.key, end=AT + 1), LogKey(NEXT.key))
    assert [after[0].counts_at(size) for size in (AT, AT + 1, AT + 2)] == [True, True, False]


def test_the_last_key_does_not_end() -> None:
    with pytest.raises(EvidenceError, match="last one"):
        follow(ACCEPTED, ended(GATE))


@pytest.mark.parametrize("end", [AT, AT + 1])
def test_a_key_that_has_ended_does_not_go_on_for_another(end: int) -> None:
    keys = (LogKey(GATE.key), LogKey(NEXT.key, end=end))
    with pytest.raises(EvidenceError, match="last one"):
        follow(keys, ended(GATE))


def test_a_key_that_ends_later_goes_on_for_another() -> None:
    keys = (LogKey(GATE.key), LogKey(NEXT.key, end=AT + 2))
    assert follow(keys, ended(GATE))[0].end == AT + 1


@pytest.mark.parametrize(("end", "after"), [(5, 5), (AT + 1, AT + 1), (AT + 5, AT + 1)])
def test_an_end_never_moves_a_key_on(end: int, after: int) -> None:
    keys = (LogKey(GATE.key, end=end), LogKey(NEXT.key))
    assert follow(keys, ended(GATE))[0] == LogKey(GATE.key, end=after)


@pytest.mark.parametrize("key", [MALLORY.key.text, GATE.key.label, "", None, 7, [GATE.key.text]])
def test_the_end_of_a_key_that_is_not_accepted_is_refused(key: Any) -> None:  # noqa: ANN401 -- any
    keys = (LogKey(GATE.key), LogKey(NEXT.key))
    with pytest.raises(EvidenceError, match="not accepted"):
        follow(keys, {"type": "key.ended", "key": key})
    with pytest.raises(EvidenceError, match="not accepted"):
        follow(keys, {"type": "key.ended"})


def test_base64_of_a_rotation_is_the_standard_one() -> None:
    good = rotated(GATE, NEXT)
    assert base64.b64decode(str(good["signature"])) == GATE.sign(
        rotation_text(ORIGIN, AT, NEXT.key.text)
    )
