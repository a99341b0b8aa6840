"""Whose signatures count: the key that signs now, and those that handed over to it."""

import datetime as dt
from dataclasses import dataclass

from consent import ledger
from consent.ledger.keys import Rotation, Trusted, public_bytes, signing_key, trusted
from consent.verifying.snapshot import Snapshot

# A transaction that was under way while the key changed may still end; then the old key is silent.
SILENT_AFTER = dt.timedelta(hours=1)


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
