"""Weights: whole numbers of nought or more; what a text has is counted once."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.text.training import (
    EXAMPLES_MIN,
    RECALL,
    Counts,
    Example,
    Trained,
    count,
    train,
)
from ticketgate.domain.text.weights import WEIGHTS_MAX, Weights, features, is_feature

TABLE = {"password": 900, "reset": 400, "password reset": 700, "vpn": 1200, "printer": 0}


def weights(table: dict[str, int] | None = None, threshold: int = 1000) -> Weights:
    return Weights(table or TABLE, threshold, "weights.json", 1, "d")


def test_a_score_is_the_sum_of_the_weights_of_what_is_there() -> None:
    found = weights().score(["Password reset, password RESET!", "the printer"])
    assert found.total == 2000
    assert found.strongest == (
        ("password", 900), ("password reset", 700), ("reset", 400), ("printer", 0)
    )  # fmt: skip


def test_text_in_another_dress_scores_the_same() -> None:
    assert (
        weights().score(["p\u0430ssw\u043erd"]).total == weights().score(["password"]).total == 900
    )


def test_pairs_do_not_reach_from_one_text_into_the_next() -> None:
    assert "password reset" not in features(["password", "reset"])
    assert features(["new user, new"]) == {"new", "user", "new user", "user new"}


@given(
    st.lists(st.sampled_from(["vpn", "password", "reset", "x"]), max_size=6), st.text(max_size=20)
)
def test_more_text_never_lowers_a_score(words: list[str], more: str) -> None:
    text = " ".join(words)
    before = weights().score([text]).total
    for longer in ([f"{text} {more}"], [f"{more} {text}"], [text, more]):
        assert weights().score(longer).total >= before


@pytest.mark.parametrize(
    ("table", "threshold", "said"),
    [({"x": -1}, 1, "not from 0"), ({"x": 1_000_001}, 1, "not from 0"), ({"x": 1}, 0, "below 1"),
     ({f"w{number}": 1 for number in range(WEIGHTS_MAX + 1)}, 1, "more than")],
)  # fmt: skip
def test_a_table_that_could_lower_the_risk_is_refused(
    table: dict[str, int], threshold: int, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        weights(table, threshold)


@pytest.mark.parametrize(
    ("text", "fits"),
    [("password", True), ("new user", True), ("can't log", True), ("пароль", False),
     ("a b c", False),
     ("Password", False), ("a  b", False), ("", False), ("x" * 62, False), ("a-b", False)],
)  # fmt: skip
def test_a_feature_is_one_or_two_folded_words(text: str, *, fits: bool) -> None:
    assert is_feature(text) is fits


def examples(number: int = 60) -> list[Example]:
    asked = [Example((f"please reset my password number{n}",), True) for n in range(number)]
    other = [Example((f"the printer on floor{n} is broken",), False) for n in range(number)]
    return asked + other


@cache
def trained() -> Trained:
    """What these teach; learning takes its time."""
    return train(examples())


def test_what_is_learnt_tells_unseen_tickets_apart() -> None:
    found = trained()
    learnt = weights(found.weights, found.threshold)
    assert found.held_out == Counts(60, 0, 0, 60)
    assert (found.held_out.precision, found.held_out.recall, found.held_out.f1) == (1.0, 1.0, 1.0)
    assert learnt.score(["would you please reset my password"]).total >= learnt.threshold
    assert learnt.score(["the printer is on fire"]).total < learnt.threshold


@pytest.mark.untraced
def test_the_order_of_the_tickets_does_not_matter() -> None:
    assert trained() == train(examples()[::-1])


@pytest.mark.untraced
def test_labels_that_say_nothing_teach_nothing() -> None:
    """The control: held-out figures tell when the words have no part in the label."""
    told = [Example((f"alpha beta number{n}",), n % 2 == 0) for n in range(120)]
    found = train(told).held_out
    assert (found.precision or 0) < 0.75
    assert RECALL > 0.9


@pytest.mark.untraced
def test_a_text_labelled_both_ways_is_positive() -> None:
    both = [Example(one.texts, True) for one in examples()[-1:]]
    assert train(examples() + both).held_out.tn < 60


def test_too_few_tickets_are_refused() -> None:
    few = examples(EXAMPLES_MIN - 1)
    with pytest.raises(ValueError, match="19 identity events and 19 others"):
        train(few)
    with pytest.raises(ValueError, match="0 identity events"):
        train([one for one in examples() if not one.positive])


def test_counts_of_nothing_have_no_shares() -> None:
    none = count([])
    assert (none.precision, none.recall, none.f1) == (None, None, None)
    assert count([(True, True), (False, True), (True, False), (False, False)]) == Counts(1, 1, 1, 1)
