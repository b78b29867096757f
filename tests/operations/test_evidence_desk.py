"""The log as people read it: who sees which record, what of it, and that looking is recorded."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from tests.keys import ORIGIN, key_of
from tests.operations.kit import WHY, Gate, approve, only
from tests.operations.tickets import access_ticket

from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.domain.errors import Refusal, TicketgateError
from ticketgate.domain.evidence import Draft, disclosure_digest
from ticketgate.domain.log.anchor import AnchorKind, AnchorRow
from ticketgate.domain.log.tlog_proof import parse_tlog_proof
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.requests.approval import LinkState
from ticketgate.operations.desks.evidence_desk import AnchorLine, EvidenceDesk, LogPage, RecordView
from ticketgate.operations.evidence import find_records
from ticketgate.operations.evidence.checkpoint import Checkpointer
from ticketgate.operations.evidence.find_records import ids_named, place_of, records_before
from ticketgate.operations.people.view import note_view
from ticketgate.ports import Reading

ROLES: Final = {
    "auditor": (Word("person", "mallory"),),
    "operator": (Word("person", "erin"),),
}
WITNESS: Final = (AnchorKind.WITNESS, "walter")
COPY: Final = (AnchorKind.COPY, "bucket")


class Log:
    """The desk over a gate whose request Bob and Carol have approved."""

    def __init__(self, gate: Gate, folder: Path) -> None:
        self.gate = gate
        self.signer = CheckpointSigner([key_of("alice")], folder / "memory")
        here = (gate.store, gate.clock, gate.directory, gate.desk.snapshot)
        own: dict[str, frozenset[str]] = {}
        parts = (*here, ROLES, gate.in_force, own)
        self.desk = EvidenceDesk(*parts, ORIGIN, self.signer.newest, (WITNESS, COPY))

    def sign(self) -> None:
        Checkpointer(self.gate.store, self.signer, ORIGIN).sign()

    def page(
        self,
        person: str = "mallory",
        *,
        before: int | None = None,
        type_: str = "",
        query: str = "",
    ) -> LogPage:
        found = self.desk.page(person, before=before, type_=type_, query=query)
        assert isinstance(found, LogPage), found
        return found

    def view(self, index: int, person: str = "mallory") -> RecordView:
        found = self.desk.view(index, person)
        assert isinstance(found, RecordView), found
        return found

    def index(self, type_: str, which: int = -1) -> int:
        """The record of this type, the last unless said."""
        return int(self.gate.records(type_)[which]["_seq"])

    def seen(self, person: str) -> set[str]:
        """The types of all records that the person sees."""
        each = [self.desk.view(index, person) for index in range(self.gate.evidence_size())]
        return {one.type for one in each if isinstance(one, RecordView)}


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def log(gate: Gate, tmp_path: Path) -> Log:
    approve(gate)
    gate.settle()
    return Log(gate, tmp_path)


def values(view: RecordView) -> dict[str, str]:
    return {one.name: one.value for one in view.hidden if one.state == "given"}


def test_an_auditor_reads_every_record_with_all_that_it_hides(log: Log) -> None:
    view = log.view(log.index("decision.recorded"))
    assert (view.origin, view.reads_all, view.number) == (ORIGIN, True, "RITM-t1")
    assert values(view)["justification"] == WHY
    assert all(disclosure_digest(one.encoded) == one.digest for one in view.hidden)
    told = {name: person for name, _, person in view.fields}
    assert told["approver"].endswith("(carol)")
    assert told["stage"] == ""
    assert view.request == log.gate.requests()[0].id


def test_an_operator_reads_every_record_without_what_others_wrote(log: Log) -> None:
    decision = log.view(log.index("decision.recorded"), "erin")
    assert values(decision) == {}
    assert {one.state for one in decision.hidden} == {"withheld"}
    assert WHY not in repr(decision)
    opened = log.view(log.index("request.opened"), "erin")
    assert values(opened) == {"ticket_number": "RITM-t1"}
    minted = [log.view(int(one["_seq"]), "erin") for one in log.gate.records("actor.minted")]
    assert {"subject": "bob"} in [values(one) for one in minted]
    for one in log.gate.records("ticket.classified"):
        assert values(log.view(int(one["_seq"]), "erin")) == {}, "a ticket is what others wrote"


def test_who_asked_reads_the_records_of_it_and_nobody_else_does(log: Log) -> None:
    assert {"request.opened", "decision.recorded", "grant.planned"} <= log.seen("alice")
    assert "log.opened" not in log.seen("alice")
    assert log.seen("dan") == log.seen("grace") == set()
    assert {"request.opened", "decision.recorded"} <= log.seen("bob"), "he decided it"
    view = log.view(log.index("decision.recorded"), "alice")
    assert (view.older, view.newer, view.reads_all) == (None, None, False)
    assert view.request, "its page is hers"
    assert WHY not in repr(view)
    assert {person for _, _, person in view.fields} == {""}, "she is told of nobody by name"
    own = log.view(log.index("decision.recorded", 0), "bob")
    assert values(own)["justification"] == WHY, "he wrote it"
    assert ("approver", "you") in {(name, person) for name, _, person in own.fields}
    assert (own.request, own.number) == ("", "RITM-t1")


def test_a_grant_that_moves_is_of_the_request_that_it_came_of(log: Log) -> None:
    grant = only(log.gate)
    active = [one for one in log.gate.records("grant.activated") if one["id"] == grant.id]
    view = log.view(int(active[-1]["_seq"]), "alice")
    assert view.number == "RITM-t1"


def test_a_link_that_is_void_opens_no_record(log: Log) -> None:
    gate = log.gate
    gate.deliver(access_ticket("t2"))
    request = next(one for one in gate.requests() if one.ticket_number == "RITM-t2")
    index = next(
        int(one["_seq"]) for one in gate.records("request.opened") if one["id"] == request.id
    )
    assert log.view(index, "bob").number == "RITM-t2"
    with gate.db() as reading:
        links = reading.links.of_request(request.id)
    void = LinkState.VOID
    for link in links:
        gate.write(lambda tx, _, link=link: tx.links.save(replace(link, state=void)))
    assert _code(log.desk.view(index, "bob")) == "not_found"


def test_who_looked_at_a_request_is_not_told_to_whose_it_is(log: Log) -> None:
    request = log.gate.requests()[0].id
    log.gate.write(lambda tx, now: note_view(tx, now, about=request, subject="mallory"))
    index = log.index("view.recorded")
    assert _code(log.desk.view(index, "alice")) == "not_found"
    assert log.view(index).request == request


def test_what_there_is_not_and_what_is_not_for_somebody_are_told_alike(log: Log) -> None:
    assert log.desk.view(0, "dan") == log.desk.view(10_000, "dan")
    assert _code(log.desk.view(10_000, "mallory")) == "not_found"
    assert _code(log.desk.view(0, "nobody")) == "approver_unknown"
    assert _code(log.desk.page("dan")) == "not_reading_log"
    assert _code(log.desk.page("nobody")) == "approver_unknown"
    log.gate.directory.unreadable = True
    assert _code(log.desk.view(0, "mallory")) == "directory_unreadable"
    log.gate.directory.unreadable = False


def test_each_look_is_recorded_once_an_hour_and_a_refused_one_is_not(log: Log) -> None:
    log.desk.view(0, "dan")
    log.desk.page("dan")
    assert log.gate.records("view.recorded") == []
    for _ in range(2):
        log.view(0)
        log.page()
    assert [one["request"] for one in log.gate.records("view.recorded")] == [
        "evidence#0",
        "evidence",
    ]
    log.gate.clock.at += timedelta(hours=1)
    log.view(0)
    assert log.gate.records("view.recorded")[-1]["request"] == "evidence#0"
    assert len(log.gate.records("view.recorded")) == 3
    assert log.gate.verified().failing == ()


def test_a_record_is_proved_under_the_newest_checkpoint(log: Log) -> None:
    assert log.view(0).proof is None, "nothing is signed yet"
    log.sign()
    signed = log.gate.evidence_size()
    view = log.view(1)
    assert view.proof is not None
    assert view.proof.size == signed
    receipt = parse_tlog_proof(view.proof.receipt.encode())
    assert receipt.holds()
    assert [one.hex() for one in receipt.hashes] == list(view.proof.hashes)
    assert receipt.extra == view.entry.encode()
    assert view.proof.checkpoint.encode() == receipt.signed.note.encoded()
    assert (view.older, view.newer) == (0, 2)
    assert log.view(0).older is None
    assert log.view(log.gate.evidence_size() - 1).proof is None, "newer than the checkpoint"


def test_a_tree_that_lacks_hashes_proves_nothing_and_is_shown(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.sign()
    monkeypatch.setattr(
        "ticketgate.adapters.sqlite.evidence_tables.SqliteEvidence.hashes", lambda *_: []
    )
    assert log.view(1).proof is None


def test_a_signer_that_cannot_be_read_is_told(log: Log) -> None:
    def unreadable() -> bytes | None:
        raise TicketgateError("its memory cannot be read", code="signer")

    desk = replace(log.desk, newest=unreadable)
    assert _code(desk.page("mallory")) == _code(desk.view(0, "mallory")) == "signer"
    assert desk.head() is None


def test_the_head_tells_where_the_log_stands_and_who_vouches_for_it(log: Log) -> None:
    log.sign()
    now = log.gate.clock.at
    row = AnchorRow(*WITNESS, since=now, size=3, anchored_at=now, code="")
    log.gate.write(lambda tx, _: tx.anchors.save(row))
    page = log.page()
    assert page.anchors == (AnchorLine("witness", "walter", 3, now), AnchorLine("copy", "bucket"))
    assert page.head.signed is not None
    head = log.desk.head()
    assert head is not None
    assert (head.origin, head.size, head.first) == (ORIGIN, log.gate.evidence_size(), 0)
    assert page.head.root == page.head.signed.checkpoint.root.hex(), "signed up to the end"


def test_records_come_the_newest_first_and_go_on_at_the_cursor(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_records, "PAGE", 4)
    monkeypatch.setattr(find_records, "_STEP", 3)
    size = log.gate.evidence_size()
    found, before = [], None
    while True:
        page = log.page(before=before)
        found += [one.index for one in page.lines]
        before = page.older
        if before is None:
            break
    newest = [one for one in found if one < size]
    assert newest == list(range(size - 1, -1, -1))
    assert log.page(before=10**12).lines[0].index == log.gate.evidence_size() - 1
    assert log.page(before=0).lines == ()


def test_records_are_found_by_type_ticket_request_person_and_id(log: Log) -> None:
    log.gate.deliver(access_ticket("t2"))
    request = next(one for one in log.gate.requests() if one.ticket_number == "RITM-t1")
    _, decided = log.page(type_="decision.recorded").lines
    assert decided.who[0].endswith("(bob)")
    assert (decided.about, decided.move) == (request.id, "approve")
    by_ticket = {one.type for one in log.page(query=" RITM-t1 ").lines}
    assert {
        "delivery.accepted",
        "request.opened",
        "decision.recorded",
        "grant.provisioning",
    } <= by_ticket
    assert "grant.activated" in {one.type for one in log.page(query=request.id).lines}
    other = next(one for one in log.gate.requests() if one.ticket_number == "RITM-t2")
    assert not {one.about for one in log.page(query=request.id).lines} & {other.id}
    opened = log.page(query=request.id, type_="request.opened").lines
    assert [one.move for one in opened] == ["new → awaiting, opened"]
    assert log.page(query="bob").lines == log.page(query=_name(log, "bob")).lines != ()
    assert log.page(query="grace").lines == (), "she has done nothing yet"
    nothing = log.page(query="no such thing")
    assert (nothing.lines, nothing.older) == ((), None)


def test_one_look_goes_through_so_many_records_and_says_where_it_stopped(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(find_records, "LOOKED_MAX", 5)
    size = log.gate.evidence_size()
    page = log.page(type_="log.opened")
    assert (page.lines, page.older, page.looked) == ((), size - 5, size - 5)


def test_a_query_names_a_place_in_the_log_or_none() -> None:
    told = [place_of(one) for one in ("7", " gate.example.com/evidence#12 ", "007", "x", "", "-1")]
    assert told == [7, 12, None, None, None, None]


def test_a_person_whose_name_was_erased_stands_as_such(log: Log) -> None:
    with closing(sqlite3.connect(log.gate.path)) as db:
        db.execute("DELETE FROM actor WHERE subject = 'carol'")
        db.commit()
    view = log.view(log.index("decision.recorded"))
    assert ("approver", "somebody erased") in {(name, person) for name, _, person in view.fields}


def test_what_was_erased_or_tampered_with_is_told_so(log: Log) -> None:
    index = log.index("decision.recorded")
    with closing(sqlite3.connect(log.gate.path)) as db:
        db.execute("UPDATE evidence_disclosure SET encoded = NULL WHERE idx = ?", (index,))
        db.execute("DROP TRIGGER disclosure_only_erased")
        opened = log.index("request.opened")
        db.execute("UPDATE evidence_disclosure SET encoded = '!' WHERE idx = ?", (opened,))
        db.execute("DROP TRIGGER evidence_no_update")
        db.execute("UPDATE evidence_entry SET entry = x'7b7d20' WHERE idx = 1")
        db.execute("UPDATE evidence_entry SET entry = ? WHERE idx = 2", (b'{"to":"x"}',))
        db.commit()
    assert {one.state for one in log.view(index).hidden} == {"erased"}
    assert {one.state for one in log.view(opened).hidden} == {"unreadable"}
    broken = log.view(1)
    assert (broken.type, broken.at, broken.fields, broken.entry) == ("unreadable", None, (), "{} ")
    lines = {one.index: one for one in log.page(before=3).lines}
    assert (lines[1].type, lines[1].at) == ("unreadable", None)
    assert lines[2].move == "new → x"
    assert _code(log.desk.view(1, "alice")) == "not_found"


def test_lists_in_a_record_are_shown_whole(log: Log) -> None:
    place = log.gate.write(
        lambda tx, _: tx.append(Draft("operator.revoked", {"by": "os:0@host", "grants": ["a"]}))
    )
    view = log.view(place.index)
    assert [value for name, value, _ in view.fields if name == "grants"] == ['[\n "a"\n]']


def test_the_ids_of_nothing_are_none(log: Log) -> None:
    def looked(reading: Reading) -> tuple[frozenset[str], int | None]:
        snapshot = log.gate.directory.read(log.gate.clock.at)
        ids = ids_named(reading, "req_0123456789", snapshot)
        return ids, records_before(reading, None, "", ids).older

    with log.gate.db() as reading:
        assert looked(reading) == (frozenset({"req_0123456789"}), None)


def _name(log: Log, person: str) -> str:
    return log.gate.directory.people[person].name


def _code(found: object) -> str:
    return found.code if isinstance(found, Refusal) else ""
