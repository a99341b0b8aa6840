"""Acknowledging again, for a visit that is booked: after a withdrawal all of it, after a change that alone."""

import datetime as dt
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import bookings.actions
import consent.actions
from bookings.models import Consultation, NotPossibleNow, Proof, Status
from clinic import clock
from clinic.models import Clinic
from consent.actions import StalePage
from consent.models import Acknowledgement, ConsentRecord, Reading
from tests import desk, make
from tests.bookings.api import Api, code_of, token_of
from tests.consent.evidence import counts
from tests.person import Person

pytestmark = pytest.mark.django_db
TICK = {"understood": "on"}
MINUTE = dt.timedelta(minutes=1)
SAY = "I have read and understood these 4 side effects"


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def withdrawn(**fields) -> Consultation:
    """A booked visit whose acknowledgement was withdrawn."""
    consultation = make.confirmed(**fields)
    consent.actions.withdraw(
        consultation=consultation,
        record=consultation.consent_records.get().pk,
        language=consultation.language,
        now=make.NOW,
    )
    consultation.refresh_from_db()
    return consultation


def changed(consultation: Consultation, *, position: int = 3) -> Consultation:
    """The same visit after one side effect was worded anew and the patient is to be asked."""
    draft = make.risk_list(consultation.treatment)
    draft.risks.filter(position=position).update(
        what_helps_en="Breathe out.", what_helps_ar="ازفر."
    )
    make.publish(draft)
    bookings.actions.ask_again(consultation=consultation, now=make.NOW)
    consultation.refresh_from_db()
    return consultation


def owner(consultation: Consultation) -> Person:
    prefix = "/ar" if consultation.language == "ar" else ""
    return Person().opens_own_page(consultation).open(f"{prefix}/my/")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_after_a_withdrawal_every_side_effect_is_read_again(language):
    consultation = withdrawn(language=language)
    first = ConsentRecord.objects.get()
    prefix = "/ar" if language == "ar" else ""
    person = owner(consultation).open(f"{prefix}/my/risks/")
    for number in range(1, 5):
        assert person.url == f"{prefix}/my/risks/{number}/"
        assert "understood" not in person.form
        assert person.page.select_one("main .notice[role=status]")
        person.go_on(**TICK)
    assert person.url == f"{prefix}/my/risks/check/"
    person.go_on()
    assert person.url == f"{prefix}/my/"
    newest = ConsentRecord.objects.current_of(consultation)
    assert newest != first and newest.reading.language == language
    assert not newest.reading.acknowledgements.exclude(carried_from=None).exists()
    consultation.refresh_from_db()
    assert (consultation.receipt, consultation.asks_again_since) == (newest.record_hash, None)
    assert consultation.receipt_key == newest.entry.key_id and consultation.receipt_signature
    assert consultation.status == Status.CONFIRMED
    bookings.actions.arrive(consultation=consultation, now=consultation.starts_at)


def test_the_declaration_books_nothing_and_says_so():
    person = owner(withdrawn()).open("/my/risks/")
    for _number in range(4):
        assert person.has(
            "You withdrew your acknowledgement, so please read each side effect again"
        )
        person.go_on(**TICK)
    assert person.has("Your visit stays booked.") and "book my" not in person.main
    assert person.button(SAY).get_text() == SAY
    person.press(SAY)
    assert person.has("Thank you. Your answers are kept.")
    assert "Read the side effects again" not in person.main
    said = json.loads(
        bytes(ConsentRecord.objects.current_of(Consultation.objects.get()).entry.content)
    )
    assert said["declaration"] == SAY


def test_after_a_change_of_wording_only_what_changed_is_asked():
    consultation = changed(make.confirmed())
    person = owner(consultation)
    assert person.has("The wording of a side effect has changed since you read it.")
    person.follow("Read the side effects again")
    assert person.url == "/my/risks/3/" and person.has("Breathe out.")
    assert person.has("The wording of a side effect has changed. Please read it again.")
    person.press("Save and go on", **TICK).press(SAY)
    assert person.url == "/my/"
    acts = ConsentRecord.objects.current_of(consultation).reading.acknowledgements
    assert acts.exclude(carried_from=None).count() == 3
    assert acts.get(carried_from=None).risk.position == 3


def test_a_withdrawal_after_a_change_carries_nothing_over():
    consultation = changed(make.confirmed())
    half_way = owner(consultation).follow("Read the side effects again")
    assert counts()["Reading"] == 2
    record = ConsentRecord.objects.get()
    consent.actions.withdraw(
        consultation=consultation, record=record.pk, language="en", now=make.NOW
    )
    before = counts()
    half_way.press("Save and go on", **TICK)
    assert half_way.status == 409 and counts() == before
    assert half_way.follow("Continue").url == "/my/risks/1/"
    assert not Reading.objects.latest("pk").acknowledgements.exists()


def test_a_reading_that_was_begun_goes_on_where_it_was_left():
    consultation = withdrawn()
    owner(consultation).open("/my/risks/").press("Save and go on", **TICK)
    assert owner(consultation).open("/my/risks/").url == "/my/risks/2/"
    assert counts()["Reading"] == 2


def test_pressed_twice_the_last_button_stores_one_record():
    consultation = withdrawn()
    make.acknowledge_all(consultation)
    person = owner(consultation).open("/my/risks/check/").press(SAY)
    before = counts()
    person.again()
    assert (person.url, counts()) == ("/my/", before)
    reading = ConsentRecord.objects.current_of(consultation).reading_id
    again = consent.actions.seal_again(consultation=consultation, reading=reading, now=make.NOW)
    assert again.reading_id == reading and counts() == before


def test_a_switch_of_language_begins_anew_here_too():
    person = owner(withdrawn()).open("/my/risks/").press("Save and go on", **TICK)
    person.press("العربية", question="Half-typed")
    assert person.url == "/ar/my/risks/1/"
    assert Reading.objects.latest("pk").language == "ar"
    assert not Reading.objects.latest("pk").acknowledgements.exists()


def test_another_answer_on_the_way_keeps_the_others():
    person = owner(withdrawn()).open("/my/risks/")
    person.press("Save and go on", **TICK).press("Save and go on", **TICK)
    person.open("/my/risks/1/").press("Save my changed answer", **TICK, question="Why?")
    assert person.url == "/my/risks/3/"
    assert Consultation.objects.get().wants_to_talk


def test_a_wish_to_talk_is_seen_for_a_booked_visit_too():
    person = owner(withdrawn()).open("/my/risks/").press("I want to talk about this first")
    assert person.url == "/my/risks/1/talk/" and person.has("Your visit stays booked.")
    assert Consultation.objects.get().wants_to_talk


@pytest.mark.parametrize("prefix", ["", "/ar"])
def test_too_late_to_stop_there_is_the_phone_at_once_and_no_form(monkeypatch, prefix):
    consultation = withdrawn()
    person = owner(consultation).open(f"{prefix}/my/risks/stop/")
    assert person.status == 200 and "reason" in person.form
    notice = Clinic.objects.get().cancel_notice
    monkeypatch.setattr(clock, "now", lambda: make.TOMORROW_AT_9 - notice + MINUTE)
    before = counts()
    person.open(f"{prefix}/my/risks/stop/")
    assert person.status == 409 and not person.form
    assert person.page.select_one('a.button[href="tel:+97145550100"]')
    if not prefix:
        assert person.has("It is too close to your visit to move or cancel it here.")
    assert person.client.post(f"{prefix}/my/risks/stop/", {"reason": "ill"}).status_code == 409
    consultation.refresh_from_db()
    assert consultation.status == Status.CONFIRMED and counts() == before


def test_until_it_is_asked_nothing_can_be_acknowledged_again():
    consultation = make.confirmed()
    person = owner(consultation)
    for path in ("risks/", "risks/1/", "risks/check/", "risks/stop/", "risks/read-out/"):
        assert person.open(f"/my/{path}").url == "/my/", path
        assert person.client.post(f"/my/{path}").status_code in (303, 405), path
    with pytest.raises(NotPossibleNow):
        consent.actions.open_reading(consultation=consultation, language="en", now=make.NOW)
    with pytest.raises(StalePage):
        consent.actions.seal_again(consultation=consultation, reading=0, now=make.NOW)
    assert counts()["Reading"] == counts()["ConsentRecord"] == 1


def test_the_pages_are_behind_the_light_check():
    withdrawn()
    for path in ("risks/", "risks/1/", "risks/check/", "risks/stop/", "risks/read-out/"):
        assert Person().open(f"/my/{path}").status == 404, path


def test_an_unfinished_reading_or_one_from_before_is_not_sealed_again():
    consultation = withdrawn()
    old = ConsentRecord.objects.get().reading
    reading = make.acknowledge_all(consultation, leave=1)
    before = counts()
    for asked in (old.pk, 0):
        with pytest.raises(StalePage):
            consent.actions.seal_again(consultation=consultation, reading=asked, now=make.NOW)
    with pytest.raises(bookings.actions.RisksMissing):
        consent.actions.seal_again(consultation=consultation, reading=reading.pk, now=make.NOW)
    assert counts() == before


def test_a_visit_that_asks_again_without_a_change_needs_a_press_and_no_second_reading():
    """Nothing else has changed: the acts are carried over, and the declaration is said once more."""
    consultation = make.confirmed()
    bookings.actions.ask_again(consultation=consultation, now=make.NOW)
    person = owner(consultation).follow("Read the side effects again")
    assert person.url == "/my/risks/check/"
    person.press(SAY)
    assert ConsentRecord.objects.count() == 2 and Acknowledgement.objects.count() == 8


def test_over_the_api_the_same_addresses_serve_a_visit_that_asks_again():
    consultation = withdrawn()
    api = Api(token=token_of(consultation))
    assert api.get("consultation/").json()["asks_again_since"]
    told = api.get("consultation/risks/").json()
    assert told["declaration"] == SAY and not told["is_complete"]
    assert code_of(api.post("consultation/book/", reading=told["reading"])) == "risks_missing"
    for risk in told["risks"]:
        sent = api.post("consultation/acknowledgements/", shown=risk["shown"], understood=True)
        assert sent.status_code == 201
    booked = api.post("consultation/book/", reading=told["reading"]).json()
    assert booked["asks_again_since"] is None and booked["receipt"] != consultation.receipt
    assert api.post("consultation/book/", reading=told["reading"]).json() == booked


def test_a_screen_is_handed_to_a_patient_without_an_address_whose_visit_asks_again():
    consultation = make.held(email="", entered_by=make.staff())
    bookings.actions.prove_in_person(consultation=consultation, note="Mona saw her", now=make.NOW)
    make.sealed(consultation)
    staff = desk.reception()
    assert "hand-over" not in staff.get(desk.page(consultation)).content.decode()
    consent.actions.withdraw(
        consultation=consultation,
        record=ConsentRecord.objects.get().pk,
        language="en",
        now=make.NOW,
    )
    consultation.refresh_from_db()
    assert consultation.proven_by == Proof.IN_PERSON
    answer = staff.post(desk.button(consultation, "hand-over"))
    assert answer["Location"] == "/my/risks/"
    person = Person(staff).open("/my/risks/").press("Save and go on", **TICK)
    assert person.url == "/my/risks/2/"
    assert staff.get(desk.page(consultation)).status_code == 302  # nobody is signed in any more


@pytest.mark.parametrize("risks", [1, 3])
def test_the_pages_take_the_same_queries_however_long_the_list_is(risks):
    treatment = make.treatment("long", risks=risks)
    dermatologist = make.dermatologist("omar", treatments=[treatment])
    consultation = withdrawn(treatment=treatment, dermatologist=dermatologist)
    person = owner(consultation).open("/my/risks/1/")
    for path, count in (("/my/risks/1/", 21), ("/my/", 8)):
        with CaptureQueriesContext(connection) as queries:
            person.client.get(path)
        assert len(queries) == count, path
