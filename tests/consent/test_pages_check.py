"""Check your answers, the press that books the visit, and the copy of what was acknowledged."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import bookings.actions
from bookings.models import Consultation, Status
from clinic import clock
from consent.models import ConsentRecord, Reading
from tests import make
from tests.person import Person

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
BOOK = "book my consultation"


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def at(monkeypatch, moment: dt.datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


def checker(**fields) -> Person:
    """Somebody who has acknowledged everything and looks at their answers."""
    consultation = make.proven(**fields)
    make.acknowledge_all(consultation)
    prefix = "/ar" if consultation.language == "ar" else ""
    return Person().walks(consultation).open(f"{prefix}/book/check/")


def test_every_answer_stands_there_with_a_way_to_change_it():
    person = checker(concern=make.treatment().concerns.get(slug="cellulite"))
    consultation = Consultation.objects.get()
    for words in (
        "Step 6 of 6",
        "Mesotherapy: Cellulite",
        "Monday 23 November 2026, from 09:00 to 09:20 , Dubai time",
        "Dr Huda",
        consultation.patient_name,
        consultation.email,
        "17 May 1990",
        "Skin infection I understand that this can happen",
        "This is not consent to a procedure.",
    ):
        assert words in person.main, words
    changes = [link["href"] for link in person.page.select("dd.change a")]
    assert changes == [
        *("/book/what/", "/book/when/", "/book/when/"),
        *(f"/book/risks/{number}/" for number in range(1, 5)),
    ]
    assert person.button("I have read and understood these 4 side effects: book my consultation")


def test_questions_are_shown_again_in_the_patients_words():
    consultation = make.proven()
    make.acknowledge_all(consultation, wants_to_talk=True, question="<b>Does it hurt?</b>")
    person = Person().walks(consultation).open("/book/check/")
    assert person.main.count("Your question: <b>Does it hurt?</b>") == 4


def test_your_own_time_stands_beside_the_clinics_where_it_differs():
    assert checker(zone="Europe/London").has("Your time: Monday 23 November 2026, 05:00")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_last_press_books_the_visit(language):
    person = checker(language=language)
    person.go_on(**person.form)
    assert person.url == ("/ar" if language == "ar" else "") + "/book/booked/"
    consultation = Consultation.objects.get()
    assert consultation.status == Status.CONFIRMED
    assert ConsentRecord.objects.get().reading.language == language
    assert consultation.grouped_reference in person.main


def test_pressed_twice_it_books_once():
    person = checker()
    sent = person.form
    for _press in range(2):
        answer = person.client.post("/book/check/", sent)
        assert (answer.status_code, answer["Location"]) == (303, "/book/booked/")
    assert ConsentRecord.objects.count() == 1


def test_a_time_that_is_gone_keeps_every_answer_and_offers_the_nearest_three(monkeypatch):
    person = checker()
    mine = Consultation.objects.get()
    later = make.NOW + 61 * MINUTE
    at(monkeypatch, later)
    make.held(now=later)
    person.press(BOOK)
    assert person.status == 409
    assert person.has("Somebody else has just taken this time.")
    offered = person.page.select("button[name=time]")
    assert len(offered) == 3
    assert offered[0]["value"] == "huda|2026-11-23T05:20:00Z/PT20M"
    assert not ConsentRecord.objects.exists()
    person.press("Monday 23 November 2026, 09:20")
    assert person.url == "/book/check/"
    person.press(BOOK)
    assert person.url == "/book/booked/"
    mine.refresh_from_db()
    assert mine.starts_at == make.TOMORROW_AT_9 + 20 * MINUTE


def test_a_hold_that_ran_out_books_all_the_same_while_the_time_is_free(monkeypatch):
    person = checker()
    later = make.NOW + 61 * MINUTE
    at(monkeypatch, later)
    bookings.actions.expire_holds(now=later)
    assert person.reload().has("We no longer keep this time for you.")
    assert person.press(BOOK).url == "/book/booked/"


def test_answers_that_changed_in_another_tab_are_shown_anew():
    person = checker()
    old = person.form
    other = Person(person.client)
    other.open("/book/risks/2/").press("Save my changed answer", understood="on", question="Now?")
    person.press(BOOK, **old)
    assert person.status == 409
    assert person.has("Your answers changed since this page was shown.")
    assert person.follow("Continue").has("Your question: Now?")
    assert not ConsentRecord.objects.exists()
    assert person.press(BOOK).url == "/book/booked/"


def test_a_changed_wording_asks_for_that_side_effect_only():
    person = checker()
    draft = make.risk_list(make.treatment())
    draft.risks.filter(position=3).update(what_helps_en="Breathe out.")
    make.publish(draft)
    person.press(BOOK)
    assert person.status == 409
    assert person.has("The wording of a side effect has changed.")
    assert Reading.objects.count() == 1
    assert person.follow("Continue").has("Breathe out.")
    assert person.has("Side effect 3 of 4")
    person.press("Save and go on", understood="on")
    assert person.url == "/book/check/"
    assert person.press(BOOK).url == "/book/booked/"


@pytest.mark.parametrize("reading", ["", "0", "-1", "abc", "9" * 50, "٣", None])
def test_a_form_that_we_did_not_write_books_nothing(reading):
    person = checker()
    sent = {} if reading is None else {"reading": reading}
    answer = person.client.post("/book/check/", sent)
    assert answer.status_code == 409
    assert not ConsentRecord.objects.exists()


def test_the_reading_of_somebody_else_books_nothing():
    checker()
    other = Reading.objects.get()
    person = checker(starts_at=make.TOMORROW_AT_9 + 60 * MINUTE)
    assert person.press(BOOK, reading=other.pk).status == 409
    assert not ConsentRecord.objects.exists()


def test_a_switch_of_language_leads_to_reading_in_that_language():
    person = checker().press("العربية")
    assert person.url == "/ar/book/risks/1/"


def test_a_list_that_was_withdrawn_books_nothing():
    person = checker()
    Reading.objects.get().risk_list.treatment.risk_lists.update(state="retired")
    assert person.press(BOOK).status == 409
    assert person.follow("Continue").has("The clinic first has to say what the side effects are.")
    assert not ConsentRecord.objects.exists()


# --- The copy ----------------------------------------------------------------------------------


def test_the_copy_says_word_for_word_what_was_acknowledged():
    consultation = make.proven(language="ar")
    reading = make.acknowledge_all(consultation, wants_to_talk=True, question="هل يؤلم؟")
    Person().walks(consultation).open("/ar/book/check/").go_on(reading=reading.pk)
    consultation.refresh_from_db()
    person = Person().opens_own_page(consultation).open("/my/acknowledged/")
    assert person.status == 200
    assert person.has("This is not consent to a procedure.")
    assert person.main.count("هل يؤلم؟") == 4
    assert person.has(" ".join([consultation.receipt[:8], consultation.receipt[8:16]]))
    texts = person.page.select(".words")
    for act, text in zip(reading.acknowledgements.order_by("risk__position"), texts, strict=True):
        assert (text["lang"], text["dir"]) == ("ar", "rtl")
        assert "\n\n".join(part.get_text() for part in text.find_all(["h2", "p"])) == act.words
        assert text.find("h2").get_text() == act.risk.name_ar
        assert text.find("h3").get_text() == "ما المقصود بذلك"
    assert person.has("Acknowledged Sunday 22 November 2026, 10:00")


def test_before_it_is_sealed_there_is_no_copy():
    consultation = make.proven()
    person = Person().opens_own_page(consultation).open("/my/acknowledged/")
    assert person.url == "/my/"


def test_a_stranger_gets_no_copy():
    make.confirmed()
    assert Person().open("/my/acknowledged/").status == 404


@pytest.mark.parametrize("risks", [1, 3])
def test_the_copy_takes_the_same_queries_however_many_side_effects(risks):
    treatment = make.treatment("long", risks=risks)
    dermatologist = make.dermatologist("omar", treatments=[treatment])
    consultation = make.confirmed(treatment=treatment, dermatologist=dermatologist)
    person = Person().opens_own_page(consultation)
    with CaptureQueriesContext(connection) as queries:
        person.client.get("/my/acknowledged/")
    assert len(queries) == 9


@pytest.mark.parametrize("risks", [1, 3])
def test_check_takes_the_same_queries_however_many_side_effects(risks):
    treatment = make.treatment("long", risks=risks)
    dermatologist = make.dermatologist("omar", treatments=[treatment])
    person = checker(treatment=treatment, dermatologist=dermatologist)
    with CaptureQueriesContext(connection) as queries:
        person.client.get("/book/check/")
    assert len(queries) == 14
