"""Rebuilding from records alone: links in parts, a restore, and what a snapshot begins."""

from typing import Any

import pytest

from ticketgate.domain.evidence import Json
from ticketgate.domain.log.folded import Folded
from ticketgate.domain.log.machines import NEW, RECORD_TYPES, record_type
from ticketgate.domain.log.rebuilt_row import Hidden, Taken
from ticketgate.domain.verifying.rebuild import Rebuild, differences
from ticketgate.domain.verifying.rebuilding import CannotReplayError, rebuild
from ticketgate.domain.verifying.snapshot import Pruned


class Told:
    """A rebuilding that is told record by record."""

    def __init__(self, folded: dict[tuple[str, str], Folded] | None = None) -> None:
        self.made = Rebuild(folded)
        self.count = 0

    def tell(self, kind: str, **fields: Json) -> None:
        self.count += 1
        known: dict[str, Json] = {"type": kind, "_ts": f"t{self.count}"}
        record = dict.fromkeys(RECORD_TYPES[kind]) | known | fields
        self.made.take(Taken(self.count, "", record))

    def move(self, machine: str, ident: str, before: str, after: str, **fields: Json) -> None:
        pair: dict[str, Json] = {"from": before, "to": after, "on": machine, "id": ident}
        cause: dict[str, Json] = {"cause": "test"}
        self.tell(record_type(machine, before, after), **cause | pair | fields)

    def row(self, table: str, ident: str) -> dict[str, object]:
        return self.made.tables[table][ident].columns


def test_links_that_follow_in_parts_belong_to_the_request() -> None:
    told = Told()
    links: list[Json] = [["l1", "a1"]]
    told.move("request", "r", NEW, "awaiting", links=links, decide_by="d", shown="s")
    told.tell("links.issued", request="r", round=1, stage=1, links=[["l2", "a2"], 7, ["x"]])
    for ident, actor in (("l1", "a1"), ("l2", "a2")):
        link = told.row("link", ident)
        assert (link["approver"], link["expires_at"], link["shown"]) == (actor, "d", "s")
    told.move("request", "r", "awaiting", "timed_out", links=[])
    assert told.row("link", "l2")["state"] == "expired"


@pytest.mark.parametrize(
    ("after", "cause", "why"),
    [
        ("awaiting", "rules", "rules_changed"),
        ("awaiting", "material", "ticket_changed"),
        ("awaiting", "next_stage", "stage_done"),
        ("denied", "decided", "stage_done"),
        ("withdrawn", "ticket_closed", "ticket_closed"),
    ],
)
def test_what_ends_a_link_says_why(after: str, cause: str, why: str) -> None:
    told = Told()
    told.move("request", "r", NEW, "awaiting", links=[["l", "a"]])
    told.move("request", "r", "awaiting", "awaiting", cause="approvers", links=[])
    assert told.row("link", "l")["state"] == "issued"
    told.move("request", "r", "awaiting", after, cause=cause, links=[["m", "a"]])
    assert (told.row("link", "l")["state"], told.row("link", "l")["why"]) == ("void", why)
    assert told.row("link", "m")["state"] == "issued"


def test_why_is_not_compared_where_the_log_does_not_tell_it() -> None:
    told = Told()
    told.move("request", "r", NEW, "awaiting", links=[["l", "a"]])
    told.move("request", "r", "awaiting", "withdrawn", cause="blocked", links=[])
    assert told.row("link", "l")["state"] == "void"
    assert "why" not in told.row("link", "l")


def test_a_restore_voids_every_link_that_is_good() -> None:
    told = Told()
    told.move("request", "r", NEW, "awaiting", links=[["l", "a"], ["u", "b"]])
    told.tell("decision.recorded", request="r", link="u")
    told.tell("restore.declared")
    assert (told.row("link", "l")["state"], told.row("link", "l")["why"]) == ("void", "restored")
    assert told.row("link", "u")["state"] == "used"


def test_heirs_take_over_what_stood_before() -> None:
    told = Told()
    for ident in ("g", "h"):
        told.move("grant", ident, NEW, "planned")
        told.move("grant", ident, "planned", "provisioning", baseline=True, not_after="n")
    told.move("grant", "g", "active", "released_shared", heirs=["h"])
    assert (told.row("access_grant", "h")["baseline"]) is False
    assert told.row("access_grant", "g")["cause"] == "test"
    told.move("grant", "h", "active", "revoking", cause="expired")
    told.move("grant", "h", "revoke_overdue", "revoking", cause="retried")
    assert told.row("access_grant", "h")["cause"] == "expired"


# --- behind a snapshot -----------------------------------------------------------------------


def pruned() -> Told:
    said: dict[str, Any] = {"source": "s", "table": "t", "revision": 3}
    return Told(
        {
            ("delivery", "d"): Folded("accepted", 5, {"source": "s"}),
            ("ticket", "t"): Folded("identity", 6, said),
            ("request", "r"): Folded("approved", 7, {"target": "x", "decide_by": "d"}),
            ("grant", "g"): Folded("active", 8, {"request": "r", "baseline": False}),
        }
    )


def rows(*held: tuple[str, str, dict[str, object]]) -> list[tuple[str, str]]:
    told = pruned()
    found = differences(told.made, held)
    return [(one.table, one.column) for one in found]


def test_what_a_snapshot_tells_is_compared_and_nothing_else_of_it() -> None:
    whole: list[tuple[str, str, dict[str, object]]] = [
        ("delivery", "d", {"state": "accepted", "effect": "any"}),
        ("ticket", "t", {"verdict": "identity", "tbl": "t", "state_class": "any"}),
        ("request", "r", {"state": "approved", "version": 9}),
        ("access_grant", "g", {"state": "active", "activate_by": "any"}),
        ("link", "l", {"state": "used"}),
    ]
    assert rows(*whole) == []
    assert rows(*whole[1:]) == [("delivery", "")]
    whole[3] = ("access_grant", "g", {"state": "revoked"})
    assert rows(*whole) == [("access_grant", "state")]


def test_records_behind_a_snapshot_go_on_from_it() -> None:
    told = pruned()
    told.move("delivery", "d", "accepted", "processed", source="s", cause="identity")
    assert told.row("delivery", "d")["effect"] == "identity"
    told.move("delivery", "e", NEW, "accepted", source="s")
    assert "seq" not in told.row("delivery", "e")
    told.move("ticket", "t", "identity", "identity", source="s", table="t", delivery="e")
    assert "delivery_seq" not in told.row("ticket", "t")
    told.move("request", "q", "awaiting", "denied", ticket="nobody", links=[])
    assert "version" not in told.row("request", "q")
    assert "source" not in told.row("request", "q")
    told.move("grant", "g", "active", "revoking", request="r")
    assert "source" not in told.row("access_grant", "g")


def test_an_emergency_of_a_snapshot_has_the_columns_of_its_table() -> None:
    said: dict[str, Any] = {"person": "alice", "entitlement": "e", "within": 60, "drill": True}
    said |= {"invoked": "t1", "until": "t2"}
    told = Told({("review", "emg"): Folded("due", 5, said)})
    row: dict[str, object] = {"state": "due", "subject": "alice", "entitlement": "e", "within": 60}
    row |= {"drill": 1, "invoked_at": "t1"}
    assert told.row("emergency", "emg") == row
    assert list(differences(told.made, [("emergency", "emg", row | {"clause": "any"})])) == []
    (found,) = differences(told.made, [("emergency", "emg", row | {"subject": "mallory"})])
    assert (found.table, found.column) == ("emergency", "subject")


def test_what_is_hidden_fits_what_was_given_or_blank_where_it_was_erased() -> None:
    assert Hidden(given=True, value="x").fits("x")
    assert not Hidden(given=True, value="x").fits("")
    assert Hidden(given=True, value="x", erased=True).fits("")
    assert Hidden(erased=True).fits(None)
    assert not Hidden(erased=True).fits("x")
    assert Hidden().fits("anything")


def test_a_snapshot_that_cannot_be_read_stops_it() -> None:
    for data in (None, b"{}"):
        with pytest.raises(CannotReplayError, match="the snapshot"):
            rebuild([], [], Pruned(65_536, b"", data))


def test_a_record_of_no_table_tells_nothing() -> None:
    told = Told()
    told.tell("heartbeat")
    told.made.take(Taken(9, "", {"type": "x", "on": ["delivery"]}))
    assert not any(told.made.tables.values())
