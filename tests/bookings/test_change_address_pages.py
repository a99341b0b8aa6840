"""Changing the e-mail address on the own page, and by the link that goes to the new one."""

import datetime as dt

import pytest

import bookings.actions
from bookings import links
from bookings.links import Purpose
from bookings.models import Consultation
from clinic import clock
from tests import make
from tests.person import Person, link_to

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
MINUTE = dt.timedelta(minutes=1)
NEW = "another@example.org"


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW + MINUTE)


def the_row() -> Consultation:
    return Consultation.objects.get()


def code() -> str:
    return links.code(the_row(), Purpose.NEW_CODE)


def the_link() -> str:
    return f"/address/{links.token(the_row(), Purpose.NEW_ADDRESS)}/"


def at_form(consultation=None) -> Person:
    person = Person().opens_own_page(consultation or make.confirmed())
    return person.follow("Change my e-mail address")


def at_code() -> Person:
    return at_form().press("Continue", email=NEW)


def test_the_whole_way():
    visit = make.confirmed()
    person = at_form(visit)
    assert person.has(f"Our e-mails go to {visit.email} now.")
    assert person.has("This changes the address for this consultation only.")
    person.press("Continue", email=" Another@Example.org ")
    assert person.url == "/my/address/code/" and person.has(f"We sent 6 digits to {NEW}")
    assert the_row().email == visit.email
    person.press("Change my e-mail address", code=code())
    assert (person.url, person.status) == ("/my/", 200)
    assert person.text.count("Our e-mails now go to your new address.") == 1
    assert person.has(NEW) and the_row().email == NEW
    assert Person().open(link_to(visit)).status == 404  # the old mailbox


def test_a_mistyped_address_is_asked_about_once():
    person = at_form().press("Continue", email="sara@gmial.com")
    assert person.errors == [
        "Did you mean sara@gmail.com? Correct the address, or continue again if it is right as it is."
    ]
    assert person.value("email") == "sara@gmial.com" and not the_row().new_email
    person.press("Continue", email="sara@gmial.com")
    assert the_row().new_email == "sara@gmial.com"


@pytest.mark.parametrize(
    "email", ["", "sara", "sara@", "s" * 260 + "@example.com", "a\x00@b.example"]
)
def test_what_is_no_address_is_refused_and_kept(email):
    person = at_form().press("Continue", email=email)
    assert (person.status, len(person.errors), the_row().new_email) == (400, 1, "")


def test_the_present_address_is_refused_beside_the_field():
    visit = make.confirmed()
    person = at_form(visit).press("Continue", email=visit.email)
    assert person.errors == ["Our e-mails go to this address already."]


def test_a_wrong_code_is_refused_and_five_end_it():
    person = at_code()
    wrong = f"{(int(code()) + 1) % 1_000_000:06d}"
    for _try in range(5):
        person.press("Change my e-mail address", code=wrong)
        assert person.status == 400 and len(person.errors) == 1
    person.press("Change my e-mail address", code=code())
    assert person.errors == [
        "That was wrong 5 times, so this code has ended. Ask for a new one below."
    ]
    assert not the_row().former_email


def test_a_new_code_can_be_asked_for_after_half_a_minute(monkeypatch):
    person = at_code()
    before = code()
    assert person.press("Send a new code").has("Wait half a minute before asking again.")
    monkeypatch.setattr(clock, "now", lambda: make.NOW + 2 * MINUTE)
    person.press("Send a new code")
    assert person.text.count("We are sending you a new code.") == 1 and code() != before
    assert person.press("Change my e-mail address", code=code()).url == "/my/"


def test_the_own_page_tells_that_an_address_waits_and_the_old_one_can_be_kept():
    person = at_code().open("/my/")
    assert person.has(f"You asked to change your e-mail address to {NEW}")
    person.follow("Enter the code").press("Leave it as it is")
    assert (person.url, the_row().new_email) == ("/my/", "")
    assert not person.has(NEW)


def test_a_second_press_of_the_button_is_harmless():
    person = at_code().press("Change my e-mail address", code=code())
    serial = the_row().link_serial
    person.again()
    assert (person.url, person.status, the_row().link_serial) == ("/my/", 200, serial)


def test_the_page_speaks_arabic_too_and_keeps_what_was_typed():
    person = at_form().press("العربية", email="half@typed")
    assert person.url == "/ar/my/address/" and person.value("email") == "half@typed"


def test_a_cancelled_visit_has_no_address_to_change():
    visit = make.confirmed()
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)
    person = Person().opens_own_page(visit)
    assert "Change my e-mail address" not in person.main
    assert person.open("/my/address/").url == "/my/"


# --- The link --------------------------------------------------------------------------------------


def test_the_link_in_this_browser_needs_one_press():
    person = at_code().open(the_link())
    assert the_row().new_email == NEW
    person.press("Yes, this is my address")
    assert (person.url, the_row().email, the_row().proven_by) == ("/my/", NEW, "email_link")
    person.again()
    assert (person.url, person.status) == ("/my/", 200)


def test_the_link_on_another_device_asks_the_light_check_first():
    at_code()
    person = Person().open(the_link())
    for detail in (the_row().patient_name, NEW, the_row().email, "Huda", "09:00"):
        assert not person.has(detail)
    person.press("Yes, this is my address", answer="1991")
    assert (person.status, the_row().new_email) == (400, NEW)
    person.press("Yes, this is my address", answer="1990")
    assert (person.url, the_row().email) == ("/my/", NEW)


def test_five_wrong_answers_end_the_link_and_change_nothing():
    at_code()
    person = Person().open(the_link())
    for _try in range(5):
        person.press("Yes, this is my address", answer="1991")
    assert person.press("Yes, this is my address", answer="1990").status == 404
    assert the_row().new_email == NEW


def test_a_link_that_has_ended_looks_like_any_other(monkeypatch):
    person = at_code()
    token = the_link()
    person.press("Leave it as it is")
    wrong = f"/address/{the_row().reference}.guessed/"
    pages = {Person().open(url).main for url in (token, wrong, "/address/x/", "/c/x/")}
    assert len(pages) == 1 and "This link has ended" in pages.pop()
    fresh = bookings.actions.ask_for_new_address(
        consultation=the_row(), email=NEW, now=make.NOW + 2 * MINUTE
    )
    monkeypatch.setattr(clock, "now", lambda: fresh.code_issued_at + 10 * MINUTE)
    assert Person().open(the_link()).status == 404


def test_a_stranger_changes_nothing():
    visit = make.confirmed()
    person = Person().open(link_to(visit))  # without its check
    for path in ("", "code/", "again/", "keep/"):
        person.client.post(f"/my/address/{path}", {"email": NEW, "code": "123456"})
        person.open(f"/my/address/{path}" if path in ("", "code/") else "/my/address/")
        assert not person.has(visit.patient_name) and not person.has(visit.email)
    assert Consultation.objects.get() == visit and not the_row().new_email
