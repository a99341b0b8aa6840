"""Legal holds: a reason why nothing of a consultation may be erased, until somebody lifts it."""

import datetime as dt

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.actions.locks import lock_consultation
from bookings.models import Consultation, NotPossibleNow
from consent.models import LegalHold


def place_hold(*, consultation: Consultation, reason: str, by: User, now: dt.datetime) -> LegalHold:
    """From now on nothing of it is erased, whoever asks and however old it gets.

    Raises NotPossibleNow without a reason, while another hold stands, and once all is erased.
    """
    if not reason.strip():
        raise NotPossibleNow(_("Say why nothing may be erased."), field="reason")
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if LegalHold.objects.filter(consultation=locked, lifted_at=None).exists():
            raise NotPossibleNow(_("A legal hold stands already."))
        return LegalHold.objects.create(
            consultation=locked, reason=reason.strip(), placed_by_id=by.pk, placed_at=now
        )


def lift_hold(*, hold: LegalHold, reason: str, by: User, now: dt.datetime) -> LegalHold:
    """From now on it is kept like any other. Lifted already: nothing happens.

    Raises NotPossibleNow without a reason.
    """
    if not reason.strip():
        raise NotPossibleNow(_("Say why the hold is lifted."), field="lift_reason")
    with transaction.atomic():
        locked = LegalHold.objects.select_for_update(of=("self",)).get(pk=hold.pk)
        if locked.lifted_at is None:
            locked.lifted_at, locked.lifted_by_id, locked.lift_reason = now, by.pk, reason.strip()
            locked.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
    return locked
