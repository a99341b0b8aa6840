"""Taking everything that says who it was off a consultation; what the clinic did stays."""

import datetime as dt
from dataclasses import dataclass

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from bookings.models import (
    ERASED,
    NEEDS_STAFF,
    Consultation,
    Message,
    MessageState,
    Offer,
    Patient,
    Status,
    TreatmentSession,
)

UNFINISHED = (Status.WAITING, Status.HELD, Status.EXPIRED)
# Nobody is left to be written to or called about these.
NOT_SENT = (MessageState.OWED, MessageState.SENDING, *NEEDS_STAFF)
TYPED = [
    *("patient_name", "guardian_name", "email", "mobile", "new_email", "former_email"),
    *("own_video_room", "move_reason", "cancel_reason"),
]


@dataclass(frozen=True)
class Scrubbed:
    """A consultation of which nobody can tell whose it was."""

    consultation: Consultation
    others: int  # other consultations of the same person, for which their patient's row is kept


def scrub(*, consultation: Consultation, now: dt.datetime) -> Scrubbed:
    """Names, address, phone, birth date, device, and every word that was typed about a person: gone.

    An unfinished request ends with it, its e-mails are dropped, and every browser that is on it
    forgets it. The patient's row goes with their last consultation. Treatment, times, language, zone
    and outcome stay. May it be? The caller (consent.actions.erase) has asked, holds the row's lock,
    and has written the entry without which PostgreSQL refuses this. An erased one stays as it is.
    """
    with transaction.atomic():
        locked = Consultation.objects.select_for_update(of=("self",)).get(pk=consultation.pk)
        if locked.is_erased:
            return Scrubbed(locked, others=0)
        _scrub_mails(locked)
        Offer.objects.filter(consultation=locked).delete()
        voided = TreatmentSession.objects.filter(consultation=locked).exclude(void_reason="")
        voided.update(void_reason=ERASED)
        _end_browser_sessions(locked)
        known = locked.patient
        _scrub_row(locked, now=now)
        others = _let_patient_go(known) if known is not None else 0
    return Scrubbed(locked, others=others)


def _scrub_row(consultation: Consultation, *, now: dt.datetime) -> None:
    for field in TYPED:
        setattr(consultation, field, "")
    consultation.birth_date = consultation.ip = None
    if consultation.proven_note:
        consultation.proven_note = ERASED  # that staff saw the person is part of the proof
    if consultation.patient is not None:  # a proven one has a patient: here, one who is nobody
        consultation.patient = Patient.objects.create(
            language=consultation.language, zone=consultation.zone
        )
    if consultation.status in UNFINISHED:
        consultation.move_to(Status.CANCELLED)
        consultation.cancelled_at = now
    consultation.erased_at = now
    consultation.save()


def _let_patient_go(patient: Patient) -> int:
    """Deletes the patient's own row unless others of their consultations need it: how many do."""
    locked = Patient.objects.select_for_update().get(pk=patient.pk)
    others = Consultation.objects.filter(patient=locked).count()
    if not others:
        locked.delete()
    return others


def _scrub_mails(consultation: Consultation) -> None:
    """Those that were not sent are dropped first: without an address nothing can be sent."""
    mails = Message.objects.filter(consultation=consultation)
    mails.filter(state__in=NOT_SENT).update(
        state=MessageState.DROPPED, lease_until=None, phase="", sent_at=None
    )
    # Once nobody knows where they went, what went to two addresses is told apart by its number.
    number = Concat(Value(f"{consultation.reference} erased "), Cast("pk", CharField()))
    mails.exclude(addressee=consultation.email).update(about=number)
    mails.update(addressee="", trouble="")


def _end_browser_sessions(consultation: Consultation) -> None:
    """Deletes the sessions that name it: what was typed into half a page stands there for a day.

    They hold no key to ask by, so all are opened; there are as many as patients in a day.
    """
    for session in Session.objects.iterator():
        kept = session.get_decoded()
        road, own_page = kept.get("road", {}), kept.get("own_page") or {}
        named = {road.get("consultation"), road.get("asked"), own_page.get("pk")}
        if consultation.pk in named:
            session.delete()
