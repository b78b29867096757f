"""Mutations: clean logs raise no alarm, and no change to the rows of one goes unseen."""

from collections.abc import Callable, Iterable
from random import Random
from typing import Final

import pytest
from tests.domain.evidence_log import ORIGIN, Log, Row, rewritten, short, texts
from tests.domain.evidence_walk import walk

from ticketgate.domain.evidence import Json, genesis, leaf_hash, parse_entry
from ticketgate.domain.log.machines import MOVES
from ticketgate.domain.verifying.disclosure_check import Tally
from ticketgate.domain.verifying.verification import verify

pytestmark = pytest.mark.untraced


def test_two_hundred_clean_random_logs_raise_no_alarm() -> None:
    kinds: set[Json] = set()
    for seed in range(200):
        log = walk(seed, 70)
        report = log.report()
        assert report.failing == (), texts(report)
        assert report.tally == Tally(len(log.hidden), 0, 0, 0)
        kinds |= {parse_entry(entry)["type"] for _, _, entry in log.rows}
    assert kinds >= MOVES


def test_every_byte_of_a_small_log_flipped_in_turn_is_caught() -> None:
    log = short()
    for place, (index, leaf, entry) in enumerate(log.rows):
        for at in range(len(entry) + len(leaf)):
            both = bytearray(entry + leaf)
            both[at] ^= 1 << at % 8
            rows = list(log.rows)
            rows[place] = (index, bytes(both[len(entry) :]), bytes(both[: len(entry)]))
            report = verify(rows, log.hidden, log.head, ORIGIN)
            assert report["structure"].first_bad == place, at


def test_a_flipped_byte_with_its_own_leaf_made_good_is_caught_by_the_next_entry() -> None:
    log = short()
    for place, (index, _, entry) in enumerate(log.rows):
        for at in range(len(entry)):
            changed = bytearray(entry)
            changed[at] ^= 1
            rows = list(log.rows)
            rows[place] = (index, leaf_hash(bytes(changed)), bytes(changed))
            assert not verify(rows, log.hidden, log.head, ORIGIN)["structure"].holds, at


def test_every_byte_of_a_disclosure_flipped_in_turn_is_caught() -> None:
    log = short()
    digest, index, encoded = log.hidden[0]
    assert encoded
    for at in range(len(encoded)):
        changed = encoded[:at] + chr(ord(encoded[at]) ^ 1) + encoded[at + 1 :]
        report = verify(log.rows, [(digest, index, changed)], log.head, ORIGIN)
        assert (report["disclosures"].first_bad, report.tally.mismatch) == (1, 1)
        assert report["structure"].holds


def flip(random: Random, rows: list[Row]) -> None:
    place = random.randrange(len(rows))
    index, leaf, entry = rows[place]
    at = random.randrange(len(entry))
    changed = entry[:at] + bytes([entry[at] ^ (1 << random.randrange(8))]) + entry[at + 1 :]
    rows[place] = (index, random.choice([leaf, leaf_hash(changed)]), changed)


def cut_inside(random: Random, rows: list[Row]) -> None:
    place = random.randrange(len(rows))
    changed = rows[place][2][: random.randrange(len(rows[place][2]))]
    rows[place] = (rows[place][0], leaf_hash(changed), changed)


def edit(random: Random, rows: list[Row]) -> None:
    place = random.randrange(len(rows))
    record = parse_entry(rows[place][2])
    name = random.choice(sorted(record))
    rows[place] = rewritten(rows[place], **{name: random.choice([None, 7, "x", [], True])})


def remove(random: Random, rows: list[Row]) -> None:
    del rows[random.randrange(len(rows))]


def cut(random: Random, rows: list[Row]) -> None:
    del rows[random.randrange(len(rows)) :]


def repeat(random: Random, rows: list[Row]) -> None:
    rows.insert(random.randrange(len(rows) + 1), random.choice(rows))


def swap(random: Random, rows: list[Row]) -> None:
    one, other = random.sample(range(len(rows)), 2)
    rows[one], rows[other] = rows[other], rows[one]


def renumber(random: Random, rows: list[Row]) -> None:
    place = random.randrange(len(rows))
    rows[place] = (random.choice([-1, place + 1, place - 1, 2**40]), *rows[place][1:])


def graft(random: Random, rows: list[Row]) -> None:
    """A record of another history of the same gateway, in the same place."""
    place = random.randrange(1, len(rows))
    other = walk(random.randrange(1000, 2000), 60).rows
    rows[place] = other[place % len(other)]


def chain_anew(random: Random, rows: list[Row]) -> None:
    """An edit with all that follows recomputed, but not the head row."""
    place = random.randrange(len(rows))
    leaf = rows[place - 1][1] if place else genesis(ORIGIN).leaf
    for at in range(place, len(rows)):
        extra: dict[str, Json] = {"edited": True} if at == place else {}
        rows[at] = rewritten(rows[at], _prev=leaf.hex(), **extra)
        leaf = rows[at][1]


MUTATIONS: Final[tuple[Callable[[Random, list[Row]], None], ...]] = (
    flip,
    cut_inside,
    edit,
    remove,
    cut,
    repeat,
    swap,
    renumber,
    graft,
    chain_anew,
)


def mutants(log: Log, seed: int, count: int) -> Iterable[tuple[str, list[Row]]]:
    """`count` different rows made from those of a log by each mutation in turn."""
    random = Random(seed)  # noqa: S311 - repeatable mutations, nothing secret
    made = 0
    while made < count:
        mutation = MUTATIONS[made % len(MUTATIONS)]
        rows = list(log.rows)
        mutation(random, rows)
        if rows != log.rows:
            made += 1
            yield mutation.__name__, rows


def test_none_of_two_thousand_random_mutations_verifies() -> None:
    tried = 0
    for seed in range(20):
        log = walk(seed, 12)
        for name, rows in mutants(log, seed, 100):
            report = verify(rows, log.hidden, log.head, ORIGIN)
            assert not report["structure"].holds, (seed, name)
            tried += 1
    assert tried == 2000
