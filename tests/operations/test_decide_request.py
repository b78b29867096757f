"""The one decision function: who may, until when, on what, and what comes of it."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.kit import WHY, Gate, code_of
from tests.operations.tickets import access_ticket, account, edited, report_ticket

from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.requests.ground import Ground
from ticketgate.operations.deciding.decide_request import (
    JUSTIFICATION_CHARS_MAX,
    Decided,
    Form,
    SignedIn,
    decide_request,
)
from ticketgate.operations.evidence.gateway_records import note_loaded
from ticketgate.operations.people.sign_in import secret_hash

HOUR = 3600


# --- the way through -------------------------------------------------------------------------


def test_two_named_people_in_two_stages_approve(asked: Gate) -> None:
    assert asked.tokens("carol") == []
    assert getattr(asked.decide("bob"), "state", "") == "awaiting"
    asked.run_mail()
    decided = asked.decide("carol")
    assert isinstance(decided, Decided)
    assert (decided.decision, decided.state) == ("approve", "approved")
    first, second = asked.records("decision.recorded")
    assert (first["stage"], first["clause"], first["need"]) == (1, "manager_of:beneficiary", 1)
    assert (second["stage"], second["clause"]) == (2, "group:sec-iam")
    assert decided.evidence.index == second["_seq"]
    assert WHY not in str(asked.records())
    assert asked.grant_states() == ["planned"]


def test_one_denial_ends_the_request(asked: Gate) -> None:
    asked.decide("bob")
    asked.run_mail()
    assert getattr(asked.decide("dan", "deny"), "state", "") == "denied"
    assert code_of(asked.decide("carol")) == "already_decided"
    assert (asked.states(), asked.grants()) == (["denied"], [])


def test_a_stage_that_needs_two_waits_for_the_second(gate: Gate) -> None:
    rule = gate.policy.approve[0]
    line, security = rule.stages
    rule = replace(rule, stages=(replace(security, need=2), line))
    gate.restart(replace(gate.policy, approve=(rule,)))
    gate.deliver(access_ticket())
    gate.run_mail()
    assert getattr(gate.decide("dan"), "state", "") == "awaiting"
    assert gate.requests()[0].stage == 1
    gate.decide("carol")
    assert gate.requests()[0].stage == 2
    gate.approve("bob")
    assert gate.states() == ["approved"]
    assert [one["need"] for one in gate.records("decision.recorded")] == [2, 2, 1]


def test_the_others_of_a_stage_learn_that_it_is_over(asked: Gate) -> None:
    asked.approve("bob", "carol")
    assert code_of(asked.decide("dan")) == "already_decided"
    assert asked.refusals() == ["already_decided"]


def test_the_others_of_an_earlier_stage_learn_it_too(gate: Gate) -> None:
    """While the request still waits for its next stage."""
    rule = gate.policy.approve[0]
    gate.restart(replace(gate.policy, approve=(replace(rule, stages=rule.stages[::-1]),)))
    gate.deliver(access_ticket())
    gate.approve("carol")
    assert code_of(gate.decide("dan")) == "already_decided"
    assert gate.states() == ["awaiting"]


# --- how long --------------------------------------------------------------------------------


def test_approvers_may_shorten(asked: Gate) -> None:
    asked.run_mail()
    asked.decide("bob", seconds=HOUR)
    asked.run_mail()
    assert asked.requests()[0].seconds_now == HOUR
    asked.decide("carol")
    assert asked.grants()[0].seconds == HOUR


def test_nobody_may_lengthen(asked: Gate) -> None:
    assert code_of(asked.decide("bob", seconds=2 * HOUR + 1)) == "seconds"
    asked.decide("bob", seconds=HOUR)
    asked.run_mail()
    assert code_of(asked.decide("carol", seconds=2 * HOUR)) == "seconds"
    assert code_of(asked.decide("carol", seconds=0)) == "seconds"
    assert asked.refusals() == ["seconds"] * 3


@pytest.mark.parametrize(
    ("hours", "seconds"), [("", 2 * HOUR), ("3", 3 * HOUR), ("PT90M", 5400), ("30d", 4 * HOUR)]
)
def test_a_life_is_the_one_asked_for_within_the_limit(gate: Gate, hours: str, seconds: int) -> None:
    gate.deliver(access_ticket(hours=hours))
    assert gate.requests()[0].seconds == seconds


def test_without_a_limit_there_is_no_access(gate: Gate) -> None:
    gate.restart(replace(gate.policy, limits=()))
    gate.deliver(access_ticket())
    assert gate.requests()[0].reasons == ("no_limit",)


# --- until when, and on what -----------------------------------------------------------------


def test_a_link_works_once(asked: Gate) -> None:
    asked.decide("bob")
    asked.run_mail()
    assert code_of(asked.decide("bob", "deny")) == "link_used"
    assert asked.refusals() == ["link_used"]
    assert asked.requests()[0].stage == 2


@pytest.mark.parametrize("swept", [False, True])
def test_a_decision_after_its_deadline_changes_nothing(asked: Gate, *, swept: bool) -> None:
    """The sweeper only helps: the deadline is checked inline, with the same code."""
    asked.clock.at += timedelta(hours=8)
    if swept:
        asked.keeper.step()
    before = asked.requests()
    assert code_of(asked.decide("bob")) == "decision_late"
    assert asked.requests() == before
    assert asked.refusals() == ["decision_late"]


def test_a_moment_before_the_deadline_counts(asked: Gate) -> None:
    asked.clock.at += timedelta(hours=8) - timedelta(microseconds=1)
    assert code_of(asked.decide("bob")) == ""
    assert not asked.verified().failing  # a record has the very time by which it was judged


def test_a_decision_on_another_digest_changes_nothing(asked: Gate) -> None:
    assert code_of(asked.decide("bob", shown="0" * 64)) == "shown_changed"
    assert asked.refusals() == ["shown_changed"]
    assert code_of(asked.decide("bob")) == ""


@pytest.mark.parametrize("why", ["", "   ", "short", "x" * (JUSTIFICATION_CHARS_MAX + 1)])
def test_a_decision_needs_a_justification(asked: Gate, why: str) -> None:
    assert code_of(asked.decide("bob", why=why)) == "justification"
    assert code_of(asked.decide("bob")) == ""


def test_a_justification_of_what_nobody_can_read_is_none(asked: Gate) -> None:
    for blank in ("\u200b" * 40, "." * 40, "\u3164" * 40):
        assert code_of(asked.decide("bob", why=blank)) == "justification"
    assert asked.states() == ["awaiting"]


def test_a_decision_is_to_approve_or_to_deny(asked: Gate) -> None:
    assert code_of(asked.decide("bob", "maybe")) == "decision"
    assert asked.states() == ["awaiting"]


def test_a_decision_on_a_ticket_edited_meanwhile_is_refused(asked: Gate) -> None:
    old = asked.tokens("bob")[-1]
    asked.deliver(edited(access_ticket(), reason="something else"))
    asked.clock.at += timedelta(hours=1)
    assert code_of(asked.decide("bob", token=old)) == "ticket_changed"
    assert asked.refusals() == ["ticket_changed"]


def test_a_round_that_is_over_can_not_be_decided_on(asked: Gate) -> None:
    """Stage one of round one was approved; round two begins at stage one again."""
    asked.approve("bob")
    asked.deliver(edited(access_ticket(), reason="something else"))
    assert asked.requests()[0].stage == 1
    assert code_of(asked.decide("carol")) == "ticket_changed"
    asked.approve("bob", "carol")
    assert asked.states() == ["approved"]


def test_a_changed_policy_opens_a_new_round(asked: Gate) -> None:
    """Between restart and the first sweep a decision finds it out by itself."""
    rule = asked.policy.approve[0]
    stricter = replace(rule, justification_chars_min=30, digest="another")
    asked.restart(replace(asked.policy, approve=(stricter,), digest="p2"))
    old = asked.tokens("bob")[-1]
    assert code_of(asked.decide("bob")) == "rules_changed"
    assert asked.requests()[0].round == 2
    assert code_of(asked.decide("bob", token=old)) == "rules_changed"
    asked.run_mail()
    assert code_of(asked.decide("bob")) == ""


def test_a_rule_or_an_entitlement_that_is_gone_approves_nothing(asked: Gate) -> None:
    asked.restart(replace(asked.policy, entitlements=asked.policy.entitlements[1:]))
    assert code_of(asked.decide("bob")) == "request_blocked"
    assert asked.states()[0] == "withdrawn"
    asked.tick()
    assert asked.states() == ["withdrawn", "blocked"]
    assert asked.requests()[-1].reasons == ("no_entitlement",)


def test_a_request_that_no_rule_covers_any_more_is_blocked_when_decided_on(asked: Gate) -> None:
    asked.restart(replace(asked.policy, approve=asked.policy.approve[1:]))
    assert code_of(asked.decide("bob")) == "rules_changed"
    assert asked.states() == ["withdrawn", "blocked"]


def test_rules_that_are_not_sure_any_more_block_the_request(asked: Gate) -> None:
    never = Clause("ticket.table", "equals", ("nowhere",), 1)
    asked.restart(
        replace(
            asked.policy,
            classify=tuple(replace(one, match=never) for one in asked.policy.classify),
        )
    )
    asked.tick()
    assert asked.states() == ["withdrawn", "blocked"]
    assert "uncertain" in asked.requests()[-1].reasons


def test_a_beneficiary_who_has_left_meanwhile_stands_in_the_way(asked: Gate) -> None:
    """The request that opens instead is found by the next sweep, and says what is wrong."""
    asked.directory.leave("alice")
    assert code_of(asked.decide("bob")) == "request_blocked"
    assert asked.states() == ["withdrawn", "blocked"]
    asked.directory.change("alice", active=True)
    asked.tick()
    assert asked.states() == ["withdrawn", "awaiting"]


# --- what is not settled yet -----------------------------------------------------------------


def test_an_edit_answered_but_not_worked_off_lets_nobody_decide(asked: Gate) -> None:
    asked.receive(edited(access_ticket(), reason="something else"))
    before = asked.evidence_size()
    assert code_of(asked.decide("bob")) == "ticket_backlog"
    assert asked.evidence_size() == before
    assert sum(asked.waits) == pytest.approx(2.0)
    assert asked.requests()[0].round == 1


def test_a_decision_waits_for_the_worker(asked: Gate) -> None:
    worked: list[int] = []
    asked.receive(edited(access_ticket(), short_description="any news?"))
    asked.on_wait = lambda _: worked.append(asked.work())
    assert code_of(asked.decide("bob")) == ""


def test_a_backlog_of_another_ticket_holds_nobody_up(asked: Gate) -> None:
    asked.receive(access_ticket("t2"), "msg:t2", hint="t2")
    assert code_of(asked.decide("bob")) == ""


def test_a_parked_delivery_that_may_be_of_this_ticket_blocks_until_it_is_seen_again(
    asked: Gate,
) -> None:
    asked.receive(b"{", quarantine="not_json")
    assert code_of(asked.decide("bob")) == "ticket_backlog"
    asked.deliver(edited(access_ticket()))
    assert code_of(asked.decide("bob")) == ""


def test_a_parked_delivery_of_another_ticket_blocks_nothing(asked: Gate) -> None:
    asked.receive(b"{", quarantine="not_json", hint="t2")
    assert code_of(asked.decide("bob")) == ""


def decided_with(gate: Gate, snapshot: DirectorySnapshot) -> str:
    """The code of Bob's decision on this reading of the directory."""
    token = gate.tokens("bob")[-1]
    form = Form("approve", WHY, None, gate.shown(token))
    who = SignedIn("bob", "mail_code", gate.clock.now())
    ground = Ground(gate.policy, snapshot)
    return code_of(
        gate.write(
            partial(
                decide_request, token_hash=secret_hash(token), who=who, form=form, ground=ground
            )
        )
    )


def test_a_directory_older_than_the_newest_one_decides_nothing(asked: Gate) -> None:
    old = asked.desk.snapshot()
    asked.clock.at += timedelta(seconds=1)
    asked.directory.change("mallory", name="Mallory M.")
    asked.desk.snapshot()
    late = partial(note_loaded, kind="directory", digest=old.digest, read_at=old.read_at)
    assert not asked.write(late), "noted later, but read earlier"
    assert decided_with(asked, old) == "directory_stale"
    assert asked.refusals() == []


def test_a_reading_of_the_directory_lasts_a_minute(asked: Gate) -> None:
    snapshot = asked.desk.snapshot()
    asked.clock.at += timedelta(seconds=60, microseconds=1)
    assert decided_with(asked, snapshot) == "directory_stale"
    asked.clock.at -= timedelta(microseconds=1)
    assert decided_with(asked, snapshot) == ""


def test_while_the_directory_cannot_be_read_nobody_decides(asked: Gate) -> None:
    asked.directory.unreadable = True
    assert code_of(asked.decide("bob")) == "directory_unreadable"
    asked.directory.unreadable = False
    assert code_of(asked.decide("bob")) == ""


def test_while_the_clock_is_disputed_nobody_decides(asked: Gate) -> None:
    asked.clock.skew = timedelta(minutes=-6)
    assert code_of(asked.decide("bob")) == "clock_disputed"
    asked.clock.skew = timedelta(minutes=5)
    assert code_of(asked.decide("bob")) == ""


# --- a low tier ------------------------------------------------------------------------------


def test_a_low_tier_needs_one_person(gate: Gate) -> None:
    gate.deliver(report_ticket())
    gate.approve("erin")
    assert gate.states() == ["approved"]
    assert gate.grants()[0].seconds == 8 * HOUR


def test_a_ticket_opened_for_somebody_else_bars_both(gate: Gate) -> None:
    gate.deliver(report_ticket(by="bob", beneficiary="alice"))
    gate.run_mail()
    assert gate.tokens("bob") == []
    gate.approve("erin")
    assert gate.requests()[0].requester.account == account("bob").id
