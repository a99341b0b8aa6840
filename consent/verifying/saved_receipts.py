"""Patients' receipts against the ledger: the one thing that tells of a record deleted before it was sealed."""

import email
import email.policy
import html
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from consent import ledger
from consent.ledger import Receipt
from consent.verifying.findings import Findings
from consent.verifying.keys import Keys
from consent.verifying.snapshot import Place, Snapshot

LARGEST = 20 * 1024 * 1024  # bytes of one file
AT_ONCE = 500
ENTRY = "SELECT entry_hash FROM consent_ledgerentry WHERE entry_hash = ANY(%s)"


def check(folder: Path, place: Place, keys: Keys, findings: Findings) -> Counter[str]:
    """Every receipt in the files of a folder. Raises NotADirectoryError where there is none."""
    if not folder.is_dir():
        raise NotADirectoryError(f"There is no folder {folder}.")
    looked_at, waiting = Counter[str](), dict[Receipt, str]()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        found = list(receipts_of(path))
        looked_at["files"] += 1
        looked_at["files without a receipt"] += not found
        for receipt in found:
            looked_at["receipts"] += 1
            if not keys.signed_entry(receipt.key_id, receipt.signature, receipt.entry_hash):
                looked_at["receipts that the clinic did not sign"] += 1
            else:
                waiting[receipt] = path.name
        if len(waiting) >= AT_ONCE:
            _look_up(waiting, place, findings)
            waiting.clear()
    _look_up(waiting, place, findings)
    return looked_at


def receipts_of(path: Path) -> Iterator[Receipt]:
    """The receipts in one saved e-mail, page or text, once each."""
    seen = set()
    for text in texts_of(path):
        for receipt in ledger.receipts_in(text):
            if receipt not in seen:
                seen.add(receipt)
                yield receipt


def texts_of(path: Path) -> Iterator[str]:
    """The file as it is, then what it says as an e-mail (base64 and quoted-printable undone)."""
    if path.stat().st_size > LARGEST:
        return
    raw = path.read_bytes()
    plain = raw.decode("utf-8", "replace")
    yield from _forms(plain)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    if not message.keys():
        return
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield from _forms(payload.decode("utf-8", "replace"))


def _forms(text: str) -> Iterator[str]:
    """The text; without markup and entities; and with lines put together that a mail program broke."""
    yield text
    bare = html.unescape(re.sub(r"<[^>]*>", "", text))
    yield bare
    yield re.sub(r"=?\r?\n[> ]*", "", bare)


def _look_up(receipts: dict[Receipt, str], place: Place, findings: Findings) -> None:
    """In a snapshot taken after the files were read: a receipt can be of this very moment."""
    hashes = [receipt.entry_hash for receipt in receipts]
    with closing(Snapshot(place)) as snapshot:
        known = {row.entry_hash for row in snapshot.all(ENTRY, hashes)}
    for receipt, name in receipts.items():
        if receipt.entry_hash not in known:
            findings.tampered(
                f"receipt {receipt.entry_hash[:12]} in {name}",
                "receipt without entry: the clinic signed it, and the entry is not in the ledger",
            )
