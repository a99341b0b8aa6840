"""Another e-mail address at the desk: typed by reception, proven by the patient, or in person."""

import pytest
from bs4 import BeautifulSoup

import bookings.actions
from bookings.models import Proof
from clinic import clock
from tests import desk, make
from tests.bookings.test_desk_buttons import CHANGE_ADDRESS, buttons, press, said

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
NEW = "another@example.org"


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def page(visit) -> str:
    return said(desk.reception().get(desk.page(visit)))


def test_reception_types_it_and_it_waits_for_the_patients_proof():
    visit = make.confirmed()
    old = visit.email
    told = said(
        desk.reception().post(desk.button(visit, "change-address"), {"email": NEW}, follow=True)
    )
    visit.refresh_from_db()
    assert (visit.email, visit.new_email) == (old, NEW)
    assert "A code and a link are on their way to the new address." in told
    assert f"new, not proven yet: {NEW}" in page(visit)


def test_whom_reception_has_seen_has_it_at_once():
    visit = make.confirmed()
    press(visit, "change-address", email=NEW, note="Mariam saw the passport")
    assert (visit.email, visit.new_email, visit.proven_by) == (NEW, "", Proof.IN_PERSON)
    assert "Mariam saw the passport" in page(visit)


def test_a_patient_of_the_phone_gets_an_address():
    visit = make.held(entered_by=make.staff(), email="")
    assert CHANGE_ADDRESS not in buttons(visit)
    visit = bookings.actions.prove_in_person(consultation=visit, note="Mariam", now=make.NOW)
    press(visit, "change-address", email=NEW)
    assert visit.new_email == NEW


@pytest.mark.parametrize("email", ["", "x", "\x00@example.com", "a@b@c"])
def test_what_is_no_address_is_refused_beside_the_field(email):
    visit = make.confirmed()
    response = press(visit, "change-address", email=email)
    soup = BeautifulSoup(response.content, "html.parser")
    assert (visit.new_email, bool(soup.select(".errorlist"))) == ("", True)


def test_the_present_address_is_refused_in_words():
    visit = make.confirmed()
    assert "already" in said(press(visit, "change-address", email=visit.email))


def test_a_dermatologist_cannot_change_it():
    visit = make.confirmed()
    path = desk.button(visit, "change-address")
    assert desk.dermatologist().post(path, {"email": NEW}).status_code == 403


def test_the_desk_says_that_the_tips_are_stopped():
    visit = make.completed()
    assert "tips after a session stopped" not in page(visit)
    bookings.actions.stop_tips(consultation=visit, now=make.NOW)
    assert "tips after a session stopped: Sunday 22 November 2026, 10:00" in page(visit)
