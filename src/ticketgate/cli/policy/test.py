"""`policy test`: cases for the policy, each held against what it expects."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from ticketgate.cli.failures import ANSWER_IS_NO, counted, ends_with_code
from ticketgate.cli.showing import echo, echo_json
from ticketgate.domain.errors import ConfigurationError, Fault, TicketgateError
from ticketgate.domain.evidence import Json
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.policy.policy_case import Case, CaseResult
from ticketgate.operations.trying.policy_test import elements, never_used, run_case
from ticketgate.wiring.commands import Configured, load, wall_time
from ticketgate.wiring.policy_tests import read_cases, rehearsal

PATTERN: Final = "*_test.yaml"


@click.command("test")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
@ends_with_code
def test_command(context: click.Context, files: tuple[Path, ...], *, as_json: bool) -> None:
    """Run the cases of test files against the configured policy.

    Without FILES: every *_test.yaml beside the configuration. Nothing is stored or sent; steps are
    played by the real operations on a store of their own, with targets in memory. Exit: 0 all cases
    pass, 1 one failed, 2 a file is faulty, or there is none.
    """
    folder = Path(context.obj)
    configuration = load(folder, os.environ)
    cases = _cases(files or tuple(sorted(folder.glob(PATTERN))), configuration)
    policy = configuration.policy
    results = [run_case(case, policy, rehearsal) for case in cases]
    if as_json:
        echo_json(_document(policy, results))
    else:
        for line in _lines(policy, results):
            echo(line)
    if any(result.missed for result in results):
        context.exit(ANSWER_IS_NO)


def _cases(files: Sequence[Path], configuration: Configured) -> list[Case]:
    """The cases of all files; every fault of every file is told."""
    if not files:
        raise TicketgateError(
            f"there is no {PATTERN} beside the configuration",
            code="usage",
            next_step="write one (docs/policy.md, testing a policy), or name a file",
        )
    found: list[Case] = []
    faults: list[Fault] = []
    now = wall_time()
    for path in files:
        try:
            found += read_cases(path, configuration, now)
        except ConfigurationError as fault:
            faults += fault.faults
    if faults:
        raise ConfigurationError(tuple(faults))
    return found


def _lines(policy: Policy, results: Sequence[CaseResult]) -> Iterator[str]:
    for result in results:
        case = result.case
        word = "FAIL" if result.missed else "ok  "
        yield f"{word} {case.name} ({case.file}:{case.line})"
        for miss in result.missed:
            yield f"       {case.file}:{miss.line}: {miss.key}"
            yield f"         expected {_said(miss.expected)}"
            yield f"         seen     {_said(miss.seen)}"
    unused, known = never_used(policy, results), elements(policy)
    failed = sum(1 for result in results if result.missed)
    yield ""
    yield f"{counted(len(results), 'case')}, {failed} failed"
    yield f"{len(known) - len(unused)} of {len(known)} rules and entitlements were used"
    for section, ident, where in unused:
        yield f"  never used: {section} {ident} ({where})"


def _said(value: Json) -> str:
    return json.dumps(value, sort_keys=True)


def _document(policy: Policy, results: Sequence[CaseResult]) -> dict[str, Any]:
    return {
        "policy": policy.digest,
        "cases": [
            {
                "name": one.case.name,
                "where": f"{one.case.file}:{one.case.line}",
                "ok": not one.missed,
                "missed": [
                    {
                        "where": f"{one.case.file}:{miss.line}",
                        "key": miss.key,
                        "expected": miss.expected,
                        "seen": miss.seen,
                    }
                    for miss in one.missed
                ],
            }
            for one in results
        ],
        "elements": len(elements(policy)),
        "never_used": [
            {"section": section, "id": ident, "where": where}
            for section, ident, where in never_used(policy, results)
        ],
    }
