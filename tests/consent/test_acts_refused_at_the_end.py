"""What the last press must refuse with nothing stored, and what a withdrawal has made void."""

from typing import Any

import pytest

import bookings.actions
import consent.actions
from bookings.models import Consultation, Status
from clinic import clock
from consent.actions import StalePage
from consent.models import ConsentRecord, Reading
from tests import make
from tests.bookings.api import Api, token_of
from tests.consent.evidence import counts
from tests.consent.shown import Page, another, by_api, token
from tests.person import Person


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


# --- The last press -------------------------------------------------------------------------------


def reading_of_another(consultation: Consultation, reading: Reading) -> int:
    return another().reading.pk


def reading_before(consultation: Consultation, reading: Reading) -> int:
    consent.actions.open_reading(consultation=consultation, language="ar", now=make.NOW)
    return reading.pk


def reading_after_a_change(consultation: Consultation, reading: Reading) -> int:
    draft = make.risk_list(consultation.treatment)
    draft.risks.filter(position=1).update(what_helps_en="Breathe out.", what_helps_ar="ازفر.")
    make.publish(draft)
    return reading.pk


def no_reading(consultation: Consultation, reading: Reading) -> int:
    return 0


def ended(consultation: Consultation, reading: Reading) -> int:
    consent.actions.decline(consultation=consultation, language="en", now=make.NOW)
    return reading.pk


SEALS = [reading_of_another, reading_before, reading_after_a_change, no_reading, ended]


@pytest.mark.django_db
@pytest.mark.parametrize("send", ["page", "api"])
@pytest.mark.parametrize("attack", SEALS, ids=lambda attack: attack.__name__)
def test_the_last_press_is_refused_with_nothing_stored(attack, send):
    consultation = make.proven()
    reading = attack(consultation, make.acknowledge_all(consultation))
    before = counts()
    assert press(consultation, send, reading=reading) in (303, 409)
    assert counts() == before
    assert not Consultation.objects.filter(status=Status.CONFIRMED).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("send", ["page", "api"])
@pytest.mark.parametrize("name", ["sealed_at", "acknowledged_at", "declaration", "acts"])
def test_the_last_press_takes_nothing_but_the_reading(name, send):
    consultation = make.proven()
    reading = make.acknowledge_all(consultation)
    before = counts()
    assert press(consultation, send, reading=reading.pk, **{name: "x"}) == 400
    assert counts() == before
    assert press(consultation, send, reading=reading.pk) in (200, 303)
    assert ConsentRecord.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("send", ["page", "api"])
def test_one_side_effect_that_is_missing_books_nothing(send):
    consultation = make.proven()
    reading = make.acknowledge_all(consultation, leave=1)
    before = counts()
    assert press(consultation, send, reading=reading.pk) in (303, 409)
    assert counts() == before and not ConsentRecord.objects.exists()


def press(consultation: Consultation, send: str, **sent: Any) -> int:
    if send == "api":
        return Api(token=token_of(consultation)).post("consultation/book/", **sent).status_code
    return Person().walks(consultation).client.post("/book/check/", sent).status_code


# --- Withdrawn ------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["acknowledge", "talk"])
@pytest.mark.parametrize("when", ["sealed", "half-way"])
@pytest.mark.parametrize("send", [by_api, "own page", "action"])
def test_a_token_from_before_a_withdrawal_is_refused(send, when, act):
    consultation = make.confirmed()
    record = consultation.consent_records.get()
    if when == "half-way":  # a reading that was begun again, and then all of it is withdrawn
        draft = make.risk_list(consultation.treatment)
        draft.risks.filter(position=1).update(what_helps_en="Breathe.", what_helps_ar="تنفّس.")
        make.publish(draft)
        bookings.actions.ask_again(consultation=consultation, now=make.NOW)
        reading = consent.actions.open_reading(
            consultation=consultation, language="en", now=make.NOW
        )
    else:
        reading = record.reading
    risk = reading.risk_list.risks.get(position=1)
    page = Page(consultation, reading, risk, token(reading, risk))
    consent.actions.withdraw(
        consultation=consultation, record=record.pk, language="en", now=make.NOW
    )
    before = counts()
    if send == "action":
        with pytest.raises(StalePage):
            consent.actions.acknowledge(
                consultation=consultation,
                shown=page.shown,
                understood=True,
                question="Another answer",
                now=make.NOW,
            )
    elif send == "own page":
        sent = {"shown": page.shown} | ({"act": "talk"} if act == "talk" else {"understood": "on"})
        client = Person().opens_own_page(consultation).client
        assert client.post("/my/risks/1/", sent).status_code == 409
    else:
        assert send(page, act) == 409
    assert counts() == before
