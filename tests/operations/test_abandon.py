"""Two operators give up on a revocation that its target never confirms; nothing says it is gone."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.operations.emergencies import faults_of
from tests.operations.kit import Gate, log_of, only
from tests.operations.rebuilt import compared
from tests.operations.test_erase import erase
from tests.operations.tickets import access_ticket, closed

from ticketgate.domain.errors import Refusal
from ticketgate.domain.grants.command import CommandKind, CommandState
from ticketgate.domain.log.restore import WORD_LIFE, to_abandon
from ticketgate.domain.policy.policy import Word
from ticketgate.operations.attending.abandon import AbandonForm
from ticketgate.operations.cases.exceptions import void_exception
from ticketgate.operations.desks.abandon_desk import AbandonDesk, AbandonView
from ticketgate.operations.grants.enforce import Called, revoked
from ticketgate.operations.grants.revoke import Choice, revoke
from ticketgate.ports import Transaction

WHY = "the system behind it was switched off for good last night"
NAMED = ("alice", "bob", "carol", "dan", "erin")
ROLES = {"operator": tuple(Word("person", one) for one in NAMED)}


class Office:
    """The desk of a gate where revocations are given up, and what people say at it."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        here = (gate.store, gate.clock, gate.directory, gate.desk.snapshot)
        self.desk = AbandonDesk(*here, ROLES, gate.in_force, {})

    def view(self, person: str = "dan") -> AbandonView:
        found = self.desk.view(self.ident, person)
        assert isinstance(found, AbandonView), found
        return found

    @property
    def ident(self) -> str:
        return only(self.gate).id

    def say(self, person: str, *, shown: str | None = None, why: str = WHY, ident: str = "") -> str:
        """The code of the refusal; empty when the word was taken."""
        shown = self.view().shown if shown is None else shown
        form = AbandonForm(why, shown)
        said = self.desk.say(ident or self.ident, self.gate.session(person), form)
        return said.code if isinstance(said, Refusal) else ""


@pytest.fixture
def stuck(active: Gate) -> Iterator[Gate]:
    """Alice's access is past its end, and its target does not answer."""
    active.target.down = True
    active.tick(7200)
    active.tick(61)
    assert active.grant_states() == ["revoke_overdue"]
    yield active
    assert active.verified().failing == ()
    assert faults_of(active.records()) == (set(), set())
    assert compared(active) == []


@pytest.fixture
def office(stuck: Gate) -> Office:
    return Office(stuck)


def test_the_word_of_one_does_not_do(office: Office) -> None:
    assert office.say("dan") == ""
    assert office.say("dan") == "distinct_people"
    assert (office.view().mine, office.view().said_by) == (True, ("Dan Kowalski",))
    assert office.view("erin").mine is False
    assert office.gate.grant_states() == ["revoke_overdue"]
    office.gate.target.heal()
    office.gate.tick(300)
    assert office.gate.grant_states() == ["revoked"]
    with office.gate.db() as looking:  # what they typed is kept for nothing any more
        assert looking.restores.statements(to_abandon(office.ident)) == []


def test_the_words_of_two_do_and_both_say_why(office: Office) -> None:
    gate = office.gate
    shown = office.view().shown
    assert [office.say(one) for one in ("dan", "erin")] == ["", ""]
    assert log_of(gate)[-1] == ("abandoned", "given_up")
    assert only(gate).ended_at == gate.clock.now()
    assert only(gate).cause == "expired"  # why it was to end
    (record,) = gate.records("revocation.abandoned")
    with gate.db() as looking:
        by = [looking.people.subject(one) for one in record["by"]]
        assert looking.restores.statements(to_abandon(only(gate).id)) == []
    assert by == ["dan", "erin"]
    assert (record["outcome"], record["shown"]) == ("target_unavailable", shown)
    assert len(record["sd"]) == 2


def test_the_target_is_never_called_again_and_the_access_is_an_exception(office: Office) -> None:
    gate = office.gate
    office.say("dan")
    office.say("erin")
    gate.target.heal()
    gate.tick(86_400)
    gate.restart()
    assert (gate.grant_states(), gate.members()) == (["abandoned"], {"alice"})
    with gate.db() as looking:
        (case,) = looking.exceptions.listed("opened", 9)
        assert looking.exceptions.named(case) == {"alice", "dan", "erin"}
    assert (case.code, case.about) == ("access_may_stand", only(gate).id)
    choice = Choice(person="alice")
    assert gate.write(partial(revoke, choice=choice, by="os:1@host", reason=WHY)) == []


@pytest.mark.parametrize(("code", "outcome"), [("", "removed"), ("target_throttled",) * 2])
def test_what_a_call_under_way_says_later_is_kept_and_moves_nothing(
    office: Office, code: str, outcome: str
) -> None:
    gate = office.gate
    with gate.db() as looking:
        command = looking.commands.of(only(gate).id, CommandKind.REVOKE)
    assert command is not None
    office.say("dan")
    office.say("erin")
    with gate.db() as looking:
        after = looking.commands.get(command.id)
    assert after is not None
    assert after.state is CommandState.CANCELLED
    gate.write(partial(revoked, ident=command.id, called=Called(code, retryable=True)))
    (record,) = gate.records("revocation.seen")
    assert (record["grant"], record["outcome"]) == (only(gate).id, outcome)
    assert gate.grant_states() == ["abandoned"]


def test_another_answer_of_the_target_makes_the_first_word_void(office: Office) -> None:
    old = office.view().shown
    office.say("dan")
    with office.gate.db() as looking:
        command = looking.commands.of(office.ident, CommandKind.REVOKE)
    assert command is not None
    other = replace(command, last_outcome="target_throttled")

    def answered(tx: Transaction, now: datetime) -> None:
        del now
        tx.commands.save(other)

    office.gate.write(answered)
    assert office.say("erin", shown=old) == "shown_changed"
    assert office.view().said_by == ()
    assert office.say("erin") == ""
    assert office.gate.grant_states() == ["revoke_overdue"]


@pytest.mark.parametrize("person", ["alice", "bob", "carol"])
def test_who_asked_gets_or_approved_it_gives_nothing_up(office: Office, person: str) -> None:
    refusal = office.view(person).barred
    assert refusal is not None
    assert refusal.code == "own_grant"
    assert office.say(person) == "own_grant"
    assert office.view().barred is None


def test_the_word_of_somebody_who_turns_out_to_be_its_approver_does_not_count(
    office: Office,
) -> None:
    people = office.gate.directory.people
    assert office.say("dan") == ""
    people["dan"] = replace(people["dan"], aliases=frozenset({"bob"}))
    assert office.say("dan") == "own_grant"
    assert office.say("erin") == ""
    assert office.gate.grant_states() == ["revoke_overdue"]


def test_a_first_word_that_is_too_old_does_not_count(office: Office) -> None:
    assert office.say("dan") == ""
    shown = office.view().shown
    office.gate.clock.at += WORD_LIFE
    assert not office.view().said_by
    assert office.say("erin", shown=shown) == ""
    assert office.gate.grant_states() == ["revoke_overdue"]
    assert office.say("dan", shown=shown) == ""
    assert office.gate.grant_states() == ["abandoned"]


def test_who_is_no_operator_neither_sees_nor_says_anything(office: Office) -> None:
    shown = office.view().shown
    found = office.desk.view(office.ident, "mallory")
    assert isinstance(found, Refusal)
    assert found.code == "not_operator" == office.say("mallory", shown=shown)


def test_words_without_a_reason_or_about_nothing_are_refused(office: Office) -> None:
    assert office.say("dan", why="gone") == "reason"
    assert office.say("dan", ident="grt_none") == "not_found"
    found = office.desk.view("grt_none", "dan")
    assert isinstance(found, Refusal)
    assert found.code == "not_found"


def test_what_is_shown_is_whose_access_it_is_where_and_what_was_heard(office: Office) -> None:
    view, grant = office.view(), only(office.gate)
    assert view.who.endswith("(alice)")
    assert (view.entitlement, view.target) == (grant.entitlement, grant.target)
    assert (view.not_after, view.since) == (grant.not_after, grant.revoking_since)
    assert (view.outcome, view.cause) == ("target_unavailable", "expired")
    assert view.tries == 2


def test_only_what_is_overdue_is_given_up(active: Gate) -> None:
    office = Office(active)
    found = office.desk.view(office.ident, "dan")
    assert isinstance(found, Refusal)
    assert found.code == "not_overdue" == office.say("dan", shown="0" * 64)
    assert active.grant_states() == ["active"]
    assert active.deliver(access_ticket(version=2)) == "identity"


def test_a_grant_that_nothing_is_queued_for_is_given_up_as_well(office: Office) -> None:
    gate = office.gate

    def nothing(tx: Transaction, now: datetime) -> None:
        del now
        command = tx.commands.of(only(gate).id, CommandKind.REVOKE)
        assert command is not None
        tx.commands.save(replace(command, state=CommandState.CANCELLED))

    gate.write(nothing)
    assert (office.view().outcome, office.view().tries) == ("", 0)
    assert [office.say(one) for one in ("dan", "erin")] == ["", ""]
    assert gate.records("revocation.abandoned")[0]["outcome"] == ""


def test_whose_access_may_stand_is_not_erased_until_somebody_has_seen_to_it(office: Office) -> None:
    gate = office.gate
    gate.deliver(closed(access_ticket(version=2)))
    assert [office.say(one) for one in ("dan", "erin")] == ["", ""]
    gate.clock.at += timedelta(days=31)
    assert {one.about[0] for one in erase(gate).retained} == {"actor", "request", "ticket"}
    with gate.db() as looking:
        (case,) = looking.exceptions.listed("opened", 9)
    gate.write(partial(void_exception, case=case))
    assert erase(gate).retained == ()
