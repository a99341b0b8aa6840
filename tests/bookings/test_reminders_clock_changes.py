"""A clock change in the patient's zone moves no reminder of a visit to a wrong hour (UTC written out)."""

import datetime as dt
from dataclasses import dataclass

import pytest

from bookings import emails, owing
from bookings.models import Consultation, Kind, Message
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
class Visit:
    """When a visit is, and when its reminders go: "due" or "due, sent" where they wait for the morning."""

    says: str
    zone: str
    starts: str
    days_3: str
    day_1: str
    hour_1: str
    own_time: str


VISITS = [
    # --- London
    Visit(
        says="put forward the day before: ten o'clock stays ten o'clock",
        zone=LONDON,
        starts="2027-03-29 09:00",  # 10:00
        days_3="2027-03-26 10:00",  # 10:00 GMT
        day_1="2027-03-28 09:00",  # 10:00, the day of the change
        hour_1="2027-03-29 08:00",
        own_time="Monday 29 March 2027, 10:00, London time (GMT+1)",
    ),
    Visit(
        says="put forward: before eight it waits for eight by the clock of that day",
        zone=LONDON,
        starts="2027-03-29 05:00",  # 06:00
        days_3="2027-03-26 06:00, 2027-03-26 08:00",  # 06:00 GMT, 08:00 GMT
        day_1="2027-03-28 05:00, 2027-03-28 07:00",  # 06:00, 08:00 summer time
        hour_1="2027-03-29 04:00",  # at night: an hour before cannot wait
        own_time="Monday 29 March 2027, 06:00, London time (GMT+1)",
    ),
    Visit(
        says="put back the day before: nine o'clock stays nine o'clock",
        zone=LONDON,
        starts="2027-11-01 09:00",
        days_3="2027-10-29 08:00",  # 09:00 summer time
        day_1="2027-10-31 09:00",
        hour_1="2027-11-01 08:00",
        own_time="Monday 1 November 2027, 09:00, London time (GMT)",
    ),
    Visit(
        says="put back: before eight it waits for eight by the clock of that day",
        zone=LONDON,
        starts="2027-11-01 07:00",
        days_3="2027-10-29 06:00, 2027-10-29 07:00",  # 07:00, 08:00 summer time
        day_1="2027-10-31 07:00, 2027-10-31 08:00",
        hour_1="2027-11-01 06:00",
        own_time="Monday 1 November 2027, 07:00, London time (GMT)",
    ),
    # --- New York
    Visit(
        says="put forward: twenty to nine stays twenty to nine",
        zone=NEW_YORK,
        starts="2027-03-15 12:40",  # 08:40 EDT
        days_3="2027-03-12 13:40",  # 08:40 EST
        day_1="2027-03-14 12:40",
        hour_1="2027-03-15 11:40",
        own_time="Monday 15 March 2027, 08:40, New York time (GMT-4)",
    ),
    Visit(
        says="a day before lies in the hour that the clock skips: it waits for the morning",
        zone=NEW_YORK,
        starts="2027-03-15 06:20",  # 02:20 EDT
        days_3="2027-03-12 07:20, 2027-03-12 13:00",  # 02:20, 08:00 EST
        day_1="2027-03-14 07:20, 2027-03-14 12:00",  # 02:20 EST is 03:20 EDT; 08:00 EDT
        hour_1="2027-03-15 05:20",
        own_time="Monday 15 March 2027, 02:20, New York time (GMT-4)",
    ),
    Visit(
        says="put back: the day before waits an hour less than three days before",
        zone=NEW_YORK,
        starts="2027-11-08 12:40",  # 07:40 EST
        days_3="2027-11-05 11:40, 2027-11-05 12:00",  # 07:40, 08:00 EDT
        day_1="2027-11-07 12:40, 2027-11-07 13:00",  # 07:40, 08:00 EST
        hour_1="2027-11-08 11:40",
        own_time="Monday 8 November 2027, 07:40, New York time (GMT-5)",
    ),
    Visit(
        says="a day before lies in the hour that comes twice: it waits for the one morning",
        zone=NEW_YORK,
        starts="2027-11-08 06:20",  # 01:20 EST
        days_3="2027-11-05 05:20, 2027-11-05 12:00",  # 01:20, 08:00 EDT
        day_1="2027-11-07 05:20, 2027-11-07 13:00",  # the first 01:20; 08:00 EST
        hour_1="2027-11-08 05:20",
        own_time="Monday 8 November 2027, 01:20, New York time (GMT-5)",
    ),
    Visit(
        says="the visit in the second of two equal hours, an hour before in the first",
        zone=NEW_YORK,
        starts="2027-11-07 06:20",  # 01:20 EST, for the second time
        days_3="2027-11-04 05:20, 2027-11-04 12:00",
        day_1="2027-11-06 05:20, 2027-11-06 12:00",
        hour_1="2027-11-07 05:20",  # 01:20 EDT
        own_time="Sunday 7 November 2027, 01:20, New York time (GMT-5)",
    ),
    Visit(
        says="the visit after the hour that the clock skips, an hour before ahead of it",
        zone=NEW_YORK,
        starts="2027-03-14 07:00",  # 03:00 EDT
        days_3="2027-03-11 08:00, 2027-03-11 13:00",
        day_1="2027-03-13 08:00, 2027-03-13 13:00",
        hour_1="2027-03-14 06:00",  # 01:00 EST
        own_time="Sunday 14 March 2027, 03:00, New York time (GMT-4)",
    ),
    # --- Cairo
    Visit(
        says="put forward at midnight: eight o'clock is day on either side",
        zone=CAIRO,
        starts="2027-05-01 05:00",  # 08:00, +3
        days_3="2027-04-28 06:00",  # 08:00, +2
        day_1="2027-04-30 05:00",
        hour_1="2027-05-01 04:00",
        own_time="Saturday 1 May 2027, 08:00, Cairo time (GMT+3)",
    ),
    Visit(
        says="put back at midnight: seven o'clock waits for eight on either side",
        zone=CAIRO,
        starts="2027-10-30 05:00",  # 07:00, +2
        days_3="2027-10-27 04:00, 2027-10-27 05:00",  # 07:00, 08:00, +3
        day_1="2027-10-29 05:00, 2027-10-29 06:00",
        hour_1="2027-10-30 04:00",
        own_time="Saturday 30 October 2027, 07:00, Cairo time (GMT+2)",
    ),
    # --- Lord Howe
    Visit(
        says="put forward by half an hour: four o'clock stays four o'clock",
        zone=LORD_HOWE,
        starts="2027-10-04 05:00",  # 16:00, +11
        days_3="2027-10-01 05:30",  # 16:00, +10:30
        day_1="2027-10-03 05:00",
        hour_1="2027-10-04 04:00",
        own_time="Monday 4 October 2027, 16:00, Lord Howe time (GMT+11)",
    ),
    Visit(
        says="put forward: a night that is half an hour shorter ends at eight",
        zone=LORD_HOWE,
        starts="2027-10-05 12:20",  # 23:20, +11
        days_3="2027-10-02 12:50, 2027-10-02 21:00",  # 23:20, +10:30; 08:00, +11
        day_1="2027-10-04 12:20, 2027-10-04 21:00",
        hour_1="2027-10-05 11:20",
        own_time="Tuesday 5 October 2027, 23:20, Lord Howe time (GMT+11)",
    ),
    Visit(
        says="put back: a night that is half an hour longer ends at eight",
        zone=LORD_HOWE,
        starts="2027-04-06 12:20",  # 22:50, +10:30
        days_3="2027-04-03 11:50, 2027-04-03 21:30",  # 22:50, +11; 08:00, +10:30
        day_1="2027-04-05 12:20, 2027-04-05 21:30",
        hour_1="2027-04-06 11:20",
        own_time="Tuesday 6 April 2027, 22:50, Lord Howe time (GMT+10:30)",
    ),
    # --- Dubai
    Visit(
        says="a patient in the clinic's own zone: as ever",
        zone=DUBAI,
        starts="2027-03-29 05:00",  # 09:00
        days_3="2027-03-26 05:00",
        day_1="2027-03-28 05:00",
        hour_1="2027-03-29 04:00",
        own_time="",
    ),
    Visit(
        says="and in autumn",
        zone=DUBAI,
        starts="2027-11-01 05:00",
        days_3="2027-10-29 05:00",
        day_1="2027-10-31 05:00",
        hour_1="2027-11-01 04:00",
        own_time="",
    ),
]


def own_time(row: Message, *, now: dt.datetime) -> str:
    """What the e-mail calls the patient's own time, without the marks for Arabic."""
    body = str(emails.compose(row, now=now).body)
    bare = body.translate(dict.fromkeys(map(ord, (times.LRI, times.FSI, times.PDI))))
    lines = [line for line in bare.splitlines() if line.startswith("Your own time")]
    return lines[0].partition(": ")[2] if lines else ""


def planned(consultation: Consultation, *, now: dt.datetime) -> dict[str, dt.datetime]:
    return {row.kind: row.due_at for row in owing.to_come(consultation, now=now)}


@pytest.mark.parametrize("case", VISITS, ids=[f"{case.zone}: {case.says}" for case in VISITS])
def test_reminders_of_a_visit_near_a_clock_change(case):
    starts_at = utc(case.starts)
    booked_at = starts_at - 10 * DAY
    consultation = make.confirmed(starts_at=starts_at, now=booked_at, zone=case.zone)
    owing.note_owed(now=booked_at)
    by_kind = {
        Kind.REMINDER_3_DAYS: case.days_3,
        Kind.REMINDER_1_DAY: case.day_1,
        Kind.REMINDER_1_HOUR: case.hour_1,
    }
    assert planned(consultation, now=booked_at) == {
        kind: utc(expected.split(", ")[-1]) for kind, expected in by_kind.items()
    }
    for kind, expected in by_kind.items():
        row = is_noted_and_sent(kind, expected)
        assert own_time(row, now=row.next_try_at) == case.own_time
    ends = [row.useful_until for row in consultation.messages.order_by("due_at")[1:]]
    assert ends == [utc(case.day_1.split(", ")[0]), utc(case.hour_1), starts_at]


ACROSS = [
    # A visit of twenty minutes in which the clock changes.
    (
        "2027-11-07 05:40",
        "Sunday 7 November 2027, from 01:40 (GMT-4) to 01:00 (GMT-5), New York time",
    ),
    (
        "2027-03-14 06:40",
        "Sunday 14 March 2027, from 01:40 (GMT-5) to 03:00 (GMT-4), New York time",
    ),
    ("2027-11-07 05:20", "Sunday 7 November 2027, from 01:20 to 01:40, New York time (GMT-4)"),
]


@pytest.mark.parametrize(("starts", "words"), ACROSS)
def test_a_visit_in_which_the_clock_changes_says_both_offsets(starts, words):
    first = utc(starts)
    last = first + dt.timedelta(minutes=20)
    assert times.between_in_words(first, last, NEW_YORK, "en") == words


def test_in_arabic_too():
    first, last = utc("2027-11-07 05:40"), utc("2027-11-07 06:00")
    assert times.between_in_words(first, last, NEW_YORK, "ar") == (
        "الأحد 7 نوفمبر 2027، من الساعة 01:40 (غرينتش-4) إلى 01:00 (غرينتش-5)، بتوقيت نيويورك"
    )
