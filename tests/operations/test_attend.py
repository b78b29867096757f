"""Exceptions: a named person takes one, gives it to another, or resolves it with a reason."""

from dataclasses import replace
from functools import partial

import pytest
from tests.domain.planted import PLANTED
from tests.operations.kit import WHY, Gate
from tests.operations.lane import Lane
from tests.operations.tickets import access_ticket, closed, printer_incident

from ticketgate.domain.errors import Refusal
from ticketgate.domain.evidence import Disclosure
from ticketgate.domain.log.retention import Retention
from ticketgate.operations.cases.exceptions import open_exception
from ticketgate.operations.desks.exception_desk import ExceptionView
from ticketgate.operations.evidence.erase import Eraser, What

PASTED = f"see {PLANTED['github'][1]}"
CODE = "automation_unowned"


@pytest.fixture
def lane(gate: Gate) -> Lane:
    return Lane(gate)


def opened(
    gate: Gate,
    subject: str = "account svc-mallory of snow-prod",
    *,
    about: str = "tkt_none",
    owner: str = "",
    named: str = "",
) -> str:
    """The id of an exception that is open now."""
    hidden = (Disclosure("approver", "an account", subject=named),) if named else ()
    case = gate.write(
        partial(open_exception, code=CODE, subject=subject, about=about, owner=owner, hidden=hidden)
    )
    return case.id


def unowned(gate: Gate, ident: str = "t1") -> None:
    """Alice's ticket, written by an account that nobody knows: uncertain, and an exception."""
    assert gate.deliver(access_ticket(ident, updated_by="svc-mallory")) == "uncertain"


def moves(gate: Gate) -> list[tuple[str, str]]:
    return [(one["from"], one["to"]) for one in gate.records() if one.get("on") == "exception"]


def listed(lane: Lane, person: str = "bob") -> tuple[ExceptionView, ...]:
    found = lane.exceptions.listed(person)
    assert not isinstance(found, Refusal), found
    return found


def test_one_is_taken_given_to_another_and_resolved_by_them(gate: Gate, lane: Lane) -> None:
    opened(gate)
    assert lane.attend("take") == ""
    mine = lane.excepted()
    assert (mine.state, mine.mine, mine.owner) == ("assigned", True, "Bob Ng")
    assert lane.attend("assign", to="dan") == ""
    his = lane.excepted("dan")
    assert (his.state, his.mine, lane.excepted().mine) == ("assigned", True, False)
    assert lane.attend("resolve", "dan") == ""
    assert moves(gate) == [
        ("", "opened"),
        ("opened", "assigned"),
        ("assigned", "assigned"),
        ("assigned", "resolved"),
    ]
    assert listed(lane) == ()


def test_the_records_say_who_and_how_and_hide_names_and_the_reason(gate: Gate, lane: Lane) -> None:
    opened(gate)
    lane.attend("assign", to="dan")
    lane.attend("resolve")
    assigned, resolved = gate.records("exception.assigned", "exception.resolved")
    assert assigned["owner"].startswith("person:act_")
    assert assigned["owner"] != f"person:{assigned['person']}"
    assert assigned["person"] == resolved["person"]
    assert assigned["method"] == resolved["method"] == "mail_code"
    assert len(resolved["sd"]) == 1
    assert WHY not in str(gate.records())
    assert gate.verified().failing == ()


def test_while_it_is_assigned_the_same_opens_no_other_and_it_is_counted(
    gate: Gate, lane: Lane
) -> None:
    ident = opened(gate)
    assert lane.attend("take") == ""
    assert opened(gate) == ident
    with gate.db() as looking:
        assert looking.exceptions.count(CODE) == 1
        assert [one.id for one in looking.exceptions.open_by_code()] == [ident]
    assert lane.attend("resolve") == ""
    assert opened(gate) != ident


def test_the_oldest_comes_first_with_its_age_and_its_owner(gate: Gate, lane: Lane) -> None:
    opened(gate, "one", owner="person:carol")
    gate.tick(60)
    opened(gate, "two", owner="group:sec-iam")
    opened(gate, "three")
    found = listed(lane)
    assert [one.subject for one in found] == ["one", "two", "three"]
    assert [one.age_seconds for one in found] == [60, 0, 0]
    owners = [one.owner for one in found]
    assert owners[0].startswith("Carol")
    assert owners[1].startswith("group ")
    assert owners[2] == ""


def test_an_owner_whom_the_log_has_forgotten_is_an_actor(gate: Gate, lane: Lane) -> None:
    opened(gate, owner="person:carol")
    assert lane.excepted().owner.startswith("Carol")
    Eraser(gate.store, Retention(), gate.clock.now).erase(
        What(person="carol"), "os:0@host", "asked"
    )
    assert lane.excepted().owner.startswith("person:act_")


def test_it_leads_to_what_it_is_of(gate: Gate, lane: Lane) -> None:
    unowned(gate)
    view = lane.excepted()
    assert (view.about[0], view.number) == ("triage", "RITM-t1")
    assert lane.excepted("erin").about[0] == ""  # an operator cannot open triage
    gate.deliver(replace(closed(access_ticket(updated_by="svc-mallory"))))
    view = lane.excepted()
    assert (view.about[0], view.number) == ("", "RITM-t1")


def test_it_leads_to_a_delivery_that_is_quarantined(gate: Gate, lane: Lane) -> None:
    gate.deliver(b"[1]")
    opened(gate, about=lane.parked().id)
    view = lane.excepted()
    assert (view.about[0], view.number) == ("quarantine", "")
    lane.judge("dismiss")
    assert lane.excepted().about[0] == ""


def test_nobody_judges_what_is_of_their_own_ticket(gate: Gate, lane: Lane) -> None:
    unowned(gate)
    for who in ("alice", "alice-admin"):
        seen = lane.excepted(who)
        assert (seen.barred and seen.barred.code, seen.people) == ("own_ticket", ())
        for what in ("take", "assign", "resolve"):
            assert lane.attend(what, who, to="bob", view=lane.excepted()) == "own_ticket"
    assert lane.excepted().barred is None
    assert moves(gate) == [("", "opened")]
    assert lane.attend("resolve") == ""


@pytest.mark.parametrize("of", ["request", "grant"])
def test_what_is_of_a_request_or_a_grant_is_of_its_ticket(gate: Gate, lane: Lane, of: str) -> None:
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    gate.settle()
    about = {"request": gate.requests()[0].id, "grant": gate.grants()[0].id}
    opened(gate, "source snow-prod", about=about[of])
    view = lane.excepted()
    assert (view.about[0], view.number) == ("", "RITM-t1")
    assert lane.attend("resolve", "alice", view=view) == "own_ticket"
    assert lane.attend("resolve", "bob", view=view) == "own_exception"  # he approved it
    assert lane.attend("resolve", "dan") == ""


def test_nobody_judges_what_is_of_a_delivery_of_theirs_that_is_not_parked_any_more(
    gate: Gate, lane: Lane
) -> None:
    gate.deliver(printer_incident("p1"))
    gate.receive(b"{" + PASTED.encode(), quarantine="not_json", hint="p1")
    assert lane.judge("dismiss") == ""
    assert lane.attend("resolve", "alice") == "own_ticket"
    assert lane.attend("resolve", "bob") == ""


def test_nobody_judges_what_is_of_a_delivery_whose_body_says_that_it_is_theirs(
    gate: Gate, lane: Lane
) -> None:
    other = access_ticket(by="erin", beneficiary="erin", updated_by="erin", reason=PASTED)
    gate.receive(other, quarantine="no_mapping")
    assert "alice" in dict(lane.excepted().people)
    assert lane.attend("resolve", "alice") == "", "the control"
    gate.receive(access_ticket("t2", reason=PASTED), quarantine="no_mapping")
    assert lane.attend("resolve", "alice") == "own_ticket"
    assert lane.attend("assign", "bob", to="alice") == "assignee"
    assert "alice" not in dict(lane.excepted().people)
    gate.deliver(printer_incident("p1"))
    assert lane.attend("resolve", "bob") == ""
    row = b'{"parent": "p1", "state": "' + PASTED.encode() + b'"}'
    gate.receive(row, quarantine="no_mapping")
    assert lane.attend("resolve", "alice") == "own_ticket"


def test_nobody_is_given_what_is_of_their_own_ticket(gate: Gate, lane: Lane) -> None:
    unowned(gate)
    assert lane.attend("assign", to="alice") == "assignee"
    assert lane.attend("assign", to="alice-admin") == "assignee"
    assert "alice-admin" not in [one for one, _ in lane.excepted().people]


def test_nobody_judges_what_is_about_themself(gate: Gate, lane: Lane) -> None:
    opened(gate, "approval 7 of snow-prod", named="bob")
    assert lane.attend("resolve", view=lane.excepted("dan")) == "own_exception"
    assert lane.attend("take", view=lane.excepted("dan")) == "own_exception"
    assert lane.attend("assign", "dan", to="bob") == "assignee"
    barred = lane.excepted("bob").barred
    assert barred is not None
    assert lane.attend("resolve", "dan") == ""


def test_an_account_that_turns_out_to_be_theirs_is_themself(gate: Gate, lane: Lane) -> None:
    account = gate.directory.people["bob"].accounts["snow-prod"][0]
    opened(gate, f"account {account.upper()} of snow-prod")
    assert lane.attend("resolve", view=lane.excepted("dan")) == "own_exception"
    assert lane.attend("resolve", "dan") == ""


@pytest.mark.parametrize(
    ("what", "person", "to", "why", "code"),
    [
        ("resolve", "mallory", "", WHY, "not_attending"),
        ("resolve", "svc-ticketgate", "", WHY, "not_human"),
        ("resolve", "bob", "", "so", "justification"),
        ("forget", "bob", "", WHY, "what"),
        ("assign", "bob", "", WHY, "assignee"),
        ("assign", "bob", "mallory", WHY, "assignee"),
        ("assign", "bob", "nobody", WHY, "assignee"),
        ("assign", "bob", "svc-ticketgate", WHY, "assignee"),
    ],
)
def test_what_is_refused_records_nothing(
    gate: Gate, lane: Lane, what: str, person: str, to: str, why: str, code: str
) -> None:
    gate.desk.snapshot()  # the directory is recorded when it is relied on first
    opened(gate)
    view = lane.excepted()
    size = gate.evidence_size()
    assert lane.attend(what, person, to=to, why=why, view=view) == code
    assert gate.evidence_size() == size


def test_a_form_of_an_earlier_state_is_refused(gate: Gate, lane: Lane) -> None:
    opened(gate)
    first = lane.excepted()
    assert lane.attend("assign", to="dan", view=first) == ""
    for what in ("take", "assign", "resolve"):
        assert lane.attend(what, to="bob", view=first) == "shown_changed"
    second = lane.excepted()
    assert lane.attend("resolve", view=second) == ""
    assert lane.attend("resolve", view=second) == "resolved_already"
    assert len(gate.records("exception.resolved")) == 1


def test_what_is_not_open_is_not_found(gate: Gate, lane: Lane) -> None:
    ident = opened(gate)
    view = lane.excepted()
    assert lane.attend("take", view=replace(view, id="exc_none")) == "not_found"
    assert lane.attend("resolve") == ""
    for one in (ident, "exc_none"):
        found = lane.exceptions.view(one, "bob")
        assert isinstance(found, Refusal)
        assert found.code == "not_found"


def test_a_look_is_recorded_once_an_hour(gate: Gate, lane: Lane) -> None:
    opened(gate)
    for _ in range(3):
        lane.excepted()
    looks = [one["request"] for one in gate.records("view.recorded")]
    assert looks == ["exceptions", lane.excepted().id]


def roles_of(lane: Lane, person: str) -> frozenset[str]:
    """The roles that somebody has now; none where nobody can tell who they are."""
    who = lane.exceptions.known(person)
    return frozenset() if isinstance(who, Refusal) else who.holds


def test_who_has_no_role_sees_nothing_and_without_a_directory_nobody_does(
    gate: Gate, lane: Lane
) -> None:
    opened(gate)
    view = lane.excepted()
    codes = []
    for person in ("mallory", "bob"):
        gate.directory.unreadable = person == "bob"
        for found in (lane.exceptions.listed(person), lane.exceptions.view(view.id, person)):
            assert isinstance(found, Refusal)
            codes.append(found.code)
        assert roles_of(lane, person) == frozenset()
    assert codes == ["not_attending"] * 2 + ["directory_unreadable"] * 2
    assert lane.attend("take", view=view) == "directory_unreadable"
    gate.directory.unreadable = False


def test_the_roles_of_somebody_are_those_of_now(lane: Lane) -> None:
    assert roles_of(lane, "bob") == {"triage"}
    assert roles_of(lane, "erin") == {"operator"}
    lane.gate.directory.change("bob", active=False)
    assert roles_of(lane, "bob") == frozenset()


def test_tables_and_log_agree_on_what_is_assigned(gate: Gate, lane: Lane) -> None:
    """The fixture rebuilds the tables from the log afterwards and compares them."""
    opened(gate)
    assert lane.attend("assign", to="dan") == ""
