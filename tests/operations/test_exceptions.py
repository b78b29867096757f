"""Exceptions: opened once while they are open, recorded, and resolved by a person with a reason."""

from datetime import timedelta
from functools import partial

import pytest
from tests.operations.kit import Gate

from ticketgate.domain.cases.exception_case import MORE, ExceptionCase, ExceptionState
from ticketgate.domain.errors import Refusal, StoreConflictError
from ticketgate.domain.evidence import Disclosure
from ticketgate.domain.log.retention import Retention
from ticketgate.operations.cases import exceptions
from ticketgate.operations.cases.exceptions import (
    assign_exception,
    open_exception,
    resolve_exception,
)
from ticketgate.operations.evidence.erase import Eraser, What

CODE = "automation_unowned"
SUBJECT = "account svc-mallory of snow-prod"


def opened(gate: Gate, subject: str = SUBJECT, owner: str = "") -> ExceptionCase:
    return gate.write(
        partial(
            open_exception,
            code=CODE,
            subject=subject,
            about="tkt_1",
            owner=owner,
            hidden=(Disclosure("account", "svc-mallory"),),
        )
    )


def resolve(gate: Gate, ident: str, reason: str = "it is ours") -> ExceptionCase | Refusal:
    return gate.write(partial(resolve_exception, ident=ident, person="carol", reason=reason))


def assign(gate: Gate, ident: str) -> ExceptionCase | Refusal:
    return gate.write(lambda tx, _: assign_exception(tx, ident=ident, person="carol", to="bob"))


def listed(gate: Gate, state: str | None = None) -> list[ExceptionCase]:
    with gate.db() as looking:
        return looking.exceptions.listed(state, 10)


def test_an_exception_is_recorded_without_what_names_anybody(gate: Gate) -> None:
    case = opened(gate)
    (record,) = gate.records("exception.opened")
    assert (record["code"], record["about"], record["owner"]) == (CODE, "tkt_1", "")
    assert "mallory" not in str(gate.records())
    assert listed(gate) == [case]


def test_the_same_is_open_once_and_another_subject_is_another(gate: Gate) -> None:
    first = opened(gate)
    gate.tick(60)
    assert opened(gate) == first
    assert len(gate.records("exception.opened")) == 1
    assert opened(gate, "account svc-other of snow-prod").id != first.id


def test_an_owner_stands_in_the_log_as_the_actor(gate: Gate) -> None:
    owner = opened(gate, owner="person:carol").owner
    assert owner.startswith("person:act_")
    assert opened(gate, "other", owner="group:sec-iam").owner == "group:sec-iam"
    assert "person:carol" not in str(gate.records())


@pytest.mark.parametrize(("code", "subject"), [("no_such_code", "x"), (CODE, "")])
def test_an_exception_of_no_known_kind_or_of_nothing_is_a_fault_of_ours(
    gate: Gate, code: str, subject: str
) -> None:
    with pytest.raises(ValueError, match="no exception"):
        gate.write(partial(open_exception, code=code, subject=subject, about="tkt_1"))
    assert listed(gate) == []


def test_a_person_resolves_it_with_a_reason_and_it_may_open_again(gate: Gate) -> None:
    case = opened(gate)
    gate.tick(5)
    done = resolve(gate, case.id)
    assert isinstance(done, ExceptionCase)
    assert done.resolved_at == case.opened_at + timedelta(seconds=5)
    (record,) = gate.records("exception.resolved")
    assert (record["code"], record["person"]) == (CODE, done.resolved_by)
    assert "it is ours" not in str(record)
    assert listed(gate, "opened") == []
    assert listed(gate, "resolved") == [done]
    assert opened(gate).id != case.id


def test_what_cannot_be_resolved_is_refused_and_nothing_is_recorded(gate: Gate) -> None:
    case = opened(gate)
    assert code_of(resolve(gate, "exc_none")) == "no_exception"
    assert code_of(resolve(gate, case.id, "  ")) == "reason_missing"
    assert gate.records("exception.resolved") == []
    resolve(gate, case.id)
    assert code_of(resolve(gate, case.id)) == "resolved_already"
    for ident, code in (("exc_none", "no_exception"), (case.id, "resolved_already")):
        assert code_of(assign(gate, ident)) == code
    assert gate.records("exception.assigned") == []


def code_of(outcome: ExceptionCase | Refusal) -> str:
    return outcome.code if isinstance(outcome, Refusal) else ""


def test_the_tables_let_no_like_be_open_twice_and_nothing_be_resolved_twice(gate: Gate) -> None:
    case = opened(gate)
    with pytest.raises(StoreConflictError):
        gate.write(lambda tx, _: tx.exceptions.add(case))
    resolve(gate, case.id)
    with pytest.raises(StoreConflictError):
        gate.write(lambda tx, _: tx.exceptions.move(case))


def test_what_an_exception_hides_can_be_erased_and_it_stays_open(gate: Gate) -> None:
    case = opened(gate)
    eraser = Eraser(gate.store, Retention(), gate.clock.now)
    eraser.erase(What(record=case.index), "os:0@host", "asked for")
    (left,) = listed(gate)
    assert (left.subject, left.state) == ("", ExceptionState.OPENED)
    assert opened(gate).id != case.id  # it is not known any more to be the same


def test_open_ones_are_told_by_code_the_oldest_first(gate: Gate) -> None:
    first = opened(gate)
    gate.tick(5)
    second = opened(gate, "another")
    with gate.db() as looking:
        assert looking.exceptions.open_by_code() == [first, second]


def test_whoever_invents_subjects_fills_one_exception(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exceptions, "OPEN_MAX", 2)
    idents = {opened(gate, f"account {number}", owner="group:sec-iam").id for number in range(5)}
    assert len(idents) == 3
    newest = listed(gate)[0]
    assert (newest.subject, newest.owner) == (MORE, "")
    assert opened(gate, "account 0").subject == "account 0"
    resolve(gate, listed(gate)[-1].id)
    resolve(gate, newest.id)
    assert opened(gate, "account 9").subject == "account 9"


def test_the_reason_of_who_resolved_it_is_erased_and_the_subject_stays(gate: Gate) -> None:
    case = opened(gate)
    resolve(gate, case.id)
    (record,) = gate.records("exception.resolved")
    eraser = Eraser(gate.store, Retention(), gate.clock.now)
    done = eraser.erase(What(record=record["_seq"]), "os:0@host", "asked for")
    assert done.erased == {"content": 1}
    assert listed(gate)[0].subject == SUBJECT


def test_whoever_an_exception_names_is_erased_from_it(gate: Gate) -> None:
    """The fixture holds the tables against the log afterwards."""
    named = (Disclosure("approver", "bob.ng", subject="bob"),)
    gate.write(partial(open_exception, code=CODE, subject=SUBJECT, about="tkt_1", hidden=named))
    eraser = Eraser(gate.store, Retention(), gate.clock.now)
    assert eraser.erase(What(person="bob"), "os:0@host", "asked for").erased == {"content": 1}
    assert listed(gate)[0].subject == ""
