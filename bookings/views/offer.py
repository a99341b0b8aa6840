"""The free times as a page offers them: the soonest first, then day by day; used to book and to move."""

import datetime as dt
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.http import HttpRequest

import bookings.actions
from bookings import slots
from bookings.forms.road import TimesShown, zones_to_choose
from bookings.forms.times import TimeChoice, choices_of, time_of
from bookings.models import Consultation
from clinic import times
from clinic.models import Clinic, Dermatologist, Treatment

SOONEST = 3
DAYS_PER_PAGE = 7


@dataclass(frozen=True)
class DayOfTimes:
    """One day of the clinic's calendar, and what is free on it."""

    day: dt.date
    choices: list[TimeChoice] = field(default_factory=list)
    is_open: bool = False


def zone_asked(request: HttpRequest) -> str:
    """The zone that the page was asked to show times in besides the clinic's, or ""."""
    asked = request.GET.get("zone", "")
    return asked if asked in times.CITIES else ""


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

    The query string filters (dermatologist, language, first day); what it says wrongly is ignored.
    """
    dermatologists = list(Dermatologist.objects.seeing_patients().offering(treatment))
    asked = {one.slug: one for one in dermatologists}.get(request.GET.get("dermatologist", ""))
    language = request.GET.get("language", "")
    language = language if language in ("en", "ar") else ""
    weeks = Weeks(times.local_day(now, clinic_zone), clinic_zone)
    first = weeks.asked_for(request.GET.get("from", ""), chosen)

    def free_in(week: int) -> list[TimeChoice]:
        free = bookings.actions.free_times(
            treatment=treatment,
            now=now,
            dermatologist=asked,
            language=language,
            own=own,
            not_before=weeks.begins(week),
            not_after=weeks.begins(week + 1) - dt.timedelta(microseconds=1),
        )
        return choices_of(free, chosen=chosen, anybody="" if asked else f"*{language}")

    choices, first, last = weeks.gather(first, free_in)
    soonest = [] if first else choices[:SOONEST]
    shown = TimesShown(
        initial={"dermatologist": asked.slug if asked else "", "language": language, "zone": zone},
        dermatologists=dermatologists,
        zones=zones_to_choose(now, clinic_zone, zone),
    )
    return {
        "soonest": soonest,
        "days": _days(choices[len(soonest) :], clinic_zone),
        "has_times": bool(choices),
        "is_anybody": any(len(choice.dermatologists) > 1 for choice in choices),
        "shown_form": shown,
        "is_filtered": bool(asked or language),
        "earlier_url": _url_from(request, weeks.day(first - 1)) if first else "",
        "later_url": _url_from(request, weeks.day(last + 1)) if last < weeks.last else "",
    }


class Weeks:
    """The bookable days in pages of a week, counted from the clinic's today."""

    def __init__(self, today: dt.date, clinic_zone: str) -> None:
        clinic = Clinic.objects.the_clinic()
        self.today, self.zone = today, zoneinfo.ZoneInfo(clinic_zone)
        self.last = (clinic.horizon_days if clinic else 0) // DAYS_PER_PAGE

    def day(self, week: int) -> dt.date:
        return self.today + dt.timedelta(days=week * DAYS_PER_PAGE)

    def begins(self, week: int) -> dt.datetime:
        """The moment at which a week's first day begins in the clinic."""
        return slots.first_moment(self.day(week), self.zone)

    def asked_for(self, wish: str, chosen: str) -> int:
        """The week with the day that is asked for, else with the chosen time, else the first."""
        found = time_of(chosen)
        try:
            day = dt.date.fromisoformat(wish)
        except ValueError:
            day = times.local_day(found.starts_at, self.zone) if found else self.today
        return min(max((day - self.today).days // DAYS_PER_PAGE, 0), self.last)

    def gather(
        self, first: int, free_in: Callable[[int], list[TimeChoice]]
    ) -> tuple[list[TimeChoice], int, int]:
        """What is free from that week on, with the first and the last week of it.

        Usually one week; more where it has hardly any times; from the first where it has none.
        """
        choices, last = free_in(first), first
        while len(choices) < SOONEST and last < self.last:
            last += 1
            choices += free_in(last)
        if first and not choices:
            return self.gather(0, free_in)
        return choices, first, last


def _days(choices: list[TimeChoice], clinic_zone: str) -> list[DayOfTimes]:
    """Day by day; the one with the chosen time stands open, else the first."""
    days = []
    for day, on_it in groupby(choices, key=lambda one: times.local_day(one.starts_at, clinic_zone)):
        of_day = list(on_it)
        days.append(DayOfTimes(day, of_day, any(one.is_chosen for one in of_day)))
    if days and not any(day.is_open for day in days):
        days[0] = DayOfTimes(days[0].day, days[0].choices, True)
    return days


def _url_from(request: HttpRequest, day: dt.date) -> str:
    """The address of the times from that day on, with the filters as they are."""
    query = request.GET.copy()
    query["from"] = day.isoformat()
    return f"?{query.urlencode()}"
