"""The public keys that the clinic's evidence was signed with: the present one, and those before it."""

from consent.ledger import keys
from consent.models import EntryKind, LedgerEntry


def trusted_keys() -> dict[str, keys.Trusted]:
    """Every key of ours by its fingerprint.

    The chain begins at the key outside the database; rotations lead from it to older ones.
    """
    rotations = LedgerEntry.objects.filter(kind=EntryKind.ROTATION)
    return keys.trusted(
        [
            keys.Rotation(bytes(content), bytes(signature), bytes(cosignature or b""))
            for content, signature, cosignature in rotations.values_list(
                "content", "signature", "cosignature"
            )
        ],
        keys.public_bytes(keys.signing_key()),
    )


def public_key(key_id: str) -> bytes | None:
    """The 32 bytes of the key with this fingerprint, or None where it was never ours."""
    trusted = trusted_keys().get(key_id)
    return trusted.public if trusted else None
