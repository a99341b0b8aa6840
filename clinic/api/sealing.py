"""Sealing a kept answer, so that only who has the Idempotency-Key and the server's secret can read it.

AES-256-GCM (NIST SP 800-38D); its key is derived by HKDF-SHA-256 (RFC 5869) from the caller's key and
the server's secret: a stolen table tells nothing, a stolen table with the secret nearly nothing.
"""

import json
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE = 12  # bytes; random, for a key seals once, or once more a day later


@dataclass(frozen=True)
class Answer:
    """What was asked (a hash of it), and what was answered, byte for byte."""

    asked: str
    status: int
    headers: dict[str, str]
    body: bytes


def seal(answer: Answer, *, key: str) -> bytes:
    """The answer, unreadable without `key`."""
    head = json.dumps([answer.asked, answer.status, answer.headers]).encode()
    nonce = secrets.token_bytes(NONCE)
    return nonce + _cipher(key, settings.SECRET_KEY).encrypt(
        nonce, head + b"\n" + answer.body, None
    )


def open_sealed(sealed: bytes, *, key: str) -> Answer | None:
    """The answer, or None where no secret of ours (SECRET_KEY_FALLBACKS too) opens it."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            opened = _cipher(key, secret).decrypt(sealed[:NONCE], sealed[NONCE:], None)
        except InvalidTag:
            continue
        head, _newline, body = opened.partition(b"\n")
        asked, status, headers = json.loads(head)
        return Answer(asked, status, headers, body)
    return None


def _cipher(key: str, secret: str) -> AESGCM:
    derived = HKDF(SHA256(), length=32, salt=secret.encode(), info=b"clinic.api.kept-answer")
    return AESGCM(derived.derive(key.encode()))
