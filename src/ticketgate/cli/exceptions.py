"""`exceptions`: what a person must look at, how old it is, and whose it is."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.groups import Listed
from ticketgate.cli.look import leave_none, listing, showing
from ticketgate.cli.showing import echo, echo_json, echo_pairs, echo_table, plain, when
from ticketgate.domain.cases.exception_case import EXCEPTIONS, ExceptionCase, ExceptionState
from ticketgate.domain.cases.signals import SIGNALS
from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Json, parse_disclosure
from ticketgate.domain.instants import duration_text, seconds_since
from ticketgate.operations.cases.signals import told_subject
from ticketgate.wiring.commands import Look, look, wall_time

ERASED: Final = "(erased)"


@click.group(cls=Listed)
def exceptions() -> None:
    """What was found that a person must look at."""


@exceptions.command("list")
@listing(tuple(one.value for one in ExceptionState))
@click.pass_obj
@ends_with_code
def list_exceptions(folder: Path, state: str | None, limit: int, *, as_json: bool) -> None:
    """List exceptions, newest first, with their owner and their age."""
    now = wall_time()
    with look(folder) as seen:
        cases = [_told(seen, one) for one in seen.exceptions.listed(state, limit)]
        found = [(one, owner_of(seen, one.owner), age_of(one, now)) for one in cases]
    if as_json:
        echo_json([_document(one, owner, age) for one, owner, age in found])
        return
    echo_table(
        ("ID", "CODE", "SUBJECT", "OWNER", "STATE", "OPENED", "AGE"),
        (
            (
                one.id,
                one.code,
                one.subject or ERASED,
                owner,
                one.state.value,
                when(one.opened_at),
                duration_text(age),
            )
            for one, owner, age in found
        ),
        "no exceptions",
    )


@exceptions.command("show")
@showing
@click.pass_obj
@ends_with_code
def show_exception(folder: Path, ident: str, *, as_json: bool) -> None:
    """Show one exception: what it means, and the values that were seen.

    Exit: 1 there is none with this id.
    """
    with look(folder) as seen:
        case = seen.exceptions.get(ident)
        if case is None:
            leave_none("exception", "exceptions", ident)
        case = _told(seen, case)
        owner, values = owner_of(seen, case.owner), values_of(seen, case.index)
        resolver = owner_of(seen, f"person:{case.resolved_by}") if case.resolved_by else ""
        origin = seen.origin
    age = age_of(case, wall_time())
    if as_json:
        shown = {**_document(case, owner, age), "values": values, "resolver": resolver}
        echo_json({**shown, "evidence": f"{origin}#{case.index}"})
        return
    echo_pairs(
        (
            ("id", case.id),
            ("code", case.code),
            ("subject", case.subject or ERASED),
            ("owner", owner or "nobody"),
            ("state", case.state.value),
            ("opened", f"{when(case.opened_at)}, open for {duration_text(age)}"),
            ("resolved", f"{when(case.resolved_at)} {resolver}".strip()),
            ("about", case.about),
            ("evidence", f"{origin}#{case.index}"),
        )
    )
    for name, value in values.items():
        echo(f"saw {name}: {value}")
    echo(EXCEPTIONS.get(case.code, "This version does not know the code."))
    where = "signals" if case.code in SIGNALS else "surface"
    echo(f"What it means and how it can be a false alarm: docs/{where}.md")


def _told(seen: Look, case: ExceptionCase) -> ExceptionCase:
    """With subjects in place of actors, in what a signal is about."""
    return replace(case, subject=told_subject(seen, case, str))


def owner_of(seen: Look, owner: str) -> str:
    """An owner as people know them: the person in place of the actor, where that is told."""
    kind, _, ident = owner.partition(":")
    return f"person:{seen.people.subject(ident) or ident}" if kind == "person" else owner


def age_of(case: ExceptionCase, now: datetime) -> int:
    """How many seconds it is open, or was."""
    return seconds_since(case.opened_at, case.resolved_at or now)


def values_of(seen: Look, index: int) -> Mapping[str, Json]:
    """What the record of the opening hides, as far as it is given."""
    found: dict[str, Json] = {}
    for _, encoded in seen.disclosed(index):
        try:
            if encoded is not None:
                _, name, value = parse_disclosure(encoded)
                found[name] = value
        except EvidenceError:
            found["unreadable"] = "a value; `ticketgate evidence verify` says more"
    return found


def _document(case: ExceptionCase, owner: str, age: int) -> dict[str, Any]:
    kept = {key: value for key, value in plain(case).items() if key != "resolved_by"}
    return {**kept, "owner": owner, "age_seconds": age, "means": EXCEPTIONS.get(case.code, "")}
