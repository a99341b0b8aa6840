"""What the database says about when dermatologists can be seen, as bookings/slots asks for it."""

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from bookings import slots
from bookings.models import LONGEST, TAKES_THE_SLOT, Consultation
from clinic.models import LONGEST_BUFFER, Clinic, Dermatologist, Treatment

REACH = dt.timedelta(minutes=LONGEST_BUFFER)

# One statement, so that hours, exceptions and visits are of one moment; by hand, for nothing is asked
# more often. `_sort_in` names the columns.
HOURS = """
SELECT 'hours', hours.dermatologist_id, NULL::bigint, NULL::timestamptz, NULL::timestamptz,
       hours.weekday, hours.starts, hours.ends, season.first_day, season.last_day,
       NULL::smallint, NULL::smallint, NULL::boolean
FROM bookings_weeklyhours hours LEFT JOIN bookings_season season ON season.id = hours.season_id
WHERE hours.dermatologist_id = ANY(%(ids)s)
  AND (season.id IS NULL OR season.last_day >= %(first)s - 1)"""
EXCEPTIONS = """
SELECT '{what}', dermatologist_id, NULL, starts_at, ends_at,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM bookings_{what}
WHERE (dermatologist_id IS NULL OR dermatologist_id = ANY(%(ids)s))
  AND starts_at < %(until)s AND ends_at > %(since)s"""
VISITS = """
SELECT 'visit', visit.dermatologist_id, visit.id, visit.starts_at, visit.ends_at,
       NULL, NULL, NULL, NULL, NULL,
       treatment.buffer_before_minutes, treatment.buffer_after_minutes,
       visit.status = 'held' AND visit.hold_expires_at <= %(now)s
FROM bookings_consultation visit
LEFT JOIN clinic_treatment treatment ON treatment.id = visit.treatment_id
WHERE visit.status IN ({taking}) AND visit.dermatologist_id = ANY(%(ids)s)
  AND visit.starts_at > %(since)s - %(longest)s AND visit.starts_at < %(until)s
  AND visit.ends_at > %(since)s AND visit.id IS DISTINCT FROM %(own)s"""
ELSEWHERE = VISITS.replace(
    "visit.dermatologist_id = ANY(%(ids)s)", "visit.patient_id = %(patient)s"
)
TAKING = ", ".join(f"'{status}'" for status in TAKES_THE_SLOT)
STATEMENT = "\nUNION ALL".join(
    [
        HOURS,
        EXCEPTIONS.format(what="closure"),
        EXCEPTIONS.format(what="opening"),
        VISITS.format(taking=TAKING),
    ]
)
STATEMENT_WITH_ELSEWHERE = (
    STATEMENT + "\nUNION ALL" + ELSEWHERE.format(taking=TAKING).replace("'visit'", "'elsewhere'")
)


@dataclass
class Calendar:
    """One dermatologist's rules and visits; `stale` are holds that ran out and were not let go yet."""

    dermatologist: Dermatologist
    rules: slots.Rules
    taken: list[slots.Taken]
    stale: list[int]


@dataclass
class _Found:
    """The rows of the statement, by dermatologist (None: everybody)."""

    windows: dict[int, list[slots.Window]] = field(default_factory=lambda: defaultdict(list))
    seasons: dict[int, dict[tuple[dt.date, dt.date], list[slots.Window]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    closure: dict[int | None, list[slots.Interval]] = field(
        default_factory=lambda: defaultdict(list)
    )
    opening: dict[int | None, list[slots.Interval]] = field(
        default_factory=lambda: defaultdict(list)
    )
    taken: dict[int, list[slots.Taken]] = field(default_factory=lambda: defaultdict(list))
    elsewhere: list[slots.Interval] = field(default_factory=list)
    stale: list[int] = field(default_factory=list)


def length_of(treatment: Treatment | None, clinic: Clinic) -> dt.timedelta:
    """How long a visit about this treatment takes."""
    minutes = treatment.visit_minutes if treatment else None
    return dt.timedelta(minutes=clinic.visit_minutes if minutes is None else minutes)


def calendars(
    dermatologists: Iterable[Dermatologist],
    *,
    clinic: Clinic,
    treatment: Treatment | None,
    earliest: dt.datetime,
    latest: dt.datetime,
    now: dt.datetime,
    own: Consultation | None = None,
    notice: dt.timedelta | None = None,
) -> list[Calendar]:
    """Their rules and visits for starts in [earliest, latest]: one query, however many there are.

    `own` is a consultation whose own time is not in its way; other visits of its patient are, with
    every dermatologist. Without `notice`, the clinic's minimum notice applies.
    """
    dermatologists = list(dermatologists)
    found = _read(dermatologists, clinic, earliest, latest, now=now, own=own)
    usual = _policy(clinic, treatment, notice=notice)
    return [
        Calendar(
            dermatologist,
            dataclasses.replace(
                usual,
                windows=found.windows[pk],
                seasons=[
                    slots.Season(first_day, last_day, tuple(windows))
                    for (first_day, last_day), windows in found.seasons[pk].items()
                ],
                openings=found.opening[pk] + found.opening[None],
                closures=found.closure[pk] + found.closure[None],
                elsewhere=found.elsewhere,
                most_a_day=dermatologist.visits_per_day,
            ),
            found.taken[pk],
            found.stale,
        )
        for dermatologist in dermatologists
        for pk in [dermatologist.pk]
    ]


def _policy(
    clinic: Clinic, treatment: Treatment | None, *, notice: dt.timedelta | None
) -> slots.Rules:
    """What is the same with every dermatologist."""
    before, after = _buffers(
        clinic,
        treatment.buffer_before_minutes if treatment else None,
        treatment.buffer_after_minutes if treatment else None,
    )
    return slots.Rules(
        zone=clinic.zoneinfo,
        length=length_of(treatment, clinic),
        grid=clinic.grid,
        before=before,
        after=after,
        notice=clinic.min_notice if notice is None else notice,
        horizon_days=clinic.horizon_days,
    )


def _buffers(
    clinic: Clinic, before: int | None, after: int | None
) -> tuple[dt.timedelta, dt.timedelta]:
    """A treatment's buffers; where it has none of its own, the clinic's."""
    return (
        dt.timedelta(minutes=clinic.buffer_before_minutes if before is None else before),
        dt.timedelta(minutes=clinic.buffer_after_minutes if after is None else after),
    )


def _read(
    dermatologists: list[Dermatologist],
    clinic: Clinic,
    earliest: dt.datetime,
    latest: dt.datetime,
    *,
    now: dt.datetime,
    own: Consultation | None,
) -> _Found:
    zone = clinic.zoneinfo
    first, last = earliest.astimezone(zone).date(), latest.astimezone(zone).date()
    patient = own.patient_id if own is not None else None
    asked: dict[str, Any] = {
        "ids": [dermatologist.pk for dermatologist in dermatologists],
        "first": first,
        # Whole days of the clinic, for a day can be full.
        "since": slots.first_moment(first, zone) - REACH,
        "until": slots.first_moment(last + dt.timedelta(days=1), zone) + LONGEST + REACH,
        "longest": LONGEST,
        "now": now,
        "own": own.pk if own is not None else None,
        "patient": patient,
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT if patient is None else STATEMENT_WITH_ELSEWHERE, asked)
        rows = cursor.fetchall()
    found = _Found()
    for row in rows:
        _sort_in(found, row, clinic)
    return found


def _sort_in(found: _Found, row: tuple, clinic: Clinic) -> None:
    what, pk, visit, starts_at, ends_at, weekday, starts, ends, *rest = row
    first_day, last_day, before, after, is_stale = rest
    if what == "hours":
        window = slots.Window(weekday, starts, ends)
        windows = found.windows[pk] if first_day is None else found.seasons[pk][first_day, last_day]
        windows.append(window)
    elif what in ("closure", "opening"):
        getattr(found, what)[pk].append(slots.Interval(starts_at, ends_at))
    elif is_stale:
        found.stale.append(visit)
    elif what == "elsewhere":
        found.elsewhere.append(slots.Interval(starts_at, ends_at))
    else:
        found.taken[pk].append(slots.Taken(starts_at, ends_at, *_buffers(clinic, before, after)))
