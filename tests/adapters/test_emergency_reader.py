"""The section `emergency` of a policy: closed keys and words, and what `check` holds it to."""

from pathlib import Path

import pytest
from tests.shipped import ROOT

from ticketgate.adapters.config.policy_file import load_policy
from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.policy.policy import EmergencyRules
from ticketgate.domain.tickets.identity_event import Tier

SECTION = """
emergency:
  allow:
    - { entitlement: prod-db-admin, people: ["group:platform-engineering", "person:bob"] }
  hard_max: 2h
  cooldown: 12h
  review: { within: 24h, by: ["group:sec-iam", "owner_of:entitlement"], never: [beneficiary] }
  overdue: lock
"""


def read(folder: Path, section: str = SECTION) -> EmergencyRules | None:
    path = folder / "policy.yaml"
    path.write_text((ROOT / "config" / "policy.yaml").read_text() + section)
    return load_policy(path).emergency


def test_the_section_is_read(tmp_path: Path) -> None:
    rules = read(tmp_path)
    assert rules is not None
    assert [word.text for word in rules.words_for("prod-db-admin")] == [
        "group:platform-engineering",
        "person:bob",
    ]
    assert rules.words_for("sales-reports") == ()
    assert (rules.hard_max.total_seconds(), rules.cooldown.total_seconds()) == (7200, 43200)
    assert rules.review_within.days == 1


def test_without_it_there_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, "") is None


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("prod-db-admin", "prod-db-admins", "did you mean 'prod-db-admin'?"),
        ("hard_max: 2h", "hard_max: forever", "is not a duration"),
        ("hard_max: 2h", "extend: 1\n  hard_max: 2h", "unknown key 'extend'"),
        ("  cooldown: 12h\n", "", "the key 'cooldown' is missing"),
        ("  overdue: lock\n", "", "the key 'overdue' is missing"),
        ("overdue: lock", "overdue: tell", "unknown word 'tell'"),
        ("never: [beneficiary]", "never: [nobody]", "unknown word 'nobody'"),
        ("owner_of:entitlement", "manager_of:beneficiary", "unknown word 'manager_of'"),
        ("person:bob", "owner_of:entitlement", "unknown word 'owner_of'"),
        ("within: 24h, ", "", "the key 'within' is missing"),
        ('by: ["group:sec-iam", "owner_of:entitlement"]', "by: []", "the list is empty"),
        ("  review: {", "  review: soon\n  is: {", "must be a mapping"),
        ('{ entitlement: prod-db-admin, people: ["group:platform-engineering", "person:bob"] }',
         "anybody", "must be a mapping"),
        ("emergency:\n", "emergency: yes\nlimits_of_it:\n", "must be a mapping"),
    ],
)  # fmt: skip
def test_a_fault_of_the_section_is_told(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert SECTION.count(old) == 1
    with pytest.raises(ConfigurationError, match=r".*") as found:
        read(tmp_path, SECTION.replace(old, new))
    assert fault in "\n".join(one.message for one in found.value.faults)


def test_how_late_something_may_be_entered_and_how_people_sign_in_may_be_said(
    tmp_path: Path,
) -> None:
    plain = read(tmp_path)
    assert plain is not None
    assert (plain.backfill_within.days, plain.assurance) == (3, None)
    assert (plain.needs(Tier.HIGH), plain.needs(Tier.LOW)) == ("oidc_step_up", "mail_code")
    more = '  backfill_within: 8h\n  assurance: { accept: oidc, because: "one provider, no acr" }\n'
    said = read(tmp_path, SECTION + more)
    assert said is not None
    assert (said.backfill_within.total_seconds(), said.because) == (28800, "one provider, no acr")
    assert {said.needs(tier) for tier in Tier} == {"oidc"}


@pytest.mark.parametrize(
    "line",
    [
        "backfill_within: soon",
        "backfill_within: 0h",
        "assurance: { accept: passkey, because: x }",
        "assurance: { accept: mail_code }",
        "assurance: mail_code",
        "assurance: { accept: oidc, because: x, until: y }",
    ],
)
def test_what_of_that_is_not_whole_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigurationError):
        read(tmp_path, f"{SECTION}  {line}\n")
