"""Every row of evidence against the signed bytes, consultation by consultation."""

from collections import Counter

from consent.verifying import acts, entries, particulars, records
from consent.verifying.cases import Case, Part, cases_of
from consent.verifying.findings import Findings, nonsense_is_tampering
from consent.verifying.keys import Keys
from consent.verifying.lists import Lists
from consent.verifying.snapshot import Snapshot

CHECKS = (records.check, records.check_receipt, acts.check, particulars.check)


def check(
    part: Part, snapshot: Snapshot, keys: Keys, lists: Lists
) -> tuple[Findings, Counter[str]]:
    """What is wrong in a part, and how much of what was looked at."""
    findings, looked_at = Findings(), Counter[str]()
    cases: list[Case] = []
    with nonsense_is_tampering(findings, str(part)):
        cases = cases_of(part, snapshot)
    for case in cases:
        with nonsense_is_tampering(findings, case.reference):
            _check_case(case, keys, lists, findings)
        looked_at["consultations"] += 1
        looked_at["entries"] += len(case.entries)
        looked_at["records"] += len(case.records)
        looked_at["acts"] += sum(map(len, case.acts.values()))
        looked_at["particulars"] += len(case.particulars)
    return findings, looked_at


def _check_case(case: Case, keys: Keys, lists: Lists, findings: Findings) -> None:
    """The entries by themselves, and then each row against its entry."""
    if not case.consultation:
        findings.tampered(
            f"{case.reference}, bookings_consultation", "there is evidence of it, but it is gone"
        )
    reference = case.consultation.reference if case.consultation else ""
    for entry in case.entries:
        says = entries.says_of(entry, reference, keys, findings)
        if says is not None:
            case.says[entry.entry_hash] = says
    for look in CHECKS:
        look(case, lists, findings)
