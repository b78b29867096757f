"""What an approve rule says that approves without a person: why, how often, and of what."""

from collections.abc import Sequence
from typing import Final

from ticketgate.adapters.files.places import Place, Section
from ticketgate.domain.matching.matcher import Clause, Matcher
from ticketgate.domain.policy.policy import Automatic
from ticketgate.domain.requests.automatic import NEVER_KINDS

PER_DAY_MAX: Final = 100_000
OF_PEOPLE: Final = (
    "stages", "never", "justification", "assurance", "decide_within", "escalate",
)  # fmt: skip


def read_automatic(section: Section, when: Matcher | None) -> Automatic | None:
    """`automatic: { because, max_per_day }` of a rule, in place of everything about people.

    Its `when` must name `kind` and `tier`: what is not listed there is never approved by it.
    """
    place = section.get("automatic")
    inner = None if place is None else place.section()
    if place is None or inner is None:
        return None
    for key in OF_PEOPLE:
        if (beside := section.get(key)) is not None:
            beside.fault("cannot stand beside `automatic`, which asks nobody")
    because_place, most_place = inner.need("because"), inner.need("max_per_day")
    because = None if because_place is None else because_place.text()
    most = None if most_place is None else most_place.integer(1, PER_DAY_MAX)
    inner.close()
    if when is not None:
        _check_when(place, when)
    return None if because is None or most is None else Automatic(because, most)


def _check_when(place: Place, when: Matcher) -> None:
    kinds, tiers = _listed(when, "kind"), _listed(when, "tier")
    if not kinds:
        place.fault("needs `kind` in `when`: it never approves beside another kind")
    if not tiers:
        place.fault("needs `tier` in `when`: high and critical only where they are named")
    for kind in sorted(NEVER_KINDS.intersection(kinds)):
        place.fault(f"the kind {kind!r} is never approved without a person")


def _listed(when: Matcher, field: str) -> Sequence[str]:
    """The values that `when` demands of a field, whatever else it says; none: it may be any."""
    parts = (when,) if isinstance(when, Clause) else when.parts if when.op == "all" else ()
    found = [one for one in parts if isinstance(one, Clause) and one.field == field]
    return found[0].values if found else ()  # `kind` and `tier` take no test
