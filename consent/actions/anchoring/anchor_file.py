"""The file of anchors: a line of JSON for each head, only ever appended to, outside the database."""

import base64
import binascii
import datetime as dt
import errno
import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from consent import ledger
from consent.models import TreeHead


@dataclass(frozen=True)
class Anchored:
    """One line: a head as it was signed, when it was written here (UTC), and a time stamp if it has one."""

    at: str
    content: bytes
    signature: bytes
    token: bytes = b""  # RFC 3161 TimeStampToken, DER


def append(path: Path, heads: Iterable[TreeHead], *, now: dt.datetime, token: bytes = b"") -> None:
    """Add a line for each head and wait until the disk has them. Raises OSError."""
    lines = b"".join(_line(head, now=now, token=token) for head in heads)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab+", buffering=0, opener=_for_us_alone) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        is_new = not file.seek(0, os.SEEK_END)
        if not is_new and not _ends_in_a_line(file):
            lines = b"\n" + lines  # a full disk cut the last one short
        if file.write(lines) != len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file.fileno())
    if is_new:
        _keep_the_name_of(path)


def read(path: Path) -> Iterator[Anchored | None]:
    """Each line in turn; None for one that cannot be read. A head may stand there more than once."""
    with open(path, "rb") as file:
        for line in file:
            if line.strip():
                yield _anchored(line)


def _line(head: TreeHead, *, now: dt.datetime, token: bytes) -> bytes:
    line = {
        "at": ledger.utc(now),
        "head": bytes(head.content).decode(),
        "signature": ledger.signature_letters(bytes(head.signature)),
    }
    if token:
        line["tsa"] = base64.b64encode(token).decode()
    return ledger.canonical(line) + b"\n"


def _anchored(line: bytes) -> Anchored | None:
    try:
        found = json.loads(line)
        return Anchored(
            found["at"],
            found["head"].encode(),
            ledger.signature_from(found["signature"]),
            base64.b64decode(found.get("tsa", ""), validate=True),
        )
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        return None


def _for_us_alone(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _ends_in_a_line(file: BinaryIO) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def _keep_the_name_of(path: Path) -> None:
    """A new file's name is on the disk when its folder is."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
