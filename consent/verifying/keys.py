"""Whose signatures count: the key that signs now, and those that handed over to it."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings

from consent import ledger
from consent.ledger.keys import (
    Rotation,
    Trusted,
    key_from,
    key_id_of,
    public_bytes,
    signing_key,
    trusted,
)
from consent.verifying.snapshot import Snapshot

# A transaction that was under way while the key changed may still end; then the old key is silent.
SILENT_AFTER = dt.timedelta(hours=1)


class CannotBegin(Exception):
    """There is nothing to begin from; the message says what to do."""


@dataclass(frozen=True)
class Keys:
    """Every trusted key, by its fingerprint."""

    trusted: dict[str, Trusted]

    @classmethod
    def read(cls, snapshot: Snapshot) -> "Keys":
        """From the settings and the entries of rotations. ImproperlyConfigured: there is no key."""
        rows = snapshot.all(
            "SELECT content, signature, cosignature FROM consent_ledgerentry"
            " WHERE kind = 'rotation' AND cosignature IS NOT NULL"
        )
        rotations = [Rotation(row.content, row.signature, row.cosignature) for row in rows]
        if _waits_for_its_handover(snapshot, rotations):
            raise CannotBegin("The key was changed and not handed over: run rotate_ledger_key.")
        return cls(trusted(rotations, public_bytes(signing_key())))

    def signed_entry(self, key_id: str, signature: bytes, entry_hash: str) -> bool:
        key = self.trusted.get(key_id)
        try:
            return key is not None and ledger.signed_the_hash(key.public, signature, entry_hash)
        except ValueError:  # the hash is no hash
            return False

    def signed_head(self, key_id: str, signature: bytes, content: bytes) -> bool:
        key = self.trusted.get(key_id)
        return key is not None and ledger.is_signed_by(key.public, signature, content)

    def was_silent(self, key_id: str, at: dt.datetime) -> bool:
        """Whether this key had handed over more than an hour before."""
        key = self.trusted.get(key_id)
        return bool(key and key.retired_at and at > key.retired_at + SILENT_AFTER)


def _waits_for_its_handover(snapshot: Snapshot, rotations: list[Rotation]) -> bool:
    """Whether LEDGER_PREVIOUS_KEY signed the newest head, and the key that signs now nothing at all."""
    if not settings.LEDGER_PREVIOUS_KEY:
        return False
    previous = public_bytes(key_from(settings.LEDGER_PREVIOUS_KEY))
    current = key_id_of(public_bytes(signing_key()))
    head = snapshot.one(
        "SELECT content, key_id, signature FROM consent_treehead ORDER BY size DESC LIMIT 1"
    )
    has_signed = snapshot.one(
        "SELECT FROM consent_ledgerentry WHERE key_id = %s UNION ALL"
        " SELECT FROM consent_treehead WHERE key_id = %s LIMIT 1",
        *(current, current),
    )
    if head is None or has_signed is not None:
        return False
    older = Keys(trusted(rotations, previous))
    return older.signed_head(head.key_id, head.signature, head.content)
