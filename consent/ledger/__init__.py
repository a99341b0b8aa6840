"""The ledger's arithmetic: canonical bytes, hashes, commitments, signatures, receipts. No rows here."""

from bookings.receipts import Receipt, receipts_in, signature_from, signature_letters
from consent.ledger.canonical import canonical, utc
from consent.ledger.commitments import commitment, commitment_of_act, new_salt, sha256
from consent.ledger.keys import (
    Signed,
    is_signed_by,
    key_id_of,
    sign,
    sign_hash,
    signed_the_hash,
    signing_key_id,
)
from consent.ledger.shown import TOKEN_HOLDS, Shown, hash_of_words, read_shown, sign_shown

__all__ = [
    "TOKEN_HOLDS",
    "Receipt",
    "Shown",
    "Signed",
    "canonical",
    "commitment",
    "commitment_of_act",
    "hash_of_words",
    "is_signed_by",
    "key_id_of",
    "new_salt",
    "read_shown",
    "receipts_in",
    "sha256",
    "sign",
    "sign_hash",
    "sign_shown",
    "signature_from",
    "signature_letters",
    "signed_the_hash",
    "signing_key_id",
    "utc",
]
