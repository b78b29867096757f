"""`classify`: how well a policy tells identity events, and weights learnt from labelled tickets."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import click

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.groups import Listed
from ticketgate.cli.showing import echo, echo_json, echo_table
from ticketgate.domain.classifying.labels import NEGATIVE
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.text.training import Counts
from ticketgate.operations.trying.evaluate import (
    Evaluation,
    evaluate,
    first_percent,
    halves,
)
from ticketgate.wiring.commands import wall_time
from ticketgate.wiring.labels import read_labels, train_weights
from ticketgate.wiring.policies import read_policy

POLICY_NAME: Final = "policy.yaml"
_FILE: Final = click.Path(path_type=Path, dir_okay=False, exists=True)
_COLUMNS: Final = ("of", "verdict", "tp", "fp", "fn", "tn", "left out", "precision", "recall", "f1")


def _letters(_: click.Context, __: click.Parameter, value: str) -> frozenset[str]:
    found = frozenset(one.strip().upper() for one in value.split(","))
    if "" in found or NEGATIVE in found:
        raise click.BadParameter(f"labels such as Y or Y,P, and never {NEGATIVE}")
    return found


_LABELS = click.option("--labels", "file", type=_FILE, required=True, help="Labelled tickets, CSV.")
_POSITIVE = click.option(
    "--positive",
    callback=_letters,
    default="Y",
    show_default=True,
    help="Labels of identity events, with commas between.",
)


@click.group(cls=Listed)
def classify() -> None:
    """Measure the policy on labelled tickets, and learn weights from them."""


@classify.command("eval")
@_LABELS
@click.option("--source", default="labels", help="The source that the tickets are taken to be of.")
@_POSITIVE
@click.option("--policy", "policy_file", type=_FILE, help="Another file than the configured one.")
@click.option("--halves", "by_half", is_flag=True, help="Even and odd rows by hash, each as well.")
@click.option(
    "--first",
    type=click.IntRange(1, 99),
    metavar="PERCENT",
    help="The first PERCENT of rows by hash and the rest, each as well.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
@ends_with_code
def evaluate_policy(
    folder: Path, file: Path, source: str, positive: frozenset[str], policy_file: Path | None,
    first: int | None, *, by_half: bool, as_json: bool,
) -> None:  # fmt: skip
    """Count what the policy says of tickets that people labelled.

    Columns: `label` (Y an identity event, N none; others are counted and left out unless
    --positive names them) and any of text, short_description, description, table, catalog_item,
    category; others are ignored. An empty cell is a field that the ticket has not. Who tunes rules
    on one part should report the other. Exit: 0 whatever the figures are, 2 a file is faulty.
    """
    labels = read_labels(file)
    policy = read_policy(policy_file or folder / POLICY_NAME)
    parts = {"all": lambda _: True, **(halves() if by_half else {})}
    parts |= {} if first is None else first_percent(first)
    found = [
        evaluate([row for row in labels.rows if belongs(row)], policy,
                 source=source, positive=positive, name=name)
        for name, belongs in parts.items()
    ]  # fmt: skip
    if as_json:
        whole, *others = [_document(one) for one in found]
        parted = {"parts": others} if others else {}
        echo_json({**whole, "ignored_columns": labels.ignored, **parted})
        return
    echo_table(_COLUMNS, [row for one in found for row in _table(one)], "no rows")
    for label, number in found[0].left_out.items():
        echo(f"left out: {number} labelled {label}")
    if labels.ignored:
        echo(f"ignored columns: {', '.join(labels.ignored)}")


@classify.command("train")
@_LABELS
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The table."
)
@_POSITIVE
@click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The day to write into the table; today unless it is said.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@ends_with_code
def train_table(
    file: Path, out: Path, positive: frozenset[str], day: datetime | None, *, as_json: bool
) -> None:
    """Learn a table of weights from tickets that people labelled.

    The same file gives the same table. Shown is what weights did to tickets that they had not seen:
    five times, a fifth is held back. A policy takes the table in with `weights:`. Exit: 0, 2 too
    few labelled tickets or a faulty file, 3 the table cannot be written.
    """
    labels = read_labels(file)
    when: date = (day or wall_time()).date()
    try:
        trained = train_weights(labels, positive, when, out)
    except ValueError as fault:
        step = "label more tickets: `ticketgate triage export` writes what people said"
        raise TicketgateError(str(fault), code="usage", next_step=step) from fault
    if as_json:
        told = {"weights": len(trained.weights), "threshold": trained.threshold}
        echo_json({**told, "held_out": _counts(trained.held_out)})
        return
    counts = trained.held_out
    echo(f"{out}: {len(trained.weights)} weights, threshold {trained.threshold}")
    echo(
        f"held out: precision {_share(counts.precision)}, recall {_share(counts.recall)} "
        f"(tp {counts.tp}, fp {counts.fp}, fn {counts.fn}, tn {counts.tn})"
    )


def _document(found: Evaluation) -> dict[str, Any]:
    left_out = sum(found.left_out.values())
    return {
        "name": found.name,
        "identity": {**_counts(found.identity), "left_out": left_out},
        "identity_or_uncertain": {**_counts(found.identity_or_uncertain), "left_out": left_out},
        "left_out_labels": found.left_out,
    }


def _counts(counts: Counts) -> dict[str, Any]:
    shares = {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
    return {**counts._asdict(), **shares}


def _table(found: Evaluation) -> Iterator[list[str]]:
    left_out = str(sum(found.left_out.values()))
    told = (("identity", found.identity), ("or uncertain", found.identity_or_uncertain))
    for verdict, counts in told:
        shares = [_share(one) for one in (counts.precision, counts.recall, counts.f1)]
        yield [found.name, verdict, *map(str, counts), left_out, *shares]


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.3f}"
