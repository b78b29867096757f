"""Recorded tickets and approvals through two policies: what would be otherwise, and why."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.domain.planted import PLANTED
from tests.operations.fakes import MORNING
from tests.operations.kit import ORIGIN, Gate, approve
from tests.operations.tickets import access_ticket, printer_incident

from ticketgate.adapters.sqlite import schema
from ticketgate.adapters.sqlite.looking import SqliteLook
from ticketgate.adapters.sqlite.recorded import revision_of
from ticketgate.connector_api import Missing, StateClass
from ticketgate.domain.classifying import hints
from ticketgate.domain.classifying.classify import classify
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.policy.policy import Policy, Word
from ticketgate.domain.text.language import Covered
from ticketgate.domain.text.weights import Weights
from ticketgate.domain.tickets.identity_event import Tier, Verdict
from ticketgate.operations.trying.backtest import Backtest, Pair, backtest, last_round, replay

HOUR = timedelta(hours=1)
Change = Callable[[Policy], Policy]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    yield made
    made.stop()


def first(policy: Policy, section: str, **changes: Any) -> Policy:  # noqa: ANN401 -- any field
    """The policy with the first element of a section changed."""
    old, *rest = getattr(policy, section)
    changes.setdefault("digest", "e" * 64)  # as the reader gives another rule another digest
    parts: dict[str, Any] = {section: (replace(old, **changes), *rest)}
    return replace(policy, **parts)


def run(gate: Gate, new: Policy, *, heard: list[int] | None = None) -> Backtest:
    """Everything that the gate has recorded, through its policy and another one."""
    pair = Pair(gate.policy, new, gate.directory.read(MORNING), frozenset({("snow-prod", "svc")}))
    with closing(schema.connect(gate.path, read_only=True)) as db:
        looking = SqliteLook(db, ORIGIN)
        given = []
        for request in looking.requests.listed(None, 100):
            row = looking.tickets.find(request.ticket)
            kept = last_round(request, looking.requests.approvals(request.id))
            ticket, word = (None, None) if row is None else (row.ticket, row.triage)
            given.append((request, ticket, kept, word))
        hear = [] if heard is None else heard
        stored = looking.recorded_tickets(MORNING - HOUR)
        parts = (replay([revision_of(one)], pair) for one in stored)
        return backtest(parts, given, pair, hear.append)


def told(found: Backtest) -> list[tuple[str, str, str]]:
    return [(one.effect.direction.value, one.effect.what, one.effect.cause) for one in found.groups]


def test_the_same_policy_makes_the_same_of_everything(gate: Gate) -> None:
    approve(gate)
    gate.deliver(access_ticket("t2", role="nothing-known"))
    found = run(gate, gate.policy)
    assert (found.revisions, found.erased, found.decisions, found.groups) == (2, 0, 2, ())


def test_what_was_erased_is_counted(gate: Gate) -> None:
    approve(gate)
    with closing(schema.connect(gate.path)) as db:
        db.execute("UPDATE evidence_disclosure SET encoded = NULL WHERE kind = 'ticket'")
        db.commit()
    found = run(gate, gate.policy)
    assert (found.revisions, found.erased, found.decisions_erased) == (1, 1, 0)
    nothing = backtest([], [(gate.requests()[0], None, [], None)], pair_of(gate), print)
    assert (nothing.decisions, nothing.decisions_erased) == (1, 1)


def pair_of(gate: Gate) -> Pair:
    return Pair(gate.policy, gate.policy, gate.directory.read(MORNING))


def test_what_is_older_is_left_out(gate: Gate) -> None:
    gate.deliver(access_ticket())
    with closing(schema.connect(gate.path, read_only=True)) as db:
        assert list(SqliteLook(db, ORIGIN).recorded_tickets(MORNING + HOUR)) == []


def test_progress_is_told_now_and_then(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticketgate.operations.trying.backtest.PROGRESS_EVERY", 2)
    for number in range(5):
        gate.deliver(access_ticket(f"t{number}"))
    heard: list[int] = []
    run(gate, gate.policy, heard=heard)
    assert heard == [2, 4]


def drop_access(policy: Policy) -> Policy:
    return replace(policy, classify=policy.classify[1:])


def test_tickets_count_once_and_one_stands_for_them(gate: Gate) -> None:
    gate.deliver(access_ticket("t1"))
    gate.deliver(access_ticket("t1", version=2, by="bob"))
    gate.deliver(access_ticket("t2"))
    (group,) = run(gate, drop_access(gate.policy)).groups
    assert group.effect.what == "newly not an identity event"
    assert group.effect.cause == "classify elevated-access-item"
    assert len(group.tickets) == 2
    assert group.example.ident.startswith("tkt_")
    assert group.example.number


def line_only(policy: Policy) -> Policy:
    return first(policy, "approve", stages=policy.approve[0].stages[:1])


def an_hour(old: Policy) -> Policy:
    limits = (replace(one, max=HOUR, default=HOUR, digest="e" * 64) for one in old.limits)
    return replace(old, limits=tuple(limits))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (line_only, ("loosened", "asks less of those who approve")),
        (
            lambda old: first(old, "approve", justification_chars_min=500),
            ("tightened", "asks more of those who approve"),
        ),
        (
            lambda old: first(old, "approve", because="other words"),
            ("other", "asks other people, or in other words"),
        ),
        (lambda old: replace(old, approve=()), ("tightened", "newly blocked (no_approve_rule)")),
        (an_hour, ("tightened", "shorter access")),
        (
            lambda old: first(old, "entitlements", access={"group": "ROOT"}),
            ("loosened", "gives other access"),
        ),
        (
            lambda old: first(old, "entitlements", id="other-name"),
            ("loosened", "newly asked for"),
        ),
        (
            lambda old: first(old, "classify", verdict=Verdict.UNCERTAIN),
            ("tightened", "newly needs a look"),
        ),
    ],
)
def test_each_difference_has_a_direction(
    gate: Gate, change: Change, expected: tuple[str, str]
) -> None:
    gate.deliver(access_ticket())
    found = told(run(gate, change(gate.policy)))
    assert expected in [one[:2] for one in found], found
    assert all(cause for _, _, cause in found)


def test_the_other_way_round_is_the_other_direction(gate: Gate) -> None:
    strict = replace(gate.policy, approve=())
    gate.deliver(access_ticket())
    gate.policy, new = strict, gate.policy
    assert told(run(gate, new)) == [
        ("loosened", "was blocked (no_approve_rule), is asked", "approve none -> high-and-critical")
    ]


def test_what_needed_a_look_and_opens_requests_now_is_loosened(gate: Gate) -> None:
    gate.deliver(access_ticket())
    unsure = first(gate.policy, "classify", verdict=Verdict.UNCERTAIN)
    gate.policy, new = unsure, gate.policy
    (found,) = told(run(gate, new))
    assert found[:2] == ("loosened", "newly opens requests without a look")


def test_both_blocked_is_no_difference(gate: Gate) -> None:
    gate.deliver(access_ticket(beneficiary="nobody-known"))
    assert told(run(gate, line_only(gate.policy))) == []


def test_an_entitlement_that_is_gone_is_no_longer_asked_for(gate: Gate) -> None:
    gate.deliver(access_ticket())
    found = told(run(gate, replace(gate.policy, entitlements=())))
    assert ("tightened", "no longer asked for", "entitlement prod-db-admin") in found
    asked = ("other", "newly asked for, and blocked (no_entitlement)", "entitlement unnamed")
    assert asked in found


def test_a_closed_ticket_asks_for_nothing(gate: Gate) -> None:
    gate.deliver(access_ticket(state=StateClass.CLOSED))
    assert told(run(gate, line_only(gate.policy))) == []


def test_a_verdict_that_only_another_word_changes_names_the_rule(gate: Gate) -> None:
    gate.deliver(access_ticket(role=Missing.ABSENT))
    found = told(run(gate, first(gate.policy, "classify", verdict=Verdict.UNCERTAIN)))
    assert found[0][2] == "classify elevated-access-item"


def test_a_changed_language_has_no_rule_to_name(gate: Gate) -> None:
    gate.deliver(access_ticket())
    nobody = replace(gate.policy, classify=())
    assert told(run(gate, nobody))[0][2] == "classify elevated-access-item"


def test_approvals_that_would_not_do_any_more(gate: Gate) -> None:
    approve(gate)
    more = first(
        gate.policy,
        "approve",
        stages=(replace(gate.policy.approve[0].stages[0], any_of=(Word("person", "erin"),)),),
    )
    found = told(run(gate, more))
    assert (
        "tightened", "approvals given would not be enough now", "approve high-and-critical",
    ) in found  # fmt: skip


def test_approvals_that_would_do_now(gate: Gate) -> None:
    approve(gate)
    gate.policy, new = first(
        gate.policy, "approve", never=(Word("person", "carol"),)
    ), gate.policy  # fmt: skip
    assert (
        "loosened", "approvals given would be enough now", "approve high-and-critical",
    ) in told(run(gate, new))  # fmt: skip


def test_one_approval_more_than_is_needed_still_does(gate: Gate) -> None:
    approve(gate)
    assert "approvals given" not in str(told(run(gate, line_only(gate.policy))))


def test_an_approval_for_what_cannot_be_asked_any_more_does_not_do(gate: Gate) -> None:
    approve(gate)
    for new in (replace(gate.policy, entitlements=()), replace(gate.policy, approve=())):
        found = told(run(gate, new))
        assert any("not be enough" in what for _, what, _ in found)


def test_only_what_was_approved_counts(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    gate.decide("bob")
    (request,) = gate.requests()
    with gate.db() as looking:
        assert last_round(request, looking.requests.approvals(request.id)) == []


def test_longer_access_is_loosened(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.policy, new = an_hour(gate.policy), gate.policy
    assert ("loosened", "longer access") in [one[:2] for one in told(run(gate, new))]
    assert Tier.HIGH in {one.tier for one in gate.policy.entitlements}


def test_a_secret_in_a_ticket_counts_under_every_policy(gate: Gate) -> None:
    bare = replace(gate.policy, classify=())
    gate.deliver(printer_incident("p8", short_description="access to the mailbox"))
    assert len(run(gate, bare).groups) == 1
    gate.deliver(printer_incident("p9", description=f"see {PLANTED['github'][1]}"))
    assert [one.example.number for one in run(gate, bare).groups] == ["INC-p8"]


def unsure_ticket(gate: Gate) -> None:
    """An incident that the rule `looks-like-access` alone speaks of."""
    gate.deliver(printer_incident("p1", short_description="access to the mailbox"))


def asked_anew(gate: Gate, new: Policy, monkeypatch: pytest.MonkeyPatch) -> tuple[Backtest, int]:
    """(what is otherwise, how often the rules of a policy were all asked)."""
    asked: list[Policy] = []

    def counted(policy: Policy, *given: Any, **more: Any) -> Any:  # noqa: ANN401 -- handed on
        asked.append(policy)
        return classify(policy, *given, **more)

    monkeypatch.setattr("ticketgate.operations.trying.backtest.classify", counted)
    return run(gate, new), len(asked)


def moved_down(policy: Policy) -> Policy:
    """The same rules in another file, one line further down."""
    return replace(
        policy,
        classify=tuple(replace(one, where="new.yaml:99") for one in policy.classify),
        automations=tuple(replace(one, where="new.yaml:999") for one in policy.automations),
    )


def test_where_a_rule_stands_makes_no_difference(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure_ticket(gate)
    found, asked = asked_anew(gate, moved_down(gate.policy), monkeypatch)
    assert (found.groups, asked) == ((), 0)


def test_the_order_of_the_rules_makes_no_difference(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure_ticket(gate)
    turned = replace(gate.policy, classify=gate.policy.classify[::-1])
    found, asked = asked_anew(gate, turned, monkeypatch)
    assert (found.groups, asked) == ((), 0)


@pytest.mark.parametrize("state", [StateClass.OPEN, StateClass.CLOSED])
def test_another_target_brings_a_ticket_back_into_the_boundary_of_its_automation(
    gate: Gate, state: StateClass
) -> None:
    gate.deliver(access_ticket(updated_by="system", state=state))
    inside = gate.policy
    gate.policy = first(inside, "entitlements", target="elsewhere")
    assert ("loosened", "newly opens requests without a look") in [
        one[:2] for one in told(run(gate, inside))
    ]
    gate.policy, outside = inside, gate.policy
    assert ("tightened", "newly needs a look") in [one[:2] for one in told(run(gate, outside))]


def test_a_rule_that_is_gone_counts_only_where_it_spoke(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure_ticket(gate)
    others, last = gate.policy.classify[:-1], gate.policy.classify[-1]
    assert last.id == "looks-like-access"
    silent = replace(gate.policy, classify=(*others[1:], last))
    found, asked = asked_anew(gate, silent, monkeypatch)
    assert (found.groups, asked) == ((), 0)
    assert told(run(gate, replace(gate.policy, classify=others))) == [
        ("loosened", "newly not looked at", "classify looks-like-access")
    ]


@pytest.mark.parametrize(("word", "groups"), [("toner", 1), ("scanner", 0)])
def test_a_rule_that_is_new_counts_only_where_it_speaks(gate: Gate, word: str, groups: int) -> None:
    gate.deliver(printer_incident())
    rule = replace(
        gate.policy.classify[-1],
        id="fresh",
        digest="f" * 64,
        match=Clause("ticket.short_description", "contains", (word,), 1),
    )
    found = run(gate, replace(gate.policy, classify=(*gate.policy.classify, rule)))
    assert [one.effect.cause for one in found.groups] == ["classify fresh"] * groups


def test_a_rule_counts_where_it_reads_what_nobody_can_read(gate: Gate) -> None:
    """Nothing else of the ticket is otherwise, and the rule itself does not match."""
    gate.deliver(printer_incident(category="erawdrah \u202e"))
    quiet = replace(gate.policy, classify=gate.policy.classify[:1])
    match = Clause("ticket.category", "contains", ("access",), 1, wide=True)
    rule = replace(gate.policy.classify[-1], id="fresh", digest="f" * 64, match=match)
    gate.policy = quiet
    reading = replace(quiet, classify=(*quiet.classify, rule))
    assert [one[0] for one in told(run(gate, reading))] == ["tightened"]
    gate.policy = reading
    lower = replace(reading, classify=(*quiet.classify, replace(rule, tier=Tier.CRITICAL)))
    assert told(run(gate, lower)) == [], "of the same digest"


def test_what_language_and_weights_say_is_asked_once_for_both(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    languages = Covered(("en",), "policy.yaml:9", 9, "languages")
    weights = Weights({"mailbox": 400}, 1000, "weights.json", 1, "weights")
    gate.policy = replace(gate.policy, languages=languages, weights=weights)
    for name in ("_of_languages", "_of_weights"):
        kept = getattr(hints, name)

        def counted(*given: Any, name: str = name, kept: Any = kept) -> Any:  # noqa: ANN401 -- handed on
            asked.append(name)
            return kept(*given)

        monkeypatch.setattr(hints, name, counted)
    unsure_ticket(gate)
    asked.clear()
    assert len(run(gate, replace(gate.policy, classify=gate.policy.classify[:-1])).groups) == 1
    assert asked == ["_of_languages", "_of_weights"]
    other = replace(weights, digest="others")
    run(gate, replace(gate.policy, weights=other))
    assert asked[2:] == ["_of_languages", "_of_weights", "_of_weights"]
