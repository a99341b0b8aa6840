"""Changing the key: an entry by which the old key hands over to the new one, signed by both."""

import datetime as dt

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from clinic.errors import Refused
from consent.actions.entering import enter
from consent.ledger import keys
from consent.models import EntryKind, LedgerEntry


class NotRotated(Refused):
    """The key cannot be handed over like this; the message says why. Only a command meets it."""


def rotate(*, previous: Ed25519PrivateKey, now: dt.datetime) -> LedgerEntry:
    """The entry that the key which signs now follows `previous`, at `now` (UTC).

    Raises NotRotated where they are the same key, where either has been handed over before, or where
    the previous one has signed nothing here (then it is another clinic's, or mistyped).
    """
    old, new = keys.public_bytes(previous), keys.public_bytes(keys.signing_key())
    if old == new:
        raise NotRotated("The old key and the new key are the same.")
    with transaction.atomic():
        if any(_hands_over(each, old, new) for each in rotations()):
            raise NotRotated("This change of the key has been written already.")
        if not LedgerEntry.objects.filter(key_id=keys.key_id_of(old)).exists():
            raise NotRotated("The old key has signed nothing here.")
        return enter(
            kind=EntryKind.ROTATION,
            body={"from": old.hex(), "to": new.hex()},
            cosigned_by=previous,
            now=now,
        )


def rotations() -> list[keys.Rotation]:
    """Every change of the key that stands in the ledger, the oldest first."""
    rows = LedgerEntry.objects.filter(kind=EntryKind.ROTATION).order_by("pk")
    return [
        keys.Rotation(bytes(row.content), bytes(row.signature), bytes(row.cosignature or b""))
        for row in rows
    ]


def _hands_over(rotation: keys.Rotation, old: bytes, new: bytes) -> bool:
    """Whether the old key has a successor by it, or the new one had a part in it: no key comes back."""
    names = {f'"{word}":"{key.hex()}"' for word, key in (("from", old), ("from", new), ("to", new))}
    return any(name.encode() in rotation.content for name in names)
