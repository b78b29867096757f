"""Packed text: fields of an export that hold their text compressed, as gzip or zlib in base64.

ServiceNow keeps what a step of a flow does so (`values` of `sys_hub_action_instance_v2` begins with
`H4sI`, which is gzip's first bytes, RFC 1952 §2.3.1). What cannot be unpacked is told, never taken
for a text in which nothing stands.
"""

import binascii
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from ticketgate.domain.classifying.static_surface import ExportRecord, is_read

UNPACKED_MAX: Final = 1 << 20  # bytes of one text
TOTAL_MAX: Final = 256 << 20  # bytes of all texts of one import
NESTED_MAX: Final = 3  # packed in what was packed
_EITHER: Final = zlib.MAX_WBITS | 32  # gzip or zlib, by how it begins
_GZIP: Final = b"\x1f\x8b"
_ZLIB: Final = 0x78  # deflate with the largest window, as every writer has it (RFC 1950 §2.2)
_ZLIB_CHECK: Final = 31
_HEAD: Final = "H4sI"
_RUN: Final = re.compile(rf"(?<![A-Za-z0-9+/]){_HEAD}[A-Za-z0-9+/]*={{0,2}}")
_WHOLE: Final = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}\Z")
_VALUES: Final = "values"  # of `sys_hub_*`: always packed, where it is base64


class Unread(NamedTuple):
    """A field of a record that could not be read, and why."""

    table: str
    place: str
    field: str
    why: str


class Unpacked(NamedTuple):
    """The records with their texts unpacked; `unread` are fields, in the order of the records."""

    records: tuple[ExportRecord, ...]
    unread: tuple[Unread, ...]

    @property
    def unread_records(self) -> int:
        """How many records have something that could not be read."""
        return len({one.place for one in self.unread})


class _Unreadable(Exception):  # noqa: N818 -- it ends one text, and nothing else
    """Why a text could not be unpacked."""


@dataclass
class _Budget:
    """How many bytes may still be unpacked: a small file can hold a very large text."""

    left: int


def unpacked(records: Sequence[ExportRecord], total_max: int = TOTAL_MAX) -> Unpacked:
    """The records that are looked at with what their fields hold; the others as they are."""
    budget, unread = _Budget(total_max), list[Unread]()
    found = [
        _record(record, budget, unread) if is_read(record.table) else record for record in records
    ]
    return Unpacked(tuple(found), tuple(unread))


def _record(record: ExportRecord, budget: _Budget, unread: list[Unread]) -> ExportRecord:
    fields = dict(record.fields)
    for name, value in record.fields.items():
        always = name == _VALUES and record.table.startswith("sys_hub_")
        try:
            fields[name] = _text(value, budget, always=always)
        except _Unreadable as why:
            unread.append(Unread(record.table, record.place, name, str(why)))
    return replace(record, fields=fields) if fields != record.fields else record


def _text(value: str, budget: _Budget, *, always: bool, depth: int = 0) -> str:
    """A text with every packed text in it in place of its base64.

    Raises:
        _Unreadable: some of it is packed and cannot be unpacked, or not within the limits.
    """
    whole = "".join(value.split("\n")).replace("\r", "").strip()  # base64 may be in lines
    if _WHOLE.match(whole):
        raw = _decoded(whole, needed=always or whole.startswith(_HEAD))
        if raw is not None and (always or _is_packed(raw)):
            return _inner(raw, budget, depth)
    if _HEAD not in value:
        return value
    return _RUN.sub(lambda run: _inner(_base64(run[0]), budget, depth), value)


def _decoded(text: str, *, needed: bool) -> bytes | None:
    try:
        return _base64(text)
    except _Unreadable:
        if needed:
            raise
        return None  # a word or an id that is no base64


def _base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error as fault:
        raise _Unreadable("cut off, or no base64") from fault


def _is_packed(raw: bytes) -> bool:
    zlib_like = raw[0] == _ZLIB and int.from_bytes(raw[:2], "big") % _ZLIB_CHECK == 0
    return raw.startswith(_GZIP) or zlib_like


def _inner(raw: bytes, budget: _Budget, depth: int) -> str:
    if depth >= NESTED_MAX:
        raise _Unreadable("packed too often")
    data = _inflated(raw, budget) if _is_packed(raw) else raw
    try:
        text = data.decode()
    except UnicodeDecodeError as fault:
        raise _Unreadable("holds no text") from fault
    return _text(text, budget, always=False, depth=depth + 1)


def _inflated(raw: bytes, budget: _Budget) -> bytes:
    most = min(UNPACKED_MAX, budget.left)
    reader = zlib.decompressobj(_EITHER)
    try:
        data = reader.decompress(raw, most + 1)
    except zlib.error as fault:
        raise _Unreadable("neither gzip nor zlib") from fault
    budget.left -= min(len(data), most)
    if len(data) > most:
        limit = f"{UNPACKED_MAX >> 20} MiB, or {TOTAL_MAX >> 20} MiB with all others"
        raise _Unreadable(f"larger than {limit}")
    if not reader.eof or reader.unused_data:
        raise _Unreadable("cut off, or more than one text")
    return data
