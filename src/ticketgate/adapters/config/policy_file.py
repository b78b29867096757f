"""`policy.yaml`: what is allowed. What is not built yet is refused, never ignored."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

from ticketgate.adapters.config.automatic_reader import read_automatic
from ticketgate.adapters.config.emergency_reader import read_emergency
from ticketgate.adapters.config.matcher_reader import (
    ASKED_BY,
    CLASSIFY,
    REQUESTABLE_BY,
    WHEN,
    digest_of_node,
    read_field,
    read_kind,
    read_matcher,
    read_tier,
)
from ticketgate.adapters.config.packs import Named, check_ids, read_extras
from ticketgate.adapters.config.signals_reader import read_signals
from ticketgate.adapters.config.stages_reader import (
    JUSTIFICATION_CHARS_DEFAULT,
    Mention,
    read_assurance,
    read_escalation,
    read_justification,
    read_owner,
    read_stages,
    read_words,
)
from ticketgate.adapters.files.files import read_file, stop_on_faults
from ticketgate.adapters.files.places import LATER, Place, Section
from ticketgate.adapters.files.strict_yaml import Report, parse
from ticketgate.domain.classifying.facts import FREE_TEXT
from ticketgate.domain.matching.matcher import Clause, Matcher
from ticketgate.domain.policy.policy import (
    NEVER_WORDS,
    ApproveRule,
    Automation,
    ClassifyRule,
    DurationField,
    Entitlement,
    Limit,
    Policy,
)
from ticketgate.domain.requests.opening import BLOCKED_FOR_MAX
from ticketgate.domain.tickets.access_window import START_WITHIN
from ticketgate.domain.tickets.identity_event import Verdict

LATER_SECTIONS: Final = ("assets", "require_signed_policy")
LATER_OF_RULE: Final = ("mode", "assign", "delegate")
VERDICTS: Final = {"identity": Verdict.IDENTITY, "uncertain": Verdict.UNCERTAIN}
UNITS: Final = ("s", "m", "h", "d")
EXTEND_MAX: Final = 100  # times; more is a mistake, not a wish
MODES: Final = ("enforce", "shadow")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PolicyRead:
    """A policy as far as it could be read, and the names in it that other files must know."""

    policy: Policy | None
    mentions: tuple[Mention, ...]
    approve_places: tuple[tuple[ApproveRule, Place], ...]
    entitlement_places: tuple[tuple[Entitlement, Section], ...]
    allowed_places: tuple[tuple[str, Place], ...]  # of `emergency`, with entitlements


def load_policy(path: Path) -> Policy:
    """The policy in one file, on its own (names in other files are not looked up).

    Raises:
        ConfigurationError: with every fault of the file.
    """
    report = Report(str(path))
    found = read_policy(path, report)
    return stop_on_faults(found.policy, report.faults)


def read_policy(path: Path, report: Report) -> PolicyRead:
    """The policy as far as it can be read; faults go to `report`."""
    data = read_file(path, report)
    node = None if data is None else parse(data, report)
    top = None if node is None else Place(node, "", report).section()
    if data is None or top is None:
        return PolicyRead(None, (), (), (), ())
    reader = _Reader(path.name)
    shadow = _read_head(top)
    classify = reader.each(top.need("classify"), reader.classify_rule)
    entitlements = reader.each(top.need("entitlements"), reader.entitlement)
    approve = reader.each(top.need("approve"), reader.approve_rule)
    limits = reader.each(top.need("limits"), reader.limit)
    automations = reader.each(top.get("automations"), reader.automation)
    allowed: list[tuple[str, Place]] = []
    known = [one.id for one in entitlements]
    emergency = read_emergency(top.get("emergency"), path.name, known, reader.mentions, allowed)
    signals = read_signals(top.get("signals"), path.name)
    named = Named(top.get("packs"), top.get("languages"), top.get("weights"))
    extras = read_extras(named, path, report, _rules_of)
    check_ids(classify, extras, report)
    top.close(later=LATER_SECTIONS)
    policy = None
    if not report.faults:
        digest = extras.digest_with(sha256(data).hexdigest())
        rules = classify + extras.rules
        policy = Policy(
            digest, rules, entitlements, approve, limits, automations,
            extras.languages, extras.weights, shadow, emergency, signals,
        )  # fmt: skip
    return PolicyRead(
        policy,
        tuple(reader.mentions),
        tuple(reader.approve_places),
        tuple(reader.entitlement_places),
        tuple(allowed),
    )


def _rules_of(file: str, place: Place | None) -> tuple[ClassifyRule, ...]:
    """The classify rules of a pack."""
    reader = _Reader(file)
    return reader.each(place, reader.classify_rule)


def _read_head(top: Section) -> bool:
    """Whether the policy is in shadow mode."""
    version = top.need("version")
    if version is not None:
        version.integer(1, 1)
    mode = top.get("mode")
    return mode is not None and mode.choice(MODES) == "shadow"


@dataclass
class _Reader:
    """Reads one policy; collects the names that other files must know."""

    file: str
    mentions: list[Mention] = field(default_factory=list)
    approve_places: list[tuple[ApproveRule, Place]] = field(default_factory=list)
    entitlement_places: list[tuple[Entitlement, Section]] = field(default_factory=list)
    _rule_ids: dict[str, int] = field(default_factory=dict)
    _entitlement_ids: dict[str, int] = field(default_factory=dict)
    _automation_ids: dict[str, int] = field(default_factory=dict)

    def each(self, place: Place | None, read: Callable[[Section], T | None]) -> tuple[T, ...]:
        """All items of a section."""
        sections = [one.section() for one in (place.items() if place else None) or ()]
        found = [read(section) for section in sections if section is not None]
        return tuple(one for one in found if one is not None)

    def classify_rule(self, section: Section) -> ClassifyRule | None:
        """One item of `classify`."""
        ident = self._ident(section, self._rule_ids)
        kind, tier = read_kind(section.need("kind")), read_tier(section.need("tier"))
        match = read_matcher(section.need("match"), CLASSIFY)
        said = section.get("verdict")
        word = None if said is None else said.choice(VERDICTS)
        section.close(later=("mode",))
        if ident is None or kind is None or tier is None or match is None:
            return None
        needs_text = not _possible_without_text(match)
        if needs_text and said is not None and word == "identity":
            said.fault("a match that needs free text is uncertain at most")
        verdict = Verdict.UNCERTAIN if needs_text else VERDICTS[word or "identity"]
        where, digest = self._signed(section)
        return ClassifyRule(ident, kind, tier, verdict, match, where, digest)

    def entitlement(self, section: Section) -> Entitlement | None:
        """One item of `entitlements`."""
        ident = self._ident(section, self._entitlement_ids)
        target = self._target(section.need("target"))
        access = _read_access(section.need("access"))
        asked_by = read_matcher(section.need("asked_by"), ASKED_BY)
        duration = _read_duration_field(section.get("duration_from"))
        owner = read_owner(section.need("owner"), self.mentions)
        backup = read_owner(section.get("backup_owner"), self.mentions)
        tier = read_tier(section.need("tier"))
        requestable_by = read_matcher(section.get("requestable_by"), REQUESTABLE_BY)
        section.close(later=("manual", "activate_within", "max"))
        if ident is None or target is None or access is None or asked_by is None:
            return None
        if owner is None or tier is None:
            return None
        where, digest = self._signed(section)
        found = Entitlement(
            ident, target, access, asked_by, duration, owner, backup, tier, requestable_by,
            where, digest,
        )  # fmt: skip
        self.entitlement_places.append((found, section))
        return found

    def approve_rule(self, section: Section) -> ApproveRule | None:
        """One item of `approve`."""
        ident = self._ident(section, self._rule_ids)
        when = read_matcher(section.need("when"), WHEN)
        if "automatic" in section:
            return self._automatic_rule(section, ident, when)
        stages = read_stages(section.need("stages"), self.mentions)
        never = read_words(section.get("never"), NEVER_WORDS, self.mentions)
        chars_min = read_justification(section.get("justification"))
        accept, because = read_assurance(section.get("assurance"))
        within_place = section.need("decide_within")
        within = None if within_place is None else within_place.duration()
        escalate = read_escalation(section.get("escalate"), within, self.mentions)
        section.close(later=LATER_OF_RULE)
        if ident is None or when is None or within is None:
            return None
        where, digest = self._signed(section)
        found = ApproveRule(
            ident, when, stages, never, chars_min, accept, because, within, where, digest, escalate
        )
        self.approve_places.append((found, section.place))
        return found

    def _automatic_rule(
        self, section: Section, ident: str | None, when: Matcher | None
    ) -> ApproveRule | None:
        automatic = read_automatic(section, when)
        section.close(later=LATER_OF_RULE)
        if ident is None or when is None or automatic is None:
            return None
        where, digest = self._signed(section)
        return ApproveRule(
            ident, when, (), (), JUSTIFICATION_CHARS_DEFAULT, None, "", BLOCKED_FOR_MAX, where,
            digest, automatic=automatic,
        )  # fmt: skip  # not among `approve_places`: it asks nobody

    def limit(self, section: Section) -> Limit | None:
        """One item of `limits`."""
        when = read_matcher(section.need("when"), WHEN)
        places = [section.need(key) for key in ("default", "max", "hard_max")]
        found = [None if place is None else place.duration() for place in places]
        extend = section.get("extend")
        times = 0 if extend is None else extend.integer(0, EXTEND_MAX)
        ahead = section.get("start_within")
        start_within = START_WITHIN if ahead is None else ahead.duration()
        section.close()
        spans = [span for span in found if span is not None]
        if when is None or times is None or start_within is None or len(spans) != len(places):
            return None
        if spans != sorted(spans):
            section.place.fault("must be default ≤ max ≤ hard_max")
        where, digest = self._signed(section)
        default, longest, hard_max = spans
        return Limit(when, default, longest, hard_max, where, digest, times, start_within)

    def automation(self, section: Section) -> Automation | None:
        """One item of `automations`."""
        ident = self._ident(section, self._automation_ids)
        match = read_matcher(section.need("match"), ASKED_BY)
        owner = read_owner(section.need("owner"), self.mentions)
        may, targets = section.need("may"), section.need("targets")
        kinds = [read_kind(one) for one in (may.some() if may else None) or ()]
        names = [self._target(one) for one in (targets.items() if targets else None) or ()]
        section.close(later=("mode",))
        if ident is None or match is None or owner is None or None in kinds or None in names:
            return None
        where, digest = self._signed(section)
        held = (frozenset(filter(None, kinds)), frozenset(filter(None, names)))
        return Automation(ident, match, owner, *held, where, digest)

    def _ident(self, section: Section, known: dict[str, int]) -> str | None:
        place = section.need("id")
        ident = None if place is None else place.ident()
        if place is None or ident is None:
            return None
        if ident in known:
            place.fault(f"the id {ident!r} is used twice (first on line {known[ident]})")
        known.setdefault(ident, place.line)
        return ident

    def _target(self, place: Place | None) -> str | None:
        name = None if place is None else place.ident()
        if place is None or name is None:
            return None
        if name == "manual":
            place.fault(f"'manual' {LATER}")
            return None
        self.mentions.append(Mention("target", name, place))
        return name

    def _signed(self, section: Section) -> tuple[str, str]:
        return f"{self.file}:{section.line}", digest_of_node(section.place.node)


def _possible_without_text(matcher: Matcher) -> bool:
    """Whether the matcher could match with every free-text clause false."""
    if isinstance(matcher, Clause):
        return matcher.field not in FREE_TEXT
    if matcher.op == "none":
        return True
    possible = [_possible_without_text(part) for part in matcher.parts]
    return any(possible) if matcher.op == "any" else all(possible)


def _read_access(place: Place | None) -> dict[str, str] | None:
    section = None if place is None else place.section()
    if place is None or section is None:
        return None
    found = {key: inner.text() for key, inner in section.entries()}
    if not found:
        place.fault("is empty")
    kept = {key: text for key, text in found.items() if text is not None}
    return kept if kept and len(kept) == len(found) else None


def _read_duration_field(place: Place | None) -> DurationField | None:
    section = None if place is None else place.section()
    if section is None:
        return None
    name = read_field(section.need("field"), ASKED_BY)
    unit_place = section.get("unit")
    unit = None if unit_place is None else unit_place.choice(UNITS)
    section.close()
    return None if name is None else DurationField(name, unit)
