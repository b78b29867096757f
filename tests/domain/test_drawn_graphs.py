"""100,000 graphs of aliases and delegations: nobody decides on what is theirs, by any account.

The answer of the code is held against that of an oracle that shares nothing with it: the same
people, each in the same capacity. So nobody is let in, and nobody who only looks like somebody
else is taken for them and kept out.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import pytest
from tests.domain.cast import NOON, SNOW, around_noon, case, stage, word
from tests.domain.drawn_graphs import ANN, LIKE_ANN, Drawn, draw, may_decide, parties_of

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people import directory
from ticketgate.domain.people.directory import DirectorySnapshot, Person
from ticketgate.domain.people.duties import Delegation, Duties
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.requests import approvers
from ticketgate.domain.requests.access_request import Party, Shaper
from ticketgate.domain.requests.approvers import Case, Standing, candidates

pytestmark = pytest.mark.untraced

GRAPHS: Final = 100_000
PARTS: Final = 8  # tests, so that they run beside each other
FEW: Final = 1_500  # in which each planted bug shows
NOW, OVER = around_noon(), around_noon(-2, -1)
PLAIN: Final = case(DirectorySnapshot("d" * 64, NOON, {}), stage("person:nobody"))


def asked(drawn: Drawn) -> Case:
    """The question in the words of the code under test."""
    people = {
        one.id: Person(
            one.id,
            one.id,
            "",
            groups=frozenset(one.groups),
            accounts={SNOW: one.accounts},
            aliases=frozenset(one.aliases),
            active=one.fit != 0,
            kind="nhi" if one.fit == 1 else "human",
            away=(NOW,) if one.away else (),
        )
        for one in drawn.people
    }
    given = tuple(
        Delegation(principal, delegate, NOW if holds else OVER, "away")
        for principal, delegate, holds in drawn.given
    )
    first, second, *rest = (Party(*one) for one in drawn.parties)
    shapers = tuple(Shaper("editor", one) for one in rest)
    request = replace(PLAIN.request, requester=first, beneficiary=second, shapers=shapers)
    never = (word("delegate"),) if drawn.no_delegates else ()
    one_stage = replace(PLAIN.rule.stages[0], any_of=tuple(map(word, drawn.words)), never=never)
    snapshot = DirectorySnapshot("d" * 64, NOON, people, duties=Duties(given))
    return replace(
        PLAIN,
        request=request,
        rule=replace(PLAIN.rule, stages=(one_stage,)),
        snapshot=snapshot,
    )


def answer(drawn: Drawn) -> dict[str, str]:
    """Who may decide, and for whom, as the code says."""
    about = asked(drawn)
    found = candidates(about, about.rule.stages[0])
    return {subject: one.on_behalf_of for subject, one in found.items()}


def wrong(seeds: range) -> Iterator[str]:
    """Each number whose two answers differ, and in what."""
    for seed in seeds:
        drawn = draw(seed)
        ours, right = answer(drawn), may_decide(drawn)
        if ours != right:
            yield f"graph {seed}: {ours} is not {right}"


@pytest.mark.parametrize("part", range(PARTS))
def test_nobody_decides_on_their_own_in_a_hundred_thousand_graphs(part: int) -> None:
    size = GRAPHS // PARTS
    assert next(wrong(range(part * size, (part + 1) * size)), "") == ""


def test_the_graphs_ask_what_they_should() -> None:
    """A control of the drawing: delegates, links and look-alikes come up, and refusals do."""
    drawn = [draw(seed) for seed in range(FEW)]
    right = [may_decide(one) for one in drawn]
    assert sum(any(found.values()) for found in right) > FEW // 12  # by delegation
    assert sum(not found for found in right) > FEW // 10  # nobody at all
    like = [set(LIKE_ANN) & found.keys() for found in right]
    near = [ANN in parties_of(one) and bool(who) for one, who in zip(drawn, like, strict=True)]
    assert sum(near) > FEW // 20  # somebody who looks like a party, and is none


def _ids_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DirectorySnapshot, "same_human", lambda _self, one, other: one == other)


def _one_step_of_aliases(monkeypatch: pytest.MonkeyPatch) -> None:
    def step(start: str, links: dict[str, set[str]]) -> set[str]:
        return {start} | links[start]

    monkeypatch.setattr(directory, "_reached", step)


def _case_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "canonical", str)


def _first_holder_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def first(self: DirectorySnapshot, _system: str, account: str) -> frozenset[str]:
        held = self._aliases.get(directory.canonical(account), ())
        return frozenset(one.id for one in held[:1])

    monkeypatch.setattr(DirectorySnapshot, "holders", first)


def _as_shown_at_the_opening(monkeypatch: pytest.MonkeyPatch) -> None:
    def then(_self: DirectorySnapshot, subject: str, *_: str) -> frozenset[str]:
        return frozenset({subject} - {""})

    monkeypatch.setattr(DirectorySnapshot, "meant", then)


def _delegates_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvers, "_void", lambda *_: None)


def _own_delegate(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = approvers._void

    def void(*given: object) -> Refusal | None:
        found = whole(*given)  # type: ignore[arg-type]
        return None if found is not None and "one person's" in found.reason else found

    monkeypatch.setattr(approvers, "_void", void)


def _delegates_of_delegates(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = approvers.named_by

    def wider(one: Word, about: Case) -> frozenset[str]:
        named = whole(one, about)
        duties = about.snapshot.duties
        more = {given.delegate for who in named for given in duties.given_by(who, about.now)}
        return named | more

    monkeypatch.setattr(approvers, "named_by", wider)


def _over_windows_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(NOW), "holds", lambda *_: True)


def _look_alikes_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = DirectorySnapshot.same_human

    def alike(self: DirectorySnapshot, one: str, other: str) -> bool:
        skeletons = [ANN if name in LIKE_ANN else name for name in (one, other)]
        return whole(self, *skeletons) or skeletons[0] == skeletons[1]

    monkeypatch.setattr(DirectorySnapshot, "same_human", alike)


BUGS: Final[tuple[Callable[[pytest.MonkeyPatch], None], ...]] = (
    *(_ids_alone, _one_step_of_aliases, _case_counts, _first_holder_alone),
    *(_as_shown_at_the_opening, _delegates_unasked, _own_delegate, _delegates_of_delegates),
    *(_over_windows_hold, _look_alikes_merged),
)


@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_bug_shows(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    assert next(wrong(range(FEW)), "")


def test_a_standing_tells_for_whom_it_is() -> None:
    """A control of `answer`: what is compared is the capacity, and not the names alone."""
    for seed in range(FEW):
        drawn = draw(seed)
        about = asked(drawn)
        for subject, for_whom in may_decide(drawn).items():
            found = approvers.standing(about, about.rule.stages[0], subject)
            assert isinstance(found, Standing)
            assert found.on_behalf_of == for_whom
