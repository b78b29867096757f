"""Unchanged: tickets of which two policies certainly say the same, told without asking all rules.

Of what both policies have, only the rules that may say IDENTITY are asked. Where neither policy
calls a ticket IDENTITY, nothing but the verdict counts (entitlements, approve rules, limits,
automations, kinds and tiers only ever matter to an IDENTITY), and that is UNCERTAIN exactly when
anything is open: a rule or hint that is not false, text that nobody can read, or a masked secret.
What both have is open under both or under none. So the verdict is one and the same unless something
is open under one of them that only that one has, and nothing under the other one.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Final

from ticketgate.domain.classifying.hints import Known, read_fields, text_hints, unread_text
from ticketgate.domain.classifying.masked_ticket import shown_in
from ticketgate.domain.matching.matcher import Clause, Matcher, decide
from ticketgate.domain.policy.policy import ClassifyRule, Policy
from ticketgate.domain.tickets.identity_event import Outcome, RuleOutcome, Verdict
from ticketgate.domain.tickets.looks import Facts
from ticketgate.domain.tickets.ticket import Ticket

_FALSE: Final = Outcome.FALSE
_TRUE: Final = Outcome.TRUE


@dataclass(frozen=True, slots=True)
class Apart:
    """What two policies have each for itself, and what may make a ticket an IDENTITY.

    Rules are the same by id and digest: neither order nor file and line count.
    """

    old: Policy
    new: Policy
    sure: tuple[tuple[str, tuple[Matcher, ...]], ...]  # (field, matchers) of what says IDENTITY
    gone: tuple[Matcher, ...]
    fresh: tuple[Matcher, ...]
    beside: bool  # language, weights or the fields that are read differ as well
    rest: bool  # entitlements, approve rules, limits or automations differ

    def leaves(self, ticket: Ticket, facts: Facts) -> bool:
        """Whether the ticket is certainly the same under both. False says nothing."""
        if self._may_be_identity(facts):
            return not self.rest and self._says_all_the_same(ticket, facts)
        old = any(decide(one, facts) is not _FALSE for one in self.gone)
        new = any(decide(one, facts) is not _FALSE for one in self.fresh)
        if self.beside and not (old and new):
            was = _beside(self.old, facts, {})
            now = _beside(self.new, facts, {(one.rule, one.digest): one for one in was})
            old, new = old or _is_open(was), new or _is_open(now)
        return old is new

    @property
    def judges_alike(self) -> bool:
        """Whether both say the same of every ticket."""
        return not (self.gone or self.fresh or self.beside)

    def _may_be_identity(self, facts: Facts) -> bool:
        """Whether a rule matches that says IDENTITY, whether or not it leans on free text."""
        for field, matchers in self.sure:
            if field and facts.look(field).missing is not None:
                continue
            if any(decide(one, facts) is _TRUE for one in matchers):
                return True
        return False

    def _says_all_the_same(self, ticket: Ticket, facts: Facts) -> bool:
        """Whether kinds and tier are the same as well: nothing that only one has is open.

        What nobody can read, and what is masked, has the tier of all rules that read it, also of
        those that are false.
        """
        if self.judges_alike:
            return True
        if self.beside or unread_text(self.new, facts) or shown_in(ticket):
            return False
        either = (*self.gone, *self.fresh)
        return all(decide(one, facts) is _FALSE for one in either)


def apart(old: Policy, new: Policy) -> Apart:
    """How two policies differ, by what they say."""
    was, now = ({(one.id, one.digest): one for one in policy.classify} for policy in (old, new))
    gone = [one for key, one in was.items() if key not in now]
    fresh = [one for key, one in now.items() if key not in was]
    sure = [one for one in chain(old.classify, fresh) if one.verdict is Verdict.IDENTITY]
    return Apart(
        old, new, _by_field(_matchers(sure)), _matchers(gone), _matchers(fresh),
        beside=_read_beside(old) != _read_beside(new), rest=_rest(old) != _rest(new),
    )  # fmt: skip


def _matchers(rules: list[ClassifyRule]) -> tuple[Matcher, ...]:
    return tuple(one.match for one in rules)


def _by_field(matchers: tuple[Matcher, ...]) -> tuple[tuple[str, tuple[Matcher, ...]], ...]:
    """The matchers by a field without whose value they are never true; "" where there is none."""
    found: dict[str, list[Matcher]] = {}
    for one in matchers:
        found.setdefault(min(_needed(one), default=""), []).append(one)
    return tuple((field, tuple(those)) for field, those in found.items())


def _needed(matcher: Matcher) -> frozenset[str]:
    """The fields that have a value wherever the matcher is true: no clause is, of a missing one."""
    if isinstance(matcher, Clause):
        return frozenset({matcher.field})
    parts = [_needed(one) for one in matcher.parts]
    if matcher.op == "all":
        return frozenset().union(*parts)
    return parts[0].intersection(*parts) if parts and matcher.op == "any" else frozenset()


def _read_beside(policy: Policy) -> tuple[object, ...]:
    """Language and weights by what they say, and what is read."""
    return (
        read_fields(policy),
        policy.languages and (policy.languages.codes, policy.languages.digest),
        policy.weights and (policy.weights.threshold, policy.weights.digest),
    )


def _rest(policy: Policy) -> tuple[object, ...]:
    """What matters to an IDENTITY alone, by what it says and in its order."""
    parts = (policy.entitlements, policy.approve, policy.limits, policy.automations)
    return tuple([one.digest for one in part] for part in parts)


def _beside(policy: Policy, facts: Facts, known: Known) -> tuple[RuleOutcome, ...]:
    return (*text_hints(policy, facts, known), *unread_text(policy, facts))


def _is_open(outcomes: tuple[RuleOutcome, ...]) -> bool:
    return any(one.outcome is not _FALSE for one in outcomes)
