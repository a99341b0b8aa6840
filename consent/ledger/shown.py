"""The signed token of a page that was shown: which words, in which reading, and when."""

import datetime as dt
from dataclasses import dataclass

from django.core import signing

from consent.ledger.commitments import sha256

PURPOSE = "consent.shown"  # keeps these signatures apart from all others of the site
TOKEN_HOLDS = dt.timedelta(hours=24)


def hash_of_words(words: str, statement: str) -> str:
    """The hash of what stood on the page: the risk's words and the statement beside the tick."""
    return sha256(f"{words}\n\n{statement}".encode())


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
