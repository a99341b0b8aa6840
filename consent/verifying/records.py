"""Consent records: the reading and each act as the typed columns have them, against the signed bytes."""

import datetime as dt
from types import SimpleNamespace
from typing import Any

from bookings.models import Status
from consent import ledger
from consent.bodies import act_content, record_body
from consent.models import EntryKind
from consent.verifying.cases import Case
from consent.verifying.entries import body_of, name_of
from consent.verifying.findings import CLOCK, Findings, fields_that_differ
from consent.verifying.lists import Lists, Published
from consent.verifying.snapshot import Row

# The clocks of the act (read when the request came in) and of its row, at most so far apart.
CLOCKS_APART = dt.timedelta(seconds=5)
# Which column says what, where its name is another one or it stands in another table.
COLUMNS = {
    "list": "consent_risklist.entry_id",
    "list_version": "consent_risklist.version",
    "treatment": "consent_risklist.treatment_id",
    "declaration": "consent_consentrecord.declaration",
    "reading": "consent_consentrecord.reading_id",
    "demo": "consent_reading.is_demo",
}
# The consultation is no evidence: it lives on, and its address can be proven anew.
SAID_ALONE = ("address_proven_at", "address_proven_by")


def check(case: Case, lists: Lists, findings: Findings) -> None:
    """Every record has its entry and says what it says; every entry of a record has its record."""
    named = {record.record_hash for record in case.records}
    for entry in case.entries:
        if entry.kind == EntryKind.RECORD and entry.entry_hash not in named:
            findings.tampered(
                f"{name_of(entry, case.reference)}, consent_consentrecord", "the record is gone"
            )
    for record in case.records:
        about = f"record {record.record_hash[:12]} of {case.reference}"
        entry = case.entry(EntryKind.RECORD, entry_hash=record.record_hash)
        reading = case.readings.get(record.reading_id)
        if entry is None:
            findings.tampered(f"{about}, consent_ledgerentry", "its entry is not in the ledger")
        elif reading is None or reading.risk_list_id not in lists.published:
            findings.tampered(
                f"{about}, consent_reading", "its reading, or the list it read, is gone"
            )
        elif entry.entry_hash in case.says:
            says = case.says[entry.entry_hash]
            _check_record(case, record, reading, says, about, lists, findings)
            _check_acts(case, reading, says, about, lists.published[reading.risk_list_id], findings)
            _check_clock(record.sealed_at, record.recorded_at, reading.is_demo, about, findings)


def check_receipt(case: Case, lists: Lists, findings: Findings) -> None:
    """The receipt that the consultation carries is that of its newest record."""
    row = case.consultation
    if row is None or not row.receipt:
        if row is not None and case.records and row.status in (Status.CONFIRMED, Status.ARRIVED):
            findings.tampered(f"{case.reference}, bookings_consultation.receipt", "it is blank")
        return
    about = f"{case.reference}, bookings_consultation"
    newest = case.records[-1].record_hash if case.records else ""
    entry = case.entry(EntryKind.RECORD, entry_hash=newest)
    if row.receipt != newest or entry is None:
        findings.tampered(f"{about}.receipt", "the receipt is not of its newest record")
        return
    if ledger.signature_from(row.receipt_signature) != entry.signature:
        findings.tampered(f"{about}.receipt_signature", "it is not the signature of the record")
    if row.receipt_key != entry.key_id:
        findings.tampered(f"{about}.receipt_key", "it is not the key that signed the record")


def _check_record(
    case: Case,
    record: Row,
    reading: Row,
    says: dict[str, Any],
    about: str,
    lists: Lists,
    findings: Findings,
) -> None:
    """What the writing would say of these rows today is what it said then, name by name."""
    said = body_of(says)
    risk_list = lists.published[reading.risk_list_id].row
    found = record_body(
        SimpleNamespace(proven_at=None, proven_by=""),  # type: ignore[arg-type]
        SimpleNamespace(**(reading._asdict() | {"pk": reading.id, "risk_list": risk_list})),  # type: ignore[arg-type]
        [],
        declaration=record.declaration,
    )
    for name in SAID_ALONE:
        found[name] = said.get(name)
    if not lists.is_another_treatment(said.get("treatment", ""), reading.risk_list_id):
        found["treatment"] = said.get("treatment")
    found["acts"] = said.get("acts")  # looked at one by one
    for name in fields_that_differ(said, found):
        column = COLUMNS.get(name, f"consent_reading.{name}")
        findings.tampered(f"{about}, {column}", "the column is not what the signed bytes say")
    if ledger.utc(record.sealed_at) != says.get("at"):
        findings.tampered(
            f"{about}, consent_consentrecord.sealed_at",
            "the column is not what the signed bytes say",
        )


def _check_acts(
    case: Case,
    reading: Row,
    says: dict[str, Any],
    about: str,
    published: Published,
    findings: Findings,
) -> None:
    """Each act by its salted commitment, in the list's order, with the words of the list."""
    acts = case.acts.get(reading.id, [])
    signed = says.get("acts")
    signed = signed if isinstance(signed, list) else []
    if [act.key for act in acts] != published.keys:
        findings.tampered(
            f"{about}, consent_acknowledgement", "the acts are not one for each risk of the list"
        )
    if len(signed) != len(acts):
        findings.tampered(
            f"{about}, consent_acknowledgement", "the signed bytes count another number of acts"
        )
    made = [ledger.commitment_of_act(act_content(act, act.key or ""), act.salt) for act in acts]
    for place, act in enumerate(acts):
        where = f"{about}, consent_acknowledgement {act.id} ({act.key})"
        if place < len(signed) and made[place] != signed[place]:
            findings.tampered(
                where,
                "the acts stand in another order than in the signed bytes"
                if made[place] in signed
                else "the act is not the one in the signed bytes",
            )
        _check_words(act, where, published, findings)
        if act.carried_from_id is None:
            _check_clock(act.acknowledged_at, act.recorded_at, reading.is_demo, where, findings)


def _check_words(act: Row, where: str, published: Published, findings: Findings) -> None:
    if ledger.hash_of_words(act.words, act.statement) != act.words_hash:
        findings.tampered(f"{where}.words_hash", "it is not the hash of the words beside it")
    listed = published.hashes.get((act.key, act.language))
    if listed is not None and listed != act.words_hash:
        findings.tampered(
            f"{where}, consent_risk", "the list says other words than were acknowledged"
        )


def _check_clock(
    said: dt.datetime, recorded: dt.datetime, is_demo: bool, about: str, findings: Findings
) -> None:
    if not is_demo and abs(recorded - said) > CLOCKS_APART:
        findings.add(
            CLOCK, about, "what it says and what the database's clock said differ by over 5 s"
        )
