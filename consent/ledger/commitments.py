"""Hashes, and salted commitments: they bind a value without telling it."""

import hashlib
import secrets

ACT = "acknowledgement"  # the field's name of a whole act


def sha256(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def new_salt() -> bytes:
    """128 random bits, so that a commitment cannot be found by guessing the value."""
    return secrets.token_bytes(16)


def commitment(field: str, value: str, salt: bytes) -> str:
    """SHA-256(salt || field || 0x00 || value): binds a personal value without telling it."""
    return sha256(salt + field.encode() + b"\x00" + value.encode())


def commitment_of_act(content: bytes, salt: bytes) -> str:
    """SHA-256(salt || "acknowledgement" || 0x00 || canonical bytes of the act).

    The record lists its acts by these, so that one can be shown without the others.
    """
    return sha256(salt + ACT.encode() + b"\x00" + content)
