"""A time that cannot be booked, through page, API, desk and phone: refused in words, nothing stored."""

import datetime as dt

import pytest

import bookings.actions
from bookings.forms.times import time_value
from bookings.models import Closure, Consultation
from tests import desk, make
from tests.bookings.api import Api, code_of, token_of
from tests.bookings.steps import YOU, at_when, open_from_9_to_11, set_clock
from tests.bookings.test_desk_phone import about, enter

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
AT_9, AT_10 = make.TOMORROW_AT_9, make.TOMORROW_AT_9 + dt.timedelta(hours=1)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
NOT_THEN = "does not see patients at this time"
# What is asked for: whose time, its beginning, its length in minutes, and the words of the refusal.
REFUSED = {
    "at 03:00": ("huda", AT_9 - 6 * HOUR, 20, NOT_THEN),
    "on a closure": ("huda", AT_9 + DAY, 20, "closed at this time"),
    "with a wrong length": ("huda", AT_9, 40, "takes 20 minutes now"),
    "in the past": ("huda", make.NOW - DAY, 20, "has passed"),
    "beyond the horizon": ("huda", AT_9 + 43 * DAY, 20, "too far ahead"),
    "off the grid": ("huda", AT_9 + 7 * MINUTE, 20, "cannot begin exactly at this time"),
    "past closing": ("huda", AT_9 + 110 * MINUTE, 20, "last past the dermatologist's hours"),
    "not offered by them": ("arjun", AT_9, 20, "does not see patients about this"),
    "any, at 03:00": ("*", AT_9 - 6 * HOUR, 20, NOT_THEN),
}
CASES = pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)


@pytest.fixture(autouse=True)
def closed_on_tuesday(monkeypatch):
    """Dr Huda sees patients from 9 to 11; Dr Arjun does not talk about mesotherapy."""
    set_clock(monkeypatch, make.NOW)
    make.clinic()
    make.treatment()
    open_from_9_to_11("huda")
    open_from_9_to_11("arjun", treatments=[make.treatment("peeling", risks=0)])
    Closure.objects.create(starts_at=AT_9 + DAY - HOUR, ends_at=AT_9 + 2 * DAY - 6 * HOUR)


def value(case) -> str:
    whose, starts_at, minutes, _words = case
    return time_value(whose, starts_at, starts_at + minutes * MINUTE)


def sent(case) -> dict[str, str]:
    whose, starts_at, minutes, _words = case
    times = {"starts_at": starts_at.isoformat()}
    times["ends_at"] = (starts_at + minutes * MINUTE).isoformat()
    return times if whose == "*" else times | {"dermatologist": whose}


@CASES
def test_on_the_page_of_times(case):
    person = at_when().press("Continue", time=value(case))
    assert person.status == 409
    assert case[-1] in person.text
    assert len(person.page.select("button[name=time]")) == 3
    assert not Consultation.objects.exists()


@CASES
def test_on_the_page_where_the_time_is_held(case):
    """The time could be had when it was chosen, and cannot any more when the request is sent."""
    person = at_when().press("Continue", time=time_value("huda", AT_10, None))
    session = person.client.session
    answers = session["road"]["answers"] | {"time": value(case)}
    session["road"] = session["road"] | {"answers": answers}
    session.save()
    person.press("Continue", **YOU)
    assert person.status == 409
    assert case[-1] in person.text
    assert not Consultation.objects.exists()


@CASES
def test_over_the_api(case):
    answer = Api().begin(**sent(case))
    assert (answer.status_code, code_of(answer)) == (409, "time_not_offered")
    assert case[-1] in answer.json()["detail"]
    assert len(answer.json()["alternatives"]) == 3
    assert not Consultation.objects.exists()


@CASES
def test_over_the_api_for_another_time(case):
    api = Api()
    assert api.begin(dermatologist="huda", starts_at=AT_10.isoformat()).status_code == 201
    answer = api.post("consultation/time/", **sent(case))
    assert (answer.status_code, code_of(answer)) == (409, "time_not_offered")
    assert Consultation.objects.get().starts_at == AT_10


@CASES
def test_over_the_api_for_a_move(case):
    visit = make.confirmed(starts_at=AT_10)
    api = Api(token=token_of(visit))
    answer = api.post("consultation/move/", **sent(case))
    assert (answer.status_code, code_of(answer)) == (409, "time_not_offered")
    visit.refresh_from_db()
    assert (visit.starts_at, visit.revision) == (AT_10, 0)


@CASES
def test_at_the_desk_by_phone(case):
    response = enter(about=about(), time=value(case))
    assert case[-1] in response.content.decode().replace("&#x27;", "'")
    assert not Consultation.objects.exists()


@CASES
def test_at_the_desk_for_a_move(case):
    visit = make.confirmed(starts_at=AT_10)
    response = desk.reception().post(
        desk.button(visit, "move"), {"time": value(case), "reason": ""}
    )
    assert case[-1] in response.content.decode().replace("&#x27;", "'")
    visit.refresh_from_db()
    assert (visit.starts_at, visit.revision) == (AT_10, 0)


def test_within_the_minimum_notice_patients_are_refused_and_staff_are_not(monkeypatch):
    set_clock(monkeypatch, AT_9 - HOUR)
    person = at_when().press("Continue", time=time_value("huda", AT_9, None))
    assert "too soon to book online" in person.text
    enter(about=about(), time=time_value("huda", AT_9, None))
    assert Consultation.objects.get().starts_at == AT_9


def test_who_does_not_see_patients_any_more_is_refused():
    doctor = make.dermatologist("huda")
    type(doctor).objects.filter(pk=doctor.pk).update(is_active=False)
    with pytest.raises(bookings.actions.NotOffered):
        make.held(dermatologist=doctor)
