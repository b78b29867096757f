"""Escalation: who may decide as well after silence, or where too few are there."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.domain.cast import around_noon, case, directory, person, rule, stage, word

from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy.indirection import owner_verbs
from ticketgate.domain.policy.policy import Escalation, Policy
from ticketgate.domain.policy.strictness import Strictness, differences
from ticketgate.domain.requests.approvers import Case, candidates, fillable, standing

LINE = stage("person:bob")
SECOND = stage("person:dan", name="security")
HOURS = timedelta(hours=4)


def ask(*, escalated: int = 0, to: tuple[str, ...] = ("person:carol",), **bob: Any) -> Case:  # noqa: ANN401 -- fields of Person
    people = directory(*map(person, ("alice", "carol", "dan")), person("bob", **bob))
    about = case(people, LINE, SECOND, escalated=escalated)
    more = Escalation(HOURS, tuple(map(word, to)))
    return replace(about, rule=replace(about.rule, escalate=more))


def who(about: Case, number: int = 0) -> set[str]:
    return set(candidates(about, about.rule.stages[number]))


def test_before_silence_only_the_stage_is_asked() -> None:
    about = ask()
    assert (who(about), who(about, 1)) == ({"bob"}, {"dan"})
    found = standing(about, LINE, "carol")
    assert isinstance(found, Refusal)
    assert found.code == "not_entitled"


def test_after_silence_others_may_decide_at_that_stage_and_no_other() -> None:
    about = ask(escalated=1)
    assert (who(about), who(about, 1)) == ({"bob", "carol"}, {"dan"})
    assert candidates(about, LINE)["carol"].clause == "person:carol"
    assert (who(ask(escalated=2)), who(ask(escalated=2), 1)) == ({"bob"}, {"carol", "dan"})


@pytest.mark.parametrize("fault", [{"active": False}, {"away": (around_noon(),)}, {"kind": "nhi"}])
def test_where_too_few_are_there_others_may_decide_at_once(fault: dict[str, Any]) -> None:
    about = ask(**fault)
    assert who(about) == {"carol"}
    assert fillable(about)
    assert not fillable(replace(about, rule=replace(about.rule, escalate=None)))


def test_every_ban_holds_for_whom_it_is_escalated_to() -> None:
    assert who(ask(escalated=1, to=("person:alice", "person:ghost"))) == {"bob"}
    about = ask(escalated=1)
    banned = replace(about, rule=replace(about.rule, never=(word("person:carol"),)))
    assert who(banned) == {"bob"}
    assert set(candidates(about, LINE, frozenset({"carol"}))) == {"bob"}


# --- how strict -------------------------------------------------------------------------------


def escalated(*to: str, hours: int = 4) -> Escalation:
    return Escalation(timedelta(hours=hours), tuple(map(word, to)))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (None, escalated("person:carol"), Strictness.WEAKER),
        (escalated("person:carol"), None, Strictness.STRONGER),
        (escalated("person:carol"), escalated("person:carol", hours=5), Strictness.STRONGER),
        (escalated("person:carol"), escalated("person:carol", hours=3), Strictness.WEAKER),
        (escalated("person:carol"), escalated("person:dan"), Strictness.WEAKER),
        (escalated("person:carol", "person:dan"), escalated("person:dan"), Strictness.STRONGER),
    ],
)
def test_asking_others_or_sooner_is_looser(
    old: Escalation | None, new: Escalation | None, found: Strictness
) -> None:
    plain = rule(LINE)
    (said,) = differences(replace(plain, escalate=old), replace(plain, escalate=new))
    assert (said.field, said.strictness) == ("escalate", found)
    assert list(differences(replace(plain, escalate=new), replace(plain, escalate=new))) == []


def test_an_owner_who_is_asked_after_silence_counts_as_one_who_decides() -> None:
    asked = replace(rule(LINE), escalate=escalated("owner_of:entitlement"))
    assert owner_verbs(Policy("d", (), (), (asked,), ())) == {"owner_of"}
    assert owner_verbs(Policy("d", (), (), (rule(LINE),), ())) == frozenset()
