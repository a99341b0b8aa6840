"""Who reads: the patient, a guardian, or an interpreter who reads it out; each is a kind of its own."""

import json

import pytest

import consent.actions
from bookings.models import Consultation, NotPossibleNow
from clinic import clock
from consent.models import Acknowledgement, ConsentRecord, Particulars, ReadBy, Reading
from tests import make
from tests.bookings.api import Api, code_of, token_of
from tests.consent.evidence import counts
from tests.person import Person

pytestmark = pytest.mark.django_db
TICK = {"understood": "on"}
ASIF = {"interpreter_name": "Asif Khan", "interpreter_language": "Urdu"}
READ_OUT = "Somebody reads this out or translates it for me"


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def reader(**fields) -> Person:
    consultation = make.proven(**fields)
    return Person().walks(consultation).open("/book/risks/1/")


def with_interpreter(**fields) -> Person:
    return reader(**fields).follow(READ_OUT).press("Somebody reads it out", **ASIF)


def kept(reading: Reading) -> dict[str, str]:
    values = Particulars.objects.filter(commitment__in=reading.commitments.values())
    return dict(values.values_list("field", "value"))


def test_a_form_that_is_read_out_is_labelled_on_every_page_and_in_the_record():
    person = with_interpreter()
    reading = Reading.objects.latest("pk")
    assert reading.read_by == ReadBy.INTERPRETER
    assert kept(reading) | ASIF == kept(reading)
    for number in range(1, 5):
        assert person.url == f"/book/risks/{number}/"
        assert person.has("Read out by Asif Khan in Urdu .")
        assert [tag.get_text() for tag in person.page.select("main p.notice bdi")] == [
            "Asif Khan",
            "Urdu",
        ]
        person.press("Save and go on", **TICK)
    assert person.url == "/book/check/" and person.has("Read out by Asif Khan in Urdu .")
    said = "These 4 side effects were read out to me by an interpreter, and I have understood them"
    person.press(f"{said}: book my consultation")
    assert person.url == "/book/booked/"
    content = json.loads(bytes(ConsentRecord.objects.get().entry.content))
    assert content["read_by"] == "interpreter"
    assert content["declaration"] == f"{said}: book my consultation"
    assert content["commitments"] == reading.commitments
    assert "Asif" not in str(content) and "Urdu" not in str(content)


def test_somebody_else_who_reads_is_another_reading_and_no_act_is_carried_over():
    person = reader().press("Save and go on", **TICK)
    person.open("/book/risks/1/").follow(READ_OUT).press("Somebody reads it out", **ASIF)
    assert person.url == "/book/risks/1/"
    assert person.has("Somebody else reads now")
    assert counts()["Reading"] == 2 and counts()["Acknowledgement"] == 1
    person.press("Save and go on", **TICK)
    person.follow("Change who reads").press("I read it myself")
    assert person.url == "/book/risks/1/" and "Read out by" not in person.main
    assert Reading.objects.latest("pk").read_by == ReadBy.SELF
    assert counts()["Reading"] == 3 and counts()["Acknowledgement"] == 2


def test_another_interpreter_is_another_reading_too():
    person = with_interpreter().press("Save and go on", **TICK)
    person.follow("Change who reads")
    assert person.form["interpreter_name"] == "Asif Khan"
    person.press("Somebody reads it out", interpreter_name="Sana Malik")
    assert person.url == "/book/risks/1/" and person.has("Read out by Sana Malik in Urdu .")
    assert not Reading.objects.latest("pk").acknowledgements.exists()


def test_the_same_interpreter_named_again_opens_nothing():
    person = with_interpreter().press("Save and go on", **TICK)
    before = counts()
    person.follow("Change who reads").press("Somebody reads it out")
    assert person.url == "/book/risks/2/" and counts() == before


def test_the_interpreter_stays_when_the_language_or_a_question_changes():
    person = with_interpreter().press("Save and go on", **TICK)
    person.open("/book/risks/1/").press("Save my changed answer", **TICK, question="Why?")
    assert person.has("Read out by Asif Khan")
    assert Reading.objects.latest("pk").acknowledgements.count() == 1
    person.press("العربية")
    assert Reading.objects.latest("pk").read_by == ReadBy.INTERPRETER
    assert "Asif Khan" in person.main


def test_a_page_of_the_reading_before_is_refused():
    person = reader()
    old = person.form["shown"]
    person.follow(READ_OUT).press("Somebody reads it out", **ASIF)
    before = counts()
    person.press("Save and go on", **TICK, shown=old)
    assert person.status == 409 and counts() == before


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"interpreter_name": ""}, "Enter the name of the person who helps you."),
        ({"interpreter_name": "123"}, "Write the name with letters."),
        ({"interpreter_language": ""}, "Enter the language that you speak with each other."),
        ({"interpreter_language": "\u200b"}, "Enter the language that you speak with each other."),
        ({"interpreter_name": "\u200b\u202e"}, "Enter the name of the person who helps you."),
        ({"interpreter_language": "99"}, "Write the language with letters."),
        ({"interpreter_language": "a\x07b"}, "Write the language with letters."),
        ({"interpreter_language": "u" * 61}, "Use at most 60 letters."),
    ],
)
def test_who_reads_has_a_name_and_a_language(typed, said):
    person = reader().follow(READ_OUT)
    before = counts()
    person.press("Somebody reads it out", **{**ASIF, **typed})
    assert (person.status, person.errors, counts()) == (400, [said], before)


def test_an_interpreter_without_a_name_is_refused_by_the_action_too():
    with pytest.raises(NotPossibleNow):
        consent.actions.open_reading(
            consultation=make.proven(),
            language="en",
            read_by=ReadBy.INTERPRETER,
            interpreter_name=" ",
            interpreter_language="Urdu",
            now=make.NOW,
        )
    assert not Reading.objects.exists()


def test_a_guardian_reads_for_a_child_and_says_so():
    consultation = make.proven(guardian_name="Layla", birth_date=make.dt.date(2015, 3, 1))
    make.acknowledge_all(consultation)
    reading = Reading.objects.get()
    assert reading.read_by == ReadBy.GUARDIAN and kept(reading)["guardian_name"] == "Layla"
    person = Person().walks(consultation).open("/book/check/")
    person.press("I have read and understood these 4 side effects as the guardian: book the")
    assert json.loads(bytes(ConsentRecord.objects.get().entry.content))["read_by"] == "guardian"


def test_to_a_guardian_too_it_can_be_read_out_and_alone_is_as_the_guardian_again():
    consultation = make.proven(guardian_name="Layla", birth_date=make.dt.date(2015, 3, 1))
    person = Person().walks(consultation).open("/book/risks/1/")
    person.follow(READ_OUT).press("Somebody reads it out", **ASIF)
    reading = Reading.objects.latest("pk")
    assert reading.read_by == ReadBy.INTERPRETER and "guardian_name" in reading.commitments
    person.follow("Change who reads").press("I read it myself")
    assert Reading.objects.latest("pk").read_by == ReadBy.GUARDIAN


def test_the_declaration_is_said_in_the_other_language_too_with_its_label():
    consultation = make.confirmed(guardian_name="Layla", birth_date=make.dt.date(2015, 3, 1))
    first = consultation.consent_records.get()
    later = make.NOW + make.dt.timedelta(minutes=1)
    consent.actions.withdraw(consultation=consultation, record=first.pk, language="en", now=later)
    reading = make.acknowledge_all(consultation, now=later)
    second = consent.actions.seal_again(consultation=consultation, reading=reading.pk, now=later)
    for record, again in ((first, False), (second, True)):
        assert consent.actions.declaration_of(record, language="en", count=4) == record.declaration
        said = consent.actions.declaration_for(
            count=4, language="ar", read_by=ReadBy.GUARDIAN, again=again
        )
        assert consent.actions.declaration_of(record, language="ar", count=4) == said
        assert ("book" in record.declaration) is not again


def test_over_the_api_a_field_says_who_reads():
    api = Api(token=token_of(make.proven()))
    alone = api.get("consultation/risks/").json()
    assert alone["read_by"] == "self"
    told = api.post("consultation/risks/", read_by="interpreter", **ASIF).json()
    assert told["read_by"] == "interpreter" and told["reading"] != alone["reading"]
    assert "read out to me by an interpreter" in told["declaration"]
    assert api.get("consultation/risks/").json()["reading"] == told["reading"]
    refused = api.post("consultation/risks/", read_by="interpreter", interpreter_name="Asif")
    assert (refused.status_code, code_of(refused)) == (409, "not_possible_now")
    for wrong in ("guardian", "", None, 1):
        assert api.post("consultation/risks/", read_by=wrong).status_code == 400
    assert api.post("consultation/risks/", read_by="self").json()["read_by"] == "self"


def test_the_interpreter_is_named_anew_after_a_withdrawal():
    consultation = make.proven()
    consent.actions.open_reading(
        consultation=consultation, language="en", read_by="interpreter", now=make.NOW, **ASIF
    )
    record = make.sealed(consultation)
    assert record.reading.read_by == ReadBy.INTERPRETER
    consent.actions.withdraw(
        consultation=consultation, record=record.pk, language="en", now=make.NOW
    )
    person = Person().opens_own_page(Consultation.objects.get()).open("/my/risks/1/")
    assert "Read out by" not in person.main
    person.follow(READ_OUT).press("Somebody reads it out", **ASIF)
    assert person.url == "/my/risks/1/" and person.has("Read out by Asif Khan in Urdu .")
    assert Acknowledgement.objects.filter(reading=Reading.objects.latest("pk")).count() == 0
