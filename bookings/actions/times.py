"""Which times are free, and which are nearest to one that is not."""

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from bookings import slots
from bookings.actions.rules import calendars
from bookings.models import Consultation
from clinic.models import Clinic, Dermatologist, Treatment


class FreeTime(NamedTuple):
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
    clinic: Clinic | None = None,
) -> list[FreeTime]:
    """What can be booked at `now`, earliest first: three queries, however many consultations exist
    (the clinic; its dermatologists; their hours, closures, openings and visits).

    `own` is a consultation whose own hold must not hide its time from its patient; other visits of
    its proven patient hide theirs. Without `notice`, the clinic's minimum notice applies.
    """
    clinic = clinic or Clinic.objects.the_clinic()
    if clinic is None:
        return []
    return free_times_of(
        _whose(treatment, dermatologist, language),
        clinic=clinic,
        treatment=treatment,
        now=now,
        not_before=not_before,
        not_after=not_after,
        own=own,
        notice=notice,
    )


def _whose(
    treatment: Treatment | None, dermatologist: Dermatologist | None, language: str
) -> Iterable[Dermatologist]:
    """Who sees patients about it, and speaks that language; who is named is asked about no more."""
    if dermatologist is not None and treatment is None and not language:
        return [dermatologist] if dermatologist.is_active else []
    found = Dermatologist.objects.seeing_patients().offering(treatment)
    if dermatologist is not None:
        found = found.filter(pk=dermatologist.pk)
    return found.filter(languages__contains=[language]) if language else found


def free_times_of(
    dermatologists: Iterable[Dermatologist],
    *,
    clinic: Clinic,
    treatment: Treatment | None,
    now: dt.datetime,
    not_before: dt.datetime | None = None,
    not_after: dt.datetime | None = None,
    own: Consultation | None = None,
    notice: dt.timedelta | None = None,
) -> list[FreeTime]:
    """The same for dermatologists who are known to see patients about it: one query more."""
    earliest = max(now, not_before or now)
    latest = min(_end_of_horizon(clinic, now), not_after or dt.datetime.max.replace(tzinfo=dt.UTC))
    dermatologists = list(dermatologists)
    if earliest > latest or not dermatologists:
        return []
    found: list[tuple[dt.datetime, int, FreeTime]] = []
    for one in calendars(
        dermatologists,
        clinic=clinic,
        treatment=treatment,
        earliest=earliest,
        latest=latest,
        now=now,
        own=own,
        notice=notice,
    ):
        starts = slots.free_times(
            one.rules, one.taken, now=now, not_before=earliest, not_after=latest
        )
        length, who, pk = one.rules.length, one.dermatologist, one.dermatologist.pk
        found += [(start, pk, FreeTime(who, start, start + length)) for start in starts]
    found.sort()  # no dermatologist has two at one moment, so no two FreeTimes are compared
    return [time for _start, _pk, time in found]


def _end_of_horizon(clinic: Clinic, now: dt.datetime) -> dt.datetime:
    """The moment (UTC) at which the last bookable day of the clinic is over."""
    today = now.astimezone(clinic.zoneinfo).date()
    after = today + dt.timedelta(days=clinic.horizon_days + 1)
    return slots.first_moment(after, clinic.zoneinfo)


def nearest_times(
    *,
    treatment: Treatment | None,
    wanted: dt.datetime,
    now: dt.datetime,
    dermatologist: Dermatologist | None = None,
    language: str = "",
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
            language=language,
            own=own,
            not_before=wanted - reach,
            not_after=wanted + reach,
        )
        if len(near) >= count:
            break
    same = dermatologist.pk if dermatologist else None
    near.sort(key=lambda time: (abs(time.starts_at - wanted), time.dermatologist.pk != same))
    return sorted(near[:count], key=lambda time: (time.starts_at, time.dermatologist.pk))
