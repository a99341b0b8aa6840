"""When an erasure is refused, how a request for one is answered, and what a legal hold stops."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

import bookings.actions
import consent.actions
from bookings.models import Consultation
from clinic import clock
from consent.actions import Basis
from consent.models import Answer, ErasureRequest, LegalHold
from tests import make
from tests.consent.erased import AT, OVER, tables
from tests.consent.erasing import SAME, cancelled, erase

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


# --- Refusals -----------------------------------------------------------------------------------


def refused(consultation: Consultation, **how) -> str:
    """Why it was refused; nothing has changed."""
    make.staff("lead", group="Lead")
    before = tables()
    with pytest.raises(bookings.models.NotPossibleNow) as refusal:
        erase(consultation, **how)
    assert tables() == before
    return str(refusal.value)


def test_a_legal_hold_stops_it():
    consultation = cancelled()
    lead = make.staff("lead")
    hold = consent.actions.place_hold(
        consultation=consultation, reason="a claim", by=lead, now=make.NOW
    )
    assert "legal hold" in refused(consultation)
    assert "legal hold" in refused(
        consultation, basis=Basis.RETENTION, now=make.NOW + dt.timedelta(days=9999)
    )
    consent.actions.lift_hold(hold=hold, reason="settled", by=lead, now=make.NOW)
    assert erase(consultation).consultation.is_erased


def test_a_visit_ahead_is_cancelled_first():
    assert "Cancel it first" in refused(make.held())
    consultation = make.confirmed(starts_at=AT + dt.timedelta(hours=1))
    assert "Cancel it first" in refused(consultation)
    assert erase(consultation, now=AT + dt.timedelta(hours=2)).consultation.is_erased


def test_what_the_law_keeps_is_not_erased_before_its_time():
    consultation = make.completed()
    bookings.actions.record_session(
        consultation=consultation, took_place_at=OVER, now=OVER, recorded_by=None
    )
    later = OVER + dt.timedelta(days=1)
    assert "until 23 November 2051" in refused(consultation, now=later)
    assert "until 23 November 2051" in refused(consultation, basis=Basis.RETENTION, now=later)
    on_time = OVER.replace(year=2051)
    assert erase(consultation, basis=Basis.RETENTION, now=on_time).consultation.is_erased


def test_another_consultation_of_a_treated_patient_is_kept_as_long():
    treated = make.completed(**SAME)
    bookings.actions.record_session(
        consultation=treated, took_place_at=OVER, now=OVER, recorded_by=None
    )
    other = cancelled(**SAME, starts_at=AT + dt.timedelta(hours=3))
    assert "2051" in refused(other)


def test_a_voided_session_keeps_nothing():
    consultation = make.completed()
    session = bookings.actions.record_session(
        consultation=consultation, took_place_at=OVER, now=OVER, recorded_by=None
    )
    bookings.actions.void_session(session=session, reason="Wrong patient", now=OVER)
    assert erase(consultation, now=OVER).consultation.is_erased


def test_nothing_is_erased_by_itself_before_its_time():
    assert "22 November 2028" in refused(cancelled(), basis=Basis.RETENTION)


def test_a_persons_request_is_answered_by_a_person():
    with pytest.raises(ValueError):
        consent.actions.erase(consultation=cancelled(), basis=Basis.ASKED, now=make.NOW)


# --- Requests and their answer ------------------------------------------------------------------


def test_asking_twice_is_one_request():
    consultation = cancelled()
    first = consent.actions.ask_for_erasure(consultation=consultation, now=make.NOW)
    again = consent.actions.ask_for_erasure(
        consultation=consultation, taken_by=make.staff(), now=OVER
    )
    assert first == again and ErasureRequest.objects.count() == 1


def test_nobody_asks_while_a_visit_lies_ahead():
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.ask_for_erasure(consultation=make.confirmed(), now=make.NOW)


def test_granting_erases_and_answers_in_one_step():
    consultation, lead = cancelled(), make.staff("lead")
    asked = consent.actions.ask_for_erasure(consultation=consultation, now=make.NOW)
    consent.actions.grant_erasure(asked=asked, by=lead, now=OVER)
    consent.actions.grant_erasure(asked=asked, by=lead, now=OVER)
    asked.refresh_from_db()
    assert (asked.answer, asked.answered_at, asked.answered_by) == (Answer.GRANTED, OVER, lead)
    consultation.refresh_from_db()
    assert consultation.erased_at == OVER
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.refuse_erasure(asked=asked, why="no", by=lead, now=OVER)


def test_what_cannot_be_erased_cannot_be_granted():
    consultation, lead = cancelled(), make.staff("lead")
    asked = consent.actions.ask_for_erasure(consultation=consultation, now=make.NOW)
    consent.actions.place_hold(consultation=consultation, reason="a claim", by=lead, now=OVER)
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.grant_erasure(asked=asked, by=lead, now=OVER)
    asked.refresh_from_db()
    assert asked.answer == Answer.OPEN


def test_a_refusal_says_why_and_the_patient_can_ask_again():
    consultation, lead = cancelled(), make.staff("lead")
    asked = consent.actions.ask_for_erasure(consultation=consultation, now=make.NOW)
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.refuse_erasure(asked=asked, why=" ", by=lead, now=OVER)
    consent.actions.refuse_erasure(asked=asked, why="Not yet.", by=lead, now=OVER)
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.grant_erasure(asked=asked, by=lead, now=OVER)
    assert not Consultation.objects.get(pk=consultation.pk).is_erased
    assert consent.actions.ask_for_erasure(consultation=consultation, now=OVER) != asked


def test_the_usual_refusal_names_the_rule_and_the_day_in_the_patients_language():
    consultation = make.completed(language="ar")
    assert consent.actions.usual_refusal(consultation, now=OVER) == ""
    bookings.actions.record_session(
        consultation=consultation, took_place_at=OVER, now=OVER, recorded_by=None
    )
    words = consent.actions.usual_refusal(consultation, now=OVER)
    assert "2019" in words and "2051" in words and "25" in words


# --- Legal holds --------------------------------------------------------------------------------


def test_one_hold_at_a_time_each_with_its_reasons():
    consultation, lead = cancelled(), make.staff("lead")
    place = {"consultation": consultation, "by": lead, "now": make.NOW}
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.place_hold(**place, reason=" ")
    hold = consent.actions.place_hold(**place, reason="a claim")
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.place_hold(**place, reason="another")
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.lift_hold(hold=hold, reason="", by=lead, now=OVER)
    lifted = consent.actions.lift_hold(hold=hold, reason="settled", by=lead, now=OVER)
    again = consent.actions.lift_hold(hold=hold, reason="other words", by=lead, now=OVER)
    assert again.lift_reason == lifted.lift_reason == "settled"
    consent.actions.place_hold(**place, reason="another claim")
    assert LegalHold.objects.filter(lifted_at=None).count() == 1


def test_the_function_that_erases_refuses_under_a_hold_whoever_calls_it():
    consultation = cancelled()
    consent.actions.place_hold(
        consultation=consultation, reason="a claim", by=make.staff("lead"), now=make.NOW
    )
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT erase_particulars(%s, '{}'::bytea, '', '\\x00'::bytea)", [consultation.pk]
        )
    assert error.value.__cause__.diag.constraint_name == "a_legal_hold_stops_an_erasure"
