"""Claims: what an identity provider says of groups, of the one person who signs in.

A claim confirms or takes away, and never adds: who is in a group is the directory's to say. For a
group that is held by claims, whoever decides as one of it must have signed in a while ago at most,
and the signed ID token of that must name the group as well.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.id_token import SKEW, Claims

WITHIN: Final = timedelta(minutes=15)
NOT_IN_CLAIMS: Final = Refusal(
    "not_in_claims",
    "The directory has you in the group that decides, and the identity provider does not say so.",
    "Ask whoever keeps the groups of the identity provider; then sign in there again.",
)


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """Which groups are held by claims: `groups` maps names here to values of the claim `claim`.

    A claim counts for less than `within` from when its token was issued (`iat`).
    """

    claim: str
    groups: Mapping[str, str]
    within: timedelta = WITHIN


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a token that was issued at `at` named of the values that `claim` is looked at for."""

    subject: str
    at: datetime
    claim: str
    values: frozenset[str]


def claimed_in(rules: ClaimRules, claims: Claims, *, subject: str, issued: datetime) -> Claimed:
    """What a checked token says. Whatever is no list of texts names nothing.

    Values are compared letter for letter; those that stand for no group here are not kept.
    """
    told = claims.get(rules.claim)
    values = {one for one in told if isinstance(one, str)} if isinstance(told, list) else set()
    return Claimed(subject, issued, rules.claim, frozenset(values & {*rules.groups.values()}))


def everything_of(rules: ClaimRules | None, subject: str, now: datetime) -> Claimed | None:
    """Every group claimed at this moment, for a rehearsal: it is about rules, not sign-ins."""
    if rules is None:
        return None
    return Claimed(subject, now, rules.claim, frozenset(rules.groups.values()))


def unconfirmed(
    rules: ClaimRules, claimed: Claimed | None, *, subject: str, now: datetime
) -> tuple[Collection[str], Refusal]:
    """The groups that this person's sign-in does not confirm now, and how that is refused.

    Refusals: `claims_old` (no token, too old a one, or one asked by other settings) of all of
    them; `not_in_claims` of those that the token does not name.
    """
    if claimed is None or (claimed.subject, claimed.claim) != (subject, rules.claim):
        return frozenset(rules.groups), _old(rules)
    if not -SKEW <= now - claimed.at < rules.within:
        return frozenset(rules.groups), _old(rules)
    missing = {name for name, value in rules.groups.items() if value not in claimed.values}
    return frozenset(missing), NOT_IN_CLAIMS


def _old(rules: ClaimRules) -> Refusal:
    minutes = rules.within.total_seconds() / 60
    return Refusal(
        "claims_old",
        "The group that decides is confirmed by the identity provider at a sign-in of the last "
        f"{minutes:g} minutes, and this is none.",
        "Sign out here, sign in again at the identity provider, and decide then.",
    )
