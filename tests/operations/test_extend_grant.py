"""More time is a new request of who has the access, and never goes beyond the longest life."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.operations.kit import Gate, code_of, only
from tests.operations.office import Office
from tests.operations.own import Own
from tests.operations.test_take_back import back
from tests.operations.tickets import access_ticket, account, closed, edited, report_ticket

from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.ground import Ground
from ticketgate.operations.deciding.link_view import LinkView
from ticketgate.operations.deciding.own_request import RequestForm
from ticketgate.operations.grants.extend_grant import extend_grant, latest, not_extendable
from ticketgate.operations.requests.ask_again import asked_now

HOUR = 3600
WHY = "the migration runs until the early morning"


def extendable(policy: Policy, times: int = 3) -> Policy:
    """The policy whose limits let access be extended so often; another one, by its digest."""
    limits = tuple(replace(one, extend=times) for one in policy.limits)
    return replace(policy, digest=f"{times:064x}", limits=limits)


@pytest.fixture
def given(gate: Gate) -> Gate:
    """Alice has the access for two hours, of at most eight."""
    gate.restart(extendable(gate.policy))
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    gate.settle()
    assert gate.members() == {"alice"}
    return gate


def ask(gate: Gate, seconds: int | None = HOUR, *, person: str = "alice", why: str = WHY) -> str:
    """The code of the refusal; empty when it was asked."""
    own = Own(gate)
    first = gate.requests()[0].id
    shown = own.view("dan", first).shown
    form = RequestForm("extend", only(gate).id, why, shown, seconds)
    said = own.desk.say(first, gate.session(person), form)
    return said.code if isinstance(said, Refusal) else ""


def extend(gate: Gate, seconds: int = HOUR) -> None:
    assert ask(gate, seconds) == ""
    gate.approve("bob", "carol")


def end(gate: Gate) -> datetime:
    found = only(gate).not_after
    assert found is not None
    return found


def test_an_approved_extension_moves_the_end(given: Gate) -> None:
    before = end(given)
    assert Own(given).view().deeds == {"return", "extend"}
    assert ask(given) == ""
    assert end(given) == before  # asking gives nothing
    given.run_mail()
    view = given.look("bob")
    assert isinstance(view, LinkView)
    assert (view.extends, view.seconds, view.reason) == (True, HOUR, WHY)
    given.approve("bob")
    assert end(given) == before
    given.approve("carol")
    assert end(given) == before + timedelta(hours=1)
    (record,) = given.records("grant.extended")
    assert (record["from"], record["to"], record["cause"]) == ("active", "active", "extended")
    assert record["extension"] == given.requests()[-1].id
    assert len(given.grants()) == 1
    assert len(given.target.called("grant")) == 1
    given.tick(2 * HOUR)
    assert given.members() == {"alice"}
    given.tick(HOUR)
    assert given.members() == set()
    assert given.grant_states() == ["revoked"]


def test_an_approver_shortens_an_extension(given: Gate) -> None:
    before = end(given)
    assert ask(given) == ""
    given.approve("bob", "carol", seconds=600)
    assert end(given) == before + timedelta(seconds=600)


def test_nothing_outlives_the_longest_life(given: Gate) -> None:
    begun = end(given) - timedelta(hours=2)
    extend(given, 4 * HOUR)
    extend(given, 4 * HOUR)
    assert end(given) == begun + timedelta(hours=8)
    assert ask(given) == "hard_max_reached"


def test_it_is_extended_no_more_often_than_the_limit_says(gate: Gate) -> None:
    gate.restart(extendable(gate.policy, 1))
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    gate.settle()
    extend(gate)
    assert ask(gate) == "extensions_spent"


def test_without_a_word_of_the_policy_nothing_is_extended(active: Gate) -> None:
    assert ask(active) == "extensions_spent"
    assert len(active.requests()) == 1


@pytest.mark.parametrize("person", ["bob", "carol", "mallory", "dan"])
def test_only_who_has_the_access_asks_for_more(given: Gate, person: str) -> None:
    assert ask(given, person=person) in {"not_found", "not_offered"}
    assert len(given.requests()) == 1
    assert ask(given) == ""  # the control


@pytest.mark.parametrize("seconds", [None, 0, -1, 4 * HOUR + 1, 10**12])
def test_how_long_is_within_what_can_be_asked_at_a_time(given: Gate, seconds: int | None) -> None:
    assert ask(given, seconds) == "seconds"
    assert ask(given, 4 * HOUR) == ""


def test_it_needs_a_reason_without_a_secret(given: Gate) -> None:
    assert ask(given, why="more") == "reason"
    assert ask(given, why=f"{WHY} pw: Summer2026!") == "secret_typed"
    assert len(given.requests()) == 1


def test_one_waits_at_a_time(given: Gate) -> None:
    assert ask(given) == ""
    assert ask(given) == "extension_waits"


def test_who_has_it_does_not_approve_it(given: Gate) -> None:
    assert ask(given) == ""
    given.run_mail()
    assert code_of(given.decide("alice", token=given.tokens("bob")[-1])) == "not_found"


def test_a_denied_extension_leaves_the_end(given: Gate) -> None:
    before = end(given)
    assert ask(given) == ""
    given.run_mail()
    given.decide("bob", "deny")
    assert given.states() == ["approved", "denied"]
    assert end(given) == before
    given.deliver(edited(access_ticket(), short_description="again"))
    assert given.states() == ["approved", "denied"]
    assert ask(given) == ""


@pytest.mark.parametrize("how", ["expired", "returned", "closed", "unapproved"])
def test_with_the_grant_ends_what_would_extend_it(given: Gate, how: str) -> None:
    assert ask(given) == ""
    given.run_mail()
    token = given.tokens("bob")[-1]
    match how:
        case "expired":
            given.tick(2 * HOUR)
        case "returned":
            assert Own(given).do("return", ident=given.requests()[0].id) == ""
        case "closed":
            given.deliver(closed(access_ticket()))
        case _:
            assert back(given, "bob", given.tokens("bob")[0]) == ""
    given.settle()
    assert given.members() == set()
    assert given.states() == ["approved", "withdrawn"]
    assert code_of(given.decide("bob", token=token)) == "already_decided"
    assert ask(given) in {"grant_over", "not_offered"}


def test_no_extension_is_approved_once_the_time_is_up(given: Gate) -> None:
    """Even if no sweeper has run."""
    assert ask(given) == ""
    given.run_mail()
    given.clock.at += timedelta(hours=2)
    assert code_of(given.decide("bob")) == "grant_over"
    assert code_of(given.decide("bob", "deny")) == ""  # the control: a denial gives nothing


def test_the_limits_of_now_are_those_that_hold(given: Gate) -> None:
    """Shorter limits open a new round; fewer extensions refuse at the commit."""
    assert ask(given) == ""
    given.run_mail()
    given.restart(extendable(given.policy, 0))
    assert code_of(given.decide("bob")) == "extensions_spent"
    assert end(given) == only(given).not_after


def test_another_person_ends_what_would_extend(given: Gate) -> None:
    assert ask(given) == ""
    given.deliver(edited(access_ticket(), "alice", requested_for=account("carol")))
    given.settle()
    assert given.states() == ["approved", "withdrawn", "blocked"]
    assert not given.requests()[-1].extends
    assert given.members() == set()


def test_what_was_extended_is_taken_back_with_its_extension(given: Gate) -> None:
    extend(given)
    assert back(given, "carol") == ""
    given.settle()
    assert given.members() == set()
    assert given.grant_states() == ["revoked"]


def test_an_extension_of_another_entitlement_is_another(gate: Gate) -> None:
    gate.restart(extendable(gate.policy))
    gate.deliver(report_ticket())
    gate.approve("bob")
    gate.settle()
    before = end(gate)
    assert ask(gate, 600) == ""
    gate.approve("bob")
    assert end(gate) == before + timedelta(seconds=600)


def test_an_edit_of_the_ticket_opens_no_round_of_an_extension(given: Gate) -> None:
    """Neither how long nor why was asked by the ticket."""
    assert ask(given) == ""
    given.deliver(edited(access_ticket(), short_description="more words"))
    request = given.requests()[-1]
    assert (request.round, request.seconds, request.reason) == (1, HOUR, WHY)


def test_while_a_restore_goes_on_no_more_time_is_given(given: Gate) -> None:
    office = Office(given)
    office.lose()
    assert ask(given) == "restore_pending"


def test_in_shadow_no_more_time_is_asked(given: Gate) -> None:
    given.restart(replace(given.policy, digest="5" * 64, shadow=True))
    assert ask(given) == "shadow"


def test_what_the_rules_would_block_now_is_not_extended(given: Gate) -> None:
    given.restart(replace(given.policy, digest="6" * 64, approve=()))
    assert ask(given) == "request_blocked"
    given.restart(replace(given.policy, digest="7" * 64, entitlements=()))
    assert ask(given) == "request_blocked"


def test_while_a_delivery_of_the_ticket_waits_no_more_time_is_asked(given: Gate) -> None:
    given.receive(edited(access_ticket(), short_description="unread"))
    assert ask(given) == "ticket_backlog"


def test_a_rule_that_blocks_what_waits_ends_it_and_asks_for_no_access(given: Gate) -> None:
    assert ask(given) == ""
    given.directory.leave("carol")
    given.directory.leave("dan")
    given.tick(60)
    given.deliver(edited(access_ticket(), "erin", reason="another reason"))
    given.settle()
    assert {one.state.value for one in given.requests() if one.extends} <= {"withdrawn", "awaiting"}
    assert [one.state.value for one in given.requests() if not one.extends] == ["approved"]


def test_a_log_with_an_extension_outlives_a_restart(given: Gate) -> None:
    extend(given)
    before = end(given)
    given.restart()
    assert end(given) == before
    extend(given)
    assert end(given) == before + timedelta(hours=1)


def test_what_is_not_there_is_neither_asked_nor_extended(given: Gate) -> None:
    ground = Ground(given.policy, given.desk.snapshot())
    with given.db() as looking:
        assert asked_now(looking, ("snow-prod", "sc_req_item", "none"), "x", ground) is None
    request = replace(given.requests()[0], extends="grt_none")
    with pytest.raises(ValueError, match="no end"):
        given.write(partial(extend_grant, request=request, hard_max=HOUR))


def test_access_that_has_not_begun_has_no_latest_end(given: Gate) -> None:
    grant = only(given)
    begun = grant.activated_at
    assert begun is not None
    assert latest(grant, HOUR) == begun + timedelta(hours=1)
    assert latest(replace(grant, since=None, not_after=None), HOUR) is None


def test_emergency_access_is_never_extended(given: Gate) -> None:
    urgent = replace(only(given), origin="emergency")
    with given.db() as looking:
        refusal = not_extendable(looking, given.clock.now(), urgent, None)
    assert refusal is not None
    assert refusal.code == "no_extension"


@pytest.mark.parametrize(("before", "hours"), [(0, 6), (4, 8)])
def test_the_mail_tells_that_it_is_more_time_and_until_when(
    given: Gate, before: int, hours: int
) -> None:
    first = given.post.to("bob@example.com")[-1]
    assert "more time" not in (first.text + first.html).lower()
    begun = only(given).activated_at
    assert begun is not None
    if before:
        extend(given, before * HOUR)
    assert ask(given, 4 * HOUR) == ""
    given.run_mail()
    mail = given.post.to("bob@example.com")[-1]
    told = f"{begun + timedelta(hours=hours):%Y-%m-%d %H:%M} UTC at the latest"
    for body in (mail.text, mail.html):
        assert told in body
        assert "more time for access that is given already" in body
