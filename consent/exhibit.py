"""What of a sealed record is laid open to a stranger: entries, acts, values and proofs, read once."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from bookings.models import NotPossibleNow
from consent.actions import heads
from consent.actions.growing import Proof, consistency_proof, inclusion_proof
from consent.bodies import act_content
from consent.keyring import trusted_keys
from consent.models import (
    Acknowledgement,
    ActKind,
    AnchorPlace,
    ConsentRecord,
    EntryKind,
    LedgerEntry,
    Particulars,
    PatientAct,
    Review,
)


@dataclass(frozen=True)
class Entered:
    """One entry as it is handed out, and the proof that the tree has it (None: it is not in it yet)."""

    row: LedgerEntry
    proof: Proof | None

    @property
    def content(self) -> bytes:
        """Its canonical bytes, exactly as they are stored."""
        return bytes(self.row.content)


@dataclass(frozen=True)
class Act:
    """One acknowledged risk. Where it is not laid open, only its commitment is handed out."""

    row: Acknowledgement
    key: str
    is_open: bool

    @property
    def content(self) -> bytes:
        """The canonical bytes that its commitment binds."""
        return act_content(self.row, self.key)


@dataclass(frozen=True)
class Grown:
    """That the tree of `new` entries begins with that of `old` (RFC 9162 section 2.1.4)."""

    old: int
    new: int
    path: list[bytes]


@dataclass(frozen=True)
class Exhibit:
    """A record with all that is needed to check it. Nothing here is asked of the database again."""

    record: ConsentRecord
    entry: Entered
    publication: Entered | None  # of the list that was read
    acts: list[Act]  # in the list's order
    values: dict[str, Particulars]  # by commitment: what is laid open, and what is left of it
    others: list[Entered]  # of the same consultation, the oldest first
    reviews: dict[int, Review]  # of this record, by their entry's id
    withdrawal: PatientAct | None
    rotations: list[Entered]
    public_keys: dict[str, bytes]
    growth: list[Grown]
    is_erased: bool

    @property
    def has_guardian(self) -> bool:
        """Whether a guardian acted for the patient, read out by an interpreter or not."""
        return "guardian_name" in self.record.reading.commitments

    def value(self, field: str) -> str | None:
        """What the record's reading says of the person, or None: not said, withheld or erased."""
        kept = self.values.get(self.record.reading.commitments.get(field, ""))
        return kept.value if kept else None


def exhibit_of(
    record: ConsentRecord,
    *,
    only: Collection[str] = (),
    without: Collection[str] = (),
    anchored: Collection[int] = (),
) -> Exhibit:
    """Everything about one record, or as much of it as is to be laid open.

    `only` these risks (short names; none named: all) and no note of anybody's, who may have written
    about the others; `without` these particulars (field names), and
    with a proof of growth from each of the `anchored` sizes beside those that the clinic anchored
    itself. Raises NotPossibleNow for a risk, a field or a size that there is not.
    """
    acts = _acts(record, only)
    entries = list(LedgerEntry.objects.filter(consultation=record.consultation_id).order_by("pk"))
    entry = Entered(record.entry, inclusion_proof(entry=record.entry))
    published = record.reading.risk_list.entry
    return Exhibit(
        record=record,
        entry=entry,
        publication=_entered([published])[0] if published else None,
        acts=acts,
        values=_values(record, acts, [] if only else entries, without),
        others=_entered(each for each in entries if each.pk != record.entry.pk),
        reviews=_reviews(record),
        withdrawal=record.acts.filter(kind=ActKind.WITHDRAWN).first(),
        rotations=_entered(LedgerEntry.objects.filter(kind=EntryKind.ROTATION).order_by("pk")),
        public_keys={key: each.public for key, each in trusted_keys().items()},
        growth=_growth(entry.proof, anchored),
        is_erased=any(each.kind == EntryKind.ERASURE for each in entries),
    )


def _entered(rows: Iterable[LedgerEntry]) -> list[Entered]:
    return [Entered(row, inclusion_proof(entry=row)) for row in rows]


def _acts(record: ConsentRecord, only: Collection[str]) -> list[Act]:
    rows = record.reading.acknowledgements.select_related("risk").order_by("risk__position")
    acts = [Act(row, row.risk.key, not only or row.risk.key in only) for row in rows]
    if strange := set(only) - {act.key for act in acts}:
        raise NotPossibleNow(_("This record has no such side effect: %s") % ", ".join(strange))
    return acts


def _reviews(record: ConsentRecord) -> dict[int, Review]:
    return {each.entry_id: each for each in record.reviews.select_related("dermatologist")}


def _values(
    record: ConsentRecord,
    acts: list[Act],
    entries: list[LedgerEntry],
    without: Collection[str],
) -> dict[str, Particulars]:
    """The kept values that the record, its open acts and these later entries refer to."""
    of_the_record = record.reading.commitments
    if strange := set(without) - {*of_the_record, "question", "review", "reason"}:
        raise NotPossibleNow(_("This record has no such value: %s") % ", ".join(strange))
    said = {act.row.question_commitment for act in acts if act.is_open}
    later = b"".join(bytes(each.content) for each in entries if each.kind != EntryKind.RECORD)
    kept = Particulars.objects.filter(consultation=record.consultation_id).order_by("pk")
    return {
        each.commitment: each
        for each in kept.exclude(field__in=without)
        if each.commitment in {*of_the_record.values(), *said} or each.commitment.encode() in later
    }


def _growth(proof: Proof | None, anchored: Collection[int]) -> list[Grown]:
    """From the first head that holds the record, from each anchored one, and from those asked for."""
    if proof is None:
        return []
    new = proof.head.size
    if any(not 0 < size <= new for size in anchored):
        raise NotPossibleNow(_("The ledger has only %s entries.") % new)
    first = next(heads.larger_than(proof.index), None)
    sizes = {*AnchorPlace.objects.values_list("size", flat=True), *anchored}
    sizes |= {first.size} if first else set()
    return [
        Grown(old, new, consistency_proof(old=old, new=new))
        for old in sorted(sizes)
        if 0 < old < new
    ]
