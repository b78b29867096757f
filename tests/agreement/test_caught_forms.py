"""Entries in another form than the one that they have: chained, in the tree, and truly signed.

So nothing but the form gives them away. What cannot be read is a fault of DISCLOSURES and
SEMANTICS too, as nobody knows what it said.
"""

from pathlib import Path
from typing import Final

import pytest
from tests.agreement.bundles import SEGMENT_0, files_of
from tests.agreement.catching import FILES, Case, caught, replaced, truly
from tests.verifier.bundle_writer import LOG_KEY, Log

UNREAD: Final = {"structure": 4, "disclosures": 4, "semantics": 4}


def beat(old: bytes, new: bytes) -> Case:
    """Record 4, a heartbeat, with one text in it replaced."""
    return Case("", truly(4, replaced(old, new)), 1, UNREAD)


def named(name: str, case: Case) -> Case:
    return Case(name, case.files, case.exit, case.bad)


DUPLICATES: Final = b'"duplicates":0'
FORMS: Final = [
    named("a_key_twice", beat(DUPLICATES, b'"duplicates":0,"duplicates":0')),
    named("a_key_twice_once_escaped", beat(DUPLICATES, b'"duplicates":0,"\\u0064uplicates":0')),
    named("the_index_twice", beat(b'"_seq":4', b'"_seq":4,"_seq":4')),
    named("keys_that_are_not_sorted",
          beat(DUPLICATES + b',"refused":[]', b'"refused":[],' + DUPLICATES)),
    named("a_space_behind_a_colon", beat(DUPLICATES, b'"duplicates": 0')),
    named("a_space_behind_a_comma", beat(b',"refused"', b', "refused"')),
    named("a_tab", beat(b',"refused"', b',\t"refused"')),
    named("a_carriage_return", beat(b',"refused"', b',\r"refused"')),
    named("a_space_at_the_end", Case("", truly(4, lambda entry: entry + b" "), 1, UNREAD)),
    named("crlf_at_the_end", Case("", truly(4, lambda entry: entry + b"\r"), 1, UNREAD)),
    named("a_letter_escaped", beat(b'"heartbeat"', b'"\\u0068eartbeat"')),
    named("a_slash_escaped", beat(DUPLICATES, b'"duplicates":0,"path":"a\\/b"')),
    named("an_escape_in_upper_case", beat(DUPLICATES, b'"duplicates":0,"e":"\\u001F"')),
    named("an_escape_that_has_a_short_form", beat(DUPLICATES, b'"duplicates":0,"e":"\\u000a"')),
    named("a_raw_control_character", beat(DUPLICATES, b'"duplicates":0,"e":"\x01"')),
    named("a_raw_nul", beat(DUPLICATES, b'"duplicates":0,"e":"\x00"')),
    named("nul_at_the_end", Case("", truly(4, lambda entry: entry + b"\x00"), 1, UNREAD)),
    named("a_delete_escaped", beat(DUPLICATES, b'"duplicates":0,"e":"\\u007f"')),
    named("a_lone_surrogate_escaped", beat(DUPLICATES, b'"duplicates":0,"e":"\\ud800"')),
    named("a_pair_of_surrogates_escaped", beat(DUPLICATES, b'"duplicates":0,"e":"\\ud83d\\ude00"')),
    named("a_raw_surrogate", beat(DUPLICATES, b'"duplicates":0,"e":"\xed\xa0\x80"')),
    named("invalid_utf_8", beat(DUPLICATES, b'"duplicates":0,"e":"\xff"')),
    named("an_overlong_form", beat(DUPLICATES, b'"duplicates":0,"e":"\xc0\xaf"')),
    named("a_fraction", beat(DUPLICATES, b'"duplicates":0.5')),
    named("a_whole_float", beat(DUPLICATES, b'"duplicates":0.0')),
    named("an_exponent", beat(DUPLICATES, b'"duplicates":1e2')),
    named("a_minus_zero", beat(DUPLICATES, b'"duplicates":-0')),
    named("a_leading_zero", beat(DUPLICATES, b'"duplicates":00')),
    named("a_plus", beat(DUPLICATES, b'"duplicates":+1')),
    named("nan", beat(DUPLICATES, b'"duplicates":NaN')),
    named("infinity", beat(DUPLICATES, b'"duplicates":Infinity')),
    named("minus_infinity", beat(DUPLICATES, b'"duplicates":-Infinity')),
    named("two_to_the_53", beat(DUPLICATES, b'"duplicates":9007199254740992')),
    named("minus_two_to_the_53", beat(DUPLICATES, b'"duplicates":-9007199254740992')),
    named("a_number_of_4301_digits", beat(DUPLICATES, b'"duplicates":' + b"7" * 4301)),
    named("a_number_of_50000_digits", beat(DUPLICATES, b'"duplicates":' + b"7" * 50_000)),
    named("a_key_with_a_capital", beat(DUPLICATES, b'"duplicates":0,"eX":0')),
    named("a_key_with_a_letter_of_greek", beat(DUPLICATES, '"duplicates":0,"ε":0'.encode())),
    named("a_key_of_the_envelope_that_does_not_exist", beat(b'"_ts"', b'"_sx":0,"_ts"')),
    named("nine_lists_in_each_other", beat(DUPLICATES, b'"duplicates":' + b"[" * 8 + b"]" * 8)),
    named("a_depth_bomb", beat(DUPLICATES, b'"duplicates":' + b"[" * 25_000 + b"]" * 25_000)),
    named("a_bracket_bomb", beat(DUPLICATES, b'"duplicates":' + b"[" * 50_000)),
    named("a_list_in_place_of_a_record", Case("", truly(5, lambda entry: b"[" + entry + b"]"), 1, {
        "structure": 5, "disclosures": 5, "semantics": 5})),
    named("something_behind_it", Case("", truly(4, lambda entry: entry + b"{}"), 1, UNREAD)),
    named("a_comment", Case("", truly(4, lambda entry: entry[:-1] + b"/**/}"), 1, UNREAD)),
    named("a_byte_order_mark", Case("", truly(5, lambda entry: b"\xef\xbb\xbf" + entry), 1, {
        "structure": 5, "disclosures": 5, "semantics": 5})),
    named("an_empty_line", Case("", truly(5, lambda _: b""), 1, {
        "structure": 5, "disclosures": 5, "semantics": 5})),
    named("utf_16", Case("", truly(5, lambda entry: entry.decode().encode("utf-16-be")), 1, {
        "structure": 5, "disclosures": 5, "semantics": 5})),
    named("an_instant_without_a_zone", beat(b"04.000000Z", b"04.000000")),
    named("an_instant_of_another_zone", beat(b"04.000000Z", b"04.000000+00:00")),
    named("an_instant_of_no_calendar", beat(b"2026-11-22", b"2026-02-30")),
    named("an_instant_that_is_a_number", beat(b'"2026-11-22T02:40:04.000000Z"', b"1795315204")),
    named("an_entry_of_60001_bytes", Case("", truly(4, lambda entry: entry.replace(
        b"[]", b'["' + b"x" * (60_001 - len(entry) - 2) + b'"]')), 1, {
            "structure": 4, "signed": 4})),
]  # fmt: skip
SEQUENCES: Final = [
    ("a_text", b'"4"'), ("false", b"false"), ("null", b"null"), ("a_list", b"[4]"),
    ("the_next", b"5"), ("negative", b"-4"), ("two_to_the_53_less_one", b"9007199254740991"),
]  # fmt: skip
UNREADABLE: Final = [
    ("a_float", b"4.0"), ("two_to_the_53", b"9007199254740992"), ("leading_zero", b"04"),
    ("of_arabic_digits", "\u0664".encode()), ("of_full_width_digits", "\uff14".encode()),
]  # fmt: skip


@pytest.mark.parametrize("case", FORMS, ids=lambda case: case.name)
def test_a_record_in_another_form_is_caught(case: Case, tmp_path: Path) -> None:
    caught(case, tmp_path / "bundle")


@pytest.mark.parametrize(("name", "digits"), SEQUENCES, ids=[name for name, _ in SEQUENCES])
def test_an_index_that_is_no_index_is_caught(name: str, digits: bytes, tmp_path: Path) -> None:
    files = truly(4, replaced(b'"_seq":4', b'"_seq":' + digits))
    caught(Case(name, files, 1, {"structure": 4}), tmp_path / "bundle")


@pytest.mark.parametrize(("place", "digits"), [(0, b"false"), (1, b"true")])
def test_an_index_that_equals_the_right_one_and_is_none_is_caught(
    place: int, digits: bytes, tmp_path: Path
) -> None:
    files = truly(place, replaced(b'"_seq":%d' % place, b'"_seq":' + digits))
    caught(Case("", files, 1, {"structure": place}), tmp_path / "bundle")


@pytest.mark.parametrize(("name", "digits"), UNREADABLE, ids=[name for name, _ in UNREADABLE])
def test_an_index_that_cannot_be_read_is_caught(name: str, digits: bytes, tmp_path: Path) -> None:
    files = truly(4, replaced(b'"_seq":4', b'"_seq":' + digits))
    caught(Case(name, files, 1, UNREAD), tmp_path / "bundle")


@pytest.mark.parametrize(
    ("name", "change", "bad"),
    [
        ("crlf", lambda data: data.replace(b"\n", b"\r\n"), {
            "structure": 0, "signed": 3, "disclosures": 0, "semantics": 0}),
        ("a_blank_line_in_it", lambda data: data.replace(b"\n", b"\n\n", 1), {
            "structure": 1, "signed": 3, "disclosures": 1, "semantics": 1}),
        ("a_blank_line_at_the_end", lambda data: data + b"\n", {
            "structure": 6, "disclosures": 6, "semantics": 6}),
        ("a_byte_order_mark", lambda data: b"\xef\xbb\xbf" + data, {
            "structure": 0, "signed": 3, "disclosures": 0, "semantics": 0}),
        ("a_line_of_ten_megabytes", lambda data: data + b"x" * 10_000_000 + b"\n", {
            "structure": 6}),
        ("a_line_of_ten_megabytes_first", lambda data: b"x" * 10_000_000 + b"\n" + data, {
            "structure": 0, "signed": 0, "disclosures": 0}),
        ("something_behind_the_log", lambda data: data + b"\x00", {
            "structure": 6, "disclosures": 6, "semantics": 6}),
        ("utf_16", lambda data: data.decode().encode("utf-16"), {
            "structure": 0, "signed": 3, "disclosures": 0, "semantics": 0}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_segment_in_another_form_is_caught(
    name: str, change: object, bad: dict[str, int], tmp_path: Path
) -> None:
    assert callable(change)
    files = FILES | {SEGMENT_0: change(FILES[SEGMENT_0])}
    caught(Case(name, files, 1, bad), tmp_path / "bundle")


def test_the_largest_entry_and_the_deepest_value_hold(tmp_path: Path) -> None:
    """The control of the limits."""
    log = Log().opened()
    log.add("heartbeat", duplicates=2**53 - 1, refused=[[[[[[["x"]]]]]]], low=-(2**53) + 1)
    log.add("heartbeat", duplicates=0, refused=["\u2028\x7f\U0001f600é"])
    log.add("heartbeat", duplicates=0, refused=[])
    room = 60_000 - len(log.entries[-1])
    log.entries.pop()
    log.leaves.pop()
    log.add("heartbeat", duplicates=0, refused=["x" * (room - 2)])
    assert len(log.entries[-1]) == 60_000
    caught(Case("", files_of(log, LOG_KEY), 0, {}), tmp_path / "bundle")
