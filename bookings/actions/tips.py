"""Stopping the tips after a session, and asking for them again; e-mails about a visit cannot be stopped."""

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from bookings import links
from bookings.actions.locks import lock_consultation
from bookings.actions.page_links import LinkEnded, link_has_run_out
from bookings.links import Purpose
from bookings.models import Consultation, Patient


def find_to_stop(*, token: str, now: dt.datetime) -> Consultation:
    """Whose tips a link in an e-mail stops; a new link to the page does not end it. Raises LinkEnded."""
    found = links.find(token, Purpose.STOP)
    if found is None or link_has_run_out(found, now=now):
        raise LinkEnded(_("This link has ended."))
    return found


def stop_tips(*, consultation: Consultation, now: dt.datetime) -> Consultation:
    """No more e-mails of aftercare are owed to this patient at this address, whatever was noted already.

    After none of the sessions of theirs, nor of one to come (`as_they_said`). Stopped already: nothing
    happens. What belongs to a visit still comes: confirmation, reminders, moves, cancellation (RFC 8058
    is for the tips alone).
    """
    with transaction.atomic():
        own, others = _lock_those_of_the_patient(consultation)
        for each in (own, *others):
            if each.tips_stopped_at is None:
                each.tips_stopped_at = now
                each.save(update_fields=["tips_stopped_at"])
    return own


def resume_tips(*, consultation: Consultation, now: dt.datetime) -> Consultation:
    """The tips are owed again after all sessions of this patient at this address.

    The one that was dropped meanwhile too, if it is still of use.
    """
    with transaction.atomic():
        own, others = _lock_those_of_the_patient(consultation)
        for each in (own, *others):
            if each.tips_stopped_at is not None:
                each.tips_stopped_at = None
                each.save(update_fields=["tips_stopped_at"])
    return own


def as_they_said(consultation: Consultation) -> dt.datetime | None:
    """Since when the tips are stopped for the patient behind a proven address: as the newest of theirs has it.

    For one that becomes theirs just now. Who calls has the patient's row locked (`patient_of`), as
    has who stops or resumes: so none is forgotten.
    """
    theirs = _of_the_patient(consultation).exclude(pk=consultation.pk)
    newest = theirs.order_by("-proven_at", "-pk").values_list("tips_stopped_at", flat=True)
    return newest.first()


def _of_the_patient(consultation: Consultation) -> QuerySet[Consultation]:
    """Those of the same patient at the same address; none of who has no address."""
    same = Consultation.objects.filter(patient=consultation.patient_id, email=consultation.email)
    return same.exclude(email="").filter(patient__isnull=False, erased_at=None)


def _lock_those_of_the_patient(
    consultation: Consultation,
) -> tuple[Consultation, list[Consultation]]:
    """Locks it and the others of its patient in the order of their numbers, then the patient.

    Consultations before patients, as everybody does who changes both. One that became the patient's
    while we waited would be locked out of turn: then all are let go of, and locked anew.
    """
    while True:
        before = Consultation.objects.get(pk=consultation.pk)
        pks = {before.pk, *_of_the_patient(before).values_list("pk", flat=True)}
        with transaction.atomic():
            locked = [lock_consultation(pk) for pk in sorted(pks)]
            own = next(each for each in locked if each.pk == consultation.pk)
            _lock_patient(own)
            now_theirs = set(_of_the_patient(own).values_list("pk", flat=True))
            if now_theirs <= pks:
                others = [each for each in locked if each != own and each.pk in now_theirs]
                return own, others
            transaction.set_rollback(True)


def _lock_patient(consultation: Consultation) -> None:
    """Nobody becomes a visit of theirs meanwhile, unseen."""
    row = Patient.objects.filter(consultations=consultation.pk)
    list(row.select_for_update(no_key=True, of=("self",)))
