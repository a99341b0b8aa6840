"""Canonical bytes, hashes, salted commitments, and the signed token of a page that was shown."""

import datetime as dt
import hashlib
import json
import secrets
from dataclasses import dataclass

from django.core import signing

PURPOSE = "consent.shown"  # keeps these signatures apart from all others of the site
TOKEN_HOLDS = dt.timedelta(hours=24)


def canonical(record: dict[str, object]) -> bytes:
    """The one byte string of a record: RFC 8785 (keys sorted, no spaces, UTF-8; no floats here)."""
    return json.dumps(
        record, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def sha256(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def hash_of_words(words: str, statement: str) -> str:
    """The hash of what stood on the page: the risk's words and the statement beside the tick."""
    return sha256(f"{words}\n\n{statement}".encode())


def utc(moment: dt.datetime) -> str:
    """A moment as a fixed-width UTC string with microseconds: 2026-11-22T07:09:15.000000Z."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def new_salt() -> bytes:
    """128 random bits, so that a commitment cannot be found by guessing the value."""
    return secrets.token_bytes(16)


def commitment(field: str, value: str, salt: bytes) -> str:
    """SHA-256(salt || field || 0x00 || value): binds a personal value without telling it."""
    return sha256(salt + field.encode() + b"\x00" + value.encode())


@dataclass(frozen=True)
class Shown:
    """What a page showed: one risk of one reading, its words' hash, and when (UTC)."""

    reading_id: int
    risk_id: int
    language: str
    words_hash: str
    shown_at: dt.datetime


def sign_shown(shown: Shown) -> str:
    """The token in the page's form: only the server can make it, so the client cannot date it."""
    return signing.dumps(
        [
            shown.reading_id,
            shown.risk_id,
            shown.language,
            shown.words_hash,
            shown.shown_at.isoformat(),
        ],
        salt=PURPOSE,
    )


def read_shown(token: str) -> Shown | None:
    """What the token says was shown, or None where the server never signed it."""
    try:
        reading_id, risk_id, language, words_hash, shown_at = signing.loads(token, salt=PURPOSE)
    except (signing.BadSignature, ValueError):
        return None
    return Shown(reading_id, risk_id, language, words_hash, dt.datetime.fromisoformat(shown_at))
