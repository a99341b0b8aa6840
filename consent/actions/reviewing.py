"""A dermatologist's written look at a consent record."""

import datetime as dt

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from bookings.models import NotPossibleNow
from clinic.models import Dermatologist
from consent.models import ConsentRecord, Review


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
    return Review.objects.create(
        record=record,
        dermatologist=dermatologist,
        reviewed_by_id=reviewed_by.pk,
        decision=decision,
        note=note.strip(),
        reviewed_at=now,
    )
