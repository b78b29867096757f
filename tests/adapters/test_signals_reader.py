"""The section `signals` of a policy, and the time zones of people."""

from datetime import UTC, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.shipped import ROOT

from ticketgate.adapters.config.policy_file import load_policy
from ticketgate.adapters.directories.directory_file import read_directory
from ticketgate.adapters.files.strict_yaml import Report
from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.policy.signal_rules import QUIET, InTurn, Load, OutOfHours, SignalRules

SECTION = """
signals:
  at_once: 20s
  unseen: off
  in_turn: { each: 2, within: 14d }
  out_of_hours:
    in_a_row: 3
    from: 07:30
    to: 19:00
    days: [mon, tue, sat]
    zone: Europe/Berlin
  load: { share: 70, least: 20, a_day: 40, within: 7d }
  shopping: 3d
"""
OFF = """
signals: { at_once: off, unseen: off, in_turn: off, out_of_hours: off, load: off, shopping: off }
"""


def read(folder: Path, section: str) -> SignalRules:
    path = folder / "policy.yaml"
    path.write_text((ROOT / "config" / "policy.yaml").read_text() + section)
    return load_policy(path).signals


def test_the_section_is_read(tmp_path: Path) -> None:
    rules = read(tmp_path, SECTION)
    hours = OutOfHours(3, time(7, 30), time(19), frozenset({0, 1, 5}), ZoneInfo("Europe/Berlin"))
    assert rules == SignalRules(
        at_once=timedelta(seconds=20),
        unseen=False,
        in_turn=InTurn(2, timedelta(days=14)),
        out_of_hours=hours,
        load=Load(70, 20, 40, timedelta(days=7)),
        shopping=timedelta(days=3),
    )
    assert rules.where.startswith("policy.yaml:")


@pytest.mark.parametrize(
    "section",
    ["", "\nsignals: {}\n", "\nsignals: { unseen: on, in_turn: {}, out_of_hours: {}, load: {} }\n"],
    ids=["none", "empty", "parts"],
)
def test_what_is_not_said_has_its_default(tmp_path: Path, section: str) -> None:
    rules = read(tmp_path, section)
    assert rules == SignalRules()
    assert rules.out_of_hours is not None
    assert rules.out_of_hours.zone is UTC


def test_each_can_be_off(tmp_path: Path) -> None:
    assert read(tmp_path, OFF) == QUIET


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("at_once: 20s", "at_once: soon", "is not a duration"),
        ("at_once: 20s", "at_once: 2h", "longer than an hour is not at once"),
        ("unseen: off", "unseen: never", "unknown word 'never'"),
        ("each: 2", "each: 0", "must be a whole number from 1"),
        ("within: 14d", "within: 1h", "must be a day or more"),
        ("in_turn: {", "in_turn: { both: 2, ", "unknown key 'both'"),
        ("  in_turn: {", "  block: on\n  in_turn: {", "unknown key 'block'"),
        ("{ each: 2, within: 14d }", "on", "must be a mapping"),
        ("{ share: 70, least: 20, a_day: 40, within: 7d }", "on", "must be a mapping"),
        ("share: 70", "share: 100", "must be a whole number from 1 to 99"),
        ("from: 07:30", "from: 7.30", "is not a time of day such as 08:00"),
        ("from: 07:30", "from: [x]", "must be text"),
        ("from: 07:30", "from: 19:00", "`from` must be before `to`"),
        ("mon, tue", "monday, tue", "unknown word 'monday'"),
        ("days: [mon, tue, sat]", "days: []", "the list is empty"),
        ("zone: Europe/Berlin", "zone: Mars/Base", "knows no time zone 'Mars/Base'"),
        ("zone: Europe/Berlin", "zone: ../../etc/passwd", "knows no time zone"),
        ("zone: Europe/Berlin", "zone: [x]", "must be text"),
        ("    in_a_row: 3\n", "    in_a_row: 3\n    night: 3\n", "unknown key 'night'"),
        ("shopping: 3d", "shopping: -1", "is not a duration"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert SECTION.count(old) == 1
    with pytest.raises(ConfigurationError) as refused:
        read(tmp_path, SECTION.replace(old, new))
    assert fault in str(refused.value)


def test_hours_that_are_no_mapping(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="must be a mapping"):
        read(tmp_path, "\nsignals: { out_of_hours: always }\n")


@pytest.mark.parametrize(
    ("zone", "fault"), [("Asia/Tokyo", ""), ("UTC", ""), ("Tokio", "knows no time zone 'Tokio'")]
)
def test_the_zone_of_a_person(zone: str, fault: str) -> None:
    text = f"""
people:
  bob: {{ name: Bob, mail: bob@example.com, active: true, zone: {zone} }}
  alice: {{ name: Alice, mail: alice@example.com, active: true }}
groups: {{}}
"""
    report = Report("directory.yaml")
    found = read_directory(text.encode(), report)
    if fault:
        assert fault in report.faults[0].text
    else:
        assert found is not None
        assert str(found.people["bob"].zone) == zone
        assert found.people["alice"].zone is None
