"""Records that were changed, removed, added or moved, with as much made good as Mallory can."""

from pathlib import Path
from typing import Final

import pytest
from tests.agreement.both import DEFAULT, agreed
from tests.agreement.bundles import (
    DISCLOSURES,
    MALLORY,
    SEGMENT_0,
    Shelf,
    chained,
    files_of,
    room,
    segments_of,
)
from tests.agreement.catching import (
    ALONE,
    FILES,
    SOUND,
    Case,
    caught,
    note,
    replaced,
    signed_anew,
    truly,
    with_lines,
    with_record,
)
from tests.verifier import bundle_writer as writer
from tests.verifier.bundle_writer import LOG_KEY, ORIGIN, Log

pytestmark = pytest.mark.untraced

NEWLINE: Final = 0x0A
OTHER: Final = "other.example.com/evidence"
EDITED: Final = chained(
    [entry.replace(b'"duplicates":0', b'"duplicates":5') for entry in SOUND.entries]
)


def own_hash_made_good(lines: list[bytes]) -> None:
    lines[2] = lines[2].replace(b'"duplicates":0', b'"duplicates":5')
    lines[3] = chained(lines[:4], 3)[3]


def other_log(origin: str = OTHER) -> Log:
    log = Log(origin).opened().beats(2)
    log.add("actor.minted", actor="act_eve")
    return log.beats(2)


def rebuilt() -> bytes:
    """The old signature under a new root."""
    top = writer.root([writer.leaf(entry) for entry in EDITED])
    line = LOG_KEY.line(writer.checkpoint_text(6, writer.root(SOUND.leaves)))
    return note(6, top, line)


def genesis_of_another() -> list[bytes]:
    return chained(list(SOUND.entries), origin=OTHER)


CASES: Final = [
    Case("a_sound_bundle_holds", FILES, 0, {}),
    Case("an_edit_is_seen_by_the_record_behind", with_record(2, duplicates=5), 1,
         {"structure": 3, "signed": 3}),
    Case("an_edit_of_the_last_record_is_seen_by_the_checkpoint", with_record(5, duplicates=5), 1,
         {"signed": 6}),
    Case("an_edit_with_its_own_hash_recomputed", with_lines(own_hash_made_good), 1,
         {"structure": 4, "signed": 3}),
    Case("an_edit_with_the_chain_recomputed", FILES | segments_of(EDITED), 1, {"signed": 3}),
    Case("an_edit_with_the_tree_rebuilt_under_the_old_signature",
         ALONE | segments_of(EDITED) | {"checkpoint": rebuilt()}, 1, {"signed": 6}),
    Case("an_edit_signed_with_another_key_is_signed_by_nobody", signed_anew(EDITED, MALLORY), 4, {},
         {"structure": "holds", "signed": "none"}),
    Case("an_edit_signed_with_another_key_beside_an_older_checkpoint",
         FILES | signed_anew(EDITED, MALLORY), 1, {"signed": 3}),
    Case("another_logs_segment", FILES | segments_of(other_log().entries), 1,
         {"structure": 0, "signed": 3, "disclosures": 1}),
    Case("another_logs_segment_and_checkpoint",
         FILES | {name: files_of(other_log())[name] for name in (SEGMENT_0, "checkpoint")}, 1,
         {"structure": 0, "signed": 3, "disclosures": 1}),
    Case("another_log_that_says_it_is_this_one",
         ALONE | segments_of(other_log().entries) | {"origin": f"{OTHER}\n".encode()}, 1,
         {"signed": 6, "disclosures": 1}),
    Case("the_genesis_of_another_log", FILES | segments_of(genesis_of_another()), 1,
         {"structure": 0, "signed": 3}),
    Case("the_genesis_of_another_log_truly_signed", signed_anew(genesis_of_another()), 1,
         {"structure": 0}),
    Case("the_first_record_is_gone", with_lines(lambda lines: lines.pop(0)), 1,
         {"structure": 0, "signed": 3, "disclosures": 1}),
    Case("a_middle_record_is_gone", with_lines(lambda lines: lines.pop(2)), 1,
         {"structure": 2, "signed": 3, "disclosures": 3}),
    Case("a_middle_record_is_gone_and_the_rest_chained_anew",
         FILES | segments_of(chained([*SOUND.entries[:2], *SOUND.entries[3:]], 2)), 1,
         {"structure": 5, "signed": 3, "disclosures": 3}),
    Case("the_last_record_is_gone", with_lines(lambda lines: lines.pop()), 1,
         {"structure": 5, "signed": 5}),
    Case("all_records_are_gone", FILES | {SEGMENT_0: b""}, 1,
         {"structure": 0, "signed": 0, "disclosures": 0}),
    Case("all_is_gone_but_the_folder", {
        name: data for name, data in (FILES | {"log/x": b""}).items() if name != SEGMENT_0
    }, 1, {"structure": 0, "signed": 0, "disclosures": 0}),
    Case("cut_at_a_record", with_lines(lambda lines: lines.__delitem__(slice(4, None))), 1,
         {"structure": 4, "signed": 4}),
    Case("cut_inside_a_line", FILES | {SEGMENT_0: FILES[SEGMENT_0][:-40]}, 1,
         {"structure": 5, "signed": 6, "disclosures": 5, "semantics": 5}),
    Case("cut_before_the_last_newline", FILES | {SEGMENT_0: FILES[SEGMENT_0][:-1]}, 1,
         {"structure": 5}),
    Case("two_records_changed_places",
         with_lines(lambda lines: lines.insert(2, lines.pop(3))), 1,
         {"structure": 2, "signed": 3, "disclosures": 3, "semantics": 3}),
    Case("two_records_changed_places_and_the_rest_is_chained",
         FILES | segments_of(
             chained([*SOUND.entries[:4], SOUND.entries[5], SOUND.entries[4]], 4)
         ), 1, {"signed": 6, "semantics": 5}),
    Case("a_record_twice", with_lines(lambda lines: lines.insert(3, lines[2])), 1,
         {"structure": 3, "signed": 6, "disclosures": 3}),
    Case("the_last_record_twice", with_lines(lambda lines: lines.append(lines[5])), 1,
         {"structure": 6}),
    Case("a_record_between_two",
         with_lines(lambda lines: lines.insert(4, lines[2].replace(b'"_seq":2', b'"_seq":4'))), 1,
         {"structure": 4, "signed": 6, "semantics": 4}),
    Case("a_record_between_two_and_the_rest_chained",
         FILES | segments_of(chained([*SOUND.entries[:4], *SOUND.entries[3:]], 4)), 1,
         {"signed": 6, "disclosures": 4}),
    Case("a_gap_in_the_numbers",
         with_lines(lambda lines: lines.__setitem__(4, lines[4].replace(b'q":4', b'q":5'))), 1,
         {"structure": 4, "signed": 6}),
    Case("records_behind_the_checkpoint_are_not_signed", files_of(SOUND, signed=4), 4, {},
         {"structure": "holds", "signed": "partial"}),
    Case("time_that_goes_back", signed_anew(chained([
        *SOUND.entries[:5], SOUND.entries[5].replace(b"02:40:05", b"02:40:03")
    ])), 1, {"semantics": 5}),
    Case("a_digest_in_the_chain_with_something_behind_it",
         truly(4, lambda entry: entry[:74] + b"0" + entry[74:]), 1, {"structure": 4}),
    Case("upper_case_hex", truly(4, lambda one: one[:10] + one[10:74].upper() + one[74:]), 1,
         {"structure": 4}),
    Case("a_second_log_opened", signed_anew(chained([*SOUND.entries, SOUND.entries[0].replace(
        SOUND.stamp(0).encode(), SOUND.stamp(6).encode())])), 1, {"structure": 6}),
    Case("another_format", truly(0, replaced(b'"format":1', b'"format":2')), 1, {"structure": 0}),
    Case("a_format_that_is_true", truly(0, replaced(b'"format":1', b'"format":true')), 1,
         {"structure": 0}),
    Case("an_origin_that_the_first_record_does_not_name",
         truly(0, replaced(ORIGIN.encode(), OTHER.encode())), 1, {"structure": 0}),
    Case("a_log_that_does_not_begin_with_log_opened", truly(
        0, replaced(b'"format":1,"origin":"gate.example.com/evidence","type":"log.opened"',
                    b'"type":"gateway.started"')), 1, {"structure": 0}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_done_to_records_is_caught(case: Case, tmp_path: Path) -> None:
    caught(case, tmp_path / "bundle")


def test_every_byte_of_a_small_log_flipped_in_turn_is_caught() -> None:
    """By the root of the checkpoint always; by its own line, or the chain behind it, as a rule."""
    place = 0
    with room() as folder:
        shelf = Shelf(folder / "b", FILES)
        assert agreed(shelf.folder, DEFAULT).exit == 0
        for at in range(len(FILES[SEGMENT_0])):
            data = bytearray(FILES[SEGMENT_0])
            data[at] ^= 1 << at % 8
            found = agreed(shelf.hold(FILES | {SEGMENT_0: bytes(data)}), DEFAULT)
            assert found.exit == 1, at
            if FILES[SEGMENT_0][at] != NEWLINE:  # which makes one line of two
                assert found.bad["signed"] == (3 if place < 3 else 6), at
            assert found.bad.get("structure", 6) in {place, place + 1}, at
            place += FILES[SEGMENT_0][at] == NEWLINE


@pytest.mark.parametrize("name", ["checkpoint", DISCLOSURES, "policy", "origin"])
def test_every_byte_of_the_other_files_flipped_in_turn_is_caught(name: str) -> None:
    """What nobody trusted signed is *none* (4); a policy that cannot be read is usage (2)."""
    expected = {"checkpoint": {1, 4}, DISCLOSURES: {1}, "policy": {2}, "origin": {1}}[name]
    exits = set()
    with room() as folder:
        shelf = Shelf(folder / "b", ALONE)
        for at in range(len(ALONE[name])):
            data = bytearray(ALONE[name])
            data[at] ^= 1 << at % 8
            found = agreed(shelf.hold(ALONE | {name: bytes(data)}), DEFAULT)
            exits.add(found.exit)
            if name == DISCLOSURES:
                assert found.bad.keys() == {"disclosures"}, at
            elif name == "checkpoint" and found.exit == 4:
                signature = ALONE[name].partition("\N{EM DASH} ".encode())
                assert 0 <= at - len(signature[0]) - 4 < len(ORIGIN) + 7, at
    assert exits == expected
