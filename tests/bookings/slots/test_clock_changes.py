"""Clock changes and midnights: each case's instants were written out by hand, and all agree with them.

docs/decisions/010 is the policy. The zones' rules are those of the installed zone database: the cases
keep to changes that lie in the past or that its editions since 2025 agree about (Morocco and Cuba have
changed their minds since).
"""

import datetime as dt
import zoneinfo

import pytest

from bookings.slots import explain, first_moment, free_times, instants
from tests.bookings.slots.days import DAYS
from tests.bookings.slots.midnights import MIDNIGHTS
from tests.bookings.slots.oracle import Oracle
from tests.bookings.slots.put_back import PUT_BACK
from tests.bookings.slots.put_forward import PUT_FORWARD
from tests.bookings.slots.written import Case, moments, utc

CASES = PUT_FORWARD + PUT_BACK + MIDNIGHTS + DAYS


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_is_offered_is_what_was_written_out_by_hand(case: Case):
    assert free_times(case.rules, case.visits, **case.asked) == moments(case.starts)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_oracle_says_so_too(case: Case):
    asked = dict(case.asked)
    oracle = Oracle(case.rules, case.visits, asked.pop("now"))
    assert oracle.free_times(**asked) == moments(case.starts)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nothing_is_said_against_what_is_offered(case: Case):
    for start in moments(case.starts):
        assert explain(case.rules, case.visits, start, now=case.asked["now"]) == []


@pytest.mark.parametrize(
    ("zone", "shown", "expected"),
    [
        ("Europe/Berlin", "2026-03-29T01:59", "2026-03-29: 00:59"),
        ("Europe/Berlin", "2026-03-29T02:00", ""),
        ("Europe/Berlin", "2026-03-29T02:30", ""),
        ("Europe/Berlin", "2026-03-29T02:59:59", ""),
        ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29: 01:00"),
        ("Europe/Berlin", "2026-10-25T01:59", "2026-10-24: 23:59"),
        ("Europe/Berlin", "2026-10-25T02:00", "2026-10-25: 00:00 01:00"),
        ("Europe/Berlin", "2026-10-25T02:59", "2026-10-25: 00:59 01:59"),
        ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25: 02:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", ""),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04: 14:45 15:15"),
        ("Australia/Lord_Howe", "2026-04-05T01:29", "2026-04-04: 14:29"),
        ("Africa/Cairo", "2026-04-24T00:00", ""),
        ("Africa/Cairo", "2026-10-29T23:30", "2026-10-29: 20:30 21:30"),
        ("America/Havana", "2025-11-02T00:00", "2025-11-02: 04:00 05:00"),
        ("Pacific/Apia", "2011-12-30T12:00", ""),
        ("Pacific/Apia", "2011-12-31T00:00", "2011-12-30: 10:00"),
        ("Asia/Kathmandu", "1986-01-01T00:10", ""),
        ("Asia/Kathmandu", "2026-01-01T00:00", "2025-12-31: 18:15"),
        ("Asia/Dubai", "2027-01-01T03:59", "2026-12-31: 23:59"),
        (
            "Africa/Monrovia",
            "1972-01-07T00:44:29",
            "",
        ),  # it was put forward by 44 minutes 30 seconds
    ],
)
def test_the_clock_shows_a_time_never_once_or_twice(zone: str, shown: str, expected: str):
    moment = dt.datetime.fromisoformat(shown)
    found = instants(moment.date(), moment.time(), zoneinfo.ZoneInfo(zone))
    assert found == moments(expected)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00"),
        ("Europe/Berlin", "2026-03-30", "2026-03-29T22:00"),
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00"),  # at 01:00
        ("Africa/Cairo", "2026-10-30", "2026-10-29T22:00"),  # after the second 23:59
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00"),  # at 01:00
        ("America/Havana", "2025-11-02", "2025-11-02T04:00"),  # at the first midnight
        ("America/Santiago", "2026-09-06", "2026-09-06T04:00"),  # at 01:00
        ("America/Santiago", "2026-04-05", "2026-04-05T04:00"),  # after the second 23:59
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),  # as the next one: it was left out
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
        ("America/St_Johns", "2010-11-07", "2010-11-07T02:30"),  # its first minute
        ("Asia/Kathmandu", "1986-01-01", "1985-12-31T18:30"),  # at 00:15
        ("Asia/Kathmandu", "2028-02-29", "2028-02-28T18:15"),
        ("Asia/Dubai", "2027-01-01", "2026-12-31T20:00"),
    ],
)
def test_a_day_begins_when_the_clock_first_shows_a_time_of_it(zone: str, day: str, begins: str):
    assert first_moment(dt.date.fromisoformat(day), zoneinfo.ZoneInfo(zone)) == utc(begins)


@pytest.mark.parametrize(("zone", "year"), [("Africa/Cairo", 2014), ("Africa/Casablanca", 2013)])
def test_each_hour_of_a_year_with_four_changes_is_one_that_the_clock_shows(zone: str, year: int):
    """The clock was put forward for summer, back for Ramadan, and both once more after it."""
    hour, clinic = dt.datetime(year, 1, 1, tzinfo=dt.UTC), zoneinfo.ZoneInfo(zone)
    while hour.year == year:
        shown = hour.astimezone(clinic).replace(tzinfo=None)
        assert hour in instants(shown.date(), shown.time(), clinic)
        hour += dt.timedelta(hours=1)
