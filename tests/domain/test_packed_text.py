"""What an export holds compressed is read, or told as unread; nothing is unpacked without end."""

import base64
import gzip
import json
import zlib

import pytest

from ticketgate.domain.classifying.packed_text import UNPACKED_MAX, Unpacked, unpacked
from ticketgate.domain.classifying.static_surface import ExportRecord

ADDS = json.dumps([{"name": "table_name", "value": "sys_user_grmember"}])


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def packed(text: str) -> str:
    return b64(gzip.compress(text.encode(), mtime=0))


def read(value: str, field: str = "values", table: str = "sys_hub_action_instance_v2") -> Unpacked:
    return unpacked([ExportRecord(table, {"sys_id": "1", field: value}, {}, "x.json: [0]")])


def text(found: Unpacked, field: str = "values") -> str:
    assert found.unread == ()
    return found.records[0].fields[field]


@pytest.mark.parametrize(
    "value",
    [
        packed(ADDS),
        b64(zlib.compress(ADDS.encode())),
        b64(ADDS.encode()),
        "\n".join(packed(ADDS)[at : at + 20] for at in range(0, len(packed(ADDS)), 20)),
        packed(packed(ADDS)),
        ADDS,
    ],
)
def test_a_text_is_read_however_it_is_packed(value: str) -> None:
    assert text(read(value)) == ADDS


def test_a_text_packed_inside_another_is_read_in_its_place() -> None:
    found = read(json.dumps({"inputs": packed(ADDS), "x": 1}), "payload", "sys_hub_flow_snapshot")
    assert "sys_user_grmember" in text(found, "payload")
    assert '"x": 1' in text(found, "payload")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "9d385017c611228701d22104cc95c371",
        "Ask for approval",
        "deadbeefdeadbeefdeadbeef",
        "a" * 17,
    ],
)
def test_ids_and_words_are_no_packed_text(value: str) -> None:
    found = read(value, "action_type")
    assert text(found, "action_type") == value
    assert found.unread_records == 0


BOMB = b64(gzip.compress(b"\0" * (UNPACKED_MAX + 1), mtime=0))
DEEP = packed(packed(packed(packed(ADDS))))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (packed(ADDS)[:-8], "cut off, or more than one text"),
        (packed(ADDS)[:-3], "cut off, or no base64"),
        (b64(gzip.compress(b"a", mtime=0) * 2), "cut off, or more than one text"),
        (b64(b"\x1f\x8b\x08" + bytes(20)), "neither gzip nor zlib"),
        (b64(gzip.compress(b"\xff\xfe\xfd", mtime=0)), "holds no text"),
        (b64(bytes(range(128, 150))), "holds no text"),
        ("a" * 17, "cut off, or no base64"),
        (BOMB, "larger than 1 MiB, or 256 MiB with all others"),
        (DEEP, "packed too often"),
        (f"see {packed(ADDS)[:-8]} there", "cut off, or more than one text"),
    ],
)
def test_what_cannot_be_unpacked_is_told_and_left_as_it_is(value: str, why: str) -> None:
    found = read(value)
    (unread,) = found.unread
    assert (unread.field, unread.place, unread.why) == ("values", "x.json: [0]", why)
    assert found.unread_records == 1
    assert found.records[0].fields["values"] == value


def test_all_texts_together_have_an_end() -> None:
    big = b64(gzip.compress(b" " * 1000, mtime=0))
    records = [
        ExportRecord("sys_hub_step_instance", {"values": big, "more": big}, {}, f"x[{one}]")
        for one in range(3)
    ]
    found = unpacked(records, total_max=2500)
    assert [one.place for one in found.unread] == ["x[1]", "x[1]", "x[2]", "x[2]"]
    assert found.unread_records == 2


def test_records_of_tables_that_are_not_looked_at_are_left_alone() -> None:
    found = read(BOMB, table="sys_ui_page")
    assert found.unread == ()
    assert found.records[0].fields["values"] == BOMB
