"""The one decision function: who may, until when, on what, and what comes of it."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.kit import WHY, Gate
from tests.operations.tickets import access_ticket, account, edited, report_ticket

from ticketgate.domain.directory import DirectorySnapshot
from ticketgate.domain.errors import Refusal
from ticketgate.domain.matcher import Clause
from ticketgate.domain.policy import Stage, Word
from ticketgate.operations.decide_request import (
    JUSTIFICATION_CHARS_MAX,
    Decided,
    Form,
    Rules,
    SignedIn,
    decide_request,
)
from ticketgate.operations.sign_in import secret_hash
from ticketgate.operations.start import note_loaded

HOUR = 3600


def code_of(outcome: Decided | Refusal) -> str:
    """The refusal's code; empty for a decision."""
    return outcome.code if isinstance(outcome, Refusal) else ""


@pytest.fixture
def asked(gate: Gate) -> Gate:
    """Alice has asked for prod-db-admin; Bob has his mail."""
    gate.deliver(access_ticket())
    gate.run_mail()
    return gate


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


# --- who never -------------------------------------------------------------------------------


def sole(gate: Gate, person: str) -> None:
    """A policy under which this person is named by a stage, beside Dan."""
    rule = gate.policy.approve[0]
    stage = Stage("only", (Word("person", person), Word("person", "dan")), 1, ())
    gate.restart(replace(gate.policy, approve=(replace(rule, stages=(stage,)),)))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"active": False}, "approver_inactive"),
        ({"kind": "agent"}, "not_human"),
        ({"aliases": frozenset({"alice"})}, "alias_of_requester"),
        ({"manager": "alice"}, "separation_of_duties"),
    ],
)
def test_an_approver_is_looked_up_again_when_deciding(
    asked: Gate, change: dict[str, object], code: str
) -> None:
    """Without reload or restart: the directory is read for each decision."""
    asked.directory.change("bob", **change)
    assert code_of(asked.decide("bob")) == code
    assert asked.refusals() == [code]
    assert asked.states() == ["awaiting"]
    assert asked.records("directory.loaded")[-1]["_seq"] < asked.evidence_size()


def test_an_approver_who_is_gone_from_the_directory_is_refused(asked: Gate) -> None:
    gone = asked.directory.people["bob"]
    session = asked.session("bob")
    token = asked.tokens("bob")[-1]
    del asked.directory.people["bob"]
    outcome = asked.desk.decide(
        token,
        session,
        decision="approve",
        justification=WHY,
        seconds=None,
        shown=asked.shown(token),
    )
    assert code_of(outcome) == "approver_unknown"
    asked.directory.people["bob"] = gone
    assert code_of(asked.decide("bob")) == ""


def test_an_approver_whom_the_rule_names_no_more_is_refused(asked: Gate) -> None:
    asked.directory.change("alice", manager="carol")
    assert code_of(asked.decide("bob")) == "not_entitled"


@pytest.mark.parametrize("party", ["by", "beneficiary"])
def test_requester_and_beneficiary_get_no_link(gate: Gate, party: str) -> None:
    sole(gate, "alice")
    ticket = access_ticket() if party == "by" else access_ticket(by="erin")
    gate.deliver(ticket)
    gate.run_mail()
    assert gate.tokens("alice") == []
    assert gate.tokens("dan")


def test_the_requester_who_takes_over_a_link_gets_404_and_a_record(asked: Gate) -> None:
    token = asked.tokens("bob")[-1]
    assert code_of(asked.decide("alice", token=token)) == "not_found"
    assert asked.refusals() == ["self_approval"]


def test_another_persons_link_is_404_with_a_record(asked: Gate) -> None:
    token = asked.tokens("bob")[-1]
    assert code_of(asked.decide("mallory", token=token)) == "not_found"
    assert asked.refusals() == ["not_link_holder"]
    assert code_of(asked.decide("bob")) == ""


def test_an_unknown_link_is_404_without_a_record(asked: Gate) -> None:
    assert code_of(asked.decide("mallory", token="guess", shown="")) == "not_found"
    assert asked.refusals() == []


def test_an_alias_account_of_the_requester_gets_no_link(gate: Gate) -> None:
    """`alice-admin` is in sec-iam, which stage two names."""
    gate.deliver(access_ticket())
    gate.approve("bob")
    assert gate.tokens("alice-admin") == []
    assert gate.tokens("carol")


def test_nobody_decides_at_two_stages(gate: Gate) -> None:
    """Carol is Alice's manager now, and in sec-iam as well; Dan is left for stage two."""
    gate.directory.change("alice", manager="carol")
    gate.deliver(access_ticket())
    gate.approve("carol")
    assert len(gate.tokens("carol")) == 1
    gate.approve("dan")
    assert gate.states() == ["approved"]


def test_two_accounts_of_one_human_are_one_approver(gate: Gate) -> None:
    rule = gate.policy.approve[0]
    stage = replace(rule.stages[1], need=2)
    gate.restart(replace(gate.policy, approve=(replace(rule, stages=(stage,)),)))
    gate.deliver(access_ticket())
    gate.run_mail()
    gate.decide("carol")
    gate.directory.change("dan", aliases=frozenset({"carol"}))
    assert code_of(gate.decide("dan")) == "distinct_people"
    assert gate.states() == ["awaiting"]


def test_too_few_distinct_people_block_before_anybody_is_asked(gate: Gate) -> None:
    gate.directory.change("alice", manager="carol")
    gate.directory.change("dan", aliases=frozenset({"carol"}))
    gate.deliver(access_ticket())
    assert gate.requests()[0].reasons == ("unfillable",)
    gate.directory.change("alice", manager="bob")
    gate.tick()
    assert gate.states() == ["awaiting"]


def test_no_rule_for_a_request_blocks_it(gate: Gate) -> None:
    gate.restart(replace(gate.policy, approve=gate.policy.approve[1:]))
    gate.deliver(access_ticket())
    assert gate.requests()[0].reasons == ("no_approve_rule",)


def test_a_sign_in_below_the_rules_level_is_refused(gate: Gate) -> None:
    rule = replace(gate.policy.approve[0], assurance=None)
    gate.restart(replace(gate.policy, approve=(rule,)))
    gate.deliver(access_ticket())
    gate.run_mail()
    assert code_of(gate.decide("bob")) == "assurance"
    assert code_of(gate.decide("bob", method="oidc")) == "assurance"
    assert code_of(gate.decide("bob", method="oidc_step_up")) == ""


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


def test_a_decision_on_another_digest_changes_nothing(asked: Gate) -> None:
    assert code_of(asked.decide("bob", shown="0" * 64)) == "shown_changed"
    assert asked.refusals() == ["shown_changed"]
    assert code_of(asked.decide("bob")) == ""


@pytest.mark.parametrize("why", ["", "   ", "short", "x" * (JUSTIFICATION_CHARS_MAX + 1)])
def test_a_decision_needs_a_justification(asked: Gate, why: str) -> None:
    assert code_of(asked.decide("bob", why=why)) == "justification"
    assert code_of(asked.decide("bob")) == ""


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
    assert code_of(asked.decide("bob")) == "rules_changed"
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
    rules = Rules(gate.policy, snapshot)
    return code_of(
        gate.write(
            partial(decide_request, token_hash=secret_hash(token), who=who, form=form, rules=rules)
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
