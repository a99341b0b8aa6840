"""The one byte string of a record: RFC 8785 (JSON Canonicalization Scheme), kept to what we need."""

import datetime as dt
import json
import unicodedata
from collections.abc import Mapping
from typing import Any

LARGEST = (
    2**53 - 1
)  # above this, readers of JSON do not agree on a whole number (RFC 8785 section 3.2.2.3)


def canonical(record: Mapping[str, Any]) -> bytes:
    """The bytes that are hashed and signed: keys sorted, no spaces, UTF-8, text in NFC.

    Raises ValueError for what two readers could read differently: a number that is not whole, a
    key outside ASCII (where the order of RFC 8785 is no longer Python's), text that is not in
    Unicode's normal form C, or a lone surrogate.
    """
    _refuse_ambiguity(record)
    return json.dumps(
        record, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def _refuse_ambiguity(value: Any) -> None:
    if isinstance(value, str):  # by far the most: a hundred thousand records have millions
        if not (value.isascii() or unicodedata.is_normalized("NFC", value)):
            raise ValueError("text that is not in Unicode's normal form C")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"not a key of ours: {key!r}")
            _refuse_ambiguity(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_ambiguity(inner)
    elif isinstance(value, int):
        if abs(value) > LARGEST:
            raise ValueError("a number that not every reader of JSON can hold")
    elif value is not None:
        raise ValueError(f"{type(value).__name__} has no one byte string")


def utc(moment: dt.datetime) -> str:
    """A moment as a fixed-width UTC string with microseconds: 2026-11-22T07:09:15.000000Z."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
