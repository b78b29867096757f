"""Paths of tiles: one path for each tile, and only those that a tree of a size has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.log.merkle import TILE_WIDTH
from ticketgate.domain.log.tiles import (
    Tile,
    encoded_entries,
    entry_tiles_of,
    index_path,
    parse_tile,
    tiles_of,
)

TILES = st.builds(
    Tile,
    st.one_of(st.none(), st.integers(0, 6)),
    st.integers(0, (2**53 - 1) // TILE_WIDTH),
    st.integers(1, TILE_WIDTH),
)


@pytest.mark.parametrize(
    ("index", "path"),
    [(0, "000"), (999, "999"), (1000, "x001/000"), (1_234_067, "x001/x234/067")],
)
def test_an_index_is_written_as_the_standard_says(index: int, path: str) -> None:
    assert index_path(index) == path


@given(TILES)
def test_a_tile_is_found_by_its_path(tile: Tile) -> None:
    assert parse_tile(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "0", "0/", "0/0", "0/0000", "0/001.p", "0/001.p/", "0/001.p/0", "0/001.p/256",
        "0/001.p/01", "00/001", "7/001", "64/001", "-1/001", "data/001", "0/x000/001",
        "0/x001/x002", "0/001/002", "0/001\n", "0/001.p/5\n", "0/../001", "0//001",
        "0/\u0660\u0660\u0661",
        "0/x999/x999/x999/x999/x999/999", "entries/001.p/300", "Entries/001",
    ],
)  # fmt: skip
def test_any_other_path_is_none(path: str) -> None:
    assert parse_tile(path) is None


@given(st.text(st.sampled_from("0123456789x/.p-entris"), max_size=24))
def test_a_path_that_is_understood_is_the_one_that_would_be_written(path: str) -> None:
    tile = parse_tile(path)
    assert tile is None or tile.path == path


def test_the_tree_of_seventy_thousand_is_that_of_the_standard() -> None:
    found = list(tiles_of(70_000))
    assert sum(one.level == 0 and one.width == TILE_WIDTH for one in found) == 273
    assert [one.path for one in found if one.width < TILE_WIDTH] == [
        "0/273.p/112",
        "1/001.p/17",
        "2/000.p/1",
    ]
    assert Tile(1, 0) in found
    assert [one.path for one in entry_tiles_of(257)] == ["entries/000", "entries/001.p/1"]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537])
def test_a_tree_has_the_tiles_that_it_lists_and_none_a_hash_wider(size: int) -> None:
    found = [*tiles_of(size), *entry_tiles_of(size)]
    assert all(one.is_of(size) for one in found)
    assert len(set(found)) == len(found)
    for one in found:
        beyond = Tile(one.level, one.index + 1, 1)
        wider = Tile(one.level, one.index, one.width + 1) if one.width < TILE_WIDTH else beyond
        assert not wider.is_of(size) or wider in found or wider.first + 1 < size
    assert not Tile(None, size // TILE_WIDTH, size % TILE_WIDTH + 1).is_of(size)


def test_a_bundle_has_each_entry_behind_its_length() -> None:
    assert encoded_entries([b"", b"ab", b"c" * 60_000]) == (
        b"\x00\x00\x00\x02ab\xea\x60" + b"c" * 60_000
    )
