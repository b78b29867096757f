"""Which deeds meet at random: the machines of `test_whole_life.py`."""

from typing import Any, Final

from hypothesis import strategies as st
from tests.contracts.fake_target import Fault
from tests.operations.emergencies import HOUR

Deed = tuple[Any, ...]
PEOPLE: Final = st.sampled_from(["alice", "alice-admin", "bob", "carol", "dan", "erin", "mallory"])
DECIDERS: Final = st.sampled_from(["bob", "carol", "dan", "erin", "alice-admin"])
HELPERS: Final = st.sampled_from(["alice", "bob", "alice-admin"])
IDENTS: Final = st.sampled_from(["t1", "t2", "r1", "r2", "b1", "b1"])
TOLD: Final = st.sampled_from(["t1", "t2", "r1", "r2", "b1", "w1"])
WHICH: Final = st.integers(0, 5)
EDITS: Final = st.sampled_from(["reason", "comment", "ours", "passed", "unlisted", "short"])
HOW: Final = st.sampled_from(["leaves", "back", "bob", "carol", "alice-admin", "joins", "parts"])
FAULTS: Final = st.sampled_from([*Fault, Fault.TIMEOUT_LATE, Fault.TIMEOUT_LATE])
SECONDS: Final = st.sampled_from([60, HOUR, 2 * HOUR, 4 * HOUR])
HOURS: Final = st.sampled_from([1, 3, 30])


def _deed(name: str, *args: st.SearchStrategy[Any]) -> st.SearchStrategy[Deed]:
    return st.tuples(st.just(name), *args)


_TICKETS: Final = (
    _deed("ask", IDENTS),
    _deed("edit", TOLD, EDITS, PEOPLE, st.booleans()),
    _deed("mend", TOLD),
    _deed("close", TOLD),
    _deed("again", WHICH, st.booleans()),
    _deed("claim", IDENTS, DECIDERS, PEOPLE),
)
_WORDS: Final = (
    _deed("decide", DECIDERS, WHICH, st.sampled_from(["approve", "approve", "deny"])),
    _deed("all", st.permutations(("alice-admin", "bob", "carol", "dan", "erin"))),
    _deed("mute", DECIDERS),
    _deed("back", DECIDERS),
)
_STRANGERS: Final = (
    _deed("steal", PEOPLE, DECIDERS),
    _deed("look", PEOPLE, DECIDERS),
    _deed("dark", DECIDERS),
)
_STAFF: Final = (
    _deed("delegate", DECIDERS, PEOPLE, HOURS),
    _deed("away", DECIDERS, HOURS),
    _deed("staff", PEOPLE, HOW),
)
_LIVES: Final = (
    _deed("say", st.sampled_from(["withdraw", "return", "extend"]), HELPERS, SECONDS),
    _deed("longer", st.sampled_from([60, 4 * HOUR, 4 * HOUR])),
    _deed("os", st.sampled_from(["alice", "bob"])),
    _deed("stray", st.sampled_from(["approve", "invoke", "review", "release"])),
)
_EMERGENCIES: Final = (
    _deed("invoke", HELPERS, st.sampled_from([False, False, False, True])),
    _deed("consent", st.sampled_from(["alice-admin", "bob", "carol"])),
    _deed("review", PEOPLE, st.sampled_from(["justified", "unjustified"])),
    _deed("hand_back", HELPERS),
    _deed("by_hand", st.sampled_from(["erin", "carol", "bob"]), HELPERS),
)
_TARGET: Final = (
    _deed("disturb", st.sampled_from(["grant", "revoke"]), FAULTS),
    _deed("down", st.booleans()),
    _deed("heal"),
    _deed("restart"),
)
_ASK: Final = _TICKETS[0]
_GIVE: Final = _deed("give", IDENTS, st.sampled_from([None, 60, 2 * HOUR]))
_LATER: Final = _deed(
    "schedule", st.sampled_from(["w1", "w2"]), st.sampled_from([1, 3]), st.sampled_from([1, 2])
)
_TIME: Final = _deed("tick", st.sampled_from([1, 299, HOUR, 2 * HOUR, 26 * HOUR]))
_PASS: Final = _deed("let_pass", st.sampled_from([60, HOUR, 9 * HOUR]))
_RULES: Final = _deed("policy", st.sampled_from(["all", "two", "short", "automatic"]))
_SKEW: Final = _deed("skew", st.sampled_from([-30, 0, 10, 600]))


def _histories(
    first: st.SearchStrategy[Deed], *deeds: st.SearchStrategy[Deed]
) -> st.SearchStrategy[list[Deed]]:
    """A first deed that gives the others something to be about, and then any of these."""
    rest = st.lists(st.one_of(*deeds), min_size=7, max_size=20)
    return st.tuples(first, rest).map(lambda drawn: [drawn[0], *drawn[1]])


# The machines: each mixes what meets often; the last one everything.
MACHINES: Final = {
    "approvals": _histories(
        _ASK, *_TICKETS[:2], *_WORDS, *_WORDS, *_STRANGERS, *_STAFF, *_STAFF, _TIME, _PASS,
        _RULES, _SKEW,
    ),
    "tickets": _histories(
        _GIVE, *_TICKETS, *_TICKETS, _GIVE, _GIVE, _WORDS[1], _TIME, _RULES, _SKEW
    ),
    "lives": _histories(
        _GIVE, _GIVE, *_LIVES, _LIVES[1], *_TARGET, _TARGET[0], _TIME, _PASS, _TICKETS[3],
        _LATER, _STAFF[2],
    ),
    "emergencies": _histories(
        _EMERGENCIES[0], *_EMERGENCIES, *_EMERGENCIES[:2], _TIME, _TIME, _ASK, *_WORDS[:2],
        _PASS, _STAFF[0],
    ),
    "everything": _histories(
        _GIVE, *_TICKETS, *_WORDS, *_STRANGERS, *_STAFF, *_LIVES, *_EMERGENCIES, *_TARGET,
        _GIVE, _GIVE, _TIME, _TIME, _PASS, _RULES, _SKEW, _LATER,
    ),
}  # fmt: skip
