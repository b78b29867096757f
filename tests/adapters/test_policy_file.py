"""`policy.yaml`: what is read, and each fault with its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.adapters.config.policy_file import load_policy, read_policy
from ticketgate.adapters.files.strict_yaml import Report
from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.matching.matcher import Clause, Group
from ticketgate.domain.policy.policy import DurationField, Policy, Word
from ticketgate.domain.tickets.identity_event import Tier, Verdict

GOOD = """\
version: 1
mode: enforce
classify:
  - id: elevated
    kind: privilege.elevate
    tier: high
    match: { ticket.catalog_item|contains: [elevated, privileged], ticket.priority: 1 }
entitlements:
  - id: prod-db-admin
    target: corp-scim
    access: { group: SG-PROD-DB-ADMIN }
    asked_by: { ticket.variables.role: prod-db-admin }
    duration_from: { field: ticket.variables.hours, unit: h }
    owner: person:carol
    backup_owner: person:dan
    tier: high
    requestable_by: { beneficiary.groups: [platform] }
approve:
  - id: high
    when: { tier: [critical, high], kind: privilege.elevate }
    stages:
      - { name: line, any_of: ["manager_of:beneficiary"], need: 1 }
      - { name: security, any_of: ["group:sec-iam"], need: 2, never: ["same_team:requester"] }
    never: ["direct_report_of:beneficiary"]
    justification: { min_chars: 30 }
    assurance: { accept: mail_code, because: nothing else is connected }
    decide_within: 8h
limits:
  - { when: {}, default: 1h, max: 2h, hard_max: 4h }
"""


def faults_of(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_policy(path)
    return [fault.text.removeprefix(f"{path}:") for fault in caught.value.faults]


def load(tmp_path: Path, text: str = GOOD) -> Policy:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    return load_policy(path)


def test_a_policy_is_read_whole(tmp_path: Path) -> None:
    found = load(tmp_path)
    rule, entitlement = found.classify[0], found.entitlements[0]
    assert (rule.id, rule.kind, rule.tier) == ("elevated", "privilege.elevate", Tier.HIGH)
    assert (rule.verdict, rule.where) == (Verdict.IDENTITY, "policy.yaml:4")
    assert rule.match == Group(
        "all",
        (
            Clause("ticket.catalog_item", "contains", ("elevated", "privileged"), 7, wide=True),
            Clause("ticket.priority", "equals", ("1",), 7),
        ),
        7,
    )
    assert entitlement.duration_from == DurationField("ticket.variables.hours", "h")
    assert (entitlement.owner, entitlement.backup_owner) == (
        Word("person", "carol"),
        Word("person", "dan"),
    )
    approve = found.approve[0]
    assert [stage.need for stage in approve.stages] == [1, 2]
    assert approve.stages[1].never == (Word("same_team", "requester"),)
    assert (approve.justification_chars_min, approve.assurance) == (30, "mail_code")
    assert approve.because == "nothing else is connected"
    assert approve.decide_within.total_seconds() == 28_800
    assert found.limits[0].hard_max.total_seconds() == 14_400
    assert found.entitlement("prod-db-admin") is entitlement


def test_what_may_be_left_out_has_a_careful_default(tmp_path: Path) -> None:
    text = GOOD
    for line in ("justification", "assurance", "never:", "backup_owner", "requestable_by", "mode"):
        text = "\n".join(one for one in text.split("\n") if not one.strip().startswith(line))
    found = load(tmp_path, text.replace("    duration_from", "    # "))
    assert found.approve[0].justification_chars_min == 20
    assert found.approve[0].assurance is None
    assert found.entitlements[0].duration_from is None


def test_a_rule_that_moves_keeps_its_digest_and_one_that_changes_does_not(tmp_path: Path) -> None:
    before = load(tmp_path)
    moved = load(tmp_path, "# a comment\n" + GOOD)
    changed = load(tmp_path, GOOD.replace("elevated, privileged", "elevated"))
    assert moved.classify[0].digest == before.classify[0].digest
    assert moved.digest != before.digest
    assert changed.classify[0].digest != before.classify[0].digest
    assert changed.approve[0].digest == before.approve[0].digest


def test_blocks_are_read(tmp_path: Path) -> None:
    match = "{ any: [{ ticket.table: a, ticket.state: b }, { ticket.table: c }] }"
    asked = load(tmp_path, GOOD.replace(ASKED, match)).entitlements[0].asked_by
    a, b, c = (
        Clause(f"ticket.{field}", "equals", (value,), 12)
        for field, value in (("table", "a"), ("state", "b"), ("table", "c"))
    )
    assert asked == Group(
        "all", (Group("any", (Group("all", (a, b), 12), Group("all", (c,), 12)), 12),), 12
    )
    none = "{ ticket.table: a, none: { ticket.table: a, ticket.state: b } }"
    asked = load(tmp_path, GOOD.replace(ASKED, none)).entitlements[0].asked_by
    assert asked == Group("all", (a, Group("none", (a, b), 12)), 12)


@pytest.mark.parametrize(
    ("match", "said", "verdict"),
    [
        ("{ ticket.text|contains: x }", "", Verdict.UNCERTAIN),
        ("{ ticket.table: t, ticket.text|contains: x }", "", Verdict.UNCERTAIN),
        ("{ any: [{ ticket.table: t }, { ticket.text|word: x }] }", "", Verdict.IDENTITY),
        ("{ any: [{ ticket.description|word: y }, { ticket.text|word: x }] }", "",
         Verdict.UNCERTAIN),
        ("{ none: { ticket.table: t } }", "", Verdict.IDENTITY),
        ("{ ticket.table: t }", "verdict: uncertain", Verdict.UNCERTAIN),
        ("{ ticket.table: t }", "verdict: identity", Verdict.IDENTITY),
    ],
)  # fmt: skip
def test_a_match_that_needs_free_text_is_uncertain_at_most(
    tmp_path: Path, match: str, said: str, verdict: Verdict
) -> None:
    lines = [f"    match: {match}\n    {said}" if "contains" in one else one for one in
             GOOD.splitlines()]  # fmt: skip
    assert load(tmp_path, "\n".join(lines)).classify[0].verdict is verdict


CATALOG = "{ ticket.catalog_item|contains: [elevated, privileged], ticket.priority: 1 }"
ASKED = "{ ticket.variables.role: prod-db-admin }"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("version: 1", "version: 2", "1: version: must be a whole number from 1 to 1"),
        ("mode: enforce", "mode: shadows", "2: mode: unknown word 'shadows'"),
        ("mode: enforce", "mode: enfroce", "did you mean 'enforce'?"),
        ("mode: enforce", "modus: x", "2: modus: unknown key 'modus'; did you mean 'mode'?"),
        ("mode: enforce", "emergency: {}", "2: emergency: the key 'allow' is missing"),
        ("mode: enforce", "assets: {}", "'assets' comes later"),
        ("version: 1\n", "", "(file): the key 'version' is missing"),
        ("kind: privilege.elevate\n    tier", "kind: privilege.elevat\n    tier",
         "5: classify[0].kind: unknown word 'privilege.elevat'; did you mean 'privilege.elevate'?"),
        ("kind: privilege.elevate\n    tier", "kind: licence\n    tier", "'licence' comes later"),
        ("tier: high\n    match", "tier: hihg\n    match", "did you mean 'high'?"),
        ("    match:", "    mach:", "unknown key 'mach'; did you mean 'match'?"),
        ("    match:", "    mach:", "4: classify[0]: the key 'match' is missing"),
        (CATALOG, "{}", "7: classify[0].match: is empty: it would match everything"),
        (CATALOG, "[]", "must be a mapping of keys"),
        (CATALOG, "{ ticket.catalogitem: x }", "did you mean 'ticket.catalog_item'?"),
        (CATALOG, "{ ticket.variables.: x }", "unknown field 'ticket.variables.'"),
        (CATALOG, "{ ticket.table|regex: x }", "unknown test 'regex'"),
        (CATALOG, "{ ticket.table|contain: x }", "did you mean 'contains'?"),
        (CATALOG, "{ ticket.table|: x }", "unknown test ''"),
        (CATALOG, "{ ticket.table: [] }", "the list is empty"),
        (CATALOG, "{ ticket.table: [a, {}] }", "must be text"),
        (CATALOG, "{ ticket.table: }", "is empty"),
        (CATALOG, "{ ticket.window: x }", "'ticket.window' comes later"),
        (CATALOG, "{ ticket.asset.id: x }", "'ticket.asset.id' comes later"),
        (CATALOG, "{ asset.class: x }", "'asset.class' comes later"),
        (CATALOG, "{ nhi.type: x }", "'nhi.type' comes later"),
        (CATALOG, "{ requester.id: x }", "requester.id is not known here yet: only ticket.*"),
        (CATALOG, "{ tier: high }", "tier is not known here yet"),
        (CATALOG, "{ ticket.variables.ip|cidr: 10.0.0.1/8 }", "has host bits set"),
        (CATALOG, "{ ticket.priority|lt: high }", "not a number: high"),
        (CATALOG, "{ ticket.table|exists: maybe }", "exists is true or false"),
        (CATALOG, "{ ticket.table|fieldref: ticket.tabel }", "did you mean 'ticket.table'?"),
        (CATALOG, "{ ticket.table|fieldref: ticket.text }", "free text is not compared"),
        (CATALOG, "{ ticket.text: x }", "free text takes only contains and word"),
        (CATALOG, "{ ticket.description|cased: x }", "free text takes only contains and word"),
        (CATALOG, "{ ticket.text|startswith: x }", "free text takes only contains and word"),
        (CATALOG, "{ ticket.text|exists: 'false' }", "free text takes only contains and word"),
        (CATALOG, "{ ticket.table: x, none: { ticket.text|contains: x } }",
         "free text inside `none:`"),
        (CATALOG, "{ ticket.table: x, none: [{ any: [{ ticket.text|word: x }] }] }",
         "free text inside `none:`"),
        (CATALOG, "{ any: {} }", "is empty"),
        (CATALOG, "{ any: [] }", "the list is empty"),
        (CATALOG, "{ any: [x] }", "must be a mapping of keys"),
        (CATALOG, "{ any: x }", "must be a list"),
        (CATALOG, "{ any: { ticket.tabel: x } }", "unknown field"),
        (CATALOG, "{ ticket.text|contains: x }\n    verdict: identity",
         "8: classify[0].verdict: a match that needs free text is uncertain at most"),
        (CATALOG, "{ ticket.table: x }\n    verdict: not_identity", "unknown word 'not_identity'"),
        (ASKED, "{ ticket.text|contains: x }", "free text never decides: ticket.text"),
        (ASKED, "{ beneficiary.id: x }", "beneficiary.id is not known here yet"),
        ("- id: elevated", "- id: high", "is used twice (first on line 4)"),
        ("- id: elevated", "- id: a b", "is not an id"),
        ("- id: elevated", "- id: [a]", "must be text"),
        ("target: corp-scim", "target: manual", "'manual' comes later"),
        ("target: corp-scim", "target: 'a b'", "is not an id"),
        ("{ group: SG-PROD-DB-ADMIN }", "{}", "11: entitlements[0].access: is empty"),
        ("{ group: SG-PROD-DB-ADMIN }", "{ group: [a] }", "must be text"),
        ("{ group: SG-PROD-DB-ADMIN }", "x", "must be a mapping"),
        ("field: ticket.variables.hours", "field: ticket.hours", "unknown field 'ticket.hours'"),
        ("field: ticket.variables.hours", "field: ''", "is empty"),
        ("unit: h", "unit: w", "unknown word 'w'; one of: d, h, m, s"),
        ("duration_from: { ", "duration_from: { max: 1h, ", "unknown key 'max'"),
        ("duration_from: { field: ticket.variables.hours, unit: h }", "duration_from: 2h",
         "must be a mapping"),
        ("owner: person:carol\n", "owner: carol\n", "unknown word 'carol'"),
        ("owner: person:carol\n", "owner: [a]\n", "must be text"),
        ("owner: person:carol\n", "owner: manager_of:beneficiary\n", "unknown word 'manager_of'"),
        ("    requestable_by:", "    requestable:", "did you mean 'requestable_by'?"),
        ("{ beneficiary.groups: [platform] }", "{}", "it would match everything"),
        ("{ tier: [critical, high], kind", "{ tier: [critical, hihg], kind",
         "'hihg' is no word here; did you mean 'high'?"),
        ("kind: privilege.elevate }", "kind: licence }", "'licence' comes later"),
        ("kind: privilege.elevate }", "kind|contains: a }", "kind takes no test"),
        ("kind: privilege.elevate }", "entitlement.tier: x }", "'x' is no word here"),
        ("kind: privilege.elevate }", "ticket.text|contains: x }", "free text never decides"),
        ("manager_of:beneficiary", "manger_of:beneficiary", "did you mean 'manager_of'?"),
        ("manager_of:beneficiary", "manager_of:approver", "One of: beneficiary, requester"),
        ("manager_of:beneficiary", "manager_of", "manager_of: of what?"),
        ("group:sec-iam", "group:", "the id is missing, as in group:ID"),
        ("manager_of:beneficiary", "role:dba", "the word 'role' comes later"),
        ("direct_report_of:beneficiary", "triager:x", "triager stands alone: without ':x'"),
        ("direct_report_of:beneficiary", "approver:x", "approver stands alone: without ':x'"),
        ("manager_of:beneficiary", "triager", "unknown word 'triager'"),
        ("manager_of:beneficiary", "approver", "unknown word 'approver'"),
        ("manager_of:beneficiary", "same_team:requester", "unknown word 'same_team'"),
        ("direct_report_of:beneficiary", "requester:alice", "requester stands alone"),
        ('["manager_of:beneficiary"]', "[]", "the list is empty"),
        ('["manager_of:beneficiary"]', "manager_of:beneficiary", "must be a list"),
        ("need: 2", "need: 0", "must be a whole number from 1 to 20"),
        ("need: 2", "need: '2'", "must be a whole number"),
        ("need: 2", "need: 2.0", "must be a whole number"),
        ("name: security", "name: line", "two stages have one name"),
        ("need: 2,", "need: 2, nobody: x,", "unknown key 'nobody'"),
        ("min_chars: 30", "min_chars: 0", "must be a whole number from 1 to 1000"),
        ("{ min_chars: 30 }", "30", "must be a mapping"),
        ("{ min_chars: 30 }", "{}", "the key 'min_chars' is missing"),
        ("accept: mail_code", "accept: sms", "unknown word 'sms'"),
        ("accept: mail_code, ", "", "the key 'accept' is missing"),
        ("{ accept: mail_code, because: nothing else is connected }", "oidc", "must be a mapping"),
        ("decide_within: 8h", "decide_within: 8 hours", "'8 hours' is not a duration"),
        ("decide_within: 8h", "decide_within: 0h", "'0h' is not a duration"),
        ("decide_within: 8h", "decide_within: -1h", "'-1h' is not a duration"),
        ("decide_within: 8h", "decide_within: 367d", "longer than 366 days"),
        ("decide_within: 8h", "decide_within: [8h]", "must be text"),
        ("    decide_within: 8h\n", "", "the key 'decide_within' is missing"),
        ("decide_within: 8h", "decide_within: 8h\n    escalate: {}", "the key 'after' is missing"),
        (
            "decide_within: 8h",
            "decide_within: 8h\n    escalate: { after: 8h, to: [person:carol] }",
            "must be less than decide_within",
        ),
        (
            "decide_within: 8h",
            "decide_within: 8h\n    escalate: { after: 4h, to: [same_team:requester] }",
            "unknown word 'same_team'",
        ),
        ("    stages:", "    steps:", "the key 'stages' is missing"),
        ("default: 1h", "default: forever", "'forever' is not a duration"),
        ("default: 1h", "default: 3h", "must be default ≤ max ≤ hard_max"),
        ("hard_max: 4h", "hard_max: 4h, extend: -1", "must be a whole number from 0 to 100"),
        ("hard_max: 4h", "hard_max: 4h, extend: often", "must be a whole number from 0 to 100"),
        ("limits:\n  -", "limits:\n  - x\n  -", "29: limits[0]: must be a mapping of keys"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert GOOD.count(old) >= 1
    assert any(fault in one for one in faults_of(tmp_path, GOOD.replace(old, new, 1)))


def test_what_was_refused_once_is_not_told_again_as_something_else(tmp_path: Path) -> None:
    text = GOOD.replace("tier: high", "tier: *high", 1).replace("8h", "*soon")
    said = [one.split(": ", 1)[1] for one in faults_of(tmp_path, text)]
    assert said == [
        f"{path}: aliases (*name) are not allowed; write it out"
        for path in ("classify[0].tier", "approve[0].decide_within")
    ]


def test_every_fault_is_listed_at_once_and_in_order(tmp_path: Path) -> None:
    text = GOOD.replace("tier: high", "tier: hihg").replace("8h", "soon").replace("unit", "unity")
    lines = [int(one.split(":")[0]) for one in faults_of(tmp_path, text)]
    assert lines == sorted(lines)
    assert {6, 13, 16, 27} <= set(lines)


@pytest.mark.parametrize("text", ["", "[]", "a: [", "x", "version: 1\nversion: 1\n"])
def test_what_is_no_policy_is_refused(tmp_path: Path, text: str) -> None:
    assert faults_of(tmp_path, text)


def test_a_policy_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_policy(tmp_path / "none.yaml")
    with pytest.raises(ConfigurationError, match="cannot be read: not a path"):
        load_policy(Path("a\0b"))


@given(data=st.data())
def test_only_our_error_comes_out_of_a_damaged_policy(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    lines = GOOD.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    cut = data.draw(st.integers(0, len(lines[at])))
    lines[at] = lines[at][:cut] + data.draw(st.text("ab:- []{}|&*'\"\n~1é", max_size=12))
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_text("\n".join(lines))
    report = Report("damaged.yaml")
    found = read_policy(path, report)
    assert (found.policy is None) == bool(report.faults)


# --- automations ----------------------------------------------------------------------------------

FLOW = """\
automations:
  - id: snow-flow
    match: { ticket.updated_by: svc-flow }
    owner: person:carol
    may: [access.grant, mfa.reset]
    targets: [corp-scim]
"""


def test_an_automation_has_an_owner_and_a_boundary(tmp_path: Path) -> None:
    assert load(tmp_path).automations == ()
    (found,) = load(tmp_path, GOOD + FLOW).automations
    assert (found.id, found.owner) == ("snow-flow", Word("person", "carol"))
    assert found.may == {"access.grant", "mfa.reset"}
    assert found.targets == {"corp-scim"}
    assert found.where == f"policy.yaml:{len(GOOD.splitlines()) + 2}"
    (none,) = load(tmp_path, GOOD + FLOW.replace("[corp-scim]", "[]")).automations
    assert none.targets == frozenset()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("    owner: person:carol\n", "", "the key 'owner' is missing"),
        ("person:carol", "manager_of:requester", "automations[0].owner: "),
        ("    may: [access.grant, mfa.reset]\n", "", "the key 'may' is missing"),
        ("[access.grant, mfa.reset]", "[]", "may: the list is empty"),
        ("mfa.reset", "mfa.rset", "did you mean 'mfa.reset'?"),
        ("    targets: [corp-scim]\n", "", "the key 'targets' is missing"),
        ("[corp-scim]", "[manual]", "'manual' comes later"),
        ("{ ticket.updated_by: svc-flow }", "{}", "is empty: it would match everything"),
        ("ticket.updated_by", "ticket.text|contains", "free text"),
        ("ticket.updated_by", "requester.id", "automations[0].match"),
        ("    targets", "    until: x\n    targets", "unknown key 'until'"),
        ("  - id: snow-flow\n    match", "  - match", "the key 'id' is missing"),
    ],
)
def test_a_faulty_automation_is_refused(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in FLOW
    text = "\n".join(faults_of(tmp_path, GOOD + FLOW.replace(old, new)))
    assert fault in text


def test_two_automations_have_two_ids(tmp_path: Path) -> None:
    twice = GOOD + FLOW + FLOW.removeprefix("automations:\n")
    assert "'snow-flow' is used twice" in "\n".join(faults_of(tmp_path, twice))
