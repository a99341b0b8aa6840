"""The desk's page that says why a time is not offered: every reason, with its facts."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup

from bookings.admin.reasons import WORDS
from bookings.models import WeeklyHours
from bookings.slots import Reason
from clinic import clock
from clinic.models import Clinic, Dermatologist, Treatment
from tests import desk, make
from tests.bookings.hours import said, season

pytestmark = pytest.mark.django_db
AT = make.TOMORROW_AT_9
PAGE = "bookings_consultation_why_not"
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _open(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)
    make.clinic()
    make.dermatologist()


def ask(time="09:00", day="2026-11-23", client=None, **fields):
    asked = {"treatment": make.treatment().pk, "day": day, "clock": time} | fields
    return (client or desk.reception()).get(desk.url(PAGE), asked)


def why(time="09:00", day="2026-11-23", **fields) -> dict[str, list[str]]:
    """The reasons of each dermatologist, by name; none: free."""
    response = ask(time, day, **fields)
    assert response.status_code == 200
    soup = BeautifulSoup(response.content, "html.parser")
    return {
        part.h3.get_text(strip=True): [
            line.get_text(" ", strip=True).replace("\u2066", "").replace("\u2069", "")
            for line in part.select("li")
        ]
        for part in soup.select(".why-not .module")
    }


def hours(time: str) -> str:
    """What is said of the day's hours of the first dermatologist."""
    soup = BeautifulSoup(ask(time).content, "html.parser")
    words = soup.select_one(".why-not .module .quiet").get_text(" ", strip=True)
    return words.replace("\u2066", "").replace("\u2069", "").replace("\u2068", "")


def only(answers: dict[str, list[str]]) -> str:
    """The one reason of Dr Huda."""
    [reason] = answers["Dr Huda"]
    return reason


def test_there_are_words_for_every_reason():
    assert set(WORDS) == set(Reason)


def test_a_free_time_is_said_to_be_free():
    assert why() == {"Dr Huda": []}
    page = said(ask())
    assert "This time is free." in page
    assert "Monday 23 November 2026, from 09:00 to 09:20" in page.replace(" ,", ",")


def test_what_was_closed_is_named_with_its_reason_and_whose_it_is():
    row = Dermatologist.objects.get()
    row.closures.create(starts_at=AT, ends_at=AT + HOUR, reason="Training")
    reason = only(why())
    for words in ("Closed (this dermatologist)", "09:00", "10:00", "Training"):
        assert words in reason
    row.closures.update(dermatologist=None)
    assert "Closed (the whole clinic)" in only(why())


def test_a_visit_in_the_way_is_named_by_its_reference_to_who_may_see_it():
    visit = make.confirmed(dermatologist=make.dermatologist("huda"), patient_name="Sara Haddad")
    reason = only(why())
    assert visit.grouped_reference in reason
    assert "from 09:00 to 09:20" in reason
    assert visit.grouped_reference in only(why(client=desk.dermatologist("huda")))
    response = ask(client=desk.dermatologist("arjun"))
    assert "It is taken by a visit:" in said(response)
    for page in (response, ask()):
        assert "Sara Haddad" not in page.content.decode()
    assert visit.reference[:4] not in response.content.decode()


def test_a_buffer_is_said_in_minutes_and_the_larger_one_counts():
    Clinic.objects.update(buffer_after_minutes=10)
    visit = make.held()
    Clinic.objects.update(buffer_after_minutes=10)
    make.treatment()
    reason = only(why("09:20"))
    assert "10 minutes have to be free between them" in reason
    assert visit.grouped_reference in reason
    visit.treatment.buffer_after_minutes = 30
    visit.treatment.save()
    assert "30 minutes have to be free" in only(why("09:40"))


def test_the_buffer_of_the_side_that_is_asked_about_is_said():
    laser = make.treatment("laser", risks=0, buffer_before_minutes=30, buffer_after_minutes=10)
    Dermatologist.objects.get().treatments.add(laser)
    asked = make.treatment()
    make.held(treatment=laser, starts_at=AT + HOUR)
    assert "30 minutes have to be free" in only(why("09:20", treatment=asked.pk))
    assert "10 minutes have to be free" in only(why("10:20", treatment=asked.pk))


def test_hours_grid_length_and_end_are_said():
    assert only(why("08:00")) == "It lies outside the hours."
    assert hours("08:00") == "Hours of this day: 09:00 to 17:00"
    assert "A visit begins every 20 minutes" in only(why("09:10"))
    Treatment.objects.update(visit_minutes=45)
    assert "the visit takes 45 minutes." in only(why("16:20"))
    Treatment.objects.update(visit_minutes=40, buffer_after_minutes=5)
    reason = only(why("16:20"))
    assert "the visit takes 40 minutes, and 5 minutes have to be free after it" in reason


def test_notice_and_horizon_and_the_past_are_said():
    assert "until 120 minutes before" in only(why("11:00", "2026-11-22"))
    assert "the last day that can be booked now is Sunday 3 January 2027" in only(
        why("09:00", "2027-01-04")
    )
    assert only(why("09:00", "2026-11-22")) == "This time has passed."
    assert why("09:00", "2099-01-01")["Dr Huda"]  # far beyond all that is reckoned with


def test_a_full_day_is_said_with_its_numbers():
    Dermatologist.objects.update(visits_per_day=1)
    make.held()
    assert only(why("12:00")) == "The day is full: 1 of 1 visits."


def test_who_does_not_see_patients_or_not_about_this_is_said():
    make.dermatologist("arjun", treatments=[make.treatment("laser", risks=0)])
    make.dermatologist("nadine", is_active=False)
    answers = why()
    assert answers["Dr Arjun"] == ["This dermatologist does not offer this treatment."]
    assert answers["Dr Nadine"] == ["This dermatologist does not see patients now."]
    assert answers["Dr Huda"] == []


def test_every_reason_is_said_not_only_the_first():
    row = Dermatologist.objects.get()
    row.closures.create(starts_at=AT - 3 * HOUR, ends_at=AT)
    row.is_active = False
    row.save()
    assert len(why("08:00")["Dr Huda"]) == 3


def test_hours_of_a_season_and_extra_openings_are_the_days_hours():
    row = Dermatologist.objects.get()
    WeeklyHours.objects.create(
        dermatologist=row, season=season(), weekday=0, starts=dt.time(21), ends=dt.time(1)
    )
    row.openings.create(starts_at=AT + HOUR, ends_at=AT + 2 * HOUR)
    assert only(why()) == "It lies outside the hours."
    assert hours("09:00").startswith("Hours of this day: 21:00 to 01:00, extra opening: ")
    assert "This day is in a season: Ramadan" in said(ask())
    assert why("10:00") == {"Dr Huda": []}
    assert why("00:40", "2026-11-24") == {"Dr Huda": []}  # past midnight, Monday's hours


def test_the_visit_that_is_to_be_moved_is_not_in_its_own_way():
    visit = make.confirmed()
    assert "taken" in only(why())
    assert why(own=visit.pk) == {"Dr Huda": []}
    # But nobody learns by it what is not theirs to see.
    assert "taken" in only(why(own=visit.pk, client=desk.dermatologist("arjun")))
    make.dermatologist("nadine")


def test_another_visit_of_the_same_patient_is_said():
    same = {"patient_name": "Sara Haddad", "email": "sara@example.com", "mobile": "+971500000116"}
    make.confirmed(dermatologist=make.dermatologist("arjun"), **same)
    later = make.confirmed(starts_at=AT + HOUR, **same)
    assert "The same patient has another visit then" in only(why(own=later.pk))


def test_a_time_that_the_clock_leaves_out_or_shows_twice():
    Clinic.objects.update(zone="Europe/Berlin", horizon_days=366)
    assert "never shows this time" in said(ask("02:30", "2027-03-28"))
    response = ask("02:30", "2026-10-25")
    soup = BeautifulSoup(response.content, "html.parser")
    first, second = [one["value"] for one in soup.select("input[name=which]")]
    assert first != second
    page = said(ask("02:30", "2026-10-25", which=second))
    assert "GMT" in page
    assert "This time has passed." in page


@pytest.mark.parametrize(
    "fields",
    [
        {"treatment": "0"},
        {"treatment": "x"},
        {"day": "2026-02-30"},
        {"day": "9999-12-31"},
        {"day": "0001-01-01"},
        {"clock": "25:00"},
        {"clock": ""},
        {"own": "x\x00"},
        {"own": "9" * 30},
        {"which": "\x00"},
    ],
)
def test_what_cannot_be_read_is_answered_in_words(fields):
    response = ask(**fields)
    assert response.status_code == 200
    soup = BeautifulSoup(response.content, "html.parser")
    assert soup.select(".errornote, .why-not")


def test_the_list_and_the_pages_that_ask_for_a_time_lead_there():
    visit, waiting = make.confirmed(), make.waiting()
    client = desk.reception()
    for address, own in (
        (desk.url(desk.LIST), None),
        (desk.button(visit, "move"), visit),
        (desk.button(waiting, "offer-time"), waiting),
    ):
        soup = BeautifulSoup(client.get(address).content, "html.parser")
        link = soup.select_one(f'a[href^="{desk.url(PAGE)}"]')["href"]
        page = BeautifulSoup(client.get(link).content, "html.parser")
        if own:
            assert page.select_one("[name=own]")["value"] == str(own.pk)
            chosen = page.select_one("[name=treatment] option[selected]")
            assert chosen["value"] == str(own.treatment_id)
    soup = BeautifulSoup(client.get(desk.button(visit, "cancel")).content, "html.parser")
    assert not soup.select(f'a[href^="{desk.url(PAGE)}"]')


def test_it_is_for_who_may_see_consultations():
    assert ask(client=desk.dermatologist()).status_code == 200
    for client in (desk.lead(), desk.client_of(make.staff("new"))):
        assert ask(client=client).status_code == 403
    assert desk.client_of(make.staff("new")).get(desk.url(PAGE)).status_code == 403


def test_it_changes_nothing_and_is_there_in_arabic():
    response = desk.reception().get("/ar" + desk.url(PAGE))
    assert BeautifulSoup(response.content, "html.parser").html["dir"] == "rtl"
    form = BeautifulSoup(response.content, "html.parser").select_one("#content-main form")
    assert form["method"] == "get"


@pytest.mark.parametrize("how_many", [1, 3])
def test_it_costs_as_many_queries_for_three_dermatologists_as_for_one(
    how_many, django_assert_num_queries
):
    for number in range(how_many):
        row = make.dermatologist(f"doctor-{number}")
        make.held(dermatologist=row)
        row.closures.create(starts_at=AT, ends_at=AT + HOUR)
    client = desk.reception()
    asked = {"treatment": make.treatment().pk, "day": "2026-11-23", "clock": "09:00"}
    # clinic (3: zone, rules, header), session, user, permissions (2), treatment, treatments (2), and
    # dermatologists, what they offer, their calendars, visits and closures in the way, season
    with django_assert_num_queries(16):
        client.get(desk.url(PAGE), asked)
