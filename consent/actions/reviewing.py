"""A dermatologist's written look at a consent record."""

import datetime as dt

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.actions.locks import lock_consultation
from bookings.models import NotPossibleNow
from clinic.models import Dermatologist
from consent.actions.entering import enter
from consent.actions.reading import keep_apart
from consent.bodies import review_body
from consent.models import (
    ActKind,
    ConsentRecord,
    Decision,
    EntryKind,
    LedgerEntry,
    Particulars,
    PatientAct,
    Review,
)


def review(
    *,
    record: ConsentRecord,
    reviewed_by: User,
    decision: str,
    note: str = "",
    now: dt.datetime,
) -> Review:
    """A new row; nothing that stands is changed. The same one sent twice is the row that stands.

    Raises NotPossibleNow for who is no dermatologist, for a record whose personal values were erased,
    and for the countersignature of a record that the patient has withdrawn.
    """
    dermatologist = Dermatologist.objects.filter(user_id=reviewed_by.pk).first()
    if dermatologist is None:
        raise NotPossibleNow(_("Only a dermatologist can review a consent record."))
    with transaction.atomic():
        locked = lock_consultation(record.consultation_id)
        _refuse_what_ended(record, decision)
        standing = _the_same(record, dermatologist, decision, note.strip())
        if standing is not None:
            return standing
        written = Review(
            record=record,
            dermatologist=dermatologist,
            licence_number=dermatologist.licence_number,
            reviewed_by_id=reviewed_by.pk,
            decision=decision,
            note_commitment=keep_apart(locked, "review", note.strip()),
            reviewed_at=now,
        )
        written.entry = enter(
            kind=EntryKind.REVIEW, body=review_body(written), consultation=locked, now=now
        )
        written.save(force_insert=True)
    return written


def _refuse_what_ended(record: ConsentRecord, decision: str) -> None:
    here = record.consultation_id
    if LedgerEntry.objects.filter(consultation=here, kind=EntryKind.ERASURE).exists():
        raise NotPossibleNow(
            _("The patient's data was erased. Nothing can be added to the record.")
        )
    if decision != Decision.COUNTERSIGNED:
        return
    if PatientAct.objects.filter(record=record, kind=ActKind.WITHDRAWN).exists():
        raise NotPossibleNow(
            _("The patient has withdrawn this acknowledgement: it cannot be countersigned.")
        )


def _the_same(
    record: ConsentRecord, dermatologist: Dermatologist, decision: str, note: str
) -> Review | None:
    """The newest review, where it says just this: a button that was pressed twice."""
    newest = Review.objects.filter(record=record).order_by("-id").first()
    if newest is None or (newest.dermatologist_id, newest.decision) != (dermatologist.pk, decision):
        return None
    kept = Particulars.objects.filter(commitment=newest.note_commitment or "-").first()
    return newest if (kept.value if kept else "") == note else None
