"""Why a time is not offered: each reason alone, and each with a sentence for the patient."""

import dataclasses
import datetime as dt

import pytest
from django.utils.encoding import force_str

from bookings.actions.explaining import TO_THE_PATIENT
from bookings.slots import AGES, Because, Reason, explain
from tests.bookings.slots.written import Case, stretches, utc

# Monday, 9 to 11 o'clock in Dubai is 05:00 to 07:00 UTC; asked on the Sunday before.
MONDAY = {
    "says": "Monday",
    "zone": "Asia/Dubai",
    "hours": "Mon 09:00-11:00",
    "around": "2026-11-23",
    "now": "2026-11-22T06:00",
    "starts": "",
}
NOON = "2026-11-23T06:00/2026-11-23T06:30"
LONG_AGO, NEVER = "0001-01-01T00:00", "9999-12-31T23:59:59"

REASONS = [
    ("05:30", {}, set()),
    ("05:30", {"now": "2026-11-23T05:30"}, set()),
    ("05:30", {"now": "2026-11-23T05:30:01"}, {Reason.PAST}),
    ("05:30", {"now": "2026-11-23T05:31", "notice": 60}, {Reason.PAST}),
    ("05:30", {"now": "2026-11-23T04:30", "notice": 60}, set()),
    ("05:30", {"now": "2026-11-23T04:31", "notice": 60}, {Reason.TOO_SOON}),
    ("05:30", {"horizon_days": 1}, set()),
    ("05:30", {"horizon_days": 0}, {Reason.TOO_FAR}),
    ("19:59", {"horizon_days": 1, "hours": "Mon 23:59-01:00"}, set()),
    ("20:00", {"horizon_days": 1, "hours": "Tue 00:00-01:00"}, {Reason.TOO_FAR}),  # midnight
    ("04:59", {}, {Reason.OUTSIDE_HOURS}),
    ("07:00", {}, {Reason.OUTSIDE_HOURS}),
    ("06:30", {"after": 1}, {Reason.ENDS_TOO_LATE}),
    ("06:30", {"length": 31}, {Reason.ENDS_TOO_LATE}),
    ("05:31", {}, {Reason.OFF_GRID}),
    ("06:31", {}, {Reason.OFF_GRID, Reason.ENDS_TOO_LATE}),
    ("06:00", {"closures": NOON}, {Reason.CLOSED}),
    ("05:30", {"closures": NOON}, set()),
    ("05:30", {"closures": NOON, "after": 1}, {Reason.CLOSED}),
    ("06:30", {"closures": NOON}, set()),
    ("06:00", {"taken": NOON}, {Reason.TAKEN}),
    ("05:30", {"taken": NOON, "length": 31}, {Reason.TAKEN}),
    ("06:30", {"taken": NOON}, set()),
    ("06:30", {"taken": NOON, "taken_after": 1}, {Reason.TOO_CLOSE}),
    ("06:30", {"taken": NOON, "before": 1}, {Reason.TOO_CLOSE}),
    ("05:30", {"taken": NOON, "after": 1}, {Reason.TOO_CLOSE}),
    ("05:30", {"taken": NOON}, set()),
    ("06:00", {"elsewhere": NOON}, {Reason.ELSEWHERE}),
    ("06:30", {"elsewhere": NOON, "before": 9}, set()),
    ("06:30", {"taken": NOON, "most_a_day": 1}, {Reason.DAY_FULL}),
    ("06:30", {"taken": NOON, "most_a_day": 2}, set()),
    (
        "06:00",
        {"taken": NOON, "elsewhere": NOON, "closures": NOON, "most_a_day": 1, "horizon_days": 0},
        {Reason.TAKEN, Reason.ELSEWHERE, Reason.CLOSED, Reason.DAY_FULL, Reason.TOO_FAR},
    ),
]


def because_of(case: Case, start: dt.datetime) -> list[Because]:
    return explain(case.rules, case.visits, start, now=case.asked["now"])


@pytest.mark.parametrize(("time", "changed", "reasons"), REASONS)
def test_all_that_speaks_against_a_time_is_said_and_nothing_else(time, changed, reasons):
    case = Case(**MONDAY | changed)
    found = because_of(case, utc(f"2026-11-23T{time}"))
    assert {one.reason for one in found} == reasons
    assert len(found) == len(reasons)


def test_each_reason_stands_alone_somewhere_above():
    assert {reason for _time, _changed, some in REASONS if len(some) == 1 for reason in some} == {
        *Reason
    }


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("closures", Reason.CLOSED), ("taken", Reason.TAKEN), ("elsewhere", Reason.ELSEWHERE)],
)
def test_what_is_in_the_way_is_named(kind: str, reason: Reason):
    found = because_of(Case(**MONDAY | {kind: NOON}), utc("2026-11-23T06:00"))
    (there,) = stretches(NOON)
    assert [one.reason for one in found] == [reason]
    assert found[0].by is not None
    assert (found[0].by.starts_at, found[0].by.ends_at) == (there.starts_at, there.ends_at)


def test_a_visit_that_is_too_close_is_named_and_a_reason_without_one_names_nothing():
    case = Case(**MONDAY | {"taken": NOON, "before": 1, "most_a_day": 1})
    close, full = because_of(case, utc("2026-11-23T06:30"))
    assert close == Because(Reason.TOO_CLOSE, case.visits[0])
    assert full == Because(Reason.DAY_FULL, None)


def test_a_repeated_time_is_explained_by_its_instant():
    """Half past two in Berlin comes twice; the first one is taken, the second one is not."""
    case = Case(
        says="autumn",
        zone="Europe/Berlin",
        hours="Sun 02:00-03:00",
        around="2026-10-25",
        starts="",
        taken="2026-10-25T00:30/2026-10-25T01:00",
    )
    assert [one.reason for one in because_of(case, utc("2026-10-25T00:30"))] == [Reason.TAKEN]
    assert because_of(case, utc("2026-10-25T01:30")) == []


@pytest.mark.parametrize(("start", "reason"), [(LONG_AGO, Reason.PAST), (NEVER, Reason.TOO_FAR)])
def test_a_time_ages_away_has_one_reason_and_no_calendar(start: str, reason: Reason):
    case = Case(**MONDAY | {"hours": "Mon 00:00-00:00, Fri 00:00-00:00"})
    assert because_of(case, utc(start)) == [Because(reason)]


def test_the_furthest_horizon_is_not_ages_away():
    year = dataclasses.replace(Case(**MONDAY).rules, horizon_days=366)
    now = Case(**MONDAY).asked["now"]
    assert year.horizon(now) < now + AGES
    monday = utc("2027-11-22T05:00")
    assert explain(year, [], monday, now=now) == []
    beyond = explain(year, [], monday + dt.timedelta(days=7), now=now)
    assert beyond == [Because(Reason.TOO_FAR)]


def test_there_is_a_sentence_for_the_patient_for_each_reason():
    assert set(TO_THE_PATIENT) == set(Reason)
    sentences = [force_str(sentence) for sentence in TO_THE_PATIENT.values()]
    assert len(set(sentences)) == len(Reason)
    for sentence in sentences:
        assert sentence[0].isupper() and sentence.endswith(".")
