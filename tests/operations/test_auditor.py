"""What an auditor reads beside the log: everything that people with a role attend to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar

import pytest
from tests.operations.emergencies import policy_with
from tests.operations.kit import Gate
from tests.operations.lane import WHY
from tests.operations.test_attend import opened
from tests.operations.tickets import access_ticket

from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.requests.roles import may_audit, may_look, may_read_log, may_read_parked
from ticketgate.operations.attending.attend import AttendForm
from ticketgate.operations.attending.quarantine import QuarantineForm
from ticketgate.operations.deciding.own_request import RequestForm
from ticketgate.operations.desks.console_desk import ConsoleDesk, RequestPage
from ticketgate.operations.desks.emergency_desk import EmergencyDesk
from ticketgate.operations.desks.emergency_view import EmergencyPage
from ticketgate.operations.desks.exception_desk import ExceptionDesk, ExceptionView
from ticketgate.operations.desks.quarantine_desk import QuarantineDesk, QuarantineView
from ticketgate.operations.desks.request_desk import RequestDesk, RequestView
from ticketgate.ports import RequestFilter

T = TypeVar("T")
ROLES: Final = {
    "auditor": (Word("person", "mallory"),),
    "operator": (Word("person", "erin"),),
    "triage": (Word("person", "dan"),),
}


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path, policy_with())
    yield made
    made.stop()


class Desks:
    """The desks of a gate at which an auditor looks."""

    def __init__(self, gate: Gate) -> None:
        here = (gate.store, gate.clock, gate.directory, gate.desk.snapshot)
        own: dict[str, frozenset[str]] = {}
        parts = (*here, ROLES, gate.in_force, own)
        self.requests = RequestDesk(*parts)
        self.console = ConsoleDesk(*parts)
        self.exceptions = ExceptionDesk(*parts, gate.deliveries.sources)
        self.quarantine = QuarantineDesk(*parts, gate.deliveries.sources)
        self.emergencies = EmergencyDesk(*parts[:-1], gate._log)


def test_an_auditor_sees_the_requests_of_others_and_does_nothing_with_them(gate: Gate) -> None:
    gate.deliver(access_ticket())
    desks, auditor = Desks(gate), gate.session("mallory")
    page = desks.console.requests("mallory", RequestFilter())
    assert isinstance(page, RequestPage)
    (listed,) = page.rows
    view = desks.requests.view(listed.id, "mallory")
    assert isinstance(view, RequestView)
    assert (view.deeds, view.mine) == (frozenset(), False)
    for what in ("withdraw", "return", "deny", "extend", "take_back"):
        said = desks.requests.say(view.id, auditor, RequestForm(what, "", WHY, view.shown, 60))
        assert isinstance(said, Refusal), what
    assert gate.states() == ["awaiting"]
    assert _code(desks.requests.view(view.id, "peggy")) == "approver_unknown"
    assert _code(desks.requests.view(view.id, "grace")) in {"approver_unknown", "not_found"}


def test_an_auditor_sees_exceptions_and_can_neither_take_nor_resolve_them(gate: Gate) -> None:
    ident = opened(gate)
    desks, auditor = Desks(gate), gate.session("mallory")
    assert [one.id for one in _seen(desks.exceptions.listed("mallory"))] == [ident]
    view = desks.exceptions.view(ident, "mallory")
    assert isinstance(view, ExceptionView)
    assert view.barred is not None
    assert (view.barred.code, view.people) == ("not_attending", ())
    for what in ("take", "assign", "resolve"):
        said = desks.exceptions.say(ident, auditor, AttendForm(what, "dan", WHY, view.shown))
        assert _code(said) == "not_attending"
    assert [one["request"] for one in gate.records("view.recorded")] == ["exceptions", ident]


def test_an_auditor_sees_what_is_quarantined_and_says_nothing_of_it(gate: Gate) -> None:
    gate.deliver(b"[1]", "msg-unreadable")
    desks, auditor = Desks(gate), gate.session("mallory")
    (listed,) = _seen(desks.quarantine.listed("mallory"))
    view = desks.quarantine.view(listed.id, "mallory")
    assert isinstance(view, QuarantineView)
    assert view.barred is not None
    assert view.barred.code == "not_triage"
    said = desks.quarantine.say(view.id, auditor, QuarantineForm("dismiss", WHY, view.shown))
    assert _code(said) == "not_triage"
    assert _code(desks.quarantine.view(listed.id, "erin")) == "not_triage"
    own = desks.quarantine.view(listed.id, "dan")
    assert isinstance(own, QuarantineView)
    assert own.barred is None


def test_an_auditor_has_the_page_of_emergencies_though_there_are_none(gate: Gate) -> None:
    desks = Desks(gate)
    page = desks.emergencies.page(gate.session("mallory"))
    assert page == EmergencyPage((), (), (), claims=False)
    operator = desks.emergencies.page(gate.session("erin"))
    assert operator == EmergencyPage((), (), (), claims=True)


def test_who_reads_what_is_asked_of_the_directory_of_now(gate: Gate) -> None:
    now = gate.directory.read(gate.clock.at)
    told = {
        who: [_code(one(ROLES, who, now)) for one in (may_audit, may_look, may_read_parked)]
        + [_code(may_read_log(ROLES, who, now))]
        for who in ("mallory", "erin", "dan", "bob", "peggy")
    }
    assert told == {
        "mallory": ["", "", "", ""],
        "erin": ["not_auditor", "", "not_triage", ""],
        "dan": ["not_auditor", "", "", "not_reading_log"],
        "bob": ["not_auditor", "not_attending", "not_triage", "not_reading_log"],
        "peggy": ["approver_unknown"] * 4,
    }
    gate.directory.leave("mallory")
    gone = gate.directory.read(gate.clock.at)
    assert _code(may_look(ROLES, "mallory", gone)) == "approver_inactive"


def _seen(found: tuple[T, ...] | Refusal) -> tuple[T, ...]:
    assert not isinstance(found, Refusal), found
    return found


def _code(found: object) -> str:
    return found.code if isinstance(found, Refusal) else ""
