"""The tree of the verifier against RFC 6962 as it is written there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.verifier import bundle_writer as writer

from ticketgate.verifier import verify


def leaves(count: int) -> list[bytes]:
    return [writer.leaf(b"%d" % number) for number in range(count)]


@pytest.mark.parametrize("size", [*range(40), 63, 64, 65, 255, 256, 257])
def test_the_root_of_every_prefix_is_the_one_of_the_definition(size: int) -> None:
    levels = verify.tree_levels(leaves(max(size, 1)))
    for small in range(size + 1):
        found = verify.fold_peaks(verify.peaks(levels, small))
        assert found == writer.root(leaves(small)), small


@pytest.mark.parametrize("size", range(1, 34))
def test_inclusion_proofs_lead_to_the_root_and_no_others_do(size: int) -> None:
    root = writer.root(leaves(size))
    for index in range(size):
        leaf, path = leaves(size)[index], writer.inclusion(index, leaves(size))
        assert verify.root_from_inclusion(leaf, index, size, path) == root
        for wrong in ([*path, bytes(32)], path[:-1] if path else [root]):
            with pytest.raises(verify.Refused):
                verify.root_from_inclusion(leaf, index, size, wrong)
        for other in set(range(size)) - {index}:
            assert not leads(leaf, other, size, path, root)
    with pytest.raises(verify.Refused):
        verify.root_from_inclusion(root, size, size, [])


def leads(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Whether a proof is taken for the root."""
    try:
        return verify.root_from_inclusion(leaf, index, size, path) == root
    except verify.Refused:
        return False


@pytest.mark.parametrize("large", range(2, 34))
def test_consistency_proofs_lead_to_both_roots(large: int) -> None:
    for small in range(1, large):
        path = writer.consistency(small, leaves(large))
        if small & (small - 1) == 0:
            path = [writer.root(leaves(small)), *path]
        both = (writer.root(leaves(small)), writer.root(leaves(large)))
        assert verify.roots_from_consistency(small, large, path) == both
        for wrong in ([*path, bytes(32)], path[:-1]):
            with pytest.raises(verify.Refused):
                verify.roots_from_consistency(small, large, wrong)
        for place in range(len(path)):
            bent = [bytes(32) if at == place else node for at, node in enumerate(path)]
            assert verify.roots_from_consistency(small, large, bent) != both


@pytest.mark.parametrize(("small", "large"), [(0, 3), (3, 3), (4, 3), (0, 0)])
def test_no_consistency_proof_is_between_such_sizes(small: int, large: int) -> None:
    with pytest.raises(verify.Refused):
        verify.roots_from_consistency(small, large, [bytes(32)])


@given(st.integers(1, 2**53), st.integers(0, 2**53), st.lists(st.just(bytes(32)), max_size=60))
def test_numbers_and_proofs_of_any_size_end(size: int, index: int, path: list[bytes]) -> None:
    leads(bytes(32), index, size, path, bytes(32))
    try:
        verify.roots_from_consistency(min(size, index + 1), size + index, path)
    except verify.Refused:
        return
