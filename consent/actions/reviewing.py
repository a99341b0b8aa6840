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
from consent.models import ConsentRecord, EntryKind, Review


def review(
    *,
    record: ConsentRecord,
    reviewed_by: User,
    decision: str,
    note: str = "",
    now: dt.datetime,
) -> Review:
    """A new row; nothing that stands is changed. Raises NotPossibleNow for who is no dermatologist."""
    dermatologist = Dermatologist.objects.filter(user_id=reviewed_by.pk).first()
    if dermatologist is None:
        raise NotPossibleNow(_("Only a dermatologist can review a consent record."))
    with transaction.atomic():
        locked = lock_consultation(record.consultation_id)
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
