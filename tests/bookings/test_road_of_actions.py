"""The whole road at the level of actions: asked, proven, acknowledged, confirmed, moved, ended."""

import datetime as dt

import pytest

import bookings.actions
import consent.actions
from bookings import links
from bookings.models import NotPossibleNow, Patient, Status
from consent.models import ConsentRecord
from tests import make

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)


def test_a_request_that_goes_the_whole_road_is_confirmed():
    consultation = make.held()
    assert consultation.status == Status.HELD
    assert Patient.objects.count() == 0
    consultation = bookings.actions.prove_by_code(
        consultation=consultation, code=links.code(consultation), now=make.NOW
    )
    assert consultation.patient.email == consultation.email
    record = make.sealed(consultation)
    consultation.refresh_from_db()
    assert consultation.status == Status.CONFIRMED
    assert consultation.receipt == record.record_hash
    assert consultation.risks_acknowledged == consultation.risks_total == 4


def test_sealing_twice_stores_one_record():
    consultation = make.confirmed()
    reading = consultation.readings.get()
    again = consent.actions.seal(consultation=consultation, reading=reading.pk, now=make.NOW)
    assert ConsentRecord.objects.get() == again


def test_a_time_that_is_held_is_taken_for_others_and_free_for_its_own_patient():
    mine = make.held()
    with pytest.raises(bookings.actions.TimeTaken):
        make.held()
    free = bookings.actions.free_times(treatment=mine.treatment, now=make.NOW)
    assert make.TOMORROW_AT_9 not in [time.starts_at for time in free]
    own = bookings.actions.free_times(treatment=mine.treatment, now=make.NOW, own=mine)
    assert make.TOMORROW_AT_9 in [time.starts_at for time in own]


def test_a_hold_that_ran_out_lets_the_next_patient_have_the_time():
    first = make.held()
    later = make.NOW + 21 * MINUTE
    second = make.held(now=later)
    first.refresh_from_db()
    assert (first.status, second.status) == (Status.EXPIRED, Status.HELD)


def test_a_hold_that_ran_out_is_confirmed_all_the_same_while_its_time_is_free():
    consultation = make.proven()
    reading = make.acknowledge_all(consultation)
    later = make.NOW + 90 * MINUTE
    bookings.actions.expire_holds(now=later)
    consent.actions.seal(consultation=consultation, reading=reading.pk, now=later)
    consultation.refresh_from_db()
    assert consultation.status == Status.CONFIRMED


def test_a_taken_time_refuses_the_last_press_and_stores_no_record():
    consultation = make.proven()
    reading = make.acknowledge_all(consultation)
    later = make.NOW + 90 * MINUTE
    make.held(now=later)
    with pytest.raises(bookings.actions.TimeTaken):
        consent.actions.seal(consultation=consultation, reading=reading.pk, now=later)
    assert not ConsentRecord.objects.exists()
    consultation.refresh_from_db()
    assert consultation.risks_acknowledged == 4


def test_a_move_raises_the_revision_and_frees_the_old_time():
    consultation = make.confirmed()
    to = make.TOMORROW_AT_9 + 60 * MINUTE
    moved = bookings.actions.move(
        consultation=consultation,
        dermatologist=consultation.dermatologist,
        starts_at=to,
        now=make.NOW,
    )
    assert (moved.starts_at, moved.revision) == (to, 1)
    assert make.held().starts_at == make.TOMORROW_AT_9


def test_a_move_to_a_taken_time_changes_nothing():
    consultation = make.confirmed()
    other = make.held(starts_at=make.TOMORROW_AT_9 + 60 * MINUTE)
    with pytest.raises(bookings.actions.TimeTaken):
        bookings.actions.move(
            consultation=consultation,
            dermatologist=consultation.dermatologist,
            starts_at=other.starts_at,
            now=make.NOW,
        )
    consultation.refresh_from_db()
    assert (consultation.starts_at, consultation.revision) == (make.TOMORROW_AT_9, 0)


def test_cancelling_is_idempotent_and_too_late_two_hours_before():
    consultation = make.confirmed()
    late = make.TOMORROW_AT_9 - 119 * MINUTE
    with pytest.raises(bookings.actions.TooLate):
        bookings.actions.cancel(consultation=consultation, now=late, by_patient=True)
    first = bookings.actions.cancel(consultation=consultation, now=make.NOW, by_patient=True)
    again = bookings.actions.cancel(consultation=consultation, now=late, by_patient=True)
    assert first.cancelled_at == again.cancelled_at == make.NOW


def test_an_outcome_can_be_undone_on_the_same_day_only():
    consultation = make.completed()
    noted = make.TOMORROW_AT_9 + 40 * MINUTE
    with pytest.raises(NotPossibleNow):
        bookings.actions.undo(consultation=consultation, now=noted + dt.timedelta(days=1))
    assert bookings.actions.undo(consultation=consultation, now=noted).status == Status.CONFIRMED


def test_a_patient_arrives_on_the_clinics_day_of_the_visit_only():
    consultation = make.confirmed(starts_at=make.TOMORROW_AT_9)
    midnight = make.TOMORROW_AT_9 - dt.timedelta(hours=9)  # the visit is at 9 in Dubai
    for other_day in (midnight - MINUTE, midnight + dt.timedelta(days=1)):
        with pytest.raises(NotPossibleNow):
            bookings.actions.arrive(consultation=consultation, now=other_day)
    assert bookings.actions.arrive(consultation=consultation, now=midnight).status == Status.ARRIVED
