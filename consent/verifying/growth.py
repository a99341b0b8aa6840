"""The tree from its leaves up, in one pass: every node, every head, and nothing between them."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from consent import ledger
from consent.ledger import tree
from consent.verifying.findings import Findings, parsed
from consent.verifying.keys import Keys
from consent.verifying.snapshot import Row, Snapshot

# The stored nodes in the order in which a growing tree completes them: each after those below it.
NODES = """
    SELECT node.level, node.index, node.hash, node.entry_id, entry.entry_hash, entry.kind, entry.key_id
    FROM consent_treenode node LEFT JOIN consent_ledgerentry entry ON entry.id = node.entry_id
    WHERE (node.index + 1) << node.level > %s ORDER BY (node.index + 1) << node.level, node.level
"""
HEADS = "SELECT * FROM consent_treehead WHERE size >= %s ORDER BY size"
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
    looked_at: Counter[str] = field(default_factory=Counter)

    def run(self, tick: Tick) -> None:
        """From the frontier's size to the end. After a gap the roots cannot be known: that is said once."""
        begin = self.frontier.size
        heads = self.snapshot.stream(HEADS, begin)
        head = self._meet(next(heads, None), heads)
        nodes = self.snapshot.stream(NODES, begin)
        node = next(nodes, None)
        end = self.end()
        while node is not None and self.frontier.size < end:
            node = self._take(node, nodes)
            head = self._meet(head, heads)
            self.looked_at["leaves"] += 1
            tick(1)
        for extra in itertools.chain([node] if node else [], nodes):
            self._note_extra(extra)
        for larger in itertools.chain([head] if head else [], heads):
            self._check_head(larger)
            self.findings.tampered(
                f"head of {larger.size}", "the tree has fewer entries than its head"
            )

    def leaves_to_come(self) -> int:
        return max(0, self.end() - self.frontier.size)

    def end(self) -> int:
        """How many leaves there can be: a made-up place far away is not walked to."""
        row = self.snapshot.one(
            "SELECT greatest((SELECT max(size) FROM consent_treehead),"
            " (SELECT count(*) FROM consent_treenode WHERE level = 0)) AS size"
        )
        return int(row.size)

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
        before = self.last_head
        if before is not None and self.keys.was_silent(node.key_id, before.signed_at):
            self.findings.tampered(
                f"{node.kind} {node.entry_hash[:12]}, leaf {node.index}",
                "it came into the tree long after the key that signed it had handed over",
            )
        try:
            return tree.leaf_of(node.entry_hash)
        except ValueError:
            self._note_gap(f"leaf {node.index}", "the hash of its entry is no hash")
            return tree.EMPTY

    def _meet(self, head: Row | None, heads: Iterator[Row]) -> Row | None:
        """The heads of the present size; gives the next one."""
        while head is not None and head.size <= self.frontier.size:
            self._check_head(head)
            if self.is_whole and bytes(head.root) != self.frontier.root():
                self._note_gap(
                    f"head of {head.size}", "its root is not that of the entries before it"
                )
            self.last_head = head
            head = next(heads, None)
        return head

    def _check_head(self, head: Row) -> None:
        """Its signature, and that its columns are what the signed bytes say."""
        self.looked_at["heads"] += 1
        about = f"head of {head.size}, consent_treehead"
        if not self.keys.signed_head(head.key_id, head.signature, head.content):
            self.findings.tampered(f"{about}.signature", "no key of the clinic's signed it")
        elif self.keys.was_silent(head.key_id, head.signed_at):
            self.findings.tampered(
                f"{about}.key_id", "the key that signed it had handed over before"
            )
        says = parsed(head.content) or {}
        columns = {
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
