"""Emergency: access without an approval beforehand, and the review that it owes (rule 9).

It is pre-authorised by the policy, invoked by the signed-in beneficiary, ends by itself, cannot be
extended, and leaves a debt: the review by somebody else, in time, or the person is locked. A drill
is the same without access.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ticketgate.domain.evidence import digest_of
from ticketgate.domain.grants.grant import ENDED, Grant, GrantState
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import EmergencyRules, Entitlement, Word
from ticketgate.domain.requests.approvers import unfit

REASON_CHARS_MIN: Final = 20
REASON_CHARS_MAX: Final = 4000
CONSENT_LIFE: Final = timedelta(minutes=15)  # from the ask to the consent, and to the beginning
ASKS: Final = frozenset({"asked", "consented"})
WAITING: Final = frozenset({"due", "claimed"})  # for a review whose time is not up
OUTCOMES: Final = ("justified", "unjustified", "incomplete")


class ReviewState(StrEnum):
    """The REVIEW machine's states. Asked and consented is what has not begun."""

    ASKED = "asked"
    CONSENTED = "consented"
    DUE = "due"
    CLAIMED = "claimed"  # due, of what was entered afterwards
    OVERDUE = "overdue"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Emergency:
    """One emergency and its review. `grant` is empty for a drill.

    `within` is how long after the end of the access the review is due. `clause` is the word that
    pre-authorised `subject`. `index` is that of the record that invoked it, or that asked for
    consent; so is `invoked_at`.

    Of one that was only entered afterwards (`claim_emergency.py`) they are those of that record,
    `entered_by` is who entered it, and from `access_from` to `access_until` the access was held,
    as they say; `clause` is empty where `subject` was not pre-authorised.
    """

    id: str
    version: int
    state: ReviewState
    drill: bool
    subject: str
    entitlement: str
    target: str
    grant: str
    seconds: int
    within: timedelta
    clause: str
    invoked_at: datetime
    index: int
    outcome: str = ""
    reviewer: str = ""
    reviewed_at: datetime | None = None
    entered_by: str = ""
    access_from: datetime | None = None
    access_until: datetime | None = None

    @property
    def is_claim(self) -> bool:
        """Whether it was entered afterwards: claimed, and not enforced."""
        return bool(self.entered_by)


def over_at(emergency: Emergency, grant: Grant | None) -> datetime:
    """When the access ends or has ended, from which the review's time runs.

    While a target does not confirm the removal it runs all the same. A drill is over at once.
    """
    if grant is None:
        return emergency.invoked_at
    return grant.revoking_since or grant.ended_at or grant.not_after or grant.activate_by


def due_at(emergency: Emergency, grant: Grant | None) -> datetime:
    """By when the review must be done."""
    return over_at(emergency, grant) + emergency.within


def is_overdue(emergency: Emergency, grant: Grant | None, now: datetime) -> bool:
    """Whether the time to review is over and nobody did, swept or not."""
    if emergency.state.value in WAITING:
        return now >= due_at(emergency, grant)
    return emergency.state is ReviewState.OVERDUE


def is_over(grant: Grant | None) -> bool:
    """Whether the access has ended, confirmed; of a drill always."""
    return grant is None or grant.state in ENDED


def cools_until(grant: Grant | None, cooldown: timedelta) -> datetime | None:
    """Until when the next one must wait; None where nothing was ever given."""
    if grant is None or grant.ended_at is None or grant.state is GrantState.CANCELLED:
        return None
    return grant.ended_at + cooldown


def is_ask(emergency: Emergency) -> bool:
    """Whether it waits for the consent of a second person, or has it, and has not begun."""
    return emergency.state.value in ASKS


def ask_counts(emergency: Emergency, now: datetime) -> bool:
    """Whether it is an ask that is not too old."""
    return is_ask(emergency) and now < emergency.invoked_at + CONSENT_LIFE


def clause_for(
    words: Iterable[Word], subject: str, entitlement: Entitlement, snapshot: DirectorySnapshot
) -> str | None:
    """The word that names this person; None where none does."""
    found = (word.text for word in words if subject in named(word, entitlement, snapshot))
    return next(found, None)


def named(word: Word, entitlement: Entitlement, snapshot: DirectorySnapshot) -> frozenset[str]:
    """The subjects that a word of the section `emergency`, or of an owner, names."""
    owners: Mapping[str, Word | None] = {
        "owner_of": entitlement.owner,
        "backup_owner_of": entitlement.backup_owner,
    }
    meant = owners.get(word.verb, word)
    if meant is None:
        return frozenset()
    if meant.verb == "person":
        return frozenset({meant.of})
    return frozenset(p.id for p in snapshot.people.values() if meant.of in p.groups)


def reviewers(
    rules: EmergencyRules, entitlement: Entitlement, subject: str, snapshot: DirectorySnapshot
) -> frozenset[str]:
    """Everybody who may review what `subject` did: active humans, none of them that human."""
    found = {s for word in rules.review_by for s in named(word, entitlement, snapshot)}
    return frozenset(
        one
        for one in found
        if unfit(snapshot.person(one)) is None and not snapshot.same_human(one, subject)
    )


def to_tell(
    rules: EmergencyRules,
    entitlement: Entitlement,
    subject: str,
    operators: Iterable[Word],
    snapshot: DirectorySnapshot,
) -> tuple[str, ...]:
    """Everybody who is told: reviewers, owners, the manager, operators, and the person themself."""
    owners = (entitlement.owner, entitlement.backup_owner)
    words = [*rules.review_by, *filter(None, owners), *operators]
    found = {subject} | {s for word in words for s in named(word, entitlement, snapshot)}
    person = snapshot.person(subject)
    if person is not None and person.manager:
        found.add(person.manager)
    fit = (one for one in found if unfit(snapshot.person(one)) is None)
    return tuple(sorted(one for one in fit if snapshot.people[one].mail))


def terms(rules: EmergencyRules, entitlement: Entitlement, clause: str) -> str:
    """The digest of what the page of an emergency shows before it is invoked."""
    return digest_of([entitlement.digest, rules.digest, clause])
