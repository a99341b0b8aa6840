"""Moving, cancelling and asking for a new link, on the person's own page."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

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


def at(monkeypatch, moment: dt.datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


def status_of(consultation: Consultation) -> str:
    consultation.refresh_from_db()
    return consultation.status


# --- Move ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_visit_is_moved_to_another_time_of_the_list(language):
    consultation = make.confirmed(language=language)
    prefix = "/ar" if language == "ar" else ""
    person = Person().opens_own_page(consultation).open(f"{prefix}/my/move/")
    assert person.form["time"] == "huda|2026-11-23T05:00:00Z/PT20M"  # the present time is marked
    new = {"time": "huda|2026-11-24T05:00:00Z/PT20M"}
    person.go_on(**new)
    consultation.refresh_from_db()
    assert consultation.starts_at == make.TOMORROW_AT_9 + 24 * HOUR
    assert consultation.revision == 1
    assert person.url == f"{prefix}/my/"
    assert make.held().starts_at == make.TOMORROW_AT_9  # the old time is free again


def test_keeping_the_present_time_changes_nothing():
    consultation = make.confirmed()
    person = Person().opens_own_page(consultation).open("/my/move/").press("Move it to this time")
    consultation.refresh_from_db()
    assert (consultation.revision, person.url) == (0, "/my/")
    assert not person.has("Your visit is moved.")


def test_a_time_that_is_gone_keeps_the_old_one_and_offers_the_nearest_three():
    consultation = make.confirmed()
    person = Person().opens_own_page(consultation).open("/my/move/")
    make.held(starts_at=make.TOMORROW_AT_9 + 24 * HOUR)
    person.press("Move it to this time", time="huda|2026-11-24T05:00:00Z/PT20M")
    assert person.status == 409
    assert person.has("Somebody else has just taken this time.")
    assert len(person.page.select("ul.nearest button")) == 3
    consultation.refresh_from_db()
    assert (consultation.starts_at, consultation.revision) == (make.TOMORROW_AT_9, 0)
    person.press("Tuesday 24 November 2026, 09:20")
    consultation.refresh_from_db()
    assert consultation.starts_at == make.TOMORROW_AT_9 + 24 * HOUR + 20 * MINUTE


@pytest.mark.parametrize(
    "value", ["x", "huda|", "huda|2020-01-01T05:00:00Z", "nobody|2026-11-24T05:00:00Z", "\x00|\x00"]
)
def test_a_time_that_we_never_offered_is_refused(value):
    consultation = make.confirmed()
    person = Person().opens_own_page(consultation).open("/my/move/")
    person.press("Move it to this time", time=value)
    assert person.status == 409
    consultation.refresh_from_db()
    assert consultation.starts_at == make.TOMORROW_AT_9


def test_no_time_chosen_says_so():
    consultation = make.confirmed()
    person = Person().opens_own_page(consultation).open("/my/move/")
    person._show(person.client.post("/my/move/", {}), "/my/move/")
    assert (person.status, person.errors) == (400, ["Choose a time."])
    assert person.title.startswith("Error:")


def test_only_a_booked_visit_can_be_moved():
    assert Person().opens_own_page(make.proven()).open("/my/move/").url == "/my/"


@pytest.mark.parametrize("path", ["move/", "cancel/"])
def test_too_late_for_both_there_is_the_phone(monkeypatch, path):
    consultation = make.confirmed()
    person = Person().opens_own_page(consultation)
    at(monkeypatch, make.TOMORROW_AT_9 - 2 * HOUR + MINUTE)
    page = person.open("/my/")
    assert page.has("It is too close to your visit to move or cancel it here.")
    assert "Cancel the visit" not in page.main
    person.open(f"/my/{path}")
    assert (person.status, person.page.h1.text) == (409, "Please call us")
    assert person.link("Call +971 4 555 0100")["href"] == "tel:+97145550100"
    person.client.post(f"/my/{path}", {"time": "huda|2026-11-24T05:00:00Z/PT20M", "reason": "ill"})
    assert status_of(consultation) == Status.CONFIRMED
    assert consultation.starts_at == make.TOMORROW_AT_9


# --- Cancel ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "kept"), [("", ""), ("لا أستطيع\r\nالحضور", "لا أستطيع\nالحضور")]
)
def test_a_visit_is_cancelled_with_or_without_a_reason(reason, kept):
    consultation = make.confirmed()
    person = Person().opens_own_page(consultation).follow("Cancel the visit")
    keep, go = person.link("Keep it"), person.button("Cancel it")
    assert keep["href"] == "/my/" and "button" in keep["class"] and go.name == "button"
    person.press("Cancel it", reason=reason)
    assert status_of(consultation) == Status.CANCELLED
    assert (consultation.cancel_reason, consultation.cancelled_by_patient) == (kept, True)
    assert person.url == "/my/" and person.has("Your visit is cancelled.")


def test_a_reason_that_is_too_long_is_kept_and_cancels_nothing():
    consultation = make.confirmed()
    person = Person().opens_own_page(consultation).open("/my/cancel/")
    person.press("Cancel it", reason="a" * 301)
    assert (person.status, person.form["reason"]) == (400, "a" * 301)
    assert status_of(consultation) == Status.CONFIRMED


def test_a_switch_of_language_keeps_the_reason():
    consultation = make.confirmed()
    person = Person().opens_own_page(consultation).open("/my/cancel/")
    person.press("العربية", reason="I am away")
    assert (person.url, person.form["reason"]) == ("/ar/my/cancel/", "I am away")
    assert status_of(consultation) == Status.CONFIRMED


def test_the_calendar_file_can_be_downloaded():
    consultation = make.confirmed()
    person = Person().opens_own_page(consultation)
    answer = person.client.get(person.link("Put it into your calendar")["href"])
    assert answer["Content-Type"].startswith("text/calendar")
    assert "attachment" in answer["Content-Disposition"]
    assert Calendar.from_ical(answer.content)["METHOD"] == "PUBLISH"
    assert (
        Person()
        .opens_own_page(make.proven(starts_at=make.TOMORROW_AT_9 + HOUR))
        .open("/my/calendar.ics")
        .url
        == "/my/"
    )


# --- A new link --------------------------------------------------------------------------------------


def test_a_new_link_is_owed_to_an_address_that_we_know():
    consultation = make.confirmed()
    before = consultation.link_serial
    person = Person().open("/link-ended/")
    person.press("Send me a new link", email=f" {consultation.email.upper()} ")
    assert person.has("If we know this address, a new link is on its way.")
    consultation.refresh_from_db()
    assert consultation.link_serial == before + 1


def test_the_answer_is_the_same_for_an_address_that_we_do_not_know():
    known = Person().open("/new-link/").press("Send me", email=make.confirmed().email)
    unknown = Person().open("/new-link/").press("Send me", email="nobody@example.com")
    assert known.page.main.get_text() == unknown.page.main.get_text()
    assert (known.status, known.url) == (unknown.status, unknown.url)


def test_nobody_is_sent_a_link_to_what_a_stranger_typed():
    typed = make.held()
    Person().open("/new-link/").press("Send me", email=typed.email)
    typed.refresh_from_db()
    assert typed.link_serial == 1


def test_at_most_three_links_are_sent_and_none_for_what_was_cancelled_long_ago(monkeypatch):
    email = "parent@example.com"
    rows = [
        make.confirmed(email=email, starts_at=make.TOMORROW_AT_9 + hours * HOUR)
        for hours in range(5)
    ]
    bookings.actions.cancel(consultation=rows[4], now=make.NOW, by_patient=True)
    at(monkeypatch, make.NOW + dt.timedelta(days=31))
    Person().open("/new-link/").press("Send me", email=email)
    raised = [Consultation.objects.get(pk=row.pk).link_serial - 1 for row in rows]
    assert raised == [0, 1, 1, 1, 0]


@pytest.mark.parametrize("email", ["", "x", "a" * 250 + "@example.com", "a@b\r\nBcc: c@d.e"])
def test_what_is_no_address_is_refused_in_words(email):
    make.clinic()
    person = Person().open("/new-link/").press("Send me a new link", email=email)
    assert person.status == 400 and len(person.errors) == 1


@pytest.mark.parametrize("dermatologists", [1, 3])
def test_pages_take_the_same_queries_however_many_times_are_free(dermatologists):
    for slug in ("huda", "omar", "layla")[:dermatologists]:
        make.dermatologist(slug)
    person = Person().opens_own_page(make.confirmed())
    for path, count in (("/my/", 8), ("/my/cancel/", 5), ("/my/move/", 11)):
        with CaptureQueriesContext(connection) as queries:
            person.client.get(path)
        assert len(queries) == count, path
