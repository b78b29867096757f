"""Directory diff: whether who exists now lets more through than who existed before, and how often.

*Loosened* is what may let somebody ask, decide, sign in or stand in who could not, or parts what
counted as one human. *Tightened* takes such a thing away. *Other* is neither, such as a name. It is
judged by the directory alone: a policy may bar a group, and then who leaves it is let through.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ticketgate.domain.changes.policy_change import LOOSENED, OTHER, TIGHTENED, Direction
from ticketgate.domain.people.directory import DirectorySnapshot, Person
from ticketgate.domain.people.duties import Duties, Shift


@dataclass(frozen=True, slots=True)
class DirectoryDifference:
    """How a directory differs from the one before it, whose digest is `since`.

    `kind` is `first` (there was none), `unknown` (the one before is not known any more), `none`,
    or the gravest direction; `counts` says how many changes go each way.
    """

    since: str | None
    kind: str
    counts: Mapping[str, int]


def between(
    old: DirectorySnapshot | None, new: DirectorySnapshot, last: str | None
) -> DirectoryDifference:
    """How `new` differs from the directory recorded last, whose digest is `last` (None: none).

    `old` is what is remembered, which may be another one, or nothing.
    """
    if last is None:
        return DirectoryDifference(None, "first", {})
    if old is None or old.digest != last:
        return DirectoryDifference(last, "unknown", {})
    counts = Counter(one.value for one in directions(old, new))
    kind = next((one.value for one in (LOOSENED, OTHER, TIGHTENED) if counts[one.value]), "none")
    return DirectoryDifference(last, kind, dict(counts))


def directions(old: DirectorySnapshot, new: DirectorySnapshot) -> Iterator[Direction]:
    """One direction for each thing that changed."""
    for subject in sorted(old.people.keys() | new.people.keys()):
        was, now = old.person(subject), new.person(subject)
        if was is not None and now is not None:
            yield from () if was == now else _person(was, now)
        else:
            yield from [_whole(one, LOOSENED) for one in (now,) if one is not None]
            yield from [_whole(one, TIGHTENED) for one in (was,) if one is not None]
    yield from _humans(old, new)
    yield from _duties(old.duties, new.duties)
    if old.groups != new.groups:
        yield OTHER


def _whole(person: Person, way: Direction) -> Direction:
    """Somebody who is new, or gone; whoever is not active could do nothing anyway."""
    return way if person.active else OTHER


def _person(was: Person, now: Person) -> Iterator[Direction]:
    if was.active != now.active:
        yield LOOSENED if now.active else TIGHTENED
    if was.kind != now.kind:  # only a human decides
        yield LOOSENED if now.kind == "human" else TIGHTENED if was.kind == "human" else OTHER
    yield from _more_or_less(was.groups, now.groups)
    yield from _more_or_less(_accounts(was), _accounts(now))
    yield from _more_or_less(now.away, was.away)  # whoever is away decides nothing
    if was.mail != now.mail:  # codes and links go there
        yield LOOSENED if now.mail else TIGHTENED
    if was.team != now.team:  # a conflict by team may be over
        yield OTHER if was.team is None else LOOSENED
    if was.manager != now.manager:
        yield OTHER if was.manager and now.manager else LOOSENED if now.manager else TIGHTENED
    if (was.name, was.zone, was.aliases) != (now.name, now.zone, now.aliases):
        yield OTHER  # what aliases link is looked at apart


def _accounts(person: Person) -> frozenset[tuple[str, str]]:
    return frozenset((system, one) for system, held in person.accounts.items() for one in held)


def _more_or_less(was: Iterable[object], now: Iterable[object]) -> Iterator[Direction]:
    before, after = frozenset(was), frozenset(now)
    yield from [LOOSENED] * len(after - before)
    yield from [TIGHTENED] * len(before - after)


def _humans(old: DirectorySnapshot, new: DirectorySnapshot) -> Iterator[Direction]:
    """Of people in both: what was one human and is several now, and the other way round."""
    both = old.people.keys() & new.people.keys()
    yield from [LOOSENED] * _parted(both, old, new)
    yield from [TIGHTENED] * _parted(both, new, old)


def _parted(both: Collection[str], one: DirectorySnapshot, other: DirectorySnapshot) -> int:
    """How many humans of `one` are several in `other`."""
    found: dict[str, set[str]] = {}
    for subject in both:
        found.setdefault(one.human(subject), set()).add(other.human(subject))
    return sum(len(several) > 1 for several in found.values())


def _duties(old: Duties, new: Duties) -> Iterator[Direction]:
    if old != new:
        yield from _more_or_less(old.delegations, new.delegations)
        yield from _more_or_less(_shifts(old), _shifts(new))


def _shifts(duties: Duties) -> Iterator[tuple[str, Shift]]:
    return ((rota, shift) for rota, shifts in duties.on_call.items() for shift in shifts)
