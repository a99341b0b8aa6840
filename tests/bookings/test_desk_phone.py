"""A request taken on the phone: one screen, with or without a time and an e-mail address."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry

from bookings.forms.times import time_value
from bookings.models import Consultation, Status
from clinic import clock
from tests import desk, make

pytestmark = pytest.mark.django_db
AT = make.TOMORROW_AT_9


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)
    make.clinic()
    make.dermatologist()


def enter(**fields):
    given = {
        "patient_name": "Sara Haddad",
        "mobile": "050 000 0116",
        "birth_date_day": "17",
        "birth_date_month": "5",
        "birth_date_year": "1990",
        "email": "sara@example.com",
        "language": "ar",
        "zone": "Asia/Dubai",
    }
    return desk.reception().post(desk.url("bookings_consultation_add"), given | fields)


def time() -> str:
    return time_value(make.dermatologist().slug, AT, AT + dt.timedelta(minutes=20))


def about() -> str:
    treatment = make.treatment()
    return f"{treatment.pk}|{treatment.concerns.get(slug='cellulite').pk}"


def test_a_caller_gets_a_time_that_is_held_for_a_day_and_a_link():
    enter(about=about(), time=time())
    asked = Consultation.objects.get()
    assert (asked.status, asked.starts_at) == (Status.HELD, AT)
    assert asked.entered_by.username == "reception"
    assert asked.link_asked_at == make.NOW
    assert (asked.mobile.as_e164, asked.language) == ("+971500000116", "ar")
    assert asked.risks_acknowledged == 0
    assert not asked.is_proven


def test_a_caller_without_an_e_mail_and_without_a_time_waits():
    enter(email="", preferred_days=["0", "2"], preferred_part="morning")
    asked = Consultation.objects.get()
    assert (asked.status, asked.email) == (Status.WAITING, "")
    assert (asked.preferred_days, asked.preferred_part) == ([0, 2], "morning")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"patient_name": ""}, "This field is required"),
        ({"mobile": "12"}, "Enter a phone number"),
        ({"email": "sara"}, "Enter an e-mail address"),
        ({"birth_date_year": "2012"}, "under 18"),
        ({"birth_date_year": "2031"}, "in the past"),
        ({"about": "x"}, "Select a valid choice"),
        ({"time": "x"}, "Choose a time again"),
        ({"time": "huda|2026-11-23T05:00:00Z"}, "which treatment"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_every_answer_is_kept(fields, words):
    if "1|" in fields.get("time", ""):
        fields = {"time": time()}
    response = enter(**fields)
    soup = BeautifulSoup(response.content, "html.parser")
    assert words in soup.get_text(" ", strip=True)
    assert not Consultation.objects.exists()
    kept = {"patient_name": "Sara Haddad", "email": "sara@example.com"} | fields
    for name in ("patient_name", "email"):
        assert soup.select_one(f"[name={name}]").get("value", "") == kept[name]


def test_a_time_that_is_taken_is_refused_and_the_rest_is_kept():
    make.held()
    response = enter(about=about(), time=time())
    assert b"Somebody else has just taken this time" in response.content
    assert b"Sara Haddad" in response.content


def test_other_days_are_shown_without_a_word_about_what_is_missing():
    later = AT + dt.timedelta(days=14)
    response = enter(patient_name="", show_times="1", from_day="2026-12-07", about=about())
    soup = BeautifulSoup(response.content, "html.parser")
    assert soup.select(".errorlist") == []
    assert soup.select_one(f'option[value*="{later:%Y-%m-%dT%H:%M:%SZ}"]') is not None
    assert soup.select_one("[name=email]")["value"] == "sara@example.com"
    assert soup.select_one(f'option[value="{about()}"]').has_attr("selected")
    assert [part["value"] for part in soup.select(".date-parts input")] == ["17", "5", "1990"]
    assert not Consultation.objects.exists()


def test_who_has_no_e_mail_acknowledges_on_a_screen_that_reception_hands_over():
    enter(email="", about=about(), time=time())
    asked = Consultation.objects.get()
    staff = desk.reception()
    assert "hand-over" not in staff.get(desk.page(asked)).content.decode()
    staff.post(desk.button(asked, "prove"), {"note": "Reception saw the passport"})
    assert "hand-over" in staff.get(desk.page(asked)).content.decode()
    answer = staff.post(desk.button(asked, "hand-over"))
    assert (answer.status_code, answer["Location"]) == (303, "/ar/book/risks/1/")
    risk = BeautifulSoup(staff.get(answer["Location"]).content, "html.parser")
    assert risk.html["dir"] == "rtl"
    assert risk.select_one("input[name=understood]")
    # The staff is signed out: the patient's hands reach nothing of the desk.
    assert staff.get(desk.page(asked)).status_code == 302
    assert LogEntry.objects.filter(change_message__contains="handed").count() == 1
