"""Who said that a ticket is an identity event does not approve it, where the policy says so."""

from dataclasses import replace
from datetime import datetime, timedelta

from tests.operations.kit import Gate, code_of
from tests.operations.lane import Lane
from tests.operations.test_erase import KEEP
from tests.operations.tickets import access_ticket, closed

from ticketgate.domain.policy.policy import Policy, Stage, Word
from ticketgate.domain.requests.access_request import Party, Shaper
from ticketgate.operations.evidence.erase import Eraser, What
from ticketgate.ports import Transaction

NEVER = Word("triager", "")
MANAGER = Stage("manager", (Word("manager_of", "beneficiary"),), 1, ())
SECURITY = Stage("security", (Word("group", "sec-iam"), Word("person", "bob")), 1, ())


def doubting(policy: Policy, *stages: Stage, never: tuple[Word, ...] = ()) -> Policy:
    """The policy, unsure of what asks for elevated access; with these stages in every rule."""
    classify = tuple(
        replace(rule, verdict=rule.verdict.UNCERTAIN) if rule.id == "elevated-access-item" else rule
        for rule in policy.classify
    )
    rules = tuple(
        one if one.automatic else replace(one, stages=stages, never=never) for one in policy.approve
    )
    return replace(policy, classify=classify, approve=rules)


def triaged(gate: Gate, by: str, *stages: Stage, never: tuple[Word, ...] = ()) -> Lane:
    """Alice's ticket, of which `by` said that it asks for access."""
    gate.restart(doubting(gate.policy, *stages, never=never))
    lane = Lane(gate)
    gate.deliver(access_ticket(by="alice"))
    assert lane.say(by, kinds=("privilege.elevate",), tier="high") == ""
    gate.run_mail()
    return lane


def asked(gate: Gate) -> set[str]:
    """Whom the request was put to."""
    (request,) = gate.requests()
    with gate.db() as looking:
        return {one.approver for one in looking.links.of_request(request.id)}


def test_who_triaged_it_is_not_asked(gate: Gate) -> None:
    triaged(gate, "carol", SECURITY, never=(NEVER,))
    assert gate.states() == ["awaiting"]
    assert "carol" not in asked(gate)
    assert "bob" in asked(gate)
    (record,) = gate.records("request.opened")
    said = gate.records("ticket.classified")[-1]["person"]
    assert record["triagers"] == [said]
    gate.approve("bob")
    assert gate.states() == ["approved"]
    assert gate.verified().failing == ()


def test_without_the_word_they_are(gate: Gate) -> None:
    triaged(gate, "carol", SECURITY)
    assert "carol" in asked(gate)
    assert "triagers" not in gate.records("request.opened")[0]
    gate.approve("carol")
    assert gate.states() == ["approved"]
    assert gate.verified().failing == ()


def test_of_one_stage_they_are_kept_from_that_stage_alone(gate: Gate) -> None:
    second = replace(SECURITY, never=(NEVER,))
    triaged(gate, "bob", MANAGER, second)
    gate.approve("bob")
    (after,) = gate.records("request.awaiting")
    assert after["cause"] == "next_stage"
    assert after["triagers"] == [gate.records("ticket.classified")[-1]["person"]]
    gate.approve("carol")
    assert gate.states() == ["approved"]
    assert gate.verified().failing == ()


def test_where_nobody_else_may_it_is_blocked(gate: Gate) -> None:
    triaged(gate, "bob", MANAGER, never=(NEVER,))
    assert gate.states() == ["blocked"]
    assert gate.requests()[0].reasons == ("unfillable",)


def test_a_no_bans_nobody_from_what_is_asked_later(gate: Gate) -> None:
    gate.restart(doubting(gate.policy, SECURITY, never=(NEVER,)))
    lane = Lane(gate)
    gate.deliver(access_ticket(by="alice"))
    assert lane.say("carol", "not_identity") == ""
    again = access_ticket(version=2, by="alice", reason="the other migration is planned")
    gate.deliver(again)
    assert lane.say("bob", kinds=("privilege.elevate",), tier="high") == ""
    gate.run_mail()
    assert "carol" in asked(gate)
    assert "bob" not in asked(gate)


def test_who_said_it_of_an_earlier_revision_is_kept_out_too(gate: Gate) -> None:
    lane = triaged(gate, "carol", SECURITY, never=(NEVER,))
    gate.deliver(access_ticket(version=2, by="alice", reason="the other migration is planned"))
    assert lane.say("bob", kinds=("privilege.elevate",), tier="high") == ""
    gate.run_mail()
    request = gate.requests()[-1]
    assert request.triagers == {"carol", "bob"}
    with gate.db() as looking:
        links = looking.links.of_request(request.id)
    assert not {one.approver for one in links} & {"bob", "carol"}


def test_who_triages_while_a_link_is_out_is_refused_over_it(gate: Gate) -> None:
    """The link is from before; what counts is who triaged when it is used."""
    triaged(gate, "bob", SECURITY, never=(NEVER,))
    token = gate.tokens("carol")[-1]
    (request,) = gate.requests()

    def triage_too(tx: Transaction, now: datetime) -> None:
        del now
        row = tx.tickets.find(request.ticket)
        assert row is not None
        tx.tickets.save(replace(row, shapers=(*row.shapers, Shaper("triager", Party("carol", "")))))

    gate.write(triage_too)
    assert code_of(gate.decide("carol", token=token)) in {"ticket_changed", "separation_of_duties"}
    assert "approved" not in gate.states()


def test_erasing_a_triager_takes_their_name_and_leaves_the_ticket(gate: Gate) -> None:
    triaged(gate, "bob", SECURITY, never=(NEVER,))
    eraser = Eraser(gate.store, KEEP, gate.clock.now)
    assert eraser.erase(What(person="bob"), "os:0@host", "he left").erased == {}
    gate.deliver(closed(access_ticket(version=2, by="alice")))
    gate.clock.at += timedelta(days=31)
    done = eraser.erase(What(person="bob"), "os:0@host", "he left")
    assert "ticket" not in done.erased
    with gate.db() as looking:
        row = looking.tickets.find(gate.requests()[0].ticket)
        assert row is not None
        assert row.ticket.fields
        held = {one.party.subject for one in row.shapers if one.role == "triager"}
    assert held
    assert "bob" not in held
    assert gate.requests()[0].triagers == held
