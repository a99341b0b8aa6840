"""What the database says about when dermatologists can be seen, as bookings/slots.py asks for it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q

from bookings import slots
from bookings.models import LONGEST, Closure, Consultation, Opening, WeeklyHours
from clinic.models import LONGEST_BUFFER, Clinic, Dermatologist, Treatment

REACH = dt.timedelta(minutes=LONGEST_BUFFER)


@dataclass(frozen=True)
class Calendar:
    """One dermatologist's rules and visits."""

    dermatologist: Dermatologist
    rules: slots.Rules
    taken: list[slots.Taken]


def length_of(treatment: Treatment | None, clinic: Clinic) -> dt.timedelta:
    """How long a visit about this treatment takes."""
    minutes = treatment.visit_minutes if treatment else None
    return dt.timedelta(minutes=clinic.visit_minutes if minutes is None else minutes)


def _buffer(of_treatment: int | None, of_clinic: int) -> dt.timedelta:
    return dt.timedelta(minutes=of_clinic if of_treatment is None else of_treatment)


def calendars(
    dermatologists: list[Dermatologist],
    *,
    clinic: Clinic,
    treatment: Treatment | None,
    earliest: dt.datetime,
    latest: dt.datetime,
    now: dt.datetime,
    own: Consultation | None = None,
    notice: dt.timedelta | None = None,
) -> Iterator[Calendar]:
    """Their rules and visits for starts in [earliest, latest]: four queries, however many there are.

    `own` is a consultation whose own time is not in its way; other visits of its patient are, with
    every dermatologist. Without `notice`, the clinic's minimum notice applies.
    """
    zone = clinic.zoneinfo
    first, last = earliest.astimezone(zone).date(), latest.astimezone(zone).date()
    # Whole days of the clinic, for a day can be full.
    reach = {
        "starts_at": slots.first_moment(first, zone) - REACH,
        "ends_at": slots.first_moment(last + dt.timedelta(days=1), zone) + LONGEST + REACH,
    }
    usual, seasons = _hours(dermatologists, first)
    closures = list(Closure.objects.of_any(dermatologists).touching(**reach))
    openings = list(Opening.objects.of_any(dermatologists).touching(**reach))
    visits, elsewhere = _visits(dermatologists, reach, clinic=clinic, now=now, own=own)
    for dermatologist in dermatologists:
        pk = dermatologist.pk
        rules = slots.Rules(
            zone=zone,
            length=length_of(treatment, clinic),
            grid=clinic.grid,
            windows=usual[pk],
            seasons=seasons[pk],
            openings=_stretches(openings, pk),
            closures=_stretches(closures, pk),
            elsewhere=elsewhere,
            before=_buffer(
                treatment.buffer_before_minutes if treatment else None, clinic.buffer_before_minutes
            ),
            after=_buffer(
                treatment.buffer_after_minutes if treatment else None, clinic.buffer_after_minutes
            ),
            notice=clinic.min_notice if notice is None else notice,
            horizon_days=clinic.horizon_days,
            most_a_day=dermatologist.visits_per_day,
        )
        yield Calendar(dermatologist, rules, visits[pk])


def _hours(
    dermatologists: list[Dermatologist], first: dt.date
) -> tuple[dict[int, list[slots.Window]], dict[int, list[slots.Season]]]:
    """By dermatologist: the usual windows, and the seasons that are not over on the first day."""
    rows = WeeklyHours.objects.filter(dermatologist__in=dermatologists).select_related("season")
    usual: dict[int, list[slots.Window]] = defaultdict(list)
    seasonal: dict[int, dict[tuple[dt.date, dt.date], list[slots.Window]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for row in rows.order_by():
        window = slots.Window(row.weekday, row.starts, row.ends)
        if row.season is None:
            usual[row.dermatologist_id].append(window)
        elif row.season.last_day >= first - dt.timedelta(days=1):
            days = (row.season.first_day, row.season.last_day)
            seasonal[row.dermatologist_id][days].append(window)
    seasons: dict[int, list[slots.Season]] = defaultdict(list)
    for pk, by_days in seasonal.items():
        for (first_day, last_day), windows in by_days.items():
            seasons[pk].append(slots.Season(first_day, last_day, tuple(windows)))
    return usual, seasons


def _stretches(rows: "Iterable[Closure | Opening]", pk: int) -> list[slots.Interval]:
    """Those of this dermatologist and those of the whole clinic."""
    return [
        slots.Interval(row.starts_at, row.ends_at)
        for row in rows
        if row.dermatologist_id in (None, pk)
    ]


def _visits(
    dermatologists: list[Dermatologist],
    reach: dict[str, dt.datetime],
    *,
    clinic: Clinic,
    now: dt.datetime,
    own: Consultation | None,
) -> tuple[dict[int, list[slots.Taken]], list[slots.Interval]]:
    """By dermatologist: what is taken; and where the same person is at another visit."""
    taken = Consultation.objects.taking_a_slot(now=now).touching(**reach)
    patient = own.patient_id if own is not None else None
    whose = Q(dermatologist__in=dermatologists)
    if patient is not None:
        whose |= Q(patient=patient)
    if own is not None:
        taken = taken.exclude(pk=own.pk)
    rows = taken.filter(whose).order_by()
    visits: dict[int, list[slots.Taken]] = defaultdict(list)
    elsewhere = []
    for pk, of_patient, starts_at, ends_at, before, after in rows.values_list(
        "dermatologist_id",
        "patient_id",
        "starts_at",
        "ends_at",
        "treatment__buffer_before_minutes",
        "treatment__buffer_after_minutes",
    ):
        assert pk and starts_at and ends_at  # a taken slot has them (a constraint)
        visits[pk].append(
            slots.Taken(
                starts_at,
                ends_at,
                _buffer(before, clinic.buffer_before_minutes),
                _buffer(after, clinic.buffer_after_minutes),
            )
        )
        if patient is not None and of_patient == patient:
            elsewhere.append(slots.Interval(starts_at, ends_at))
    return visits, elsewhere
