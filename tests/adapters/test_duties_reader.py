"""`delegations`, `away` and `on_call` of a directory, and what of them is refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ticketgate.adapters.directories.directory_file import DirectoryFile, read_directory
from ticketgate.adapters.files.strict_yaml import Report
from ticketgate.domain.people.duties import Delegation, Duties, Shift, Window

GOOD = """\
people:
  bob:
    name: Bob
    mail: bob@example.com
    active: true
    away: [{ from: 2026-12-24T00:00+01:00, to: 2026-12-27T00:00+01:00 }]
  dan: { name: Dan, mail: dan@example.com, active: true }
  robot: { name: Robot, kind: nhi, active: true }
groups: {}
delegations:
  - from: bob
    to: dan
    starts: 2026-12-24T00:00:00Z
    ends: 2026-12-27T00:00:00Z
    because: holidays
on_call:
  dba: [{ person: dan, from: 2026-12-21T08:00Z, to: 2026-12-28T08:00Z }]
"""


def day(number: int, hour: int = 0) -> datetime:
    return datetime(2026, 12, number, hour, tzinfo=UTC)


def faults_of(text: str) -> list[str]:
    report = Report("d.yaml")
    assert read_directory(text.encode(), report) is None
    return [fault.text for fault in report.faults]


def test_duties_are_read(tmp_path: Path) -> None:
    path = tmp_path / "directory.yaml"
    path.write_text(GOOD)
    found = DirectoryFile(path).read(day(1))
    assert found.duties == Duties(
        (Delegation("bob", "dan", Window(day(24), day(27)), "holidays"),),
        {"dba": (Shift("dan", Window(day(21, 8), day(28, 8))),)},
    )
    assert found.people["bob"].away == (Window(day(23, 23), day(26, 23)),)
    assert found.people["bob"].away_until(day(25)) == day(26, 23)
    assert found.people["dan"].away == ()


MORE = """\
  - { from: bob, to: robot, starts: 2027-01-24T00:00:00Z, ends: 2027-01-27T00:00:00Z, because: x }
on_call:"""
AGAIN = """\
  - { from: bob, to: dan, starts: 2026-12-26T00:00:00Z, ends: 2026-12-29T00:00:00Z, because: x }
on_call:"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("    to: dan", "    to: dam", "nobody has the id 'dam'; did you mean 'dan'?"),
        ("    to: dan", "    to: bob", "nobody is their own delegate"),
        ("    to: dan", "    to: [dan]", "must be text"),
        ("    to: dan\n", "", "the key 'to' is missing"),
        ("on_call:", MORE, "'robot' is no person, and only people decide"),
        ("on_call:", AGAIN, "'bob' has delegated to 'dan' at the same time"),
        ("    because: holidays\n", "", "the key 'because' is missing"),
        ("    because: holidays", "    for: ever", "unknown key 'for'"),
        ("ends: 2026-12-27T00:00:00Z", "ends: 2026-12-24T00:00:00Z", "'starts' must be before"),
        ("ends: 2026-12-27T00:00:00Z", "ends: 2027-03-24T00:00:01Z", "is longer than 90 days"),
        ("ends: 2026-12-27T00:00:00Z", "ends: 2026-12-27T00:00:00", "no time with its offset"),
        ("ends: 2026-12-27T00:00:00Z", "ends: 2026-12-32T00:00:00Z", "no time with its offset"),
        ("ends: 2026-12-27T00:00:00Z", "ends: never", "no time with its offset"),
        ("    ends: 2026-12-27T00:00:00Z\n", "", "the key 'ends' is missing"),
        ("starts: 2026-12-24T00:00:00Z", "starts: 0001-01-01T00:00+23:00", "no time with its"),
        ("person: dan", "person: eve", "nobody has the id 'eve'"),
        ("person: dan", "people: dan", "the key 'person' is missing"),
        ("to: 2026-12-28T08:00Z", "to: 2027-12-28T08:00Z", "is longer than 366 days"),
        ("  dba: [", "  d b: [", "'d b' is not an id"),
        ("away: [{ from", "away: [{ since", "the key 'from' is missing"),
        ("to: 2026-12-27T00:00+01:00", "to: 2025-12-27T00:00+01:00", "'from' must be before"),
        ("on_call:\n", "on_call: dan\nrota:\n", "must be a mapping of keys"),
    ],
)
def test_a_duty_that_cannot_be_is_told_with_its_line(old: str, new: str, fault: str) -> None:
    assert GOOD.count(old) == 1, old
    told = faults_of(GOOD.replace(old, new))
    assert any(fault in one for one in told), told
    assert all(one.startswith("d.yaml:") for one in told)


def test_delegations_one_after_the_other_are_no_fault() -> None:
    after = AGAIN.replace("2026-12-26T", "2026-12-27T")
    assert read_directory(GOOD.replace("on_call:", after).encode(), Report("d.yaml")) is not None
