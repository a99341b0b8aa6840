"""Clinics for Hypothesis to make up: rules, visits and questions around real changes of the clock."""

import datetime as dt
import zoneinfo
from dataclasses import dataclass

from hypothesis import strategies as st

from bookings.slots import Interval, Rules, Season, Taken, Window
from tests.bookings.slots.written import DAY, minutes, utc

# Zone, and moments (UTC) at which its clock is put forward or back, as `zdump -v` tells them.
CHANGES = {
    "America/New_York": ["2026-03-08T07:00", "2025-11-02T06:00"],
    "Europe/Berlin": ["2026-03-29T01:00", "2026-10-25T01:00"],
    "Africa/Cairo": ["2026-04-23T22:00", "2026-10-29T21:00"],
    "Africa/Casablanca": ["2026-02-15T02:00", "2026-03-22T02:00"],
    "Asia/Kathmandu": ["1985-12-31T18:30", "2028-02-29T18:15"],  # a leap day's midnight
    "Australia/Lord_Howe": ["2026-04-04T15:00", "2026-10-03T15:30"],
    "Asia/Beirut": ["2026-03-28T22:00", "2026-10-24T21:00"],
    "America/Havana": ["2026-03-08T05:00", "2025-11-02T05:00"],
    "America/Santiago": ["2026-09-06T04:00", "2026-04-05T03:00"],
    "America/St_Johns": ["2010-03-14T03:31", "2010-11-07T02:31"],
    "Pacific/Apia": ["2011-12-30T10:00", "2011-09-24T14:00"],
    "Asia/Dubai": ["2026-12-31T20:00", "2026-11-22T20:00"],  # the year's midnight, and any
}


@dataclass(frozen=True)
class Asked:
    """A clinic, its visits, and a question about its free times."""

    rules: Rules
    taken: list[Taken]
    now: dt.datetime
    not_before: dt.datetime
    not_after: dt.datetime


def some_minutes(least: int, most: int) -> st.SearchStrategy[dt.timedelta]:
    """A number of minutes, a round one more often than not."""
    by_five = st.integers(-(-least // 5), most // 5).map(lambda number: minutes(number * 5))
    return by_five | st.integers(least, most).map(minutes)


nothing = st.just(minutes(0))
buffers = nothing | nothing | some_minutes(0, 60) | some_minutes(0, 240)
lengths = some_minutes(5, 60) | some_minutes(5, 60) | some_minutes(5, 480)


@st.composite
def times_of_day(draw: st.DrawFn) -> dt.time:
    hours = draw(st.sampled_from([0, 0, 1, 2, 3, 22, 23]) | st.integers(0, 23))
    return dt.time(hours, draw(st.sampled_from([0, 0, 15, 30, 45]) | st.integers(0, 59)))


@st.composite
def windows(draw: st.DrawFn, weekdays: list[int]) -> Window:
    starts, ends = draw(times_of_day()), draw(times_of_day())
    return Window(draw(st.sampled_from(weekdays)), starts, ends)


@st.composite
def seasons(draw: st.DrawFn, around: dt.date, weekdays: list[int]) -> list[Season]:
    """None, one or two seasons that share no day, with hours or without."""
    near = st.integers(-4, 4).map(lambda number: around + number * DAY)
    days = sorted(draw(st.lists(near, max_size=4, unique=True)))
    if len(days) % 2:
        days.append(days[-1])  # of one day
    hours = st.lists(windows(weekdays), max_size=4).map(tuple)
    return [
        Season(first, last, draw(hours)) for first, last in zip(days[::2], days[1::2], strict=True)
    ]


@st.composite
def stretches(draw: st.DrawFn, change: dt.datetime, *, longest: int = 36 * 60) -> Interval:
    starts = change + draw(some_minutes(-6 * 60, 6 * 60) | some_minutes(-36 * 60, 36 * 60))
    return Interval(starts, starts + draw(some_minutes(1, 120) | some_minutes(1, longest)))


@st.composite
def visits(draw: st.DrawFn, change: dt.datetime) -> Taken:
    one = draw(stretches(change, longest=480))
    return Taken(one.starts_at, one.ends_at, before=draw(buffers), after=draw(buffers))


@st.composite
def rules_around(draw: st.DrawFn, change: dt.datetime, zone: zoneinfo.ZoneInfo) -> Rules:
    day = change.astimezone(zone).date()
    weekdays = [(day + number * DAY).weekday() for number in (-2, -1, -1, 0, 0, 1)]
    some = st.lists(stretches(change), max_size=2)
    return Rules(
        zone=zone,
        length=draw(lengths),
        grid=draw(lengths),
        windows=draw(st.lists(windows(weekdays), min_size=1, max_size=7)),
        seasons=draw(st.just([]) | seasons(day, weekdays)),
        openings=draw(some),
        closures=draw(st.just([]) | some),
        elsewhere=draw(some),
        before=draw(buffers),
        after=draw(buffers),
        notice=draw(nothing | buffers | some_minutes(0, 48 * 60)),
        horizon_days=draw(st.just(366) | st.integers(0, 3)),
        most_a_day=draw(st.none() | st.integers(1, 3)),
    )


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    """Asked within three days before the change, about two days around it at most."""
    zone = draw(st.sampled_from(sorted(CHANGES)))
    change = utc(draw(st.sampled_from(CHANGES[zone])))
    ago = draw(some_minutes(0, 24 * 60) | some_minutes(24 * 60, 72 * 60))
    not_before = change + draw(some_minutes(-30 * 60, 0) | some_minutes(-6 * 60, 12 * 60))
    return Asked(
        rules=draw(rules_around(change, zoneinfo.ZoneInfo(zone))),
        taken=draw(st.lists(visits(change), max_size=3)),
        now=change - ago + draw(st.sampled_from([0, 0, 1, 59.999999])) * dt.timedelta(seconds=1),
        not_before=not_before,
        not_after=not_before + draw(some_minutes(18 * 60, 48 * 60)),
    )
