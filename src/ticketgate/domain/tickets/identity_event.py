"""Identity event: whether a ticket can change who may do what, and which rules say so."""

from collections.abc import Mapping
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
        return _TIER_WORDS[self]


_TIER_WORDS: Final = ("", *(tier.name.lower() for tier in Tier))  # asked for each rule of a trace


KIND_MEANINGS: Final[Mapping[str, str]] = {
    "joiner": "Somebody starts and gets their first accounts and access.",
    "mover": "Somebody changes role or team, and access changes with it.",
    "leaver": "Somebody goes, and all of their access ends.",
    "account.create": "An account is made.",
    "account.enable": "An account that was switched off works again.",
    "account.disable": "An account is switched off and kept.",
    "account.delete": "An account is removed for good.",
    "account.unlock": "An account that was locked can sign in again.",
    "credential.issue": "A first password, key or token is handed out.",
    "credential.rotate": "A password, key or token is replaced by another.",
    "credential.reset": "A forgotten or lost password, key or token is set anew.",
    "mfa.reset": "A second factor is removed, replaced or bypassed.",
    "access.grant": "Somebody gets access to an application, a share or data.",
    "access.revoke": "Access is taken away.",
    "group.create": "A group that gives access is made.",
    "group.member": "Somebody joins or leaves a group that gives access.",
    "group.owner": "Somebody else decides who is in a group.",
    "privilege.elevate": "Somebody gets administrative or otherwise elevated rights.",
    "emergency.access": "Access at once, with the review afterwards (break glass).",
    "delegation": "Somebody may act in another's name, such as on their mailbox.",
    "service_account": "A service account is made, changed or handed over.",
    "oauth_app": "An application gets consent or permissions (OAuth).",
    "certificate": "A certificate is issued, renewed or revoked.",
    "database.account": "An account inside a database is made or changed.",
    "network.access": "Who can reach a network changes: VPN, firewall, remote access.",
    "software.approve": "Software that can act with somebody's rights is allowed.",
    "approval.act": "Somebody approves for others, or who approves is changed.",
    "asset.retire": "A device or subscription goes, and what hangs on it must end.",
    "asset.reassign": "A device or subscription passes to somebody else.",
    "asset.renew": "A subscription or licence goes on, and so does its access.",
    "secret.exposed": "A password, key or token was shown where others can read it.",
    "unknown.identity": "It touches identity or access, and which way is not known.",
}
KINDS: Final = frozenset(KIND_MEANINGS)


UNKNOWN_KIND: Final = "unknown.identity"  # something about access, and nobody can say what


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


class Breach(NamedTuple):
    """How a revision broke a boundary. `code` is one of the exceptions'.

    `subject` says whose boundary, `owner` is a word of the policy or empty, `where` the line of the
    automation or empty, `what` is for people.
    """

    code: str
    subject: str
    owner: str
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Classification:
    """The verdict on a ticket revision with every rule that was asked."""

    verdict: Verdict
    kinds: tuple[str, ...]
    tier: Tier
    rules: tuple[RuleOutcome, ...]
    breaches: tuple[Breach, ...] = ()  # with any, the verdict is UNCERTAIN at most

    @property
    def matched(self) -> tuple[RuleOutcome, ...]:
        """The rules that matched."""
        return tuple(rule for rule in self.rules if rule.outcome is Outcome.TRUE)

    @property
    def sure_kinds(self) -> tuple[str, ...]:
        """The kinds of the rules that make it an identity event; where none does, all kinds.

        What free text may mean besides is for people to see, not for a boundary to be broken by.
        """
        sure = [rule.kind for rule in self.matched if rule.verdict is Verdict.IDENTITY]
        return tuple(dict.fromkeys(sure)) or self.kinds

    @property
    def blind(self) -> tuple[RuleOutcome, ...]:
        """The rules that could have matched but for a field they could not read."""
        return tuple(rule for rule in self.rules if rule.outcome is Outcome.UNKNOWN)
