"""The records of a ticket: all that came of it, and nothing of another one."""

from typing import Any

from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket

from ticketgate.domain.evidence import parse_entry
from ticketgate.operations.evidence.receipts import receipts_of_ticket


def told(gate: Gate, reference: str) -> list[dict[str, Any]]:
    """The records that have receipts, in order."""
    with gate.store.reading() as looking:
        size = looking.evidence.tree().size
        found = receipts_of_ticket(looking, reference, size)
        assert list(found) == [f"proofs/{reference}-{index}.tlog-proof" for index in found.values()]
        entries = [looking.evidence.entry(index) for index in found.values()]
    return [dict(parse_entry(entry)) for entry in entries if entry is not None]


def types(gate: Gate, reference: str) -> set[str]:
    return {str(record["type"]) for record in told(gate, reference)}


def test_a_ticket_has_receipts_from_its_delivery_to_its_revocation(active: Gate) -> None:
    active.tick(3 * 3600)
    assert types(active, access_ticket().number) >= {
        "delivery.accepted", "delivery.processed", "ticket.classified", "request.opened",
        "decision.recorded", "request.approved", "grant.planned", "grant.provisioning",
        "grant.activated", "revocation.begun", "revocation.attempted", "revocation.confirmed",
    }  # fmt: skip


def test_the_platforms_own_id_names_it_too(active: Gate) -> None:
    ticket = access_ticket()
    assert types(active, ticket.id) == types(active, ticket.number)


def test_nothing_of_another_ticket_or_of_the_gateway_is_among_them(active: Gate) -> None:
    active.deliver(access_ticket("other", beneficiary="dan", by="dan"))
    mine = told(active, access_ticket().number)
    hers = told(active, "RITM-other")
    assert mine
    assert hers
    assert not {record["_seq"] for record in mine} & {record["_seq"] for record in hers}
    assert not {"log.opened", "actor.minted"} & {str(one["type"]) for one in (*mine, *hers)}


def test_a_ticket_that_is_not_known_has_none(active: Gate) -> None:
    assert told(active, "INC404") == []
    assert told(active, "alice") == []
