"""The Merkle tree of RFC 9162, section 2.1: its hashes, its right edge, and proofs about it."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce

# The root of a complete subtree: the index-th, from the left, of those with 2 ** level leaves.
Node = Callable[[int, int], bytes]
EMPTY = hashlib.sha256().digest()  # the root of a tree without leaves
LENGTH = 32  # bytes of every hash here


def leaf_hash(entry: bytes) -> bytes:
    """A leaf: SHA-256(0x00 || entry). The prefix keeps leaves and nodes apart."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """A node above two others: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf_of(entry_hash: str) -> bytes:
    """The ledger's leaf for an entry: what the tree takes in is the entry's hash (hex in, 32 bytes).

    Not the entry's bytes: so a receipt, which carries the hash, is enough to follow a proof to the root.
    """
    return leaf_hash(bytes.fromhex(entry_hash))


@dataclass
class Frontier:
    """The right edge of a growing tree: the roots of its complete subtrees, the largest first."""

    size: int = 0
    roots: list[bytes] = field(default_factory=list)

    @classmethod
    def read(cls, size: int, node: Node) -> "Frontier":
        """The edge of the tree of so many leaves, from what is stored: at most log2(size) + 1 nodes."""
        return cls(size, [node(level, index) for level, index in edge(size)])

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Take in one leaf; gives (level, index, hash) of each node that is complete now, leaf first."""
        level, index, found = 0, self.size, leaf
        complete = [(level, index, found)]
        while index & 1:
            found = node_hash(self.roots.pop(), found)
            level, index = level + 1, index >> 1
            complete.append((level, index, found))
        self.roots.append(found)
        self.size += 1
        return complete

    def root(self) -> bytes:
        """The root of the whole tree (section 2.1.1)."""
        return _joined(self.roots) if self.roots else EMPTY


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """The proof that the index-th leaf (from 0) is in the tree of that size (section 2.1.3.1).

    Reads O(log size) nodes. Raises ValueError where there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    begin, end, path = 0, size, []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(_root_between(middle, end, node))
            end = middle
        else:
            path.append(_root_between(begin, middle, node))
            begin = middle
    return path[::-1]


def consistency_path(old: int, new: int, node: Node) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with that of `old` (section 2.1.4.1).

    Empty where there is nothing to show: from the empty tree, and from a tree to itself.
    Reads O(log new) nodes. Raises ValueError where the tree would have shrunk.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} does not grow to {new}")
    if old == 0:
        return []
    begin, end, path = 0, new, []
    while end != old:
        middle = begin + _split(end - begin)
        if old <= middle:
            path.append(_root_between(middle, end, node))
            end = middle
        else:
            path.append(_root_between(begin, middle, node))
            begin = middle
    if begin:  # else the verifier knows it: it is the old root
        path.append(_root_between(begin, end, node))
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Whether the path leads from that leaf to that root (section 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes([leaf, root, *path]):
        return False
    place, last, found = index, size - 1, leaf
    for other in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(other, found)
            place, last = _up_to_a_right_child(place, last)
        else:
            found = node_hash(found, other)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(
    old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the path shows that the new tree begins with the old one (section 2.1.4.2)."""
    if not 0 <= old <= new or not _are_hashes([old_root, new_root, *path]):
        return False
    if old == new:
        return not path and old_root == new_root and (old > 0 or old_root == EMPTY)
    if old == 0 or not path:
        return old == 0 and not path and old_root == EMPTY
    first, *rest = path if old & (old - 1) else [old_root, *path]
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_found = new_found = first
    for other in rest:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_found, new_found = node_hash(other, old_found), node_hash(other, new_found)
            place, last = _up_to_a_right_child(place, last)
        else:
            new_found = node_hash(new_found, other)
        place, last = place >> 1, last >> 1
    return last == 0 and (old_found, new_found) == (old_root, new_root)


def nodes_of(proof: Callable[[Node], list[bytes]]) -> list[tuple[int, int]]:
    """The (level, index) of each node that a proof will ask for, so that they are read at once."""
    asked: list[tuple[int, int]] = []

    def note(level: int, index: int) -> bytes:
        asked.append((level, index))
        return EMPTY

    proof(note)
    return asked


def edge(end: int, begin: int = 0) -> list[tuple[int, int]]:
    """(level, index) of the complete subtrees that the leaves before `end` fall into, left to right.

    `begin` is a multiple of the largest one's number of leaves, as in every range of section 2.1.
    """
    found = []
    for level in reversed(range((end - begin).bit_length())):
        if (end - begin) >> level & 1:
            found.append((level, begin >> level))
            begin += 1 << level
    return found


def _split(leaves: int) -> int:
    """The largest power of two that is smaller: so many leaves stand on the left."""
    return 1 << (leaves - 1).bit_length() - 1


def _root_between(begin: int, end: int, node: Node) -> bytes:
    return _joined([node(level, index) for level, index in edge(end, begin)])


def _joined(roots: Sequence[bytes]) -> bytes:
    """One root above complete subtrees, the largest first."""
    return reduce(lambda right, left: node_hash(left, right), reversed(roots))


def _up_to_a_right_child(place: int, last: int) -> tuple[int, int]:
    """At the right edge a node can stand alone for some levels: up to where it has a sibling again."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _are_hashes(hashes: Sequence[bytes]) -> bool:
    return all(isinstance(each, bytes) and len(each) == LENGTH for each in hashes)
