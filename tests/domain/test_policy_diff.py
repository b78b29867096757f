"""What a new policy changes, by meaning: tightened, loosened, or neither."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.domain.cast import ALWAYS, entitlement, rule, stage, word
from tests.domain.matchers import both, clause

from ticketgate.domain.changes.policy_change import Change, Direction
from ticketgate.domain.changes.policy_diff import compare, difference
from ticketgate.domain.matching.implication import implies
from ticketgate.domain.matching.matcher import Group
from ticketgate.domain.policy.policy import (
    ApproveRule,
    Automation,
    ClassifyRule,
    DurationField,
    Limit,
    Policy,
)
from ticketgate.domain.policy.strictness import Strictness, strictness_of
from ticketgate.domain.text.language import Covered
from ticketgate.domain.text.weights import Weights
from ticketgate.domain.tickets.identity_event import Tier, Verdict

HOUR = timedelta(hours=1)


SEES = ClassifyRule(
    "elevated", "privilege.elevate", Tier.HIGH, Verdict.IDENTITY,
    both("ticket.catalog_item=elevated,privileged"), "policy.yaml:5", "c" * 64,
)  # fmt: skip
LIMIT = Limit(both("tier=high"), HOUR, 2 * HOUR, 4 * HOUR, "policy.yaml:40", "l" * 64)
RULE = replace(
    rule(stage("manager_of:beneficiary"), stage("group:sec-iam", need=2, name="security")),
    id="high", when=both("tier=high,critical"), where="policy.yaml:20",
)  # fmt: skip
LOW = replace(rule(stage("owner_of:entitlement")), id="low", when=both("tier=low"))
DB = replace(entitlement(), asked_by=both("ticket.variables.role=dba"))
OLD = Policy("0" * 64, (SEES,), (DB,), (RULE, LOW), (LIMIT,))


def changes(**parts: Any) -> tuple[Change, ...]:  # noqa: ANN401 -- any section of a policy
    return compare(OLD, replace(OLD, **parts))


def only(**parts: Any) -> tuple[str, str, str]:  # noqa: ANN401 -- as above
    """The one change there is: what, field, direction."""
    (found,) = changes(**parts)
    assert found.reason
    return found.what, found.field, found.direction.value


def test_another_layout_is_no_difference() -> None:
    moved = replace(SEES, where="policy.yaml:99", match=Group("all", (replace(
        clause("ticket.catalog_item=Privileged,ELEVATED"), line=7),), 3))  # fmt: skip
    assert changes(classify=(moved,)) == ()
    assert difference(()) == "none"


def test_the_gravest_direction_is_the_kind_of_difference() -> None:
    looser = changes(limits=(replace(LIMIT, max=3 * HOUR),))
    tighter = changes(limits=(replace(LIMIT, default=HOUR / 2),))
    neither = changes(entitlements=(replace(DB, backup_owner=word("person:dan")),))
    assert difference(looser) == "loosened"
    assert difference(tighter) == "tightened"
    assert difference(neither) == "other"
    assert difference((*tighter, *neither)) == "other"
    assert difference((*tighter, *neither, *looser)) == "loosened"


@pytest.mark.parametrize(
    ("field", "value", "direction"),
    [
        ("tier", Tier.CRITICAL, "tightened"),
        ("tier", Tier.MEDIUM, "loosened"),
        ("verdict", Verdict.UNCERTAIN, "other"),
        ("kind", "access.grant", "other"),
        ("match", both("ticket.catalog_item=elevated"), "loosened"),
        ("match", both("ticket.catalog_item=elevated,privileged,root"), "loosened"),
        ("match", both("ticket.table=x"), "loosened"),
    ],
)
def test_a_classify_rule_that_changes(field: str, value: object, direction: str) -> None:
    new = replace(SEES, **{field: value})  # type: ignore[arg-type]
    assert only(classify=(new,)) == ("changed", field, direction)


def test_what_needed_a_look_and_opens_requests_now_is_loosened() -> None:
    uncertain = replace(SEES, verdict=Verdict.UNCERTAIN)
    (found,) = compare(replace(OLD, classify=(uncertain,)), OLD)
    assert (found.field, found.direction) == ("verdict", Direction.LOOSENED)


def test_classify_rules_that_come_and_go() -> None:
    assert only(classify=()) == ("removed", "", "loosened")
    more = replace(SEES, id="more")
    assert only(classify=(SEES, more)) == ("added", "", "other")
    unsure = replace(more, verdict=Verdict.UNCERTAIN)
    assert only(classify=(SEES, unsure)) == ("added", "", "tightened")


def test_a_rule_that_says_identity_event_of_more_tickets_is_looser() -> None:
    """What another rule was not sure of, or could not read, opens requests without a look then."""
    more = replace(SEES, id="more", match=both("ticket.table=req"))
    assert only(classify=(SEES, more)) == ("added", "", "loosened")
    unsure = replace(OLD, classify=(replace(SEES, verdict=Verdict.UNCERTAIN),))
    (found,) = compare(unsure, replace(unsure, classify=(*unsure.classify, replace(SEES, id="b"))))
    assert found.direction is Direction.LOOSENED


def test_a_kind_that_approve_rules_ask_about_may_lead_to_another_one() -> None:
    asking = replace(OLD, approve=(replace(LOW, when=both("kind=access.grant")),))
    added = compare(asking, replace(asking, classify=(SEES, replace(SEES, id="more"))))
    other = compare(asking, replace(asking, classify=(replace(SEES, kind="mover"),)))
    assert [one.direction.value for one in (*added, *other)] == ["loosened", "loosened"]


@pytest.mark.parametrize(
    ("field", "value", "direction"),
    [
        ("target", "elsewhere", "loosened"),
        ("access", {"group": "ROOT", "site": "x"}, "loosened"),
        ("duration_from", DurationField("ticket.variables.hours", "h"), "loosened"),
        ("duration_from", DurationField("ticket.variables.hours", None), "loosened"),
        ("owner", word("person:mallory"), "loosened"),
        ("backup_owner", word("person:erin"), "other"),
        ("tier", Tier.CRITICAL, "tightened"),
        ("tier", Tier.LOW, "loosened"),
        ("asked_by", both("ticket.variables.role=dba", "ticket.table=x"), "tightened"),
        ("asked_by", both("ticket.variables.role=dba,root"), "loosened"),
        ("requestable_by", both("beneficiary.groups=platform"), "tightened"),
    ],
)
def test_an_entitlement_that_changes(field: str, value: object, direction: str) -> None:
    new = replace(DB, **{field: value})  # type: ignore[arg-type]
    assert only(entitlements=(new,)) == ("changed", field, direction)


OWNED = "owner_of:entitlement"
BACKED = "backup_owner_of:entitlement"
FLOW = Automation(
    "flow", both("ticket.updated_by=svc"), word(BACKED), frozenset(), frozenset(), "p:1", "a"
)


@pytest.mark.parametrize(
    ("parts", "field", "direction"),
    [
        ({"approve": ()}, "owner", "other"),
        ({"approve": (rule(stage("person:bob", "manager_of:requester")),)}, "owner", "other"),
        ({"approve": (rule(stage(OWNED)),)}, "owner", "loosened"),
        ({"approve": (rule(stage(OWNED)),)}, "backup_owner", "other"),
        ({"approve": (rule(stage("person:bob"), stage(BACKED)),)}, "backup_owner", "loosened"),
        ({"approve": (rule(stage("person:bob", never=(OWNED,))),)}, "owner", "loosened"),
        ({"approve": (rule(stage("person:bob"), never=(BACKED,)),)}, "backup_owner", "loosened"),
        ({"approve": (), "automations": (FLOW,)}, "backup_owner", "loosened"),
        ({"approve": (), "automations": (FLOW,)}, "owner", "other"),
    ],
)
def test_another_owner_is_looser_where_a_word_names_owners(
    parts: dict[str, Any], field: str, direction: str
) -> None:
    old = replace(OLD, **parts)
    other = replace(DB, **{field: word("person:mallory")})  # type: ignore[arg-type]
    (found,) = compare(old, replace(old, entitlements=(other,)))
    assert (found.field, found.direction.value) == (field, direction)


@pytest.mark.parametrize(
    ("old", "new", "direction"),
    [
        ("h", "d", "loosened"),
        ("s", "m", "loosened"),
        (None, "s", "loosened"),
        ("d", "h", "loosened"),  # 400 is no number of days that is read
        ("m", None, "other"),
    ],
)
def test_a_unit_in_which_a_number_is_longer_or_read_at_all_is_looser(
    old: str | None, new: str | None, direction: str
) -> None:
    before, after = (
        replace(OLD, entitlements=(replace(DB, duration_from=DurationField("f", unit)),))
        for unit in (old, new)
    )
    (found,) = compare(before, after)
    assert (found.field, found.direction.value) == ("duration_from", direction)


@pytest.mark.parametrize("now", [None, DurationField("ticket.variables.b", "h")])
def test_how_long_read_from_nowhere_or_from_elsewhere_is_looser(now: DurationField | None) -> None:
    read = DurationField("ticket.variables.a", "h")
    old = replace(OLD, entitlements=(replace(DB, duration_from=read),))
    (found,) = compare(old, replace(OLD, entitlements=(replace(DB, duration_from=now),)))
    assert (found.field, found.direction) == ("duration_from", Direction.LOOSENED)


def test_whoever_may_request_without_a_condition_is_everybody() -> None:
    bound = replace(OLD, entitlements=(replace(DB, requestable_by=both("beneficiary.team=a")),))
    (found,) = compare(bound, OLD)
    assert (found.field, found.direction) == ("requestable_by", Direction.LOOSENED)


def test_entitlements_that_come_and_go() -> None:
    assert only(entitlements=()) == ("removed", "", "tightened")
    assert only(entitlements=(DB, replace(DB, id="more"))) == ("added", "", "loosened")


LINE, SECURITY = RULE.stages


@pytest.mark.parametrize(
    ("field", "value", "direction"),
    [
        ("stages", (LINE,), "loosened"),
        ("stages", (LINE, replace(SECURITY, need=1)), "loosened"),
        ("stages", (LINE, replace(SECURITY, need=3)), "tightened"),
        ("stages", (LINE, SECURITY, replace(LINE, name="again")), "tightened"),
        ("stages", (SECURITY, LINE), "loosened"),
        ("stages", (replace(LINE, any_of=(word("person:bob"),)), SECURITY), "loosened"),
        (
            "stages",
            (replace(LINE, any_of=(*LINE.any_of, word("person:bob"))), SECURITY),
            "loosened",
        ),
        ("stages", (replace(LINE, never=(word("person:bob"),)), SECURITY), "tightened"),
        ("never", (word("person:mallory"),), "tightened"),
        ("when", both("tier=high,critical,medium"), "loosened"),
        ("when", both("tier=high"), "loosened"),
        ("justification_chars_min", 500, "tightened"),
        ("justification_chars_min", 1, "loosened"),
        ("assurance", "passkey", "tightened"),
        ("assurance", "mail_code", "loosened"),
        ("because", "there is a reason", "other"),
        ("decide_within", timedelta(minutes=5), "tightened"),
        ("decide_within", timedelta(days=5), "loosened"),
    ],
)
def test_an_approve_rule_that_changes(field: str, value: object, direction: str) -> None:
    new = replace(RULE, **{field: value})  # type: ignore[arg-type]
    told = {"justification_chars_min": "justification"}.get(field, field)
    assert only(approve=(new, LOW)) == ("changed", told, direction)


def test_a_stage_with_another_name_asks_the_same() -> None:
    assert changes(approve=(replace(RULE, stages=(LINE, replace(SECURITY, name="x"))), LOW)) == ()


def test_an_assurance_that_says_the_default_is_the_default() -> None:
    low = replace(RULE, assurance="mail_code", because="x")
    same = replace(low, assurance="mail_code", because="y")
    assert strictness_of(low, same) is Strictness.OTHER
    assert strictness_of(low, low) is Strictness.SAME
    default, said = replace(RULE, assurance=None), replace(RULE, assurance="mail_code")
    assert strictness_of(said, default) is Strictness.STRONGER
    levelled = replace(RULE, assurance="oidc"), replace(RULE, assurance="oidc", because="")
    assert strictness_of(*levelled) is Strictness.SAME


def test_people_who_might_not_decide_and_now_may_are_a_loosening() -> None:
    kept = replace(RULE, never=(word("person:mallory"),))
    assert strictness_of(kept, RULE) is Strictness.WEAKER
    assert strictness_of(kept, replace(kept, never=(word("person:bob"),))) is Strictness.WEAKER


def test_the_last_rule_that_narrows_blocks_what_it_lets_go() -> None:
    assert only(approve=(RULE, replace(LOW, when=both("tier=low", "ticket.table=x")))) == (
        "changed", "when", "tightened",
    )  # fmt: skip


def test_approve_rules_that_go() -> None:
    assert only(approve=(LOW,)) == ("removed", "", "loosened")
    assert only(approve=(RULE,)) == ("removed", "", "tightened")


def test_approve_rules_that_come() -> None:
    def first(new: ApproveRule) -> str:
        return only(approve=(new, RULE, LOW))[2]

    more = replace(RULE, id="more", when=both("tier=critical"))
    assert first(more) == "tightened"
    assert first(replace(more, stages=(LINE,))) == "loosened"
    assert first(replace(more, when=both("tier=critical,medium"))) == "loosened"
    assert first(replace(more, when=ALWAYS)) == "loosened"
    assert only(approve=(RULE, LOW, more)) == ("added", "", "loosened")


def test_rules_that_change_places() -> None:
    weak = replace(LOW, when=both("tier=critical"), id="weak")
    strong = replace(RULE, when=both("tier=critical"), id="strong")
    ahead, behind = (replace(OLD, approve=pair) for pair in ((weak, strong), (strong, weak)))
    (found,) = compare(behind, ahead)
    assert (found.id, found.what, found.direction.value) == ("weak", "moved", "loosened")
    assert found.new == "before strong"
    assert strictness_of(weak, replace(weak, id="strong")) is Strictness.SAME
    same = replace(weak, id="same")
    pair = (replace(OLD, approve=(weak, same)), replace(OLD, approve=(same, weak)))
    assert [one.direction.value for one in compare(*pair)] == ["tightened"]
    apart = (replace(OLD, approve=(weak, LOW)), replace(OLD, approve=(LOW, weak)))
    assert [one.direction.value for one in compare(*apart)] == ["loosened"]


@pytest.mark.parametrize("field", ["default", "max", "hard_max"])
def test_a_limit_that_changes(field: str) -> None:
    longer, shorter = (replace(LIMIT, **{field: HOUR * by}) for by in (9, 0.5))  # type: ignore[arg-type]
    assert only(limits=(longer,)) == ("changed", field, "loosened")
    assert only(limits=(shorter,)) == ("changed", field, "tightened")


@pytest.mark.parametrize(("times", "direction"), [(3, "loosened"), (1, "tightened")])
def test_more_extensions_are_longer_access(times: int, direction: str) -> None:
    old, new = (replace(OLD, limits=(replace(LIMIT, extend=one),)) for one in (2, times))
    (found,) = compare(old, new)
    assert (found.field, found.old, found.new) == ("extend", "2", str(times))
    assert found.direction.value == direction


def test_limits_that_come_and_go() -> None:
    closer = replace(LIMIT, when=both("tier=high", "ticket.table=x"))
    elsewhere = replace(LIMIT, when=both("tier=low"))
    assert only(limits=(LIMIT, closer)) == ("added", "", "tightened")
    assert only(limits=(LIMIT, elsewhere)) == ("added", "", "loosened")
    assert only(limits=()) == ("removed", "", "loosened")


FLOW = Automation(
    "flow", both("ticket.updated_by=svc"), word("person:carol"), frozenset({"mover"}),
    frozenset({"corp-scim"}), "policy.yaml:60", "a" * 64,
)  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "direction"),
    [
        ("owner", word("person:dan"), "other"),
        ("may", frozenset({"mover", "leaver"}), "loosened"),
        ("may", frozenset({"leaver"}), "loosened"),
        ("targets", frozenset(), "tightened"),
        ("match", both("ticket.updated_by=svc,root"), "loosened"),
        ("match", both("ticket.updated_by=svc", "ticket.table=x"), "loosened"),
    ],
)
def test_an_automation_that_changes(field: str, value: object, direction: str) -> None:
    new = replace(FLOW, **{field: value})  # type: ignore[arg-type]
    (found,) = compare(replace(OLD, automations=(FLOW,)), replace(OLD, automations=(new,)))
    assert (found.what, found.field, found.direction.value) == ("changed", field, direction)


def test_automations_that_come_and_go() -> None:
    assert only(automations=(FLOW,)) == ("added", "", "loosened")
    (found,) = compare(replace(OLD, automations=(FLOW,)), OLD)
    assert (found.what, found.direction) == ("removed", Direction.LOOSENED)


def test_to_enforce_is_looser_and_to_shadow_neither() -> None:
    assert only(shadow=True) == ("changed", "mode", "other")
    (found,) = compare(replace(OLD, shadow=True), OLD)
    assert (found.field, found.direction) == ("mode", Direction.LOOSENED)


def covered(*codes: str) -> Covered:
    return Covered(codes, "policy.yaml:70", 70, "d" * 64)


def test_fewer_languages_are_tighter_and_more_are_looser() -> None:
    assert only(languages=covered("en")) == ("changed", "languages", "tightened")
    for fewer, direction in (("en", "tightened"), ("ru", "loosened")):
        was, now = (replace(OLD, languages=covered(*one)) for one in (("en", "ru"), (fewer,)))
        assert [one.direction for one in compare(was, now)] == [direction]
    was, now = (replace(OLD, languages=covered(*one)) for one in (("uk", "ru"), ("ru",)))
    assert [one.direction for one in compare(was, now)] == ["tightened"], "neither counted words"
    english, both_ = (replace(OLD, languages=covered(*one)) for one in (("en",), ("en", "de")))
    told = [compare(english, both_), compare(both_, english), compare(english, OLD)]
    assert [difference(one) for one in told] == ["loosened", "tightened", "loosened"]
    assert told[2][0].new == "any"


def test_weights_that_come_are_tighter_and_others_may_be_looser() -> None:
    one, other = (Weights({"access": 1}, 1, "w", 1, digest * 64) for digest in "ab")
    assert only(weights=one) == ("changed", "weights", "tightened")
    told = compare(replace(OLD, weights=one), replace(OLD, weights=other))
    assert difference(told) == "loosened"
    assert difference(compare(replace(OLD, weights=one), OLD)) == "loosened"


def test_a_wide_clause_holds_where_a_narrow_one_does_and_not_the_other_way_round() -> None:
    narrow = clause("ticket.text|contains=Access")
    wide = replace(narrow, wide=True)
    assert implies(narrow, wide)
    assert not implies(wide, narrow)
    assert implies(replace(wide, values=("ACCESS",)), wide)
    assert not implies(replace(wide, values=("access to",)), wide)
    greek = replace(wide, values=("Άccess",))
    assert implies(greek, greek)
    assert not implies(greek, replace(wide, values=("άccess",)))
