"""Entries that are not in the tree yet: no fault for a minute, then something is late."""

import datetime as dt

from consent.verifying.entries import name_of
from consent.verifying.findings import LATE, UNSEALED, Findings
from consent.verifying.snapshot import Snapshot

SEALED_WITHIN = dt.timedelta(minutes=1)


def check(snapshot: Snapshot, findings: Findings, *, now: dt.datetime, size: int) -> None:
    """Every entry without a leaf in the tree of the newest signed head, which has `size` entries."""
    for entry in snapshot.stream(
        "SELECT entry.kind, entry.entry_hash, entry.recorded_at, reference"
        " FROM consent_ledgerentry entry"
        " LEFT JOIN bookings_consultation consultation ON consultation.id = entry.consultation_id"
        " WHERE NOT EXISTS (SELECT FROM consent_treenode leaf WHERE leaf.entry_id = entry.id"
        "  AND leaf.level = 0 AND leaf.index < %s)"
        " ORDER BY entry.id",
        size,
    ):
        about = name_of(entry, entry.reference or "")
        if now - entry.recorded_at > SEALED_WITHIN:
            findings.add(LATE, about, "it waits to be sealed for more than a minute")
        else:
            findings.add(UNSEALED, about, "not yet sealed")
