"""Approvers: who a stage names, who may never decide, and whether distinct people can fill it.

Resolved when a request opens and again when deciding (rule 5). People are compared as
humans: all accounts and aliases of one human are one person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ticketgate.domain.access_request import AccessRequest
from ticketgate.domain.directory import DirectorySnapshot, Person
from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy import ApproveRule, Entitlement, Stage, Word


@dataclass(frozen=True, slots=True)
class Case:
    """What an approver question is about: the request, its rule, its entitlement, who exists."""

    request: AccessRequest
    rule: ApproveRule
    entitlement: Entitlement
    snapshot: DirectorySnapshot

    def subject_of(self, name: str) -> str:
        """The subject behind `requester` or `beneficiary`."""
        party = self.request.requester if name == "requester" else self.request.beneficiary
        return party.subject


def named_by(word: Word, case: Case) -> frozenset[str]:
    """The subject ids that a word names; empty when it names nobody."""
    people = case.snapshot.people
    match word.verb:
        case "person":
            return frozenset({word.of})
        case "group":
            return frozenset(p.id for p in people.values() if word.of in p.groups)
        case "owner_of":
            return _of_owner(case.entitlement.owner, case)
        case "backup_owner_of":
            return _of_owner(case.entitlement.backup_owner, case)
        case _:
            about = people.get(case.subject_of(word.of))
            return frozenset() if about is None else _related(word.verb, about, case)


def _of_owner(owner: Word | None, case: Case) -> frozenset[str]:
    return frozenset() if owner is None else named_by(owner, case)


def _related(verb: str, about: Person, case: Case) -> frozenset[str]:
    people = case.snapshot.people.values()
    match verb:
        case "manager_of":
            return frozenset({about.manager} if about.manager else ())
        case "same_team":
            same = (p.id for p in people if about.team is not None and p.team == about.team)
            return frozenset(same)
        case "direct_report_of":
            return frozenset(p.id for p in people if p.manager == about.id)
        case _:
            raise ValueError(f"no such word: {verb}")


def standing(
    case: Case, stage: Stage, subject: str, earlier: frozenset[str] = frozenset()
) -> str | Refusal:
    """The word of the stage that names `subject` now, or why this person may not decide.

    `earlier` are the subjects who have decided in this round already: people are distinct across
    stages. Refusals: `approver_unknown`, `approver_inactive`, `not_human`, `self_approval`,
    `alias_of_requester`, `separation_of_duties`, `distinct_people`, `not_entitled`.
    """
    person = case.snapshot.person(subject)
    refusal = unfit(person) or _involved(case, subject) or _kept_apart(case, stage, subject)
    if refusal is not None:
        return refusal
    if any(case.snapshot.same_human(subject, other) for other in earlier):
        return Refusal("distinct_people", "This person has already decided in this round.")
    for word in stage.any_of:
        if subject in named_by(word, case):
            return word.text
    return Refusal("not_entitled", f"No word of stage {stage.name!r} names this person now.")


def unfit(person: Person | None) -> Refusal | None:
    """Why nobody can act as this subject; None for an active human."""
    if person is None:
        return Refusal("approver_unknown", "The directory no longer knows this person.")
    if not person.active:
        return Refusal("approver_inactive", "The directory says that this person is not active.")
    if person.kind != "human":
        return Refusal("not_human", "Only people decide.")
    return None


def _involved(case: Case, subject: str) -> Refusal | None:
    """Whether the person shaped what is asked, by subject, account or alias (ADR 0009)."""
    snapshot = case.snapshot
    for party in case.request.parties:
        again = snapshot.by_account(case.request.source, party.account)
        if subject in {party.subject, again.id if again else None}:
            return Refusal("self_approval", "Nobody decides on what they ask for, get or wrote.")
        meant = snapshot.meant(party.subject, case.request.source, party.account)
        if any(snapshot.same_human(subject, other) for other in meant):
            return Refusal(
                "alias_of_requester",
                "This account belongs to a person who asks, receives or wrote it; all accounts of"
                " a human are one person.",
            )
    return None


def _kept_apart(case: Case, stage: Stage, subject: str) -> Refusal | None:
    for word in (*case.rule.never, *stage.never):
        apart = named_by(word, case)
        if any(case.snapshot.same_human(subject, other) for other in apart):
            return Refusal("separation_of_duties", f"The policy says never {word.text}.")
    return None


def candidates(
    case: Case, stage: Stage, earlier: frozenset[str] = frozenset()
) -> Mapping[str, str]:
    """Everybody who may decide at this stage now: subject -> the word that names them."""
    named = {subject for word in stage.any_of for subject in named_by(word, case)}
    found = {subject: standing(case, stage, subject, earlier) for subject in sorted(named)}
    return {subject: word for subject, word in found.items() if isinstance(word, str)}


def fillable(case: Case) -> bool:
    """Whether distinct humans can fill every stage (a bipartite matching of seats to people)."""
    seats: list[Sequence[str]] = []
    for stage in case.rule.stages:
        humans = sorted({case.snapshot.human(one) for one in candidates(case, stage)})
        seats += [humans] * stage.need
    taken: dict[str, int] = {}
    return all(_seat(number, seats, taken, set()) for number in range(len(seats)))


def _seat(number: int, seats: list[Sequence[str]], taken: dict[str, int], tried: set[str]) -> bool:
    for human in seats[number]:
        if human in tried:
            continue
        tried.add(human)
        if human not in taken or _seat(taken[human], seats, taken, tried):
            taken[human] = number
            return True
    return False
