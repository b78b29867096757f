"""Everybody who shaped a ticket since it was first seen is barred from deciding (ADR 0009)."""

from dataclasses import replace

import pytest
from tests.operations.kit import Gate, code_of
from tests.operations.tickets import ACCOUNTS, access_ticket, account, edited, printer_incident

from ticketgate.connector_api import Reference
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.policy.policy import Stage, Word
from ticketgate.operations.deciding.link_view import LinkView


def newest(gate: Gate) -> tuple[str, tuple[str, ...]]:
    """Where the newest request stands, and why."""
    request = gate.requests()[-1]
    return request.state.value, request.reasons


def either(gate: Gate, *people: str) -> None:
    """One stage that names these people, whatever is asked."""
    rule = gate.policy.approve[0]
    stage = Stage("only", tuple(Word("person", one) for one in people), 1, ())
    gate.restart(replace(gate.policy, approve=(replace(rule, stages=(stage,)),)))


def test_the_true_opener_stays_barred_after_two_more_edits(gate: Gate) -> None:
    """Bob opens it, makes Alice its opener, and waits until she changes a comma."""
    either(gate, "bob", "dan")
    bobs = access_ticket(by="bob", beneficiary="alice")
    hers = edited(bobs, "bob", opened_by=account("alice"))
    gate.deliver(bobs)
    gate.deliver(hers)
    gate.deliver(edited(hers, "alice", reason="billing migration."))
    gate.run_mail()
    assert gate.tokens("bob") == []
    assert code_of(gate.decide("bob", token=gate.tokens("dan")[-1])) == "not_found"
    assert gate.refusals() == ["self_approval"]
    bob = next(one for one in gate.records("request.awaiting")[-1]["editors"] if one)
    with gate.db() as looking:
        assert looking.people.subject(bob) == "bob"


def test_a_past_beneficiary_stays_barred(gate: Gate) -> None:
    either(gate, "bob", "dan")
    his = access_ticket(beneficiary="bob")
    gate.deliver(his)
    gate.deliver(edited(his, requested_for=account("alice")))
    gate.run_mail()
    assert (gate.tokens("bob"), len(gate.tokens("dan"))) == ([], 1)


def test_whoever_shaped_it_before_it_was_a_request_is_barred(gate: Gate) -> None:
    """Bob writes all of it while no rule takes the ticket for an identity event."""
    either(gate, "bob", "dan")
    other = replace(printer_incident("t1"), table="sc_req_item")
    asks = access_ticket()
    gate.deliver(other)
    filled = replace(asks, version=2, fields=other.fields, updated_by=ACCOUNTS["bob"])
    gate.deliver(filled)
    assert gate.requests() == []
    gate.deliver(replace(asks, version=3))
    gate.run_mail()
    assert (gate.tokens("bob"), len(gate.tokens("dan"))) == ([], 1)


def test_an_edit_that_only_changes_the_rules_bars_its_writer(gate: Gate) -> None:
    """Bob lowers the priority, so that his own approval would be enough."""
    rule = gate.policy.approve[0]
    strict = replace(rule, when=Clause("ticket.priority", "equals", ("1",), 1))
    one = Stage("only", (Word("person", "bob"), Word("person", "dan")), 1, ())
    weak = replace(rule, id="weak", stages=(one,), digest="weak")
    gate.restart(replace(gate.policy, approve=(strict, weak)))
    ticket = access_ticket(priority="1")
    gate.deliver(ticket)
    gate.run_mail()
    first = gate.tokens("bob")
    gate.deliver(edited(ticket, "bob", priority="4"))
    gate.run_mail()
    assert gate.requests()[-1].approve_rule == "weak"
    assert (gate.tokens("bob"), len(gate.tokens("dan"))) == (first, 1)
    assert code_of(gate.decide("bob", token=first[-1])) == "rules_changed"


def test_an_edit_of_what_else_a_ticket_asks_bars_its_writer_from_all_of_it(gate: Gate) -> None:
    either(gate, "bob", "dan")
    policy = gate.policy
    second = replace(
        policy.entitlements[0],
        id="second",
        asked_by=Clause("ticket.priority", "equals", ("1",), 1),
    )
    gate.restart(replace(policy, entitlements=(*policy.entitlements, second)))
    ticket = access_ticket(priority="3")
    gate.deliver(ticket)
    gate.run_mail()
    assert gate.tokens("bob")
    gate.deliver(edited(ticket, "bob", priority="1"))
    gate.run_mail()
    assert [(one.entitlement, one.round) for one in gate.requests()] == [
        (gate.policy.entitlements[0].id, 2),
        ("second", 1),
    ]
    assert gate.records("request.awaiting")[-1]["cause"] == "shapers"
    assert (len(gate.tokens("bob")), len(gate.tokens("dan"))) == (1, 3)


def test_a_writer_who_leaves_what_is_asked_as_it_was_may_decide(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.deliver(edited(ticket, "bob", short_description="I look at it today"))
    gate.run_mail()
    assert code_of(gate.decide("bob")) == ""


@pytest.mark.parametrize(
    ("version", "state"), [(0, "awaiting"), (None, "awaiting"), (4, "blocked")]
)
def test_only_of_a_tickets_very_first_revision_may_the_writer_be_unknown(
    gate: Gate, version: int | None, state: str
) -> None:
    """A counter above 0 says that somebody has edited it before we first saw it."""
    gate.deliver(access_ticket(version=version, updated_by="workflow"))
    assert newest(gate)[0] == state
    assert ("unknown_editor" in newest(gate)[1]) == (state == "blocked")


def test_an_unknown_editor_blocks_until_known_whoever_edits_after(gate: Gate) -> None:
    either(gate, "bob", "dan")
    ticket = access_ticket()
    his = edited(ticket, "bob.other", reason="quietly another reason")
    gate.deliver(ticket)
    gate.deliver(his)
    gate.deliver(edited(his, "alice", reason="quietly another reason."))
    assert newest(gate) == ("blocked", ("unknown_editor",))
    bob = gate.directory.people["bob"]
    accounts = {**bob.accounts, "snow-prod": (*bob.accounts["snow-prod"], "bob.other")}
    gate.directory.change("bob", accounts=accounts)
    gate.tick()
    gate.run_mail()
    assert newest(gate)[0] == "awaiting"
    assert (gate.tokens("bob"), len(gate.tokens("dan"))) == ([], 1)


def test_an_unknown_opener_blocks_after_the_ticket_names_another(gate: Gate) -> None:
    ticket = access_ticket(by="stranger", updated_by=ACCOUNTS["alice"])
    gate.deliver(ticket)
    gate.deliver(edited(ticket, "erin", opened_by=Reference(ACCOUNTS["alice"], "Alice")))
    assert newest(gate) == ("blocked", ("unknown_requester",))


def test_the_page_tells_everybody_who_shaped_it(gate: Gate) -> None:
    ticket = access_ticket(beneficiary="nobody")
    gate.deliver(ticket)
    gate.deliver(edited(ticket, "erin", requested_for=account("alice")))
    gate.run_mail()
    view = gate.look("bob")
    assert isinstance(view, LinkView)
    assert dict(view.shapers) == {
        "Alice Moreau (alice)": ("requester", "editor", "beneficiary"),
        "nobody": ("beneficiary",),
        "Erin Walsh (erin)": ("editor",),
    }
