"""Which times are free, and taking one so that nobody else can have it."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DatabaseError, transaction
from django.utils.translation import gettext_lazy as _

from bookings import slots
from bookings.models import Closure, Consultation, Status, WeeklyHours
from clinic.errors import Refused
from clinic.models import Clinic, Dermatologist, Treatment

# What PostgreSQL says when two people want one time: exclusion, deadlock, serialization, lock.
ONE_TIME_TWO_PEOPLE = {"23P01", "40P01", "40001", "55P03"}


class TimeTaken(Refused):
    """Somebody else has this time, or it is not (or no longer) one that can be booked."""

    code = "slot_taken"


@dataclass(frozen=True)
class FreeTime:
    """A time (UTC) that can be booked with a dermatologist."""

    dermatologist: Dermatologist
    starts_at: dt.datetime
    ends_at: dt.datetime


def free_times(
    *,
    treatment: Treatment | None,
    now: dt.datetime,
    dermatologist: Dermatologist | None = None,
    language: str = "",
    not_before: dt.datetime | None = None,
    not_after: dt.datetime | None = None,
    own: Consultation | None = None,
    notice: dt.timedelta | None = None,
) -> list[FreeTime]:
    """What can be booked at `now`, earliest first: five queries, however many consultations exist.

    `own` is a consultation whose own hold must not hide its time from its patient. Without
    `notice`, the clinic's minimum notice applies. The horizon is counted in the clinic's days.
    """
    clinic = Clinic.objects.the_clinic()
    if clinic is None:
        return []
    earliest = max(now + (clinic.min_notice if notice is None else notice), not_before or now)
    latest = min(_horizon(clinic, now), not_after or dt.datetime.max.replace(tzinfo=dt.UTC))
    dermatologists = Dermatologist.objects.seeing_patients().offering(treatment)
    if dermatologist is not None:
        dermatologists = dermatologists.filter(pk=dermatologist.pk)
    if language:
        dermatologists = dermatologists.filter(languages__contains=[language])
    if earliest > latest:
        return []
    found = _free_times_of(
        list(dermatologists.distinct()), clinic, earliest, latest, now=now, own=own
    )
    return sorted(found, key=lambda time: (time.starts_at, time.dermatologist.pk))


def _horizon(clinic: Clinic, now: dt.datetime) -> dt.datetime:
    """The last moment of the last bookable day, by the clinic's calendar."""
    day = now.astimezone(clinic.zoneinfo).date() + dt.timedelta(days=clinic.horizon_days + 1)
    midnight = dt.datetime.combine(day, dt.time(), tzinfo=clinic.zoneinfo)
    return midnight.astimezone(dt.UTC) - dt.timedelta(microseconds=1)


def _free_times_of(
    dermatologists: list[Dermatologist],
    clinic: Clinic,
    earliest: dt.datetime,
    latest: dt.datetime,
    *,
    now: dt.datetime,
    own: Consultation | None,
) -> Iterator[FreeTime]:
    length = clinic.visit_length
    reach = {"starts_at": earliest, "ends_at": latest + length}
    hours = list(WeeklyHours.objects.filter(dermatologist__in=dermatologists))
    closures = list(Closure.objects.of_any(dermatologists).touching(**reach))
    taken = Consultation.objects.taking_a_slot(now=now).touching(**reach)
    if own is not None:
        taken = taken.exclude(pk=own.pk)
    visits = list(
        taken.filter(dermatologist__in=dermatologists)
        .order_by()
        .values_list("dermatologist_id", "starts_at", "ends_at")
    )
    for dermatologist in dermatologists:
        for starts_at in slots.free_times(
            windows=[
                slots.Window(row.weekday, row.starts, row.ends)
                for row in hours
                if row.dermatologist_id == dermatologist.pk
            ],
            closed=[
                slots.Interval(row.starts_at, row.ends_at)
                for row in closures
                if row.dermatologist_id in (None, dermatologist.pk)
            ],
            taken=[
                slots.Interval(starts, ends)
                for pk, starts, ends in visits
                if pk == dermatologist.pk and starts and ends
            ],
            zone=clinic.zoneinfo,
            length=length,
            not_before=earliest,
            not_after=latest,
        ):
            yield FreeTime(dermatologist, starts_at, starts_at + length)


def nearest_times(
    *,
    treatment: Treatment | None,
    wanted: dt.datetime,
    now: dt.datetime,
    dermatologist: Dermatologist | None = None,
    own: Consultation | None = None,
    count: int = 3,
) -> list[FreeTime]:
    """The free times nearest to a wanted one, in order of time; the same dermatologist goes first
    where two are equally near. Looks a day to each side, then a week, then at all that is free.
    """
    wanted = max(now, min(wanted, now + dt.timedelta(days=366)))  # 9999 has no day after it
    near: list[FreeTime] = []
    for reach in (dt.timedelta(days=1), dt.timedelta(days=7), dt.timedelta(days=400)):
        near = free_times(
            treatment=treatment,
            now=now,
            own=own,
            not_before=wanted - reach,
            not_after=wanted + reach,
        )
        if len(near) >= count:
            break
    same = dermatologist.pk if dermatologist else None
    near.sort(key=lambda time: (abs(time.starts_at - wanted), time.dermatologist.pk != same))
    return sorted(near[:count], key=lambda time: (time.starts_at, time.dermatologist.pk))


@contextlib.contextmanager
def slot_decided() -> Iterator[None]:
    """One transaction in which a slot is taken; the loser of a race gets TimeTaken, never an error
    of the database's.
    """
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") in ONE_TIME_TWO_PEOPLE:
            raise TimeTaken(SOMEBODY_ELSE) from error
        raise


SOMEBODY_ELSE = _("Somebody else has just taken this time. Please choose another one.")
NOT_OFFERED = _("This time cannot be booked. Please choose one from the list.")


def lock_dermatologists(*ids: int | None) -> dict[int, Dermatologist]:
    """Locks dermatologists' rows, in ascending order, until the transaction ends.

    An exclusion constraint alone never overbooks, but simultaneous inserts can deadlock each other
    for half a minute (measured): this queue comes first.
    """
    wanted = [pk for pk in ids if pk is not None]
    rows = Dermatologist.objects.select_for_update(no_key=True).filter(pk__in=wanted)
    return {row.pk: row for row in rows.order_by("pk")}


def lock_consultation(pk: int) -> Consultation:
    """Locks one consultation until the transaction ends; always after its dermatologists."""
    return Consultation.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)


def take_time(
    consultation: Consultation,
    *,
    dermatologist: Dermatologist,
    starts_at: dt.datetime,
    now: dt.datetime,
    notice: dt.timedelta | None = None,
) -> None:
    """Puts a free time on the consultation in memory, under the dermatologist's lock.

    Everything is read anew from the database. Raises TimeTaken.
    """
    _expire_stale_holds(dermatologist, starts_at, now=now, own=consultation)
    free = free_times(
        treatment=consultation.treatment,
        dermatologist=dermatologist,
        not_before=starts_at,
        not_after=starts_at,
        now=now,
        own=consultation if consultation.pk else None,
        notice=notice,
    )
    if not free:
        raise TimeTaken(_why_not(consultation, dermatologist, starts_at, now=now))
    consultation.dermatologist = free[0].dermatologist
    consultation.starts_at = free[0].starts_at
    consultation.ends_at = free[0].ends_at


def _why_not(
    consultation: Consultation,
    dermatologist: Dermatologist,
    starts_at: dt.datetime,
    *,
    now: dt.datetime,
) -> object:
    taken = _is_taken(consultation, dermatologist, starts_at, now=now)
    return SOMEBODY_ELSE if taken else NOT_OFFERED


def _is_taken(
    consultation: Consultation,
    dermatologist: Dermatologist,
    starts_at: dt.datetime,
    *,
    now: dt.datetime,
) -> bool:
    taken = Consultation.objects.taking_a_slot(now=now).filter(
        dermatologist=dermatologist, starts_at__lte=starts_at, ends_at__gt=starts_at
    )
    return taken.exclude(pk=consultation.pk).exists()


def refuse_if_seen_taken(
    consultation: Consultation,
    dermatologist: Dermatologist,
    starts_at: dt.datetime,
    *,
    now: dt.datetime,
) -> None:
    """A look before the queue, so that who comes late to a wanted time need not stand in it.

    It guards nothing: `take_time` looks again under the lock. Raises TimeTaken.
    """
    if _is_taken(consultation, dermatologist, starts_at, now=now):
        raise TimeTaken(SOMEBODY_ELSE)


def _expire_stale_holds(
    dermatologist: Dermatologist, starts_at: dt.datetime, *, now: dt.datetime, own: Consultation
) -> None:
    """Frees the slots that nobody holds any longer, so that the constraint does not keep them."""
    stale = Consultation.objects.with_hold_run_out(now=now).filter(
        dermatologist=dermatologist, ends_at__gt=starts_at
    )
    for hold in stale.exclude(pk=own.pk).select_for_update(no_key=True, of=("self",)):
        hold.move_to(Status.EXPIRED)
        hold.save(update_fields=["status"])
