"""The evidence, read some hundred consultations at a time: a part is small, however much there is."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from consent.verifying.snapshot import Row, Snapshot

CONSULTATIONS = 500  # of one part: some ten thousand rows in memory
LOWEST, HIGHEST = -(2**63), 2**63 - 1


@dataclass(frozen=True)
class Part:
    """Some consultations: those from `first` up to `last`, or exactly those of `chosen`."""

    first: int
    last: int
    chosen: tuple[int, ...] = ()

    def __str__(self) -> str:
        first, last = (
            (min(self.chosen), max(self.chosen)) if self.chosen else (self.first, self.last)
        )
        return f"consultations with ids from {first} to {last}"

    def where(self, column: str) -> tuple[str, list[Any]]:
        """The SQL condition, and its values. A range meets rows whose consultation is gone, too."""
        if self.chosen:
            return f"{column} = ANY(%s)", [list(self.chosen)]
        return f"{column} BETWEEN %s AND %s", [self.first, self.last]


def parts_of_all(snapshot: Snapshot) -> list[Part]:
    """Every row there is, in parts without a gap between them."""
    rows = snapshot.stream(
        "SELECT last FROM (SELECT id AS last, row_number() OVER (ORDER BY id) AS place"
        " FROM bookings_consultation) AS numbered WHERE place %% %s = 0 ORDER BY last",
        CONSULTATIONS,
    )
    edges = [LOWEST - 1, *(row.last for row in rows), HIGHEST]
    return [Part(before + 1, last) for before, last in zip(edges, edges[1:], strict=False)]


def parts_of_some(consultations: Iterable[int]) -> list[Part]:
    """These consultations in parts."""
    chosen = sorted(set(consultations))
    return [
        Part(0, 0, tuple(chosen[at : at + CONSULTATIONS]))
        for at in range(0, len(chosen), CONSULTATIONS)
    ]


@dataclass
class Case:
    """All evidence of one consultation."""

    id: int
    consultation: Row | None = None
    entries: list[Row] = field(default_factory=list)
    readings: dict[int, Row] = field(default_factory=dict)
    acts: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))
    records: list[Row] = field(default_factory=list)
    reviews: list[Row] = field(default_factory=list)
    patient_acts: list[Row] = field(default_factory=list)
    particulars: list[Row] = field(default_factory=list)
    # What the bytes of each entry say, by the entry's hash.
    says: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        return self.consultation.reference if self.consultation else f"consultation {self.id}"

    def entry(self, kind: str, **by: Any) -> Row | None:
        """The entry of that kind with that id or hash, or None."""
        ((column, value),) = by.items()
        found = (each for each in self.entries if each.kind == kind)
        return next((each for each in found if getattr(each, column) == value), None)


QUERIES: dict[str, tuple[str, str]] = {
    "consultation": (
        "SELECT id AS consultation_id, reference, receipt, receipt_signature, receipt_key, status"
        " FROM bookings_consultation WHERE {where}",
        "id",
    ),
    "entries": (
        "SELECT * FROM consent_ledgerentry WHERE {where} ORDER BY id",
        "consultation_id",
    ),
    "readings": ("SELECT * FROM consent_reading WHERE {where}", "consultation_id"),
    "acts": (
        "SELECT act.*, reading.consultation_id, risk.key, risk.position"
        " FROM consent_acknowledgement act JOIN consent_reading reading ON reading.id = reading_id"
        " LEFT JOIN consent_risk risk ON risk.id = act.risk_id"
        " WHERE {where} ORDER BY reading_id, risk.position",
        "reading.consultation_id",
    ),
    "records": ("SELECT * FROM consent_consentrecord WHERE {where} ORDER BY id", "consultation_id"),
    "reviews": (
        "SELECT review.*, record.consultation_id, record.record_hash FROM consent_review review"
        " JOIN consent_consentrecord record ON record.id = review.record_id WHERE {where}",
        "record.consultation_id",
    ),
    "patient_acts": (
        "SELECT act.*, record.record_hash FROM consent_patientact act"
        " LEFT JOIN consent_consentrecord record ON record.id = act.record_id WHERE {where}",
        "act.consultation_id",
    ),
    "particulars": ("SELECT * FROM consent_particulars WHERE {where}", "consultation_id"),
}


def cases_of(part: Part, snapshot: Snapshot) -> list[Case]:
    """The evidence of a part, consultation by consultation: one query for each table."""
    cases: dict[int, Case] = {}

    def rows_of(table: str) -> Iterable[tuple[Case, Row]]:
        query, column = QUERIES[table]
        where, values = part.where(column)
        for row in snapshot.all(query.format(where=where), *values):
            yield cases.setdefault(row.consultation_id, Case(row.consultation_id)), row

    for case, row in rows_of("consultation"):
        case.consultation = row
    for case, row in rows_of("readings"):
        case.readings[row.id] = row
    for case, row in rows_of("acts"):
        case.acts[row.reading_id].append(row)
    for table in ("entries", "records", "reviews", "patient_acts", "particulars"):
        for case, row in rows_of(table):
            getattr(case, table).append(row)
    return list(cases.values())
