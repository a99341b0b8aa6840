"""What a certificate says about one sealed record, read from the rows and held against the sealed bytes."""

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from bookings.receipts import Receipt
from clinic.errors import Refused
from clinic.models import Clinic
from consent import ledger
from consent.bodies import record_body
from consent.models import Acknowledgement, ActKind, ConsentRecord, Particulars, Reading

ERASED = None  # a personal value that was there and was lawfully erased; "" was never given


class NotAsSealed(Refused):
    """The rows are not what the sealed bytes say, so nothing is certified."""


@dataclass(frozen=True)
class Act:
    """One side effect's acknowledgement, and its question ("" for none, None where it is erased)."""

    row: Acknowledgement
    question: str | None

    @property
    def seconds(self) -> int:
        """Whole seconds between shown and acknowledged."""
        return int((self.row.acknowledged_at - self.row.shown_at).total_seconds())


@dataclass(frozen=True)
class Certificate:
    """One sealed record as its certificate tells it. Names are None where they were erased."""

    clinic: Clinic
    record: ConsentRecord
    acts: tuple[Act, ...]
    patient_name: str | None
    reader_name: str | None  # the guardian's or interpreter's; "" where the patient read alone
    spoken: str | None  # the language spoken with the interpreter; "" without one
    withdrawn_at: dt.datetime | None

    @property
    def reading(self) -> Reading:
        return self.record.reading

    @property
    def receipt(self) -> Receipt:
        entry = self.record.entry
        return Receipt(entry.entry_hash, bytes(entry.signature), entry.key_id)


def certificate_of(record: ConsentRecord) -> Certificate:
    """The certificate of a record, in five queries. Raises NotAsSealed where a row was changed.

    Looking is not yet a row: staff's edges write theirs first (RecordAccess).
    """
    record = ConsentRecord.objects.select_related(
        "consultation", "entry", "reading__risk_list__treatment", "reading__risk_list__entry"
    ).get(pk=record.pk)
    reading = record.reading
    rows = list(reading.acknowledgements.select_related("risk").order_by("risk__position"))
    _hold_against_the_bytes(record, rows)
    values = _kept([*reading.commitments.values(), *(row.question_commitment for row in rows)])
    withdrawal = record.acts.filter(kind=ActKind.WITHDRAWN).first()
    clinic = Clinic.objects.the_clinic()
    assert clinic is not None  # nothing was ever booked without one
    return Certificate(
        clinic=clinic,
        record=record,
        acts=tuple(Act(row, values.get(row.question_commitment)) for row in rows),
        patient_name=values.get(reading.commitments.get("patient_name", "")),
        reader_name=values.get(
            reading.commitments.get("interpreter_name")
            or reading.commitments.get("guardian_name", "")
        ),
        spoken=values.get(reading.commitments.get("interpreter_language", "")),
        withdrawn_at=withdrawal.acted_at if withdrawal else None,
    )


def _kept(commitments: Iterable[str]) -> dict[str, str]:
    """The values behind commitments; what was erased is not among them, and "" stands for none."""
    kept = Particulars.objects.filter(commitment__in={one for one in commitments if one})
    return {"": "", **{row.commitment: row.value for row in kept}}


def _hold_against_the_bytes(record: ConsentRecord, rows: list[Acknowledgement]) -> None:
    """Refuses rows that are not what was sealed: each act's words, times and answers are in its hash."""
    content = bytes(record.entry.content)
    sealed = json.loads(content)
    body = record_body(
        record.consultation,
        record.reading,
        [(row.risk.key, row) for row in rows],
        declaration=record.declaration,
    )
    told = ("acts", "declaration", "language", "list_version", "read_by", "treatment")
    if ledger.sha256(content) != record.record_hash or any(
        sealed.get(name) != body[name] for name in told
    ):
        raise NotAsSealed(
            _(
                "What is stored is not what was sealed, so it cannot be shown. Please call the clinic."
            )
        )
