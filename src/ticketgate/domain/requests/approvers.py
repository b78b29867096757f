"""Approvers: who a stage names, who may never decide, and whether distinct people can fill it.

Resolved when a request opens and again when deciding (rule 5). People are compared as
humans: all accounts and aliases of one human are one person. Somebody whom a word names may have
a delegate for a time; the two are one seat, and every ban holds for both of them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.instants import to_text
from ticketgate.domain.people.directory import DirectorySnapshot, Person
from ticketgate.domain.people.duties import Delegation
from ticketgate.domain.policy.policy import (
    LONE_WORDS,
    PARTY_WORDS,
    ApproveRule,
    Entitlement,
    Stage,
    Word,
)
from ticketgate.domain.requests.access_request import AccessRequest


@dataclass(frozen=True, slots=True)
class Case:
    """What an approver question is about: the request, its rule, its entitlement, who exists.

    `now` says which delegations, absences and shifts hold.
    """

    request: AccessRequest
    rule: ApproveRule
    entitlement: Entitlement
    snapshot: DirectorySnapshot
    now: datetime

    def subject_of(self, name: str) -> str:
        """The subject behind `requester` or `beneficiary`."""
        party = self.request.requester if name == "requester" else self.request.beneficiary
        return party.subject


_CONFIRMED_ALONE: Final = Refusal(
    "delegation_void",
    "Who is in that group is confirmed by their own sign-in, so nobody stands in for them.",
    "Have somebody of the group decide.",
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Why somebody may decide: the word that names them, or the one they are a delegate of.

    `on_behalf_of` is that one's subject id, empty when the word names the person; `until` is when
    the delegation ends. `group` is the one by which the word names them, if it is by one.
    """

    clause: str
    on_behalf_of: str = ""
    until: datetime | None = None
    group: str = ""

    @property
    def text(self) -> str:
        """In words: `manager_of:beneficiary, for bob until 2026-11-30T00:00:00.000000Z`."""
        if self.until is None:
            return self.clause
        return f"{self.clause}, for {self.on_behalf_of} until {to_text(self.until)}"


def named_by(word: Word, case: Case) -> frozenset[str]:
    """The subject ids that a word names now; empty when it names nobody."""
    people = case.snapshot.people
    match word.verb:
        case "person":
            return frozenset({word.of})
        case "group":
            return frozenset(p.id for p in people.values() if word.of in p.groups)
        case "on_call":
            return case.snapshot.duties.called(word.of, case.now)
        case "owner_of" | "backup_owner_of":
            one = case.entitlement
            return _of_owner(one.owner if word.verb == "owner_of" else one.backup_owner, case)
        case verb if verb in LONE_WORDS:
            return _alone(verb, case)
        case _:
            about = people.get(case.subject_of(word.of))
            return frozenset() if about is None else _related(word.verb, about, case)


def _alone(verb: str, case: Case) -> frozenset[str]:
    """`delegate` and `approver` are about what somebody did or would do, and name nobody."""
    if verb == "triager":
        return case.request.triagers
    return frozenset({case.subject_of(verb)} if verb in PARTY_WORDS else ())


def _group_of(word: Word, case: Case) -> str:
    """The group by which a word names people, be it as an owner; empty where it is by none."""
    one = case.entitlement
    owners = {"owner_of": one.owner, "backup_owner_of": one.backup_owner}
    behind = owners.get(word.verb, word)
    return behind.of if behind is not None and behind.verb == "group" else ""


def _is_held(word: Word, case: Case) -> bool:
    """Whether it names people by a group that the sign-in of each must confirm (`claims.py`)."""
    rules = case.snapshot.claims
    return rules is not None and _group_of(word, case) in rules.groups


def _of_owner(owner: Word | None, case: Case) -> frozenset[str]:
    return frozenset() if owner is None else named_by(owner, case)


def _related(verb: str, about: Person, case: Case) -> frozenset[str]:
    people = case.snapshot.people.values()
    match verb:
        case "manager_of":
            return frozenset({about.manager} if about.manager else ())
        case "same_team":
            # Only in `never`. Whose team nobody knows may be in any: that is no proof of distance.
            unsure = {None, about.team}
            return frozenset(p.id for p in people if about.team is None or p.team in unsure)
        case "direct_report_of":
            return frozenset(p.id for p in people if p.manager == about.id)
        case _:
            raise ValueError(f"no such word: {verb}")


def standing(
    case: Case,
    stage: Stage,
    subject: str,
    earlier: frozenset[str] = frozenset(),
    on_behalf_of: str | None = None,
    without: Collection[str] = (),
) -> Standing | Refusal:
    """Why `subject` may decide at this stage now, or why not.

    `earlier` is everybody whose voice in this round is used (`approval.voices`): people are
    distinct across stages. `on_behalf_of` asks about one capacity alone: empty for the person's
    own, else as the delegate of that subject; None takes their own before any other's. In groups of
    `without` they do not count as themselves. Nobody is a delegate by a group held by claims: a
    sign-in confirms the groups of whoever signs in alone.

    Refusals: `approver_unknown`, `approver_inactive`, `not_human`, `self_approval`,
    `alias_of_requester`, `separation_of_duties`, `distinct_people`, `approver_away`,
    `delegation_void` (there is a delegation, and it does not count here), `not_entitled`.
    """
    return _standing(case, _widened(case, stage), subject, earlier, on_behalf_of, without)


def _standing(
    case: Case,
    stage: Stage,
    subject: str,
    earlier: frozenset[str] = frozenset(),
    on_behalf_of: str | None = None,
    without: Collection[str] = (),
) -> Standing | Refusal:
    snapshot = case.snapshot
    person = snapshot.person(subject)
    refusal = (
        unfit(person) or _involved(case, subject) or _kept_apart(case, stage, subject, earlier)
    )
    if refusal is not None:
        return refusal
    if _used(case, subject, earlier):
        return Refusal("distinct_people", "This person has already decided in this round.")
    until = None if person is None else person.away_until(case.now)
    if until is not None:
        return Refusal("approver_away", f"The directory says: away until {to_text(until)}.")
    if not on_behalf_of:  # in their own name
        for word in stage.any_of:
            group = _group_of(word, case)
            if subject in named_by(word, case) and group not in without:
                return Standing(word.text, group=group)
    if on_behalf_of == "":
        return _not_entitled(stage)
    return _as_delegate(case, stage, subject, earlier, on_behalf_of)


def _widened(case: Case, stage: Stage) -> Stage:
    """The stage with the words of `escalate` beside its own, where they hold.

    They do after a silence, and where too few of those whom its own words name are there.
    """
    if case.rule.escalate is None:
        return stage
    silent = case.rule.stages[: case.request.escalated][-1:] == (stage,)
    if silent or len(_humans(case, _candidates(case, stage))) < stage.need:
        return replace(stage, any_of=(*stage.any_of, *case.rule.escalate.to))
    return stage


def unfit(person: Person | None) -> Refusal | None:
    """Why nobody can act as this subject; None for an active human."""
    if person is None:
        return Refusal("approver_unknown", "The directory no longer knows this person.")
    if not person.active:
        return Refusal("approver_inactive", "The directory says that this person is not active.")
    if person.kind != "human":
        return Refusal("not_human", "Only people decide.")
    return None


def _not_entitled(stage: Stage) -> Refusal:
    return Refusal("not_entitled", f"No word of stage {stage.name!r} names this person now.")


def _used(case: Case, subject: str, earlier: frozenset[str]) -> bool:
    return any(case.snapshot.same_human(subject, other) for other in earlier)


def _as_delegate(
    case: Case, stage: Stage, subject: str, earlier: frozenset[str], wanted: str | None
) -> Standing | Refusal:
    """The first whom a word names, who has delegated to `subject`, and for whom that counts.

    Only whom a word itself names can have a delegate: a delegate's delegate is nobody.
    """
    refusal = _not_entitled(stage)
    for one in _most_needed(case, subject):
        for word in stage.any_of:
            if wanted not in {None, one.principal} or one.principal not in named_by(word, case):
                continue
            void = _CONFIRMED_ALONE if _is_held(word, case) else None
            void = void or _void(case, stage, one.principal, subject, earlier)
            if void is None:
                return Standing(word.text, one.principal, one.window.ends)
            refusal = void
    return refusal


def _most_needed(case: Case, delegate: str) -> list[Delegation]:
    """What is delegated to somebody now, first by those who are away."""

    def is_there(one: Delegation) -> bool:
        principal = case.snapshot.person(one.principal)
        return principal is None or principal.away_until(case.now) is None

    return sorted(case.snapshot.duties.given_to(delegate, case.now), key=is_there)


def _void(
    case: Case, stage: Stage, principal: str, delegate: str, earlier: frozenset[str]
) -> Refusal | None:
    """Why nobody decides here for `principal`: the bans that hold for them hold for both."""
    if any(word.verb == "delegate" for word in (*case.rule.never, *stage.never)):
        return Refusal("separation_of_duties", "The policy says never delegate.")
    if case.snapshot.same_human(principal, delegate):
        return Refusal("delegation_void", "The two accounts are one person's.")
    banned = (
        unfit(case.snapshot.person(principal))
        or _involved(case, principal)
        or _kept_apart(case, stage, principal, earlier)
    )
    if banned is not None:
        reason = f"Whom this person stands in for may not decide either. {banned.reason}"
        return Refusal("delegation_void", reason)
    if _used(case, principal, earlier):
        return Refusal("distinct_people", "Whom this person stands in for has decided already.")
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


def _kept_apart(case: Case, stage: Stage, subject: str, earlier: frozenset[str]) -> Refusal | None:
    for word in (*case.rule.never, *stage.never):
        apart = earlier if word.verb == "approver" else named_by(word, case)
        if "" in apart:  # a triager whom nothing tells may be anybody
            return Refusal(
                "separation_of_duties",
                f"The policy says never {word.text}, and who that is, is not known.",
                "Save the ticket again on the platform, and have it told in triage what it is.",
            )
        if any(case.snapshot.same_human(subject, other) for other in apart):
            return Refusal("separation_of_duties", f"The policy says never {word.text}.")
    return None


def triagers_apart(case: Case, stage: Stage) -> frozenset[str]:
    """Whom `never: triager` keeps from this stage: subjects; empty where the policy says it not."""
    said = any(word.verb == "triager" for word in (*case.rule.never, *stage.never))
    return case.request.triagers if said else frozenset()


def candidates(
    case: Case, stage: Stage, earlier: frozenset[str] = frozenset()
) -> Mapping[str, Standing]:
    """Everybody who may decide at this stage now, each in one capacity: subject -> standing."""
    return _candidates(case, _widened(case, stage), earlier)


def _candidates(
    case: Case, stage: Stage, earlier: frozenset[str] = frozenset()
) -> Mapping[str, Standing]:
    named = {subject for word in stage.any_of for subject in named_by(word, case)}
    given = (one for who in named for one in case.snapshot.duties.given_by(who, case.now))
    asked = sorted(named | {one.delegate for one in given})
    found = {subject: _standing(case, stage, subject, earlier) for subject in asked}
    return {subject: one for subject, one in found.items() if isinstance(one, Standing)}


def absent(case: Case) -> tuple[str, ...]:
    """Whom a stage would ask if they were not away, sorted."""
    found = {
        subject
        for stage in case.rule.stages
        for word in stage.any_of
        for subject in named_by(word, case)
        if isinstance(refusal := standing(case, stage, subject), Refusal)
        and refusal.code == "approver_away"
    }
    return tuple(sorted(found))


def fillable(case: Case) -> bool:
    """Whether distinct humans can fill every stage (a bipartite matching of seats to people).

    Somebody who is there fills a seat themselves: their delegate is counted only for whoever is
    away, since the two have one seat.
    """
    seats: list[Sequence[str]] = []
    for stage in case.rule.stages:
        seats += [sorted(_humans(case, candidates(case, stage)))] * stage.need
    taken: dict[str, int] = {}
    return all(_seat(number, seats, taken, set()) for number in range(len(seats)))


def _humans(case: Case, found: Mapping[str, Standing]) -> set[str]:
    """The humans who can fill a seat each."""
    counted = (who for who, one in found.items() if one.on_behalf_of not in found)
    return {case.snapshot.human(one) for one in counted}


def _seat(number: int, seats: list[Sequence[str]], taken: dict[str, int], tried: set[str]) -> bool:
    for human in seats[number]:
        if human in tried:
            continue
        tried.add(human)
        if human not in taken or _seat(taken[human], seats, taken, tried):
            taken[human] = number
            return True
    return False
