"""When a dermatologist is free: pure time arithmetic, no ORM.

Intervals are half-open [starts_at, ends_at) and aware. Weekly hours are in the clinic's own clock;
instants come out in UTC. A start inside a clock change's gap is not offered; one that the clock
shows twice is offered once per instant.
"""

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A stretch of time, with its start and without its end."""

    starts_at: dt.datetime
    ends_at: dt.datetime

    def touches(self, other: "Interval") -> bool:
        """Whether both share a moment; back to back they do not."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True)
class Window:
    """Hours of one weekday (Monday is 0) in the clinic's clock."""

    weekday: int
    starts: dt.time
    ends: dt.time


def instants(day: dt.date, time: dt.time, zone: zoneinfo.ZoneInfo) -> list[dt.datetime]:
    """The moments (UTC) at which the clock of `zone` shows this time: none, one or two."""
    found = []
    for fold in (0, 1):
        local = dt.datetime.combine(day, time, tzinfo=zone).replace(fold=fold)
        moment = local.astimezone(dt.UTC)
        shows = moment.astimezone(zone)
        if shows.replace(tzinfo=None) == local.replace(tzinfo=None) and moment not in found:
            found.append(moment)
    return found


def starts_of(window: Window, length: dt.timedelta) -> Iterator[dt.time]:
    """Each time on the window's grid whose visit ends by the window's end."""
    midnight = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - wall-clock arithmetic within one day
    start = dt.datetime.combine(midnight, window.starts)
    end = dt.datetime.combine(midnight, window.ends)
    while start + length <= end:
        yield start.time()
        start += length


def free_times(
    *,
    windows: Iterable[Window],
    closed: Iterable[Interval],
    taken: Iterable[Interval],
    zone: zoneinfo.ZoneInfo,
    length: dt.timedelta,
    not_before: dt.datetime,
    not_after: dt.datetime,
) -> list[dt.datetime]:
    """The starts (UTC, in order) of visits of `length` that fit, in [not_before, not_after]."""
    by_weekday: dict[int, list[Window]] = {}
    for window in windows:
        by_weekday.setdefault(window.weekday, []).append(window)
    busy = sorted([*closed, *taken], key=lambda interval: interval.starts_at)
    found = set()
    day = not_before.astimezone(zone).date()
    last_day = not_after.astimezone(zone).date()
    while day <= last_day:
        for window in by_weekday.get(day.weekday(), ()):
            for time in starts_of(window, length):
                found.update(instants(day, time, zone))
        day += dt.timedelta(days=1)
    in_range = sorted(start for start in found if not_before <= start <= not_after)
    return list(_without(busy, in_range, length))


def _without(
    busy: list[Interval], starts: list[dt.datetime], length: dt.timedelta
) -> Iterator[dt.datetime]:
    """Those of `starts` whose visit touches nothing in `busy`; both are in order of their starts."""
    upcoming = iter(busy)
    waiting = next(upcoming, None)
    near: list[Interval] = []
    for start in starts:
        visit = Interval(start, start + length)
        while waiting is not None and waiting.starts_at < visit.ends_at:
            near.append(waiting)
            waiting = next(upcoming, None)
        near = [interval for interval in near if interval.ends_at > start]
        if not any(visit.touches(interval) for interval in near):
            yield start
