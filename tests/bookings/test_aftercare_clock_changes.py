"""A clock change in the patient's zone moves no aftercare, and no end of a night, to a wrong hour."""

from dataclasses import dataclass

import pytest

import bookings.actions
from bookings import owing
from bookings.models import Kind
from clinic import times
from tests import make
from tests.bookings.clock_changes import (
    CAIRO,
    DAY,
    DUBAI,
    LONDON,
    LORD_HOWE,
    NEW_YORK,
    is_noted_and_sent,
    utc,
)

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]


@dataclass(frozen=True)
class Session:
    """When a treatment session was, and when its tips come: "due" or "due, sent"."""

    says: str
    zone: str
    at: str
    tips: dict[int, str]  # by hours after the session


DAY_7, WEEK_12 = 7 * 24, 12 * 7 * 24
SESSIONS = [
    Session(
        says="put forward that night: tips come at the session's hour",
        zone=LONDON,
        at="2027-03-27 10:00",  # 10:00 GMT
        tips={
            24: "2027-03-28 09:00",  # 10:00
            DAY_7: "2027-04-03 09:00",
            WEEK_12: "2027-06-19 09:00",
        },
    ),
    Session(
        says="put back that night: tips come at the session's hour",
        zone=LONDON,
        at="2027-10-30 09:00",  # 10:00 summer time
        tips={
            24: "2027-10-31 10:00",
            DAY_7: "2027-11-06 10:00",
            WEEK_12: "2028-01-22 10:00",
        },
    ),
    Session(
        says="hours that are no whole days are time that passes; by night they wait",
        zone=LONDON,
        at="2027-03-27 12:00",
        tips={
            12: "2027-03-28 00:00, 2027-03-28 07:00",  # 00:00 GMT; 08:00 summer time
            20: "2027-03-28 08:00",  # 09:00 summer time
        },
    ),
    Session(
        says="24 hours later is in the hour that the clock skips",
        zone=NEW_YORK,
        at="2027-03-13 07:30",  # 02:30 EST
        tips={
            0: "2027-03-13 07:30",
            24: "2027-03-14 07:30, 2027-03-14 12:00",  # 03:30, 08:00 EDT
            DAY_7: "2027-03-20 06:30, 2027-03-20 12:00",  # 02:30, 08:00 EDT
            WEEK_12: "2027-06-05 06:30, 2027-06-05 12:00",
        },
    ),
    Session(
        says="24 hours later is in the hour that comes twice",
        zone=NEW_YORK,
        at="2027-11-06 05:30",  # 01:30 EDT
        tips={
            0: "2027-11-06 05:30",
            24: "2027-11-07 05:30, 2027-11-07 13:00",  # the first 01:30; 08:00 EST
            DAY_7: "2027-11-13 06:30, 2027-11-13 13:00",
            WEEK_12: "2028-01-29 06:30, 2028-01-29 13:00",
        },
    ),
    Session(
        says="the session itself is in the second of two equal hours",
        zone=NEW_YORK,
        at="2027-11-07 06:30",  # 01:30 EST
        tips={
            0: "2027-11-07 06:30",  # icing is owed from the session on, not an hour before it
            24: "2027-11-08 06:30, 2027-11-08 13:00",
        },
    ),
    Session(
        says="put forward at midnight",
        zone=CAIRO,
        at="2027-04-29 13:30",  # 15:30, +2
        tips={24: "2027-04-30 12:30", DAY_7: "2027-05-06 12:30", WEEK_12: "2027-07-22 12:30"},
    ),
    Session(
        says="put back at midnight",
        zone=CAIRO,
        at="2027-10-28 12:30",  # 15:30, +3
        tips={24: "2027-10-29 13:30", DAY_7: "2027-11-04 13:30", WEEK_12: "2028-01-20 13:30"},
    ),
    Session(
        says="put forward by half an hour",
        zone=LORD_HOWE,
        at="2027-10-02 05:00",  # 15:30, +10:30
        tips={24: "2027-10-03 04:30", DAY_7: "2027-10-09 04:30", WEEK_12: "2027-12-25 04:30"},
    ),
    Session(
        says="put back by half an hour",
        zone=LORD_HOWE,
        at="2027-04-03 05:00",  # 16:00, +11
        tips={24: "2027-04-04 05:30", DAY_7: "2027-04-10 05:30", WEEK_12: "2027-06-26 05:30"},
    ),
    Session(
        says="no change, but for the calendar's",
        zone=DUBAI,
        at="2027-10-28 12:30",  # 16:30
        tips={24: "2027-10-29 12:30", DAY_7: "2027-11-04 12:30", WEEK_12: "2028-01-20 12:30"},
    ),
]


@pytest.mark.parametrize("case", SESSIONS, ids=[f"{case.zone}: {case.says}" for case in SESSIONS])
def test_aftercare_of_a_session_near_a_clock_change(case):
    make.aftercare_steps(make.treatment(), hours=tuple(case.tips))
    at = utc(case.at)
    visit_at = at.replace(hour=5, minute=0)
    consultation = make.confirmed(starts_at=visit_at, now=visit_at - 10 * DAY, zone=case.zone)
    bookings.actions.complete(consultation=consultation, now=at)
    bookings.actions.record_session(
        consultation=consultation, took_place_at=at, now=at, recorded_by=None
    )
    before = {row.due_at for row in owing.to_come(consultation, now=at)}
    assert before == {utc(due.split(", ")[-1]) for after, due in case.tips.items() if after}
    for expected in case.tips.values():
        is_noted_and_sent(Kind.AFTERCARE, expected)


NIGHTS = [
    # zone, moment, when an e-mail goes that is due then
    (LONDON, "2027-03-27 20:59:59", "2027-03-27 20:59:59"),
    (LONDON, "2027-03-27 21:00", "2027-03-28 07:00"),  # ten hours
    (LONDON, "2027-03-28 06:59:59", "2027-03-28 07:00"),
    (LONDON, "2027-10-30 19:59:59", "2027-10-30 19:59:59"),  # 20:59:59 summer time
    (LONDON, "2027-10-30 20:00", "2027-10-31 08:00"),  # twelve hours
    (LONDON, "2027-10-31 07:59:59", "2027-10-31 08:00"),
    (NEW_YORK, "2027-03-14 02:00", "2027-03-14 12:00"),  # 21:00 EST
    (NEW_YORK, "2027-11-07 01:00", "2027-11-07 13:00"),  # 21:00 EDT
    (NEW_YORK, "2027-11-07 06:30", "2027-11-07 13:00"),  # the second 01:30
    (CAIRO, "2027-04-29 19:00", "2027-04-30 05:00"),  # 21:00, and there is no midnight
    (CAIRO, "2027-10-28 18:00", "2027-10-29 06:00"),
    (CAIRO, "2027-10-28 20:30", "2027-10-29 06:00"),  # the first 23:30
    (CAIRO, "2027-10-28 21:30", "2027-10-29 06:00"),  # the second
    (LORD_HOWE, "2027-10-02 10:30", "2027-10-02 21:00"),  # 21:00; ten hours and a half
    (LORD_HOWE, "2027-04-03 10:00", "2027-04-03 21:30"),  # 21:00; eleven hours and a half
    (DUBAI, "2027-03-28 17:00", "2027-03-29 04:00"),
]


@pytest.mark.parametrize(("zone", "moment", "goes"), NIGHTS)
def test_a_night_with_a_clock_change_ends_at_eight(zone, moment, goes):
    assert times.quiet_until(utc(moment), zone) == utc(goes)
