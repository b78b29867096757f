"""Proofs: those of RFC 6962's recursion, and what is not quite one of them is refused."""

from typing import Final

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tests.domain.naive_tree import (
    CT_ENTRIES,
    CT_ROOTS,
    LARGE,
    large_tree,
    leaf,
    mth,
    path,
    proof,
    reader,
)

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import leaf_hash
from ticketgate.domain.log.merkle import EMPTY_ROOT, node_hash, root_at
from ticketgate.domain.log.proof import (
    consistency,
    inclusion,
    root_of_inclusion,
    roots_of_consistency,
)

LEAVES, READ = large_tree()

# Of the test data of Certificate Transparency: (index, size) and the hashes that prove it.
CT_INCLUSION: Final = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CT_CONSISTENCY: Final = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


@st.composite
def leaf_and_size(draw: st.DrawFn, most: int = 3000) -> tuple[int, int]:
    """A size and an index below it."""
    size = draw(st.integers(1, most))
    return draw(st.integers(0, size - 1)), size


@st.composite
def two_sizes(draw: st.DrawFn, most: int = 3000) -> tuple[int, int]:
    """A size and one that is not smaller."""
    new = draw(st.integers(1, most))
    return draw(st.integers(1, new)), new


def changed(whole: tuple[bytes, ...], at: int) -> tuple[bytes, ...]:
    """The proof with one bit of one hash turned."""
    wrong = bytes([whole[at][0] ^ 1]) + whole[at][1:]
    return (*whole[:at], wrong, *whole[at + 1 :])


@pytest.mark.parametrize(("index", "size"), CT_INCLUSION)
def test_inclusion_is_proved_as_certificate_transparency_does(index: int, size: int) -> None:
    hashes = list(map(leaf_hash, CT_ENTRIES))
    made = inclusion(index, size, reader(hashes))
    assert [one.hex() for one in made] == CT_INCLUSION[index, size]
    assert root_of_inclusion(hashes[index], index, size, made).hex() == CT_ROOTS[size]


@pytest.mark.parametrize(("old", "new"), CT_CONSISTENCY)
def test_consistency_is_proved_as_certificate_transparency_does(old: int, new: int) -> None:
    made = consistency(old, new, reader(list(map(leaf_hash, CT_ENTRIES))))
    assert [one.hex() for one in made] == CT_CONSISTENCY[old, new]
    roots = roots_of_consistency(old, new, made, bytes.fromhex(CT_ROOTS[old]))
    assert [one.hex() for one in roots] == [CT_ROOTS[old], CT_ROOTS[new]]


@pytest.mark.parametrize("size", range(1, 71))
def test_every_proof_in_a_small_tree_is_the_one_of_the_recursion(size: int) -> None:
    root = mth(LEAVES[:size])
    for index in range(size):
        made = inclusion(index, size, READ)
        assert list(made) == path(index, LEAVES[:size])
        assert root_of_inclusion(LEAVES[index], index, size, made) == root
    for old in range(1, size + 1):
        between = consistency(old, size, READ)
        older = mth(LEAVES[:old])
        assert list(between) == proof(old, LEAVES[:size])
        assert roots_of_consistency(old, size, between, older) == (older, root)


@settings(max_examples=60)
@given(leaf_and_size())
@example((255, 256))
@example((256, 257))
@example((2999, 3000))
def test_any_inclusion_proof_is_the_one_of_the_recursion(at: tuple[int, int]) -> None:
    index, size = at
    made = inclusion(index, size, READ)
    assert list(made) == path(index, LEAVES[:size])
    assert root_of_inclusion(LEAVES[index], index, size, made) == mth(LEAVES[:size])


@settings(max_examples=60)
@given(two_sizes())
@example((256, 257))
@example((255, 256))
@example((2048, 3000))
def test_any_consistency_proof_is_the_one_of_the_recursion(sizes: tuple[int, int]) -> None:
    old, new = sizes
    made = consistency(old, new, READ)
    assert list(made) == proof(old, LEAVES[:new])
    roots = (mth(LEAVES[:old]), mth(LEAVES[:new]))
    assert roots_of_consistency(old, new, made, roots[0]) == roots


@given(leaf_and_size(LARGE), two_sizes(LARGE))
@example((65_535, 65_537), (65_536, 65_537))
@example((65_536, LARGE), (65_535, 65_536))
def test_proofs_across_tiles_of_every_level_lead_to_the_roots(
    at: tuple[int, int], sizes: tuple[int, int]
) -> None:
    index, size = at
    made = inclusion(index, size, READ)
    assert root_of_inclusion(LEAVES[index], index, size, made) == root_at(size, READ)
    old, new = sizes
    older = root_at(old, READ)
    between = consistency(old, new, READ)
    assert roots_of_consistency(old, new, between, older) == (older, root_at(new, READ))


@given(leaf_and_size(), st.data())
def test_an_inclusion_proof_with_a_wrong_hash_leads_elsewhere(
    at: tuple[int, int], data: st.DataObject
) -> None:
    index, size = at
    made = inclusion(index, size, READ)
    assume(made)
    wrong = changed(made, data.draw(st.integers(0, len(made) - 1)))
    assert root_of_inclusion(LEAVES[index], index, size, wrong) != root_at(size, READ)


@given(leaf_and_size())
def test_another_leaf_leads_elsewhere(at: tuple[int, int]) -> None:
    index, size = at
    made = inclusion(index, size, READ)
    assert root_of_inclusion(leaf(-1), index, size, made) != root_at(size, READ)


@given(two_sizes(), st.data())
def test_a_consistency_proof_with_a_wrong_hash_leads_elsewhere(
    sizes: tuple[int, int], data: st.DataObject
) -> None:
    old, new = sizes
    made = consistency(old, new, READ)
    assume(made)
    wrong = changed(made, data.draw(st.integers(0, len(made) - 1)))
    roots = (root_at(old, READ), root_at(new, READ))
    assert roots_of_consistency(old, new, wrong, roots[0]) != roots


@given(two_sizes())
def test_another_older_root_is_noticed(sizes: tuple[int, int]) -> None:
    """Where the proof leaves the older root out, the newer one comes out wrong."""
    old, new = sizes
    made = consistency(old, new, READ)
    wrong = leaf(-1)
    older, newer = roots_of_consistency(old, new, made, wrong)
    assert older != wrong or newer != root_at(new, READ)


@given(leaf_and_size(), st.data())
def test_an_inclusion_proof_of_another_length_is_refused(
    at: tuple[int, int], data: st.DataObject
) -> None:
    index, size = at
    made = inclusion(index, size, READ)
    place = data.draw(st.integers(0, len(made)))
    with pytest.raises(EvidenceError, match="too many"):
        root_of_inclusion(LEAVES[index], index, size, (*made[:place], leaf(-1), *made[place:]))
    if made:
        place = data.draw(st.integers(0, len(made) - 1))
        with pytest.raises(EvidenceError, match="too few"):
            root_of_inclusion(LEAVES[index], index, size, made[:place] + made[place + 1 :])


@given(two_sizes(), st.data())
def test_a_consistency_proof_of_another_length_is_refused(
    sizes: tuple[int, int], data: st.DataObject
) -> None:
    old, new = sizes
    made = consistency(old, new, READ)
    older = root_at(old, READ)
    place = data.draw(st.integers(0, len(made)))
    with pytest.raises(EvidenceError, match="too many"):
        roots_of_consistency(old, new, (*made[:place], leaf(-1), *made[place:]), older)
    for left_out in range(len(made)):
        with pytest.raises(EvidenceError, match="too few"):
            roots_of_consistency(old, new, made[:left_out] + made[left_out + 1 :], older)


@pytest.mark.parametrize("old", [1, 2, 3, 4, 5, 6])
def test_no_hashes_prove_nothing_between_two_sizes(old: int) -> None:
    with pytest.raises(EvidenceError, match="too few"):
        roots_of_consistency(old, 7, (), mth(LEAVES[:old]))


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_hash_that_has_not_32_bytes_is_refused(length: int) -> None:
    other = bytes(length)
    with pytest.raises(EvidenceError, match="32 bytes"):
        root_of_inclusion(LEAVES[0], 0, 2, (other,))
    with pytest.raises(EvidenceError, match="32 bytes"):
        root_of_inclusion(other, 0, 2, (LEAVES[1],))
    with pytest.raises(EvidenceError, match="32 bytes"):
        roots_of_consistency(1, 2, (other,), LEAVES[0])
    with pytest.raises(EvidenceError, match="32 bytes"):
        roots_of_consistency(1, 2, (LEAVES[1],), other)


def test_an_interior_node_is_no_leaf_of_the_tree() -> None:
    """Its shorter proof is one for a tree of half the size, and that size is not the signed one."""
    root, node = mth(LEAVES[:8]), node_hash(LEAVES[0], LEAVES[1])
    shorter = inclusion(0, 8, READ)[1:]
    assert root_of_inclusion(node, 0, 4, shorter) == root
    with pytest.raises(EvidenceError, match="too few"):
        root_of_inclusion(node, 0, 8, shorter)
    entry = leaf_hash(LEAVES[0] + LEAVES[1])
    assert root_of_inclusion(entry, 0, 4, shorter) != root


@given(leaf_and_size())
def test_a_proof_holds_at_no_other_place(at: tuple[int, int]) -> None:
    index, size = at
    made = inclusion(index, size, READ)
    for other in {0, size - 1, index ^ 1, index // 2} - {index}:
        try:
            found = root_of_inclusion(LEAVES[index], other, size, made)
        except EvidenceError:
            continue
        assert found != root_at(size, READ)


@pytest.mark.parametrize(("index", "size"), [(-1, 1), (0, 0), (1, 1), (5, 5), (6, 5)])
def test_a_leaf_that_is_not_in_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(EvidenceError, match="has no leaf"):
        inclusion(index, size, READ)
    with pytest.raises(EvidenceError, match="has no leaf"):
        root_of_inclusion(LEAVES[0], index, size, ())


@pytest.mark.parametrize(("old", "new"), [(-1, 1), (2, 1), (1, 0), (1, -1)])
def test_a_tree_does_not_go_on_from_a_larger_one(old: int, new: int) -> None:
    with pytest.raises(EvidenceError, match="does not go on"):
        consistency(old, new, READ)
    with pytest.raises(EvidenceError, match="no consistency"):
        roots_of_consistency(old, new, (), LEAVES[0])


@pytest.mark.parametrize("new", [0, 1, 2, 7])
def test_every_tree_goes_on_from_the_empty_one_and_nothing_proves_it(new: int) -> None:
    assert consistency(0, new, READ) == ()
    with pytest.raises(EvidenceError, match="no consistency"):
        roots_of_consistency(0, new, (), EMPTY_ROOT)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6])
def test_a_tree_goes_on_from_itself_with_no_hashes(size: int) -> None:
    root = mth(LEAVES[:size])
    assert consistency(size, size, READ) == ()
    assert roots_of_consistency(size, size, (), root) == (root, root)


def test_two_histories_do_not_go_on_from_each_other() -> None:
    ours, theirs = LEAVES[:10], [*LEAVES[:4], leaf(-1), *LEAVES[5:10]]
    made = consistency(6, 10, reader(theirs))
    older, newer = roots_of_consistency(6, 10, made, mth(ours[:6]))
    assert newer == mth(theirs)
    assert older == mth(theirs[:6]) != mth(ours[:6])
