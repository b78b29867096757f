"""What must be caught: a bundle, and what both verifiers say of it, by library and command line."""

import contextlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner
from tests.agreement.both import DEFAULT, STAND_ALONE, Asked, Told, agreed, told
from tests.agreement.bundles import (
    SEGMENT_0,
    Files,
    files_of,
    laid_out,
    lines_of,
    small,
)
from tests.verifier import bundle_writer as writer
from tests.verifier.bundle_writer import LOG_KEY, ORIGIN, Log, Signer

from ticketgate.cli.main import main

Bad = Mapping[str, int]
SOUND: Final = small()
FILES: Final = files_of(SOUND, sizes=(3,))
ALONE: Final = files_of(SOUND)  # without the older checkpoint


@dataclass(frozen=True)
class Case:
    """`bad` has the first bad index of each verdict that fails; `states` more of what is said."""

    name: str
    files: Files
    exit: int
    bad: Bad
    states: Mapping[str, str] = field(default_factory=dict)


def caught(case: Case, folder: Path, asked: Asked = DEFAULT) -> Told:
    """Hold both libraries and both command lines to what a case says."""
    laid_out(folder, case.files)
    found = agreed(folder, asked)
    said, right = (found.exit, dict(found.bad)), (case.exit, dict(case.bad))
    assert said == right, f"{said} is not {right}"
    assert {name: found.states.get(name) for name in case.states} == dict(case.states), found
    assert by_command_lines([str(folder), *asked.words]) == [found, found]
    return found


def by_the_gateways(words: list[str]) -> Told:
    """What `ticketgate evidence verify` prints; its exit code is that of the document."""
    done = CliRunner().invoke(
        main, ["evidence", "verify", *words, "--json"], catch_exceptions=False
    )
    found = told(json.loads(done.stdout))
    assert done.exit_code == found.exit
    return found


def by_the_other(words: list[str]) -> Told:
    """What `verify.py` prints; its exit code is that of the document."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = STAND_ALONE.main([*words, "--json"])
    found = told(json.loads(out.getvalue()))
    assert code == found.exit
    return found


def by_command_lines(words: list[str]) -> list[Told]:
    """What both command lines print, the gateway's first."""
    return [by_the_gateways(words), by_the_other(words)]


def with_lines(change: Callable[[list[bytes]], object], files: Files = FILES) -> Files:
    """The bundle with the lines of its segment changed."""
    lines = files[SEGMENT_0].split(b"\n")[:-1]
    change(lines)
    return files | {SEGMENT_0: b"".join(line + b"\n" for line in lines)}


def with_record(place: int, files: Files = FILES, **fields: object) -> Files:
    """One record says something else, and nothing is made good."""

    def change(lines: list[bytes]) -> None:
        lines[place] = writer.canonical(json.loads(lines[place]) | fields)

    return with_lines(change, files)


def signed_anew(
    entries: list[bytes], *signers: Signer, rows: list[dict[str, Any]] | None = None
) -> Files:
    """A bundle of these entries as they are, its checkpoint made for them."""
    log = Log()
    for entry in entries:
        log.put(entry)
    log.rows = SOUND.rows if rows is None else rows
    return files_of(log, *signers)


def truly(place: int, change: Callable[[bytes], bytes]) -> Files:
    """An entry in another form, all that follows chained to it, and truly signed."""
    entries, before = list(SOUND.entries), b""
    for index in range(place, len(entries)):
        entry = entries[index]
        entries[index] = (
            change(entry)
            if index == place
            else (entry[:10] + writer.leaf(before).hex().encode() + entry[74:])
        )
        before = entries[index]
    return signed_anew(entries)


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """A change of a text that stands once in an entry."""

    def change(entry: bytes) -> bytes:
        assert entry.count(old) == 1, entry
        return entry.replace(old, new)

    return change


def note(size: int, top: bytes, *lines: str, origin: str = ORIGIN) -> bytes:
    """A checkpoint with these signature lines; the log's own where there are none."""
    text = writer.checkpoint_text(size, top, origin)
    return text + b"\n" + "".join(lines or (LOG_KEY.line(text),)).encode()


def with_rows(change: Callable[[list[dict[str, Any]]], object], *, sort: bool = True) -> Files:
    """The bundle with its disclosures changed."""
    rows = [dict(row) for row in SOUND.rows]
    change(rows)
    data = lines_of(rows) if sort else b"".join(writer.canonical(row) + b"\n" for row in rows)
    return FILES | {"disclosures.jsonl": data}
