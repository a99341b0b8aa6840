"""All that is kept about one consultation's side effects, read in a fixed number of queries."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from consent import ledger
from consent.bodies import act_content
from consent.keyring import public_key
from consent.models import (
    Acknowledgement,
    ActKind,
    ConsentRecord,
    EntryKind,
    LedgerEntry,
    Particulars,
    PatientAct,
    Reading,
    RecordAccess,
    Review,
)

LOOKS_SHOWN = 100  # the newest ones; the lead's list has all


@dataclass(frozen=True)
class Papers:
    """A record, and what else there is about its consultation: earlier and later, said and kept."""

    record: ConsentRecord
    readings: list[Reading]
    every_act: list[Acknowledgement]
    patient_acts: list[PatientAct]
    reviews: list[Review]  # of every record, the newest first
    looks: list[RecordAccess]  # at every record, the newest first
    entries: list[LedgerEntry]
    kept: dict[str, Particulars]  # by commitment
    is_signed: bool  # the record's entry, by a key of the clinic's

    @cached_property
    def acts(self) -> list[Acknowledgement]:
        """The acts of this record, in the list's order."""
        return [act for act in self.every_act if act.reading_id == self.record.reading_id]

    @cached_property
    def entry(self) -> LedgerEntry:
        """The record's own entry in the ledger."""
        return next(one for one in self.entries if one.entry_hash == self.record.record_hash)

    @cached_property
    def says(self) -> dict[str, Any]:
        """What the entry's bytes say: what stood there when the record was sealed."""
        try:
            said = json.loads(bytes(self.entry.content))
        except ValueError:  # somebody changed the bytes
            return {}
        return said if isinstance(said, dict) else {}

    @cached_property
    def erasure(self) -> LedgerEntry | None:
        """The entry of the erasure, where the personal values were lawfully erased."""
        return next((one for one in self.entries if one.kind == EntryKind.ERASURE), None)

    @cached_property
    def withdrawal(self) -> PatientAct | None:
        """The patient's withdrawal of this record."""
        found = (act for act in self.patient_acts if act.kind == ActKind.WITHDRAWN)
        return next((act for act in found if act.record_id == self.record.pk), None)

    @property
    def is_newest(self) -> bool:
        """Whether the patient has acknowledged nothing again since."""
        records = [one.record for one in self.readings if hasattr(one, "record")]
        return max(one.pk for one in records) == self.record.pk

    @property
    def is_sound(self) -> bool:
        """Whether the rows on this page are the ones that the signed entry was made of.

        A hint for the reader, of this record alone; `verify_ledger` is the verification.
        """
        acts = [
            ledger.commitment_of_act(act_content(act, act.risk.key), bytes(act.salt))
            for act in self.acts
        ]
        reading = self.record.reading
        rows = {"acts": acts, "commitments": reading.commitments, "absent": reading.absent}
        rows |= {"declaration": self.record.declaration, "language": reading.language}
        return (
            self.is_signed
            and ledger.sha256(bytes(self.entry.content)) == self.record.record_hash
            and all(self.says.get(name) == value for name, value in rows.items())
            and all(ledger.hash_of_words(a.words, a.statement) == a.words_hash for a in self.acts)
            and all(_binds(commitment, row) for commitment, row in self.kept.items())
        )

    def words(self, commitment: str) -> str:
        """What a patient or a dermatologist wrote; "" for nothing, and where it was erased."""
        kept = self.kept.get(commitment)
        return kept.value if kept else ""


def _binds(commitment: str, kept: Particulars) -> bool:
    return ledger.commitment(kept.field, kept.value, bytes(kept.salt)) == commitment


def _signed(entry: LedgerEntry) -> bool:
    public = public_key(entry.key_id)
    signature = bytes(entry.signature)
    return public is not None and ledger.signed_the_hash(public, signature, entry.entry_hash)


def papers_of(record: ConsentRecord) -> Papers:
    """Nine queries, however much there is."""
    here = record.consultation_id
    entries = list(LedgerEntry.objects.filter(consultation=here).select_related("leaf"))
    looks = RecordAccess.objects.filter(record__consultation=here).select_related("by")
    return Papers(
        record=record,
        readings=list(
            Reading.objects.filter(consultation=here)
            .select_related("risk_list", "record")
            .order_by("pk")
        ),
        every_act=list(
            Acknowledgement.objects.filter(reading__consultation=here)
            .select_related("risk")
            .order_by("reading", "risk__position")
        ),
        patient_acts=list(
            PatientAct.objects.filter(consultation=here).select_related("risk").order_by("pk")
        ),
        reviews=list(
            Review.objects.filter(record__consultation=here).select_related("dermatologist")
        ),
        looks=list(looks[:LOOKS_SHOWN]),
        entries=entries,
        kept={row.commitment: row for row in Particulars.objects.filter(consultation=here)},
        is_signed=any(_signed(one) for one in entries if one.entry_hash == record.record_hash),
    )
