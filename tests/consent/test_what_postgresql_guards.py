"""Visits straight through the ORM and SQL: PostgreSQL refuses, under a name that is a sentence."""

import datetime as dt

import pytest
from django.db import connection

import bookings.actions
from bookings.models import TRANSITIONS, Consultation, Status
from clinic.models import Concern
from tests import make
from tests.consent.refusals import put, refusal

pytestmark = pytest.mark.django_db


def finished_columns(consultation: Consultation, receipt: str = "f" * 64) -> dict:
    return {
        "status": Status.CONFIRMED,
        "risks_total": 4,
        "risks_acknowledged": 4,
        "risks_acknowledged_at": make.NOW,
        "receipt": receipt,
    }


def test_two_patients_in_one_slot_are_refused():
    first = make.held()
    overlapping = first.starts_at + dt.timedelta(minutes=10)
    second = make.held(starts_at=make.TOMORROW_AT_9 + dt.timedelta(hours=1))
    name = put(second, starts_at=overlapping, ends_at=overlapping + dt.timedelta(minutes=20))
    assert name == "one_patient_at_a_time"


def test_columns_that_claim_every_risk_are_refused_without_the_record():
    consultation = make.proven()
    make.acknowledge_all(consultation, leave=1)
    assert (
        put(consultation, **finished_columns(consultation)) == "a_visit_has_a_record_of_every_risk"
    )


def test_another_consultations_record_confirms_nothing():
    receipt = make.confirmed().receipt
    consultation = make.proven(starts_at=make.TOMORROW_AT_9 + dt.timedelta(hours=1))
    make.acknowledge_all(consultation)
    name = put(consultation, **finished_columns(consultation, receipt))
    assert name == "a_visit_has_a_record_of_every_risk"


def test_a_confirmed_visit_cannot_turn_to_another_treatment():
    consultation = make.confirmed()
    other = make.treatment("laser-hair-removal")
    consultation.dermatologist.treatments.add(other)
    name = put(consultation, treatment=other, concern=None)
    assert name == "a_visit_has_a_record_of_every_risk"


def test_a_visit_about_what_its_dermatologist_does_not_offer_is_refused():
    name = "a_dermatologist_offers_what_the_visit_is_about"
    consultation = make.held()
    other = make.treatment("laser-hair-removal")
    assert put(consultation, treatment=other, concern=None) == name
    somebody = make.dermatologist("arjun", treatments=[other])
    assert put(consultation, dermatologist=somebody) == name
    new = Consultation.objects.get(pk=consultation.pk)
    new.pk, new.reference, new.dermatologist = None, "NEWNEWNE", somebody
    assert refusal(new.save) == name


def test_a_treatment_that_a_dermatologist_gives_up_leaves_the_visits_about_it():
    consultation = make.confirmed()
    consultation.dermatologist.treatments.clear()
    at = consultation.starts_at
    done = bookings.actions.cancel(consultation=consultation, now=at, by_patient=False)
    assert done.status == Status.CANCELLED


def test_two_visits_of_one_person_at_once_are_refused():
    first = make.proven(dermatologist=make.dermatologist("huda"))
    at = make.TOMORROW_AT_9 + dt.timedelta(hours=1)
    second = make.proven(
        dermatologist=make.dermatologist("arjun"),
        starts_at=at,
        email=first.email,
        patient_name=first.patient_name,
        birth_date=first.birth_date,
    )
    assert second.patient == first.patient
    name = put(second, starts_at=first.starts_at, ends_at=first.ends_at)
    assert name == "one_visit_at_a_time_for_a_patient"


@pytest.mark.parametrize("old", Status.values)
def test_the_databases_transition_table_is_the_one_in_python(old):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef('refuse_a_step_outside_the_transition_table'::regproc)"
        )
        body = cursor.fetchone()[0]
    allowed = {new for new in Status.values if f"('{old}', '{new}')" in body}
    assert allowed == set(TRANSITIONS[old])


def test_a_step_outside_the_transition_table_is_refused():
    assert put(make.waiting(), status=Status.EXPIRED) == "only_steps_of_the_transition_table"


def test_a_concern_of_another_treatment_is_refused():
    consultation = make.waiting()
    other = Concern.objects.filter(treatment=make.treatment("laser-hair-removal")).first()
    assert put(consultation, concern=other) == "a_concern_belongs_to_its_treatment"


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (
            {"status": Status.HELD, "held_at": make.NOW, "hold_expires_at": make.NOW},
            "a_taken_slot_has_its_time_and_dermatologist",
        ),
        ({"status": Status.HELD}, "a_hold_says_until_when"),
        (
            {
                "starts_at": make.NOW,
                "ends_at": make.NOW,
                "status": Status.CANCELLED,
                "cancelled_at": make.NOW,
            },
            "a_visit_ends_after_it_starts",
        ),
        (
            {
                "starts_at": make.NOW,
                "ends_at": make.NOW + dt.timedelta(hours=8, minutes=1),
                "status": Status.CANCELLED,
                "cancelled_at": make.NOW,
            },
            "a_visit_takes_eight_hours_at_most",
        ),
        ({"status": Status.CANCELLED}, "a_cancelled_one_says_when"),
        ({"proven_at": make.NOW}, "a_proven_address_says_how"),
        ({"risks_acknowledged": 1}, "no_more_risks_acknowledged_than_listed"),
        (
            {"starts_at": make.NOW, "ends_at": make.NOW + dt.timedelta(minutes=20)},
            "a_waiting_request_has_no_time",
        ),
    ],
)
def test_a_status_without_its_fields_is_refused(values, name):
    assert put(make.waiting(), **values) == name
