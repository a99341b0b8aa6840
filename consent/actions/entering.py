"""Writing one signed entry into the ledger, in the transaction of what it records."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bookings.models import Consultation
from consent import ledger
from consent.models import EntryKind, LedgerEntry

VERSION = 1  # of how an entry's bytes are laid out


def enter(
    *,
    kind: EntryKind,
    body: Mapping[str, Any],
    consultation: Consultation | None = None,
    cosigned_by: Ed25519PrivateKey | None = None,
    now: dt.datetime,
) -> LedgerEntry:
    """One new entry, signed. The caller's transaction holds it and what it records together.

    `body` is what it says; it holds no personal value. `cosigned_by` is the older key, where one hands
    over to the next. Nobody waits for anybody here: the tree takes
    the entry in later (consent.actions.growing).
    """
    content = content_of(
        kind=kind, body=body, consultation=consultation, key=ledger.signing_key_id(), now=now
    )
    entry_hash = ledger.sha256(content)
    signed = ledger.sign_hash(entry_hash)
    return LedgerEntry.objects.create(
        kind=kind,
        consultation=consultation,
        content=content,
        entry_hash=entry_hash,
        key_id=signed.key_id,
        signature=signed.signature,
        cosignature=ledger.sign_hash(entry_hash, key=cosigned_by).signature
        if cosigned_by
        else None,
        written_at=now,
    )


def content_of(
    *,
    kind: EntryKind,
    body: Mapping[str, Any],
    consultation: Consultation | None,
    key: str,
    now: dt.datetime,
) -> bytes:
    """The canonical bytes of an entry: its envelope, and what it says."""
    envelope = {
        "v": VERSION,
        "entry": str(kind),
        "at": ledger.utc(now),
        "key": key,
        "consultation": consultation.reference if consultation else "",
    }
    if set(envelope) & set(body):
        raise ValueError(f"an entry says these itself: {sorted(set(envelope) & set(body))}")
    return ledger.canonical({**envelope, **body})
