"""Claims: what of a token counts, for whom and for how long."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.domain.cast import NOON, case, delegation, directory, person, stage

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.claims import (
    Claimed,
    ClaimRules,
    claimed_in,
    everything_of,
    unconfirmed,
)
from ticketgate.domain.people.duties import Duties
from ticketgate.domain.people.id_token import SKEW
from ticketgate.domain.requests.approvers import Standing, candidates, fillable, standing

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RULES = ClaimRules("groups", {"sec-iam": "G1", "dba": "G2"}, timedelta(minutes=15))
BOTH = frozenset({"G1", "G2"})


@pytest.mark.parametrize(
    ("told", "values"),
    [
        (["G1", "G9"], {"G1"}),
        (["g1", " G1", "G1 ", 1, None, ["G2"], {"G2": "G2"}], set()),
        ("G1", set()),
        ({"G1": True}, set()),
        (True, set()),
        (None, set()),
        ([], set()),
    ],
    ids=["list", "look-alikes", "text", "mapping", "flag", "null", "empty"],
)
def test_only_a_list_of_texts_names_groups_letter_for_letter(
    told: list[object] | str | None, values: set[str]
) -> None:
    found = claimed_in(RULES, {"groups": told}, subject="bob", issued=AT)  # type: ignore[dict-item]
    assert found == Claimed("bob", AT, "groups", frozenset(values))


def test_a_claim_that_is_missing_names_nothing() -> None:
    assert claimed_in(RULES, {"roles": ["G1"]}, subject="bob", issued=AT).values == frozenset()


def lacking(claimed: Claimed | None, after: timedelta) -> tuple[set[str], str]:
    groups, refusal = unconfirmed(RULES, claimed, subject="bob", now=AT + after)
    return {*groups}, refusal.code


def test_a_claim_confirms_what_it_names_and_nothing_else() -> None:
    now = timedelta(0)
    assert lacking(Claimed("bob", AT, "groups", BOTH), now) == (set(), "not_in_claims")
    one = Claimed("bob", AT, "groups", frozenset({"G1"}))
    assert lacking(one, now) == ({"dba"}, "not_in_claims")


@pytest.mark.parametrize(
    ("after", "missing"),
    [
        (timedelta(minutes=15) - timedelta(microseconds=1), set()),
        (timedelta(minutes=15), {"sec-iam", "dba"}),
        (-SKEW, set()),
        (-SKEW - timedelta(microseconds=1), {"sec-iam", "dba"}),
    ],
    ids=["last moment", "too old", "clocks apart", "of the future"],
)
def test_a_claim_counts_for_a_while(after: timedelta, missing: set[str]) -> None:
    groups, code = lacking(Claimed("bob", AT, "groups", BOTH), after)
    assert groups == missing
    assert code == ("claims_old" if missing else "not_in_claims")


def test_a_claim_of_another_person_or_another_claim_counts_for_nothing() -> None:
    every = {"sec-iam", "dba"}
    assert lacking(None, timedelta(0)) == (every, "claims_old")
    assert lacking(Claimed("eve", AT, "groups", BOTH), timedelta(0)) == (every, "claims_old")
    assert lacking(Claimed("bob", AT, "roles", BOTH), timedelta(0)) == (every, "claims_old")


def test_a_rehearsal_claims_everything_now() -> None:
    assert everything_of(None, "bob", AT) is None
    assert lacking(everything_of(RULES, "bob", AT), timedelta(0))[0] == set()


def test_nobody_stands_in_for_somebody_of_a_group_that_a_sign_in_confirms() -> None:
    people = [
        person("alice", team="platform"),
        person("bob", team="security", groups=frozenset({"sec-iam"})),
        person("dan", team="sales"),
    ]
    duties = Duties((delegation("bob", "dan"),))
    plain = directory(*people, duties=duties)
    held = replace(plain, claims=RULES)
    security = stage("group:sec-iam")
    before, after = case(plain, security), case(held, security)
    assert {*candidates(before, security)} == {"bob", "dan"}
    assert {*candidates(after, security)} == {"bob"}
    assert fillable(after)
    found = standing(after, security, "dan", on_behalf_of="bob")
    assert isinstance(found, Refusal)
    assert found.code == "delegation_void"
    assert after.now == NOON
    named = standing(after, security, "bob")
    assert isinstance(named, Standing)
    assert named.group == "sec-iam"
