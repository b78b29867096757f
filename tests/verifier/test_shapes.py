"""Entries are read quickly by patterns; these may never take what strict reading refuses."""

import json
from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from tests.verifier.bundle_writer import Log

from ticketgate.verifier import verify

ENTRIES: Final = Log().story().entries


def trained() -> verify.Reader:
    """A reader that knows the shape of each entry of the story."""
    reader = verify.Reader()
    for entry in ENTRIES:
        reader.read(entry.decode(), clean=True)
    return reader


READER: Final = trained()


def is_clean(entry: bytes) -> bool:
    return 1 not in entry.translate(verify.UNCLEAN)


def test_the_shapes_of_known_entries_match_them_and_say_the_same() -> None:
    for entry in ENTRIES[1:]:
        record = json.loads(entry)
        [shape] = [shape for shape in READER.shapes[record["type"]] if shape.match(entry.decode())]
        found, missing = READER.read(entry.decode(), clean=True)
        assert (missing, shape.missing) == ("", "")
        assert {"_ts", "type"} <= set(found)
        assert found == {name: record[name] for name in found}


@given(st.data())
def test_a_changed_entry_is_read_quickly_as_it_is_read_strictly(data: st.DataObject) -> None:
    entry = bytearray(data.draw(st.sampled_from(ENTRIES)))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(entry) - 1))
        piece = data.draw(
            st.sampled_from([b"", b'"', b",", b"[]", b"0", b"-", b"1.5", b"null", b" ", b"\xff"])
            | st.sampled_from(
                [b'","', b'":"', b"[[]]", b"{}", b'"a":1,', b"\xc3\xa9", b"true", b"9" * 16]
            )
            | st.binary(max_size=2)
        )
        entry[place : place + data.draw(st.integers(0, 2))] = piece
    changed = bytes(entry)
    try:
        text = changed.decode()
    except UnicodeError:
        return
    try:
        strictly, missing = verify.Reader().read_strictly(changed, clean=False)
    except verify.Refused:
        strictly, missing = {}, "refused"
    try:
        quickly, also_missing = READER.read(text, clean=is_clean(changed))
    except verify.Refused:
        quickly, also_missing = {}, "refused"
    assert also_missing == missing
    assert quickly == {name: strictly[name] for name in quickly}
