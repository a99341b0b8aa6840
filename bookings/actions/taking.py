"""Taking a time so that nobody else can have it."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q

from bookings import slots
from bookings.actions.explaining import refusal
from bookings.actions.locks import (
    SOMEBODY_ELSE,
    TimeTaken,
    end_stale_holds,
    lock_dermatologists,
)
from bookings.actions.times import FreeTime, free_times, free_times_of
from bookings.models import Consultation
from clinic.models import Clinic, Dermatologist, Treatment

WEEK = dt.timedelta(days=7)


@dataclass(frozen=True)
class Wanted:
    """A time (UTC) that somebody wants: with one dermatologist, or with any who speaks a language.

    `ends_at` is what the person was shown: refused when a visit takes shorter or longer by now.
    """

    starts_at: dt.datetime
    dermatologist: Dermatologist | None = None
    speaks: str = ""
    ends_at: dt.datetime | None = None


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
    now: dt.datetime,
    notice: dt.timedelta | None = None,
) -> None:
    """Puts a free time on the consultation in memory, under the locks of `lock_for`.

    Everything is read anew from the database. Raises TimeTaken, NotOffered, OwnVisitThen.
    """
    clinic = Clinic.objects.the_clinic()
    assert clinic  # without one nobody has hours
    end_stale_holds(among, wanted.starts_at, now=now, own=consultation)
    free = free_times_of(
        among,
        clinic=clinic,
        treatment=consultation.treatment,
        not_before=wanted.starts_at,
        not_after=wanted.starts_at,
        now=now,
        own=_saved(consultation),
        notice=notice,
    )
    if not free or (wanted.ends_at is not None and wanted.ends_at != free[0].ends_at):
        raise refusal(
            consultation,
            starts_at=wanted.starts_at,
            ends_at=wanted.ends_at,
            dermatologist=wanted.dermatologist,
            clinic=clinic,
            now=now,
            notice=notice,
        )
    time = free[0] if len(free) == 1 else _fairest(free, consultation, clinic=clinic, now=now)
    consultation.dermatologist = time.dermatologist
    consultation.starts_at, consultation.ends_at = time.starts_at, time.ends_at


def _fairest(
    free: list[FreeTime], consultation: Consultation, *, clinic: Clinic, now: dt.datetime
) -> FreeTime:
    """Of the same time with several dermatologists: with who has the fewest visits on that day of the
    clinic, then in the seven days from it; a patient's present dermatologist stays where equal.
    """
    zone = clinic.zoneinfo
    day = free[0].starts_at.astimezone(zone).date()
    begins = slots.first_moment(day, zone)
    ends = slots.first_moment(day + dt.timedelta(days=1), zone)
    taken = Consultation.objects.taking_a_slot(now=now).exclude(pk=consultation.pk)
    rows = (
        taken.filter(
            dermatologist__in=[time.dermatologist for time in free],
            starts_at__gte=begins,
            starts_at__lt=begins + WEEK,
        )
        .order_by()
        .values_list("dermatologist")
        .annotate(Count("pk", filter=Q(starts_at__lt=ends)), Count("pk"))
    )
    loads = {pk: (on_the_day, in_the_week) for pk, on_the_day, in_the_week in rows}

    def load(time: FreeTime) -> tuple[tuple[int, int], bool, int]:
        pk = time.dermatologist.pk
        return loads.get(pk, (0, 0)), pk != consultation.dermatologist_id, pk

    return min(free, key=load)


def refuse_if_seen_taken(wanted: Wanted, consultation: Consultation, *, now: dt.datetime) -> None:
    """A look before the queue, so that who comes late to a wanted time need not stand in it.

    It guards nothing: `take_time` looks again under the lock. Raises TimeTaken.
    """
    taken = Consultation.objects.taking_a_slot(now=now).filter(
        dermatologist=wanted.dermatologist,
        starts_at__lte=wanted.starts_at,
        ends_at__gt=wanted.starts_at,
    )
    if wanted.dermatologist is not None and taken.exclude(pk=consultation.pk).exists():
        raise TimeTaken(SOMEBODY_ELSE)


def refuse_unless_free(
    *,
    treatment: Treatment | None,
    dermatologist: Dermatologist | None,
    starts_at: dt.datetime,
    now: dt.datetime,
    speaks: str = "",
    ends_at: dt.datetime | None = None,
) -> None:
    """Whether a time could be had, for somebody who has not said yet who they are; holds nothing.

    Raises TimeTaken, NotOffered.
    """
    clinic = Clinic.objects.the_clinic()
    free = free_times(
        treatment=treatment,
        dermatologist=dermatologist,
        language=speaks,
        not_before=starts_at,
        not_after=starts_at,
        now=now,
    )
    if clinic and (not free or (ends_at is not None and ends_at != free[0].ends_at)):
        raise refusal(
            Consultation(treatment=treatment),
            starts_at=starts_at,
            ends_at=ends_at,
            dermatologist=dermatologist,
            clinic=clinic,
            now=now,
            notice=None,
        )
