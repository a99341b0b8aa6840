"""Given a phone without JavaScript, when a patient goes the whole road, then the visit is booked."""

import pytest

from bookings import links
from bookings.models import Consultation, Status
from clinic import clock
from consent.models import Acknowledgement
from tests import make
from tests.person import Person

pytestmark = pytest.mark.django_db
AT_9 = "huda|2026-11-23T05:00:00Z/PT20M"
STARTS = {"en": "/", "ar": "/ar/"}
NAMES = {"en": "Aisha Rahman", "ar": "عائشة رحمن"}
CODE = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@pytest.fixture(autouse=True)
def open_clinic(monkeypatch):
    make.clinic()
    make.dermatologist()
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def looks_right(person: Person, language: str, step: int) -> None:
    """What every page of the road promises, whatever is on it."""
    page = person.page
    assert person.status == 200, person.text
    assert page.html["lang"] == language
    assert page.html["dir"] == ("rtl" if language == "ar" else "ltr")
    assert len(page.select("h1")) == 1
    assert page.select_one(f'progress[value="{step}"][max="6"]')
    assert page.select_one("a.back")
    assert page.select_one("header a[href^='tel:']")
    assert page.select_one(".language [lang]")
    assert not page.select("main input[type=checkbox][checked]")
    assert not page.select("script, style, [style], [onclick]")
    assert "no-store" in person.response["Cache-Control"]
    labelled = {label["for"] for label in page.select("label[for]")}
    for field in page.select("main input:not([type=hidden]), main select, main textarea"):
        assert field["id"] in labelled, field


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_whole_road(language):
    person = Person().open(STARTS[language])
    person.open(person.page.select_one("main .actions a.button")["href"])
    looks_right(person, language, 1)
    person.go_on(about="mesotherapy|cellulite")
    looks_right(person, language, 2)
    person.go_on(time=AT_9)
    looks_right(person, language, 3)
    person.go_on(
        visit_for="me",
        patient_name=NAMES[language],
        email="Aisha@Example.com",
        mobile="٠٥٠ ١٢٣ ٤٥٦٧" if language == "ar" else "050 123 4567",
        birth_date_day="17",
        birth_date_month="5",
        birth_date_year="1990",
    )
    looks_right(person, language, 4)
    asked = Consultation.objects.get()
    assert (asked.status, asked.language) == (Status.HELD, language)
    code = links.code(asked)
    person.go_on(code=code.translate(CODE) if language == "ar" else code)
    for number in range(1, 5):
        assert person.url.endswith(f"/book/risks/{number}/")
        looks_right(person, language, 5)
        person.go_on(understood="on")
    looks_right(person, language, 6)
    person.go_on()
    assert person.url.endswith("/book/booked/")
    asked.refresh_from_db()
    assert asked.status == Status.CONFIRMED
    assert asked.grouped_reference in person.text
    assert set(Acknowledgement.objects.values_list("language", flat=True)) == {language}
    assert person.open(person.url).status == 200


def test_a_switch_of_language_on_the_way_books_in_the_language_that_was_read():
    person = Person().open("/book/what/").go_on(about="mesotherapy|cellulite")
    person.press("العربية", time=AT_9)
    assert person.value("time") == AT_9
    person.go_on()
    person.go_on(
        visit_for="me",
        patient_name="Aisha",
        email="aisha@example.com",
        mobile="+44 7911 123456",
        birth_date_day="17",
        birth_date_month="5",
        birth_date_year="1990",
    )
    person.go_on(code=links.code(Consultation.objects.get()))
    while "/risks/" in person.url:
        person.go_on(understood="on")
    person.go_on()
    booked = Consultation.objects.get()
    assert (booked.status, booked.language) == (Status.CONFIRMED, "ar")
    assert set(Acknowledgement.objects.values_list("language", flat=True)) == {"ar"}


def test_back_leads_back_and_every_answer_is_still_there():
    person = Person().open("/book/what/").go_on(about="mesotherapy|cellulite").go_on(time=AT_9)
    person.go_on(patient_name="Aisha")  # refused: the rest is missing
    person.follow("Back")
    assert person.value("time") == AT_9
    person.follow("Back")
    assert person.value("about") == "mesotherapy|cellulite"
    person.go_on().go_on()
    assert person.value("patient_name") == "Aisha"
