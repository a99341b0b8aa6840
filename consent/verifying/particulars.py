"""Personal values: each is bound by its commitment, or lawfully erased; anything else is an offence."""

from consent import ledger
from consent.models import ActKind, EntryKind
from consent.verifying.cases import Case
from consent.verifying.findings import ERASED, Findings
from consent.verifying.lists import Lists


def check(case: Case, lists: Lists, findings: Findings) -> None:
    """What evidence refers to is there and is bound; after an erasure nothing is."""
    kept = {row.commitment: row for row in case.particulars}
    erasure = next((entry for entry in case.entries if entry.kind == EntryKind.ERASURE), None)
    about = f"{case.reference}, consent_particulars"
    for row in case.particulars:
        if ledger.commitment(row.field, row.value, row.salt) != row.commitment:
            findings.tampered(
                f"{about}.{row.field}", "the value is not the one that was committed to"
            )
    if erasure is not None:
        if kept:
            findings.tampered(about, "values stand here again that were erased")
        findings.add(ERASED, f"{case.reference}, {erasure.written_at:%Y-%m-%d}", "lawfully erased")
        return
    named = committed(case)
    for commitment in kept.keys() - set(named.values()):
        findings.tampered(
            f"{about}.{kept[commitment].field}", "the value belongs to nothing that was signed"
        )
    for field, commitment in named.items():
        row = kept.get(commitment)
        if row is None:
            findings.tampered(f"{about}.{field}", "the value is gone, and no erasure was entered")
        elif row.field != field.split(" ")[0]:
            findings.tampered(f"{about}.{field}", "the value stands under another name")


def committed(case: Case) -> dict[str, str]:
    """Every commitment in the evidence of a consultation, by what it is of."""
    found: dict[str, str] = {}
    for reading in case.readings.values():
        for field, commitment in reading.commitments.items():
            found[f"{field} of reading {reading.id}"] = commitment
    for acts in case.acts.values():
        for act in acts:
            if act.question_commitment:
                found[f"question of act {act.id}"] = act.question_commitment
    for review in case.reviews:
        if review.note_commitment:
            found[f"review of review {review.id}"] = review.note_commitment
    for act in case.patient_acts:
        if act.note_commitment:
            field = "question" if act.kind == ActKind.WANTS_TO_TALK else "reason"
            found[f"{field} of act {act.id} of the patient"] = act.note_commitment
    return found
