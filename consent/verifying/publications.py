"""The entries that belong to no consultation: publications of wording, and changes of the key."""

from collections import Counter

from consent.models import EntryKind, RiskList
from consent.verifying import entries
from consent.verifying.entries import name_of
from consent.verifying.findings import Findings
from consent.verifying.keys import Keys
from consent.verifying.snapshot import Snapshot

ENTRIES = "SELECT * FROM consent_ledgerentry WHERE consultation_id IS NULL ORDER BY id"


def check(snapshot: Snapshot, keys: Keys, findings: Findings, looked_at: Counter[str]) -> None:
    """Each by itself; and each publication has its list, which still says what was published."""
    lists = {row.entry_id: row for row in RiskList.objects.exclude(entry=None)}
    for entry in snapshot.stream(ENTRIES):
        looked_at["entries"] += 1
        says = entries.says_of(entry, "", keys, findings)
        if entry.kind != EntryKind.PUBLICATION or says is None:
            continue
        if entry.entry_hash not in lists:
            findings.tampered(f"{name_of(entry)}, consent_risklist", "the published list is gone")
