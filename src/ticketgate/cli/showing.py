"""How answers are shown: tables and JSON. What came from a ticket cannot act on a terminal."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import click

from ticketgate.domain.instants import to_text, whole_seconds
from ticketgate.domain.text.visible import visible
from ticketgate.domain.tickets.identity_event import Tier


def plain(value: object) -> Any:  # noqa: ANN401 -- JSON
    """A noun of the domain as JSON: times as text in UTC, spans in seconds, states as words."""
    if value is None or isinstance(value, str | int | float | datetime):
        return _atom(value)
    if isinstance(value, timedelta):
        return whole_seconds(value)
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(plain(inner) for inner in value)
    names = _names(value)
    if names:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Iterable):
        return [plain(inner) for inner in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _names(value: object) -> tuple[str, ...]:
    """The fields of a dataclass or a named tuple; none of anything else."""
    if is_dataclass(value):
        return tuple(one.name for one in fields(value))
    return getattr(value, "_fields", ())


def _atom(value: str | float | datetime | None) -> str | float | None:
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, Tier):
        return value.word
    return value.value if isinstance(value, StrEnum) else value


def echo_json(value: object) -> None:
    """One JSON document, ASCII only, so that nothing in it acts on a terminal."""
    click.echo(json.dumps(plain(value), indent=2))


def echo(text: str = "") -> None:
    """One line."""
    click.echo(visible(text))


def echo_table(headings: Sequence[str], rows: Iterable[Sequence[str]], nothing: str) -> None:
    """Columns as wide as they need to be; `nothing` when there are no rows."""
    lines = [[visible(cell) or "-" for cell in row] for row in rows]
    if not lines:
        click.echo(nothing)
        return
    lines.insert(0, list(headings))
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def echo_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """`name  value` lines with the values under each other."""
    known = list(pairs)
    width = max(len(name) for name, _ in known)
    for name, value in known:
        click.echo(f"{name.ljust(width)}  {visible(value) or '-'}")


def when(moment: datetime | None) -> str:
    """`2026-11-22 02:40:00 UTC`, or nothing."""
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
