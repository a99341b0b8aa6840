"""The heads that count: signed by a key of the clinic's, with columns that are what their bytes say."""

import json
from collections.abc import Callable, Iterator, Mapping

from django.db.models import QuerySet

from consent import ledger
from consent.keyring import trusted_keys
from consent.ledger.keys import Trusted
from consent.models import TreeHead

AT_ONCE = (
    50  # rows read at once; whoever may write to the database can put some there that do not count
)


def newest() -> TreeHead | None:
    """The newest head that counts, or None. Its leaves may be gone: who grows or proves looks."""
    rows = TreeHead.objects.order_by("-size")
    return next(_counting(lambda last: rows.filter(size__lt=last), 2**63), None)


def larger_than(size: int) -> Iterator[TreeHead]:
    """The heads that count of more entries than that, the smallest first."""
    rows = TreeHead.objects.order_by("size")
    return _counting(lambda last: rows.filter(size__gt=last), size)


def counts(head: TreeHead, trusted: Mapping[str, Trusted]) -> bool:
    """Whether a key of ours signed it, and it says of itself what was signed."""
    key = trusted.get(head.key_id)
    content = bytes(head.content)
    if key is None or not ledger.is_signed_by(key.public, bytes(head.signature), content):
        return False
    says = json.loads(content)
    said = [says.get(name) for name in ("entry", "size", "root", "key")]
    return said == ["head", head.size, bytes(head.root).hex(), head.key_id]


def _counting(after: Callable[[int], QuerySet[TreeHead]], last: int) -> Iterator[TreeHead]:
    trusted = trusted_keys()
    while rows := list(after(last)[:AT_ONCE]):
        yield from (head for head in rows if counts(head, trusted))
        last = rows[-1].size
