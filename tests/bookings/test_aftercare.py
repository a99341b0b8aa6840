"""Aftercare counts from treatment sessions: each step once, none for a session that was voided."""

import datetime as dt

import pytest

import bookings.actions
from bookings import owing
from bookings.models import Kind
from tests import make
from tests.bookings.owing import note, owed, session_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def test_each_step_of_aftercare_is_owed_once_after_its_hours():
    steps = make.aftercare_steps(make.treatment())
    session = session_of(make.completed())
    note(make.NOW)  # what the visit itself was owed
    at = session.took_place_at
    rows = [note(at + after) for after in (0 * HOUR, HOUR, DAY, 2 * DAY, 3 * DAY)]
    assert [[row.step for row in noted] for noted in rows] == [
        [steps[0]],
        [],
        [steps[1]],
        [steps[2]],
        [],
    ]
    assert rows[0][0].useful_until == at + DAY
    assert rows[3][0].useful_until == at + 2 * DAY + 14 * DAY


def test_a_session_recorded_late_gets_the_step_that_it_is_at():
    steps = make.aftercare_steps(make.treatment())
    consultation = make.completed()
    late = consultation.starts_at + HOUR + 30 * HOUR
    session_of(consultation, now=late)
    assert [row.step for row in owing.owed(now=late)] == [steps[1]]
    assert owed(late + 40 * DAY) == []


def test_two_steps_at_the_same_hour_are_one_e_mail():
    plan = make.plan(make.treatment(), hours=(0, 24))
    make.write_step(plan, 24, key="sun", position=3)
    make.publish_plan(plan)
    session = session_of(make.completed())
    assert len(owing.owed(now=session.took_place_at + DAY)) == 1


def test_a_voided_session_is_owed_nothing_more():
    make.aftercare_steps(make.treatment())
    session = session_of(make.completed())
    at = session.took_place_at
    (noted,) = note(at)
    bookings.actions.void_session(session=session, reason="Wrong patient", now=at)
    assert not owing.still_owed(noted, now=at)
    assert owed(at + DAY) == []


def test_a_session_of_another_treatment_gets_that_treatments_steps():
    make.aftercare_steps(make.treatment())
    laser = make.treatment("laser-hair-removal")
    steps = make.aftercare_steps(laser, hours=(0,))
    consultation = make.completed()
    bookings.actions.record_session(
        consultation=consultation,
        took_place_at=consultation.starts_at + HOUR,
        now=consultation.starts_at + HOUR,
        recorded_by=None,
        treatment=laser,
    )
    (row,) = owing.owed(now=consultation.starts_at + HOUR)
    assert row.step == steps[0]


def test_no_aftercare_after_a_consultation_that_was_cancelled_on_arrival():
    make.aftercare_steps(make.treatment())
    consultation = make.confirmed()
    bookings.actions.arrive(consultation=consultation, now=consultation.starts_at)
    session = session_of(consultation)
    bookings.actions.cancel(consultation=consultation, now=session.took_place_at, by_patient=False)
    assert owed(session.took_place_at) == [Kind.CANCELLED]
