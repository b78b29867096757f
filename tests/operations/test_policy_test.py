"""Cases of policy tests, played by the real operations on a store of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.operations.fakes import MORNING, FakeDirectory
from tests.operations.tickets import access_ticket
from tests.shipped import own_policy

from ticketgate.adapters.rehearsal_stage import MemoryTargets, fresh_store
from ticketgate.connector_api import Access, NotFound, StateClass, Ticket
from ticketgate.domain.evidence import Json
from ticketgate.domain.instants import to_text
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.policy.policy_case import Case, Miss, Move, Wanted
from ticketgate.operations.trying.policy_test import elements, never_used, run_case
from ticketgate.operations.trying.rehearsal import ORIGIN, Rehearsal, SetClock

POLICY = own_policy()
PEOPLE = FakeDirectory()
WHY = "the billing migration is planned for tonight"


@contextmanager
def stage(case: Case, policy: Policy) -> Iterator[Rehearsal]:
    clock = SetClock(case.now)
    with fresh_store(ORIGIN, clock) as store:
        yield Rehearsal(store, clock, MemoryTargets(), policy, case.snapshot)


def wanted(**keys: Json) -> tuple[Wanted, ...]:
    return tuple(Wanted(key, value, 7) for key, value in keys.items())


def move(do: str = "", by: str = "", after: int = 0, why: str = WHY, **expect: Json) -> Move:
    at = MORNING + timedelta(seconds=after)
    return Move(3, at, do, by, None, "passkey", why, None, wanted(**expect))


def case(*moves: Move, ticket: Ticket | None = None, **expect: Json) -> Case:
    return Case(
        "policy_test.yaml", 5, "a case", MORNING, ticket or access_ticket(),
        PEOPLE.read(MORNING), wanted(**expect), moves,
    )  # fmt: skip


def missed(one: Case, policy: Policy = POLICY) -> list[tuple[str, Json]]:
    return [(miss.key, miss.seen) for miss in run_case(one, policy, stage).missed]


def test_what_is_expected_and_seen_is_no_miss() -> None:
    good = case(
        verdict="identity", kinds=["privilege.elevate"], tier="high", blocked=[], blind=[],
        matched=["elevated-access-item"], asks=["prod-db-admin"], seconds=7200,
        approve_rule="high-and-critical", asked={"line": ["bob"], "security": ["carol", "dan"]},
    )  # fmt: skip
    assert missed(good) == []


def test_what_is_seen_otherwise_is_told_with_both() -> None:
    result = run_case(case(tier="low", verdict="identity"), POLICY, stage)
    assert result.missed == (Miss(7, "tier", "low", "high"),)


def test_a_ticket_that_asks_for_nothing_is_looked_at_all_the_same() -> None:
    quiet = replace(access_ticket(), table="incident", fields={}, variables=None)
    expect: dict[str, Json] = {"verdict": "not_identity", "asks": [], "seconds": 0, "asked": {}}
    assert missed(case(ticket=quiet, **expect, approve_rule="", state="none", grant="none")) == []
    assert missed(case(move("approve", "bob", refused="not_found"), ticket=quiet)) == []


def test_a_case_without_steps_needs_no_store() -> None:
    def none(one: Case, policy: Policy) -> None:
        raise AssertionError((one, policy))

    assert run_case(case(verdict="identity"), POLICY, none).missed == ()  # type: ignore[arg-type]


def test_two_people_approve_and_the_access_ends_by_itself() -> None:
    played = case(
        move("approve", "bob", state="awaiting", stage=2, round=1, waiting_for=["carol", "dan"]),
        move("approve", "carol", after=60, state="approved", grant="active", refused="none"),
        move(after=7000, grant="active"),
        move(after=8000, grant="revoked"),
        state="awaiting",
    )
    assert missed(played) == []


@pytest.mark.parametrize(
    ("by", "code"),
    [
        ("alice", "self_approval"),
        ("alice-admin", "alias_of_requester"),
        ("mallory", "not_entitled"),
        ("frank", "approver_inactive"),
    ],
)
def test_whoever_is_not_asked_is_told_why(by: str, code: str) -> None:
    assert missed(case(move("approve", by, refused=code, state="awaiting", stage=1))) == []


def test_a_person_asked_at_a_later_stage_is_not_asked_yet() -> None:
    assert missed(case(move("approve", "carol", refused="not_entitled"))) == []


def test_a_decision_that_is_refused_moves_nothing() -> None:
    assert missed(case(move("approve", "bob", why="no", refused="justification", stage=1))) == []
    weak = replace(move("approve", "bob", refused="assurance"), method="mail_code")
    strict = replace(POLICY, approve=(replace(POLICY.approve[0], assurance=None),))
    assert missed(case(weak), strict) == []


def test_after_the_decision_everybody_learns_that_it_is_made() -> None:
    played = case(
        move("deny", "bob", state="denied", waiting_for=[]),
        move("approve", "bob", refused="link_used"),
        move("approve", "erin", refused="not_entitled"),
    )
    assert missed(played) == []


def test_a_late_decision_counts_for_nothing() -> None:
    late = case(move("approve", "bob", after=28_800, refused="decision_late", state="timed_out"))
    assert missed(late) == []


def test_a_blocked_request_has_nobody_to_decide() -> None:
    nobody = replace(POLICY, approve=())
    blocked = case(move("approve", "bob", refused="request_blocked", state="blocked"))
    assert missed(blocked, nobody) == []


def test_somebody_whom_the_stage_names_and_who_has_no_link_finds_nothing() -> None:
    blocked = replace(access_ticket(), state_class=StateClass.UNLISTED, state="99")
    played = case(move("approve", "bob", refused="not_found", state="blocked"), ticket=blocked)
    assert missed(played) == []


def test_a_ticket_that_closes_ends_what_it_gave() -> None:
    closed = replace(access_ticket(), version=2, state="3", state_class=StateClass.CLOSED)
    played = case(
        move("approve", "bob"),
        move("approve", "dan", grant="active"),
        replace(move("ticket", grant="revoked"), ticket=closed),
    )
    assert missed(played) == []


def test_who_leaves_loses_what_they_hold() -> None:
    played = case(
        move("approve", "bob"),
        move("approve", "dan", grant="active"),
        move("leaves", "alice", grant="revoked"),
    )
    assert missed(played) == []


def test_somebody_without_an_account_at_the_target_gets_nothing() -> None:
    without = FakeDirectory()
    alice = without.people["alice"]
    accounts = {name: of for name, of in alice.accounts.items() if name != "corp-scim"}
    without.change("alice", accounts=accounts)
    played = replace(
        case(move("approve", "bob"), move("approve", "dan", state="approved", grant="active")),
        snapshot=without.read(MORNING),
    )
    (miss,) = missed(played)
    assert miss[0] == "grant"
    assert miss[1] != "active"


def test_rules_that_no_case_used_are_told() -> None:
    result = run_case(case(verdict="identity"), POLICY, stage)
    told = {ident for _, ident, _ in never_used(POLICY, [result])}
    assert {"elevated-access-item", "prod-db-admin", "high-and-critical"}.isdisjoint(told)
    assert {"talks-of-break-glass", "sales-reports", "medium-and-low"} <= told
    assert len(elements(POLICY)) == len(told) + 3


def test_an_ask_without_an_entitlement_uses_no_rule() -> None:
    unnamed = case(verdict="identity", ticket=access_ticket(role="nothing-known"))
    result = run_case(unnamed, replace(POLICY, approve=()), stage)
    assert result.touched == {("classify", "elevated-access-item"), ("entitlements", "")}


def test_time_does_not_run_back() -> None:
    clock = SetClock(MORNING)
    clock.set(MORNING - timedelta(hours=1))
    assert clock.now() == clock.wall() == MORNING
    assert not clock.disputed()
    assert clock.kept().now == MORNING


def test_a_case_that_comes_to_no_rest_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticketgate.operations.trying.rehearsal.ROUNDS_MAX", 1)
    with pytest.raises(RuntimeError, match="rest"):
        run_case(case(move("approve", "bob"), move("approve", "dan")), POLICY, stage)


def test_the_targets_in_memory_keep_what_they_are_told() -> None:
    targets, access = MemoryTargets(), Access("a", {"group": "g"})
    with targets.open("x") as target:
        target.check()
        assert not target.observe(access)
        target.grant(access, "k", MORNING)
        assert target.list_held({"group": "g"}) == ("a",)
        assert target.list_held({"group": "other"}) == ()
        with pytest.raises(NotFound):
            target.find_principal(())
    with targets.open("x") as again:
        assert again.observe(access)
        again.revoke(access, "k", None)
        assert not again.observe(access)
    with targets.open("y") as other:
        assert other.list_held({"group": "g"}) == ()


def test_access_with_a_window_is_played_from_its_start_to_its_end() -> None:
    hour = to_text(MORNING + timedelta(hours=1))
    two = to_text(MORNING + timedelta(hours=2))
    played = case(
        move("approve", "bob", stage=2),
        move("approve", "carol", state="approved", grant="planned"),
        move(after=3599, grant="planned"),
        move(after=3600, grant="active"),
        move(after=7200, grant="revoked"),
        ticket=access_ticket(window_start=hour, window_end=two),
        blocked=[],
        seconds=3600,
    )
    assert missed(played) == []


@pytest.mark.parametrize(
    ("hours", "code"), [(-1, "window_past"), (0, "window_past"), (721, "window_too_far")]
)
def test_a_window_is_held_against_the_time_of_the_case(hours: int, code: str) -> None:
    ticket = access_ticket(window_start=to_text(MORNING + timedelta(hours=hours)))
    assert missed(case(ticket=ticket, blocked=[code], state="blocked")) == []
