"""`surface`: everything that was seen to touch access, and who answers for it."""

from pathlib import Path
from typing import Any

import click
from typing_extensions import override

from ticketgate.cli.failures import ends_with_code
from ticketgate.cli.groups import Listed
from ticketgate.cli.look import LIMIT, leave_none, showing
from ticketgate.cli.showing import echo_json, echo_pairs, echo_table, plain, when
from ticketgate.domain.classifying.surface import SurfaceRow
from ticketgate.wiring.commands import look


class _ListsAlone(Listed):
    """Without a command it lists."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        alone = not args or (args[0].startswith("-") and args[0] not in {"-h", "--help"})
        return super().parse_args(ctx, ["list", *args] if alone else args)


@click.group(cls=_ListsAlone)
def surface() -> None:
    """What was seen to touch access; without a command: list it."""


@surface.command("list")
@click.option("--unowned", is_flag=True, help="Only what nobody answers for.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=LIMIT,
    show_default=True,
    help="How many at the most; those seen last come first.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
@ends_with_code
def list_surface(folder: Path, limit: int, *, unowned: bool, as_json: bool) -> None:
    """List tables, catalog items, automations and accounts that touched access."""
    with look(folder) as seen:
        found = seen.surface.unowned(limit) if unowned else seen.surface.listed(limit)
    if as_json:
        echo_json([_document(one) for one in found])
        return
    echo_table(
        ("ID", "SOURCE", "TABLE", "ITEM", "AUTOMATION", "ACCOUNT", "KINDS", "COUNT", "OWNER",
         "LAST SEEN"),
        (
            (
                one.id,
                one.source,
                one.table,
                one.item,
                one.automation,
                one.account,
                ", ".join(one.kinds),
                str(one.count),
                one.owner or ("NOBODY" if one.unowned else ""),
                when(one.last_seen),
            )
            for one in found
        ),
        "nothing here is unowned" if unowned else "nothing was seen to touch access",
    )  # fmt: skip


@surface.command("show")
@showing
@click.pass_obj
@ends_with_code
def show_surface(folder: Path, ident: str, *, as_json: bool) -> None:
    """Show one row: what it asks, who answers for it, and within which boundary.

    Exit: 1 there is none with this id.
    """
    with look(folder) as seen:
        found = seen.surface.get(ident)
    if found is None:
        leave_none("surface", "surface", ident)
    if as_json:
        echo_json(_document(found))
        return
    echo_pairs(
        (
            ("id", found.id),
            ("origin", found.origin),
            ("source", found.source),
            ("table", found.table),
            ("item", found.item),
            ("automation", found.automation),
            ("account", found.account),
            ("kinds", ", ".join(found.kinds)),
            ("count", str(found.count)),
            ("owner", found.owner or ("nobody answers for it" if found.unowned else "")),
            ("boundary", found.boundary),
            ("first seen", when(found.first_seen)),
            ("last seen", when(found.last_seen)),
        )
    )


def _document(row: SurfaceRow) -> dict[str, Any]:
    return {**plain(row), "unowned": row.unowned}


surface.add_later(
    "import",
    "ticketgate.cli.surface_import:import_surface",
    "List what of a ServiceNow instance can touch access.",
)
