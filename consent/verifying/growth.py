"""The tree from its leaves up, in one pass: every node, every head, and nothing between them."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

from consent import ledger
from consent.ledger import tree
from consent.ledger.keys import key_id_of
from consent.verifying.findings import Findings, parsed
from consent.verifying.keys import Keys
from consent.verifying.snapshot import Row, Snapshot

# The stored nodes in the order in which a growing tree completes them: each after those below it. Only
# those that the tree of that size has: further out, the end of a node is more than a bigint can hold.
NODES = """
    SELECT node.level, node.index, node.hash, node.entry_id, entry.entry_hash, entry.kind, entry.key_id
    FROM consent_treenode node LEFT JOIN consent_ledgerentry entry ON entry.id = node.entry_id
    WHERE node.level < 63 AND node.index >= %s::bigint >> node.level AND node.index < %s::bigint >> node.level
    ORDER BY (CASE WHEN node.level < 63 AND node.index < %s::bigint >> node.level
        THEN (node.index + 1) << node.level END), node.level
"""
OUTSIDE = """
    SELECT level, index FROM consent_treenode
    WHERE level >= 63 OR index >= %s::bigint >> level ORDER BY level, index
"""
HEADS = "SELECT * FROM consent_treehead WHERE size >= %s ORDER BY size"
# Where each change of the key stands in the tree.
ROTATIONS = """
    SELECT entry.content, leaf.index FROM consent_treenode leaf
    JOIN consent_ledgerentry entry ON entry.id = leaf.entry_id
    WHERE leaf.level = 0 AND entry.kind = 'rotation' ORDER BY leaf.index DESC
"""
Tick = Callable[[int], None]


@dataclass
class Growth:
    """The tree as it grows again: its right edge, the next head to meet, and what was found wrong."""

    snapshot: Snapshot
    keys: Keys
    findings: Findings
    frontier: tree.Frontier = field(default_factory=tree.Frontier)
    is_whole: bool = True
    last_head: Row | None = None
    signed_size: int = 0  # of the largest head that a key of ours signed and that the leaves reach
    handed_over: dict[str, int] = field(default_factory=dict)  # key -> the leaf that says so
    looked_at: Counter[str] = field(default_factory=Counter)

    def run(self, tick: Tick) -> None:
        """From the frontier's size to the end. After a gap the roots cannot be known: that is said once."""
        begin, end = self.frontier.size, self.end()
        self.handed_over = handed_over(self.snapshot)
        heads = self.snapshot.stream(HEADS, begin)
        head = self._meet(next(heads, None), heads)
        nodes = self.snapshot.stream(NODES, begin, end, end)
        node = next(nodes, None)
        while node is not None and self.frontier.size < end:
            node = self._take(node, nodes)
            head = self._meet(head, heads)
            self.looked_at["leaves"] += 1
            tick(1)
        outside = self.snapshot.stream(OUTSIDE, end)
        for extra in itertools.chain([node] if node else [], nodes, outside):
            self._note_extra(extra)
        for larger in itertools.chain([head] if head else [], heads):
            self._check_head(larger)
            self.findings.tampered(
                f"head of {larger.size}", "the tree has fewer entries than its head"
            )

    def leaves_to_come(self) -> int:
        return max(0, self.end() - self.frontier.size)

    def end(self) -> int:
        """How many leaves there can be: a place or a head that somebody made up is not walked to."""
        row = self.snapshot.one("SELECT count(*) AS size FROM consent_treenode WHERE level = 0")
        heads = self.snapshot.stream(
            "SELECT size, content, key_id, signature FROM consent_treehead ORDER BY size DESC"
        )
        with closing(heads):
            signed = next((head.size for head in heads if self._is_signed(head)), 0)
        return max(int(row.size), signed)

    def _take(self, node: Row, nodes: Iterator[Row]) -> Row | None:
        """One leaf and the nodes that it completes; gives the next stored node."""
        place = self.frontier.size
        leaf = tree.EMPTY
        found: Row | None = node
        if (node.level, node.index) == (0, place):
            leaf = self._leaf(node)
        else:
            self._note_gap(f"leaf {place}", "there is no leaf at this place of the tree")
        for level, index, wanted in self.frontier.append(leaf):
            while found is not None and _order(found) < (index + 1 << level, level):
                self._note_extra(found)
                found = next(nodes, None)
            if found is None or (found.level, found.index) != (level, index):
                if level:
                    self._note_gap(f"node {level}/{index}", "the node is missing")
                continue
            if found.hash != wanted and (level == 0 or self.is_whole):
                self._note_gap(
                    f"node {level}/{index}", "the node is not the hash of what stands below it"
                )
            found = next(nodes, None)
        while found is not None and _order(found) <= (self.frontier.size, 99):
            self._note_extra(found)
            found = next(nodes, None)
        return found

    def _leaf(self, node: Row) -> bytes:
        """What the leaf of its entry must be."""
        if node.entry_hash is None:
            self._note_gap(f"leaf {node.index}", "the entry of this leaf is gone")
            return bytes(node.hash)
        if self._is_after_the_handover(node):
            self.findings.tampered(
                f"{node.kind} {node.entry_hash[:12]}, leaf {node.index}",
                "it came into the tree long after the key that signed it had handed over",
            )
        try:
            return tree.leaf_of(node.entry_hash)
        except ValueError:
            self._note_gap(f"leaf {node.index}", "the hash of its entry is no hash")
            return tree.EMPTY

    def _is_after_the_handover(self, node: Row) -> bool:
        """Whether the head before it was signed long after its key handed over, and covered that.

        A tree that could not grow meanwhile still takes in what the older key signed before.
        """
        before, leaf = self.last_head, self.handed_over.get(node.key_id)
        if before is None or leaf is None or leaf >= before.size:
            return False
        return self.keys.was_silent(node.key_id, before.signed_at)

    def _is_signed(self, head: Row) -> bool:
        return self.keys.signed_head(head.key_id, head.signature, head.content)

    def _meet(self, head: Row | None, heads: Iterator[Row]) -> Row | None:
        """The heads of the present size; gives the next one."""
        while head is not None and head.size <= self.frontier.size:
            self._check_head(head)
            if self.is_whole and bytes(head.root) != self.frontier.root():
                self._note_gap(
                    f"head of {head.size}", "its root is not that of the entries before it"
                )
            self.last_head = head
            if self._is_signed(head):
                self.signed_size = head.size
            head = next(heads, None)
        return head

    def _check_head(self, head: Row) -> None:
        """Its signature, and that its columns are what the signed bytes say."""
        self.looked_at["heads"] += 1
        about = f"head of {head.size}, consent_treehead"
        if not self._is_signed(head):
            self.findings.tampered(f"{about}.signature", "no key of the clinic's signed it")
        elif self.keys.was_silent(head.key_id, head.signed_at):
            self.findings.tampered(
                f"{about}.key_id", "the key that signed it had handed over before"
            )
        says = parsed(head.content) or {}
        columns = {
            "entry": "head",
            "size": head.size,
            "root": head.root.hex(),
            "key": head.key_id,
            "at": ledger.utc(head.signed_at),
        }
        for name, value in columns.items():
            if says.get(name) != value:
                self.findings.tampered(
                    f"{about} ({name})", "the column is not what the signed bytes say"
                )

    def _note_gap(self, about: str, says: str) -> None:
        self.findings.tampered(f"{about}, consent_treenode", says)
        self.is_whole = False

    def _note_extra(self, node: Row) -> None:
        self.findings.tampered(
            f"node {node.level}/{node.index}, consent_treenode",
            "there is no such place in the tree",
        )


def _order(node: Row) -> tuple[int, int]:
    return (node.index + 1) << node.level, node.level


def handed_over(snapshot: Snapshot) -> dict[str, int]:
    """The place in the tree where each older key handed over, by its fingerprint; the first there is."""
    found: dict[str, int] = {}
    for row in snapshot.all(ROTATIONS):
        says = parsed(row.content) or {}
        try:
            found[key_id_of(bytes.fromhex(says["from"]))] = row.index
        except (KeyError, TypeError, ValueError):
            continue  # said where the entry is looked at
    return found


def frontier_at(size: int, snapshot: Snapshot) -> tree.Frontier | None:
    """The right edge of the tree of that size, from the stored nodes, or None where one is missing."""
    places = tree.edge(size)
    rows = snapshot.all(
        "SELECT level, index, hash FROM consent_treenode WHERE (level, index) IN"
        " (SELECT * FROM unnest(%s::int[], %s::bigint[]))",
        [level for level, _index in places],
        [index for _level, index in places],
    )
    stored = {(row.level, row.index): row.hash for row in rows}
    if len(stored) != len(places):
        return None
    return tree.Frontier.read(size, lambda level, index: stored[level, index])


def root_at(size: int, snapshot: Snapshot) -> bytes | None:
    """The root of the tree of that size, from the stored nodes."""
    frontier = frontier_at(size, snapshot)
    return frontier.root() if frontier else None
