"""What decides whether a visit can begin at a time: hours, seasons, exceptions, lengths, policy."""

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bookings.slots.wall import DAY, NOTHING, Interval, first_moment


@dataclass(frozen=True, slots=True)
class Taken(Interval):
    """A visit that is booked, and how long must be free before and after it."""

    before: dt.timedelta = NOTHING
    after: dt.timedelta = NOTHING


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of one weekday (Monday is 0) in the clinic's clock.

    Ending at or before its beginning, it goes on past midnight; it belongs to the day it begins on.
    """

    weekday: int
    starts: dt.time
    ends: dt.time


@dataclass(frozen=True, slots=True)
class Season:
    """Days, the last one included, that have these windows and no others."""

    first_day: dt.date
    last_day: dt.date
    windows: tuple[Window, ...]


@dataclass(frozen=True)
class Rules:
    """All that decides about one dermatologist's visits for one treatment, but for what is taken.

    Closures beat windows and openings. `before` and `after` are the wanted visit's own buffers;
    `elsewhere` is where the same person is seen by somebody.
    """

    zone: zoneinfo.ZoneInfo
    length: dt.timedelta
    grid: dt.timedelta
    windows: Sequence[Window] = ()
    seasons: Sequence[Season] = ()
    openings: Sequence[Interval] = ()
    closures: Sequence[Interval] = ()
    elsewhere: Sequence[Interval] = ()
    before: dt.timedelta = NOTHING
    after: dt.timedelta = NOTHING
    notice: dt.timedelta = NOTHING
    horizon_days: int = 366
    most_a_day: int | None = None

    def windows_of(self, day: dt.date) -> Iterable[Window]:
        """The hours that begin on this day of the clinic."""
        for season in self.seasons:
            if season.first_day <= day <= season.last_day:
                return (window for window in season.windows if window.weekday == day.weekday())
        return (window for window in self.windows if window.weekday == day.weekday())

    def horizon(self, now: dt.datetime) -> dt.datetime:
        """The first moment (UTC) that cannot be booked yet: of the day after the last bookable one."""
        today = now.astimezone(self.zone).date()
        return first_moment(today + (self.horizon_days + 1) * DAY, self.zone)

    def forbidden_by_closure(self, closure: Interval) -> Interval:
        """Strictly between these two no visit begins: it, and what is free after it, ends by closing."""
        return Interval(closure.starts_at - self.length - self.after, closure.ends_at)

    def forbidden_by_other(self, visit: Interval) -> Interval:
        """Strictly between these two moments the same person cannot begin another visit."""
        return Interval(visit.starts_at - self.length, visit.ends_at)

    def forbidden_by(self, visit: Taken) -> Interval:
        """Strictly between these two moments no visit can begin: the larger buffer counts."""
        return Interval(
            visit.starts_at - max(visit.before, self.after) - self.length,
            visit.ends_at + max(visit.after, self.before),
        )
