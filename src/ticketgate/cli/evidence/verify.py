"""`evidence verify`: what the log of the live database proves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from ticketgate.cli.failures import ANSWER_IS_NO, UNSIGNED, ends_with_code, leave
from ticketgate.cli.showing import echo, echo_json
from ticketgate.domain.errors import StoreUnavailableError, TicketgateError
from ticketgate.domain.evidence_verdict import EvidenceVerdict
from ticketgate.domain.verification import STATE, Report, verify
from ticketgate.wiring import look

SIGNED: Final = "signed"
REQUIRED: Final = ("structure", SIGNED, "disclosures", "semantics", STATE)
LATER: Final = ("anchored", "policy", "completeness")
SHOWN_MAX: Final = 20  # faults of each verdict in words; --json has more
INDENT: Final = "             "


@click.command("verify")
@click.argument("path", required=False)
@click.option(
    "--require",
    default=",".join(REQUIRED),
    show_default=True,
    metavar="VERDICTS",
    help=f"What must hold, of: {', '.join(REQUIRED)}.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def verify_log(folder: Path, path: str | None, require: str, *, as_json: bool) -> None:
    """Verify the log of the live database; the gateway may be running.

    Each verdict is named for itself, with its first bad index. STATE holds the tables that the
    gateway acts on against the log; `semantics` requires it as well. This version signs nothing, so
    SIGNED is none: name what you require without it (--require structure,disclosures,semantics).
    Exit: 0 what is required holds, 1 it does not (tampered), 2 usage, 3 unreadable, 4 unsigned.
    """
    if path is not None:
        raise TicketgateError(
            "verifying an exported bundle comes with a later version",
            code="usage",
            next_step="leave PATH out: the live database of --config is verified",
        )
    required = _required(require)
    with look(folder) as seen:
        if seen.untouched():
            raise StoreUnavailableError(
                "the log is not opened yet: there is nothing to verify",
                next_step="`ticketgate serve` opens it with its first record",
            )
        report = verify(
            seen.entries(),
            seen.disclosures(),
            seen.head(),
            seen.origin,
            seen.tables(),
            seen.evidence.pruned(),
        )
    failed = [one.name for one in report.failed([name for name in required if name != SIGNED])]
    if as_json:
        echo_json(_document(report, required, failed))
    else:
        for line in _lines(report):
            echo(line)
    if failed:
        leave(
            f"does not hold: {', '.join(failed)}",
            "keep the database as it is; `ticketgate evidence show INDEX` shows a record as stored",
            ANSWER_IS_NO,
        )
    if SIGNED in required:
        leave(
            "the log is not signed: signing keys come with a later version",
            "--require structure,disclosures,semantics asks for what this version can show",
            UNSIGNED,
        )


def _required(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(",") if name.strip())
    later = [name for name in names if name in LATER]
    unknown = [name for name in names if name not in (*REQUIRED, *LATER)]
    if later:
        reason = f"{', '.join(later)} comes with a later version; nothing checks it now"
    elif unknown or not names:
        reason = f"no such verdict: {', '.join(unknown) or 'none is named'}"
    else:
        # The tables of a live database are where what its log says must show.
        return (*names, STATE) if "semantics" in names and STATE not in names else names
    raise TicketgateError(reason, code="usage", next_step=f"one or more of {', '.join(REQUIRED)}")


def _lines(report: Report) -> Iterator[str]:
    for verdict in report.verdicts:
        yield f"{verdict.name.upper():<11}  {_said(verdict, report)}"
        for fault in verdict.faults[:SHOWN_MAX]:
            yield f"{INDENT}#{fault.index}: {fault.text}"
        if verdict.count > SHOWN_MAX:
            yield f"{INDENT}and {verdict.count - SHOWN_MAX} more"
    yield f"{'SIGNED':<11}  none: signing keys come with a later version"
    yield f"{'ANCHORED':<11}  none: anchors outside this host come with a later version"
    yield f"{report.size} records of {report.origin}, last leaf {report.leaf}"


def _said(verdict: EvidenceVerdict, report: Report) -> str:
    if not verdict.holds:
        return f"FAILS: first bad index {verdict.first_bad}, faults {verdict.count}"
    if verdict.name != report.disclosures.name:
        return "holds"
    tally = report.tally
    return f"holds: {tally.given} given, {tally.erased} erased"


def _document(report: Report, required: tuple[str, ...], failed: list[str]) -> dict[str, Any]:
    verdicts = [
        {
            "name": one.name,
            "holds": one.holds,
            "count": one.count,
            "first_bad": one.first_bad,
            "faults": one.faults,
        }
        for one in report.verdicts
    ]
    return {
        "origin": report.origin,
        "size": report.size,
        "leaf": report.leaf,
        "verdicts": verdicts,
        "disclosures": report.tally,
        "signed": None,
        "anchored": None,
        "required": required,
        "failed": [*failed, *([SIGNED] if SIGNED in required else [])],
    }
