"""What a change of hours, seasons, extra openings or of a dermatologist takes from booked visits."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Collection

from django.db import transaction
from django.utils.translation import ngettext

from bookings import slots
from bookings.actions.locks import lock_dermatologists
from bookings.actions.rules import calendars
from bookings.models import Consultation, NotPossibleNow
from bookings.slots import Reason
from clinic.i18n import active_language
from clinic.models import Clinic, Dermatologist

NOT_OPEN = {Reason.OUTSIDE_HOURS, Reason.ENDS_TOO_LATE}


def named(visits: Collection[Consultation]) -> str:
    """Their references, as a sentence of the page's language lists them."""
    comma = "، " if active_language() == "ar" else ", "
    return comma.join(f"\u2066{visit}\u2069" for visit in visits)


class VisitsBooked(NotPossibleNow):
    """Visits are booked that would lose their time, or their dermatologist."""

    def __init__(self, visits: Collection[Consultation]) -> None:
        super().__init__(
            ngettext(
                "A visit is booked in this time. Move it or cancel it first: %(references)s",
                "Visits are booked in this time. Move them or cancel them first: %(references)s",
                len(visits),
            )
            % {"references": named(visits)}
        )
        self.visits = list(visits)


def booked_ahead(dermatologist: Dermatologist, *, now: dt.datetime) -> list[Consultation]:
    """A dermatologist's visits and holds that are still to come, under the lock every booking takes.

    To be called inside a transaction.
    """
    lock_dermatologists(dermatologist.pk)
    return _booked_ahead([dermatologist], now=now)


def _booked_ahead(dermatologists: list[Dermatologist], *, now: dt.datetime) -> list[Consultation]:
    booked = Consultation.objects.taking_a_slot(now=now).filter(
        dermatologist__in=dermatologists, starts_at__gt=now
    )
    return list(booked.order_by("starts_at", "pk"))


def refuse_to_leave_visits_outside(
    *, whose: Collection[int | None], change: Callable[[], object], now: dt.datetime
) -> None:
    """Tries a change of hours, seasons or openings and takes it back. Raises VisitsBooked.

    Refused is what leaves a visit, or a hold, outside the hours and openings that it lies in now;
    one that lies outside already is in nobody's way. `whose`: ids of dermatologists, None for all of
    them; they are locked before anything is read. To be called inside a transaction.
    """
    everybody = Dermatologist.objects.values_list("pk", flat=True)
    locked = list(lock_dermatologists(*(everybody if None in whose else whose)).values())
    visits = _booked_ahead(locked, now=now)
    if not visits:
        return
    before = _within_hours(visits, locked, now=now)
    with transaction.atomic():
        change()
        after = _within_hours(visits, locked, now=now)
        transaction.set_rollback(True)
    if lost := [visit for visit in visits if visit.pk in before - after]:
        raise VisitsBooked(lost)


def _within_hours(
    visits: list[Consultation], dermatologists: list[Dermatologist], *, now: dt.datetime
) -> set[int]:
    """Which of these (in order of time) lie wholly in the open stretches, whatever is closed."""
    clinic = Clinic.objects.the_clinic()
    latest = visits[-1].starts_at
    if clinic is None or latest is None:
        return set()
    within = set()
    for calendar in calendars(
        dermatologists, clinic=clinic, treatment=None, earliest=now, latest=latest, now=now
    ):
        for visit in visits:
            if visit.dermatologist_id == calendar.dermatologist.pk:
                if _is_open(calendar.rules, visit, now=now):
                    within.add(visit.pk)
    return within


def _is_open(rules: slots.Rules, visit: Consultation, *, now: dt.datetime) -> bool:
    assert visit.starts_at and visit.ends_at  # a taken slot has them (a constraint)
    length = visit.ends_at - visit.starts_at
    bare = dataclasses.replace(rules, length=length, after=dt.timedelta())
    found = slots.explain(bare, [], visit.starts_at, now=now)
    return not NOT_OPEN & {because.reason for because in found}
