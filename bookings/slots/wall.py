"""The clock on the clinic's wall: when it shows a time, also where it is put forward and back."""

import datetime as dt
import functools
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass

DAY = dt.timedelta(days=1)
NOTHING = dt.timedelta()


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time, with its start and without its end."""

    starts_at: dt.datetime
    ends_at: dt.datetime

    def touches(self, other: "Interval") -> bool:
        """Whether both share a moment; back to back they do not."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def has(self, moment: dt.datetime) -> bool:
        return self.starts_at <= moment < self.ends_at


@dataclass(frozen=True, slots=True)
class _Steady(Interval):
    """A stretch in which the clock of a zone is not put forward or back."""

    offset: dt.timedelta


@functools.lru_cache(maxsize=256)
def _steady(zone: zoneinfo.ZoneInfo, year: int) -> tuple[_Steady, ...]:
    """The steady stretches of a year (UTC). Looks every six hours: no zone changes twice in six."""
    look = dt.timedelta(hours=6)
    end = dt.datetime(year + 1, 1, 1, tzinfo=dt.UTC)
    since = moment = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
    offset = _offset(zone, moment)
    found = []
    while moment < end:
        following = min(moment + look, end)
        if _offset(zone, following) != offset:
            change = _change(zone, moment, following)
            found.append(_Steady(since, change, offset))
            since, offset = change, _offset(zone, following)
        moment = following
    return (*found, _Steady(since, end, offset))


def _offset(zone: zoneinfo.ZoneInfo, moment: dt.datetime) -> dt.timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _change(zone: zoneinfo.ZoneInfo, before: dt.datetime, after: dt.datetime) -> dt.datetime:
    """The first second with the offset of `after`."""
    old = _offset(zone, before)
    while after - before > dt.timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def wall(day: dt.date, time: dt.time) -> dt.datetime:
    """What a clock on the wall shows, as if it were UTC: only to reckon with."""
    return dt.datetime.combine(day, time, tzinfo=dt.UTC)


def shown(
    starts: dt.datetime, ends: dt.datetime, zone: zoneinfo.ZoneInfo
) -> Iterator[tuple[Interval, dt.timedelta]]:
    """When (UTC) the clock shows from `starts` until before `ends`: steady pieces and their offsets."""
    for year in range((starts - DAY).year, (ends + DAY).year + 1):
        for steady in _steady(zone, year):
            begin = max(steady.starts_at, starts - steady.offset)
            end = min(steady.ends_at, ends - steady.offset)
            if begin < end:
                yield Interval(begin, end), steady.offset


def instants(day: dt.date, time: dt.time, zone: zoneinfo.ZoneInfo) -> list[dt.datetime]:
    """The moments (UTC) at which the clock of `zone` shows this time: none, one or two."""
    starts = wall(day, time)
    shows = shown(starts, starts + dt.timedelta(seconds=1), zone)
    return [piece.starts_at for piece, _offset in shows]


def first_moment(day: dt.date, zone: zoneinfo.ZoneInfo) -> dt.datetime:
    """When (UTC) a day begins: not every day has a midnight, and Apia left out a whole one."""
    midnight = wall(day, dt.time())
    return min(piece.starts_at for piece, _offset in shown(midnight, midnight + 2 * DAY, zone))
