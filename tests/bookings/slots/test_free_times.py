"""What free times are, beside clocks: half-open intervals, and questions without a beginning or an end."""

import dataclasses

import pytest

from bookings.slots import Interval, Taken, free_times
from tests.bookings.slots.written import Case, minutes, moments, stretches, utc, windows

MONDAY = Case(
    says="three times on Monday, 23 November 2026, in Dubai",
    zone="Asia/Dubai",
    hours="Mon 09:00-10:00",
    length=20,
    grid=20,
    around="2026-11-23",
    starts="2026-11-23: 05:00 05:20 05:40",
)
ALL_THREE = moments(MONDAY.starts)


def offered(*taken: Taken, **changed) -> list:
    return free_times(dataclasses.replace(MONDAY.rules, **changed), taken, **MONDAY.asked)


def visit(starts: str, ends: str, *, before: int = 0, after: int = 0) -> Taken:
    day = "2026-11-23T"
    return Taken(utc(day + starts), utc(day + ends), minutes(before), minutes(after))


def test_back_to_back_is_free_and_one_shared_minute_is_not():
    assert offered(visit("04:00", "05:00")) == ALL_THREE
    assert offered(visit("04:00", "05:01")) == ALL_THREE[1:]
    assert offered(visit("06:00", "06:20")) == ALL_THREE
    assert offered(visit("05:59", "06:20")) == ALL_THREE[:2]


@pytest.mark.parametrize(
    ("before", "after", "of_the_visit", "expected"),
    [
        (0, 0, (0, 0), [1, 2]),
        (10, 0, (0, 10), [1, 2]),  # the visit at 04:50 ended at 05:10: until 05:20, ten minutes
        (11, 0, (0, 10), [2]),  # the larger of the two, not their sum
        (10, 0, (0, 11), [2]),
        (0, 0, (0, 11), [2]),
        (11, 0, (0, 0), [2]),
        (
            0,
            60,
            (60, 0),
            [],
        ),  # what must be free before the earlier and after the later is no matter
    ],
)
def test_the_larger_buffer_counts_after_a_visit(before, after, of_the_visit, expected):
    earlier = visit("04:50", "05:10", before=of_the_visit[0], after=of_the_visit[1])
    found = offered(earlier, before=minutes(before), after=minutes(after))
    assert found == [ALL_THREE[number] for number in expected]


@pytest.mark.parametrize(
    ("after", "of_the_visit", "expected"),
    [
        (0, 0, [0, 1]),
        (10, 10, [0, 1]),  # the visit at 05:20 ends at 05:40; the next one begins at 05:50
        (10, 11, [0]),
        (11, 10, [0]),
    ],
)
def test_the_larger_buffer_counts_before_a_visit(after, of_the_visit, expected):
    later = visit("05:50", "06:10", before=of_the_visit)
    found = offered(later, after=minutes(after))
    assert found == [ALL_THREE[number] for number in expected]


def test_the_same_person_needs_no_buffer_elsewhere():
    there = stretches("2026-11-23T04:40/2026-11-23T05:20")
    assert offered(elsewhere=there, before=minutes(60)) == ALL_THREE[1:]


def test_a_closure_takes_away_what_it_touches():
    assert offered(closures=stretches("2026-11-23T05:30/2026-11-23T05:41")) == ALL_THREE[:1]
    assert offered(closures=stretches("2026-11-23T05:40/2026-11-23T06:00")) == ALL_THREE[:2]
    assert offered(closures=stretches("2026-11-22T20:00/2026-11-23T05:20")) == ALL_THREE[1:]


def test_visits_closures_and_hours_come_in_any_order():
    assert offered(visit("05:40", "06:00"), visit("04:00", "05:20")) == ALL_THREE[1:2]
    short_in_long = visit("05:00", "05:20"), visit("04:00", "05:40")
    assert offered(*short_in_long) == offered(*reversed(short_in_long)) == ALL_THREE[2:]
    hours = windows("Mon 13:00-13:20, Mon 09:00-09:20, Mon 11:00-11:20")
    assert offered(windows=hours) == moments("2026-11-23: 05:00 07:00 09:00")


def test_the_moments_asked_about_belong_to_the_question():
    first, last = ALL_THREE[0], ALL_THREE[-1]
    found = free_times(MONDAY.rules, [], now=first, not_before=first, not_after=last)
    assert found == ALL_THREE
    assert free_times(MONDAY.rules, [], now=first, not_before=last, not_after=last) == [last]


def test_a_question_about_all_time_is_one_about_now_until_the_horizon():
    ever = {"not_before": utc("0001-01-01T00:00"), "not_after": utc("9999-12-31T23:59:59")}
    week = dataclasses.replace(MONDAY.rules, horizon_days=6)
    assert free_times(week, [], now=utc("2026-11-20T00:00"), **ever) == ALL_THREE


def test_without_a_beginning_and_an_end_it_is_from_now_until_the_horizon():
    weeks = dataclasses.replace(MONDAY.rules, horizon_days=14)
    now = utc("2026-11-23T05:01")  # the 14th day after is a Monday
    written = (
        "2026-11-23: 05:20 05:40, 2026-11-30: 05:00 05:20 05:40, 2026-12-07: 05:00 05:20 05:40"
    )
    assert free_times(weeks, [], now=now) == moments(written)
    assert free_times(dataclasses.replace(weeks, horizon_days=13), [], now=now) == moments(
        written.rpartition(", ")[0]
    )


def test_the_horizon_is_judged_in_the_clinics_zone():
    """At 20:00 UTC the clinic's next day begins, and with it another bookable one."""
    today = dataclasses.replace(MONDAY.rules, horizon_days=1)
    until = {"not_after": utc("2026-11-24T00:00")}
    assert free_times(today, [], now=utc("2026-11-21T19:59:59"), **until) == []
    assert free_times(today, [], now=utc("2026-11-21T20:00"), **until) == ALL_THREE


def test_nothing_is_free_before_now_or_in_a_question_that_ends_before_it_begins():
    later = utc("2026-11-23T05:40:00.000001")
    assert free_times(MONDAY.rules, [], now=later, not_after=utc("2026-11-24T00:00")) == []
    backwards = {"not_before": ALL_THREE[2], "not_after": ALL_THREE[0]}
    assert free_times(MONDAY.rules, [], now=utc("2026-11-20T00:00"), **backwards) == []


def test_an_end_is_no_part_of_an_interval():
    hour = Interval(utc("2026-11-23T05:00"), utc("2026-11-23T06:00"))
    assert hour.has(hour.starts_at) and not hour.has(hour.ends_at)
    assert not hour.touches(Interval(hour.ends_at, hour.ends_at + minutes(1)))
    assert hour.touches(Interval(hour.ends_at - minutes(1), hour.ends_at + minutes(1)))
