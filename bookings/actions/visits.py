"""The visit: confirmed, moved, cancelled, and how it ended."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.actions.holding import hold_until, notice_for
from bookings.actions.locks import lock_consultation, lock_dermatologists, slot_decided
from bookings.actions.taking import Wanted, lock_for, take_time
from bookings.models import Consultation, NotPossibleNow, Status
from clinic.errors import Refused
from clinic.models import Clinic, Dermatologist


class TooLate(Refused):
    """It is too close to the visit to do this online."""

    code = "too_late"


class RisksMissing(Refused):
    """Not every risk of the list is acknowledged, or there is no list."""

    code = "risks_missing"


# What a move changes; everything else, the acknowledgements too, stays.
MOVED = ["dermatologist", "starts_at", "ends_at", "revision", "move_reason", "own_video_room"]


def note_risks(
    *,
    consultation: Consultation,
    risks_total: int,
    risks_acknowledged: int,
    wants_to_talk: bool,
    now: dt.datetime,
) -> Consultation:
    """Keeps count of the acknowledged risks of an unfinished request; a step taken renews its hold.

    The caller has locked the consultation. One that is confirmed keeps what was true when sealed.
    """
    if consultation.status in (Status.WAITING, Status.HELD, Status.EXPIRED):
        consultation.risks_total = risks_total
        consultation.risks_acknowledged = risks_acknowledged
        consultation.wants_to_talk = wants_to_talk
        clinic = Clinic.objects.the_clinic()
        if consultation.status == Status.HELD and not consultation.hold_has_run_out(now=now):
            consultation.hold_expires_at = hold_until(consultation, clinic=clinic, now=now)
        consultation.save(
            update_fields=["risks_total", "risks_acknowledged", "wants_to_talk", "hold_expires_at"]
        )
    return consultation


def note_wish_to_talk(*, consultation: Consultation) -> Consultation:
    """The patient wants to talk about a risk: reception sees it, whatever the state of the visit.

    The caller has locked the consultation. Noted already: nothing happens.
    """
    if not consultation.wants_to_talk:
        consultation.wants_to_talk = True
        consultation.save(update_fields=["wants_to_talk"])
    return consultation


def lock_for_visit(*, consultation: Consultation) -> Consultation:
    """Locks the dermatologist, then the consultation; to be called inside a transaction."""
    lock_dermatologists(consultation.dermatologist_id)
    return lock_consultation(consultation.pk)


def _lock_own_dermatologist(consultation: Consultation) -> list[Dermatologist]:
    """The dermatologist of its time, locked; nobody if the time's treatment is given up."""
    if consultation.starts_at is None:
        return []
    wanted = Wanted(consultation.starts_at, consultation.dermatologist)
    return lock_for(wanted, consultation, now=consultation.asked_at)


def confirm(
    *,
    consultation: Consultation,
    receipt: str,
    receipt_signature: str = "",
    receipt_key: str = "",
    risks_total: int,
    now: dt.datetime,
) -> Consultation:
    """Confirms a held visit whose risks were all acknowledged; `receipt` names the sealed record.

    A hold that ran out while the time is still free is taken again. Raises TimeTaken, RisksMissing,
    NotPossibleNow; PostgreSQL refuses it without a complete record, whatever is said here.
    """
    with slot_decided():
        among = _lock_own_dermatologist(consultation)
        locked = lock_consultation(consultation.pk)
        if locked.status == Status.CONFIRMED:
            return locked
        if not locked.is_proven:
            raise NotPossibleNow(_("Prove your e-mail address first."))
        if risks_total == 0 or not receipt:
            raise RisksMissing(_("Acknowledge each side effect first."))
        if locked.hold_has_run_out(now=now):
            _take_again(locked, among, now=now)
        locked.risks_total = locked.risks_acknowledged = risks_total
        locked.risks_acknowledged_at = locked.confirmed_at = now
        locked.receipt = receipt
        locked.receipt_signature, locked.receipt_key = receipt_signature, receipt_key
        locked.move_to(Status.CONFIRMED)
        locked.save()
    return locked


def _take_again(
    consultation: Consultation, among: list[Dermatologist], *, now: dt.datetime
) -> None:
    """The same time once more, if it is still free; saved as held, as the transition table says."""
    assert consultation.starts_at
    wanted = Wanted(
        consultation.starts_at, consultation.dermatologist, ends_at=consultation.ends_at
    )
    clinic = Clinic.objects.the_clinic()
    assert clinic
    take_time(consultation, wanted, among, clinic=clinic, now=now)
    if consultation.status == Status.EXPIRED:
        consultation.move_to(Status.HELD)
    consultation.held_at, consultation.offered_at = now, None
    consultation.hold_expires_at = hold_until(consultation, clinic=clinic, now=now)
    consultation.save()


def move(
    *,
    consultation: Consultation,
    starts_at: dt.datetime,
    now: dt.datetime,
    dermatologist: Dermatologist | None = None,
    speaks: str = "",
    ends_at: dt.datetime | None = None,
    reason: str = "",
    by_staff: bool = False,
) -> Consultation:
    """Moves a confirmed visit: the new time is had before the old one is let go, in one UPDATE.

    The revision rises, so that reminders and calendar follow. To the same time: nothing happens.
    Raises TimeTaken, TooLate (patients: until two hours before), NotPossibleNow.
    """
    wanted = Wanted(starts_at, dermatologist, speaks, ends_at)
    notice = notice_for(by_staff=by_staff)
    with slot_decided():
        among = lock_for(wanted, consultation, now=now, notice=notice)
        locked = lock_consultation(consultation.pk)
        if locked.status != Status.CONFIRMED:
            raise NotPossibleNow(_("Only a confirmed visit can be moved."))
        whose = locked.dermatologist_id if dermatologist is None else dermatologist.pk
        if (locked.starts_at, locked.dermatologist_id) == (starts_at, whose):
            return locked
        if not by_staff:
            _refuse_if_too_late(locked, now=now)
        clinic = Clinic.objects.the_clinic()
        assert clinic  # the visit was booked with it
        take_time(locked, wanted, among, clinic=clinic, now=now, notice=notice)
        locked.revision += 1
        locked.move_reason = reason
        locked.own_video_room = ""
        locked.save(update_fields=MOVED)
    return locked


def cancel(
    *,
    consultation: Consultation,
    reason: str = "",
    now: dt.datetime,
    by_patient: bool,
    on_the_phone: bool = False,
) -> Consultation:
    """Cancels a request or a visit. Cancelled already: nothing happens.

    By the patient themselves, by staff whom the patient asked to (`on_the_phone`), or by the clinic.
    Raises TooLate (patients: until two hours before), NotPossibleNow once it took place.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.status == Status.CANCELLED:
            return locked
        if by_patient and locked.status == Status.CONFIRMED:
            _refuse_if_too_late(locked, now=now)
        locked.move_to(Status.CANCELLED)
        locked.cancelled_at = now
        locked.cancelled_by_patient = by_patient
        locked.cancelled_on_the_phone = on_the_phone
        locked.cancel_reason = reason.strip()
        # The calendar's cancellation is a new revision too (RFC 5546 section 3.2.5).
        locked.revision += 1
        locked.save()
    return locked


def _refuse_if_too_late(consultation: Consultation, *, now: dt.datetime) -> None:
    clinic = Clinic.objects.the_clinic()
    notice = clinic.cancel_notice if clinic else dt.timedelta()
    if consultation.starts_at is not None and now > consultation.starts_at - notice:
        raise TooLate(
            _("It is too close to your visit to change it online. Please call the clinic.")
        )


def arrive(*, consultation: Consultation, now: dt.datetime) -> Consultation:
    """The patient is there, on the clinic's day of the visit.

    Raises NotPossibleNow, on another day and while the patient is asked to acknowledge again too.
    """
    return _end(consultation, Status.ARRIVED, now=now)


def complete(*, consultation: Consultation, now: dt.datetime) -> Consultation:
    """The visit took place. Raises NotPossibleNow, also before it has begun, and as `arrive` does."""
    return _end(consultation, Status.COMPLETED, now=now)


def no_show(*, consultation: Consultation, now: dt.datetime) -> Consultation:
    """The patient did not come. Raises NotPossibleNow, also before it has ended."""
    return _end(consultation, Status.NO_SHOW, now=now)


def _end(consultation: Consultation, status: str, *, now: dt.datetime) -> Consultation:
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.status == status:
            return locked
        begun = locked.starts_at is not None and locked.starts_at <= now
        if status == Status.COMPLETED and not begun:
            raise NotPossibleNow(_("This visit has not begun yet."))
        ended = locked.ends_at is not None and locked.ends_at <= now
        if status == Status.NO_SHOW and not ended:
            raise NotPossibleNow(_("This visit has not ended yet."))
        if status == Status.ARRIVED and not _is_today(locked, now=now):
            raise NotPossibleNow(_("This visit is not today. Move it first."))
        begins = status in (Status.ARRIVED, Status.COMPLETED)
        if begins and locked.status == Status.CONFIRMED and locked.asks_again_since is not None:
            raise NotPossibleNow(
                _(
                    "The patient first has to acknowledge the side effects again: on their own page, "
                    "or on a screen that you hand over."
                )
            )
        locked.move_to(status)
        locked.outcome_at = now
        locked.save(update_fields=["status", "outcome_at"])
    return locked


def _is_today(consultation: Consultation, *, now: dt.datetime) -> bool:
    """Whether the visit is on the clinic's present day."""
    clinic = Clinic.objects.the_clinic()
    zone = clinic.zoneinfo if clinic else dt.UTC
    starts_at = consultation.starts_at
    return starts_at is not None and (
        starts_at.astimezone(zone).date() == now.astimezone(zone).date()
    )


def undo(*, consultation: Consultation, now: dt.datetime) -> Consultation:
    """Takes back arrived, completed or no-show within the clinic's day. Raises NotPossibleNow."""
    clinic = Clinic.objects.the_clinic()
    zone = clinic.zoneinfo if clinic else dt.UTC
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.outcome_at is None or (
            locked.outcome_at.astimezone(zone).date() != now.astimezone(zone).date()
        ):
            raise NotPossibleNow(_("This can be undone only on the same day."))
        if locked.sessions.standing().exists():
            raise NotPossibleNow(_("Void the treatment session first."))
        locked.move_to(Status.CONFIRMED)
        locked.outcome_at = None
        locked.save(update_fields=["status", "outcome_at"])
    return locked
