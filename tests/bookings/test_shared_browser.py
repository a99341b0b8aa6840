"""A browser that several people use: nobody sees what another one left there."""

import datetime as dt

import pytest

import bookings.actions
from bookings.models import Consultation, Status
from clinic import clock
from tests import make
from tests.person import Person

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def goes_on_and_books(consultation: Consultation) -> Person:
    """Comes by the link of an unfinished request, goes on, and the visit is booked."""
    person = Person().opens_own_page(consultation).press("Go on with your booking")
    make.sealed(consultation)
    return person


# --- What a button closes ------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_own_page_can_be_closed_and_leads_to_the_start(language):
    consultation = make.confirmed(language=language)
    prefix = "/ar" if language == "ar" else ""
    person = Person().walks(consultation).open(f"{prefix}/book/booked/").open(f"{prefix}/my/")
    [form] = person.page.select(f'form[action="{prefix}/my/close/"]')
    person.press(form.button.get_text())
    assert person.url == f"{prefix}/"
    assert {"road", "own_page"}.isdisjoint(person.client.session.keys())
    for path in ("/my/", "/my/cancel/", "/my/calendar.ics", "/book/booked/"):
        assert consultation.patient_name not in person.open(path).page.decode(), path
    consultation.refresh_from_db()
    assert consultation.status == Status.CONFIRMED


def test_seeing_the_address_of_the_button_closes_nothing():
    person = Person().opens_own_page(make.confirmed())
    assert person.client.get("/my/close/").status_code == 405
    assert person.open("/my/").status == 200


def test_starting_over_closes_the_own_page_too():
    consultation = make.confirmed()
    person = Person().walks(consultation).open("/book/booked/").open("/")
    person.press("Start a new request")
    assert person.open("/my/").status == 404
    assert not person.has(consultation.patient_name)


# --- What a newer link ends -----------------------------------------------------------------------


def test_a_newer_link_ends_the_road_that_an_older_one_opened_once_it_is_booked():
    consultation = make.proven()
    person = goes_on_and_books(consultation).open("/book/booked/")
    assert person.has(consultation.patient_name)
    bookings.actions.send_link(consultation=consultation, now=make.NOW + MINUTE)
    for path in ("/book/booked/", "/my/", "/book/booked/"):
        person.open(path)
        assert consultation.patient_name not in person.page.decode(), path
    assert person.opens_own_page(Consultation.objects.get()).has(consultation.patient_name)


def test_who_opens_the_newer_link_sees_the_booking_again():
    consultation = make.proven()
    person = goes_on_and_books(consultation)
    newer = bookings.actions.send_link(consultation=consultation, now=make.NOW + MINUTE)
    person.opens_own_page(newer).open("/book/booked/")
    assert person.has(consultation.patient_name)


def test_who_booked_on_the_road_still_sees_the_booking_after_a_newer_link():
    consultation = make.confirmed()
    person = Person().walks(consultation).open("/book/booked/")
    bookings.actions.send_link(consultation=consultation, now=make.NOW + MINUTE)
    assert person.open("/book/booked/").has(consultation.patient_name)


# --- What was typed ------------------------------------------------------------------------------


def test_a_reason_typed_for_one_visit_does_not_stand_on_the_page_of_another():
    first, second = make.confirmed(), make.confirmed(starts_at=make.TOMORROW_AT_9 + HOUR)
    person = Person().opens_own_page(first).open("/my/cancel/")
    switch = {"reason": "my own words", "switch_language": "ar"}
    person.client.post("/my/cancel/", switch)
    assert person.open("/ar/my/cancel/").form["reason"] == "my own words"
    person.opens_own_page(second).open("/my/cancel/")
    assert person.form["reason"] == ""
    person.opens_own_page(first).open("/my/cancel/")
    assert person.form["reason"] == "my own words"
