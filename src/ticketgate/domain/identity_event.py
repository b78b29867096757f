"""Identity event: whether a ticket can change who may do what, and which rules say so."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple


class Verdict(StrEnum):
    """What a ticket revision is. UNCERTAIN is neither yes nor no: it goes to triage."""

    IDENTITY = "identity"
    UNCERTAIN = "uncertain"
    NOT_IDENTITY = "not_identity"


class Tier(IntEnum):
    """Risk tiers; the highest of rules and entitlement holds."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The word used in policy, records and pages."""
        return self.name.lower()


KINDS: Final = frozenset(
    [
        "joiner",
        "mover",
        "leaver",
        "account.create",
        "account.enable",
        "account.disable",
        "account.delete",
        "account.unlock",
        "credential.issue",
        "credential.rotate",
        "credential.reset",
        "mfa.reset",
        "access.grant",
        "access.revoke",
        "group.create",
        "group.member",
        "group.owner",
        "privilege.elevate",
        "emergency.access",
        "delegation",
        "service_account",
        "oauth_app",
        "certificate",
        "database.account",
        "network.access",
        "software.approve",
        "approval.act",
        "asset.retire",
        "asset.reassign",
        "asset.renew",
        "secret.exposed",
        "unknown.identity",
    ]
)


class Outcome(StrEnum):
    """Three outcomes of a clause or rule: unknown is neither true nor false."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class ClauseOutcome(NamedTuple):  # a tuple: made for every clause of every ticket
    """One clause with the value seen. `note` says why a value is missing, else is empty."""

    clause: str
    line: int
    outcome: Outcome
    seen: str
    note: str = ""


class RuleOutcome(NamedTuple):
    """One rule on one ticket: TRUE matched, FALSE did not, UNKNOWN is blind."""

    rule: str
    where: str  # policy.yaml:6
    digest: str
    kind: str
    tier: Tier
    verdict: Verdict  # what the rule says when it matches
    outcome: Outcome
    clauses: tuple[ClauseOutcome, ...]


@dataclass(frozen=True, slots=True)
class Classification:
    """The verdict on a ticket revision with every rule that was asked."""

    verdict: Verdict
    kinds: tuple[str, ...]
    tier: Tier
    rules: tuple[RuleOutcome, ...]

    @property
    def matched(self) -> tuple[RuleOutcome, ...]:
        """The rules that matched."""
        return tuple(rule for rule in self.rules if rule.outcome is Outcome.TRUE)

    @property
    def blind(self) -> tuple[RuleOutcome, ...]:
        """The rules that could have matched but for a field they could not read."""
        return tuple(rule for rule in self.rules if rule.outcome is Outcome.UNKNOWN)
