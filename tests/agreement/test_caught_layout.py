"""Disclosures that are not their entries', and folders that are not quite a bundle."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from tests.agreement.both import Asked, agreed, told_by_processes
from tests.agreement.bundles import DISCLOSURES, SEGMENT_0, Files, files_of, laid_out
from tests.agreement.catching import ALONE, FILES, SOUND, Case, by_command_lines, caught, with_rows
from tests.verifier import bundle_writer as writer
from tests.verifier.bundle_writer import Log

pytestmark = pytest.mark.untraced

FIRST, SECOND = SOUND.rows
SALT: Final = b"AAECAwQFBgcICQoLDA0ODw"
LINES: Final = FILES[DISCLOSURES].splitlines(keepends=True)


def hiding(data: bytes, **more: object) -> Files:
    """A log whose record 1 holds the digest of this, truly signed."""
    encoded = writer.b64url(data)
    digest = writer.b64url(writer.sha(encoded.encode()))
    log = Log().opened()
    log.add("actor.minted", actor="a", sd=[digest], **more)
    log.rows.append({"digest": digest, "encoded": encoded, "idx": 1})
    return files_of(log)


def holding(sd: object) -> Files:
    log = Log().opened()
    log.add("actor.minted", actor="a", sd=sd)
    return files_of(log)


def erased(*, told: bool, where: int = 0, there: bool = False) -> Files:
    """Record 1's value is gone; a record behind it says so, or one before it."""
    log = Log().opened()
    encoded = writer.b64url(b'["%b","subject","bob"]' % SALT)
    digest = writer.b64url(writer.sha(encoded.encode()))
    if where:
        log.add("disclosure.erased", digests=[FIRST["digest"]])
    index = log.add("actor.minted", actor="a", sd=[digest])
    if told:
        log.add("disclosure.erased", digests=[digest])
    log.rows.append({"digest": digest, "encoded": encoded if there else None, "idx": index})
    return files_of(log)


def withheld_and_erased() -> Files:
    return {name: data for name, data in erased(told=True).items() if name != DISCLOSURES}


def again() -> Files:
    """A digest that record 1 holds, in record 6 too."""
    log = Log().opened()
    log.add("actor.minted", {"subject": "bob"}, actor="act_bob")
    log.beats(1)
    log.add("actor.minted", actor="act_eve", sd=[log.rows[0]["digest"]])
    return files_of(log)


def lines(*parts: bytes) -> Files:
    return FILES | {DISCLOSURES: b"".join(parts)}


def swapped(rows: list[dict[str, Any]]) -> None:
    rows[0]["encoded"], rows[1]["encoded"] = rows[1]["encoded"], rows[0]["encoded"]


DISCLOSED: Final = [
    Case("withheld", {k: v for k, v in FILES.items() if k != DISCLOSURES}, 0, {}),
    Case("one_withheld", lines(LINES[1]), 0, {}),
    Case("swapped", with_rows(swapped), 1, {"disclosures": 1}),
    Case("edited", with_rows(lambda rows: rows[1].update(encoded=FIRST["encoded"])), 1,
         {"disclosures": 3}),
    Case("of_another_record", with_rows(lambda rows: rows[0].update(idx=3)), 1, {"disclosures": 3}),
    Case("of_a_record_behind_the_end", with_rows(lambda rows: rows[1].update(idx=99)), 1,
         {"disclosures": 6}),
    Case("of_no_record", with_rows(lambda rows: rows[0].update(digest="A" * 43)), 1,
         {"disclosures": 1}),
    Case("twice", lines(LINES[0], *LINES), 1, {"disclosures": 1}),
    Case("out_of_order", lines(LINES[1], LINES[0]), 1, {"disclosures": 3}),
    Case("erased_and_no_record_says_so", erased(told=False), 1, {"disclosures": 1}),
    Case("erased_on_record", erased(told=True), 0, {}),
    Case("erased_on_record_and_there_again", erased(told=True, there=True), 1, {"disclosures": 1}),
    Case("erased_on_record_and_withheld", withheld_and_erased(), 0, {}),
    Case("an_erasure_of_what_comes_later", erased(told=True, where=1), 1, {"semantics": 1}),
    Case("reappearing_in_another_record", again(), 1, {"disclosures": 3}),
    Case("without_a_newline", lines(*LINES)
         | {DISCLOSURES: FILES[DISCLOSURES][:-1]}, 1, {"disclosures": 1}),
    Case("crlf", lines(FILES[DISCLOSURES].replace(b"\n", b"\r\n")), 1, {"disclosures": 0}),
    Case("a_blank_line", lines(LINES[0], b"\n", LINES[1]), 1, {"disclosures": 1}),
    Case("a_field_more", lines(LINES[0].replace(b"{", b'{"a":1,'), LINES[1]), 1,
         {"disclosures": 0}),
    Case("a_space", lines(LINES[0].replace(b":", b": ", 1), LINES[1]), 1, {"disclosures": 0}),
    Case("a_duplicate_key", lines(LINES[0].replace(b'"idx":1', b'"idx":1,"idx":1'), LINES[1]), 1,
         {"disclosures": 0}),
    Case("an_index_that_is_true", lines(LINES[0].replace(b'"idx":1', b'"idx":true')), 1,
         {"disclosures": 0}),
    Case("an_index_of_two_to_the_53",
         lines(*LINES, LINES[1].replace(b'"idx":3', b'"idx":9007199254740992')), 1,
         {"disclosures": 3}),
    Case("invalid_utf_8", lines(LINES[0].replace(b"digest", b"diges\xff")), 1, {"disclosures": 0}),
    Case("a_line_that_is_too_long", lines(b"x" * 16_777_217 + b"\n", *LINES), 1,
         {"disclosures": 0}),
    Case("a_salt_of_sixteen_bytes", hiding(b'["%b","subject","bob"]' % SALT), 0, {}),
    Case("a_salt_of_fifteen_bytes", hiding(b'["%b","subject","bob"]' % SALT[:20]), 1,
         {"disclosures": 1}),
    Case("a_salt_of_seventeen_bytes", hiding(b'["%bAA","subject","bob"]' % SALT[:21]), 1,
         {"disclosures": 1}),
    Case("no_salt", hiding(b'["","subject","bob"]'), 1, {"disclosures": 1}),
    Case("a_salt_with_spare_bits", hiding(b'["%bx","subject","bob"]' % SALT[:21]), 1,
         {"disclosures": 1}),
    Case("a_salt_that_is_no_text", hiding(b'[7,"subject","bob"]'), 1, {"disclosures": 1}),
    Case("a_name_that_is_no_key", hiding(b'["%b","Subject","bob"]' % SALT), 1, {"disclosures": 1}),
    Case("four_parts", hiding(b'["%b","subject","bob",1]' % SALT), 1, {"disclosures": 1}),
    Case("an_object", hiding(b'{"salt":"%b"}' % SALT), 1, {"disclosures": 1}),
    Case("a_value_with_a_fraction", hiding(b'["%b","subject",1.5]' % SALT), 1, {"disclosures": 1}),
    Case("a_value_that_is_not_canonical", hiding(b'["%b","subject",{"b":1,"a":2}]' % SALT), 1,
         {"disclosures": 1}),
    Case("a_value_with_any_keys", hiding(b'["%b","subject",{"A b":1,"\xc3\xa9":2}]' % SALT), 0, {}),
    Case("a_value_eight_deep", hiding(b'["%b","subject",%b]' % (SALT, b"[" * 8 + b"]" * 8)), 0, {}),
    Case("a_value_nine_deep", hiding(b'["%b","subject",%b]' % (SALT, b"[" * 9 + b"]" * 9)), 1,
         {"disclosures": 1}),
    Case("a_value_with_a_lone_surrogate", hiding(b'["%b","subject","\\ud800"]' % SALT), 1,
         {"disclosures": 1}),
    Case("a_depth_bomb", hiding(b"[" * 100_000), 1, {"disclosures": 1}),
    Case("digests_that_are_no_list", holding("A" * 43), 1, {"disclosures": 1}),
    Case("digests_that_are_null", holding(None), 1, {"disclosures": 1}),
    Case("digests_that_are_nothing", holding(0), 1, {"disclosures": 1}),
    Case("digests_that_are_false", holding(False), 1, {"disclosures": 1}),
    Case("digests_that_are_none", holding([]), 0, {}),
    Case("a_digest_of_42_characters", holding(["A" * 42]), 1, {"disclosures": 1}),
    Case("the_same_digest_twice", holding(["A" * 43] * 2), 1, {"disclosures": 1}),
    Case("digests_that_are_not_sorted", holding(["B" * 43, "A" * 43]), 1, {"disclosures": 1}),
]  # fmt: skip


@pytest.mark.parametrize("case", DISCLOSED, ids=lambda case: case.name)
def test_a_disclosure_is_what_its_entry_holds(case: Case, tmp_path: Path) -> None:
    caught(case, tmp_path / "bundle")


STRAYS: Final = [
    "x", "LOG", "checkpoint2", "log/x", "log/000000", "log/00000.jsonl", "log/0000000.jsonl",
    "log/000000.jsonl.bak", "checkpoints/03", "checkpoints/-3", "checkpoints/3.txt",
    "checkpoints/9007199254740992x", "snapshots/1.json", "snapshots/65536", "anchors/3", "proofs/a",
    "proofs/a b.tlog-proof", "proofs/a/b.tlog-proof", "a/b/c", "log/sub/x", "tile/x",
    "tile/0/1", "tile/64/000", "tile/0/x000/000", "tile/0/000.p/0", "tile/0/000.p/256",
    "..x", "log/..", "\x1b[31m", "disclosures.jsonl.1", "tile/entries/000/x",
]  # fmt: skip


@pytest.mark.parametrize("name", [name for name in STRAYS if not name.endswith("/..")])
def test_a_name_that_is_none_of_a_bundle_is_caught(name: str, tmp_path: Path) -> None:
    caught(Case(name, FILES | {name: b"x"}, 1, {"structure": 6}), tmp_path / "bundle")


LAYOUTS: Final = [
    Case("a_segment_twice", FILES | {"log/000000.leaves": b"".join(SOUND.leaves)}, 1,
         {"structure": 0}),
    Case("a_segment_behind_the_last", FILES | {"log/000001.jsonl": FILES[SEGMENT_0]}, 1,
         {"structure": 6}),
    Case("a_segment_behind_a_gap", FILES | {"log/000002.jsonl": FILES[SEGMENT_0]}, 1,
         {"structure": 6}),
    Case("a_segment_of_another_number", {
        ("log/000001.jsonl" if name == SEGMENT_0 else name): data for name, data in FILES.items()
    }, 1, {"structure": 0, "signed": 0, "disclosures": 0}),
    Case("leaf_hashes_that_are_not_65536", {
        **{name: data for name, data in FILES.items() if name != SEGMENT_0},
        "log/000000.leaves": b"".join(SOUND.leaves),
    }, 1, {"structure": 0, "signed": 0, "disclosures": 0}),
    Case("an_origin_without_a_newline", FILES | {"origin": writer.ORIGIN.encode()}, 1,
         {"structure": 0, "signed": 3}),
    Case("an_origin_of_two_lines", FILES | {"origin": b"a\nb\n"}, 1,
         {"structure": 0, "signed": 3}),
    Case("an_origin_with_a_plus", FILES | {"origin": b"a+b\n"}, 1, {"structure": 0, "signed": 3}),
    Case("an_empty_origin", FILES | {"origin": b""}, 1, {"structure": 0, "signed": 3}),
    Case("a_right_tile", FILES | {"tile/0/000.p/6": b"".join(SOUND.leaves)}, 0, {}),
    Case("a_wrong_tile", FILES | {"tile/0/000.p/6": b"".join(SOUND.leaves[::-1])}, 1,
         {"structure": 6}),
    Case("a_tile_that_is_too_short", FILES | {"tile/0/000.p/6": b"".join(SOUND.leaves[:5])}, 1,
         {"structure": 6}),
    Case("a_tile_of_another_tree", FILES | {"tile/0/000.p/5": b"".join(SOUND.leaves[:5])}, 1,
         {"structure": 6}),
    Case("a_tile_of_another_level", FILES | {"tile/1/000.p/1": SOUND.leaves[0]}, 1,
         {"structure": 6}),
    Case("a_wrong_tile_of_entries", FILES | {"tile/entries/000.p/6": b"x"}, 1, {"structure": 6}),
    Case("an_anchor_that_is_no_time_stamp", FILES | {"anchors/6.tsr": b"x"}, 1, {"anchored": 6}),
    Case("an_anchor_of_more_than_there_is", FILES | {"anchors/9.tsr": b"x"}, 1, {"anchored": 6}),
    Case("a_snapshot_that_no_record_names", FILES | {"snapshots/65536.json": b"{}"}, 1,
         {"semantics": 6}),
    Case("a_receipt_that_is_none", FILES | {"proofs/a.tlog-proof": b"x"}, 1, {"structure": 6}),
    Case("no_origin", {k: v for k, v in FILES.items() if k != "origin"}, 3, {}),
    Case("no_policy", {k: v for k, v in FILES.items() if k != "policy"}, 3, {}),
    Case("no_log", {k: v for k, v in FILES.items() if k != SEGMENT_0}, 3, {}),
    Case("an_unfinished_export", FILES | {".progress": b""}, 3, {}),
    Case("a_policy_that_is_none", FILES | {"policy": b"trust everybody\n"}, 2, {}),
    Case("a_policy_that_is_too_long", FILES | {"policy": FILES["policy"] + b"#" * 70_000}, 2, {}),
]  # fmt: skip


@pytest.mark.parametrize("case", LAYOUTS, ids=lambda case: case.name)
def test_a_folder_that_is_not_quite_a_bundle_is_caught(case: Case, tmp_path: Path) -> None:
    caught(case, tmp_path / "bundle")


def link(path: Path, to: Path) -> None:
    path.unlink()
    path.symlink_to(to)


def folder(path: Path, _: Path) -> None:
    path.unlink()
    path.mkdir()


def fifo(path: Path, _: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def dangling(path: Path, _: Path) -> None:
    link(path, path.parent / "nowhere")


def loop(path: Path, _: Path) -> None:
    link(path, path)


WAYS: Final[list[Callable[[Path, Path], None]]] = [link, folder, fifo, dangling, loop]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(
    ("name", "code", "bad"),
    [
        ("origin", 3, {}),
        ("policy", 3, {}),
        (SEGMENT_0, 1, {"structure": 0, "signed": 0, "disclosures": 0}),
        ("checkpoint", 1, {"structure": 6}),
        ("checkpoints/3", 1, {"structure": 6}),
        (DISCLOSURES, 1, {"structure": 6}),
    ],
)
def test_what_is_no_plain_file_is_not_read_and_never_passes(
    way: Callable[[Path, Path], None],
    name: str,
    code: int,
    bad: dict[str, int],
    tmp_path: Path,
) -> None:
    """A link is told, though what it leads to would do; a FIFO is not waited for."""
    right = tmp_path / "right"
    right.write_bytes(FILES[name])
    bundle = laid_out(tmp_path / "bundle", FILES)
    assert agreed(bundle).exit == 0
    way(bundle / name, right)
    found = agreed(bundle)
    assert (found.exit, dict(found.bad)) == (code, bad)
    assert by_command_lines([str(bundle), *Asked().words]) == [found, found]


def test_a_link_in_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    bundle = laid_out(tmp_path / "bundle", ALONE)
    (bundle / "log").rename(tmp_path / "elsewhere")
    (bundle / "log").symlink_to(tmp_path / "elsewhere")
    assert agreed(bundle).exit == 3
    (bundle / "log").unlink()
    (tmp_path / "elsewhere").rename(bundle / "log")
    (tmp_path / "checkpoints").mkdir()
    (bundle / "checkpoints").symlink_to(tmp_path / "checkpoints")
    assert agreed(bundle).bad == {"structure": 6}


def test_an_empty_folder_that_is_none_of_a_bundle_is_caught(tmp_path: Path) -> None:
    bundle = laid_out(tmp_path / "bundle", FILES)
    for name, code in (("checkpoints", 0), ("proofs", 0), ("other", 1)):
        (bundle / name).mkdir(exist_ok=True)
        assert agreed(bundle).exit == code, name


@pytest.mark.slow
def test_both_command_lines_say_so_as_processes_too(tmp_path: Path) -> None:
    bundle = laid_out(tmp_path / "bundle", FILES)
    assert told_by_processes(bundle).exit == 0
    (bundle / "log" / "000000.jsonl").write_bytes(FILES[SEGMENT_0][:-1])
    assert told_by_processes(bundle).bad == {"structure": 5}
    (bundle / "policy").unlink()
    assert told_by_processes(bundle).exit == 3
    assert told_by_processes(tmp_path / "nowhere").exit == 3
    (bundle / "policy").write_bytes(b"x\n")
    assert told_by_processes(bundle).exit == 2
