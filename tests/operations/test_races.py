"""A thousand real races about one request each: one decision, and the others are told whose.

Most are run by threads over one store, as in a gateway; the others by processes that have opened
the same file, which the lock of `instance_lock` keeps from happening.
"""

import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Final

import pytest
from tests.agreement.both import Asked as Question
from tests.agreement.both import agreed
from tests.operations.copies import Shelf
from tests.operations.kit import Gate, folder
from tests.operations.racing import (
    OF_PEOPLE,
    RACERS_MAX,
    WAIT_SECONDS,
    Asked,
    Told,
    ask,
    drawn,
    end,
    race,
    race_in_process,
    untold,
    wrong_in_log,
)

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.request_tables import SqliteLinks, SqliteRequests
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import Link
from ticketgate.operations.deciding import decide_request, decision_refusals
from ticketgate.operations.people.sign_in import secret_hash

pytestmark = pytest.mark.untraced

BY_THREADS: Final = 800
BY_PROCESSES: Final = 200
PARTS: Final = 4  # of those by threads: tests that run beside each other
PLANTED: Final = 40  # races in which a planted bug shows
PROCESSES: Final = 3
Race = tuple[Asked, list[Told]]


# --- threads ------------------------------------------------------------------------------------


def raced(gate: Gate, pool: ThreadPoolExecutor, asked: Asked, deeds: Sequence[str]) -> Race:
    """All deeds of one race begin at once, each in a thread."""
    line, settled = Barrier(len(deeds)), Event()
    if "edit" not in deeds:
        settled.set()

    def wait(_: float) -> None:  # for the ticket's backlog
        settled.wait(WAIT_SECONDS)

    gate.on_wait = wait

    def run(deed: str) -> Told:
        line.wait(WAIT_SECONDS)
        try:
            return race(gate, asked, deed)
        finally:
            if deed == "edit":
                settled.set()

    return asked, list(pool.map(run, deeds))


def by_threads(gate: Gate, numbers: range) -> list[Race]:
    found: list[Race] = []
    with ThreadPoolExecutor(RACERS_MAX) as pool:
        for number in numbers:
            asked = ask(gate, number)
            found.append(raced(gate, pool, asked, drawn(number)))
            end(gate, asked)
    return found


def hold_the_log(gate: Gate, place: Path) -> None:
    """Both verifiers hold the log."""
    assert not gate.verified().failing
    shelf = Shelf(place)
    shelf.path = gate.path
    bundle = place / "bundle"
    shelf.export(bundle)
    assert agreed(bundle, Question(now=2_000_000_000)).exit == 0


@pytest.mark.parametrize("part", range(PARTS))
def test_one_decision_comes_of_each_race_of_threads(gate: Gate, tmp_path: Path, part: int) -> None:
    size = BY_THREADS // PARTS
    races = by_threads(gate, range(part * size, (part + 1) * size))
    assert wrong_in_log(gate, races) == []
    assert untold(gate, races) == []
    hold_the_log(gate, tmp_path)
    codes = Counter(one.code for _, told in races for one in told)
    late = {"already_decided", "link_used", "decision_late", "ticket_changed", "shown_changed"}
    assert min(codes[code] for code in late) > size // 40, codes  # all of it came up
    first_won = sum(not told[0].code for _, told in races)
    assert 0 < first_won < size  # not always whoever was named first


class Before:
    """A planted bug: whoever decides goes by what request and links were before the race."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests: dict[str, AccessRequest] = {}
        self.links: dict[str, Link] = {}
        get, by_token = SqliteRequests.get, SqliteLinks.by_token

        def old_request(tables: SqliteRequests, ident: str) -> AccessRequest | None:
            return self.requests.get(ident) or get(tables, ident)

        def old_link(tables: SqliteLinks, digest: str) -> Link | None:
            return self.links.get(digest) or by_token(tables, digest)

        monkeypatch.setattr(SqliteRequests, "get", old_request)
        monkeypatch.setattr(SqliteLinks, "by_token", old_link)

    def keep(self, gate: Gate, asked: Asked) -> None:
        """Remember where it stands."""
        self.requests.clear()
        self.links.clear()
        with gate.db() as looking:
            request = looking.requests.get(asked.ident)
            found = {secret_hash(one): one for one in asked.tokens.values()}
            links = {digest: looking.links.by_token(digest) for digest in found}
        assert request is not None
        self.requests[asked.ident] = request
        self.links |= {digest: link for digest, link in links.items() if link is not None}

    def races(self, gate: Gate) -> list[Race]:
        """Two who decide, and two who withdraw."""
        deeds = ("approve bob", "deny erin", "withdraw alice", "withdraw carol")
        found: list[Race] = []
        with ThreadPoolExecutor(RACERS_MAX) as pool:
            for number in range(PLANTED):
                asked = ask(gate, number)
                self.keep(gate, asked)
                found.append(raced(gate, pool, asked, deeds))
        return found


@pytest.fixture
def other() -> Iterator[Gate]:
    """A gate whose log may be wrong at the end."""
    with folder() as path:
        made = Gate(path)
        yield made
        made.stop()


def test_who_goes_by_what_was_before_is_stopped_by_the_version(
    other: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    races = Before(monkeypatch).races(other)
    assert wrong_in_log(other, races) == []
    assert "store_conflict" in {one.code for _, told in races for one in told}


def test_without_the_version_the_same_shows(other: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The compare-and-set is taken away: of that, and of nothing else, there are two decisions."""

    def save(tables: SqliteRequests, request: AccessRequest) -> None:
        if request.version == 1:
            tables._insert(request)
        else:
            sql = "UPDATE request SET version = ?, state = ?, content = ? WHERE id = ?"
            text = codec.request_text(request)
            tables._db.execute(sql, (request.version, request.state.value, text, request.id))

    monkeypatch.setattr(SqliteRequests, "save", save)
    assert wrong_in_log(other, Before(monkeypatch).races(other))


def test_a_decision_that_does_not_look_where_it_stands_shows(
    other: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decide_request, "no_longer", lambda *_: None)
    races = by_threads(other, range(PLANTED))
    assert [*wrong_in_log(other, races), *untold(other, races)]


def test_a_loser_who_is_told_of_nobody_shows(other: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_refusals, "with_word", lambda refusal, _: refusal)
    assert untold(other, by_threads(other, range(PLANTED)))


# --- processes ----------------------------------------------------------------------------------


def by_processes(place: Path, races: int, planted: str = "") -> list[Race]:
    """Each process does one deed in every race; all of them begin at once."""
    gate = Gate(place)
    asked = [ask(gate, number) for number in range(races)]
    gate.stop()
    deeds = [drawn(number, OF_PEOPLE)[:PROCESSES] for number in range(races)]
    making = multiprocessing.get_context("spawn")
    line = making.Barrier(PROCESSES)
    processes, ends = [], []
    try:
        for number in range(PROCESSES):
            ours, theirs = making.Pipe()
            jobs = [(one, deed[number]) for one, deed in zip(asked, deeds, strict=True)]
            given = (number + 1, place, jobs, line, theirs, planted)
            process = making.Process(target=race_in_process, args=given)
            process.start()
            processes.append(process)
            ends.append(ours)
            assert ours.poll(WAIT_SECONDS)
            assert ours.recv() == "ready"
        assert all(one.poll(WAIT_SECONDS) for one in ends)
        told = [one.recv() for one in ends]
        for process in processes:
            process.join(WAIT_SECONDS)
        assert [process.exitcode for process in processes] == [0] * PROCESSES
    finally:
        for process in processes:
            process.kill()
    return [(one, list(said)) for one, *said in zip(asked, *told, strict=True)]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for one store. What a set holds is told in the same order by every process."""
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    with folder() as path:
        yield path


def test_one_decision_comes_of_each_race_of_processes(place: Path, tmp_path: Path) -> None:
    races = by_processes(place, BY_PROCESSES)
    gate = Gate(place)
    try:
        assert wrong_in_log(gate, races) == []
        assert untold(gate, races) == []
        hold_the_log(gate, tmp_path)
    finally:
        gate.stop()
    won = Counter(at for _, told in races for at, one in enumerate(told) if not one.code)
    assert len(won) == PROCESSES, won  # each of them was first some time


def test_processes_that_do_not_look_at_the_end_of_the_log_show(place: Path) -> None:
    """Without `check_end` each goes on from an end of its own."""
    races = by_processes(place, PLANTED, planted="head")
    assert any(one.code == "crashed" for _, told in races for one in told)
