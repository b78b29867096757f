"""State check: Mallory edits the tables that the gateway acts on; the log stays whole."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.evidence_log import LATER, NOON, Log, life

from ticketgate.domain.evidence import Head
from ticketgate.domain.instants import from_text
from ticketgate.domain.verifying.evidence_verdict import EvidenceVerdict
from ticketgate.domain.verifying.state_check import STATE, TableRow
from ticketgate.domain.verifying.verification import verify


@dataclass
class Tables:
    """The rows of a database, by machine: state, and what else they say."""

    rows: dict[str, tuple[object, dict[str, object]]] = field(default_factory=dict)

    def edit(self, machine: str, **changes: object) -> None:
        state, held = self.rows[machine]
        self.rows[machine] = (state, held | changes)

    def listed(self) -> list[TableRow]:
        return [(machine, machine[0], state, held) for machine, (state, held) in self.rows.items()]


def active() -> Log:
    """Bob approved what Alice requested; her grant is active (records 7 to 9)."""
    log = life()
    del log.rows[10:]
    log.head, log.now = Head(10, log.rows[9][1]), NOON + timedelta(seconds=10)
    return log


def tables() -> Tables:
    """What the gateway's tables say at that moment."""
    asked: dict[str, object] = {"entitlement": None, "round": 1, "stage": 1, "material": "m"}
    given: dict[str, object] = {
        "request": "r",
        "subject": "act_alice",
        "seconds": 3600,
        "not_after": LATER,
        "baseline": None,
    }
    return Tables(
        {
            "delivery": ("accepted", {"source": None}),
            "ticket": ("identity", {"revision": 1}),
            "request": ("approved", asked),
            "grant": ("active", given),
        }
    )


def state_of(log: Log, held: list[TableRow]) -> EvidenceVerdict:
    report = verify(log.rows, log.hidden, log.head, log.origin, held)
    assert report["semantics"].holds
    assert report.verdicts[-1] is report[STATE]
    assert report[STATE].name == STATE
    return report[STATE]


def faults(log: Log, held: list[TableRow]) -> list[tuple[int, str]]:
    return [(fault.index, fault.text) for fault in state_of(log, held).faults]


def test_the_tables_of_an_honest_gateway_are_what_the_log_says() -> None:
    assert faults(active(), tables().listed()) == []


def test_without_tables_nothing_is_said_of_them() -> None:
    log = active()
    report = verify(log.rows, log.hidden, log.head, log.origin)
    assert STATE not in [verdict.name for verdict in report.verdicts]
    assert STATE not in {verdict.name for verdict in report.verdicts}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("not_after", "2030-01-01T00:00:00.000000Z"),
        ("not_after", None),
        ("subject", "act_mallory"),
        ("subject", None),
        ("seconds", 999999),
        ("baseline", True),
        ("request", b"\xff"),
    ],
)
def test_an_edited_grant_is_seen_at_its_last_record(name: str, value: object) -> None:
    held = tables()
    held.edit("grant", **{name: value})
    assert faults(active(), held.listed()) == [
        (9, f"the grant's {name} in the tables is not the log's")
    ]


@pytest.mark.parametrize(("machine", "index"), [("delivery", 2), ("request", 6), ("grant", 9)])
def test_a_state_that_the_log_did_not_reach_is_seen(machine: str, index: int) -> None:
    held = tables()
    held.rows[machine] = ("revoked", held.rows[machine][1])
    assert faults(active(), held.listed()) == [
        (index, f"the {machine}'s state in the tables is not the log's")
    ]


def test_a_row_that_is_gone_is_seen() -> None:
    held = tables()
    del held.rows["grant"]
    assert faults(active(), held.listed()) == [(9, "the tables do not have this grant")]


@pytest.mark.parametrize("ident", ["g2", 7, None])
def test_a_row_that_no_record_tells_of_is_seen(ident: object) -> None:
    extra: TableRow = ("grant", ident, "active", {})
    assert faults(active(), [*tables().listed(), extra]) == [
        (9, "the tables have a grant that the log does not have")
    ]


def test_a_baseline_that_was_handed_on_is_none_any_more() -> None:
    log, held = active(), tables()
    log.move("grant", "g", "active", "released_shared", request="r", heirs=["g"], not_after=LATER)
    held.rows["grant"] = ("released_shared", held.rows["grant"][1])
    held.edit("grant", baseline=False)
    assert faults(log, held.listed()) == []


def test_that_nothing_ends_a_grant_is_no_matter_of_the_tables() -> None:
    log = active()
    log.now = from_text(LATER) + timedelta(hours=1)
    log.tell("heartbeat")
    report = verify(log.rows, log.hidden, log.head, log.origin, tables().listed())
    assert report[STATE].holds
    assert (report["semantics"].count, report["semantics"].first_bad) == (1, 9)


@pytest.mark.parametrize("left", [[], [(0, b"", None)]])
def test_a_log_of_which_nothing_is_left_has_none_of_the_rows(
    left: list[tuple[object, object, object]],
) -> None:
    log = active()
    report = verify(left, [], log.head, log.origin, tables().listed())
    assert (report[STATE].count, report[STATE].first_bad) == (4, 0)


hostile = st.none() | st.integers() | st.binary(max_size=9) | st.text(max_size=9) | st.booleans()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["delivery", "ticket", "request", "grant"]),
            hostile | st.sampled_from("dtrg"),
            hostile,
            st.dictionaries(st.sampled_from(["not_after", "state", "baseline"]), hostile),
        ),
        max_size=6,
    )
)
def test_arbitrary_rows_give_faults_and_never_an_exception(rows: list[TableRow]) -> None:
    verdict = state_of(active(), rows)
    assert not verdict.holds
    assert all(fault.text.isascii() and fault.text.isprintable() for fault in verdict.faults)
