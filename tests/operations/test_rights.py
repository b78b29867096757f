"""Who may ask for what: one table."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from ticketgate.domain.errors import TicketgateError
from ticketgate.operations.people.rights import RIGHTS, Who, word_of

OWNERS: Final = frozenset({"os:990@gate", "os:0@gate"})
OPERATOR: Final = "os:1000@gate"


def test_the_operators_group_may_take_access_away_and_ask_for_a_checkpoint() -> None:
    assert {word for word, who in RIGHTS.items() if who is Who.ANYBODY} == {"revoke", "checkpoint"}
    for word in ("revoke", "checkpoint"):
        assert word_of(OPERATOR, {"do": word}, OWNERS) == word


@pytest.mark.parametrize(
    "word", ["erase", "prune", "pruning", "surface", "exported", "rotate_key", "end_key"]
)
def test_the_rest_is_for_the_gateways_own_account_and_root(word: str) -> None:
    for owner in OWNERS:
        assert word_of(owner, {"do": word}, OWNERS) == word
    with pytest.raises(TicketgateError, match="own account") as told:
        word_of(OPERATOR, {"do": word}, OWNERS)
    assert told.value.code == "not_allowed"


@pytest.mark.parametrize("asked", [{}, {"do": None}, {"do": "give"}, {"do": ["revoke"]}])
def test_what_is_no_word_is_usage(asked: Mapping[str, Any]) -> None:
    with pytest.raises(TicketgateError) as told:
        word_of("os:0@gate", asked, OWNERS)
    assert told.value.code == "usage"
