"""Entitled: why somebody may decide, by the directory and by what their sign-in confirms."""

from dataclasses import dataclass
from datetime import datetime

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Json
from ticketgate.domain.instants import to_text
from ticketgate.domain.people.claims import Claimed, unconfirmed
from ticketgate.domain.policy.policy import Stage
from ticketgate.domain.requests.approvers import Case, Standing, standing


@dataclass(frozen=True, slots=True)
class Entitled:
    """A standing, and of when the token is that confirms it; None where only the directory does."""

    standing: Standing
    claimed_at: datetime | None = None

    @property
    def basis(self) -> dict[str, Json]:
        """What a decision's record says of it."""
        if self.claimed_at is None:
            return {"authority_basis": "verified"}
        return {"authority_basis": "claimed", "claimed_at": to_text(self.claimed_at)}


def entitled(
    case: Case,
    stage: Stage,
    subject: str,
    earlier: frozenset[str],
    on_behalf_of: str,
    claimed: Claimed | None,
) -> Entitled | Refusal:
    """As `standing`; a word that names a group held by claims counts only where one confirms it.

    Another word that names the person still counts. Refusals: those of `standing`; `claims_old`,
    `not_in_claims`.
    """
    found = standing(case, stage, subject, earlier, on_behalf_of)
    rules = case.snapshot.claims
    if isinstance(found, Refusal) or rules is None:
        return found if isinstance(found, Refusal) else Entitled(found)
    groups, refusal = unconfirmed(rules, claimed, subject=subject, now=case.now)
    confirmed = standing(case, stage, subject, earlier, on_behalf_of, without=groups)
    if isinstance(confirmed, Refusal):
        return refusal
    if claimed is None or confirmed.group not in rules.groups:
        return Entitled(confirmed)
    return Entitled(confirmed, claimed.at)
