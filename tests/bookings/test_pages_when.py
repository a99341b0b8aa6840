"""The first pages of the road: start, what about, when."""

import pytest
from django.contrib.sessions.models import Session

from bookings.models import Consultation, Status
from tests import make
from tests.bookings.steps import (
    AT_9,
    YOU,
    at_about_you,
    at_code,
    at_when,
    code,
    open_from_9_to_11,
    the_request,
)
from tests.person import Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("open_clinic")]


# --- Start, what about -----------------------------------------------------------------------


def test_the_start_page_stores_nothing():
    person = Person().open("/")
    assert person.status == 200
    assert not person.client.cookies
    assert not Session.objects.exists()
    assert "998" in person.text


def test_the_start_page_leads_on_where_one_was_and_forgets_on_demand():
    person = at_about_you().open("/")
    assert "no-store" in person.response["Cache-Control"]
    assert person.follow("Go on where you were").url == "/book/about-you/"
    person.open("/book/start-over/").press("Start again")
    assert person.follow("Start now").value("about") is None


def test_starting_over_lets_an_unproven_time_go():
    at_code().open("/").press("Start a new request")
    assert the_request().status == Status.CANCELLED


def test_no_choice_is_an_error_that_says_what_to_do():
    person = Person().open("/book/what/").press("Continue")
    assert person.status == 400
    assert person.page.title.get_text().startswith("Error:")
    assert "I am not sure" in person.errors[0]


@pytest.mark.parametrize("answer", ["botox|face", "mesotherapy|unknown", "\x00|", "x" * 5000])
def test_an_unknown_answer_is_refused_and_stores_nothing(answer):
    person = Person().open("/book/what/").press("Continue", about=answer)
    assert person.status == 400
    assert not Consultation.objects.exists()


def test_who_is_not_sure_says_which_times_suit_and_then_waits():
    person = Person().open("/book/what/").press("Continue", about="not-sure")
    assert person.url == "/book/other-times/"
    person.press("Continue", preferred_days=["0", "2"], preferred_part="morning")
    person.press("Continue", **YOU)
    assert person.url == "/book/code/"
    asked = the_request()
    assert (asked.status, asked.treatment, asked.preferred_days) == (Status.WAITING, None, [0, 2])
    person.press("Continue", code=code())
    assert person.url == "/book/waiting/"
    assert asked.grouped_reference in person.text


def test_another_treatment_lets_go_of_a_time_with_a_dermatologist_who_does_not_offer_it():
    laser = make.treatment("laser")
    open_from_9_to_11("omar", treatments=[laser])
    person = at_code().open("/book/what/")
    assert person.value("about") == "mesotherapy|cellulite"
    person.press("Continue", about="laser|cellulite")
    assert person.url == "/book/when/"
    asked = the_request()
    assert (asked.treatment, asked.status, asked.starts_at) == (
        laser,
        Status.EXPIRED,
        make.TOMORROW_AT_9,
    )
    person.press("Continue", time=AT_9.replace("huda", "omar"))
    assert the_request().status == Status.HELD


# --- When ------------------------------------------------------------------------------------


def test_the_next_three_times_come_first_then_the_days():
    person = at_when()
    assert person.values("time")[:4] == [
        "huda|2026-11-23T05:00:00Z/PT20M",
        "huda|2026-11-23T05:20:00Z/PT20M",
        "huda|2026-11-23T05:40:00Z/PT20M",
        "huda|2026-11-23T06:00:00Z/PT20M",
    ]
    assert "Dubai time (GMT+4)" in person.text
    assert "Your time" not in person.text
    first = person.text
    assert person.follow("Later days").text != first
    assert "The next free times" not in person.text
    assert person.follow("Earlier days").text == first


def test_the_own_zone_stands_beside_the_clinics_and_is_kept():
    person = at_when().press("Show these times", zone="Europe/London")
    assert "Your time: Monday 23 November 2026, 05:00, London time (GMT)" in person.text
    assert "Times are Dubai time (GMT+4)." in person.text and "06:00 in London" in person.text
    person.press("Continue", time=AT_9)
    assert person.value("zone") == "Europe/London"
    assert "05:00" in person.text


def test_times_are_filtered_by_dermatologist_and_language():
    open_from_9_to_11("omar", languages=["ar"])
    person = at_when().press("Show these times", dermatologist="omar")
    assert {value.partition("|")[0] for value in person.values("time")} == {"omar"}
    person.press("Show these times", dermatologist="", language="en")
    assert {value.partition("|")[0] for value in person.values("time")} == {"huda"}
    person.press("Show these times", dermatologist="omar", language="en")
    assert "No free times with this choice" in person.text


@pytest.mark.parametrize(
    "query", ["from=x", "from=9999-99-99", "zone=Mars", "language=xx", "dermatologist=%00"]
)
def test_a_nonsense_filter_is_ignored(query):
    assert at_when().open(f"/book/when/?{query}").status == 200


def test_no_time_chosen_is_an_error():
    person = at_when().press("Continue")
    assert (person.status, person.errors) == (400, ["Choose a time."])
    assert person.page.title.get_text().startswith("Error:")


@pytest.mark.parametrize(
    "value",
    [
        "huda|2026-11-23T05:10:00Z/PT20M",
        "huda|2020-01-01T05:00:00Z",
        "huda|9999-12-31T23:59:59Z",
        "huda|0001-01-01T00:00:00Z",
        "nobody|2026-11-23T05:00:00Z",
        "\x00|2026-11-23T05:00:00Z",
        "nonsense",
    ],
)
def test_a_time_that_cannot_be_booked_offers_the_nearest_three(value):
    person = at_when().press("Continue", time=value)
    assert person.status == 409
    assert len(person.page.select("button[name=time]")) == 3


def test_no_free_time_leads_to_other_times_or_the_phone():
    make.dermatologist().weekly_hours.all().delete()
    person = at_when()
    assert "There are no free times" in person.text
    assert person.follow("Say which times suit me").url == "/book/other-times/"


@pytest.mark.parametrize("doctors", [1, 3])
def test_the_page_of_times_takes_the_same_queries_for_1_and_3_dermatologists(
    doctors, django_assert_num_queries
):
    for name in ["omar", "sara"][: doctors - 1]:
        open_from_9_to_11(name)
    person = at_when()
    with django_assert_num_queries(10):
        person.open("/book/when/")


def test_who_finds_no_time_waits_with_a_treatment():
    person = at_when().follow("None of these times suit me")
    person.press("Continue", preferred_dermatologist="huda").press("Continue", **YOU)
    asked = the_request()
    assert (asked.status, asked.treatment.slug) == (Status.WAITING, "mesotherapy")
    assert asked.preferred_dermatologist.slug == "huda"
    person.press("Continue", code=code())
    assert "Step 4 of 6" not in person.text
    assert person.follow("See or cancel my request").url == "/my/"
    person.open("/book/waiting/")
    person.follow("Choose a time").press("Continue", time=AT_9)
    assert the_request().status == Status.HELD
