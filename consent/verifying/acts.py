"""Reviews and a patient's other acts, against the entries that they rest on."""

from types import SimpleNamespace

from consent import ledger
from consent.bodies import declined_body, review_body, withdrawal_body
from consent.models import ActKind, EntryKind
from consent.verifying.cases import Case
from consent.verifying.entries import body_of, name_of
from consent.verifying.findings import Findings, fields_that_differ
from consent.verifying.lists import Lists
from consent.verifying.snapshot import Row

REVIEW_COLUMNS = {
    "record": "record_id",
    "licence": "licence_number",
    "reviewed_by": "reviewed_by_id",
    "note": "note_commitment",
}
ACT_COLUMNS = {"reading": "reading_id", "record": "record_id", "reason": "note_commitment"}
KINDS = {ActKind.DECLINED: EntryKind.DECLINED, ActKind.WITHDRAWN: EntryKind.WITHDRAWAL}


def check(case: Case, lists: Lists, findings: Findings) -> None:
    """Every review, withdrawal and refusal has its entry, and every such entry its row."""
    resting = {row.entry_id for row in [*case.reviews, *case.patient_acts]}
    for entry in case.entries:
        of_a_row = (EntryKind.REVIEW, EntryKind.WITHDRAWAL, EntryKind.DECLINED)
        if entry.kind in of_a_row and entry.id not in resting:
            findings.tampered(name_of(entry, case.reference), "the row that it records is gone")
    for review in case.reviews:
        _check_review(case, review, findings)
    for act in case.patient_acts:
        if act.kind in KINDS:
            _check_act(case, act, findings)


def _check_review(case: Case, review: Row, findings: Findings) -> None:
    entry = case.entry(EntryKind.REVIEW, id=review.entry_id)
    about = f"review {review.id} of {case.reference}, consent_review"
    if entry is None:
        findings.tampered(f"{about}.entry_id", "its entry is not in the ledger")
    elif says := case.says.get(entry.entry_hash):
        record = SimpleNamespace(record_hash=review.record_hash)
        found = review_body(SimpleNamespace(**(review._asdict() | {"record": record})))  # type: ignore[arg-type]
        for name in fields_that_differ(body_of(says), found):
            column = REVIEW_COLUMNS.get(name, name)
            findings.tampered(f"{about}.{column}", "the column is not what the signed bytes say")
        if says.get("at") != ledger.utc(review.reviewed_at):
            findings.tampered(f"{about}.reviewed_at", "the column is not what the signed bytes say")


def _check_act(case: Case, act: Row, findings: Findings) -> None:
    entry = case.entry(KINDS[act.kind], id=act.entry_id)
    about = f"{act.kind} {act.id} of {case.reference}, consent_patientact"
    if entry is None:
        findings.tampered(f"{about}.entry_id", "its entry is not in the ledger")
    elif says := case.says.get(entry.entry_hash):
        said = body_of(says)
        body = withdrawal_body if act.kind == ActKind.WITHDRAWN else declined_body
        record = SimpleNamespace(record_hash=act.record_hash)
        # Whether it is demo data stands on the consultation, which is no evidence.
        consultation = SimpleNamespace(is_demo=said.get("demo"))
        row = act._asdict() | {"record": record, "consultation": consultation}
        for name in fields_that_differ(said, body(SimpleNamespace(**row))):  # type: ignore[arg-type]
            column = ACT_COLUMNS.get(name, name)
            findings.tampered(f"{about}.{column}", "the column is not what the signed bytes say")
        if says.get("at") != ledger.utc(act.acted_at):
            findings.tampered(f"{about}.acted_at", "the column is not what the signed bytes say")
