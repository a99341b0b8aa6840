"""Times as the tables of these tests write them down, and a case: the hours, and the starts they offer."""

import datetime as dt
import zoneinfo
from dataclasses import dataclass

from bookings.slots import Interval, Rules, Season, Taken, Window

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAY = dt.timedelta(days=1)


def utc(text: str) -> dt.datetime:
    """A moment: "2026-03-29T01:00"."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def moments(text: str) -> list[dt.datetime]:
    """Moments (UTC), day by day: "2026-03-28: 23:00 23:30, 2026-03-29: 00:00"; "" are none."""
    found = []
    for part in filter(None, text.split(", ")):
        day, times = part.split(": ")
        found += [utc(f"{day}T{time}") for time in times.split()]
    return found


def windows(text: str) -> tuple[Window, ...]:
    """Hours in the clinic's clock: "Sun 01:00-04:00, Mon 22:00-02:00"."""
    found = []
    for part in filter(None, text.split(", ")):
        weekday, hours = part.split(" ")
        starts, ends = map(dt.time.fromisoformat, hours.split("-"))
        found.append(Window(WEEKDAYS.index(weekday), starts, ends))
    return tuple(found)


def stretches(text: str) -> list[Interval]:
    """Stretches (UTC): "2026-03-29T01:00/2026-03-29T02:00, ..."."""
    pairs = [part.split("/") for part in filter(None, text.split(", "))]
    return [Interval(utc(starts), utc(ends)) for starts, ends in pairs]


def minutes(number: int) -> dt.timedelta:
    return dt.timedelta(minutes=number)


@dataclass(frozen=True, kw_only=True)
class Case:
    """The rules of a clinic, and the starts (UTC) that it has to offer, written out by hand.

    Asked about are the day `around` (of UTC), the one before and the one after; `now` is a week
    before, unless it is said. Lengths are minutes. A season is its first day, last day and hours.
    """

    says: str
    zone: str
    hours: str
    around: str
    starts: str
    length: int = 30
    grid: int = 30
    before: int = 0
    after: int = 0
    notice: int = 0
    horizon_days: int = 366
    most_a_day: int | None = None
    season: tuple[str, str, str] | None = None
    openings: str = ""
    closures: str = ""
    elsewhere: str = ""
    taken: str = ""
    taken_after: int = 0
    now: str = ""
    not_after: str = ""

    def __str__(self) -> str:
        return f"{self.zone.split('/')[1]}: {self.says}"

    @property
    def rules(self) -> Rules:
        seasons = []
        if self.season:
            first, last, hours = self.season
            days = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
            seasons = [Season(*days, windows(hours))]
        return Rules(
            zone=zoneinfo.ZoneInfo(self.zone),
            length=minutes(self.length),
            grid=minutes(self.grid),
            windows=windows(self.hours),
            seasons=seasons,
            openings=stretches(self.openings),
            closures=stretches(self.closures),
            elsewhere=stretches(self.elsewhere),
            before=minutes(self.before),
            after=minutes(self.after),
            notice=minutes(self.notice),
            horizon_days=self.horizon_days,
            most_a_day=self.most_a_day,
        )

    @property
    def visits(self) -> list[Taken]:
        after = minutes(self.taken_after)
        return [Taken(one.starts_at, one.ends_at, after=after) for one in stretches(self.taken)]

    @property
    def asked(self) -> dict[str, dt.datetime]:
        """`now`, and the first and the last moment that are asked about."""
        day = utc(f"{self.around}T00:00")
        return {
            "now": utc(self.now) if self.now else day - 7 * DAY,
            "not_before": day - DAY,
            "not_after": utc(self.not_after) if self.not_after else day + 2 * DAY,
        }
