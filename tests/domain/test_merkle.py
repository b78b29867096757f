"""The tree: held against RFC 6962's own recursion, its published vectors, and its tiles."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from itertools import islice
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.naive_tree import (
    CT_ENTRIES,
    CT_ROOTS,
    LARGE,
    large_tree,
    leaf,
    leaves,
    mth,
    tiles,
)

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import leaf_hash
from ticketgate.domain.log.merkle import (
    EMPTY_ROOT,
    Frontier,
    TileHash,
    decoded,
    frontier_at,
    grow,
    node_hash,
    range_root,
    reduced,
    root_at,
    root_of,
)

MANY: Final = LARGE
LEAVES, READ = large_tree()
ENDS: Final = (255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, MANY)


def grown(size: int) -> tuple[Frontier, list[TileHash]]:
    """The frontier after the first `size` leaves, and every tile hash on the way."""
    start = max((one for one in ENDS if one < size), default=0)
    frontier, before = grown_to(start) if start else (Frontier(), [])
    done = list(before)
    for one in islice(LEAVES, start, size):
        frontier, completed = grow(frontier, one)
        done += completed
    return frontier, done


grown_to = cache(grown)  # so that a large tree is grown once, and goes on from there


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert root_of(map(leaf_hash, CT_ENTRIES[:size])).hex() == CT_ROOTS[size]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == root_of([]) == root_at(0, READ) == EMPTY_ROOT == mth([])


def test_a_node_and_a_leaf_of_the_same_bytes_differ() -> None:
    left, right = leaf(0), leaf(1)
    assert node_hash(left, right) == sha256(b"\x01" + left + right).digest()
    assert node_hash(left, right) != leaf_hash(left + right)


@pytest.mark.parametrize("size", range(71))
def test_every_small_tree_is_the_one_of_the_recursion(size: int) -> None:
    assert_tree(size)


@pytest.mark.parametrize("size", ENDS)
def test_trees_at_the_ends_of_tiles_are_those_of_the_recursion(size: int) -> None:
    assert_tree(size)


@settings(max_examples=30)
@given(st.integers(0, 3000))
def test_any_tree_is_the_one_of_the_recursion(size: int) -> None:
    assert_tree(size)


def assert_tree(size: int) -> None:
    frontier, done = grown(size)
    assert frontier.root() == mth(LEAVES[:size]) == root_at(size, READ)
    assert frontier == frontier_at(size, READ)
    above = tiles(LEAVES[:size])[1:]
    assert sorted(done, key=lambda one: (one.level, one.index)) == [
        TileHash(level, index, one)
        for level, row in enumerate(above, 1)
        for index, one in enumerate(row)
    ]


def test_one_leaf_completes_a_tile_of_each_level_at_once() -> None:
    before = frontier_at(65_535, READ)
    after, done = grow(before, LEAVES[65_535])
    assert done == (
        TileHash(1, 255, mth(LEAVES[65_280:65_536])),
        TileHash(2, 0, mth(LEAVES[:65_536])),
    )
    assert after.nodes == (done[1].hash,)


def test_a_leaf_that_completes_no_tile_says_so() -> None:
    assert grow(frontier_at(65_534, READ), LEAVES[65_534])[1] == ()
    assert grow(frontier_at(65_536, READ), LEAVES[65_536])[1] == ()
    assert grow(frontier_at(127, READ), LEAVES[127])[1] == ()


@given(st.integers(0, MANY - 1))
def test_a_frontier_goes_on_from_where_it_was_read(size: int) -> None:
    after, _ = grow(frontier_at(size, READ), LEAVES[size])
    assert after == frontier_at(size + 1, READ)


@given(st.integers(0, MANY))
def test_a_frontier_survives_being_stored(size: int) -> None:
    frontier = frontier_at(size, READ)
    assert decoded(size, frontier.encoded()) == frontier
    assert len(frontier.encoded()) == 32 * size.bit_count()


@pytest.mark.parametrize(
    ("size", "nodes"), [(-1, 32), (0, 32), (1, 0), (2, 64), (3, 32), (3, 63), (3, 65), (4, 64)]
)
def test_a_frontier_of_another_size_is_refused(size: int, nodes: int) -> None:
    with pytest.raises(EvidenceError, match="frontier"):
        decoded(size, bytes(nodes))


@given(st.integers(0, 12), st.integers(0, 40), st.integers(1, 1 << 12))
def test_a_range_of_the_recursion_has_its_root(height: int, first: int, width: int) -> None:
    width = min(width, 1 << height)
    start = first << height
    if start + width <= MANY:
        assert range_root(start, start + width, READ) == mth(LEAVES[start : start + width])


@pytest.mark.parametrize(
    ("start", "end"), [(0, 0), (1, 0), (0, -1), (1, 3), (2, 6), (4, 9), (256, 1024), (3, 6)]
)
def test_a_range_that_no_recursion_meets_is_refused(start: int, end: int) -> None:
    with pytest.raises(EvidenceError, match="no subtree"):
        range_root(start, end, READ)


def test_a_tree_of_a_size_below_zero_is_refused() -> None:
    with pytest.raises(EvidenceError, match="no subtree"):
        root_at(-1, READ)


@pytest.mark.parametrize("count", [0, 3, 5, 6, 7, 255])
def test_only_a_power_of_two_of_hashes_is_a_complete_subtree(count: int) -> None:
    with pytest.raises(EvidenceError, match="power of two"):
        reduced(LEAVES[:count])


@pytest.mark.parametrize("height", range(11))
def test_a_complete_subtree_is_reduced_to_its_root(height: int) -> None:
    assert reduced(LEAVES[: 1 << height]) == mth(LEAVES[: 1 << height])


@pytest.mark.parametrize(
    "answer",
    [[], [leaf(0)], leaves(3), [leaf(0), leaf(1)[:31]], [leaf(0) + b"\x00", leaf(1)]],
    ids=["none", "one too few", "one too many", "31 bytes", "33 bytes"],
)
def test_a_store_that_answers_with_something_else_is_noticed(answer: list[bytes]) -> None:
    def read(level: int, first: int, count: int) -> Sequence[bytes]:
        assert (level, first, count) == (0, 0, 2)
        return answer

    with pytest.raises(EvidenceError, match="missing"):
        root_at(2, read)


def test_whole_tiles_are_read_as_one_hash_each() -> None:
    """So that reading a root of a large log costs a few rows, not all leaves."""
    asked: list[tuple[int, int, int]] = []

    def read(level: int, first: int, count: int) -> Sequence[bytes]:
        asked.append((level, first, count))
        return READ(level, first, count)

    root_at(65_536 + 256 + 3, read)
    assert sorted(asked) == [(0, 65_792, 2), (0, 65_794, 1), (1, 256, 1), (2, 0, 1)]
