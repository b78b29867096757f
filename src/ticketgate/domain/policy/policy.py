"""Policy: what is allowed, as data. Loaded once, immutable; every element knows its line."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as kept
from datetime import timedelta
from typing import Final

from ticketgate.domain.matching.matcher import Matcher, fields_of
from ticketgate.domain.matching.rule_index import RuleIndex
from ticketgate.domain.policy.signal_rules import SignalRules
from ticketgate.domain.text.language import Covered
from ticketgate.domain.text.weights import Weights
from ticketgate.domain.tickets.access_window import START_WITHIN
from ticketgate.domain.tickets.identity_event import Outcome, RuleOutcome, Tier, Verdict

APPROVER_WORDS: Final = frozenset(
    {"manager_of", "group", "person", "owner_of", "backup_owner_of", "on_call"}
)
PARTY_WORDS: Final = frozenset({"requester", "beneficiary"})  # always banned; may be written
LONE_WORDS: Final = PARTY_WORDS | {"delegate", "triager", "approver"}  # without `:of`
NEVER_WORDS: Final = APPROVER_WORDS | {"same_team", "direct_report_of"} | LONE_WORDS
BACKFILL_WITHIN: Final = timedelta(hours=72)
ASSURANCE_LEVELS: Final = ("mail_code", "oidc", "oidc_step_up", "passkey")
ASSURANCE_DEFAULT: Final = {
    Tier.LOW: "mail_code",
    Tier.MEDIUM: "oidc",
    Tier.HIGH: "oidc_step_up",
    Tier.CRITICAL: "oidc_step_up",
}


@dataclass(frozen=True, slots=True)
class Word:
    """`verb:of`, such as `manager_of:beneficiary` or `group:sec-iam`.

    `of` is `requester` or `beneficiary` for manager_of, same_team and direct_report_of;
    `entitlement` for owner_of and backup_owner_of; an id for group, person and on_call; empty for
    `LONE_WORDS`.
    """

    verb: str
    of: str

    @property
    def text(self) -> str:
        """As it is written in the policy."""
        return f"{self.verb}:{self.of}" if self.of else self.verb


@dataclass(frozen=True, slots=True)
class ClassifyRule:
    """A rule that says what makes a ticket an identity event."""

    id: str
    kind: str
    tier: Tier
    verdict: Verdict  # IDENTITY, or UNCERTAIN where the rule says so or needs free text
    match: Matcher
    where: str  # policy.yaml:6
    digest: str
    unmatched: RuleOutcome = kept(init=False, compare=False, repr=False)  # without its clauses

    def __post_init__(self) -> None:
        name, where, digest, kind = self.id, self.where, self.digest, self.kind
        made = RuleOutcome(
            name, where, digest, kind, self.tier, self.verdict, Outcome.FALSE, clauses=()
        )
        object.__setattr__(self, "unmatched", made)


@dataclass(frozen=True, slots=True)
class DurationField:
    """Where a ticket says how long; `unit` (s, m, h, d) is for bare numbers."""

    field: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a ticket may ask for, and where it is enforced."""

    id: str
    target: str
    access: Mapping[str, str]
    asked_by: Matcher
    duration_from: DurationField | None
    owner: Word
    backup_owner: Word | None
    tier: Tier
    requestable_by: Matcher | None
    where: str
    digest: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: `need` distinct people of those the words of `any_of` name, never of `never`."""

    name: str
    any_of: tuple[Word, ...]
    need: int
    never: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Escalation:
    """After so long a silence those whom `to` names may decide too; silence approves nothing."""

    after: timedelta
    to: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Automatic:
    """A rule that approves without a person, at most so often in a UTC day, and why it may."""

    because: str
    max_per_day: int


@dataclass(frozen=True, slots=True)
class ApproveRule:
    """Who must approve, in which order, how surely known, and within which time.

    With `automatic` nobody: it has no stages.
    """

    id: str
    when: Matcher
    stages: tuple[Stage, ...]
    never: tuple[Word, ...]
    justification_chars_min: int
    assurance: str | None  # None: the tier's default
    because: str
    decide_within: timedelta
    where: str
    digest: str
    escalate: Escalation | None = None
    automatic: Automatic | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """How long at the most; the shortest limit that applies wins."""

    when: Matcher
    default: timedelta
    max: timedelta
    hard_max: timedelta
    where: str
    digest: str
    extend: int = 0  # how often access may be extended
    start_within: timedelta = START_WITHIN  # how far ahead access may be asked to begin


@dataclass(frozen=True, slots=True)
class Automation:
    """An ITSM automation that can change access: whose it is, and what it may ask.

    It has written the revisions that `match` holds of. `may` are kinds, `targets` names of targets.
    """

    id: str
    match: Matcher
    owner: Word
    may: frozenset[str]
    targets: frozenset[str]
    where: str
    digest: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who is pre-authorised to invoke an emergency for one entitlement (rule 9)."""

    entitlement: str
    people: tuple[Word, ...]
    where: str


@dataclass(frozen=True, slots=True)
class EmergencyRules:
    """Emergency access: for whom, for how long at the most, and who reviews it by when.

    `cooldown` runs from the end of the access, per human and entitlement; so does `review_within`.
    `backfill_within` is how far back what was done without the gateway may be entered afterwards.
    `assurance` is the level of sign-in where the policy says another one than the tier's, and
    `because` why.
    """

    allow: tuple[Allowed, ...]
    hard_max: timedelta
    cooldown: timedelta
    review_within: timedelta
    review_by: tuple[Word, ...]
    where: str
    digest: str
    backfill_within: timedelta = BACKFILL_WITHIN
    assurance: str | None = None
    because: str = ""

    def needs(self, tier: Tier) -> str:
        """How surely whoever begins, consents to, enters or reviews one must be signed in."""
        return self.assurance or ASSURANCE_DEFAULT[tier]

    def words_for(self, entitlement: str) -> tuple[Word, ...]:
        """The words that name who is pre-authorised for an entitlement; none: nobody is."""
        return tuple(w for one in self.allow if one.entitlement == entitlement for w in one.people)


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole policy.

    `digest` is SHA-256 of the file's bytes (hex); with packs or weights, of that digest and theirs.
    `classify` has the rules of packs behind the policy's own. Without `languages` every text counts
    as readable.
    """

    digest: str
    classify: tuple[ClassifyRule, ...]
    entitlements: tuple[Entitlement, ...]
    approve: tuple[ApproveRule, ...]
    limits: tuple[Limit, ...]
    automations: tuple[Automation, ...] = ()
    languages: Covered | None = None
    weights: Weights | None = None
    shadow: bool = False  # decide and record, act on nothing
    emergency: EmergencyRules | None = None  # None: there is no emergency access
    signals: SignalRules = kept(default_factory=SignalRules)
    asked: tuple[str, ...] = kept(init=False, compare=False, repr=False)  # fields, by `classify`
    index: RuleIndex = kept(init=False, compare=False, repr=False)  # of `classify`

    def __post_init__(self) -> None:
        names = {name for rule in self.classify for name in fields_of(rule.match)}
        object.__setattr__(self, "asked", tuple(sorted(names)))
        object.__setattr__(self, "index", RuleIndex([rule.match for rule in self.classify]))

    def entitlement(self, ident: str) -> Entitlement | None:
        """The entitlement with this id."""
        return next((one for one in self.entitlements if one.id == ident), None)
