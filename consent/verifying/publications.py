"""The entries that belong to no consultation: publications of wording, and changes of the key."""

from collections import Counter
from typing import Any

from consent.bodies import publication_of
from consent.models import EntryKind, RiskList
from consent.verifying import entries
from consent.verifying.entries import body_of, name_of
from consent.verifying.findings import Findings, fields_that_differ, nonsense_is_tampering
from consent.verifying.keys import Keys
from consent.verifying.lists import GONE_LIVE, Lists
from consent.verifying.snapshot import Row, Snapshot

# A time that Python cannot hold is none, so that one such entry does not hide those after it.
ENTRIES = """
    SELECT id, kind, content, entry_hash, key_id, signature, recorded_at, CASE
        WHEN written_at BETWEEN '0001-01-02' AND '9999-12-30' THEN written_at END AS written_at
    FROM consent_ledgerentry WHERE consultation_id IS NULL ORDER BY id
"""


def check(
    snapshot: Snapshot, keys: Keys, lists: Lists, findings: Findings, looked_at: Counter[str]
) -> None:
    """Each by itself; and each publication has its list, which still says what was published.

    The lists are few and never change, so they are read as everywhere else, outside the snapshot.
    """
    rows = RiskList.objects.filter(state__in=GONE_LIVE).select_related("treatment", "entry")
    published = {row.entry_id: row for row in rows}
    for row in rows:
        if row.entry is None:
            findings.tampered(f"{row}, consent_risklist.entry_id", "its entry is not in the ledger")
    for entry in snapshot.stream(ENTRIES):
        looked_at["entries"] += 1
        with nonsense_is_tampering(findings, f"{name_of(entry)}, consent_ledgerentry"):
            _check_entry(entry, published, keys, lists, findings)


def _check_entry(
    entry: Row, published: dict[str | None, RiskList], keys: Keys, lists: Lists, findings: Findings
) -> None:
    says = entries.says_of(entry, "", keys, findings)
    if entry.kind != EntryKind.PUBLICATION or says is None:
        return
    about = f"{name_of(entry)}, consent_risklist"
    if entry.entry_hash not in published:
        findings.tampered(about, "the published list is gone")
    else:
        _check_list(published[entry.entry_hash], body_of(says), lists, about, findings)


def _check_list(
    row: RiskList, said: dict[str, Any], lists: Lists, about: str, findings: Findings
) -> None:
    found = publication_of(row)
    if not lists.is_another_treatment(said.get("treatment", ""), row.pk):
        found["treatment"] = said.get("treatment")
    for name in fields_that_differ(said, found):
        findings.tampered(f"{about} ({name})", "the list is not what was published")
