"""Growing the tree: entries that have no leaf yet are taken in, and a new head is signed.

Only growers meet here, at a lock that they try and do not wait for; who writes an entry waits for
nobody. Whatever two growers did at once, a place of the tree is taken once (`one_tree_and_no_fork`), so
the later one's batch is undone as a whole and its entries are found again in the next round.

The application's own role can add rows to the tree, too. Only a signed head counts (consent.actions.heads):
leaves beyond it are unsealed. Where they are right they are sealed as they stand; where they are not, the
tree grows no further than up to them, and that is an alarm.
"""

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from consent import ledger
from consent.actions import heads
from consent.ledger import tree
from consent.models import LedgerEntry, TreeHead, TreeNode

logger = logging.getLogger(__name__)

LOCK = 0x7265_6D6C  # of PostgreSQL's advisory locks, the growers' own
BATCH = 1_000  # entries for one transaction and one head
BATCHES = 20  # for one call: a worker's task has a limit
WINDOW = 10_000  # leaves: an entry that is older than all of the newest ones is looked for hourly
LEVELS = 63  # more than a tree can have: a place is a bigint

Standing = dict[tuple[int, int], TreeNode]


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
    lead to the newest head, or past one that nobody of ours put there: that is logged, and
    verification says where they differ.
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


def unsealed(*, whole: bool = True, size: int | None = None) -> QuerySet[LedgerEntry]:
    """Committed entries without a leaf, by anti-join, the oldest id first; `whole` as for `grow`.

    `size`: of the newest head, where it is known.

    Never "those after the last": an id is drawn before its row is committed, and a row that is
    committed late stands below ids that are in the tree.
    """
    oldest = None if whole else _oldest_of_the_newest(size)
    leaves = TreeNode.objects.filter(entry=OuterRef("pk"))
    entries = LedgerEntry.objects.order_by("pk")
    if oldest is not None:
        # The bound stands on both sides, so that PostgreSQL reads no more of either index.
        leaves, entries = leaves.filter(entry__gte=oldest), entries.filter(pk__gte=oldest)
    return entries.filter(~Exists(leaves))


def unaccounted_since(*, until: dt.datetime) -> dt.datetime | None:
    """Since when rows stand beyond the newest head that no grower wrote with it; None: there are none.

    A grower commits nodes and head at once; `until` leaves out what was written a moment ago.
    """
    head = heads.newest()
    size = head.size if head else 0
    beyond = Q(level__gte=LEVELS)
    for level in range(LEVELS):
        beyond |= Q(level=level, index__gte=size >> level)
    nodes = TreeNode.objects.filter(beyond, recorded_at__lt=until)
    larger = TreeHead.objects.filter(size__gt=size, recorded_at__lt=until)
    found = [rows.aggregate(since=Min("recorded_at"))["since"] for rows in (nodes, larger)]
    return min(filter(None, found), default=None)


def inclusion_proof(*, entry: LedgerEntry) -> Proof | None:
    """That the entry is in the tree of the newest head, or None while it is in no signed tree."""
    leaf = TreeNode.objects.filter(entry=entry).first()
    head = heads.newest() if leaf else None
    if leaf is None or head is None or head.size <= leaf.index:
        return None
    try:
        path = _proof(lambda node: tree.inclusion_path(leaf.index, head.size, node))
    except KeyError:
        logger.error(
            "the tree of %d has no proof of leaf %d: nodes are gone", head.size, leaf.index
        )
        return None
    return Proof(leaf.index, path, head)


def consistency_proof(*, old: int, new: int) -> list[bytes]:
    """That the tree of `new` entries begins with that of `old` (RFC 9162 section 2.1.4)."""
    return _proof(lambda node: tree.consistency_path(old, new, node))


def _take_in_a_batch(*, now: dt.datetime, whole: bool) -> int:
    """One batch under the growers' lock; 0 where another grower has it, or nothing is left."""
    if not _is_ours():
        return 0
    signed = _frontier()
    if signed is None:
        return 0
    entries = list(unsealed(whole=whole, size=signed.size).only("entry_hash")[:BATCH])
    standing = _standing(signed.size)
    nodes, frontier = _grown(signed, entries, standing)
    if (most := _most(signed.size, frontier.size)) < frontier.size - signed.size:
        nodes, frontier = _grown(signed, entries, standing, most=most)
    if frontier.size == signed.size:
        return 0
    TreeNode.objects.bulk_create(nodes)
    _sign(frontier, now=now)
    return frontier.size - signed.size


def _oldest_of_the_newest(size: int | None) -> int | None:
    """The smallest id among the newest leaves, by place: one made-up id moves nothing. None: all are new."""
    if size is None:
        head = heads.newest()
        size = head.size if head else 0
    if size <= WINDOW:
        return None
    newest = TreeNode.objects.filter(level=0, index__gte=size - WINDOW, index__lt=size)
    return newest.aggregate(oldest=Min("entry"))["oldest"]


def _standing(size: int) -> Standing:
    """Nodes that stand already where a batch on top of so many leaves would put its own."""
    places = Q(pk__in=[])
    for level in range(LEVELS):
        if (end := (size + BATCH) >> level) > size >> level:
            places |= Q(level=level, index__gte=size >> level, index__lt=end)
    rows = TreeNode.objects.filter(places).select_related("entry")
    return {(row.level, row.index): row for row in rows}


def _grown(
    frontier: tree.Frontier,
    entries: Sequence[LedgerEntry],
    standing: Standing,
    *,
    most: int = BATCH,
) -> tuple[list[TreeNode], tree.Frontier]:
    """The nodes to add for at most so many leaves, and the new edge; not past a node that is wrong."""
    waiting, nodes = iter(entries), []
    for _leaf in range(most):
        leaf = standing.get((0, frontier.size))
        entry = leaf.entry if leaf else next(waiting, None)
        if entry is None:
            break
        larger = tree.Frontier(frontier.size, [*frontier.roots])
        made = larger.append(tree.leaf_of(entry.entry_hash))
        if wrong := [place for *place, found in made if _is_other(standing, place, found)]:
            logger.error("sealing stops: nobody of ours put the nodes %s there", wrong)
            break
        nodes += [
            TreeNode(level=level, index=index, hash=found, entry=None if level else entry)
            for level, index, found in made
            if (level, index) not in standing
        ]
        frontier = larger
    return nodes, frontier


def _is_other(standing: Standing, place: Sequence[int], found: bytes) -> bool:
    row = standing.get((place[0], place[1]))
    return row is not None and bytes(row.hash) != found


def _most(begin: int, end: int) -> int:
    """How many of these leaves can be sealed at once: a head that does not count may take a size."""
    heads_there = TreeHead.objects.filter(size__gt=begin, size__lte=end)
    taken = set(heads_there.values_list("size", flat=True))
    if end in taken:
        logger.error("nobody of ours put the head of %d there", end)
    return max((size for size in range(begin, end + 1) if size not in taken), default=begin) - begin


def _is_ours() -> bool:
    """Whether no other grower is at it; the lock ends with the transaction, however that ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _frontier() -> tree.Frontier | None:
    """The right edge of the newest head's tree, or None where what is stored does not lead to it."""
    head = heads.newest()
    if head is None:
        if TreeHead.objects.exists() and TreeNode.objects.exists():
            logger.error(
                "no head is signed by a key of ours: was the key changed, not handed over?"
            )
            return None
        return tree.Frontier()
    try:
        stored = _stored(tree.edge(head.size))
        frontier = tree.Frontier.read(head.size, lambda level, index: stored[level, index])
    except KeyError:
        frontier = None
    if frontier is None or frontier.root() != bytes(head.root):
        logger.error("the tree does not lead to its newest head, of %d", head.size)
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
