"""Steps on the patient's road, for the tests of its pages: the clinic is open, a person has come so far."""

import datetime as dt

from bookings import links
from bookings.models import Consultation
from clinic import clock
from tests import make
from tests.person import Person

MINUTE = dt.timedelta(minutes=1)
AT_9 = "huda|2026-11-23T05:00:00Z/PT20M"
AT_10 = "huda|2026-11-23T06:00:00Z/PT20M"
YOU = {
    "visit_for": "me",
    "patient_name": "Aisha Rahman",
    "email": "aisha@example.com",
    "mobile": "050 123 4567",
    "birth_date_day": "17",
    "birth_date_month": "5",
    "birth_date_year": "1990",
}


def open_from_9_to_11(name="huda", **fields):
    """Few times make small pages, which are read sooner."""
    row = make.dermatologist(name, **fields)
    row.weekly_hours.update(ends=dt.time(11))
    return row


def set_clock(monkeypatch, now):
    monkeypatch.setattr(clock, "now", lambda: now)


def at_when() -> Person:
    person = Person().open("/").follow("Start now")
    return person.press("Continue", about="mesotherapy|cellulite")


def at_about_you(time=AT_9) -> Person:
    return at_when().press("Continue", time=time)


def at_code(**you) -> Person:
    return at_about_you().press("Continue", **{**YOU, **you})


def the_request() -> Consultation:
    return Consultation.objects.get()


def code() -> str:
    return links.code(the_request())
