"""The free times as a page offers them: the soonest first, then day by day; used to book and to move."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.http import HttpRequest

import bookings.actions
from bookings.actions import FreeTime
from bookings.forms.road import TimesShown, zones_to_choose
from bookings.models import Consultation
from clinic import times
from clinic.models import Dermatologist, Treatment

SOONEST = 3
DAYS_PER_PAGE = 7


@dataclass(frozen=True)
class TimeChoice:
    """A free time as a form offers it; `value` is what the form sends back."""

    value: str
    starts_at: dt.datetime
    dermatologist: Dermatologist
    is_chosen: bool = False


@dataclass(frozen=True)
class DayOfTimes:
    """One day of the clinic's calendar, and what is free on it."""

    day: dt.date
    choices: list[TimeChoice] = field(default_factory=list)
    is_open: bool = False


def time_value(dermatologist: Dermatologist, starts_at: dt.datetime) -> str:
    """How a time is written in a form: "huda|2026-11-23T05:00:00Z"."""
    return f"{dermatologist.slug}|{starts_at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


def time_chosen(value: object) -> tuple[Dermatologist, dt.datetime] | None:
    """The dermatologist and the moment that a form sent, or None for what is no such thing."""
    slug, _bar, moment = str(value or "").partition("|")
    try:
        starts_at = dt.datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    if "\x00" in slug:
        return None
    dermatologist = Dermatologist.objects.seeing_patients().filter(slug=slug).first()
    return (dermatologist, starts_at) if dermatologist else None


def choices_of(free: Iterable[FreeTime], *, chosen: str = "") -> list[TimeChoice]:
    """Free times as choices; `chosen` is the value that is marked."""
    return [
        TimeChoice(value, one.starts_at, one.dermatologist, value == chosen)
        for one in free
        for value in [time_value(one.dermatologist, one.starts_at)]
    ]


def zone_asked(request: HttpRequest, *, now: dt.datetime) -> str:
    """The zone that the page was asked to show times in besides the clinic's, or ""."""
    asked = request.GET.get("zone", "")
    return asked if asked in dict(times.zone_choices(now, "en")) else ""


def times_shown(
    request: HttpRequest,
    *,
    treatment: Treatment | None,
    own: Consultation | None,
    clinic_zone: str,
    zone: str,
    now: dt.datetime,
    chosen: str = "",
) -> dict[str, Any]:
    """What bookings/times.html shows: the soonest free times, a week of days, and the filters.

    The query string filters (dermatologist, language, week); what it says wrongly is ignored.
    """
    dermatologists = list(Dermatologist.objects.seeing_patients().offering(treatment))
    asked = {one.slug: one for one in dermatologists}.get(request.GET.get("dermatologist", ""))
    language = request.GET.get("language", "")
    language = language if language in ("en", "ar") else ""
    free = bookings.actions.free_times(
        treatment=treatment, now=now, dermatologist=asked, language=language, own=own
    )
    choices = choices_of(free, chosen=chosen)
    weeks, week = _weeks(request, choices, clinic_zone)
    first_page = not weeks or week == weeks[0]
    soonest = choices[:SOONEST] if first_page else []
    shown = TimesShown(
        initial={"dermatologist": asked.slug if asked else "", "language": language, "zone": zone},
        dermatologists=dermatologists,
        zones=zones_to_choose(now, clinic_zone, zone),
    )
    return {
        "soonest": soonest,
        "days": _days(choices[len(soonest) :], week, clinic_zone),
        "has_times": bool(choices),
        "shown_form": shown,
        "is_filtered": bool(asked or language),
        "earlier_url": _week_url(request, weeks, week, -1),
        "later_url": _week_url(request, weeks, week, +1),
    }


def _days(choices: list[TimeChoice], week: list[dt.date], clinic_zone: str) -> list[DayOfTimes]:
    """The days of one week; the one with the chosen time stands open, else the first."""
    days = []
    for day, on_it in groupby(choices, key=lambda one: times.local_day(one.starts_at, clinic_zone)):
        if day in week:
            of_day = list(on_it)
            days.append(DayOfTimes(day, of_day, any(one.is_chosen for one in of_day)))
    if days and not any(day.is_open for day in days):
        days[0] = DayOfTimes(days[0].day, days[0].choices, True)
    return days


def _weeks(
    request: HttpRequest, choices: list[TimeChoice], clinic_zone: str
) -> tuple[list[list[dt.date]], list[dt.date]]:
    """The days with free times, in pages of a week, and the page that is asked for.

    Without a wish it is the page with the chosen time, else the first.
    """
    days = sorted({times.local_day(one.starts_at, clinic_zone) for one in choices})
    if not days:
        return [], []
    pages = [
        list(page)
        for _number, page in groupby(days, key=lambda day: (day - days[0]).days // DAYS_PER_PAGE)
    ]
    marked = {times.local_day(one.starts_at, clinic_zone) for one in choices if one.is_chosen}
    wish = request.GET.get("from", "")
    for page in pages:
        if wish == page[0].isoformat() or (not wish and marked & set(page)):
            return pages, page
    later = [page for page in pages if page[-1].isoformat() >= wish[:10]]
    return pages, (later or pages[-1:])[0] if wish else pages[0]


def _week_url(
    request: HttpRequest, weeks: list[list[dt.date]], week: list[dt.date], step: int
) -> str:
    """The address of the week before or after, with the filters as they are; "" where there is none."""
    at = weeks.index(week) + step if week else -1
    if not 0 <= at < len(weeks):
        return ""
    query = request.GET.copy()
    query["from"] = weeks[at][0].isoformat()
    return f"?{query.urlencode()}"
