"""The key that signs the ledger: Ed25519 (RFC 8032), kept outside the database."""

import base64
import binascii
import datetime as dt
import functools
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from consent.ledger.commitments import sha256

SEED = 32  # bytes of a private key


class Signed(NamedTuple):
    """Which key signed, and its signature (64 bytes)."""

    key_id: str
    signature: bytes


class Rotation(NamedTuple):
    """An entry by which one key hands over to the next: signed by the new one, then by the old one."""

    content: bytes
    signature: bytes
    cosignature: bytes


class Trusted(NamedTuple):
    """A public key (32 bytes) of the clinic's, and when it handed over, if it has (UTC)."""

    public: bytes
    retired_at: dt.datetime | None


def signing_key() -> Ed25519PrivateKey:
    """The key that signs now: LEDGER_KEY, or the file that LEDGER_KEY_FILE names.

    Outside production a key of this checkout's own is made in that file when there is none. Raises
    ImproperlyConfigured where there is no key, or one that cannot be read.
    """
    return _key(settings.LEDGER_KEY, str(settings.LEDGER_KEY_FILE), settings.PRODUCTION)


def sign(content: bytes, *, key: Ed25519PrivateKey | None = None) -> Signed:
    """The signature of these bytes, by the key that signs now or by the one given."""
    signer = key or signing_key()
    return Signed(key_id_of(public_bytes(signer)), signer.sign(content))


def signing_key_id() -> str:
    """The fingerprint of the key that signs now."""
    return key_id_of(public_bytes(signing_key()))


def sign_hash(entry_hash: str, *, key: Ed25519PrivateKey | None = None) -> Signed:
    """The signature of an entry: of the 32 bytes of its hash, not of its content.

    So a receipt, which carries hash and signature, proves what we signed even when the entry is gone.
    """
    return sign(bytes.fromhex(entry_hash), key=key)


def signed_the_hash(public: bytes, signature: bytes, entry_hash: str) -> bool:
    """Whether this key signed the entry with this hash."""
    return is_signed_by(public, signature, bytes.fromhex(entry_hash))


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the public half."""
    return key.public_key().public_bytes_raw()


def key_id_of(public: bytes) -> str:
    """A public key's fingerprint: SHA-256 of its 32 bytes, in hex."""
    return sha256(public)


def is_signed_by(public: bytes, signature: bytes, content: bytes) -> bool:
    """Whether this key made this signature of exactly these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def trusted(rotations: Iterable[Rotation], current: bytes) -> dict[str, Trusted]:
    """Every key that the current one (public, 32 bytes) vouches for, by fingerprint, itself included.

    A rotation counts when the key that it hands over to is trusted and both signatures hold: so a
    stolen old key can name no successor, and nobody can make an old key ours without the new one.
    """
    found = {key_id_of(current): Trusted(current, None)}
    waiting = [said for said in map(_said, rotations) if said]
    grown = True
    while grown:
        grown = False
        for old, new, retired_at in waiting:
            if key_id_of(new) in found and key_id_of(old) not in found:
                found[key_id_of(old)] = Trusted(old, retired_at)
                grown = True
    return found


def key_from(text: str) -> Ed25519PrivateKey:
    """A private key from its 32 bytes in base64. Raises ImproperlyConfigured for anything else."""
    try:
        seed = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        seed = b""
    if len(seed) != SEED:
        raise ImproperlyConfigured(
            "The ledger's key is not 32 bytes in base64. Make one with `manage.py ledger_key`."
        )
    return Ed25519PrivateKey.from_private_bytes(seed)


def _said(rotation: Rotation) -> tuple[bytes, bytes, dt.datetime] | None:
    """The old key, the new one, and when; None where it is no rotation that both have signed."""
    try:
        says = json.loads(rotation.content)
        old, new = bytes.fromhex(says["from"]), bytes.fromhex(says["to"])
        retired_at = dt.datetime.fromisoformat(says["at"])
        is_one = says["entry"] == "rotation" and says["key"] == key_id_of(new)
    except (ValueError, KeyError, TypeError):
        return None
    name = sha256(rotation.content)
    by_both = signed_the_hash(new, rotation.signature, name) and signed_the_hash(
        old, rotation.cosignature, name
    )
    return (old, new, retired_at) if is_one and by_both else None


@functools.lru_cache(maxsize=4)
def _key(given: str, file: str, is_production: bool) -> Ed25519PrivateKey:
    if given:
        return key_from(given)
    path = Path(file)
    if not path.exists():
        if is_production:
            raise ImproperlyConfigured(f"The ledger's key is not there: {path}")
        _make(path)
    return key_from(path.read_text())


def _make(path: Path) -> None:
    """A new key's file, whole or not at all; of two processes that begin together one is first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    mine.touch(mode=0o600)
    mine.write_text(base64.b64encode(os.urandom(SEED)).decode() + "\n")
    try:
        os.link(mine, path)
    except FileExistsError:
        pass
    finally:
        mine.unlink()
