"""Entries for tests of the ledger, written by the one action that writes them, and what they grew to."""

import datetime as dt
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from consent import ledger
from consent.actions.entering import enter
from consent.ledger import tree
from consent.models import EntryKind, LedgerEntry, TreeHead, TreeNode
from tests import make

_numbers = itertools.count(1)


def entered(*, now: dt.datetime = make.NOW) -> LedgerEntry:
    """An entry of no patient's, unlike any other."""
    body = {"treatment": "mesotherapy", "list_version": next(_numbers)}
    return enter(kind=EntryKind.PUBLICATION, body=body, now=now)


def several(count: int) -> list[LedgerEntry]:
    return [entered() for _number in range(count)]


@contextmanager
def held_back(found: list[LedgerEntry]) -> Iterator[None]:
    """One entry, put into `found`, whose transaction is committed only after the block."""
    written, over = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                found.append(entered())
                written.set()
                over.wait(600)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    assert written.wait(60)
    try:
        yield
    finally:
        over.set()
        writer.join()


def head() -> TreeHead:
    return TreeHead.objects.latest("size")


def leaves() -> list[str]:
    """The hashes of the entries in the tree, in the tree's order; each leaf must be its entry's."""
    rows = TreeNode.objects.filter(level=0).select_related("entry").order_by("index")
    for place, row in enumerate(rows):
        assert row.index == place
        assert bytes(row.hash) == tree.leaf_of(row.entry.entry_hash)
    return [row.entry.entry_hash for row in rows]


def is_whole() -> bool:
    """Whether every entry is in the tree exactly once, and the newest head is that of exactly this tree."""
    taken = leaves()
    frontier = tree.Frontier()
    nodes = [node for entry in taken for node in frontier.append(tree.leaf_of(entry))]
    stored = TreeNode.objects.values_list("level", "index", "hash")
    assert sorted(nodes) == sorted((level, index, bytes(found)) for level, index, found in stored)
    assert sorted(taken) == sorted(LedgerEntry.objects.values_list("entry_hash", flat=True))
    newest = head()
    assert (newest.size, bytes(newest.root)) == (len(taken), frontier.root())
    assert newest.content == ledger.canonical(
        {
            "v": 1,
            "entry": "head",
            "at": ledger.utc(newest.signed_at),
            "key": newest.key_id,
            "size": newest.size,
            "root": bytes(newest.root).hex(),
        }
    )
    public = ledger.keys.public_bytes(ledger.keys.signing_key())
    return ledger.is_signed_by(public, bytes(newest.signature), bytes(newest.content))
