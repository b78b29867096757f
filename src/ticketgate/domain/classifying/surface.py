"""Surface: everything that was seen to touch access, and who answers for it.

A view over what came in: nothing acts on it, and no evidence depends on it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ticketgate.domain.classifying.boundary import automations_of
from ticketgate.domain.people.directory import DirectorySnapshot, canonical
from ticketgate.domain.policy.policy import Automation, Policy
from ticketgate.domain.tickets.identity_event import Classification, Verdict
from ticketgate.domain.tickets.ticket import Ticket

ITEM_CHARS_MAX: Final = 200
ROWS_MAX: Final = 10_000  # of one source; what is beyond is counted together
MORE: Final = "(more)"  # the item, automation and account of what is beyond
SEEN: Final = "seen"
IMPORTED: Final = "import"


@dataclass(frozen=True, slots=True)
class SurfaceRow:
    """One way in which a source touches access. Equal `key`, same row.

    `item` is the catalog item, else the category; `automation` the policy's id of what wrote it
    (of an import, what the platform calls it); `account` the writer where that is no known person,
    else empty. `kinds` are kinds of identity event (of an import, what it touches). `owner` is a
    word of the policy, or empty; `boundary` what the owner lets it ask, for people.
    """

    id: str
    origin: str  # SEEN | IMPORTED
    source: str
    table: str
    item: str
    automation: str
    account: str
    kinds: tuple[str, ...]
    count: int
    owner: str
    boundary: str
    first_seen: datetime
    last_seen: datetime

    @property
    def key(self) -> tuple[str, str, str, str, str, str]:
        """What tells it from others."""
        return (
            self.origin, self.source, self.table, self.item, self.automation, self.account,
        )  # fmt: skip

    @property
    def unowned(self) -> bool:
        """Whether a machine writes it, and nobody answers for that."""
        return bool(self.automation or self.account) and not self.owner


def seen_again(row: SurfaceRow, fresh: SurfaceRow) -> SurfaceRow:
    """The row once more seen: kinds add up, owner and boundary are those of now."""
    return replace(
        row,
        kinds=tuple(sorted({*row.kinds, *fresh.kinds})),
        count=row.count + fresh.count,
        owner=fresh.owner,
        boundary=fresh.boundary,
        last_seen=max(row.last_seen, fresh.last_seen),
    )


def beyond(row: SurfaceRow) -> SurfaceRow:
    """The row that stands for all that a source shows beyond `ROWS_MAX`."""
    return replace(row, table=MORE, item=MORE, automation=MORE, account="", owner="", boundary="")


def surface_of(
    ticket: Ticket,
    classification: Classification,
    policy: Policy,
    snapshot: DirectorySnapshot,
    own_users: frozenset[str],
    now: datetime,
) -> tuple[SurfaceRow, ...]:
    """What a revision shows: one row an automation that wrote it, else one; none of no interest."""
    if classification.verdict is Verdict.NOT_IDENTITY:
        return ()
    account, owner = _writer(ticket, snapshot, own_users)
    item = ticket.text("catalog_item") or ticket.text("category")
    plain = SurfaceRow(
        id="",
        origin=SEEN,
        source=ticket.source,
        table=ticket.table,
        item=item[:ITEM_CHARS_MAX],
        automation="",
        account=account,
        kinds=tuple(sorted(classification.kinds)),
        count=1,
        owner=owner,
        boundary="",
        first_seen=now,
        last_seen=now,
    )
    matched = [one for one, _ in automations_of(ticket, policy)]
    if not matched:
        return (plain,)
    return tuple(
        replace(plain, automation=one.id, owner=one.owner.text, boundary=boundary_text(one))
        for one in matched
    )


def boundary_text(automation: Automation) -> str:
    """What an automation may ask, in one line."""
    targets = ", ".join(sorted(automation.targets)) or "no target"
    return f"{', '.join(sorted(automation.may))} at {targets}"


def _writer(
    ticket: Ticket, snapshot: DirectorySnapshot, own_users: frozenset[str]
) -> tuple[str, str]:
    """The writer where it is a machine, or nobody known, and who answers for it by the directory.

    A machine of the directory (`kind: nhi`) is answered for by its manager.
    """
    account = ticket.updated_by
    people = [snapshot.people[one] for one in sorted(snapshot.holders(ticket.source, account))]
    if canonical(account) in own_users or any(one.kind == "human" for one in people):
        return "", ""
    managers = [one.manager for one in people if one.manager]
    return account[:ITEM_CHARS_MAX], f"person:{managers[0]}" if managers else ""
