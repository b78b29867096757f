"""The invariants and rules of docs/rules.md that histories are held to, each written once.

Each check is told two states with one deed between them, and yields what is broken, in words. It
looks at rows and records alone: nothing is asked of the code that made them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.operations.kit import Gate
from tests.operations.of_approvals import (
    a_reason_each,
    approved_before_given,
    as_the_ticket_says,
    directory_is_of_now,
    enough_people,
    in_time_on_what_was_shown,
    kept_apart,
    named_and_there,
    nobody_decides_their_own,
    nothing_waits,
    one_voice_each,
)
from tests.operations.of_emergencies import (
    consent_is_by_another,
    emergencies_end_and_are_owed,
    late_reviews_are_told,
    who_is_locked_gets_and_decides_nothing,
)
from tests.operations.of_lives import (
    an_end_within_all_limits,
    no_life_beyond_the_longest,
    the_target_holds_what_the_grants_say,
    what_is_over_is_taken_away,
    within_its_window,
)
from tests.operations.state import State, state_of
from tests.operations.step import HOLDING, BrokenError, Check, Step

GIVES: Final = (  # records that give access or close a debt: by a person who was signed in
    "decision.recorded",
    "decision.taken_back",
    "emergency.asked",
    "emergency.claimed",
    "emergency.consented",
    "emergency.invoked",
    "review.done",
)
METHODS: Final = {"mail_code", "oidc", "oidc_step_up", "passkey"}


def signed_in_people_give(step: Step) -> Iterator[str]:
    """Rule 12: what gives is by a known person who signed in; the command line only takes away."""
    for record in step.after.of_type(*GIVES):
        names = ("approver", "by", "reviewer", "person")
        actor = next(record[name] for name in names if name in record)
        if actor not in step.after.actors or record.get("method", "oidc") not in METHODS:
            yield f"{record['type']} by nobody who is signed in"
    if step.deed != "os":
        return
    for ident, grant in step.after.grants.items():
        before = step.before.grants.get(ident)
        if before is None or (before.state.value not in HOLDING and grant.state.value in HOLDING):
            yield f"the command line gives {ident}"
    if step.after.approvals != step.before.approvals:
        yield "the command line decides"


def quiet_deeds_change_nothing(name: str) -> Check:
    """What a deed leaves as it was by rule `name`: looking, a claim, a webhook told again."""

    def check(step: Step) -> Iterator[str]:
        if step.quiet != name:
            return
        if step.before.rows != step.after.rows or step.before.outcome != step.after.outcome:
            yield f"{step.deed} changes what stands"
        more = {one["type"] for one in step.after.fresh} - {"actor.minted", "view.recorded"}
        if name == "rule 14" and more - {"directory.loaded"}:
            yield f"{step.deed} writes {sorted(more)}"

    return check


def nothing_is_given_on_a_disputed_clock(step: Step) -> Iterator[str]:
    """I12 with rule 11: while the wall clock is far off nobody is given anything."""
    if not (step.before.disputed and step.after.disputed):
        return
    if list(step.decisions()) or step.after.of_type("request.approved", "emergency.invoked"):
        yield "decided while the clock is disputed"
    if any(True for _ in step.fresh_grants()):
        yield "given while the clock is disputed"


CHECKS: Final[Mapping[str, tuple[Check, ...]]] = {
    "I1": (named_and_there, kept_apart, a_reason_each, approved_before_given, enough_people),
    "I2": (nobody_decides_their_own,),
    "I3": (an_end_within_all_limits, within_its_window),
    "I4": (no_life_beyond_the_longest,),
    "I5": (what_is_over_is_taken_away,),
    "I6": (the_target_holds_what_the_grants_say,),
    "I7": (one_voice_each,),
    "I8": (in_time_on_what_was_shown,),
    "I9": (quiet_deeds_change_nothing("I9"),),
    "I12": (nothing_is_given_on_a_disputed_clock,),
    "rule 5": (named_and_there, directory_is_of_now),
    "rule 6": (in_time_on_what_was_shown, nothing_waits, as_the_ticket_says),
    "rule 7": (quiet_deeds_change_nothing("rule 7"),),
    "rule 9": (
        emergencies_end_and_are_owed,
        late_reviews_are_told,
        consent_is_by_another,
        who_is_locked_gets_and_decides_nothing,
    ),
    "rule 12": (signed_in_people_give,),
    "rule 14": (quiet_deeds_change_nothing("rule 14"),),
}


@dataclass
class Witness:
    """Holds a gate to all of them, step by step."""

    gate: Gate
    steps: int = 0
    standing: set[tuple[str, str]] = field(default_factory=set)
    last: State = field(init=False)

    def __post_init__(self) -> None:
        self.last = state_of(self.gate)

    def look(
        self, deed: str, *, quiet: str = "", swept: bool = False, why: str | None = None
    ) -> State:
        """Hold what stands now, after this deed, against what stood before.

        Raises:
            BrokenError: something does not hold.
        """
        now = state_of(self.gate, self.last.size)
        step = Step(deed, self.last, now, quiet, swept, why, frozenset(self.standing))
        faults = [
            (name, text)
            for name, checks in CHECKS.items()
            for check in checks
            for text in check(step)
        ]
        self.steps += 1
        self.last = now
        if faults:
            raise BrokenError(deed, faults)
        return now
