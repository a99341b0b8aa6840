"""Which times are free, and why another one is not: a pure function of rules, visits and the moment."""

import datetime as dt
import enum
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bookings.slots.rules import Rules, Taken
from bookings.slots.wall import DAY, NOTHING, Interval, shown, wall

AGES = 732 * DAY  # nobody asks seriously about a time so far off


class Reason(enum.StrEnum):
    """Why a time is not offered."""

    PAST = "past"
    TOO_SOON = "too_soon"
    TOO_FAR = "too_far"
    OUTSIDE_HOURS = "outside_hours"
    ENDS_TOO_LATE = "ends_too_late"
    OFF_GRID = "off_grid"
    CLOSED = "closed"
    TAKEN = "taken"
    ELSEWHERE = "elsewhere"
    TOO_CLOSE = "too_close"
    DAY_FULL = "day_full"


@dataclass(frozen=True, slots=True)
class Because:
    """One reason, and the closure or the visit that is in the way, where it is one."""

    reason: Reason
    by: Interval | None = None


def _open(
    rules: Rules, earliest: dt.datetime, latest: dt.datetime
) -> tuple[list[Interval], set[dt.datetime]]:
    """The open stretches (in order, none touching the next) and the starts on their grids."""
    stretches: list[Interval] = []
    starts: set[dt.datetime] = set()
    day = earliest.astimezone(rules.zone).date() - DAY
    # A visit can last into the next day, and Apia left out a whole one.
    while day <= latest.astimezone(rules.zone).date() + 2 * DAY:
        for window in rules.windows_of(day):
            goes_on = DAY if window.ends <= window.starts else NOTHING
            opens = wall(day, window.starts)
            for piece, offset in shown(opens, wall(day, window.ends) + goes_on, rules.zone):
                stretches.append(piece)
                starts.update(_every(rules.grid, opens - offset, piece))
        day += DAY
    for opening in rules.openings:
        stretches.append(opening)
        near = Interval(max(opening.starts_at, earliest), min(opening.ends_at, latest + DAY))
        starts.update(_every(rules.grid, opening.starts_at, near))
    return _joined(stretches), starts


def _every(grid: dt.timedelta, opens: dt.datetime, piece: Interval) -> Iterator[dt.datetime]:
    """Each moment of the piece that lies whole steps of the grid after the opening."""
    moment = opens + max(0, -((opens - piece.starts_at) // grid)) * grid
    while moment < piece.ends_at:
        yield moment
        moment += grid


def _joined(stretches: Iterable[Interval]) -> list[Interval]:
    """The same moments in as few stretches as possible, in order."""
    joined: list[Interval] = []
    for stretch in sorted(stretches, key=lambda one: one.starts_at):
        if joined and stretch.starts_at <= joined[-1].ends_at:
            last = joined.pop()
            stretch = Interval(last.starts_at, max(last.ends_at, stretch.ends_at))
        joined.append(stretch)
    return joined


def free_times(
    rules: Rules,
    taken: Iterable[Taken],
    *,
    now: dt.datetime,
    not_before: dt.datetime | None = None,
    not_after: dt.datetime | None = None,
) -> list[dt.datetime]:
    """The starts (UTC, in order) that are offered at `now`, in [not_before, not_after].

    `taken` holds all visits of each clinic day that is asked about, and those that reach into it.
    """
    horizon = rules.horizon(now)
    earliest = max(now + rules.notice, not_before or now)
    latest = min(horizon, not_after or horizon)
    if earliest > latest:
        return []
    stretches, starts = _open(rules, earliest, latest)
    taken = list(taken)
    forbidden = [rules.forbidden_by(visit) for visit in taken]
    forbidden += [rules.forbidden_by_closure(closure) for closure in rules.closures]
    forbidden += [rules.forbidden_by_other(visit) for visit in rules.elsewhere]
    wanted = sorted(start for start in starts if earliest <= start <= latest and start < horizon)
    fitting = _not_between(forbidden, _within(stretches, wanted, rules.length + rules.after))
    full = _full_days(rules, taken)
    return [start for start in fitting if not full or _day(rules, start) not in full]


def explain(
    rules: Rules, taken: Iterable[Taken], start: dt.datetime, *, now: dt.datetime
) -> list[Because]:
    """Every reason why this start (UTC) is not offered at `now`; none if it is."""
    found = []
    if start < now:
        found.append(Because(Reason.PAST))
    elif start < now + rules.notice:
        found.append(Because(Reason.TOO_SOON))
    if start >= rules.horizon(now):
        found.append(Because(Reason.TOO_FAR))
    if not now - AGES < start < now + AGES:
        return found
    stretches, starts = _open(rules, start, start)
    if not any(stretch.has(start) for stretch in stretches):
        found.append(Because(Reason.OUTSIDE_HOURS))
    else:
        if not list(_within(stretches, [start], rules.length + rules.after)):
            found.append(Because(Reason.ENDS_TOO_LATE))
        if start not in starts:
            found.append(Because(Reason.OFF_GRID))
    for closure in rules.closures:
        if _is_between(rules.forbidden_by_closure(closure), start):
            found.append(Because(Reason.CLOSED, closure))
    return found + list(_explain_taken(rules, list(taken), start))


def _explain_taken(rules: Rules, taken: list[Taken], start: dt.datetime) -> Iterator[Because]:
    wanted = Interval(start, start + rules.length)
    for visit in taken:
        if wanted.touches(visit):
            yield Because(Reason.TAKEN, visit)
        elif _is_between(rules.forbidden_by(visit), start):
            yield Because(Reason.TOO_CLOSE, visit)
    for other in rules.elsewhere:
        if _is_between(rules.forbidden_by_other(other), start):
            yield Because(Reason.ELSEWHERE, other)
    if _day(rules, start) in _full_days(rules, taken):
        yield Because(Reason.DAY_FULL)


def _is_between(forbidden: Interval, start: dt.datetime) -> bool:
    return forbidden.starts_at < start < forbidden.ends_at


def _within(
    stretches: Iterable[Interval], starts: Iterable[dt.datetime], long: dt.timedelta
) -> Iterator[dt.datetime]:
    """Those of `starts` (in order) from which `long` lies in one stretch (in order)."""
    following = iter(stretches)
    stretch = next(following, None)
    for start in starts:
        while stretch is not None and stretch.ends_at <= start:
            stretch = next(following, None)
        if stretch is not None and stretch.starts_at <= start and start + long <= stretch.ends_at:
            yield start


def _not_between(
    forbidden: Iterable[Interval], starts: Iterable[dt.datetime]
) -> Iterator[dt.datetime]:
    """Those of `starts` (in order) that lie strictly within none of `forbidden`."""
    following = iter(sorted(forbidden, key=lambda one: one.starts_at))
    upcoming = next(following, None)
    until: dt.datetime | None = None  # the latest end of those that have begun
    for start in starts:
        while upcoming is not None and upcoming.starts_at < start:
            until = upcoming.ends_at if until is None else max(until, upcoming.ends_at)
            upcoming = next(following, None)
        if until is None or until <= start:
            yield start


def _day(rules: Rules, moment: dt.datetime) -> dt.date:
    return moment.astimezone(rules.zone).date()


def _full_days(rules: Rules, taken: Iterable[Taken]) -> set[dt.date]:
    """The clinic's days on which the dermatologist has as many visits as a day may have."""
    if rules.most_a_day is None:
        return set()
    counts = Counter(_day(rules, visit.starts_at) for visit in taken)
    return {day for day, count in counts.items() if count >= rules.most_a_day}
