"""What the desk says and holds back while a booked patient is asked to acknowledge again."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup

import bookings.actions
import consent.actions
from bookings.models import Consultation, NotPossibleNow
from clinic import clock
from consent.models import ErasureRequest, PatientAct, RecordAccess
from tests import desk, make
from tests.person import Person

pytestmark = pytest.mark.django_db
AFTER = make.TOMORROW_AT_9 + dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def withdrawn(**fields) -> Consultation:
    visit = make.confirmed(**fields)
    consent.actions.withdraw(
        consultation=visit, record=visit.consent_records.get().pk, language="en", now=make.NOW
    )
    visit.refresh_from_db()
    return visit


@pytest.mark.parametrize("how", ["arrive", "complete"])
def test_no_visit_begins_while_its_patient_is_asked_again(how):
    visit = withdrawn()
    with pytest.raises(NotPossibleNow, match="acknowledge the side effects again"):
        getattr(bookings.actions, how)(consultation=visit, now=make.TOMORROW_AT_9)
    bookings.actions.no_show(consultation=visit, now=AFTER)


def test_a_visit_that_had_begun_is_completed_whatever_was_asked_since():
    visit = make.confirmed()
    bookings.actions.arrive(consultation=visit, now=make.TOMORROW_AT_9)
    Consultation.objects.filter(pk=visit.pk).update(asks_again_since=make.TOMORROW_AT_9)
    assert bookings.actions.complete(consultation=visit, now=AFTER).status == "completed"


@pytest.mark.parametrize("now", [make.TOMORROW_AT_9, AFTER])
def test_nothing_is_withdrawn_once_the_visit_has_begun(now, monkeypatch):
    visit = make.confirmed()
    monkeypatch.setattr(clock, "now", lambda: now)
    person = Person().opens_own_page(visit).open("/my/withdraw/")
    assert person.url == "/my/" and "Your visit has begun" in person.text
    with pytest.raises(NotPossibleNow):
        consent.actions.withdraw(
            consultation=visit, record=visit.consent_records.get().pk, language="en", now=now
        )
    assert not PatientAct.objects.exists()


@pytest.mark.parametrize("client", [desk.reception, desk.dermatologist])
def test_the_consultations_page_says_why_and_what_to_do(client):
    text = client().get(desk.page(withdrawn())).content.decode()
    assert "has withdrawn the acknowledgement" in text
    assert "a screen that you hand over" in text
    assert (
        "has withdrawn" not in client().get(desk.page(make.held(starts_at=AFTER))).content.decode()
    )


def test_the_chip_counts_and_finds_who_is_asked_again():
    withdrawn(patient_name="Layla")
    soup = BeautifulSoup(desk.reception().get(desk.url(desk.LIST)).content, "html.parser")
    (chip,) = [one for one in soup.select(".chips a") if "risks=missing" in one["href"]]
    assert chip.select_one(".count").get_text() == "1"
    found = desk.reception().get(desk.url(desk.LIST) + "?risks=missing").content.decode()
    assert "Layla" in found


@pytest.mark.parametrize("page", ["/my/acknowledged/", "/my/acknowledged.pdf"])
@pytest.mark.parametrize("client", [desk.reception, desk.lead, desk.dermatologist])
def test_staff_who_hold_a_patients_link_read_the_record_at_the_desk_alone(page, client):
    visit = make.confirmed()
    staff = Person(client()).opens_own_page(visit).open(page)
    assert staff.status == 403
    assert staff.has("At the desk each look at a record is written down.")
    assert not staff.has("Burning sensation")
    assert not RecordAccess.objects.exists()


def test_staff_do_not_ask_for_erasure_in_the_patients_name():
    visit = make.confirmed()
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)
    staff = Person(desk.reception()).opens_own_page(visit).open("/my/erase/")
    staff.client.post("/my/erase/", staff.form | {"sure": "on"})
    assert not ErasureRequest.objects.exists()
