"""What a request is owed before it is a visit: codes, links, and word that its hold ran out."""

import datetime as dt

import pytest

import bookings.actions
from bookings import links, owing
from bookings.models import Kind
from tests import make
from tests.bookings.owing import kinds, note, owed

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


def test_a_code_is_owed_for_ten_minutes_to_an_address_that_is_not_proven():
    consultation = make.held()
    (row,) = owing.owed(now=make.NOW)
    assert (row.kind, row.serial, row.addressee) == (Kind.CODE, 1, consultation.email)
    assert row.about == f"{consultation.reference} code 1"
    assert row.useful_until == make.NOW + 10 * MINUTE
    assert owed(make.NOW + 9 * MINUTE) == [Kind.CODE]
    assert owed(make.NOW + 10 * MINUTE) == []
    bookings.actions.prove_by_code(
        consultation=consultation, code=links.code(consultation), now=make.NOW
    )
    assert owed(make.NOW) == []


def test_a_new_code_is_owed_again_and_the_old_one_no_more():
    consultation = make.held()
    (first,) = note(make.NOW)
    later = make.NOW + MINUTE
    bookings.actions.send_code(consultation=consultation, now=later)
    assert not owing.still_owed(first, now=later)
    (second,) = note(later)
    assert second.about.endswith("code 2")


def test_a_corrected_address_is_sent_the_code_and_the_mistyped_one_no_more():
    consultation = make.held(email="typo@example.com")
    (first,) = note(make.NOW)
    bookings.actions.change_details(
        consultation=consultation, email="right@example.com", now=make.NOW + MINUTE
    )
    (second,) = note(make.NOW + MINUTE)
    assert second.addressee == "right@example.com"
    assert not owing.still_owed(first, now=make.NOW + MINUTE)


def test_who_waits_for_a_time_is_told_that_the_request_arrived():
    consultation = make.waiting()
    assert owed(make.NOW) == [Kind.CODE]
    bookings.actions.prove_by_code(
        consultation=consultation, code=links.code(consultation), now=make.NOW
    )
    assert owed(make.NOW) == [Kind.REQUEST_RECEIVED]


def test_a_request_taken_on_the_phone_is_owed_a_link_to_finish_it():
    make.held(entered_by=make.staff())
    assert owed(make.NOW) == [Kind.FINISH]


def test_a_request_without_an_address_is_owed_nothing():
    consultation = make.held(entered_by=make.staff(), email="")
    bookings.actions.prove_in_person(consultation=consultation, note="Sara, passport", now=make.NOW)
    make.sealed(consultation)
    assert owed(make.NOW) == owed(make.TOMORROW_AT_9 - HOUR) == []


def test_a_link_asked_for_after_the_booking_is_owed_each_time():
    consultation = make.confirmed()
    assert kinds(note(make.NOW)) == [Kind.CONFIRMED]
    for minutes in (1, 2):
        at = make.NOW + minutes * MINUTE
        bookings.actions.send_link(consultation=consultation, now=at)
        assert kinds(note(at)) == [Kind.LINK]


def test_the_link_to_finish_is_owed_no_more_once_the_visit_is_booked():
    consultation = make.held(entered_by=make.staff())
    token = links.token(consultation, links.Purpose.PAGE)
    later = make.NOW + 5 * MINUTE
    bookings.actions.prove_by_link(token=token, now=later, purpose=links.Purpose.PAGE)
    make.sealed(consultation, now=later)
    assert owed(later) == [Kind.CONFIRMED]


def test_a_hold_that_ran_out_is_told_to_a_proven_address_only():
    make.proven()
    make.held(starts_at=make.TOMORROW_AT_9 + HOUR)
    late = make.NOW + 70 * MINUTE
    assert owed(late) == [Kind.HOLD_RAN_OUT]
    bookings.actions.expire_holds(now=late)
    assert owed(late) == [Kind.HOLD_RAN_OUT]
    assert owed(late + DAY) == []


def test_a_second_hold_that_runs_out_is_told_again():
    consultation = make.proven()
    late = make.NOW + 70 * MINUTE
    assert kinds(note(late)) == [Kind.HOLD_RAN_OUT]
    consultation = bookings.actions.choose_time(
        consultation=consultation,
        dermatologist=consultation.dermatologist,
        starts_at=make.TOMORROW_AT_9 + HOUR,
        now=late,
    )
    assert note(late + MINUTE) == []
    assert kinds(note(late + 70 * MINUTE)) == [Kind.HOLD_RAN_OUT]
