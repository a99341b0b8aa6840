"""Taking a time so that nobody else can have it."""

import datetime as dt

from django.db.models import Count, Q

from bookings import slots
from bookings.actions.explaining import Wanted, near, refusal
from bookings.actions.locks import end_holds, lock_dermatologists
from bookings.actions.rules import Calendar, calendars
from bookings.actions.times import free_times
from bookings.models import Consultation
from clinic.models import Clinic, Dermatologist, Treatment

WEEK = dt.timedelta(days=7)


def lock_for(
    wanted: Wanted,
    consultation: Consultation,
    *,
    now: dt.datetime,
    notice: dt.timedelta | None = None,
) -> list[Dermatologist]:
    """Locks whoever could take the wanted time, with the consultation's present dermatologist.

    To be called inside a transaction. Gives those who see patients about its treatment.
    """
    if wanted.dermatologist is not None:
        ids = [wanted.dermatologist.pk]
    else:
        look = free_times(
            treatment=consultation.treatment,
            language=wanted.speaks,
            not_before=wanted.starts_at,
            not_after=wanted.starts_at,
            now=now,
            own=_saved(consultation),
            notice=notice,
        )
        ids = [time.dermatologist.pk for time in look]
    locked = lock_dermatologists(
        *ids, consultation.dermatologist_id, treatment=consultation.treatment
    )
    return [locked[pk] for pk in ids if pk in locked and _sees(locked[pk])]


def _sees(dermatologist: Dermatologist) -> bool:
    offers_it: bool = dermatologist.offers_it  # type: ignore[attr-defined]  # annotated by the lock
    return dermatologist.is_active and offers_it


def _saved(consultation: Consultation) -> Consultation | None:
    return consultation if consultation.pk else None


def take_time(
    consultation: Consultation,
    wanted: Wanted,
    among: list[Dermatologist],
    *,
    clinic: Clinic,
    now: dt.datetime,
    notice: dt.timedelta | None = None,
) -> None:
    """Puts a free time on the consultation in memory, under the locks of `lock_for`.

    Everything is read anew from the database. Raises TimeTaken, NotOffered, OwnVisitThen.
    """
    starts_at = near(wanted.starts_at, now=now)
    found = calendars(
        among,
        clinic=clinic,
        treatment=consultation.treatment,
        earliest=starts_at,
        latest=starts_at,
        now=now,
        own=_saved(consultation),
        notice=notice,
    )
    free = [one for one in found if _is_free(one, wanted, now=now)]
    if not free:
        raise refusal(consultation, wanted, clinic=clinic, now=now, notice=notice)
    if stale := {pk for one in found for pk in one.stale}:
        end_holds(*stale, now=now)
    chosen = free[0] if len(free) == 1 else _fairest(free, consultation, wanted, now=now)
    consultation.dermatologist = chosen.dermatologist
    consultation.starts_at = wanted.starts_at
    consultation.ends_at = wanted.starts_at + chosen.rules.length


def _is_free(calendar: Calendar, wanted: Wanted, *, now: dt.datetime) -> bool:
    start = wanted.starts_at
    lasts = wanted.ends_at is None or wanted.ends_at - start == calendar.rules.length
    return lasts and start in slots.free_times(
        calendar.rules, calendar.taken, now=now, not_before=start, not_after=start
    )


def _fairest(
    free: list[Calendar], consultation: Consultation, wanted: Wanted, *, now: dt.datetime
) -> Calendar:
    """Of the same time with several dermatologists: with who has the fewest visits on that day of the
    clinic, then in the seven days from it; a patient's present dermatologist stays where equal.
    """
    zone = free[0].rules.zone
    day = wanted.starts_at.astimezone(zone).date()
    begins = slots.first_moment(day, zone)
    ends = slots.first_moment(day + dt.timedelta(days=1), zone)
    taken = Consultation.objects.taking_a_slot(now=now).exclude(pk=consultation.pk)
    rows = (
        taken.filter(
            dermatologist__in=[one.dermatologist for one in free],
            starts_at__gte=begins,
            starts_at__lt=begins + WEEK,
        )
        .order_by()
        .values("dermatologist")
        .annotate(on_the_day=Count("pk", filter=Q(starts_at__lt=ends)), in_the_week=Count("pk"))
        .values_list("dermatologist", "on_the_day", "in_the_week")
    )
    loads = {pk: (on_the_day, in_the_week) for pk, on_the_day, in_the_week in rows}

    def load(one: Calendar) -> tuple[tuple[int, int], bool, int]:
        pk = one.dermatologist.pk
        return loads.get(pk, (0, 0)), pk != consultation.dermatologist_id, pk

    return min(free, key=load)


def refuse_unless_free(
    *,
    treatment: Treatment | None,
    starts_at: dt.datetime,
    now: dt.datetime,
    dermatologist: Dermatologist | None = None,
    speaks: str = "",
    ends_at: dt.datetime | None = None,
) -> None:
    """Whether a time could be had, for somebody who has not said yet who they are; holds nothing.

    Raises TimeTaken, NotOffered.
    """
    wanted = Wanted(starts_at, dermatologist, speaks, ends_at)
    clinic = Clinic.objects.the_clinic()
    free = free_times(
        treatment=treatment,
        dermatologist=dermatologist,
        language=speaks,
        not_before=starts_at,
        not_after=starts_at,
        now=now,
    )
    if clinic and not any(ends_at in (None, time.ends_at) for time in free):
        asked = Consultation(treatment=treatment)
        raise refusal(asked, wanted, clinic=clinic, now=now)
