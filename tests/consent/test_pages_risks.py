"""One page per side effect: what it says, its own acknowledgement, and every refusal."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import bookings.actions
import consent.actions
from bookings.models import Status
from clinic import clock
from consent.models import Acknowledgement, Particulars, Reading
from tests import make
from tests.person import Person

pytestmark = pytest.mark.django_db
TICK = {"understood": "on"}


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def reader(**fields) -> Person:
    """Somebody whose address is proven and who comes to the first side effect."""
    consultation = make.proven(**fields)
    prefix = "/ar" if consultation.language == "ar" else ""
    return Person().walks(consultation).open(f"{prefix}/book/risks/1/")


def test_a_page_shows_exactly_the_words_that_are_acknowledged():
    person = reader()
    risk = Reading.objects.get().risk_list.risks.get(position=1)
    headings = [tag.get_text() for tag in person.page.select("main section h2")]
    assert headings == ["What it is", "How long it lasts", "What helps", "When to call us"]
    sections = [tag.find("h2").extract() and tag for tag in person.page.select("main section")]
    words = [person.page.h1.get_text(), *(tag.get_text(" ", strip=True) for tag in sections)]
    assert "\n\n".join(words) == risk.words("en")
    assert person.has("Step 5 of 6") and person.has("Side effect 1 of 4")


def test_how_often_has_its_heading_only_where_a_source_says_so():
    draft = make.risk_list(make.treatment("peel", risks=0), risks=1)
    draft.risks.update(how_often_en="1 of 10 people.", how_often_ar="واحد من كل 10.")
    make.publish(draft)
    make.clinic()
    peel = make.treatment("peel")
    dermatologist = make.dermatologist("omar", treatments=[peel])
    person = reader(treatment=peel, dermatologist=dermatologist)
    assert person.has("How often it happens 1 of 10 people.")


@pytest.mark.parametrize(
    ("language", "statement"),
    [("en", "I understand that this can happen"), ("ar", "أفهم أن هذا قد يحدث")],
)
def test_each_side_effect_is_acknowledged_by_an_act_of_its_own(language, statement):
    person = reader(language=language)
    for number in range(1, 5):
        assert person.url.endswith(f"/book/risks/{number}/")
        assert person.page.html["lang"] == language
        assert statement in person.main
        assert "understood" not in person.form and "wants_to_talk" not in person.form
        assert Acknowledgement.objects.count() == number - 1
        person.go_on(**TICK)
    assert person.url.endswith("/book/check/")
    acts = Acknowledgement.objects.order_by("pk")
    assert {act.language for act in acts} == {language}
    assert {act.statement for act in acts} == {statement}


def test_there_is_no_way_to_acknowledge_everything_at_once():
    person = reader()
    assert len(person.page.select("main input[type=checkbox]")) == 2
    person.press("Save and go on", understood=["on", "on", "on", "on"])
    assert (person.status, Acknowledgement.objects.count()) == (400, 0)


def test_without_its_tick_nothing_is_stored_and_the_question_is_kept():
    person = reader().press("Save and go on", question="Does it scar?", wants_to_talk="on")
    assert (person.status, Acknowledgement.objects.count()) == (400, 0)
    assert person.errors == ["Tick the box to say that you understand this can happen, or call us."]
    assert person.page.select_one(".error-summary a")["href"] == "#id_understood"
    assert person.title.startswith("Error:")
    assert person.form["question"] == "Does it scar?" and person.form["wants_to_talk"] == "on"
    assert "understood" not in person.form
    person.press("Save and go on", **TICK)
    assert Acknowledgement.objects.get().wants_to_talk
    assert Particulars.objects.get(field="question").value == "Does it scar?"


def test_a_question_without_its_tick_is_still_to_be_talked_about():
    reader().press("Save and go on", **TICK, question="Does it scar?")
    assert Acknowledgement.objects.get().wants_to_talk


def test_a_question_that_is_too_long_is_refused_in_words_and_kept():
    person = reader().press("Save and go on", **TICK, question="a" * 301)
    assert (person.status, Acknowledgement.objects.count()) == (400, 0)
    assert person.errors == ["Use at most 300 letters: leave out 1 letter."]
    assert person.form["question"] == "a" * 301
    line_ends = ("a" * 148 + "\r\n") * 2  # 298 letters as the browser counts
    person.press("Save and go on", **TICK, question=line_ends + "b")
    assert Acknowledgement.objects.count() == 1


def test_characters_that_cannot_be_read_are_refused():
    person = reader().press("Save and go on", **TICK, question="a\x00b")
    assert (person.status, Acknowledgement.objects.count()) == (400, 0)


def test_going_back_shows_when_it_was_acknowledged_and_lets_the_question_change():
    person = reader().press("Save and go on", **TICK, question="First?")
    person.open("/book/risks/1/")
    assert person.has("You acknowledged this on Sunday 22 November 2026, 10:00")
    assert person.form["question"] == "First?" and "understood" not in person.form
    assert person.link("Go on")["href"] == "/book/risks/2/"
    person.press("Save my changed answer", **TICK, question="Second?")
    assert person.url == "/book/risks/2/"
    assert Reading.objects.count() == 2
    assert person.open("/book/risks/1/").form["question"] == "Second?"


def test_the_same_press_twice_stores_one_act():
    person = reader()
    sent = person.form | TICK
    for _press in range(2):
        answer = person.client.post("/book/risks/1/", sent)
        assert (answer.status_code, answer["Location"]) == (303, "/book/risks/2/")
    assert Acknowledgement.objects.count() == 1


def test_a_side_effect_whose_turn_has_not_come_leads_to_the_one_whose_turn_it_is():
    person = reader()
    assert person.open("/book/risks/3/").url == "/book/risks/1/"
    assert person.open("/book/risks/99/").url == "/book/risks/1/"
    assert person.open("/book/risks/0/").url == "/book/risks/1/"
    assert person.open("/book/check/").url == "/book/risks/1/"


def test_a_page_from_before_a_change_of_wording_is_shown_anew_with_the_question_kept():
    person = reader().press("Save and go on", **TICK)
    draft = make.risk_list(make.treatment())
    draft.risks.filter(position=2).update(what_helps_en="Breathe out.")
    make.publish(draft)
    person.press("Save and go on", **TICK, question="Does it hurt?")
    assert person.status == 409
    assert person.has("This page was no longer up to date")
    assert Reading.objects.count() == 1  # a page that is no longer true stores nothing at all
    person.follow("Continue")
    assert person.has("The wording of a side effect has changed. Please read it again.")
    assert person.has("Breathe out.") and person.form["question"] == "Does it hurt?"
    assert Reading.objects.latest("pk").acknowledgements.count() == 1  # the first is carried over
    person.press("Save and go on", **TICK)
    assert person.url == "/book/risks/3/"


def test_a_form_of_somebody_else_or_of_nobody_is_shown_anew():
    other = reader().form["shown"]
    person = reader(starts_at=make.TOMORROW_AT_9 + dt.timedelta(hours=1))
    for shown in (other, "made-up", "", "x" * 1900):
        person.press("Save and go on", **TICK, shown=shown)
        assert person.status == 409
        person.follow("Continue")
    assert not Acknowledgement.objects.exists()


def test_a_switch_of_language_keeps_the_question_and_begins_a_reading_in_that_language():
    person = reader().press("Save and go on", **TICK, question="First?")
    person.press("العربية", question="Half-typed")
    assert person.url == "/ar/book/risks/1/"
    assert person.page.html["dir"] == "rtl"
    assert person.page.select_one("main .notice[role=status]")
    assert person.form["question"] == "First?"
    assert Reading.objects.latest("pk").language == "ar"
    person.go_on(**TICK)
    assert person.url == "/ar/book/risks/2/"
    assert person.form["question"] == "Half-typed"
    assert Acknowledgement.objects.latest("pk").language == "ar"


def test_in_english_again_the_page_says_why_one_reads_again():
    person = reader(language="ar").go_on(**TICK)
    person.press("English")
    assert person.has("please read the side effects again in English")


def test_more_time_keeps_what_is_half_typed(monkeypatch):
    person = reader()
    monkeypatch.setattr(clock, "now", lambda: make.NOW + dt.timedelta(minutes=15))
    person.reload().press("I need more time", question="Half-typed")
    assert person.form["question"] == "Half-typed"
    assert person.has("We keep this time for you until 10:35")


def test_before_the_address_is_proven_no_side_effect_is_shown():
    consultation = make.held()
    person = Person().walks(consultation)
    for path in ("/book/risks/1/", "/book/check/"):
        assert person.open(path).url == "/book/code/"
        sent = person.client.post(path, {**TICK, "question": "Kept?"})
        assert sent.status_code == 303
    assert not Reading.objects.exists()
    assert person.client.session["road"]["typed"]["risk-1"]["question"] == "Kept?"


def test_who_is_on_no_road_is_led_to_its_beginning():
    for path in ("/book/risks/1/", "/book/check/", "/book/booked/"):
        assert Person().open(path).url == "/book/what/"


def test_a_treatment_without_a_list_says_so_and_books_nothing():
    bare = make.treatment("peel", risks=0)
    dermatologist = make.dermatologist("omar", treatments=[bare])
    person = reader(treatment=bare, dermatologist=dermatologist)
    assert person.status == 200
    assert person.has("The clinic first has to say what the side effects are.")
    assert person.has("+971 4 555 0100")


def test_after_booking_the_pages_lead_to_the_booking():
    consultation = make.confirmed()
    person = Person().walks(consultation)
    assert person.open("/book/risks/1/").url == "/book/booked/"
    assert person.open("/book/check/").url == "/book/booked/"


def test_a_cancelled_request_leads_back_to_the_start():
    consultation = make.proven()
    bookings.actions.cancel(consultation=consultation, now=make.NOW, by_patient=True)
    assert Person().walks(consultation).open("/book/risks/1/").url == "/"


def test_pages_are_not_kept_by_the_browser_and_not_indexed():
    person = reader()
    assert "no-store" in person.response["Cache-Control"]
    assert person.page.find("meta", attrs={"name": "robots"})["content"] == "noindex"


def test_what_a_reading_refers_to_includes_address_and_browser():
    consultation = make.proven()
    person = Person().walks(consultation)
    person.client.get("/book/risks/1/", headers={"User-Agent": "Old phone"}, REMOTE_ADDR="9.8.7.6")
    kept = dict(Particulars.objects.values_list("field", "value"))
    assert (kept["ip"], kept["user_agent"]) == ("9.8.7.6", "Old phone")


@pytest.mark.parametrize("risks", [1, 3, 12])
def test_a_page_takes_the_same_queries_however_long_the_list_is(risks):
    treatment = make.treatment("long", risks=risks)
    dermatologist = make.dermatologist("omar", treatments=[treatment])
    person = reader(treatment=treatment, dermatologist=dermatologist)
    with CaptureQueriesContext(connection) as queries:
        person.client.get("/book/risks/1/")
    assert len(queries) == 18


def test_a_reading_goes_on_where_it_was_left_on_another_day(monkeypatch):
    person = reader().press("Save and go on", **TICK)
    consultation = Reading.objects.get().consultation
    later = make.NOW + dt.timedelta(hours=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    bookings.actions.expire_holds(now=later)
    consultation.refresh_from_db()
    assert consultation.status == Status.EXPIRED
    assert person.open("/book/risks/4/").url == "/book/risks/2/"
    reading = consent.actions.open_reading(consultation=consultation, language="en", now=later)
    assert reading == Reading.objects.get()
