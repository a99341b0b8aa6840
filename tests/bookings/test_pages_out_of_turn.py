"""Pages out of turn, in the other language, and from behind proxies."""

import pytest
from django.contrib.sessions.models import Session
from django.test import RequestFactory

import bookings.actions
from bookings.models import Consultation
from bookings.road import client_ip
from tests import make
from tests.bookings.steps import (
    AT_9,
    AT_10,
    YOU,
    at_about_you,
    at_code,
    at_when,
    code,
    the_request,
)
from tests.person import Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_clinic")]


# --- Out of order ----------------------------------------------------------------------------

PAGES = ["what", "when", "other-times", "about-you", "code", "code/again", "more-time", "waiting"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_out_of_turn_leads_to_the_first_unanswered_question(page):
    assert Person().open(f"/book/{page}/").url == "/book/what/"


@pytest.mark.parametrize("page", PAGES)
def test_a_page_in_arabic_out_of_turn_leads_to_an_arabic_page(page):
    assert Person().open(f"/ar/book/{page}/").url == "/ar/book/what/"


@pytest.mark.parametrize("page", PAGES)
def test_a_form_out_of_turn_stores_nothing(page):
    person = Person().open("/book/what/")
    token = person.page.select_one("[name=csrfmiddlewaretoken]")["value"]
    sent = {**YOU, "time": AT_9, "code": "123456", "csrfmiddlewaretoken": token}
    answer = person.client.post(f"/book/{page}/", sent)
    assert answer.status_code in (303, 400)
    assert not Consultation.objects.exists()


def test_what_is_typed_after_the_session_ran_out_is_kept():
    person = at_about_you()
    Session.objects.all().delete()
    person.press("Continue", **YOU)
    assert person.url == "/book/what/"
    assert "kept what you typed" in person.text
    person.press("Continue", about="mesotherapy|cellulite").press("Continue", time=AT_9)
    assert person.value("patient_name") == "Aisha Rahman"


def test_a_form_without_the_cookie_says_what_to_do():
    person = at_about_you()
    person.client.cookies.clear()
    person.press("Continue", **YOU)
    assert person.status == 403
    assert "send that once more" in person.text
    assert not Consultation.objects.exists()


def test_a_booked_visit_sends_every_page_of_the_road_to_the_booking():
    person = at_code()
    person.press("Continue", code=code())
    make.sealed(the_request(), now=make.NOW)
    for page in PAGES[:5]:
        assert person.open(f"/book/{page}/").url == "/book/booked/"


def test_a_cancelled_request_says_so_and_starts_again():
    person = at_code()
    bookings.actions.cancel(consultation=the_request(), now=make.NOW, by_patient=True)
    assert person.open("/book/code/").url == "/"
    assert "Your request was cancelled." in person.text
    person.press("Start a new request")
    assert "cancelled" not in person.text


def test_proven_details_are_fixed():
    person = at_code()
    person.press("Continue", code=code()).open("/book/about-you/")
    assert "these answers are fixed" in person.text
    assert person.open("/book/code/").url == "/book/risks/1/"


def test_a_strangers_browser_sees_nothing_of_a_request():
    at_code()
    stranger = Person().open("/book/code/")
    assert stranger.url == "/book/what/"
    assert "aisha" not in stranger.text.lower()


# --- The other language ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "field", "value"),
    [("what", "about", "mesotherapy|cellulite"), ("about-you", "patient_name", "Ai")],
)
def test_the_language_switch_keeps_what_is_half_typed(page, field, value):
    person = at_about_you().open(f"/book/{page}/").press("العربية", **{field: value})
    assert person.url == f"/ar/book/{page}/"
    assert person.page.html["dir"] == "rtl"
    assert person.value(field) == value
    person.press("English")
    assert person.value(field) == value
    assert not Consultation.objects.exists()


def test_the_language_switch_keeps_the_time_the_days_and_the_filters():
    person = at_when().open("/book/when/?language=ar").press("العربية", time=AT_10)
    assert person.url == "/ar/book/when/?language=ar"
    assert person.value("time") == AT_10
    person.open("/ar/book/other-times/").press("English", preferred_days=["5", "6"])
    assert person.value("preferred_days") == ["5", "6"]


def test_the_language_of_the_emails_follows_the_switch_until_another_is_chosen():
    person = at_about_you().press("العربية")
    assert person.value("language") == "ar"
    person.press("English", language="en").press("العربية", language="ar")
    assert person.value("language") == "ar"


# --- Whose address is it? --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, "9.9.9.9", "127.0.0.1"),
        (1, "9.9.9.9", "9.9.9.9"),
        (1, "6.6.6.6, 9.9.9.9", "9.9.9.9"),
        (2, "6.6.6.6, 9.9.9.9, 10.0.0.1", "9.9.9.9"),
        (2, "9.9.9.9", "127.0.0.1"),
        (1, "nonsense", None),
    ],
)
def test_an_address_is_believed_as_far_as_our_own_proxies(settings, proxies, forwarded, found):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})
    assert client_ip(request) == found
