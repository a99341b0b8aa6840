"""Wanting to talk first, not going on: acts of their own, each stored once."""

import json

import pytest

import bookings.actions
import consent.actions
from bookings import owing
from bookings.models import Consultation, Kind, Message, NotPossibleNow, Status
from clinic import clock
from consent import ledger
from consent.actions.wishing import WISHES_AT_MOST
from consent.bodies import declined_body
from consent.models import ActKind, LedgerEntry, PatientAct
from tests import desk, make
from tests.bookings.api import Api, token_of
from tests.consent.acting import MINUTE, STOP, at, kept
from tests.consent.evidence import counts
from tests.person import Person

pytestmark = pytest.mark.django_db
TICK = {"understood": "on"}
TALK = "I want to talk about this first"


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def reader(**fields) -> Person:
    """Somebody whose address is proven and who comes to the first side effect."""
    consultation = make.proven(**fields)
    return Person().walks(consultation).open("/book/risks/1/")


# --- Wanting to talk first ------------------------------------------------------------------------


def test_wanting_to_talk_first_is_an_act_that_acknowledges_nothing():
    person = reader().press(TALK, question="Does it scar?")
    assert person.url == "/book/risks/1/talk/"
    wish = PatientAct.objects.get()
    assert (wish.kind, wish.statement, wish.language) == (ActKind.WANTS_TO_TALK, TALK, "en")
    assert (wish.risk.key, wish.acted_at, wish.entry) == ("skin-infection", make.NOW, None)
    assert kept(wish.note_commitment) == "Does it scar?"
    assert not wish.reading.acknowledgements.exists()
    row = Consultation.objects.get()
    assert row.wants_to_talk and row.risks_acknowledged == 0 and row.status == Status.HELD


def test_the_page_after_it_says_what_happens_next(monkeypatch):
    person = reader(mobile="+971500004321")
    at(monkeypatch, make.NOW + 15 * MINUTE)
    person.press(TALK, question="Does it scar?")
    for words in (
        "The clinic now sees that you want to talk about this side effect: Skin infection.",
        "Your question: Does it scar?",
        "You can call us now: +971 4 555 0100",
        "Or we can call you on +971 50 000 4321",
        "Nothing is booked yet",
        "We keep this time for you until 10:35",
    ):
        assert person.has(words), words
    assert person.follow("Back to this side effect").url == "/book/risks/1/"
    assert person.has("You told us that you want to talk about this first.")
    assert person.form["question"] == "Does it scar?" and "understood" not in person.form


def test_the_wish_needs_no_tick_and_a_tick_beside_it_acknowledges_nothing():
    reader().press(TALK, **TICK)
    assert counts()["Acknowledgement"] == 0 and counts()["PatientAct"] == 1


def test_the_same_wish_twice_stores_one_and_another_question_another():
    person = reader().press(TALK, question="Does it scar?")
    before = counts()
    person.again()
    assert person.url == "/book/risks/1/talk/" and counts() == before
    person.follow("Back").press(TALK, question="And how long?")
    assert PatientAct.objects.count() == 2


def test_a_wish_stays_on_the_desk_when_the_risk_is_acknowledged_later():
    person = reader().press(TALK).follow("Back").press("Save and go on", **TICK)
    row = Consultation.objects.get()
    assert row.wants_to_talk and row.risks_acknowledged == 1
    page = desk.reception().get(desk.url(desk.LIST), {"risks": "talk"}).content.decode()
    assert row.patient_name in page and "wants to talk" in page
    person.open("/book/risks/2/").press("Save and go on", **TICK)
    assert Consultation.objects.get().wants_to_talk


def test_somebody_who_presses_it_again_and_again_is_asked_to_call():
    person = reader()
    consultation = Consultation.objects.get()
    for number in range(WISHES_AT_MOST):
        consent.actions.want_to_talk(
            consultation=consultation,
            shown=person.form["shown"],
            question=f"Question {number}",
            now=make.NOW,
        )
    person.press(TALK, question="One more")
    assert person.status == 409 and person.has("Please call the clinic.")
    assert PatientAct.objects.count() == WISHES_AT_MOST


def test_the_page_after_a_wish_is_for_who_wished():
    person = reader()
    assert person.open("/book/risks/1/talk/").url == "/book/risks/1/"
    assert person.open("/book/risks/9/talk/").url == "/book/risks/1/"
    assert Person().open("/book/risks/1/talk/").url == "/book/what/"


def test_wanting_to_talk_over_the_api():
    api = Api(token=token_of(make.proven()))
    shown = api.get("consultation/risks/").json()["risks"][1]["shown"]
    told = api.post("consultation/wishes/", shown=shown, question="Why?")
    assert told.status_code == 201
    assert (told.json()["kind"], told.json()["risk"]) == ("wants_to_talk", "needle-pricks")
    assert api.post("consultation/wishes/", shown=shown, question="Why?").json() == told.json()
    assert api.get("consultation/").json()["wants_to_talk"]
    assert counts()["PatientAct"] == 1 and counts()["Acknowledgement"] == 0


# --- Not going on ---------------------------------------------------------------------------------


def test_not_going_on_cancels_the_request_and_is_an_entry_of_the_ledger():
    person = reader().follow("I do not want to go on")
    assert person.url == "/book/stop/"
    assert person.has("If you stop, your request is cancelled") and person.has("+971 4 555 0100")
    person.press(STOP, reason="I am afraid of needles.")
    assert person.url == "/book/stopped/" and person.has("Your request is cancelled")
    act, row = PatientAct.objects.get(), Consultation.objects.get()
    assert (act.kind, act.statement, act.acted_at) == (ActKind.DECLINED, STOP, make.NOW)
    assert (row.status, row.cancelled_by_patient) == (Status.CANCELLED, True)
    assert row.cancel_reason == kept(act.note_commitment) == "I am afraid of needles."
    said = json.loads(bytes(act.entry.content))
    assert {"entry": "declined", "consultation": row.reference, **declined_body(act)} == {
        name: value for name, value in said.items() if name not in ("v", "at", "key")
    }
    assert said["at"] == ledger.utc(make.NOW) and "needles" not in str(said)


def test_the_cancellation_is_mailed_as_every_other_and_the_time_is_free_again():
    """Who was told of a visit is told of its end; who cancels a request on the page is told there."""
    request, visit = make.proven(), make.confirmed(starts_at=make.TOMORROW_AT_9 + 60 * MINUTE)
    bookings.actions.ask_again(consultation=visit, now=make.NOW)
    for consultation in (request, visit):
        consent.actions.decline(consultation=consultation, language="en", now=make.NOW)
    owing.note_owed(now=make.NOW)
    told = Message.objects.filter(kind=Kind.CANCELLED)
    assert [message.consultation for message in told] == [visit]
    assert make.held().starts_at == request.starts_at


def test_keep_it_is_as_large_as_the_button_and_keeps_everything():
    person = reader().follow("I do not want to go on")
    before = counts()
    assert {"actions", "equal"} <= set(person.button(STOP).parent["class"])
    assert "button" in person.link("Keep it")["class"]
    assert person.follow("Keep it").url == "/book/risks/1/"
    assert counts() == before and Consultation.objects.get().status == Status.HELD


def test_the_page_that_checks_the_answers_leads_there_too():
    consultation = make.proven()
    make.acknowledge_all(consultation)
    person = Person().walks(consultation).open("/book/check/").follow("I do not want to go on")
    assert person.url == "/book/stop/"


def test_stopping_twice_stores_one():
    person = reader().follow("I do not want to go on").press(STOP, reason="No.")
    before = counts()
    person.again()
    assert person.url == "/book/stopped/" and counts() == before
    row = Consultation.objects.get()
    assert consent.actions.decline(consultation=row, language="ar", now=make.NOW).language == "en"


def test_a_reason_that_is_too_long_is_refused_and_kept():
    person = reader().follow("I do not want to go on").press(STOP, reason="a" * 301)
    assert person.status == 400 and person.form["reason"] == "a" * 301
    assert Consultation.objects.get().status == Status.HELD and not counts()["PatientAct"]


def test_half_typed_reasons_survive_the_language():
    person = reader().follow("I do not want to go on").press("العربية", reason="Half")
    assert person.url == "/ar/book/stop/" and person.form["reason"] == "Half"


def test_a_visit_that_is_booked_or_cancelled_is_not_declined():
    booked = make.confirmed()
    with pytest.raises(NotPossibleNow):
        consent.actions.decline(consultation=booked, language="en", now=make.NOW)
    bookings.actions.cancel(consultation=booked, now=make.NOW, by_patient=True)
    with pytest.raises(NotPossibleNow):
        consent.actions.decline(consultation=booked, language="en", now=make.NOW)
    assert not counts()["PatientAct"]


def test_the_page_after_stopping_is_for_who_stopped():
    consultation = make.proven()
    assert Person().walks(consultation).open("/book/stopped/").url == "/book/risks/1/"
    bookings.actions.cancel(consultation=consultation, now=make.NOW, by_patient=True)
    assert Person().walks(consultation).open("/book/stopped/").url == "/"


def test_not_going_on_over_the_api():
    api = Api(token=token_of(make.proven()))
    told = api.post("consultation/decline/", reason="No.")
    assert (told.status_code, told.json()["kind"]) == (201, "declined")
    assert api.post("consultation/decline/").json() == told.json()
    assert api.row.status == Status.CANCELLED
    assert LedgerEntry.objects.filter(kind="declined").count() == 1
