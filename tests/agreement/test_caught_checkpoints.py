"""Checkpoints that are not quite one, or not of this log, or not by whom they say."""

import base64
from pathlib import Path
from typing import Final

import pytest
from tests.agreement.both import Asked
from tests.agreement.bundles import MALLORY, Files, cosigned_policy, files_of
from tests.agreement.catching import ALONE, FILES, SOUND, Case, caught, note
from tests.verifier import bundle_writer as writer
from tests.verifier.bundle_writer import LOG_KEY, ORIGIN, START, WITNESS, Signer

TOP: Final = writer.root(SOUND.leaves)
TEXT: Final = writer.checkpoint_text(6, TOP)
NOTE: Final = ALONE["checkpoint"]
LINE: Final = LOG_KEY.line(TEXT)
DASH: Final = "\N{EM DASH}"
SIGNATURE: Final = base64.b64decode(LINE.split(" ")[2])
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
# Two keys of the log's name with the same key id, as 65,536 tries find them.
TWINS: Final = (Signer(ORIGIN, 1, 27069), Signer(ORIGIN, 1, 100161))
WRONG: Final = {"signed": 6}


def line(data: bytes, name: str = ORIGIN) -> str:
    return f"{DASH} {name} {writer.b64(data)}\n"


def by(*lines: str) -> Files:
    """The bundle with these lines under its checkpoint."""
    return ALONE | {"checkpoint": note(6, TOP, *lines)}


def signed_text(text: bytes) -> Files:
    """The bundle with another text for a checkpoint, truly signed."""
    return ALONE | {"checkpoint": text + b"\n" + LOG_KEY.line(text).encode()}


def raw(data: bytes) -> Files:
    return ALONE | {"checkpoint": data}


def malleable() -> bytes:
    s = int.from_bytes(SIGNATURE[36:], "little") + ORDER
    return SIGNATURE[:36] + s.to_bytes(32, "little")


def text_with(old: str, new: str) -> bytes:
    assert TEXT.decode().count(old) == 1
    return TEXT.decode().replace(old, new).encode()


def policy_of(*keys: Signer) -> bytes:
    return ("".join(f"log {key.vkey}\n" for key in keys) + "quorum none\n").encode()


def b64_of(data: bytes) -> bytes:
    return base64.b64encode(data)


SPARE: Final = b64_of(TOP)[:-2] + bytes([b64_of(TOP)[-2] + 1]) + b"="  # unused bits, not zero

CASES: Final = [
    Case("a_sound_checkpoint_holds", ALONE, 0, {}, {"signed": "holds", "anchored": "none"}),
    Case("no_checkpoint", {k: v for k, v in ALONE.items() if k != "checkpoint"}, 4, {},
         {"signed": "none", "structure": "holds"}),
    Case("a_forged_signature", by(line(SIGNATURE[:4] + bytes(64))), 1, WRONG),
    Case("a_signature_of_another_text", by(LOG_KEY.line(TEXT + b"x")), 1, WRONG),
    Case("a_signature_with_another_s", by(line(malleable())), 1, WRONG),
    Case("a_signature_of_63_bytes", by(line(SIGNATURE[:-1])), 1, WRONG),
    Case("a_signature_of_65_bytes", by(line(SIGNATURE + b"\x00")), 1, WRONG),
    Case("another_key_with_the_same_name", by(MALLORY.line(TEXT)), 4, {}, {"signed": "none"}),
    Case("another_key_with_the_same_name_and_key_id",
         by(line(LOG_KEY.key_id + MALLORY.private.sign(TEXT))), 1, WRONG),
    Case("another_name_with_the_right_key", by(Signer("other.example.com").line(TEXT)), 4, {},
         {"signed": "none"}),
    Case("only_unknown_keys", by(*(Signer(f"n{n}.example", 1, n).line(TEXT) for n in range(64))),
         4, {}, {"signed": "none"}),
    Case("only_unknown_keys_beside_a_good_checkpoint",
         FILES | {"checkpoint": note(6, TOP, MALLORY.line(TEXT))}, 1, WRONG),
    Case("unknown_keys_beside_the_known_one", by(MALLORY.line(TEXT), LINE), 0, {}),
    Case("a_bad_signature_beside_a_good_one", by(LINE, LOG_KEY.line(b"x")), 1, WRONG),
    Case("the_same_signature_twice", by(LINE, LINE), 0, {}, {"signed": "holds"}),
    Case("sixty_four_signatures", by(LINE, *(Signer(f"n{n}", 1, n).line(TEXT) for n in range(63))),
         0, {}),
    Case("sixty_five_signatures", by(LINE, *(Signer(f"n{n}", 1, n).line(TEXT) for n in range(64))),
         1, WRONG),
    Case("ten_thousand_signatures", by(*[LINE] * 10_000), 1, WRONG),
    Case("one_of_two_keys_that_share_a_key_id",
         by(TWINS[1].line(TEXT)) | {"policy": policy_of(*TWINS)}, 0, {}),
    Case("neither_of_two_keys_that_share_a_key_id",
         by(line(TWINS[0].key_id + SIGNATURE[4:])) | {"policy": policy_of(*TWINS)}, 1, WRONG),
    Case("another_key_with_a_trusted_keys_id",
         by(TWINS[1].line(TEXT)) | {"policy": policy_of(TWINS[0])}, 1, WRONG),
    Case("another_logs_checkpoint", raw(note(6, TOP, origin="other.example.com")), 1, WRONG),
    Case("a_size_one_less", raw(note(5, TOP)), 1, {"signed": 5}),
    Case("a_size_one_more", raw(note(7, TOP)), 1, {"signed": 6, "structure": 6}),
    Case("a_size_with_a_leading_zero", signed_text(text_with("\n6\n", "\n06\n")), 1, WRONG),
    Case("a_size_in_other_digits", signed_text(text_with("\n6\n", "\n\uff16\n")), 1, WRONG),
    Case("a_size_with_a_plus", signed_text(text_with("\n6\n", "\n+6\n")), 1, WRONG),
    Case("a_size_with_an_underscore", signed_text(text_with("\n6\n", "\n6_0\n")), 1, WRONG),
    Case("a_size_with_a_space", signed_text(text_with("\n6\n", "\n6 \n")), 1, WRONG),
    Case("a_size_below_nothing", signed_text(text_with("\n6\n", "\n-6\n")), 1, WRONG),
    Case("a_size_of_two_to_the_53", raw(note(2**53, TOP)), 1, WRONG),
    Case("the_largest_size_that_there_is", raw(note(2**53 - 1, TOP)), 1,
         {"signed": 6, "structure": 6}),
    Case("a_size_of_5000_digits", signed_text(text_with("\n6\n", f"\n{'7' * 5000}\n")), 1, WRONG),
    Case("the_root_of_another_size", raw(note(6, writer.root(SOUND.leaves[:5]))), 1, WRONG),
    Case("a_root_of_31_bytes", raw(note(6, TOP[:31])), 1, WRONG),
    Case("a_root_of_33_bytes", raw(note(6, TOP + b"\x00")), 1, WRONG),
    Case("a_root_with_spare_bits", signed_text(TEXT.replace(b64_of(TOP), SPARE)), 1, WRONG),
    Case("a_root_in_url_base64", signed_text(TEXT.replace(
        b64_of(TOP), base64.urlsafe_b64encode(b"\xff" * 32))), 1, WRONG),
    Case("an_older_checkpoint_in_its_place", ALONE | {"checkpoint": FILES["checkpoints/3"]}, 4, {},
         {"signed": "partial"}),
    Case("an_older_checkpoint_under_another_size",
         ALONE | {"checkpoints/4": FILES["checkpoints/3"]}, 1, {"signed": 3}),
    Case("the_newest_checkpoint_replayed_as_an_older_one",
         ALONE | {"checkpoints/5": NOTE}, 1, WRONG),
    Case("an_older_checkpoint_of_more_than_there_is", ALONE | {"checkpoints/9": note(9, TOP)}, 1,
         WRONG),
    Case("a_checkpoint_of_nothing", ALONE | {"checkpoints/0": note(0, writer.root([]))}, 0, {}),
    Case("a_checkpoint_of_nothing_with_a_root", ALONE | {"checkpoints/0": note(0, TOP)}, 1,
         {"signed": 0}),
    Case("crlf", raw(NOTE.replace(b"\n", b"\r\n")), 1, WRONG),
    Case("no_newline_at_the_end", raw(NOTE[:-1]), 1, WRONG),
    Case("a_blank_line_at_the_end", raw(NOTE + b"\n"), 1, WRONG),
    Case("a_blank_line_too_many", raw(NOTE.replace(b"\n\n", b"\n\n\n")), 1, WRONG),
    Case("no_blank_line", raw(NOTE.replace(b"\n\n", b"\n")), 1, WRONG),
    Case("no_signature", raw(TEXT + b"\n"), 1, WRONG),
    Case("an_empty_file", raw(b""), 1, WRONG),
    Case("an_extension_line", signed_text(TEXT + b"extended\n"), 1, WRONG),
    Case("a_hyphen_for_a_dash", raw(NOTE.replace(DASH.encode(), b"-")), 1, WRONG),
    Case("an_en_dash_for_a_dash", raw(NOTE.replace(DASH.encode(), "\N{EN DASH}".encode())), 1,
         WRONG),
    Case("two_spaces", raw(NOTE.replace(DASH.encode() + b" ", DASH.encode() + b"  ")), 1, WRONG),
    Case("a_space_at_the_end_of_a_line", raw(NOTE[:-1] + b" \n"), 1, WRONG),
    Case("a_tab", raw(NOTE.replace(DASH.encode() + b" ", DASH.encode() + b"\t")), 1, WRONG),
    Case("a_control_character", signed_text(TEXT.replace(b"gate.", b"gate\x07.")), 1, WRONG),
    Case("a_c1_control_character",
         signed_text(TEXT.replace(b"gate.", "gate\x85.".encode())), 1, WRONG),
    Case("a_delete", signed_text(TEXT.replace(b"gate.", b"gate\x7f.")), 1, WRONG),
    Case("nul", raw(NOTE + b"\x00"), 1, WRONG),
    Case("invalid_utf_8", raw(NOTE.replace(b"gate.", b"gate\xff.")), 1, WRONG),
    Case("a_byte_order_mark", raw(b"\xef\xbb\xbf" + NOTE), 1, WRONG),
    Case("utf_16", raw(NOTE.decode().encode("utf-16")), 1, WRONG),
    Case("base64_without_padding", raw(NOTE.replace(b"=\n\n", b"\n\n")), 1, WRONG),
    Case("base64_with_a_newline_in_it", raw(NOTE[:-20] + b"\n" + NOTE[-20:]), 1, WRONG),
    Case("only_a_key_id", by(f"{DASH} {ORIGIN} {writer.b64(LOG_KEY.key_id)}\n"), 1, WRONG),
    Case("a_name_with_a_plus", by(LINE, f"{DASH} a+b {writer.b64(SIGNATURE)}\n"), 1, WRONG),
    Case("seventy_thousand_bytes", raw(NOTE + b"x" * 70_000 + b"\n"), 1, WRONG),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_checkpoint_that_is_none_is_caught(case: Case, tmp_path: Path) -> None:
    caught(case, tmp_path / "bundle")


WITNESSED: Final = ALONE | {"policy": cosigned_policy().encode()}
COSIGNED: Final = [WITNESS.line(TEXT), WITNESS.line(TEXT, START - 5)]


def cosigned(*lines: str) -> Files:
    return WITNESSED | {"checkpoint": note(6, TOP, LINE, *lines)}


def timed(moment: int, data: bytes | None = None) -> str:
    """A cosignature line of that time; `data` in place of its signature."""
    says = b"cosignature/v1\ntime %d\n" % moment + TEXT
    signed = WITNESS.private.sign(says) if data is None else data
    return line(WITNESS.key_id + moment.to_bytes(8, "big") + signed, WITNESS.name)


WITNESS_CASES: Final = [
    Case("a_cosignature_anchors", cosigned(COSIGNED[0]), 0, {},
         {"anchored": "holds", "policy": "holds"}),
    Case("the_same_witness_twice", cosigned(*COSIGNED), 0, {}),
    Case("no_cosignature", cosigned(), 4, {}, {"anchored": "none", "policy": "none"}),
    Case("a_cosignature_that_is_none", cosigned(timed(START, bytes(64))), 1, {"anchored": 6}),
    Case("a_bad_cosignature_beside_a_good_one", cosigned(COSIGNED[0], timed(START, bytes(64))), 1,
         {"anchored": 6}),
    Case("a_cosignature_with_another_time", cosigned(
        line(WITNESS.key_id + (START + 1).to_bytes(8, "big")
             + base64.b64decode(COSIGNED[0].split(" ")[2])[12:], WITNESS.name)), 1,
         {"anchored": 6}),
    Case("a_cosignature_of_now_and_300_seconds", cosigned(timed(START + 3900)), 0, {}),
    Case("a_cosignature_from_the_future", cosigned(timed(START + 3901)), 1, {"anchored": 6}),
    Case("a_cosignature_from_the_end_of_time", cosigned(timed(2**63 - 1)), 1, {"anchored": 6}),
    Case("a_cosignature_from_behind_the_end_of_time", cosigned(timed(2**63)), 1, {"anchored": 6}),
    Case("a_witness_that_signs_as_a_log", cosigned(
        line(WITNESS.key_id + WITNESS.private.sign(TEXT), WITNESS.name)), 1, {"anchored": 6}),
    Case("a_cosignature_and_no_signature",
         WITNESSED | {"checkpoint": note(6, TOP, COSIGNED[0])}, 4, {},
         {"signed": "none", "anchored": "holds", "policy": "none"}),
]  # fmt: skip


@pytest.mark.parametrize("case", WITNESS_CASES, ids=lambda case: case.name)
def test_a_cosignature_that_is_none_is_caught(case: Case, tmp_path: Path) -> None:
    caught(case, tmp_path / "bundle")


def test_an_edit_signed_by_the_right_key_is_caught_by_what_was_kept(tmp_path: Path) -> None:
    """And only by that: the owner of the key can write another log."""
    known = tmp_path / "known"
    known.write_bytes(FILES["checkpoints/3"])
    other = files_of(files_told_otherwise())
    caught(Case("", other, 0, {}), tmp_path / "bundle")
    found = caught(Case("", other, 1, {"anchored": 3}), tmp_path / "bundle", Asked(known=(known,)))
    assert found.states["signed"] == "holds"


def files_told_otherwise() -> writer.Log:
    """Another history of the same log, by the same key."""
    log = writer.Log().opened()
    log.add("actor.minted", {"subject": "eve"}, actor="act_eve")
    return log.beats(4)


def test_a_log_cut_back_to_an_older_checkpoint_is_caught_by_what_was_kept(tmp_path: Path) -> None:
    """And only by that: what is left is whole and signed."""
    log = writer.Log().opened()
    log.add("actor.minted", {"subject": "bob"}, actor="act_bob")
    short = files_of(log.beats(1))
    assert short["checkpoint"] == FILES["checkpoints/3"]
    caught(Case("", short, 0, {}), tmp_path / "bundle")
    (tmp_path / "known").write_bytes(NOTE)
    asked = Asked(known=(tmp_path / "known",))
    caught(Case("", short, 1, {"anchored": 3}), tmp_path / "bundle", asked)


def test_a_witness_that_cosigned_twice_is_one_of_the_two_that_a_quorum_asks_for(
    tmp_path: Path,
) -> None:
    second = Signer("second.example.org", 4, 3)
    trust = tmp_path / "trust"
    names = [f"witness w {WITNESS.vkey}", f"witness v {second.vkey}", "group g all w v"]
    trust.write_text(writer.policy(*names, quorum="g"))
    twice = cosigned(*COSIGNED)
    asked = Asked(trust=trust)
    states = {"anchored": "holds", "policy": "none"}
    caught(Case("", twice, 4, {}, states), tmp_path / "twice", asked)
    both = cosigned(COSIGNED[0], second.line(TEXT))
    caught(Case("", both, 0, {}, {"policy": "holds"}), tmp_path / "both", asked)


@pytest.mark.parametrize(
    ("kept", "code"),
    [(NOTE, 0), (note(9, TOP), 1), (note(6, TOP, MALLORY.line(TEXT)), 2), (b"nonsense", 2),
     (note(6, TOP, LINE, LOG_KEY.line(b"x")), 2), (note(6, TOP, origin="other.example.com"), 2)],
    ids=["of_this_log", "of_more_than_there_is", "signed_by_another", "no_checkpoint",
         "with_a_bad_signature", "of_another_log"],
)  # fmt: skip
def test_what_was_kept_is_a_checkpoint_of_this_log(kept: bytes, code: int, tmp_path: Path) -> None:
    (tmp_path / "known").write_bytes(kept)
    bad = {"anchored": 6} if code == 1 else {}
    asked = Asked(known=(tmp_path / "known",))
    caught(Case("", FILES, code, bad), tmp_path / "bundle", asked)
