"""A dermatologist's calendar feed: their visits and no details, in a file that calendar programs read."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import translation
from icalendar import Calendar

import bookings.actions
from bookings import calendar
from bookings.models import Consultation
from clinic import clock
from tests import desk, make
from tests.bookings.feeds import address, events

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
AT = make.TOMORROW_AT_9


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    make.clinic()
    make.treatment()
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def at(monkeypatch, moment: dt.datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


def shows(of: str, visit: Consultation) -> str:
    """What the feed says of this visit: CONFIRMED, CANCELLED, or nothing."""
    event = events(of).get(calendar.uid_of(visit))
    return str(event["STATUS"]) if event else ""


# --- What stands in it -----------------------------------------------------------------------------


def test_it_shows_the_dermatologists_own_visits_and_nobody_elses():
    own, others = make.confirmed(), make.confirmed(dermatologist=make.dermatologist("arjun"))
    assert set(events(address("huda"))) == {calendar.uid_of(own)}
    assert set(events(address("arjun"))) == {calendar.uid_of(others)}


@pytest.mark.parametrize("change", ["as booked", "moved", "cancelled"])
def test_a_visit_stands_there_as_in_the_patients_own_file(change):
    visit = make.confirmed()
    if change == "moved":
        doctor, to = visit.dermatologist, AT + HOUR
        visit = bookings.actions.move(
            consultation=visit, dermatologist=doctor, starts_at=to, now=make.NOW
        )
    if change == "cancelled":
        visit = bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)
    (patients,) = Calendar.from_ical(calendar.calendar_file(visit, now=make.NOW)).walk("VEVENT")
    (shown,) = events(address()).values()
    for name in ("UID", "SEQUENCE", "DTSTART", "DTEND", "DTSTAMP", "STATUS", "ORGANIZER", "CLASS"):
        assert shown[name].to_ical() == patients[name].to_ical(), name
    assert shown["DTSTART"].to_ical().endswith(b"Z")
    assert shown["SEQUENCE"] == (0 if change == "as booked" else 1)


def test_a_visit_that_goes_to_somebody_else_changes_feeds_and_keeps_its_uid():
    visit = make.confirmed()
    to = make.dermatologist("arjun")
    bookings.actions.move(
        consultation=visit, dermatologist=to, starts_at=AT, now=make.NOW, by_staff=True
    )
    assert events(address("huda")) == {}
    assert set(events(address("arjun"))) == {calendar.uid_of(visit)}


def test_a_cancelled_visit_stays_as_cancelled_until_its_time_has_come(monkeypatch):
    visit, feed = make.confirmed(), address()
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)
    assert shows(feed, visit) == "CANCELLED"
    at(monkeypatch, AT - MINUTE)
    assert shows(feed, visit) == "CANCELLED"
    at(monkeypatch, AT)
    assert shows(feed, visit) == ""


def test_what_never_was_a_visit_is_not_shown(monkeypatch):
    feed = address()
    make.held()
    make.waiting()
    make.proven(starts_at=AT + HOUR)
    given_up = make.held(starts_at=AT + 2 * HOUR)
    bookings.actions.cancel(consultation=given_up, now=make.NOW, by_patient=True)
    assert events(feed) == {}
    bookings.actions.expire_holds(now=make.NOW + DAY)
    assert events(feed) == {}


@pytest.mark.parametrize("ended", ["arrive", "complete", "no_show"])
def test_a_visit_that_took_its_time_stays_for_thirty_days(ended, monkeypatch):
    visit, feed = make.confirmed(), address()
    getattr(bookings.actions, ended)(consultation=visit, now=AT + HOUR)
    at(monkeypatch, AT + 30 * DAY)
    assert shows(feed, visit) == "CONFIRMED"
    at(monkeypatch, AT + 30 * DAY + MINUTE)
    assert shows(feed, visit) == ""


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_detail_of_anybody_stands_in_it(language):
    visit = make.confirmed(
        language=language,
        concern=make.treatment().concerns.first(),
        patient_name="Salma Canary",
        guardian_name="Nasser Canary",
        email="canary@example.com",
        mobile="+971500098765",
        names_treatment=True,
    )
    bookings.actions.give_own_room(
        consultation=visit, own_video_room="https://video.example.com/canary"
    )
    visit = bookings.actions.move(
        consultation=visit,
        dermatologist=visit.dermatologist,
        starts_at=AT + HOUR,
        now=make.NOW,
        reason="canary: a rash",
    )
    again = make.confirmed(starts_at=AT + 2 * HOUR, patient_name="Canary")
    bookings.actions.cancel(
        consultation=again, now=make.NOW, by_patient=True, reason="canary: I am ill"
    )
    with translation.override(language):
        page = f"http://127.0.0.1:8000{desk.page(visit)}"
    content = Client().get(address(language=language)).content.decode().replace("\r\n ", "")
    for detail in (
        *("canary", "salma", "nasser", "98765", "mesotherapy", "الميزوثيرابي", "cellulite"),
        *("السيلوليت", "huda", "هدى", "video.example.com", visit.reference, again.reference),
        *(visit.receipt, "1990", "rash"),
    ):
        assert detail.lower() not in content.lower(), detail
    (first, _second) = Calendar.from_ical(content).walk("VEVENT")
    assert first["URL"] == page
    assert page in first["DESCRIPTION"]
    assert ("عيادة" if language == "ar" else "Marsa Skin Clinic") in first["SUMMARY"]


def test_the_link_in_it_asks_a_stranger_for_a_sign_in():
    make.confirmed()
    (event,) = events(address()).values()
    answer = Client().get(event["URL"].removeprefix("http://127.0.0.1:8000"))
    assert answer.headers["Location"].startswith("/admin/login/")


def test_the_calendar_says_its_name_and_when_to_ask_again_in_lines_that_every_program_reads():
    make.confirmed()
    make.clinic(name_en="Marsa, Skin; and\r\nATTENDEE:mailto:x@example.com\rLOCATION:there")
    content = Client().get(address()).content
    assert b"\r\nMETHOD:PUBLISH\r\n" in content
    assert b"\r\nREFRESH-INTERVAL;VALUE=DURATION:PT30M\r\nX-PUBLISHED-TTL:PT30M\r\n" in content
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 75  # octets (RFC 5545, 3.1)
    assert not [line for line in lines if line.startswith((b"ATTENDEE", b"LOCATION"))]
    unfolded = content.replace(b"\r\n ", b"")
    for name in (b"NAME", b"X-WR-CALNAME"):
        assert b"\r\n" + name + b":Video visits: Marsa\\, Skin\\; and\\n" in unfolded


# --- How it answers --------------------------------------------------------------------------------


def test_it_is_a_calendar_that_nobody_on_the_way_keeps():
    answer = Client().get(address())
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    kept = answer["Cache-Control"]
    assert "private" in kept and "no-store" in kept
    head = Client().head(address())
    assert (head.status_code, head.content) == (200, b"")
    assert head["ETag"] == answer["ETag"]


def test_who_has_it_already_is_sent_nothing_until_a_visit_changes(monkeypatch):
    visit, feed = make.confirmed(), address()
    tag = Client().get(feed)["ETag"]
    at(monkeypatch, make.NOW + MINUTE)
    same = Client().get(feed, headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    assert "private" in same["Cache-Control"]
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)
    changed = Client().get(feed, headers={"If-None-Match": tag})
    assert (changed.status_code, changed["ETag"] == tag) == (200, False)


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_can_only_be_read(method):
    assert getattr(Client(), method)(address()).status_code == 405


@pytest.mark.parametrize("visits", [1, 3])
def test_it_takes_five_queries_however_many_visits(visits, django_assert_num_queries):
    for number in range(visits):
        make.confirmed(starts_at=AT + number * HOUR)
    feed = address()
    client = Client()
    with django_assert_num_queries(5):  # whose, their rights (two), the clinic, the visits
        assert client.get(feed).content.count(b"BEGIN:VEVENT") == visits
