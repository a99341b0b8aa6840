"""The tree of RFC 9162 agrees with another implementation (pymerkle), and refuses every proof that is wrong."""

import hashlib
import itertools

import pymerkle
import pytest
from pymerkle.core import _inclusion_path_layout

from consent.ledger import tree
from tests.consent.trees import Grown

SIZES = range(65)
ENTRIES = [b"entry %d" % number for number in range(SIZES[-1])]


@pytest.fixture(scope="module")
def ours() -> Grown:
    return Grown(ENTRIES)


@pytest.fixture(scope="module")
def theirs() -> pymerkle.InmemoryTree:
    """pymerkle's tree over the same entries; it counts leaves from 1."""
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in ENTRIES:
        other.append_entry(entry)
    return other


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8 % len(content)] ^= 1 << bit % 8
    return bytes(changed)


# --- Beside pymerkle ---------------------------------------------------------------------------


def test_every_root_is_pymerkles(ours, theirs):
    for size in SIZES:
        assert ours.roots[size] == theirs.get_root(size)
        assert tree.root(ours.leaves[:size]) == ours.roots[size]
        assert tree.Frontier.read(size, ours.node).root() == ours.roots[size]


def test_every_inclusion_proof_is_pymerkles_and_each_believes_the_others(ours, theirs):
    for size in SIZES:
        for index in range(size):
            path = tree.inclusion_path(index, size, ours.node)
            their = theirs.prove_inclusion(index + 1, size)
            leaf, root = ours.leaves[index], ours.roots[size]
            assert [leaf, *path] == their.path  # theirs begins with the leaf
            assert tree.verify_inclusion(leaf, index, size, their.path[1:], root)
            rule, _ranges = _inclusion_path_layout(index + 1, size)
            mine = pymerkle.InclusionProof("sha256", True, size, index + 1, rule, [leaf, *path])
            mine.verify(leaf, root, index=index + 1, size=size)


def subproof(theirs: pymerkle.InmemoryTree, old: int, begin: int, end: int) -> list[bytes]:
    """SUBPROOF as section 2.1.4.1 writes it down, over pymerkle's roots of ranges."""
    if old == end:
        return [] if begin == 0 else [theirs._get_root(begin, end)]
    middle = begin + max(2**n for n in range(8) if 2**n < end - begin)
    if old <= middle:
        return [*subproof(theirs, old, begin, middle), theirs._get_root(middle, end)]
    return [*subproof(theirs, old, middle, end), theirs._get_root(begin, middle)]


def test_every_consistency_proof_is_made_of_pymerkles_nodes_and_believed_on_both_sides(
    ours, theirs
):
    """pymerkle 7 writes these paths in a form of its own, so letters cannot be compared.

    What can be: each path with the RFC's own words over pymerkle's nodes; and that pymerkle's own
    proofs lead to the very same roots.
    """
    for new in SIZES:
        for old in range(1, new + 1):
            roots = ours.roots[old], ours.roots[new]
            path = tree.consistency_path(old, new, ours.node)
            assert path == subproof(theirs, old, 0, new)
            assert tree.verify_consistency(old, roots[0], new, roots[1], path)
            theirs.prove_consistency(old, new).verify(*roots, prior_size=old, later_size=new)


def test_from_the_empty_tree_every_tree_has_grown(ours):
    for size in SIZES:
        assert tree.consistency_path(0, size, ours.node) == []
        assert tree.verify_consistency(0, tree.EMPTY, size, ours.roots[size], [])
    assert not tree.verify_consistency(0, ours.roots[1], 4, ours.roots[4], [])
    assert not tree.verify_consistency(0, tree.EMPTY, 4, ours.roots[4], [ours.roots[4]])
    assert not tree.verify_consistency(0, tree.EMPTY, 0, ours.roots[4], [])


# --- What is wrong is refused ------------------------------------------------------------------


def wrong_paths(path: list[bytes], other: bytes) -> list[list[bytes]]:
    """The path with a bit of one hash turned, cut, lengthened, out of order, and with odd lengths."""
    wrong = [
        [*path[:at], flipped(path[at], 37 * at + len(path)), *path[at + 1 :]]
        for at in range(len(path))
    ]
    wrong += [[*path, other], [other, *path], [*path, b""], [b"", *path]]
    if path:
        wrong += [path[:-1], path[1:], [*path[:-1], path[-1] + b"\x00"], [path[0][:-1], *path[1:]]]
    if len(set(path)) > 1:
        wrong.append(path[::-1])
    return wrong


def test_every_wrong_inclusion_proof_is_refused(ours):
    checked = 0
    for size in SIZES:
        for index in range(size):
            leaf, root = ours.leaves[index], ours.roots[size]
            path = tree.inclusion_path(index, size, ours.node)
            wrong = [(leaf, index, size, each, root) for each in wrong_paths(path, root)]
            wrong += [
                (flipped(leaf, index), index, size, path, root),
                (leaf, index, size, path, flipped(root, index)),
                (leaf, index, 2 * size, path, root),
                (leaf, index, size // 2, path, root),
            ]
            wrong += [(leaf, each, size, path, root) for each in range(-1, size + 1)]
            wrong += [(leaf, index, each, path, ours.roots[each]) for each in SIZES]
            for proof in wrong:
                if proof != (leaf, index, size, path, root):
                    checked += 1
                    assert not tree.verify_inclusion(*proof), (index, size, proof[1:3])
    assert checked > 200_000


def test_every_wrong_consistency_proof_is_refused(ours):
    checked = 0
    for new in SIZES:
        for old in range(1, new + 1):
            roots = ours.roots[old], ours.roots[new]
            path = tree.consistency_path(old, new, ours.node)
            wrong = [(old, roots[0], new, roots[1], each) for each in wrong_paths(path, roots[1])]
            wrong += [
                (old, flipped(roots[0], old), new, roots[1], path),
                (old, roots[0], new, flipped(roots[1], new), path),
                (new, roots[1], old, roots[0], path),
                (old, roots[1], new, roots[0], path),
            ]
            wrong += [(each, ours.roots[each], new, roots[1], path) for each in SIZES]
            wrong += [(old, roots[0], each, ours.roots[each], path) for each in SIZES]
            for proof in wrong:
                if proof != (old, roots[0], new, roots[1], path) and proof[4:] != ([],):
                    checked += 1
                    assert not tree.verify_consistency(*proof), (old, new, proof[::2])
    assert checked > 200_000


def test_without_a_path_only_a_tree_and_itself_are_consistent(ours):
    for old, new in itertools.product(range(1, 65), SIZES):
        assert tree.verify_consistency(old, ours.roots[old], new, ours.roots[new], []) == (
            old == new
        )
        assert not tree.verify_consistency(old, ours.roots[old], old, ours.roots[new], []) or (
            old == new
        )


def test_a_size_alone_does_not_bind_a_path(ours):
    """Three and four leaves give the first one's path the same shape: that is why heads bind size and root."""
    path = tree.inclusion_path(0, 3, ours.node)
    assert tree.verify_inclusion(ours.leaves[0], 0, 4, path, ours.roots[3])
    assert not tree.verify_inclusion(ours.leaves[0], 0, 4, path, ours.roots[4])


def test_what_is_not_there_has_no_proof(ours):
    for index, size in ((-1, 4), (4, 4), (0, 0)):
        with pytest.raises(ValueError):
            tree.inclusion_path(index, size, ours.node)
    for old, new in ((-1, 4), (5, 4)):
        with pytest.raises(ValueError):
            tree.consistency_path(old, new, ours.node)


# --- How much is read --------------------------------------------------------------------------


def test_a_proof_reads_few_nodes_of_a_large_tree():
    size = 1_000_003
    for index in (0, 1, 524_287, 524_288, 777_777, size - 1):
        asked = tree.nodes_of(lambda node, index=index: tree.inclusion_path(index, size, node))
        assert len(asked) <= 2 * size.bit_length()
        assert len(set(asked)) == len(asked)
    for old in (1, 2, 3, 524_288, 777_777, size - 1):
        asked = tree.nodes_of(lambda node, old=old: tree.consistency_path(old, size, node))
        assert len(asked) <= 2 * size.bit_length()


def test_the_nodes_asked_for_are_complete_subtrees(ours):
    for size, index in itertools.product((1, 7, 33, 64), (0, 6, 32, 63)):
        if index < size:
            asked = tree.nodes_of(lambda node, i=index, s=size: tree.inclusion_path(i, s, node))
            assert all((at + 1) << level <= size for level, at in asked)


def test_a_leaf_is_of_an_entrys_hash():
    content = b'{"entry":"record"}'
    entry_hash = hashlib.sha256(content)
    leaf = hashlib.sha256(b"\x00" + entry_hash.digest()).digest()
    assert tree.leaf_of(entry_hash.hexdigest()) == leaf
