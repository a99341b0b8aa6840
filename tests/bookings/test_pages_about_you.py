"""The pages that say who it is: about you, the code, the link beside it."""

import datetime as dt

import pytest

import bookings.actions
from bookings import links
from bookings.links import Purpose
from bookings.models import Consultation, Status
from clinic import clock
from tests import make
from tests.bookings.steps import (
    AT_10,
    MINUTE,
    YOU,
    at_about_you,
    at_code,
    code,
    set_clock,
    the_request,
)
from tests.person import Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_clinic")]


# --- About you -------------------------------------------------------------------------------


def test_about_you_holds_the_time_and_shows_what_was_understood():
    person = at_code(mobile="٠٠٩٧١ ٥٠ ١٢٣ ٤٥٦٧", birth_date_year="١٩٩٠")
    asked = the_request()
    assert asked.status == Status.HELD
    assert asked.hold_expires_at == make.NOW + 20 * MINUTE
    assert asked.ip == "127.0.0.1"
    assert asked.birth_date == dt.date(1990, 5, 17)
    assert "+971 50 123 4567" in person.text
    assert "We keep this time for you until 10:20" in person.text
    assert "aisha@example.com" in person.text
    assert "no-store" in person.response["Cache-Control"]


def test_a_second_press_makes_no_second_request_and_no_second_code():
    person = at_code()
    person.again()
    assert person.url == "/book/code/"
    assert the_request().code_serial == 1


def test_an_adult_is_no_child():
    child = {"visit_for": "child", "guardian_name": "Omar Rahman"}
    person = at_about_you().press("Continue", **{**YOU, **child})
    assert person.status == 400
    words = "This person is 18 or over. Choose “Me”, or check the date of birth."
    assert person.errors == [words]
    assert "(only for a child)" in person.text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("visit_for", None, "Choose who the visit is for."),
        ("patient_name", "", "Enter the name"),
        ("patient_name", "Aisha\nBcc: x", "in one line"),
        ("patient_name", "Ai\x00sha", "in one line"),
        ("patient_name", "123", "with letters"),
        ("patient_name", "a" * 121, "at most 120"),
        ("email", "", "Enter your e-mail address."),
        ("email", "aisha@", "in the right form"),
        ("email", "aisha\x00@example.com", "in the right form"),
        ("email", "a" * 250 + "@example.com", "too long"),
        ("mobile", "12", "Enter a phone number"),
        ("mobile", "1" * 400, "Enter a phone number"),
        ("birth_date_day", "31x", "real date of birth"),
        ("birth_date_month", "", "the day, the month and the year"),
        ("birth_date_year", "2030", "in the past"),
        ("birth_date_year", "2015", "under 18"),
        ("language", "fr", "Choose a language."),
        ("zone", "Mars/Base", "Choose a place"),
    ],
)
def test_each_wrong_answer_is_named_and_every_other_one_is_kept(field, value, words):
    person = at_about_you().press("Continue", **{**YOU, field: value})
    assert person.status == 400
    assert len(person.errors) == 1 and words in person.errors[0]
    assert not Consultation.objects.exists()
    kept = Person(person.client).open("/book/about-you/")
    for name, typed in YOU.items():
        if name != field:
            assert kept.value(name) == typed
    kept.press("Continue", **{"language": "en", "zone": "Asia/Dubai", **YOU})
    assert the_request().patient_name == "Aisha Rahman"


def test_a_child_comes_with_a_guardian_who_is_named():
    child = {**YOU, "visit_for": "child", "birth_date_year": "2015"}
    person = at_about_you().press("Continue", **child)
    assert person.errors == ["Enter your own name: you ask for the child."]
    person.press("Continue", guardian_name="Maryam Rahman")
    assert the_request().guardian_name == "Maryam Rahman"


def test_a_mistyped_address_is_asked_about_once():
    person = at_about_you().press("Continue", **{**YOU, "email": "aisha@gmial.com"})
    assert "Did you mean aisha@gmail.com?" in person.errors[0]
    assert not Consultation.objects.exists()
    person.press("Continue")
    assert the_request().email == "aisha@gmial.com"


def test_a_corrected_address_gets_a_new_code():
    person = at_code().follow("Change the address")
    assert person.value("email") == "aisha@example.com"
    assert person.value("birth_date_year") == "1990"
    old = code()
    person.press("Continue", email="aisha@example.org")
    asked = the_request()
    assert (asked.email, asked.code_serial) == ("aisha@example.org", 2)
    person.press("Continue", code=old)
    assert "not the code" in person.errors[0]


def test_the_time_that_somebody_else_took_is_answered_with_three_others_and_every_answer_kept():
    person = at_about_you()
    make.held(starts_at=make.TOMORROW_AT_9)
    person.press("Continue", **YOU)
    assert person.status == 409
    assert "Somebody else has just taken this time" in person.text
    times = [button["value"] for button in person.page.select("button[name=time]")]
    assert times == [
        "huda|2026-11-23T05:20:00Z/PT20M",
        "huda|2026-11-23T05:40:00Z/PT20M",
        "huda|2026-11-23T06:00:00Z/PT20M",
    ]
    person.press("Monday 23 November 2026, 09:20")
    assert person.value("patient_name") == "Aisha Rahman"
    person.press("Continue")
    assert Consultation.objects.get(email="aisha@example.com").status == Status.HELD


def test_too_many_requests_of_one_address_are_refused_in_words():
    for hour in (0, 1):
        make.held(email="aisha@example.com", starts_at=make.TOMORROW_AT_9 + hour * 80 * MINUTE)
    person = at_about_you(AT_10).press("Continue", **YOU)
    assert person.status == 400
    assert "wait for their code" in person.errors[0]
    assert person.value("patient_name") == "Aisha Rahman"


def test_the_treatment_that_is_no_longer_offered_is_asked_anew():
    person = at_about_you()
    treatment = make.treatment()
    treatment.is_offered = False
    treatment.save()
    person.press("Continue", **YOU)
    assert person.status == 409
    assert person.follow("Continue").url == "/book/what/"
    assert not Consultation.objects.exists()


# --- The code --------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["{}", " {} ", "{:.3} {}", "{:.3}-{}"])
def test_the_code_is_taken_as_it_was_pasted(how):
    person = at_code()
    digits = code()
    pasted = how.format(digits, digits[3:]) if how.count("{") == 2 else how.format(digits)
    key = person.client.session.session_key
    person.press("Continue", code=pasted)
    assert the_request().is_proven
    assert person.url == "/book/risks/1/"
    assert person.client.session.session_key != key


def test_the_code_is_taken_in_arabic_indic_digits():
    person = at_code()
    arabic = code().translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    person.press("Continue", code=arabic)
    assert the_request().is_proven


def test_the_fifth_wrong_try_ends_the_code_and_a_new_one_helps(monkeypatch):
    person = at_code()
    wrong = f"{(int(code()) + 1) % 1_000_000:06d}"
    for _try in range(5):
        person.press("Continue", code=wrong)
        assert person.status == 400
    person.press("Continue", code=code())
    assert "wrong 5 times" in person.errors[0]
    person.press("Send a new code")
    assert "half a minute" in person.text
    set_clock(monkeypatch, make.NOW + MINUTE)
    person.press("Send a new code")
    assert "new code" in person.text
    person.press("Continue", code=code())
    assert the_request().is_proven


@pytest.mark.parametrize("value", ["", "12345", "abcdef", "1234567", "\x00" * 6])
def test_what_is_no_code_costs_no_try(value):
    person = at_code().press("Continue", code=value)
    assert person.status == 400
    assert the_request().code_tries == 0


def test_an_old_code_is_refused(monkeypatch):
    person = at_code()
    set_clock(monkeypatch, make.NOW + 10 * MINUTE)
    assert "This code has ended" in person.open("/book/code/").text
    person.press("Continue", code=code())
    assert "too old" in person.errors[0]


def test_a_hold_that_ran_out_offers_times_and_keeps_every_answer(monkeypatch):
    person = at_code()
    set_clock(monkeypatch, make.NOW + 21 * MINUTE)
    bookings.actions.expire_holds(now=clock.now())
    person.open("/book/code/")
    assert "could not keep your time" in person.text
    person.press("Monday 23 November 2026, 09:00")
    assert person.url == "/book/code/"
    assert the_request().status == Status.HELD
    person.press("Send a new code").press("Continue", code=code())
    assert person.url == "/book/risks/1/"


def test_whose_hold_ran_out_can_still_ask_for_other_times(monkeypatch):
    person = at_code()
    set_clock(monkeypatch, make.NOW + 21 * MINUTE)
    bookings.actions.expire_holds(now=clock.now())
    person.open("/book/other-times/").press("Continue")
    assert (the_request().status, the_request().starts_at) == ("waiting", None)


def test_more_time_renews_the_hold_and_keeps_what_is_typed(monkeypatch):
    person = at_code()
    person.press("Continue", code=code())
    set_clock(monkeypatch, make.NOW + 10 * MINUTE)
    person.open("/book/about-you/").press("I need more time")
    assert person.url == "/book/about-you/"
    assert the_request().hold_expires_at == make.NOW + 30 * MINUTE
    person.open("/book/when/")
    person.press("I need more time", time=AT_10)
    assert person.value("time") == AT_10
    assert the_request().starts_at == make.TOMORROW_AT_9


def test_more_time_leads_to_no_foreign_page():
    person = at_code()
    token = person.page.select_one("[name=csrfmiddlewaretoken]")["value"]
    answer = person.client.post(
        "/book/more-time/", {"here": "https://evil.example/", "csrfmiddlewaretoken": token}
    )
    assert (answer.status_code, answer["Location"]) == (303, "/book/code/")


# --- The link beside the code ----------------------------------------------------------------


def test_seeing_the_link_changes_nothing_and_its_button_proves():
    at_code()
    elsewhere = Person().open(f"/prove/{links.token(the_request(), Purpose.PROVE)}/")
    assert elsewhere.status == 200
    assert "Aisha" not in elsewhere.text
    assert not the_request().is_proven
    elsewhere.press("Yes, this is my address")
    assert the_request().is_proven
    assert elsewhere.url == "/book/risks/1/"


@pytest.mark.parametrize("token", ["x", "AAAAAAAA.xyz", "AAAAAAAA.%00", "é"])
def test_a_link_that_nobody_knows_gets_the_page_for_ended_links(token):
    person = Person().open(f"/prove/{token}/")
    assert person.status == 404
    assert person.page.select("form")


def test_a_link_ends_with_its_code_also_when_it_was_used(monkeypatch):
    person = at_code()
    token = links.token(the_request(), Purpose.PROVE)
    person.press("Continue", code=code())
    assert Person().open(f"/prove/{token}/").status == 200
    set_clock(monkeypatch, make.NOW + 10 * MINUTE)
    assert Person().open(f"/prove/{token}/").status == 404
