"""Withdrawing: an act of its own, stored once; the visit stays booked, and the patient is asked again."""

import json

import pytest

import bookings.actions
import consent.actions
from bookings.actions import TooLate
from bookings.models import Consultation, NotPossibleNow, Status
from clinic import clock
from consent.actions import StalePage
from consent.bodies import withdrawal_body
from consent.models import ActKind, ConsentRecord, PatientAct
from tests import desk, make
from tests.bookings.api import Api, code_of, token_of
from tests.consent.acting import MINUTE, STOP, at, kept
from tests.consent.evidence import counts
from tests.person import Person

pytestmark = pytest.mark.django_db
WITHDRAW = "I withdraw my acknowledgement"


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def owner(consultation: Consultation) -> Person:
    return Person().opens_own_page(consultation)


def test_withdrawing_leaves_the_visit_booked_and_asks_again():
    consultation = make.confirmed()
    person = owner(consultation).follow("Withdraw my acknowledgement of the side effects")
    for words in ("Your visit stays booked.", "The dermatologist sees that you withdrew it."):
        assert person.has(words), words
    person.press(WITHDRAW, reason="I changed my mind.")
    assert person.url == "/my/"
    assert person.has("You withdrew your acknowledgement of the side effects.")
    assert person.link("Read the side effects again")["href"] == "/my/risks/"
    act, record = PatientAct.objects.get(), ConsentRecord.objects.get()
    assert (act.kind, act.record, act.reading) == (ActKind.WITHDRAWN, record, record.reading)
    assert kept(act.note_commitment) == "I changed my mind."
    said = json.loads(bytes(act.entry.content))
    assert said | withdrawal_body(act) == said and said["record"] == record.record_hash
    row = Consultation.objects.get()
    assert (row.status, row.asks_again_since) == (Status.CONFIRMED, make.NOW)
    assert row.receipt == record.record_hash  # it was true when sealed


def test_the_patient_does_not_arrive_before_reading_again_and_today_says_so(monkeypatch):
    consultation = make.confirmed()
    owner(consultation).follow("Withdraw my").press(WITHDRAW)
    with pytest.raises(NotPossibleNow):
        bookings.actions.arrive(consultation=consultation, now=consultation.starts_at)
    page = desk.reception().get(desk.url(desk.LIST)).content.decode()
    assert "asked again" in page and "4 of 4" not in page


def test_withdrawing_twice_stores_one():
    consultation = make.confirmed()
    person = owner(consultation).follow("Withdraw my").press(WITHDRAW, reason="No.")
    before = counts()
    person.again()
    assert (person.url, counts()) == ("/my/", before)
    assert "Withdraw my acknowledgement" not in person.main
    assert person.open("/my/withdraw/").url == "/my/"


def test_a_page_from_before_another_record_withdraws_nothing_new():
    consultation = make.confirmed()
    stale = owner(consultation).follow("Withdraw my")
    owner(consultation).follow("Withdraw my").press(WITHDRAW)
    make.acknowledge_all(consultation)
    reading = consultation.readings.first()
    consent.actions.seal_again(consultation=consultation, reading=reading.pk, now=make.NOW)
    before = counts()
    stale.press(WITHDRAW)
    assert counts() == before and Consultation.objects.get().asks_again_since is None


@pytest.mark.parametrize("record", ["", "0", "-1", "abc", "٣", "9" * 40])
def test_a_record_that_is_not_this_visits_is_not_withdrawn(record):
    person = owner(make.confirmed()).follow("Withdraw my")
    before = counts()
    person.press(WITHDRAW, record=record)
    assert counts() == before and person.url == "/my/"


def test_somebody_elses_record_is_not_withdrawn():
    other = make.confirmed(starts_at=make.TOMORROW_AT_9 + 60 * MINUTE).consent_records.get()
    consultation = make.confirmed()
    before = counts()
    with pytest.raises(StalePage):
        consent.actions.withdraw(
            consultation=consultation, record=other.pk, language="en", now=make.NOW
        )
    assert counts() == before


@pytest.mark.parametrize("made", [make.proven, make.completed])
def test_only_of_a_visit_that_is_booked_and_ahead_something_is_withdrawn(made):
    consultation = made()
    record = consultation.consent_records.first()
    with pytest.raises(NotPossibleNow):
        consent.actions.withdraw(
            consultation=consultation,
            record=record.pk if record else 1,
            language="en",
            now=make.NOW,
        )
    person = owner(consultation)
    assert "Withdraw" not in person.main and person.open("/my/withdraw/").url == "/my/"
    assert not counts()["PatientAct"]


def test_a_stranger_withdraws_nothing():
    make.confirmed()
    assert Person().open("/my/withdraw/").status == 404
    assert Person().client.post("/my/withdraw/", {"record": "1"}).status_code == 303
    assert not counts()["PatientAct"]


def test_withdrawing_over_the_api():
    consultation = make.confirmed()
    api = Api(token=token_of(consultation))
    refused = api.post("consultation/withdrawal/", receipt="0" * 64)
    assert (refused.status_code, code_of(refused)) == (409, "not_possible_now")
    for _time in range(2):
        told = api.post("consultation/withdrawal/", receipt=consultation.receipt, reason="No.")
        assert (told.status_code, told.json()["kind"]) == (201, "withdrawn")
    assert counts()["PatientAct"] == 1
    assert api.get("consultation/").json()["asks_again_since"]


def test_not_going_on_with_a_visit_that_asks_again_cancels_it_but_not_too_late(monkeypatch):
    consultation = make.confirmed()
    person = owner(consultation).follow("Withdraw my").press(WITHDRAW)
    person.follow("Read the side effects again").follow("I do not want to go on")
    assert person.has("If you stop, your visit is cancelled")
    late = consultation.starts_at - 60 * MINUTE
    at(monkeypatch, late)
    before = counts()
    assert person.press(STOP).has("It is too close to your visit") and counts() == before
    with pytest.raises(TooLate):
        consent.actions.decline(consultation=consultation, language="en", now=late)
    at(monkeypatch, make.NOW)
    person.open("/my/risks/stop/").press(STOP)
    assert person.url == "/my/" and person.has("This visit is cancelled.")
    assert PatientAct.objects.filter(kind=ActKind.DECLINED).count() == 1
