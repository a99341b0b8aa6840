"""Free times: half-open intervals, the clinic's clock, clock changes, and a slow and obvious oracle."""

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings.slots import Interval, Window, free_times, instants

DUBAI, BERLIN = zoneinfo.ZoneInfo("Asia/Dubai"), zoneinfo.ZoneInfo("Europe/Berlin")
MINUTES_20 = dt.timedelta(minutes=20)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


MONDAY_IN_DUBAI = {
    "windows": [Window(0, dt.time(9), dt.time(10))],
    "zone": DUBAI,
    "length": MINUTES_20,
    "not_before": utc("2026-11-23T00:00"),
    "not_after": utc("2026-11-24T00:00"),
}
ALL_THREE = [utc("2026-11-23T05:00"), utc("2026-11-23T05:20"), utc("2026-11-23T05:40")]


def test_the_clinics_clock_decides_and_instants_are_in_utc():
    assert free_times(**MONDAY_IN_DUBAI, closed=[], taken=[]) == ALL_THREE


def test_back_to_back_is_free_and_one_shared_minute_is_not():
    before = Interval(utc("2026-11-23T04:00"), utc("2026-11-23T05:00"))
    assert free_times(**MONDAY_IN_DUBAI, closed=[], taken=[before]) == ALL_THREE
    into = Interval(utc("2026-11-23T04:00"), utc("2026-11-23T05:01"))
    assert free_times(**MONDAY_IN_DUBAI, closed=[], taken=[into]) == ALL_THREE[1:]


def test_a_closure_takes_away_what_it_touches():
    noon = Interval(utc("2026-11-23T05:30"), utc("2026-11-23T05:41"))
    assert free_times(**MONDAY_IN_DUBAI, closed=[noon], taken=[]) == ALL_THREE[:1]


def test_a_visit_ends_by_the_windows_end():
    only = MONDAY_IN_DUBAI | {"length": dt.timedelta(minutes=40)}
    assert free_times(**only, closed=[], taken=[]) == ALL_THREE[:1]


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        # Berlin, 29 March 2026: 02:00 jumps to 03:00; 25 October 2026: 03:00 falls back to 02:00.
        ("2026-03-29", "01:59", ["2026-03-29T00:59"]),
        ("2026-03-29", "02:30", []),
        ("2026-03-29", "03:00", ["2026-03-29T01:00"]),
        ("2026-10-25", "02:30", ["2026-10-25T00:30", "2026-10-25T01:30"]),
        ("2026-10-25", "03:00", ["2026-10-25T02:00"]),
    ],
)
def test_a_gap_is_not_offered_and_a_repeated_time_is_offered_once_per_instant(day, time, expected):
    found = instants(dt.date.fromisoformat(day), dt.time.fromisoformat(time), BERLIN)
    assert found == [utc(moment) for moment in expected]


ZONES = ["Asia/Dubai", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
minutes = st.integers(0, 6 * 24 * 60)
START = utc("2026-10-22T00:00")


@st.composite
def intervals(draw):
    begins = START + dt.timedelta(minutes=draw(minutes))
    return Interval(begins, begins + dt.timedelta(minutes=draw(st.integers(1, 300))))


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES).map(zoneinfo.ZoneInfo),
    windows=st.lists(
        st.builds(
            lambda weekday, starts, long: Window(
                weekday, dt.time(starts), dt.time(min(starts + long, 23), 50)
            ),
            st.integers(0, 6),
            st.integers(0, 22),
            st.integers(0, 6),
        ),
        max_size=4,
    ),
    busy=st.lists(intervals(), max_size=6),
    length=st.sampled_from([10, 20, 45, 60]).map(lambda long: dt.timedelta(minutes=long)),
)
def test_free_times_are_those_of_a_slow_and_obvious_search(zone, windows, busy, length):
    end = START + dt.timedelta(days=6)
    found = free_times(
        windows=windows,
        closed=busy[:3],
        taken=busy[3:],
        zone=zone,
        length=length,
        not_before=START,
        not_after=end,
    )
    expected = []
    moment = START
    while moment <= end:
        local = moment.astimezone(zone)
        since_midnight = dt.timedelta(hours=local.hour, minutes=local.minute)
        on_grid = any(
            window.weekday == local.weekday()
            and window.starts <= local.time()
            and (since_midnight - dt.timedelta(hours=window.starts.hour)) % length == dt.timedelta()
            and since_midnight + length
            <= dt.timedelta(hours=window.ends.hour, minutes=window.ends.minute)
            for window in windows
        )
        visit = Interval(moment, moment + length)
        if on_grid and not any(visit.touches(interval) for interval in busy):
            expected.append(moment)
        moment += dt.timedelta(minutes=1)
    assert found == expected
