"""The patient's page about what is known of them: asking for its erasure, and the clinic's answer."""

import datetime as dt

import pytest

import bookings.actions
import consent.actions
from clinic import clock
from consent.models import ErasureRequest
from tests import make
from tests.person import Person, link_to

pytestmark = pytest.mark.django_db
PAGE = "/my/erase/"
SURE = "I want the clinic to erase what it knows about me."


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def cancelled(**fields):
    visit = make.confirmed(**fields)
    return bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)


def at_the_page(consultation) -> Person:
    return Person().opens_own_page(consultation).follow("having it erased")


def test_the_own_page_leads_to_it_and_it_says_what_happens():
    person = at_the_page(cancelled())
    assert (person.url, person.status) == (PAGE, 200)
    for words in (
        "we keep your name, date of birth, e-mail address",
        "we erase it by ourselves on 22 November 2028",
        "A person at the clinic reads it",
        "Nobody can undo this",
        "a record without your name",
        "This is about this consultation alone.",
    ):
        assert person.has(words), words


def test_asking_takes_a_tick_and_nothing_is_stored_without_it():
    person = at_the_page(cancelled()).press("Ask the clinic to erase it")
    assert person.status == 400
    assert person.errors == ["Tick the box if you want this. Nothing was sent."]
    assert not ErasureRequest.objects.exists()


def test_what_was_asked_waits_for_a_person_and_stays_as_it_is():
    consultation = cancelled()
    person = at_the_page(consultation).press("Ask the clinic to erase it", sure="on")
    assert person.url == PAGE and person.has("We have your request.")
    assert person.has("You asked us to erase it. We have not answered yet.")
    asked = ErasureRequest.objects.get()
    assert (asked.consultation, asked.taken_by, asked.asked_at) == (consultation, None, make.NOW)
    person.again()
    assert ErasureRequest.objects.count() == 1
    consultation.refresh_from_db()
    assert not consultation.is_erased
    assert not person.page.select("form#answers")


def test_a_visit_ahead_is_cancelled_by_its_own_page_first():
    consultation = make.confirmed()
    person = at_the_page(consultation)
    assert person.has("Your visit is still ahead. Cancel it first")
    assert not person.page.select("form#answers")
    posted = person.client.post(PAGE, {"sure": "on"})
    assert posted.status_code == 303 and not ErasureRequest.objects.exists()
    consultation.refresh_from_db()
    assert consultation.status == "confirmed"
    person.follow("Go to").press("Cancel it")
    person.open(PAGE).press("Ask the clinic to erase it", sure="on")
    assert ErasureRequest.objects.count() == 1


def test_a_treated_patient_reads_what_the_law_keeps_and_until_when(monkeypatch):
    visit = make.completed()
    after = visit.ends_at + dt.timedelta(minutes=30)
    bookings.actions.record_session(
        consultation=visit, took_place_at=after, now=after, recorded_by=None
    )
    monkeypatch.setattr(clock, "now", lambda: after)
    person = at_the_page(visit)
    assert person.has("for 25 years after your last treatment: until 23 November 2051.")
    assert not person.has("If you do nothing")
    person.press("Ask the clinic to erase it", sure="on")  # everybody may ask
    assert ErasureRequest.objects.count() == 1


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_refusal_stands_on_the_page_with_its_reason(language):
    consultation = cancelled(language=language)
    asked = consent.actions.ask_for_erasure(consultation=consultation, now=make.NOW)
    consent.actions.refuse_erasure(
        asked=asked, why="A judge <asked> us to keep it.", by=make.staff("lead"), now=make.NOW
    )
    prefix = "/ar" if language == "ar" else ""
    person = Person().opens_own_page(consultation)
    if language == "en":
        assert person.has("You asked us to erase what we know about you. Our answer is no.")
        assert person.link("Read why")["href"] == PAGE
    person.open(prefix + PAGE)
    assert person.status == 200 and person.has("A judge <asked> us to keep it.")
    assert person.page.find("bdi", string=lambda text: text and "judge" in text)
    if language == "en":
        assert person.has("Our answer is no:")
        person.press("Ask again", sure="on")
        assert ErasureRequest.objects.filter(answer="open").count() == 1


@pytest.mark.parametrize("prefix", ["", "/ar"])
def test_a_stranger_and_an_unchecked_link_see_nothing_of_it(prefix):
    consultation = cancelled()
    assert Person().open(prefix + PAGE).status == 404
    unchecked = Person()
    unchecked.open(link_to(consultation)).open(prefix + PAGE)
    assert unchecked.url == prefix + "/my/check/"
    answer = Person().client.post(prefix + PAGE, {"sure": "on"})
    assert answer.status_code == 303 and not ErasureRequest.objects.exists()


def test_once_it_is_granted_the_page_is_gone_for_the_browser_that_asked():
    consultation = cancelled()
    person = at_the_page(consultation).press("Ask the clinic to erase it", sure="on")
    consent.actions.grant_erasure(
        asked=ErasureRequest.objects.get(), by=make.staff("lead"), now=make.NOW
    )
    assert person.open(PAGE).status == 404
    assert not person.has(consultation.patient_name or "Patient")


@pytest.mark.parametrize("waiting_for", ["waiting", "expired"])
def test_who_has_no_visit_yet_can_ask_too(waiting_for, monkeypatch):
    consultation = make.waiting() if waiting_for == "waiting" else make.proven()
    monkeypatch.setattr(clock, "now", lambda: make.NOW + dt.timedelta(hours=2))
    at_the_page(consultation).press("Ask the clinic to erase it", sure="on")
    assert ErasureRequest.objects.count() == 1
