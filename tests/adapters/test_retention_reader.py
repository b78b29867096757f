"""`retention`: for good unless it is said; only it may name years."""

from datetime import timedelta

import pytest

from ticketgate.adapters.config.retention_reader import read_retention
from ticketgate.adapters.files.places import Place
from ticketgate.adapters.files.strict_yaml import Report, parse
from ticketgate.domain.log.retention import Retention


def read(text: str) -> tuple[Retention, list[str]]:
    report = Report("ticketgate.yaml")
    node = parse(text.encode(), report)
    assert node is not None
    top = Place(node, "", report).section()
    assert top is not None
    found = read_retention(top.get("retention"))
    return found, [one.message for one in report.faults]


def test_nothing_said_is_kept_for_good() -> None:
    assert read("other: 1") == (Retention(), [])


def test_decisions_are_kept_as_long_as_entries_unless_it_is_said() -> None:
    days = timedelta(days=1)
    found, faults = read("retention: { entries: 400d }")
    assert (found, faults) == (Retention(400 * days, 400 * days), [])
    found, faults = read("retention: { entries: 400d, decisions: 2555d, disclosures: 90d }")
    assert (found, faults) == (Retention(400 * days, 2555 * days, 90 * days), [])


def test_messages_are_kept_apart_from_the_evidence() -> None:
    assert read("retention: { messages: 90d }") == (Retention(messages=timedelta(days=90)), [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("retention: { entries: 7y }", "not a duration"),
        ("retention: { entries: 40000d }", "longer than 36525 days"),
        ("retention: { entires: 400d }", "unknown key"),
        ("retention: 400d", "must be a mapping"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, fault: str) -> None:
    _, faults = read(text)
    assert len(faults) == 1
    assert fault in faults[0]
