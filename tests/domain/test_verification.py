"""Verification: each way in which Mallory can change the rows has its own words."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.evidence_log import NOON, ORIGIN, Log, life, rewritten, short, texts

from ticketgate.domain.evidence import (
    INTEGER_MAX,
    Disclosure,
    Draft,
    Head,
    Json,
    disclosure_digest,
    genesis,
)
from ticketgate.domain.log.machines import EDGES, MOVES, RECORD_TYPES, record_type
from ticketgate.domain.verifying.disclosure_check import Tally
from ticketgate.domain.verifying.report import VERDICTS, Report
from ticketgate.domain.verifying.verification import verify


def first_bad(report: Report) -> tuple[int | None, ...]:
    """Of what the bytes and their words prove by themselves."""
    return tuple(report[name].first_bad for name in ("structure", "semantics", "disclosures"))


def test_a_whole_life_verifies_on_every_count() -> None:
    log = life()
    report = log.report()
    assert report.failing == ()
    assert texts(report) == set()
    assert (report.size, report.leaf, report.origin) == (12, log.head.leaf.hex(), ORIGIN)
    assert report.tally == Tally(given=3, erased=0, withheld=0, mismatch=0)


def test_what_fails_is_told_apart_from_what_there_is_not_enough_to_judge_by() -> None:
    log = life()
    log.rows[3] = rewritten(log.rows[3], revision="1")
    report = log.report()
    assert [verdict.name for verdict in report.failing] == ["structure", "semantics"]
    assert tuple(verdict.name for verdict in report.verdicts) == VERDICTS
    assert report.lacking(["structure", "disclosures"]) == ()
    assert report.lacking(["structure", "signed", "state"]) == ("signed", "state")
    with pytest.raises(KeyError):
        report["state"]


@pytest.mark.parametrize("place", range(12))
def test_a_removed_record_is_one_gap_found_at_its_place(place: int) -> None:
    log = life()
    del log.rows[place]
    report = log.report()
    assert report["structure"].first_bad == place
    assert any("missing" in text or "number of entries" in text for text in texts(report))


@pytest.mark.parametrize("place", range(12))
def test_a_removed_record_is_seen_when_the_rest_is_renumbered(place: int) -> None:
    log = life()
    del log.rows[place]
    log.rows = [(index, leaf, entry) for index, (_, leaf, entry) in enumerate(log.rows)]
    assert log.report()["structure"].first_bad == place


@pytest.mark.parametrize("place", range(12))
def test_a_record_told_twice_is_seen(place: int) -> None:
    log = life()
    log.rows.insert(place, log.rows[place])
    assert log.report()["structure"].first_bad == place + 1


@pytest.mark.parametrize("place", range(1, 12))
def test_an_inserted_record_is_seen_even_when_the_rest_is_renumbered(place: int) -> None:
    log = life()
    log.rows.insert(place, rewritten(log.rows[place], type="heartbeat", refused=[], duplicates=[]))
    log.rows = [(index, leaf, entry) for index, (_, leaf, entry) in enumerate(log.rows)]
    log.head = Head(13, log.head.leaf)
    assert log.report()["structure"].first_bad == place + 1


@pytest.mark.parametrize("place", range(11))
def test_two_records_that_changed_places_are_seen(place: int) -> None:
    log = life()
    one, other = log.rows[place : place + 2]
    log.rows[place : place + 2] = [(one[0], *other[1:]), (other[0], *one[1:])]
    assert log.report()["structure"].first_bad == place


def test_a_cut_tail_is_seen_by_the_head_row() -> None:
    log = life()
    del log.rows[9:]
    report = log.report()
    assert report["structure"].first_bad == 9
    assert texts(report) >= {"the head row's size is not the number of entries"}


def test_a_cut_tail_with_the_head_row_rewritten_is_not_seen_without_an_anchor() -> None:
    """The limit that the format document states: a chain alone cannot see this."""
    log = life()
    del log.rows[9:]
    log.head = Head(9, log.rows[-1][1])
    assert log.report()["structure"].holds


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (None, "there is no head row"),
        (Head(4, bytes(32)), "the head row's size is not the number of entries"),
        (Head(3, bytes(32)), "the head row's leaf is not that of the last entry"),
    ],
)
def test_the_head_row_is_the_end_of_the_log(head: Head | None, text: str) -> None:
    log = short()
    report = verify(log.rows, log.hidden, head, ORIGIN)
    assert texts(report) == {text}


@pytest.mark.parametrize("head", [genesis(ORIGIN), Head(0, b""), None])
def test_a_log_of_which_all_is_gone_is_not_an_empty_log(head: Head | None) -> None:
    report = verify([], [], head, ORIGIN)
    assert report["structure"].first_bad == 0
    assert "the log is empty: entry 0 is missing" in texts(report)


def test_another_logs_records_do_not_stand_in() -> None:
    log = Log("other.example.com/evidence")
    report = verify(log.rows, log.hidden, log.head, ORIGIN)
    assert texts(report) == {
        "_prev is not the leaf hash of the entry before",
        "log.opened names another origin",
    }


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"format": 2}, "log.opened states a format that is not 1"),
        ({"format": True}, "log.opened states a format that is not 1"),
        ({"origin": "other"}, "log.opened names another origin"),
        ({"type": "gateway.started"}, "log.opened is the first record and only that"),
        ({"_seq": 1}, "_seq is not the index of the entry"),
        ({"_seq": "0"}, "_seq is not the index of the entry"),
        ({"_seq": False}, "_seq is not the index of the entry"),
        ({"_ts": "2026-11-22"}, "_ts is not an instant in the one form that records use"),
        ({"_prev": "0" * 64}, "_prev is not the leaf hash of the entry before"),
        ({"_prev": "é" * 32}, "_prev is not the leaf hash of the entry before"),
    ],
)
def test_the_first_record_says_which_log_this_is(changes: dict[str, Json], text: str) -> None:
    row = rewritten(Log().rows[0], **changes)
    assert text in texts(verify([row], [], Head(1, row[1]), ORIGIN))


def test_a_log_is_opened_once() -> None:
    log = short()
    log.tell("log.opened", origin=ORIGIN, format=1)
    report = log.report()
    assert first_bad(report) == (3, None, None)


@pytest.mark.parametrize("idx", [True, -1, None, "1", 0, 1.0, INTEGER_MAX + 1])
def test_an_index_that_is_none_is_a_fault_at_its_place(idx: object) -> None:
    log = short()
    rows = [log.rows[0], (idx, *log.rows[1][1:]), log.rows[2]]
    report = verify(rows, log.hidden, log.head, ORIGIN)
    assert first_bad(report) == (1, None, None)
    assert report["structure"].count == 1


def test_an_index_too_long_to_print_is_a_fault_like_any_other() -> None:
    report = verify([(10**5000, None, None)], [(None, 10**5000, None)], None, ORIGIN)
    assert first_bad(report) == (0, 0, 0)


def test_time_that_goes_back_is_chained_well_but_cannot_have_happened() -> None:
    log = short()
    log.now = NOON - timedelta(days=1)
    log.tell("heartbeat")
    assert first_bad(log.report()) == (None, 3, None)


def test_a_move_that_no_machine_has_is_chained_well_but_cannot_have_happened() -> None:
    log = short()
    log.append(Draft("grant.activated", dict.fromkeys(RECORD_TYPES["grant.activated"])))
    assert first_bad(log.report()) == (None, 3, None)


def test_an_entry_that_is_no_bytes_or_not_canonical_is_a_fault_of_every_verdict() -> None:
    log = short()
    spaced = log.rows[1][2].replace(b'"_seq":1', b'"_seq": 1')
    for entry in (None, "text", spaced):
        report = verify([log.rows[0], (1, b"", entry), log.rows[2]], [], log.head, ORIGIN)
        assert first_bad(report) == (1, 1, 1)


def test_what_is_erased_without_a_record_or_missing_is_counted_and_a_fault() -> None:
    log = life()
    digest, index, _ = log.hidden[1]
    log.hidden[1:] = [(digest, index, None)]
    report = log.report()
    assert report.failing == (report["disclosures"],)
    assert texts(report) == {
        "a disclosure is erased, and no record says so",
        "a disclosure is missing: its row is not there",
    }
    assert report.tally == Tally(given=1, erased=1, withheld=1, mismatch=0)


def test_what_is_erased_on_record_is_counted_and_no_fault() -> None:
    log = life()
    digest, index, _ = log.hidden[1]
    log.hidden[1] = (digest, index, None)
    log.tell("disclosure.erased", digests=[digest])
    assert log.report().failing == ()
    assert log.report().tally == Tally(given=2, erased=1, withheld=0, mismatch=0)


@pytest.mark.parametrize("digests", [None, "x", ["x"], [7], ["x" * 43]])
def test_an_erasure_is_of_what_an_entry_before_it_holds(digests: Json) -> None:
    log = short()
    log.tell("disclosure.erased", digests=digests)
    log.tell("actor.minted", {"subject": "carol"}, actor="act_2")
    assert first_bad(log.report()) == (None, 3, None)
    what = "no entry before it holds" if digests == ["x" * 43] else "are no digests"
    assert texts(log.report()) == {f"tells of an erasure of what {what}"}


def test_swapped_disclosures_are_seen() -> None:
    log = life()
    (one, at, this), (other, there, that) = log.hidden[:2]
    log.hidden[:2] = [(one, at, that), (other, there, this)]
    report = log.report()
    assert (report["disclosures"].count, report["disclosures"].first_bad) == (2, 1)
    assert report.tally == Tally(given=1, erased=0, withheld=0, mismatch=2)


@pytest.mark.parametrize(
    ("changes", "index"),
    [
        ({"digest": "x" * 43}, 1),
        ({"digest": "x" * 43, "idx": 2}, 2),
        ({"digest": None, "idx": "1"}, 0),
        ({"idx": 2}, 2),
        ({"idx": None, "encoded": None}, 0),
        ({"idx": 99}, 3),
        ({"encoded": "é"}, 1),
        ({"encoded": b"bytes"}, 1),
    ],
)
def test_a_disclosure_row_that_proves_nothing_is_a_mismatch(
    changes: dict[str, object], index: int
) -> None:
    log = short()
    digest, idx, encoded = log.hidden[0]
    row = {"digest": digest, "idx": idx, "encoded": encoded} | changes
    report = verify(log.rows, [(row["digest"], row["idx"], row["encoded"])], log.head, ORIGIN)
    assert (report["disclosures"].faults[0].index, report.tally.mismatch) == (index, 1)


def test_the_same_disclosure_twice_is_a_mismatch() -> None:
    log = short()
    log.hidden *= 2
    assert log.report().tally == Tally(given=1, erased=0, withheld=0, mismatch=1)


def test_a_digest_that_comes_again_in_another_entry_is_a_fault() -> None:
    log = short()
    log.append(Draft("actor.minted", {"actor": "act_2"}, (Disclosure("subject", "bob"),)))
    again = rewritten(log.rows[3], sd=[log.hidden[0][0]])
    report = verify([*log.rows[:3], again], log.hidden[:1], Head(4, again[1]), ORIGIN)
    assert first_bad(report) == (None, None, 3)
    assert texts(report) == {
        "holds a digest that an entry already holds",
        "a disclosure is missing: its row is not there",
    }
    assert report.tally == Tally(given=1, erased=0, withheld=1, mismatch=0)


def test_what_was_erased_on_record_does_not_come_back() -> None:
    log = life()
    digest, index, _ = log.hidden[1]
    log.tell("disclosure.erased", digests=[digest])
    assert first_bad(log.report()) == (None, None, index)
    assert texts(log.report()) == {"a disclosure is there that a record says was erased"}


@pytest.mark.parametrize("listed", [["b" * 43, "a" * 43], ["a" * 43] * 2])
def test_digests_are_sorted_and_each_stands_once(listed: list[Json]) -> None:
    row = rewritten(Log().rows[0], sd=listed)
    report = verify([row], [], Head(1, row[1]), ORIGIN)
    assert texts(report) == {"digests that are not sorted, or not each once"}
    assert report.tally == Tally(0, 0, 0, 0)


@pytest.mark.parametrize("listed", [None, "x", [1], {"a": 1}])
def test_digests_that_are_no_list_of_texts_are_a_fault(listed: Json) -> None:
    row = rewritten(Log().rows[0], sd=listed)
    assert first_bad(verify([row], [], Head(1, row[1]), ORIGIN)) == (None, None, 0)


def test_a_disclosure_that_hashes_well_but_is_not_in_our_form_is_a_fault() -> None:
    encoded = "W10"  # []
    digest = disclosure_digest(encoded)
    row = rewritten(Log().rows[0], sd=[digest])
    report = verify([row], [(digest, 0, encoded)], Head(1, row[1]), ORIGIN)
    assert report.tally == Tally(given=0, erased=0, withheld=0, mismatch=1)
    assert texts(report) == {
        "a disclosure that cannot be read: a disclosure is [salt, name, value]"
    }


hostile = st.none() | st.integers() | st.binary(max_size=80) | st.text(max_size=80) | st.booleans()
plain = st.none() | st.integers(-9, 9) | st.booleans() | st.text(max_size=3) | st.just([1])


@given(
    st.lists(st.tuples(hostile, hostile, hostile), max_size=6),
    st.lists(st.tuples(hostile, hostile, hostile), max_size=6),
    st.none() | st.builds(Head, st.integers(), st.binary()),
)
def test_arbitrary_rows_give_faults_and_never_an_exception(
    rows: list[tuple[object, object, object]],
    hidden: list[tuple[object, object, object]],
    head: Head | None,
) -> None:
    report = verify(rows, hidden, head, ORIGIN)
    assert not report["structure"].holds
    assert all(text.isascii() and text.isprintable() for text in texts(report))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(RECORD_TYPES)), st.randoms(use_true_random=False), st.data()
        ),
        max_size=5,
    )
)
def test_records_with_arbitrary_values_give_faults_and_never_an_exception(
    told: list[tuple[str, Random, st.DataObject]],
) -> None:
    log = Log()
    for kind, random, data in told:
        fields: dict[str, Json] = {name: data.draw(plain) for name in sorted(RECORD_TYPES[kind])}
        if kind in MOVES and random.random() < 0.8:
            machine, before, after = random.choice(
                [(m, *pair) for m in EDGES for pair in EDGES[m] if record_type(m, *pair) == kind]
            )
            fields |= {"on": machine, "id": "x", "from": before, "to": after, "cause": "test"}
        log.append(Draft(kind, fields))
    report = log.report()
    assert report["disclosures"].holds or "disclosure.erased" in {kind for kind, _, _ in told}
    assert all(text.isascii() and text.isprintable() for text in texts(report))
