"""The machines and the closed vocabulary of records, in code and in the format document."""

import re
from pathlib import Path
from typing import Final

import pytest

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import Draft, Json
from ticketgate.domain.grants.grant import GrantState
from ticketgate.domain.log.machines import (
    EDGES,
    MOVE,
    MOVES,
    NEW,
    RECORD_TYPES,
    IllegalEdgeError,
    check_record,
    edge,
    record_type,
)
from ticketgate.domain.requests.access_request import RequestState
from ticketgate.domain.tickets.identity_event import Verdict

DOC: Final = Path(__file__).resolve().parents[2] / "docs" / "evidence-format.md"


def section(title: str) -> str:
    """The text of one `##` section of the format document."""
    return re.split(r"^## ", DOC.read_text().split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


def full(kind: str, **fields: Json) -> Draft:
    """A record of this type with all the fields that it must have."""
    return Draft(kind, dict.fromkeys(RECORD_TYPES[kind]) | fields)


def test_a_move_is_one_record_that_says_on_id_from_to_and_cause() -> None:
    draft = edge("grant", "grt_1", "active", "revoking", "expired", {"request": "req_1", "id": "x"})
    assert draft.type == "revocation.begun"
    assert draft.fields == {
        "on": "grant",
        "id": "grt_1",
        "from": "active",
        "to": "revoking",
        "cause": "expired",
        "request": "req_1",
    }


def test_a_move_that_no_machine_has_is_a_fault_of_ours() -> None:
    with pytest.raises(IllegalEdgeError, match="cannot go from 'revoked' to 'active'"):
        edge("grant", "grt_1", "revoked", "active", "operator")


def test_only_a_new_request_is_opened_and_one_that_was_blocked_awaits() -> None:
    assert record_type("request", NEW, "awaiting") == "request.opened"
    assert record_type("request", "blocked", "awaiting") == "request.awaiting"
    assert record_type("ticket", NEW, "uncertain") == "ticket.classified"


def test_the_machines_speak_of_the_states_that_the_nouns_have() -> None:
    states = {name: {state for pair in pairs for state in pair} for name, pairs in EDGES.items()}
    assert states["grant"] == {NEW, *GrantState}
    assert states["request"] == {NEW, *RequestState}
    assert states["ticket"] == {NEW, *Verdict}


@pytest.mark.parametrize("machine", EDGES)
def test_every_state_can_be_reached_and_a_grant_never_gets_out_of_its_end(machine: str) -> None:
    reached = {NEW}
    for _ in EDGES[machine]:
        reached |= {after for before, after in EDGES[machine] if before in reached}
    assert reached == {state for pair in EDGES[machine] for state in pair}
    left = {before for before, _ in EDGES["grant"]}
    assert left.isdisjoint({"revoked", "cancelled", "released_shared"})


@pytest.mark.parametrize(
    ("machine", "before", "after"),
    [(machine, *pair) for machine, pairs in EDGES.items() for pair in sorted(pairs)],
)
def test_every_move_can_be_written(machine: str, before: str, after: str) -> None:
    kind = record_type(machine, before, after)
    assert kind in MOVES
    assert RECORD_TYPES[kind] >= MOVE
    move = edge(machine, "x_1", before, after, "test", dict.fromkeys(RECORD_TYPES[kind]))
    check_record(move)


@pytest.mark.parametrize("kind", sorted(RECORD_TYPES.keys() - MOVES))
def test_every_other_record_can_be_written_and_may_say_more(kind: str) -> None:
    check_record(full(kind, more=1))


@pytest.mark.parametrize("kind", sorted(RECORD_TYPES))
def test_no_required_field_can_be_left_out(kind: str) -> None:
    for name in RECORD_TYPES[kind]:
        fields = {key: None for key in RECORD_TYPES[kind] if key != name}
        with pytest.raises(EvidenceError, match=f"without {name}$"):
            check_record(Draft(kind, fields))


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (Draft("decision.invented", {}), "does not exist"),
        (full("heartbeat", on="grant"), "moves no machine"),
        (full("grant.planned"), "made of texts"),
        (
            full("grant.planned", on="grant", id="g", cause="c", **{"from": "", "to": "active"}),
            "no machine has this move",
        ),
        (
            full("grant.planned", on="lease", id="g", cause="c", **{"from": "", "to": "planned"}),
            "no machine has this move",
        ),
        (
            full("grant.planned", on="ticket", id="t", cause="c", **{"from": "", "to": "identity"}),
            "written as another type",
        ),
    ],
)
def test_what_is_not_in_the_vocabulary_is_not_written(draft: Draft, reason: str) -> None:
    with pytest.raises(EvidenceError, match=reason):
        check_record(draft)


def test_every_type_is_documented_with_the_fields_that_it_must_have() -> None:
    found = re.findall(
        r"^#### (\S+)\n[^\n]+\n\nMust have: ([^\n]+)$", section("Record types"), re.MULTILINE
    )
    documented = {kind: frozenset(re.findall(r"`(\w+)`", names)) for kind, names in found}
    assert documented == dict(RECORD_TYPES)
    assert len(found) == len(RECORD_TYPES)


def test_every_field_is_explained() -> None:
    rows = re.findall(r"^\| (`[^|]+) \|", section("Fields"), re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert explained == frozenset().union(*RECORD_TYPES.values())


def test_every_move_is_documented() -> None:
    documented = {
        (machine, before, after, kind)
        for machine, table in re.findall(
            r"^### (\w+)\n\| from .*\n\|---.*\n((?:\|.*\n)+)", section("Moves"), re.MULTILINE
        )
        for before, after, kind in re.findall(r"\| (\S+) \| (\S+) \| (\S+) \|", table)
    }
    assert documented == {
        (machine, before or "(new)", after, record_type(machine, before, after))
        for machine, pairs in EDGES.items()
        for before, after in pairs
    }
