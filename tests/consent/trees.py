"""A tree that is grown leaf by leaf, beside which proofs are checked."""

from consent.ledger import tree


class Grown:
    """A tree grown leaf by leaf, with all complete nodes kept, as the ledger keeps them."""

    def __init__(self, entries: list[bytes]) -> None:
        self.leaves = [tree.leaf_hash(entry) for entry in entries]
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.roots = [tree.EMPTY]
        frontier = tree.Frontier()
        for leaf in self.leaves:
            for level, index, found in frontier.append(leaf):
                assert (level, index) not in self.nodes
                self.nodes[level, index] = found
            self.roots.append(frontier.root())

    def node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]
