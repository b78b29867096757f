"""What people at the page see, and that looking changes nothing."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.kit import ORIGIN, WHY, Gate
from tests.operations.tickets import access_ticket, closed, edited

from ticketgate.domain.errors import Refusal, TicketgateError
from ticketgate.operations.deciding.link_view import LinkView
from ticketgate.operations.desks.desk import Session
from ticketgate.operations.evidence.gateway_records import note_loaded
from ticketgate.ports import Operation


@pytest.fixture
def asked(gate: Gate) -> Gate:
    """Alice has asked for prod-db-admin; Bob has his mail."""
    gate.deliver(access_ticket(hours="3"))
    gate.run_mail()
    return gate


def seen(gate: Gate, person: str, token: str | None = None) -> LinkView:
    """The page, which must be one."""
    view = gate.look(person, token)
    assert isinstance(view, LinkView), view
    return view


def test_the_page_shows_exactly_what_is_decided_about(asked: Gate) -> None:
    view = seen(asked, "bob")
    assert (view.ticket, view.source) == ("RITM-t1", "snow-prod")
    assert (view.requester, view.beneficiary) == ("Alice Moreau (alice)", "Alice Moreau (alice)")
    assert (view.entitlement, view.target) == ("prod-db-admin", "corp-scim")
    assert view.access == (("group", "SG-PROD-DB-ADMIN"),)
    assert (view.seconds, view.seconds_asked, view.reason) == (10_800, 10_800, "billing migration")
    assert (view.tier, view.kinds) == ("high", ("privilege.elevate",))
    assert [rule for rule, _ in view.rules] == ["elevated-access-item"]
    assert view.approve_rule[0] == "high-and-critical"
    assert (view.clause, view.stage, view.stages) == ("manager_of:beneficiary", 1, 2)
    assert (view.state, view.mine, view.decisions, view.evidence) == ("awaiting", "", (), "")
    assert view.shown == asked.shown(asked.tokens("bob")[-1])


def test_a_later_stage_sees_who_decided_before(asked: Gate) -> None:
    asked.decide("bob", seconds=60)
    asked.run_mail()
    view = seen(asked, "carol")
    assert view.seconds == 60
    assert [(name, said) for name, said, _ in view.decisions] == [("Bob Ng", "approve")]
    assert view.shown == asked.shown(asked.tokens("carol")[-1])


def test_who_has_decided_sees_the_outcome_and_its_record(asked: Gate) -> None:
    asked.decide("bob")
    view = seen(asked, "bob")
    recorded = asked.records("decision.recorded")[0]["_seq"]
    assert (view.state, view.mine, view.evidence) == ("awaiting", "approve", f"{ORIGIN}#{recorded}")


def test_a_new_round_asks_who_has_decided_before_again(asked: Gate) -> None:
    """The approval of the earlier round is not his answer to this one."""
    asked.decide("bob")
    asked.deliver(edited(access_ticket(hours="3"), reason="something else"))
    asked.run_mail()
    view = seen(asked, "bob")
    assert (view.round, view.state, view.mine) == (2, "awaiting", "")


def test_looking_changes_no_request_and_no_link_and_is_noted_once_an_hour(asked: Gate) -> None:
    before = asked.requests()
    for _ in range(30):
        seen(asked, "bob")
    asked.clock.at += timedelta(hours=1)
    seen(asked, "bob")
    assert asked.requests() == before
    assert len(asked.records("view.recorded")) == 2
    asked.decide("bob")
    first = asked.records("decision.recorded")[0]["first_viewed_at"]
    assert first == "2026-11-22T08:00:00.000000Z"


def test_a_link_of_somebody_else_or_of_nobody_is_not_found(asked: Gate) -> None:
    token = asked.tokens("bob")[-1]
    for outcome in (asked.look("mallory", token), asked.look("mallory", "guess")):
        assert isinstance(outcome, Refusal)
        assert outcome.code == "not_found"
    assert asked.records("view.recorded") == []


def test_who_may_no_longer_decide_is_told_why(asked: Gate) -> None:
    asked.directory.change("alice", manager="carol")
    outcome = asked.look("bob")
    assert isinstance(outcome, Refusal)
    assert outcome.code == "not_entitled"


def test_a_page_whose_directory_cannot_be_read_says_so(asked: Gate) -> None:
    asked.directory.unreadable = True
    outcome = asked.look("bob")
    assert isinstance(outcome, Refusal)
    assert outcome.code == "directory_unreadable"
    asked.directory.unreadable = False


def test_a_deadline_shows_before_anything_sweeps(asked: Gate) -> None:
    asked.clock.at += timedelta(hours=8)
    assert seen(asked, "bob").state == "timed_out"


@pytest.mark.parametrize(("what", "state"), [("close", "withdrawn"), ("carol", "approved")])
def test_a_link_that_is_over_says_how_it_ended(asked: Gate, what: str, state: str) -> None:
    asked.approve("bob")
    token = asked.tokens("dan")[-1]
    if what == "carol":
        asked.approve("carol")
    else:
        asked.deliver(closed(access_ticket(hours="3")))
    assert seen(asked, "dan", token).state == state


def test_a_rule_that_is_gone_or_shorter_shows_nothing_stale(asked: Gate) -> None:
    asked.approve("bob")
    (rule, *rest) = asked.policy.approve
    for approve in (tuple(rest), (replace(rule, stages=rule.stages[:1]), *rest)):
        asked.restart(replace(asked.policy, approve=approve))
        outcome = asked.look("carol")
        assert isinstance(outcome, Refusal)
        assert outcome.code == "rules_changed"


def test_a_store_that_takes_nothing_is_a_refusal_and_nothing_is_decided(asked: Gate) -> None:
    token = asked.tokens("bob")[-1]
    shown = asked.shown(token)
    asked.stop()
    outcome = asked.decide("bob", token=token, shown=shown)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "store_unavailable"
    asked.start()
    assert asked.requests()[0].stage == 1


# --- signing in ------------------------------------------------------------------------------


def code_mailed(gate: Gate, person: str) -> str:
    """The code in the newest mail to a person."""
    gate.run_mail()
    text = gate.post.to(gate.directory.people[person].mail)[-1].text
    return next(word for word in text.split() if word.isdigit() and len(word) == 8)


def test_a_code_signs_in_the_holder_of_a_link(asked: Gate) -> None:
    token = asked.tokens("bob")[-1]
    assert asked.desk.ask_code("browser", address=None, token=token) is None
    session = asked.desk.enter_code("browser", code_mailed(asked, "bob"))
    assert not isinstance(session, Refusal)
    assert (session.subject, session.name, session.method) == ("bob", "Bob Ng", "mail_code")
    again = asked.desk.session(session.id)
    assert again == session
    decided = asked.desk.decide(
        token,
        session,
        decision="approve",
        justification=WHY,
        seconds=None,
        shown=asked.shown(token),
    )
    assert not isinstance(decided, Refusal)


def test_a_wrong_code_signs_nobody_in(asked: Gate) -> None:
    asked.desk.ask_code("browser", address="bob@example.com", token=None)
    code_mailed(asked, "bob")
    outcome = asked.desk.enter_code("browser", "00000000")
    assert isinstance(outcome, Refusal)
    assert outcome.code == "code_wrong"


def test_signing_out_ends_the_session(asked: Gate) -> None:
    asked.desk.ask_code("browser", address="BOB@example.com ", token=None)
    session = asked.desk.enter_code("browser", code_mailed(asked, "bob"))
    assert not isinstance(session, Refusal)
    asked.desk.sign_out(session.id)
    assert asked.desk.session(session.id) is None


def test_a_session_ends_by_time(asked: Gate) -> None:
    asked.desk.ask_code("browser", address="bob@example.com", token=None)
    session = asked.desk.enter_code("browser", code_mailed(asked, "bob"))
    assert not isinstance(session, Refusal)
    asked.clock.at = session.expires_at
    assert asked.desk.session(session.id) is None
    assert asked.desk.session("guess") is None


@pytest.mark.parametrize("gone", [False, True])
def test_who_has_left_stays_signed_in_to_be_refused_with_a_record(
    asked: Gate, *, gone: bool
) -> None:
    token = asked.tokens("bob")[-1]
    asked.desk.ask_code("browser", address="bob@example.com", token=None)
    session = asked.desk.enter_code("browser", code_mailed(asked, "bob"))
    assert not isinstance(session, Refusal)
    asked.directory.leave("bob")
    if gone:
        del asked.directory.people["bob"]
    kept = asked.desk.session(session.id)
    assert kept is not None
    shown = asked.shown(token)
    asked.desk.decide(token, kept, decision="approve", justification=WHY, seconds=None, shown=shown)
    assert asked.refusals() == ["approver_unknown" if gone else "approver_inactive"]


@pytest.mark.parametrize(
    "address", ["nobody@example.com", "frank@example.com", "", "bob@example.com, x@example.com"]
)
def test_asking_a_code_tells_nothing_about_who_exists(gate: Gate, address: str) -> None:
    assert gate.desk.ask_code("browser", address=address, token=None) is None
    assert gate.desk.ask_code("browser", address=None, token="guess") is None
    gate.run_mail()
    assert gate.post.mails == []


def test_too_many_codes_are_refused_for_links_and_unsaid_for_addresses(asked: Gate) -> None:
    token = asked.tokens("bob")[-1]
    for _ in range(5):
        assert asked.desk.ask_code("browser", address="bob@example.com", token=None) is None
    assert asked.desk.ask_code("browser", address="bob@example.com", token=None) is None
    refusals = [asked.desk.ask_code("browser", address=None, token=token) for _ in range(6)]
    assert refusals[:5] == [None] * 5
    assert refusals[5] is not None
    assert refusals[5].code == "too_many_codes"
    asked.run_mail()
    assert len(asked.post.to("bob@example.com")) == 11  # the link's, and five of each budget


def test_a_code_entered_after_its_person_left_signs_nobody_in(asked: Gate) -> None:
    asked.desk.ask_code("browser", address="bob@example.com", token=None)
    code = code_mailed(asked, "bob")
    asked.directory.leave("bob")
    outcome = asked.desk.enter_code("browser", code)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "code_wrong"
    assert [one["code"] for one in asked.records("sign_in.refused")] == ["approver_inactive"]


def test_a_code_entered_while_the_directory_cannot_be_read_stays_good(asked: Gate) -> None:
    asked.desk.ask_code("browser", address="bob@example.com", token=None)
    code = code_mailed(asked, "bob")
    asked.directory.unreadable = True
    with pytest.raises(TicketgateError, match="directory"):
        asked.desk.enter_code("browser", code)
    asked.directory.unreadable = False
    assert isinstance(asked.desk.enter_code("browser", code), Session)


def test_no_code_is_asked_while_the_directory_cannot_be_read(gate: Gate) -> None:
    gate.directory.unreadable = True
    refusal = gate.desk.ask_code("browser", address="bob@example.com", token=None)
    assert refusal is not None
    assert refusal.code == "directory_unreadable"
    gate.directory.unreadable = False


def test_what_is_loaded_is_recorded_once(gate: Gate) -> None:
    gate.desk.snapshot()
    gate.desk.snapshot()
    gate.directory.leave("dan")
    snapshot = gate.desk.snapshot()
    assert len(gate.records("directory.loaded")) == 2
    assert not gate.write(partial(note_loaded, kind="directory", digest=snapshot.digest))


def test_what_is_loaded_says_how_it_differs_from_what_was_before(gate: Gate) -> None:
    gate.desk.snapshot()
    gate.directory.leave("dan")
    gate.desk.snapshot()
    first, second = gate.records("directory.loaded")
    assert (first["difference"], "counts" in first) == ("first", False)
    assert (second["difference"], second["counts"]) == ("tightened", [["tightened", 1]])


def test_it_is_unknown_where_another_directory_was_recorded_meanwhile(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at what was recorded and the record itself, somebody records another."""
    gate.desk.snapshot()
    gate.directory.leave("dan")
    write = gate.store.write

    def beaten(operation: Operation[str | None]) -> str | None:
        monkeypatch.undo()
        gate.write(partial(note_loaded, kind="directory", digest="e" * 64))
        return write(operation)

    monkeypatch.setattr(gate.store, "write", beaten)
    gate.desk.snapshot()
    last = gate.records("directory.loaded")[-1]
    assert (last["difference"], "counts" in last) == ("unknown", False)


def test_a_directory_that_was_read_before_the_one_on_record_is_recorded_again(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody was faster with a newer one: what is here does not hold, and is not held to."""
    gate.desk.snapshot()
    gate.directory.leave("dan")
    write = gate.store.write

    def beaten(operation: Operation[str | None]) -> str | None:
        monkeypatch.undo()
        newer = gate.clock.now() + timedelta(seconds=1)
        gate.write(partial(note_loaded, kind="directory", digest="e" * 64, read_at=newer))
        return write(operation)

    monkeypatch.setattr(gate.store, "write", beaten)
    here = gate.desk.snapshot()
    assert gate.records("directory.loaded")[-1]["digest"] == "e" * 64
    gate.clock.at += timedelta(seconds=2)
    gate.desk.snapshot()
    last = gate.records("directory.loaded")[-1]
    assert (last["digest"], last["difference"]) == (here.digest, "unknown")
