"""Asking for a consultation: the request, its details, and the time that is held for it."""

import datetime as dt
from typing import Any, TypedDict, Unpack

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.actions.holding import hold, notice_for
from bookings.actions.limits import refuse_too_many
from bookings.actions.locks import lock_consultation, slot_decided
from bookings.actions.proof import issue_code, issue_link, refuse_more_codes
from bookings.actions.rules import length_of
from bookings.actions.taking import Wanted, lock_for
from bookings.models import Consultation, NotPossibleNow, PartOfDay, Status
from clinic.errors import Refused
from clinic.models import Clinic, Concern, Dermatologist, Treatment

ADULT = 18  # years


class DetailsRefused(Refused):
    """Something that was typed cannot be; `field` names it."""

    code = "invalid"
    status = 400


class Details(TypedDict, total=False):
    """What the patient types about themselves; pages, API and desk use these names."""

    patient_name: str
    guardian_name: str
    email: str
    mobile: Any
    birth_date: dt.date
    language: str
    zone: str
    names_treatment: bool


def request(
    *,
    now: dt.datetime,
    treatment: Treatment | None,
    concern: Concern | None = None,
    dermatologist: Dermatologist | None = None,
    speaks: str = "",
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    preferred_days: list[int] | None = None,
    preferred_part: str = PartOfDay.ANY,
    preferred_dermatologist: Dermatologist | None = None,
    ip: str | None = None,
    entered_by: User | None = None,
    is_demo: bool = False,
    **details: Unpack[Details],
) -> Consultation:
    """A new request: with a time it is held, without one it waits. A code is owed to its address.

    A time without a dermatologist is held with any who offers the treatment (and `speaks` that
    language). A request that reception enters (`entered_by`) is owed a link instead, and its time is
    held for a day. Raises DetailsRefused, TooManyRequests, TimeTaken.
    """
    consultation = Consultation(
        treatment=treatment,
        concern=concern,
        asked_at=now,
        preferred_days=preferred_days or [],
        preferred_part=preferred_part,
        preferred_dermatologist=preferred_dermatologist,
        ip=ip,
        entered_by=entered_by,
        is_demo=is_demo,
    )
    clinic = Clinic.objects.the_clinic()
    _put_details(consultation, details, clinic=clinic, now=now)
    wanted = Wanted(starts_at, dermatologist, speaks, ends_at) if starts_at else None
    by_staff = entered_by is not None
    with slot_decided():
        among: list[Dermatologist] = []
        if wanted is not None:  # locked in this order everywhere: dermatologists, request, limits
            among = lock_for(wanted, consultation, now=now, notice=notice_for(by_staff=by_staff))
        if not by_staff:
            refuse_too_many(consultation, now=now)
        if wanted is not None:
            hold(consultation, wanted, among, clinic=clinic, now=now, by_staff=by_staff)
        if by_staff:
            issue_link(consultation, now=now)
        else:
            issue_code(consultation, now=now)
        consultation.save()
    return consultation


def choose_time(
    *,
    consultation: Consultation,
    starts_at: dt.datetime,
    now: dt.datetime,
    dermatologist: Dermatologist | None = None,
    speaks: str = "",
    ends_at: dt.datetime | None = None,
    by_staff: bool = False,
) -> Consultation:
    """Holds a time for a request that waits, whose hold ran out, or that wants another time.

    Chosen by staff, it is held for a day and a link to finish is owed. Raises TimeTaken,
    TooManyRequests, NotPossibleNow.
    """
    wanted = Wanted(starts_at, dermatologist, speaks, ends_at)
    with slot_decided():
        among = lock_for(wanted, consultation, now=now, notice=notice_for(by_staff=by_staff))
        locked = lock_consultation(consultation.pk)
        if not by_staff and not locked.is_proven:
            refuse_too_many(locked, now=now)
        hold(
            locked,
            wanted,
            among,
            clinic=Clinic.objects.the_clinic(),
            now=now,
            by_staff=by_staff,
        )
        if by_staff:
            issue_link(locked, now=now)
        locked.save()
    return locked


def change_details(
    *, consultation: Consultation, now: dt.datetime, **details: Unpack[Details]
) -> Consultation:
    """Corrects what was typed before the address is proven; to another address a new code is owed.

    Raises DetailsRefused, TooManyRequests, TooManyTries, NotPossibleNow.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.is_proven:
            raise NotPossibleNow(
                _(
                    "Your e-mail address is confirmed already. To change your details, call the clinic."
                )
            )
        told = locked.email
        _put_details(locked, details, clinic=Clinic.objects.the_clinic(), now=now)
        if locked.email != told:  # else correcting a name would be a way to more tries
            refuse_too_many(locked, now=now)
            refuse_more_codes(locked)
            issue_code(locked, now=now)
        locked.save()
    return locked


def ask_for_other_times(
    *,
    consultation: Consultation,
    preferred_days: list[int],
    preferred_part: str,
    preferred_dermatologist: Dermatologist | None,
) -> Consultation:
    """Lets a held time go: the request waits for one that suits. Raises NotPossibleNow."""
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        _let_go(locked)
        locked.preferred_days = preferred_days
        locked.preferred_part = preferred_part
        locked.preferred_dermatologist = preferred_dermatologist
        locked.save()
    return locked


def _let_go(consultation: Consultation) -> None:
    """The request waits for a time, in memory. Raises NotPossibleNow."""
    if consultation.status != Status.WAITING:
        consultation.move_to(Status.WAITING)
    consultation.dermatologist = consultation.starts_at = consultation.ends_at = None
    consultation.held_at = consultation.hold_expires_at = consultation.offered_at = None
    consultation.own_video_room = ""


def set_treatment(
    *,
    consultation: Consultation,
    treatment: Treatment,
    concern: Concern | None,
    now: dt.datetime,
    by_staff: bool = False,
) -> Consultation:
    """Says what an unfinished request is about; set by staff, a link to go on is owed.

    A held time is let go where its dermatologist does not offer the treatment, or its visit takes
    another time.
    Raises NotPossibleNow once the visit is confirmed, DetailsRefused for another treatment's concern.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.status not in (Status.WAITING, Status.HELD, Status.EXPIRED):
            raise NotPossibleNow(_("The treatment can be set only before the visit is confirmed."))
        if treatment.pk != locked.treatment_id:
            locked.risks_total = locked.risks_acknowledged = 0
            locked.risks_acknowledged_at = None
            locked.wants_to_talk = False
        locked.treatment, locked.concern = treatment, concern
        if locked.status == Status.HELD and not _fits(locked):
            if by_staff:
                _let_go(locked)
            else:  # they choose another one now, and need no e-mail about it
                locked.move_to(Status.EXPIRED)
                locked.hold_expires_at = None
        _refuse_foreign_concern(locked)
        if by_staff:
            issue_link(locked, now=now)
        locked.save()
    return locked


def _fits(consultation: Consultation) -> bool:
    """Whether its treatment can be talked about at its time."""
    clinic, treatment = Clinic.objects.the_clinic(), consultation.treatment
    doctor = consultation.dermatologist
    assert clinic and treatment and doctor and consultation.starts_at and consultation.ends_at
    offers = Dermatologist.objects.offering(treatment).filter(pk=doctor.pk)
    lasts = consultation.ends_at - consultation.starts_at
    return lasts == length_of(treatment, clinic) and offers.exists()


def _put_details(
    consultation: Consultation, details: Details, *, clinic: Clinic | None, now: dt.datetime
) -> None:
    """Puts what was typed on the consultation. Raises DetailsRefused."""
    for field, value in details.items():
        setattr(consultation, field, value)
    consultation.email = consultation.email.strip().lower()
    today = now.astimezone(clinic.zoneinfo if clinic else dt.UTC).date()
    born = consultation.birth_date
    assert born  # whoever asks says it
    if born > today or today.year - born.year > 120:
        raise DetailsRefused(_("Enter a date of birth in the past."), field="birth_date")
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if years < ADULT and not consultation.guardian_name:
        raise DetailsRefused(
            _("For somebody under 18, a parent or guardian has to ask. Choose “a child”."),
            field="birth_date",
        )
    if not consultation.email and consultation.entered_by is None:
        raise DetailsRefused(_("Enter your e-mail address."), field="email")
    _refuse_foreign_concern(consultation)


def _refuse_foreign_concern(consultation: Consultation) -> None:
    concern = consultation.concern
    if concern is not None and concern.treatment_id != consultation.treatment_id:
        raise DetailsRefused(_("Choose a reason that fits the treatment."), field="concern")
