"""Search: everybody finds what they may see, and learns nothing of what they may not."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.operations.kit import Gate, approve
from tests.operations.test_evidence_desk import Log
from tests.operations.tickets import access_ticket

from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy.policy import Word
from ticketgate.operations.desks import search as searching
from ticketgate.operations.desks.search import Hits


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def log(gate: Gate, tmp_path: Path) -> Log:
    """Alice's t1 is approved; hers of t2 waits for Bob."""
    approve(gate)
    gate.settle()
    gate.deliver(access_ticket("t2"))
    return Log(gate, tmp_path)


def found(log: Log, query: str, person: str) -> Hits:
    hits = log.desk.search(query, person)
    assert isinstance(hits, Hits), hits
    return hits


def numbers(log: Log, query: str, person: str) -> set[str]:
    return {one.number for one in found(log, query, person).requests}


def test_everybody_finds_what_is_theirs_or_was_put_to_them_by_a_part_of_it(log: Log) -> None:
    gate = log.gate
    assert (
        numbers(log, "ritm", "alice") == numbers(log, " RITM-T ", "bob") == {"RITM-t1", "RITM-t2"}
    )
    assert numbers(log, "ritm", "carol") == {"RITM-t1"}, "t2 has not come to her stage"
    assert numbers(log, "ritm", "dan") == numbers(log, "alice", "dan") == set()
    (asked,) = {one.entitlement for one in gate.requests()}
    for query in (asked, asked[:4], "alice", gate.requests()[0].id):
        assert "RITM-t1" in numbers(log, query, "alice"), query
    assert numbers(log, "no such thing", "alice") == set()
    hers = found(log, "t1", "alice").requests[0]
    bobs = found(log, "t1", "bob").requests[0]
    assert (hers.page, bobs.page) == (True, False)
    assert hers.record == bobs.record is not None
    assert log.view(int(str(bobs.record)), "bob").number == "RITM-t1"


def test_who_sees_everybodys_finds_them_by_whole_number_id_entitlement_and_person(log: Log) -> None:
    one = log.gate.requests()[0]
    for query in (one.ticket_number, one.id, one.entitlement, "alic"):
        for person in ("mallory", "erin"):
            hit = found(log, query, person).requests[0]
            assert (hit.page, hit.record) == (True, None)
    assert numbers(log, "RITM", "mallory") == set()
    both = found(log, "alice", "mallory")
    assert (len(both.requests), both.more, both.log) == (2, False, True)
    assert ("alice", log.gate.directory.people["alice"].name) in both.people


def test_only_who_sees_everybodys_searches_the_directory(log: Log) -> None:
    assert found(log, "alice", "alice").people == ()
    people = [name for _, name in found(log, "a", "mallory").people]
    assert people == sorted(people)
    assert len(people) > 1


def test_an_address_is_found_as_a_whole_and_never_by_a_part_of_it(log: Log) -> None:
    directory = log.gate.directory
    directory.change("alice", mail="A.Private-9@mail.example.com")
    directory.people["x.y@corp.example"] = replace(
        directory.people["dan"], id="x.y@corp.example", mail="", accounts={}
    )
    for whole in ("a.private-9@mail.example.com", "A.PRIVATE-9"):
        assert [one for one, _ in found(log, whole, "mallory").people] == ["alice"]
        assert numbers(log, whole, "mallory") == {"RITM-t1", "RITM-t2"}
    for whole in ("x.y@corp.example", "X.Y"):
        assert [one for one, _ in found(log, whole, "mallory").people] == ["x.y@corp.example"]
    parts = ("private", "a.private-", "a.private-9@", "@mail", "example.com", "@", "x.", "corp")
    for part in parts:
        assert found(log, part, "mallory").people == (), part
        assert numbers(log, part, "mallory") == set(), part


def test_a_record_is_found_by_its_index_where_it_is_for_who_looks(log: Log) -> None:
    decided = log.index("decision.recorded")
    assert found(log, f"origin#{decided}", "alice").record == decided
    assert found(log, "0", "alice").record is None
    assert found(log, "0", "mallory").record == 0
    assert found(log, "99999", "mallory").record is None


def test_more_than_is_shown_is_said(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "SHOWN_MAX", 1)
    hits = found(log, "ritm", "alice")
    assert (len(hits.requests), hits.more) == (1, True)


def test_somebody_whom_the_directory_does_not_know_is_named_by_their_account(log: Log) -> None:
    log.gate.deliver(access_ticket("t3", beneficiary="somebody-unknown"))
    (one,) = found(log, "t3", "alice").requests
    assert one.beneficiary == "somebody-unknown"


def test_a_search_is_recorded_without_what_was_typed_and_an_empty_one_is_not(log: Log) -> None:
    assert found(log, "  ", "mallory") == Hits()
    assert log.gate.records("view.recorded") == []
    found(log, "alice", "mallory")
    found(log, "t2", "mallory")
    (look,) = log.gate.records("view.recorded")
    assert look["request"] == "search"


def test_nobody_searches_who_is_not_there_or_without_a_directory(log: Log) -> None:
    codes = []
    for person in ("nobody", "mallory"):
        log.gate.directory.unreadable = person == "mallory"
        hits = log.desk.search("alice", person)
        assert isinstance(hits, Refusal)
        codes.append(hits.code)
    assert codes == ["approver_unknown", "directory_unreadable"]
    log.gate.directory.unreadable = False


def test_the_role_of_triage_finds_requests_and_no_records(log: Log) -> None:
    desk = replace(log.desk, roles={"triage": (Word("person", "dan"),)})
    hits = desk.search("RITM-t1", "dan")
    assert isinstance(hits, Hits)
    assert [(one.page, one.record) for one in hits.requests] == [(True, None)]
    assert not hits.log
