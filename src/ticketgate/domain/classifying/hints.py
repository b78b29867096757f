"""Hints: what makes a ticket uncertain beside the rules, told in the form of rules."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Final

from ticketgate.domain.classifying.facts import FREE_TEXT, TYPED_FIELDS, VARIABLES
from ticketgate.domain.matching.matcher import fields_of
from ticketgate.domain.policy.policy import ClassifyRule, Policy
from ticketgate.domain.text.language import Covered, uncovered
from ticketgate.domain.text.text_forms import overridden
from ticketgate.domain.text.weights import Weights
from ticketgate.domain.tickets.identity_event import (
    ClauseOutcome,
    Outcome,
    RuleOutcome,
    Tier,
    Verdict,
)
from ticketgate.domain.tickets.looks import Facts
from ticketgate.domain.tickets.ticket import Missing

LANGUAGES_RULE: Final = "languages"
WEIGHTS_RULE: Final = "weights"
HINT_IDS: Final = frozenset({LANGUAGES_RULE, WEIGHTS_RULE})
HINT_FIELD: Final = "ticket.text"  # what both look at
HINT_KIND: Final = "unknown.identity"
HINT_TIER: Final = Tier.MEDIUM
UNREAD_RULE: Final = "unread-text"
BUILT_IN: Final = "built in"
OF_PACKS: Final = "packs/"  # how the place of a rule of a pack begins
_UNREAD_DIGEST: Final = sha256(b"ticketgate built-in rule: unread-text").hexdigest()
_THOUSAND: Final = 1_000

Known = Mapping[tuple[str, str], RuleOutcome]
"""Outcomes on the same facts, by id and digest of the rule."""


def text_hints(policy: Policy, facts: Facts, known: Known) -> tuple[RuleOutcome, ...]:
    """Whether all of a ticket's text is in a covered language, and what the weights say of it.

    None where the policy asks for neither. TRUE makes a ticket uncertain, and so does UNKNOWN: a
    text that was cut. What is `known` is not asked again.
    """
    found: list[RuleOutcome] = []
    if policy.languages is not None:
        covered = policy.languages
        told = known.get((LANGUAGES_RULE, covered.digest))
        found.append(told or _of_languages(covered, facts))
    if policy.weights is not None:
        weights = policy.weights
        told = known.get((WEIGHTS_RULE, weights.digest))
        found.append(told or _of_weights(weights, facts))
    return tuple(found)


def unread_text(policy: Policy, facts: Facts) -> tuple[RuleOutcome, ...]:
    """The built-in rule on text that nobody can read as it is written; none where all can be read.

    Such a text runs in another direction than it is written, or has more forms than are looked at.
    It counts as unread: UNKNOWN, of the tier that any rule has which reads text, as if none could.
    That holds of each field that a rule reads, not of the whole text alone (`read_fields`).
    """
    signs = {name: overridden(facts.look(name).read.read) for name in read_fields(policy)}
    unread = [one for one in signs if signs[one] or not facts.look(one).read.whole]
    if not unread:
        return ()
    tiers = [rule.tier for rule in policy.classify if _reads(rule, FREE_TEXT.union(unread))]
    clauses = tuple(
        ClauseOutcome(
            f"{name} read as it is written",
            0,
            Outcome.UNKNOWN,
            signs[name],
            "runs in another direction" if signs[name] else "too many forms of it",
        )
        for name in unread
    )
    rule = _rule(UNREAD_RULE, BUILT_IN, _UNREAD_DIGEST, clauses[0])
    return (rule._replace(tier=max([HINT_TIER, *tiers]), clauses=clauses),)


def read_fields(policy: Policy) -> tuple[str, ...]:
    """All text of a ticket, and each field beside it that people write and a rule reads.

    A field is looked at by itself as well: one that was cut leaves no text of the whole ticket.
    """
    return _read_fields(policy.asked)


@lru_cache(maxsize=64)
def _read_fields(asked: tuple[str, ...]) -> tuple[str, ...]:
    typed = [one for one in asked if one in TYPED_FIELDS or one.startswith(VARIABLES)]
    return tuple(dict.fromkeys((HINT_FIELD, *typed)))


def acquits_unread_languages(policy: Policy) -> bool:
    """Whether a text in a language of no rule is acquitted, though rules are of a language.

    Those are rules that read what people write, and all of packs, which are English.
    """
    return policy.languages is None and any(
        _reads_text(rule) or rule.where.startswith(OF_PACKS) for rule in policy.classify
    )


def _reads_text(rule: ClassifyRule) -> bool:
    return _reads(rule, FREE_TEXT)


def _reads(rule: ClassifyRule, fields: Collection[str]) -> bool:
    """Whether a rule reads one of these fields, or any variable."""
    return any(name in fields or name.startswith(VARIABLES) for name in fields_of(rule.match))


def _of_languages(covered: Covered, facts: Facts) -> RuleOutcome:
    look = facts.look(HINT_FIELD)
    sign = uncovered(look.read.read, covered.codes)
    outcome = _outcome(look.missing, holds=bool(sign))
    text = f"{HINT_FIELD} in another language than [{', '.join(covered.codes)}]"
    clause = ClauseOutcome(text, covered.line, outcome, sign, _note(look.missing))
    return _rule(LANGUAGES_RULE, covered.where, covered.digest, clause)


def _of_weights(weights: Weights, facts: Facts) -> RuleOutcome:
    look = facts.look(HINT_FIELD)
    score = weights.score(look.read.read)
    outcome = _outcome(look.missing, holds=score.total >= weights.threshold)
    words = ", ".join(f"{name} {_decimal(weight)}" for name, weight in score.strongest)
    seen = f"{_decimal(score.total)}: {words}" if words else _decimal(score.total)
    text = f"score of {HINT_FIELD} at least {_decimal(weights.threshold)}"
    clause = ClauseOutcome(text, weights.line, outcome, seen, _note(look.missing))
    return _rule(WEIGHTS_RULE, weights.where, weights.digest, clause)


def _rule(ident: str, where: str, digest: str, clause: ClauseOutcome) -> RuleOutcome:
    return RuleOutcome(
        ident, where, digest, HINT_KIND, HINT_TIER, Verdict.UNCERTAIN, clause.outcome, (clause,)
    )


def _outcome(missing: Missing | None, *, holds: bool) -> Outcome:
    if missing is None:
        return Outcome.TRUE if holds else Outcome.FALSE
    return Outcome.UNKNOWN if missing is Missing.ABSENT else Outcome.FALSE


def _note(missing: Missing | None) -> str:
    return "" if missing is None else missing.value


def _decimal(thousandths: int) -> str:
    return f"{thousandths // _THOUSAND}.{thousandths % _THOUSAND:03}"
