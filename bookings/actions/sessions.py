"""Treatment sessions in the clinic, from which aftercare counts."""

import datetime as dt

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.actions.locks import lock_consultation
from bookings.models import Consultation, NotPossibleNow, Status, TreatmentSession
from clinic.models import Treatment


def record_session(
    *,
    consultation: Consultation,
    took_place_at: dt.datetime,
    now: dt.datetime,
    recorded_by: User | None,
    treatment: Treatment | None = None,
) -> TreatmentSession:
    """Records a session that took place after a consultation; its aftercare is owed from then on.

    The same session recorded twice is one. Raises NotPossibleNow: the consultation is not over, or
    the time lies ahead or before the consultation.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        given = treatment or locked.treatment
        assert given is not None  # no visit without a treatment: a constraint says so
        if locked.status not in (Status.ARRIVED, Status.COMPLETED):
            raise NotPossibleNow(_("Mark the consultation as completed first."))
        if took_place_at > now:
            raise NotPossibleNow(_("This time lies ahead."), field="took_place_at")
        if locked.starts_at is not None and took_place_at < locked.starts_at:
            raise NotPossibleNow(
                _("This is before the consultation itself."), field="took_place_at"
            )
        session, _made = TreatmentSession.objects.get_or_create(
            consultation=locked,
            took_place_at=took_place_at,
            voided_at=None,
            defaults={
                "treatment": given,
                "recorded_at": now,
                "recorded_by": recorded_by,
            },
        )
    return session


def void_session(*, session: TreatmentSession, reason: str, now: dt.datetime) -> TreatmentSession:
    """Takes back a session that was recorded by mistake: no more aftercare is owed for it.

    Voided already: nothing happens. Raises NotPossibleNow without a reason.
    """
    if not reason.strip():
        raise NotPossibleNow(_("Say why this session is voided."), field="reason")
    with transaction.atomic():
        lock_consultation(session.consultation_id)
        locked = TreatmentSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
        if locked.voided_at is None:
            locked.voided_at = now
            locked.void_reason = reason.strip()
            locked.save(update_fields=["voided_at", "void_reason"])
    return locked
