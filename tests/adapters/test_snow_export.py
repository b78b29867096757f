"""Exports as ServiceNow writes them; what is none is refused with its place."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.adapters.copies import snow_export
from ticketgate.adapters.copies.snow_export import read_export
from ticketgate.domain.classifying.static_surface import ExportRecord
from ticketgate.domain.errors import TicketgateError

XML = """<?xml version="1.0" encoding="UTF-8"?>
<unload unload_date="2026-11-22 12:00:00">
<sys_script action="INSERT_OR_UPDATE">
<name>Close &amp; approve</name>
<script><![CDATA[gr.approval = '<approved>';]]></script>
<owner display_value="Carol Adeyemi">u9</owner>
<nested><inner>kept</inner></nested>
</sys_script>
</unload>
"""


def read(folder: Path, text: str | bytes, name: str = "x.json") -> list[ExportRecord]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_export(path)


def refused(folder: Path, text: str | bytes, name: str = "x.json") -> str:
    with pytest.raises(TicketgateError) as caught:
        read(folder, text, name)
    assert caught.value.code == "usage"
    assert caught.value.next_step
    return caught.value.reason


@pytest.mark.parametrize("wrap", ['{{"result": {}}}', '{{"records": {}}}', "{}"])
def test_json_lists_are_read_in_every_wrapping(tmp_path: Path, wrap: str) -> None:
    rows = (
        '[{"sys_class_name": "sys_script", "active": true, "order": 100, "empty": null,'
        ' "owner": {"value": "u9", "display_value": "Carol", "link": "https://a.example"}}]'
    )
    (one,) = read(tmp_path, wrap.format(rows))
    assert one.table == "sys_script"
    assert one.fields["active"] == "true"
    assert (one.fields["order"], one.fields["empty"]) == ("100", "")
    assert (one.fields["owner"], one.told("owner"), one.told("active")) == ("u9", "Carol", "true")
    assert one.place.endswith("[0]")


def test_delegations_and_users_are_known_by_their_columns(tmp_path: Path) -> None:
    rows = '[{"user": "1", "delegate": "2", "approvals": "true"}, {"user_name": "x", "active": 0}]'
    assert [one.table for one in read(tmp_path, rows)] == ["sys_user_delegate", "sys_user"]


def test_an_unload_file_is_read_with_the_line_of_each_record(tmp_path: Path) -> None:
    (one,) = read(tmp_path, XML, "x.xml")
    assert (one.table, one.place) == ("sys_script", "x.xml:3")
    assert one.fields["name"] == "Close & approve"
    assert one.fields["script"] == "gr.approval = '<approved>';"
    assert one.fields["nested"] == "kept"
    assert one.told("owner") == "Carol Adeyemi"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "x.json: no JSON that can be read"),
        ("{", "x.json: no JSON that can be read"),
        ('{"a": 1, "a": 2}', "x.json: no JSON that can be read"),
        ("{}", "x.json: an object with neither `result` nor `records`"),
        ('{"result": [], "records": []}', "or both"),
        ('{"result": {}}', "x.json: result: not a list of records"),
        ("7", "x.json: not a list of records"),
        ("[7]", "x.json[0]: not a record"),
        ('[{"name": "x"}]', "x.json[0]: does not tell its table"),
        ('{"result": [{"a": []}]}', "x.json: result[0].a: a field that is a list or an object"),
        ('[{"a": {"value": {}}}]', "x.json[0].a: a field that is a list or an object"),
        ('[{"a": {"link": "x"}}]', "x.json[0].a: a field without `value`"),
        ("<html></html>", "x.json:1: begins with <html>, not with <unload>"),
        ("<unload>\n<a>\n</unload>", "x.json:3: no XML that can be read"),
        ("<unload>" + "<a>" * 40, "nested too deep"),
        ('<!DOCTYPE unload [<!ENTITY a "b">]><unload/>', "declares a document type or an entity"),
        ('<!DOCTYPE unload SYSTEM "http://a.example/x"><unload/>', "declares a document type"),
        ("<unload>&nothing;</unload>", "no XML that can be read"),
    ],
)
def test_what_is_no_export_is_refused_with_its_place(
    tmp_path: Path, text: str, reason: str
) -> None:
    assert reason in refused(tmp_path, text)


def test_size_and_number_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snow_export, "RECORDS_MAX", 1)
    row = '{"sys_class_name": "a"}'
    assert len(read(tmp_path, f"[{row}]")) == 1
    assert "more than 1 records" in refused(tmp_path, f"[{row}, {row}]")
    assert "more than 1 records" in refused(tmp_path, "<unload><a/><b/></unload>")
    monkeypatch.setattr(snow_export, "BYTES_MAX", 1 << 20)
    assert "larger than 1 MiB" in refused(tmp_path, b" " * ((1 << 20) + 1))


@given(st.binary(max_size=200) | st.text(max_size=60).map(lambda text: f"<unload>{text}".encode()))
def test_no_bytes_bring_anything_but_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    code = "usage"
    try:
        read(tmp_path_factory.getbasetemp(), data, "fuzzed.xml")
    except TicketgateError as fault:
        code = fault.code
    assert code == "usage"
