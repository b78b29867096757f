"""The whole configuration of a folder: three files at once, and what they say of each other."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ticketgate.adapters.config.directories_reader import names_of
from ticketgate.adapters.config.policy_file import PolicyRead, read_policy
from ticketgate.adapters.config.settings_file import KnownConnectors, SettingsRead, read_settings
from ticketgate.adapters.config.settings_file import load_for_revoking as read_for_revoking
from ticketgate.adapters.config.stages_reader import NEED_MAX
from ticketgate.adapters.directories.directory_file import (
    DirectoryFile,
    DirectoryRead,
    read_directory,
)
from ticketgate.adapters.directories.joined_directory import JoinedDirectory
from ticketgate.adapters.directories.ldap_directory import LdapDirectory
from ticketgate.adapters.directories.scim_directory import scim_directory
from ticketgate.adapters.files.files import read_file, stop_on_faults
from ticketgate.adapters.files.places import did_you_mean
from ticketgate.adapters.files.strict_yaml import Report
from ticketgate.adapters.keys.passkey_site import site_of
from ticketgate.domain.errors import ConfigurationError, Fault
from ticketgate.domain.matching.matcher import Clause, Matcher
from ticketgate.domain.policy.policy import (
    ASSURANCE_DEFAULT,
    ASSURANCE_LEVELS,
    ApproveRule,
    Policy,
    Stage,
    Word,
)
from ticketgate.domain.requests.roles import VOUCHER
from ticketgate.domain.settings import LdapSettings, Settings
from ticketgate.domain.tickets.identity_event import Tier
from ticketgate.domain.verifying.approval_check import PASSKEY
from ticketgate.ports import Directory

SETTINGS_NAME: Final = "ticketgate.yaml"
NO_POLICY: Final = Policy("", (), (), (), ())  # nothing is identity, nothing can be asked for


@dataclass(frozen=True, slots=True)
class Configuration:
    """One consistent configuration. The directory is read anew for each decision.

    With `faults` it is good for taking away only: settings have gaps, and no policy holds. `again`
    raises ConfigurationError as `load_configuration` does.
    """

    settings: Settings
    policy: Policy
    directory: Directory
    faults: tuple[Fault, ...] = ()
    again: "Callable[[], Configuration] | None" = None  # reads the same folder once more


def load_configuration(
    folder: Path, *, environ: Mapping[str, str], connectors: KnownConnectors
) -> Configuration:
    """Everything in a folder, checked file by file and against each other.

    Raises:
        ConfigurationError: with every fault of every file, by file and line.
    """
    reports = [Report(str(folder / SETTINGS_NAME))]
    found = read_settings(
        folder / SETTINGS_NAME, reports[0], environ=environ, connectors=connectors
    )
    reports += [Report(str(found.policy_file)), Report(str(found.directory.file))]
    rules = read_policy(found.policy_file, reports[1])
    data = read_file(found.directory.file, reports[2])
    people = None if data is None else read_directory(data, reports[2])
    _check_targets(rules, found, connectors)
    _check_assurance(rules, found)
    _check_emergency(rules, found)
    if people is not None:
        beside = frozenset(name for name, _ in found.directory.groups)
        _check_directories(people, found)
        people = replace(people, groups={**dict.fromkeys(beside, ""), **people.groups})
        _check_people(rules, people, beside)
        _check_systems(people, found)
        _check_roles(people, found)
        _check_claims(rules, people, found)
    faults = [fault for report in reports for fault in report.faults]
    whole = None
    if found.settings is not None and rules.policy is not None:
        whole = Configuration(found.settings, rules.policy, open_directory(found.settings))
    return stop_on_faults(whole, faults)


def load_for_revoking(
    folder: Path, *, environ: Mapping[str, str], connectors: KnownConnectors
) -> Configuration:
    """The whole configuration; of a faulty one what taking away needs, with its faults.

    Raises:
        ConfigurationError: `ticketgate.yaml` does not even tell the store.
    """
    try:
        return load_configuration(folder, environ=environ, connectors=connectors)
    except ConfigurationError as fault:
        faults = fault.faults
    settings = read_for_revoking(folder / SETTINGS_NAME, environ=environ, connectors=connectors)
    return Configuration(settings, NO_POLICY, open_directory(settings), faults)


def open_directory(settings: Settings) -> Directory:
    """The directory file, with what is configured beside it; nothing is asked yet."""
    file = DirectoryFile(Path(settings.directory_file), settings.claims)
    remotes = [
        LdapDirectory(one) if isinstance(one, LdapSettings) else scim_directory(one)
        for one in settings.directories
    ]
    return JoinedDirectory(file, remotes) if remotes else file


def _check_targets(rules: PolicyRead, found: SettingsRead, connectors: KnownConnectors) -> None:
    """Every target is configured, and every `access` has just the keys of its connector."""
    for mention in rules.mentions:
        if mention.kind == "target" and found.readable and mention.name not in found.targets:
            hint = did_you_mean(mention.name, found.targets)
            mention.place.fault(f"{SETTINGS_NAME} has no target {mention.name!r}{hint}")
    for entitlement, section in rules.entitlement_places:
        kind = found.targets.get(entitlement.target, "")
        place = section.get("access")
        if kind not in connectors.targets or place is None:
            continue
        keys = connectors.targets[kind].access_keys()
        if keys != entitlement.access.keys():
            place.fault(f"a {kind} target needs exactly: {', '.join(sorted(keys))}")


def _check_people(rules: PolicyRead, people: DirectoryRead, beside: Collection[str]) -> None:
    """Every person and group named exists, and every stage could be filled."""
    known: dict[str, Collection[str]] = {
        "person": people.people, "group": people.groups, "on_call": people.duties.on_call
    }  # fmt: skip
    for mention in rules.mentions:
        if mention.kind in known and mention.name not in known[mention.kind]:
            hint = did_you_mean(mention.name, known[mention.kind])
            mention.place.fault(f"the directory has no {mention.kind} {mention.name!r}{hint}")
    owners = [entitlement for entitlement, _ in rules.entitlement_places]
    most = {
        "owner_of": max((_size(one.owner, people, beside) for one in owners), default=0),
        "backup_owner_of": max(
            (_size(one.backup_owner, people, beside) for one in owners), default=0
        ),
    }
    for rule, place in rules.approve_places:
        for word in rule.escalate.to if rule.escalate else ():
            if not most.get(word.verb, _size(word, people, beside)):
                place.fault(f"escalate: {word.text} names nobody of the directory")
        for stage in rule.stages:
            possible = _possible(stage, people, most, beside)
            if stage.need > possible:
                place.fault(
                    f"stage {stage.name!r} needs {stage.need}, but its words name at most "
                    f"{possible} of the directory"
                )


def _possible(
    stage: Stage, people: DirectoryRead, most: Mapping[str, int], beside: Collection[str]
) -> int:
    """How many people the words of a stage could name at the most."""
    sizes = [most.get(word.verb, _size(word, people, beside)) for word in stage.any_of]
    return sum(sizes)


def _size(word: Word | None, people: DirectoryRead, beside: Collection[str]) -> int:
    if word is None:
        return 0
    if word.verb == "group" and (word.of in beside or word.of not in people.groups):
        return NEED_MAX  # another directory tells; or a fault of its own, reported as such
    if word.verb == "group":
        return sum(word.of in person.groups for person in people.people.values())
    if word.verb == "on_call":
        return len({one.person for one in people.duties.on_call.get(word.of, ())}) or NEED_MAX
    return 1


def _check_directories(people: DirectoryRead, found: SettingsRead) -> None:
    """A name of a directory, and of a group, stands for one thing only."""
    for name, place in found.directory.names:
        if name in (*found.sources, *found.targets):
            place.fault(f"{name!r} is a source or a target already")
    for name, place in found.directory.groups:
        if name in people.groups:
            place.fault(f"the group {name!r} stands in {found.directory.file.name} as well")


def _check_claims(rules: PolicyRead, people: DirectoryRead, found: SettingsRead) -> None:
    """Groups that a sign-in confirms exist, and stand only where a decision asks for that."""
    known = found.directory
    if known.claims_place is not None and found.sign_in.provider is None:
        known.claims_place.fault("claims come with sign_in: { oidc: … }, which is not configured")
    roles = {word.of for word, _ in found.role_words if word.verb == "group"}
    emergency = _emergency_groups(rules.policy)
    for name, place in known.held:
        if name not in people.groups:
            hint = did_you_mean(name, people.groups)
            place.fault(f"a claim only confirms, and the directory has no group {name!r}{hint}")
        elif name in roles:
            place.fault(f"the group {name!r} has a role; claims confirm only who approves")
        elif name in emergency:
            place.fault(f"emergencies name the group {name!r}; claims confirm only who approves")


def _emergency_groups(policy: Policy | None) -> frozenset[str]:
    """The groups by which emergencies are begun, consented to or reviewed."""
    if policy is None or policy.emergency is None:
        return frozenset()
    section = policy.emergency
    allowed = {one.entitlement for one in section.allow}
    owners = [
        word
        for one in policy.entitlements
        if one.id in allowed
        for word in (one.owner, one.backup_owner)
        if word is not None
    ]
    words = [*section.review_by, *(word for one in section.allow for word in one.people), *owners]
    return frozenset(word.of for word in words if word.verb == "group")


def _check_systems(people: DirectoryRead, found: SettingsRead) -> None:
    """Accounts are listed under names of sources, targets, directories and the identity provider.

    Its name is its own: else an account of a ticket system could pass for one there.
    """
    directories = names_of(found.directory.names)
    known = [*found.sources, *found.targets]
    provider, place = found.sign_in.provider, found.sign_in.accounts
    if provider is not None and place is not None:
        if provider.accounts in known:
            place.fault(f"{provider.accounts!r} is a source or a target; give it its own name")
        if provider.accounts in directories:
            place.fault(f"{provider.accounts!r} is a directory; give it its own name")
        known.append(provider.accounts)
    known += directories
    for system, place in people.systems if found.readable else ():
        if system not in known:
            place.fault(
                f"{system!r} is no source, no target and no directory{did_you_mean(system, known)}"
            )


def _check_roles(people: DirectoryRead, found: SettingsRead) -> None:
    """Every group and person that a role names exists."""
    known: dict[str, Collection[str]] = {"person": people.people, "group": people.groups}
    for word, place in found.role_words:
        if word.of not in known[word.verb]:
            hint = did_you_mean(word.of, known[word.verb])
            place.fault(f"the directory has no {word.verb} {word.of!r}{hint}")


def _check_assurance(rules: PolicyRead, found: SettingsRead) -> None:
    """A level that nobody can reach is refused, and one below the default says why."""
    surest = _surest(found)
    for rule, place in rules.approve_places:
        tiers = _tiers(rule.when)
        defaults = [ASSURANCE_DEFAULT[tier] for tier in tiers]
        wanted = {rule.assurance} if rule.assurance else set(defaults)
        for level in sorted(wanted, key=ASSURANCE_LEVELS.index):
            if ASSURANCE_LEVELS.index(level) <= ASSURANCE_LEVELS.index(surest):
                continue
            if level == PASSKEY and _offers_passkeys(found):
                continue
            said = "" if rule.assurance else ", the default of its tier,"
            place.fault(
                f"the rule {rule.id!r} needs {level}{said} which no configured sign-in reaches; "
                f"with assurance: {{ accept: {surest}, because: … }} say why less will do"
            )
        if _is_below(rule, defaults) and not rule.because:
            place.fault(f"{rule.assurance} is below the default of the tier: `because` is missing")


def _check_emergency(rules: PolicyRead, found: SettingsRead) -> None:
    """An emergency is no weaker door: a sign-in must reach the level of the entitlement's tier."""
    surest = ASSURANCE_LEVELS.index(_surest(found))
    for ident, place in rules.allowed_places:
        wanted = next((one for one, _ in rules.entitlement_places if one.id == ident), None)
        section = None if rules.policy is None else rules.policy.emergency
        needed = "" if wanted is None or section is None else section.needs(wanted.tier)
        if needed and ASSURANCE_LEVELS.index(needed) > surest:
            place.fault(
                f"an emergency for {ident!r} needs {needed}, which no configured sign-in reaches;"
                " `assurance: { accept: …, because: … }` there says why less will do"
            )


def _surest(found: SettingsRead) -> str:
    """The surest level that a configured sign-in reaches; one that is faulty is told there."""
    return max(found.sign_in.levels or {"mail_code"}, key=ASSURANCE_LEVELS.index)


def _offers_passkeys(found: SettingsRead) -> bool:
    """Whether browsers make passkeys for this address, and somebody may vouch for them."""
    known = found.draft or found.settings
    return bool(known and site_of(known.public_url) and known.roles.get(VOUCHER))


def _is_below(rule: ApproveRule, defaults: Collection[str]) -> bool:
    if rule.assurance is None:
        return False
    level = ASSURANCE_LEVELS.index(rule.assurance)
    return any(level < ASSURANCE_LEVELS.index(default) for default in defaults)


def _tiers(when: Matcher) -> tuple[Tier, ...]:
    """The tiers that a condition can hold for: those it lists, else all."""
    parts = () if isinstance(when, Clause) else when.parts
    listed = [part.values for part in parts if isinstance(part, Clause) and part.field == "tier"]
    return tuple(tier for tier in Tier if all(tier.word in values for values in listed))
