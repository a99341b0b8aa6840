"""Growing the tree: entries that have no leaf yet are taken in, and a new head is signed.

Only growers meet here, at a lock that they try and do not wait for; who writes an entry waits for
nobody. Whatever two growers did at once, a place of the tree is taken once (`one_tree_and_no_fork`), so
the later one's batch is undone as a whole and its entries are found again in the next round.
"""

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from consent import ledger
from consent.ledger import tree
from consent.models import LedgerEntry, TreeHead, TreeNode

logger = logging.getLogger(__name__)

LOCK = 0x7265_6D6C  # of PostgreSQL's advisory locks, the growers' own
BATCH = 1_000  # entries for one transaction and one head
BATCHES = 20  # for one call: a worker's task has a limit
WINDOW = 10_000  # entries before the newest leaf where a late one is looked for in every round


@dataclass(frozen=True)
class Proof:
    """That one entry is in the tree of one signed head (RFC 9162 section 2.1.3)."""

    index: int
    path: list[bytes]
    head: TreeHead

    def as_json(self) -> dict[str, object]:
        """What a stranger needs beside the entry's hash and the clinic's public key."""
        return {
            "index": self.index,
            "size": self.head.size,
            "path": [each.hex() for each in self.path],
            "head": bytes(self.head.content).decode(),
            "signature": ledger.signature_letters(bytes(self.head.signature)),
            "key": self.head.key_id,
        }


def grow(*, now: dt.datetime, whole: bool = False) -> int:
    """Take in the committed entries that have no leaf, in the order of their ids; gives how many.

    Each batch is one transaction: its leaves, the nodes they complete, and the head signed at `now`
    (UTC). A round looks at the newest entries; `whole` looks at all, for one that a transaction held
    back while more than WINDOW others were written. Nothing is taken in on top of nodes that do not
    lead to the newest head: that is logged, and verification says where they differ.
    """
    total = 0
    for _batch in range(BATCHES):
        try:
            with transaction.atomic():
                taken = _take_in_a_batch(now=now, whole=whole)
        except IntegrityError:
            logger.warning("another grower was first; this batch is left to the next round")
            break
        total += taken
        if taken < BATCH:
            break
    return total


def unsealed(*, whole: bool = True) -> QuerySet[LedgerEntry]:
    """Committed entries without a leaf, by anti-join, the oldest id first; `whole` as for `grow`.

    Never "those after the last": an id is drawn before its row is committed, and a row that is
    committed late stands below ids that are in the tree.
    """
    newest = 0 if whole else TreeNode.objects.aggregate(newest=Max("entry"))["newest"] or 0
    # The bound stands on both sides, so that PostgreSQL reads no more of either index.
    leaves = TreeNode.objects.filter(entry=OuterRef("pk"), entry__gt=newest - WINDOW)
    entries = LedgerEntry.objects.filter(~Exists(leaves), pk__gt=newest - WINDOW)
    return entries.order_by("pk")


def inclusion_proof(*, entry: LedgerEntry) -> Proof | None:
    """That the entry is in the tree of the newest head, or None while it is in no tree."""
    leaf = TreeNode.objects.filter(entry=entry).first()
    head = TreeHead.objects.order_by("-size").first()
    if leaf is None or head is None or head.size <= leaf.index:
        return None
    return Proof(
        leaf.index, _proof(lambda node: tree.inclusion_path(leaf.index, head.size, node)), head
    )


def consistency_proof(*, old: int, new: int) -> list[bytes]:
    """That the tree of `new` entries begins with that of `old` (RFC 9162 section 2.1.4)."""
    return _proof(lambda node: tree.consistency_path(old, new, node))


def _take_in_a_batch(*, now: dt.datetime, whole: bool) -> int:
    """One batch under the growers' lock; 0 where another grower has it, or nothing is left."""
    if not _is_ours():
        return 0
    entries = list(unsealed(whole=whole).only("entry_hash")[:BATCH])
    if not entries:
        return 0
    frontier = _frontier()
    if frontier is None:
        return 0
    nodes = [
        TreeNode(level=level, index=index, hash=found, entry=None if level else entry)
        for entry in entries
        for level, index, found in frontier.append(tree.leaf_of(entry.entry_hash))
    ]
    TreeNode.objects.bulk_create(nodes)
    _sign(frontier, now=now)
    return len(entries)


def _is_ours() -> bool:
    """Whether no other grower is at it; the lock ends with the transaction, however that ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _frontier() -> tree.Frontier | None:
    """The right edge of what is stored, or None where it does not lead to the newest signed head."""
    newest = TreeNode.objects.filter(level=0).aggregate(newest=Max("index"))["newest"]
    size = 0 if newest is None else newest + 1
    head = TreeHead.objects.order_by("-size").first()
    try:
        stored = _stored(tree.edge(size))
        frontier = tree.Frontier.read(size, lambda level, index: stored[level, index])
    except KeyError:
        frontier = None
    signed = (head.size, bytes(head.root)) if head else (0, tree.EMPTY)
    if frontier is None or (frontier.size, frontier.root()) != signed:
        logger.error("the tree of %d does not lead to its newest head, of %d", size, signed[0])
        return None
    return frontier


def _sign(frontier: tree.Frontier, *, now: dt.datetime) -> TreeHead:
    """A new head: its size, root and time, and the fingerprint of the key that signs it."""
    root = frontier.root()
    content = ledger.canonical(
        {
            "v": 1,
            "entry": "head",
            "at": ledger.utc(now),
            "key": ledger.signing_key_id(),
            "size": frontier.size,
            "root": root.hex(),
        }
    )
    signed = ledger.sign(content)
    return TreeHead.objects.create(
        size=frontier.size,
        root=root,
        content=content,
        key_id=signed.key_id,
        signature=signed.signature,
        signed_at=now,
    )


def _proof(proof: Callable[[tree.Node], list[bytes]]) -> list[bytes]:
    """A proof from the stored nodes, read in one query."""
    stored = _stored(tree.nodes_of(proof))
    return proof(lambda level, index: stored[level, index])


def _stored(places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """The stored nodes at these (level, index)."""
    wanted = Q(pk__in=[])
    for level, index in places:
        wanted |= Q(level=level, index=index)
    return {
        (level, index): bytes(found)
        for level, index, found in TreeNode.objects.filter(wanted).values_list(
            "level", "index", "hash"
        )
    }
