"""The calendar file of a visit: when it is, one UID, a rising SEQUENCE, and no details."""

import datetime as dt

import pytest
from icalendar import Calendar

import bookings.actions
from bookings import calendar
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
HOUR = dt.timedelta(hours=1)


def read(consultation) -> tuple[Calendar, object]:
    whole = Calendar.from_ical(calendar.calendar_file(consultation, now=make.NOW))
    (event,) = whole.walk("VEVENT")
    return whole, event


def test_a_booked_visit_is_published_in_utc():
    consultation = make.confirmed()
    whole, event = read(consultation)
    assert (whole["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("PUBLISH", "CONFIRMED", 0)
    assert event.decoded("DTSTART") == make.TOMORROW_AT_9
    assert event.decoded("DTEND") == make.TOMORROW_AT_9 + dt.timedelta(minutes=20)
    assert event["DTSTART"].to_ical() == b"20261123T050000Z"
    assert event["DTSTAMP"].to_ical() == b"20261122T060000Z"
    assert event["ORGANIZER"] == "mailto:clinic@example.com"


def test_a_moved_visit_keeps_its_uid_and_raises_its_sequence():
    consultation = make.confirmed()
    _whole, before = read(consultation)
    moved = bookings.actions.move(
        consultation=consultation,
        dermatologist=consultation.dermatologist,
        starts_at=make.TOMORROW_AT_9 + HOUR,
        now=make.NOW,
    )
    _whole, after = read(moved)
    assert (before["UID"], before["SEQUENCE"]) == (after["UID"], after["SEQUENCE"] - 1)
    assert after.decoded("DTSTART") == make.TOMORROW_AT_9 + HOUR


def test_a_cancelled_visit_is_taken_out_again():
    consultation = make.confirmed()
    _whole, before = read(consultation)
    cancelled = bookings.actions.cancel(consultation=consultation, now=make.NOW, by_patient=True)
    whole, after = read(cancelled)
    assert (whole["METHOD"], after["STATUS"]) == ("CANCEL", "CANCELLED")
    assert after["UID"] == before["UID"] and after["SEQUENCE"] > before["SEQUENCE"]


def test_two_visits_never_share_a_uid():
    first, second = make.confirmed(), make.confirmed(starts_at=make.TOMORROW_AT_9 + HOUR)
    assert calendar.uid_of(first) != calendar.uid_of(second)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_detail_stands_in_it(language):
    consultation = make.confirmed(
        language=language, concern=make.treatment().concerns.first(), patient_name="Salma Nasser"
    )
    whole, event = read(consultation)
    words = whole.to_ical().decode().replace("\r\n ", "")
    for detail in (
        *("Mesotherapy", "الميزوثيرابي", "Cellulite", "Salma", "Huda", "هدى", "video.example.com"),
        *(str(consultation.mobile), consultation.email, consultation.reference + "@"),
    ):
        assert detail not in words, detail
    assert event["URL"] == calendar.page_url(consultation)
    assert event["URL"].startswith(
        "http://127.0.0.1:8000" + ("/ar/c/" if language == "ar" else "/c/")
    )


def test_a_name_of_the_clinic_cannot_add_lines():
    consultation = make.confirmed()
    make.clinic(name_en="Marsa\r\nATTENDEE:mailto:x@example.com\rLOCATION:there")
    whole, event = read(consultation)
    assert "ATTENDEE" not in event and "LOCATION" not in event


def test_what_was_never_booked_has_no_calendar_file():
    held = make.held()
    assert not calendar.has_calendar(held)
    cancelled = bookings.actions.cancel(consultation=held, now=make.NOW, by_patient=True)
    assert not calendar.has_calendar(cancelled)
