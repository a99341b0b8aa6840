"""The row of a run of the verification: signed by the ledger's key, so that nobody else can call it sound."""

import json
from collections.abc import Mapping
from typing import Any

from consent import ledger
from consent.ledger.keys import Trusted
from consent.models import Verification
from consent.verifying.findings import Findings, nonsense_is_tampering
from consent.verifying.keys import Keys
from consent.verifying.snapshot import Row, Snapshot


def written(**columns: Any) -> Verification:
    """The row of these columns, written once. Raises ImproperlyConfigured without a key."""
    run = Verification(**columns)
    run.content = _says(run, ledger.signing_key_id())
    run.key_id, run.signature = ledger.sign(run.content)
    run.save(force_insert=True)
    return run


def is_ours(run: Verification | Row, trusted: Mapping[str, Trusted]) -> bool:
    """Whether a key of the clinic's signed exactly what the row says. A copy of a row is refused."""
    key = trusted.get(run.key_id)
    if key is None or run.content is None or run.signature is None:
        return False
    content = bytes(run.content)
    return ledger.is_signed_by(key.public, bytes(run.signature), content) and (
        content == _says(run, run.key_id)
    )


def check(snapshot: Snapshot, keys: Keys, findings: Findings) -> None:
    """Every row of a run is one that the clinic wrote."""
    for run in snapshot.stream("SELECT * FROM consent_verification ORDER BY id"):
        about = f"verification {run.id}, consent_verification"
        with nonsense_is_tampering(findings, about):
            if not is_ours(run, keys.trusted):
                findings.tampered(about, "no key of the clinic's signed what this run says")


def _says(run: Verification | Row, key_id: str) -> bytes:
    """The canonical bytes of a run; none of its names is one of a signed head's."""
    found = json.dumps([run.findings, run.counts], sort_keys=True).encode()
    return ledger.canonical(
        {
            "v": 1,
            "entry": "verification",
            "key": key_id,
            "began": ledger.utc(run.started_at),
            "ended": ledger.utc(run.finished_at),
            "from_entries": run.from_size,
            "entries": run.size,
            "tree": run.root,
            "outcome": str(run.outcome),
            "found": ledger.sha256(found),
        }
    )
