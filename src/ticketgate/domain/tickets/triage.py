"""Triage: what a named person said of a ticket that the rules could not tell (`docs/rules.md`)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from ticketgate.domain.tickets.identity_event import (
    Classification,
    Outcome,
    RuleOutcome,
    Tier,
    Verdict,
)
from ticketgate.domain.tickets.ticket import Ticket

RULE: Final = "triage"  # how a person's word is named among the rules, with its revision
CHARS_MIN, CHARS_MAX = 20, 4000  # of a justification: letters and digits, characters
_NOT_CONTENT: Final = ("version", "state", "state_class", "updated_by", "told_in")


@dataclass(frozen=True, slots=True)
class Triaged:
    """A person's word on one revision: `verdict` is IDENTITY or NOT_IDENTITY.

    `basis` is the digest of what the word is about (`basis_of`); the person, and why, stand in the
    record.
    """

    verdict: Verdict
    kinds: tuple[str, ...]
    tier: Tier
    basis: str
    revision: int

    def plain(self) -> dict[str, Any]:
        """As JSON, for the store."""
        return {
            "verdict": self.verdict.value,
            "kinds": list(self.kinds),
            "tier": int(self.tier),
            "basis": self.basis,
            "revision": self.revision,
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Triaged":
        """What `plain` wrote."""
        return cls(
            Verdict(plain["verdict"]),
            tuple(plain["kinds"]),
            Tier(plain["tier"]),
            plain["basis"],
            plain["revision"],
        )


def basis_of(ticket: Ticket, classification: Classification, verdict: Verdict) -> str:
    """Digest (hex) of all that the rules see of a ticket, and of what they say of it.

    Of a "no" while some rule is blind, the revision itself is in it: what nobody could read then
    may be something else next time, so that word is about this revision alone.

    The counter, the state and the last writer are not in it for themselves: platforms move them
    without anybody typing anything. Where a rule asks for them, its outcome is in it; so is every
    rule that matched or was blind, by its digest.
    """
    content = ticket.plain()
    if verdict is Verdict.IDENTITY or not classification.blind:
        content = {name: one for name, one in content.items() if name not in _NOT_CONTENT}
    open_ = (*classification.matched, *classification.blind)
    answers = [[one.digest, one.outcome.value, one.verdict.value] for one in open_]
    text = json.dumps([content, answers], sort_keys=True, ensure_ascii=True)
    return sha256(text.encode()).hexdigest()


def after_triage(
    ticket: Ticket, classification: Classification, said: Triaged | None
) -> tuple[Classification, Triaged | None]:
    """The verdict with a person's earlier word counted in, and that word if it still holds.

    It holds while `basis_of` is what it was. Then it stands as a rule named `triage` beside the
    others, so that approvers see it and their approval is bound to it.
    """
    if said is None or said.basis != basis_of(ticket, classification, said.verdict):
        return classification, None
    text = json.dumps(said.plain(), sort_keys=True)
    word = RuleOutcome(
        rule=RULE,
        where=f"revision {said.revision}",
        digest=sha256(text.encode()).hexdigest(),
        kind=said.kinds[0] if said.kinds else "",
        tier=said.tier,
        verdict=said.verdict,
        outcome=Outcome.TRUE,
        clauses=(),
    )
    tier = max(said.tier, classification.tier)
    rules = (*classification.rules, word)
    return Classification(said.verdict, said.kinds, tier, rules), said
