"""The oracle: free times found slowly and obviously, to hold the quick ones against.

It walks through UTC minute by minute, asks each time what the clock on the clinic's wall shows, and
decides by definition. It never reckons with offsets. All its times are whole minutes but `now`.
"""

import datetime as dt
from collections.abc import Iterable, Iterator

from bookings.slots import Interval, Reason, Rules, Taken, Window

MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
NOTHING = dt.timedelta()


class Oracle:
    """What one clinic's rules and visits mean for each minute, at `now`."""

    def __init__(self, rules: Rules, taken: list[Taken], now: dt.datetime) -> None:
        self.rules, self.taken, self.now = rules, taken, now
        self.known: dict[dt.datetime, bool] = {}

    def free_times(self, not_before: dt.datetime, not_after: dt.datetime) -> list[dt.datetime]:
        """Each whole minute in [not_before, not_after] that nothing speaks against."""
        minute = not_before.replace(second=0, microsecond=0)
        found = []
        while minute <= not_after:
            if minute >= not_before and next(self.reasons(minute), None) is None:
                found.append(minute)
            minute += MINUTE
        return found

    def reasons(self, start: dt.datetime) -> Iterator[Reason]:
        """All that speaks against a visit from this minute on."""
        if start < self.now:
            yield Reason.PAST
        elif start - self.now < self.rules.notice:
            yield Reason.TOO_SOON
        needed = start, start + self.rules.length + self.rules.after
        if not self.is_open(start):
            yield Reason.OUTSIDE_HOURS
        else:
            if not any(self.is_on_a_grid(start)):
                yield Reason.OFF_GRID
            if not all(self.is_open(minute) for minute in each_minute(*needed)):
                yield Reason.ENDS_TOO_LATE
        if self.is_too_far(start):
            yield Reason.TOO_FAR
        if any(is_in(minute, self.rules.closures) for minute in each_minute(*needed)):
            yield Reason.CLOSED
        yield from self.reasons_of_visits(start)

    def reasons_of_visits(self, start: dt.datetime) -> Iterator[Reason]:
        end = start + self.rules.length
        for visit in self.taken:
            if any(is_in(minute, [visit]) for minute in each_minute(start, end)):
                yield Reason.TAKEN
            elif visit.ends_at <= start:
                if start - visit.ends_at < max(visit.after, self.rules.before):
                    yield Reason.TOO_CLOSE
            elif visit.starts_at - end < max(self.rules.after, visit.before):
                yield Reason.TOO_CLOSE
        if any(is_in(minute, self.rules.elsewhere) for minute in each_minute(start, end)):
            yield Reason.ELSEWHERE
        most = self.rules.most_a_day
        that_day = [visit for visit in self.taken if self.day(visit.starts_at) == self.day(start)]
        if most is not None and len(that_day) >= most:
            yield Reason.DAY_FULL

    def is_too_far(self, start: dt.datetime) -> bool:
        """Whether the clock shows a day after the last bookable one, or did before it was put back."""
        last = self.day(self.now) + self.rules.horizon_days * DAY
        lately = each_minute(start - 120 * MINUTE, start + MINUTE)
        return any(self.day(minute) > last for minute in lately)

    def shows(self, moment: dt.datetime) -> dt.datetime:
        """What the clock on the clinic's wall shows, date and time, without a zone."""
        return moment.astimezone(self.rules.zone).replace(tzinfo=None, fold=0)

    def day(self, moment: dt.datetime) -> dt.date:
        return self.shows(moment).date()

    def is_open(self, minute: dt.datetime) -> bool:
        if minute not in self.known:
            in_a_window = any(True for _begin in self.windows_at(minute))
            self.known[minute] = in_a_window or is_in(minute, self.rules.openings)
        return self.known[minute]

    def windows_at(self, minute: dt.datetime) -> Iterator[dt.datetime]:
        """Of each window that is open at this minute: its beginning, as the clock shows it."""
        shown = self.shows(minute)
        for day in (shown.date() - DAY, shown.date()):
            for window in self.hours_of(day):
                begin = dt.datetime.combine(day, window.starts)
                end = dt.datetime.combine(day, window.ends)
                if end <= begin:
                    end += DAY
                if begin <= shown < end:
                    yield begin

    def hours_of(self, day: dt.date) -> list[Window]:
        """The hours that begin on this day."""
        hours = list(self.rules.windows)
        for season in self.rules.seasons:
            if season.first_day <= day and day <= season.last_day:
                hours = list(season.windows)
        return [window for window in hours if window.weekday == day.weekday()]

    def is_on_a_grid(self, start: dt.datetime) -> Iterator[bool]:
        """By the clock on the wall from a window's beginning; by elapsed time from an opening's."""
        for begin in self.windows_at(start):
            yield (self.shows(start) - begin) % self.rules.grid == NOTHING
        for opening in self.rules.openings:
            if is_in(start, [opening]):
                yield (start - opening.starts_at) % self.rules.grid == NOTHING


def each_minute(start: dt.datetime, end: dt.datetime) -> Iterator[dt.datetime]:
    """The minutes of a stretch, its end left out."""
    while start < end:
        yield start
        start += MINUTE


def is_in(minute: dt.datetime, some: Iterable[Interval]) -> bool:
    return any(one.starts_at <= minute and minute < one.ends_at for one in some)
