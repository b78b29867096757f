"""`evidence verify`: what the log of the live database, or of an exported bundle, proves."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from ticketgate.cli.failures import ANSWER_IS_NO, UNSIGNED, code_of, ends_with_code, leave
from ticketgate.cli.showing import echo, echo_json
from ticketgate.domain.errors import EvidenceError, StoreUnavailableError, TicketgateError
from ticketgate.domain.instants import to_text
from ticketgate.domain.log.checkpoint import parse_checkpoint
from ticketgate.domain.log.fork_proof import FORK_BYTES_MAX, find_fork
from ticketgate.domain.log.note import NOTE_BYTES_MAX
from ticketgate.domain.log.tlog_proof import PROOF_BYTES_MAX
from ticketgate.domain.log.trust import Trust, parse_trust
from ticketgate.domain.verifying.alone_check import required_of, verify_fork, verify_receipt
from ticketgate.domain.verifying.anchor_check import SIGNED
from ticketgate.domain.verifying.completeness import parse_tickets
from ticketgate.domain.verifying.log_check import leaves_of
from ticketgate.domain.verifying.report import (
    SEMANTICS,
    STRUCTURE,
    VERDICTS,
    Asked,
    Report,
    required_by,
)
from ticketgate.domain.verifying.state_check import STATE
from ticketgate.domain.verifying.verification import Bundle, verify_bundle, verify_store
from ticketgate.wiring.commands import ask_gateway, look, wall_time
from ticketgate.wiring.verifying import (
    open_bundle,
    own_certificates,
    own_trust,
    own_vouching,
    strict_ed25519,
    strict_p256,
    token_reader,
)

NAMES: Final = (*VERDICTS, STATE)
SHOWN_MAX: Final = 20  # faults of each verdict in words; --json has more
SIGNED_WITHIN: Final = timedelta(seconds=10)  # of a gateway that runs
INDENT: Final = "             "
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked on the command line."""

    trust: Path | None
    known: tuple[Path, ...]
    tickets: Path | None
    base: Path | None
    require: str | None
    now: int | None
    quick: bool
    proof: Path | None = None
    fork: Path | None = None
    fork_proof: Path | None = None


@click.command("verify")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--require", metavar="VERDICTS", help=f"What must hold, of: {', '.join(NAMES)}.")
@click.option("--trust", type=_FILE, help="Whose keys to believe (C2SP tlog-policy form).")
@click.option("--known", type=_FILE, multiple=True, help="A checkpoint that you kept; repeatable.")
@click.option("--tickets", type=_FILE, help="Tickets that must be in it: source, table, id.")
@click.option(
    "--base",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="An earlier bundle, for what this one leaves out.",
)
@click.option("--proof", type=_FILE, help="Check this receipt instead of a log; with --trust.")
@click.option("--fork", type=_FILE, help="Check this fork proof instead of a log; with --trust.")
@click.option(
    "--fork-proof",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a proof into this file where a known checkpoint is contradicted.",
)
@click.option("--quick", is_flag=True, help="Only what hashes and signatures prove.")
@click.option("--now", type=click.IntRange(0), help="The time, in seconds since 1970.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def verify_log(folder: Path, /, path: Path | None, *, as_json: bool, **given: Any) -> None:  # noqa: ANN401 -- the options
    """Verify the log: the live database, or the exported bundle in the folder PATH.

    Each verdict is named for itself, with its first bad index. The gateway may be running. Of the
    live database, STATE holds the tables that the gateway acts on against the log. Without --trust
    the keys believed are the operator's own, which proves nothing against the operator.
    Exit: 0 what is required holds, 1 something fails (tampered), 2 usage, 3 unreadable, 4 nothing
    fails, but something required is missing: unsigned, unanchored.
    """
    options = Options(**given)
    try:
        _required(options, ())  # what cannot be meant is refused before anything is read
        report, required, notes = _asked_for(folder, path, options)
    except (TicketgateError, OSError) as fault:
        if as_json:
            reason = fault.reason if isinstance(fault, TicketgateError) else str(fault)
            echo_json({"error": reason, "exit": code_of(fault)})
        raise
    code = exit_code(report, required)
    if as_json:
        echo_json(document(report, required, code))
    else:
        for line in (*_lines(report), *notes):
            echo(line)
    _leave(report, required, code)


def exit_code(report: Report, required: Sequence[str]) -> int:
    """1 where something fails, 4 where something required is missing, else 0."""
    if report.failing:
        return ANSWER_IS_NO
    return UNSIGNED if report.lacking(required) else 0


def document(report: Report, required: Sequence[str], code: int) -> dict[str, Any]:
    """The report as `docs/evidence-format.md` says, "Output"."""
    return {
        "origin": report.origin,
        "size": report.size,
        "root": report.root,
        "leaf": report.leaf,
        "verdicts": [
            {
                "name": one.name,
                "state": one.state,
                "holds": one.holds,
                "count": one.count,
                "first_bad": one.first_bad,
                "faults": one.faults,
                "note": one.note,
            }
            for one in report.verdicts
        ],
        "signed_to": report.signed_to,
        "unsigned": report.size - (report.signed_to or 0),
        "anchored": report.anchors,
        "disclosures": report.tally,
        "required": required,
        "exit": code,
    }


def _asked_for(
    folder: Path, path: Path | None, options: Options
) -> tuple[Report, tuple[str, ...], list[str]]:
    alone = options.proof is not None or options.fork is not None
    if sum(one is not None for one in (path, options.proof, options.fork)) > 1:
        raise TicketgateError("one of PATH, --proof and --fork", code="usage")
    if alone and options.trust is None:
        raise TicketgateError("--proof and --fork need --trust", code="usage")
    if options.fork_proof is not None and path is None:
        raise TicketgateError("--fork-proof goes with the PATH of a bundle", code="usage")
    if alone:
        return alone_verdicts(options)
    return _live(folder, options) if path is None else verdicts_of(path, options)


def alone_verdicts(options: Options) -> tuple[Report, tuple[str, ...], list[str]]:
    """The report on a receipt or on a fork proof, as `verdicts_of` gives one on a bundle.

    Raises:
        TicketgateError: the trust file cannot be used.
        OSError: the file cannot be read.
    """
    trust = parse_trust(b"") if options.trust is None else _trust(options.trust)
    asked = _asked(options, trust, [])
    if options.proof is not None:
        report = verify_receipt(_head(options.proof, PROOF_BYTES_MAX), asked)
        return report, _required(options, required_of(report, required_by(asked))), []
    report = verify_fork(_head(options.fork or Path(), FORK_BYTES_MAX), asked)
    return report, _required(options, (STRUCTURE, SIGNED)), []


def _live(folder: Path, options: Options) -> tuple[Report, tuple[str, ...], list[str]]:
    if options.base is not None:
        raise TicketgateError("--base goes with the PATH of a bundle", code="usage")
    _stop_if_untouched(folder)
    trust = own_trust(folder) if options.trust is None else _trust(options.trust)
    vouching = own_vouching(folder)  # before the look: so that nothing signed is missing in it
    certificates = (
        own_certificates(folder) if options.trust is None else _certificates(options, trust)
    )
    asked = _asked(options, trust, certificates)
    asked = replace(asked, unsigned_since=_unsigned_since(folder))
    with look(folder) as seen:
        report = verify_store(seen.stored(tables=not options.quick), asked, vouching)
    required = _required(options, (*required_by(asked), *(() if options.quick else (STATE,))))
    if SEMANTICS in required and STATE not in required:
        required = (*required, STATE)  # the tables of a live database are where its log must show
    return report, required, _whose(options)


def _stop_if_untouched(folder: Path) -> None:
    """Before its keys are read: of a log that was never opened, they may not be its own yet."""
    with look(folder) as seen:
        if seen.untouched():
            raise StoreUnavailableError(
                "the log is not opened yet: there is nothing to verify",
                next_step="`ticketgate serve` opens it with its first record",
            )


def _unsigned_since(folder: Path) -> str:
    """Since when records may be unsigned yet: a running gateway signs a second after a record."""
    runs = ask_gateway(folder, {"do": "nothing"}) is not None
    return to_text(wall_time() - SIGNED_WITHIN) if runs else ""


def verdicts_of(path: Path, options: Options) -> tuple[Report, tuple[str, ...], list[str]]:
    """The report on a bundle, what is required of it, and what a reader should know.

    Raises:
        TicketgateError: what was asked cannot be meant, or the bundle is none.
        OSError: a part of it cannot be read.
    """
    bundle = open_bundle(path, options.base)
    trust = parse_trust(bundle.policy) if options.trust is None else _trust(options.trust)
    asked = _asked(options, trust, _certificates(options, trust))
    report = verify_bundle(bundle, asked)
    required = _required(options, required_by(asked))
    if STATE in required:
        raise TicketgateError("a bundle has no tables: state is of the live database", code="usage")
    notes = _whose(options)
    if options.fork_proof is not None:
        notes.append(_write_fork(options.fork_proof, bundle, report, asked))
    return report, required, notes


def _write_fork(file: Path, bundle: Bundle, report: Report, asked: Asked) -> str:
    """Write the proof for the first known checkpoint that is contradicted, if it can be made."""
    if report.newest is not None:
        for known in asked.known:
            found = find_fork(known, report.newest, leaves_of(bundle.parts()))
            if found is not None:
                file.write_bytes(found.encoded())
                return f"fork proof: written into {file}"
    return "fork proof: none, as no known checkpoint is contradicted by one that is as large"


def _whose(options: Options) -> list[str]:
    if options.trust is not None:
        return []
    return ["keys: the operator's own word; --trust FILE says whose you believe"]


def _certificates(options: Options, trust: Trust) -> list[bytes]:
    """What the `tsa` lines of the verifier's own trust file name; of a bundle's `policy` none."""
    if options.trust is None:
        return []
    return [_small(options.trust.parent / name) for name in trust.tsa]


def _asked(options: Options, trust: Trust, certificates: Sequence[bytes]) -> Asked:
    now = wall_time() if options.now is None else datetime.fromtimestamp(options.now, UTC)
    tickets = None
    if options.tickets is not None:
        with options.tickets.open(encoding="utf-8", newline="\n") as lines:
            tickets = _usage(parse_tickets, lines)
    known = tuple(_usage(parse_checkpoint, _small(file)) for file in options.known)
    read = token_reader(certificates)
    return Asked(
        trust, strict_ed25519, now, known, read, tickets, options.quick, verify_p256=strict_p256
    )


def _trust(file: Path) -> Trust:
    return parse_trust(_small(file))


def _small(file: Path) -> bytes:
    """A file of the verifier's own; that it cannot be read is a matter of usage."""
    try:
        return _head(file, NOTE_BYTES_MAX)
    except OSError as fault:
        raise TicketgateError(f"{file}: {fault.strerror}", code="usage") from fault


def _head(file: Path, bytes_max: int) -> bytes:
    """The file; of one that is too long so much that it shows."""
    with file.open("rb") as opened:
        return opened.read(bytes_max + 1)


def _usage(parse: Any, given: Any) -> Any:  # noqa: ANN401 -- a parser and what it parses
    """What a file of the verifier's says; what is wrong with it is a matter of usage."""
    try:
        return parse(given)
    except EvidenceError as fault:
        raise TicketgateError(fault.reason, code="usage") from fault
    except UnicodeDecodeError as fault:
        raise TicketgateError("not UTF-8", code="usage") from fault
    except OSError as fault:
        raise TicketgateError(f"cannot be read: {fault.strerror}", code="usage") from fault


def _required(options: Options, default: tuple[str, ...]) -> tuple[str, ...]:
    if options.require is None:
        return default
    names = tuple(one.strip().lower() for one in options.require.split(",") if one.strip())
    unknown = [name for name in names if name not in NAMES]
    if unknown or not names:
        raise TicketgateError(
            f"no such verdict: {', '.join(unknown) or 'none is named'}",
            code="usage",
            next_step=f"one or more of {', '.join(NAMES)}",
        )
    return names


def _lines(report: Report) -> Iterator[str]:
    for verdict in report.verdicts:
        said = verdict.state.value
        if verdict.count:
            said = f"FAILS: first bad index {verdict.first_bad}, faults {verdict.count}"
        note = f": {verdict.note}" if verdict.note else ""
        yield f"{verdict.name.upper():<13}{said}{note}"
        for fault in verdict.faults[:SHOWN_MAX]:
            yield f"{INDENT}#{fault.index}: {fault.text}"
        if verdict.count > SHOWN_MAX:
            yield f"{INDENT}and {verdict.count - SHOWN_MAX} more"
    yield f"{report.size} records of {report.origin}, root {report.root}, last leaf {report.leaf}"


def _leave(report: Report, required: Sequence[str], code: int) -> None:
    if code == ANSWER_IS_NO:
        leave(
            f"does not hold: {', '.join(one.name for one in report.failing)}",
            "keep everything as it is; `ticketgate evidence show INDEX` shows a record as stored",
            code,
        )
    if code == UNSIGNED:
        leave(
            f"not enough to judge by: {', '.join(report.lacking(required))}",
            '--require names what you ask for; docs/evidence-format.md, "Verdicts"',
            code,
        )
    sys.exit(code)
