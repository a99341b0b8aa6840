"""An entry by itself: its bytes, their hash, the signature, and the columns that repeat what they say."""

from typing import Any

from consent import ledger
from consent.models import EntryKind
from consent.verifying.findings import Findings, parsed
from consent.verifying.keys import Keys
from consent.verifying.snapshot import Row

ENVELOPE = ("v", "entry", "at", "key", "consultation")


def name_of(entry: Row, reference: str = "") -> str:
    """How a finding names an entry: its kind, the first letters of its hash, and whose it is."""
    whose = f" of {reference}" if reference else ""
    return f"{entry.kind} {entry.entry_hash[:12]}{whose}"


def says_of(entry: Row, reference: str, keys: Keys, findings: Findings) -> dict[str, Any] | None:
    """What an entry's bytes say, after everything about it by itself was looked at; None: unreadable."""
    about = f"{name_of(entry, reference)}, consent_ledgerentry"
    if ledger.sha256(entry.content) != entry.entry_hash:
        findings.tampered(f"{about}.content", "the bytes do not have the hash that names them")
    _check_signature(entry, about, keys, findings)
    says = parsed(entry.content)
    if says is None:
        findings.tampered(f"{about}.content", "the bytes are not JSON")
        return None
    if not _is_canonical(says, entry.content):
        findings.tampered(f"{about}.content", "the bytes are not in the canonical form")
    columns = {
        "entry": ("kind", entry.kind),
        "key": ("key_id", entry.key_id),
        "at": ("written_at", ledger.utc(entry.written_at)),
        "consultation": ("consultation_id", reference),
    }
    for name, (column, value) in columns.items():
        if says.get(name) != value:
            findings.tampered(f"{about}.{column}", "the column is not what the signed bytes say")
    return says


def body_of(says: dict[str, Any]) -> dict[str, Any]:
    """What an entry says beside its envelope."""
    return {name: value for name, value in says.items() if name not in ENVELOPE}


def _check_signature(entry: Row, about: str, keys: Keys, findings: Findings) -> None:
    if not keys.signed_entry(entry.key_id, entry.signature, entry.entry_hash):
        known = entry.key_id in keys.trusted
        findings.tampered(
            f"{about}.signature",
            "the clinic's key did not sign it" if known else "no key of the clinic's signed it",
        )
    elif entry.kind == EntryKind.ROTATION:
        return
    elif keys.was_silent(entry.key_id, max(entry.written_at, entry.recorded_at)):
        findings.tampered(
            f"{about}.key_id", "it was signed by a key that had handed over to the next one before"
        )


def _is_canonical(says: dict[str, Any], content: bytes) -> bool:
    """Whether the bytes are the one form of what they say (consent.ledger.canonical)."""
    try:
        return ledger.canonical(says) == content
    except ValueError:
        return False
