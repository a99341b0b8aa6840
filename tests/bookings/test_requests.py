"""Asking for a time: what is refused, how long a time is held, and how many can wait unproven."""

import datetime as dt

import pytest

import bookings.actions
from bookings.models import Closure, Consultation, Message, NotPossibleNow, Patient, Status
from clinic.models import Concern
from tests import make

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("starts_at", "why"),
    [
        (make.TOMORROW_AT_9 - 6 * HOUR, "does not see patients at this time"),
        (make.TOMORROW_AT_9 + MINUTE, "cannot begin exactly"),
        (make.TOMORROW_AT_9 + 8 * HOUR, "does not see patients at this time"),
        (make.TOMORROW_AT_9 + 7 * HOUR + 50 * MINUTE, "last past the dermatologist's hours"),
        (make.NOW - DAY, "has passed"),
        (make.NOW + HOUR + 40 * MINUTE, "too soon"),
        (make.TOMORROW_AT_9 + 43 * DAY, "too far ahead"),
    ],
)
def test_a_time_that_is_not_offered_is_refused(starts_at, why):
    with pytest.raises(bookings.actions.NotOffered, match=why):
        make.held(starts_at=starts_at)
    assert not Consultation.objects.exists()


def test_the_last_bookable_day_is_counted_by_the_clinics_calendar():
    assert make.held(starts_at=make.TOMORROW_AT_9 + 41 * DAY).status == Status.HELD


def test_a_closed_time_is_refused_for_the_clinic_and_for_one_dermatologist():
    make.clinic()
    doctor = make.dermatologist()
    for whose in (None, doctor):
        closure = Closure.objects.create(
            dermatologist=whose,
            starts_at=make.TOMORROW_AT_9 + 10 * MINUTE,
            ends_at=make.TOMORROW_AT_9 + 15 * MINUTE,
        )
        with pytest.raises(bookings.actions.TimeTaken):
            make.held()
        closure.delete()
    assert make.held().status == Status.HELD


def test_a_dermatologist_who_does_not_offer_the_treatment_is_refused():
    doctor = make.dermatologist()
    other = make.treatment("laser-hair-removal")
    with pytest.raises(bookings.actions.TimeTaken):
        make.held(treatment=other, dermatologist=doctor)


def test_a_time_needs_a_treatment():
    with pytest.raises(NotPossibleNow):
        make.held(treatment=None, dermatologist=make.dermatologist())


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"birth_date": dt.date(2026, 11, 23)}, "birth_date"),
        ({"birth_date": dt.date(1890, 1, 1)}, "birth_date"),
        ({"birth_date": dt.date(2008, 11, 23)}, "birth_date"),  # 18 tomorrow
        ({"email": ""}, "email"),
    ],
)
def test_details_that_cannot_be_are_refused_by_the_field(typed, field):
    with pytest.raises(bookings.actions.DetailsRefused) as refusal:
        make.held(**typed)
    assert refusal.value.field == field
    assert not Consultation.objects.exists()


def test_a_child_comes_with_a_guardian_and_an_adult_of_today_alone():
    child = make.held(birth_date=dt.date(2015, 1, 1), guardian_name="Mona Saleh")
    assert child.addressee_name == "Mona Saleh"
    today_18 = make.waiting(birth_date=dt.date(2008, 11, 22))
    assert today_18.status == Status.WAITING


def test_another_treatments_concern_is_refused():
    other = Concern.objects.filter(treatment=make.treatment("laser-hair-removal")).first()
    with pytest.raises(bookings.actions.DetailsRefused):
        make.held(concern=other)


def test_an_address_has_two_unproven_requests_at_most_and_a_device_five():
    for minutes in (0, 20):
        make.held(email="one@example.com", starts_at=make.TOMORROW_AT_9 + minutes * MINUTE)
    with pytest.raises(bookings.actions.TooManyRequests):
        make.held(email="ONE@example.com ", starts_at=make.TOMORROW_AT_9 + 40 * MINUTE)
    for number in range(5):
        make.waiting(ip="203.0.113.7", email=f"{number}@example.com")
    with pytest.raises(bookings.actions.TooManyRequests):
        make.waiting(ip="203.0.113.7")
    assert make.waiting(ip="203.0.113.8").pk
    later = make.NOW + 21 * MINUTE
    assert make.waiting(ip="203.0.113.7", email="one@example.com", now=later).pk


def test_waiting_requests_are_no_way_to_hold_more_times():
    doctor = make.dermatologist()
    make.clinic()
    waiting = [make.waiting(ip="203.0.113.7", now=make.NOW - 25 * MINUTE) for _number in range(5)]
    make.waiting(ip="203.0.113.7")
    for number, consultation in enumerate(waiting):
        choose = {
            "consultation": consultation,
            "dermatologist": doctor,
            "starts_at": make.TOMORROW_AT_9 + number * 20 * MINUTE,
            "now": make.NOW,
        }
        if number < 4:  # with the one that was asked just now: five
            bookings.actions.choose_time(**choose)
        else:
            with pytest.raises(bookings.actions.TooManyRequests):
                bookings.actions.choose_time(**choose)


def test_nobodys_patient_row_is_made_or_changed_before_the_proof():
    known = make.proven()
    before = Patient.objects.values().get()
    stranger = make.held(
        email=known.email,
        patient_name=known.patient_name,
        birth_date=known.birth_date,
        mobile="+971500099999",
        starts_at=make.TOMORROW_AT_9 + HOUR,
    )
    assert stranger.patient is None
    assert Patient.objects.values().get() == before


def test_a_hold_is_renewed_by_steps_but_not_beyond_the_longest():
    unproven = make.held()
    again = bookings.actions.renew_hold(consultation=unproven, now=make.NOW + 10 * MINUTE)
    assert again.hold_expires_at == make.NOW + 20 * MINUTE
    proven = make.proven(starts_at=make.TOMORROW_AT_9 + HOUR)
    for minutes in range(0, 60, 15):
        proven = bookings.actions.renew_hold(consultation=proven, now=make.NOW + minutes * MINUTE)
    assert proven.hold_expires_at == make.NOW + 60 * MINUTE


def test_choosing_another_time_holds_it_no_longer_before_the_proof():
    consultation = make.held()
    chosen = bookings.actions.choose_time(
        consultation=consultation,
        dermatologist=consultation.dermatologist,
        starts_at=make.TOMORROW_AT_9 + HOUR,
        now=make.NOW + 15 * MINUTE,
    )
    assert chosen.hold_expires_at == make.NOW + 20 * MINUTE


def test_a_hold_never_reaches_past_the_minimum_notice():
    starts_at = make.NOW + 2 * HOUR + 20 * MINUTE  # 12:20 in Dubai, on the grid
    consultation = make.held(starts_at=starts_at, now=make.NOW + 15 * MINUTE)
    assert consultation.hold_expires_at == starts_at - 2 * HOUR


def test_a_hold_that_ran_out_is_not_renewed_but_another_time_can_be_chosen():
    consultation = make.proven()
    later = make.NOW + 2 * HOUR
    assert bookings.actions.expire_holds(now=later) == 1
    assert bookings.actions.renew_hold(consultation=consultation, now=later).status == "expired"
    chosen = bookings.actions.choose_time(
        consultation=consultation,
        dermatologist=consultation.dermatologist,
        starts_at=make.TOMORROW_AT_9 + HOUR,
        now=later,
    )
    assert (chosen.status, chosen.starts_at) == (Status.HELD, make.TOMORROW_AT_9 + HOUR)


def test_reception_holds_a_time_for_a_day_and_needs_no_address():
    consultation = make.held(entered_by=make.staff(), email="")
    assert consultation.hold_expires_at == make.TOMORROW_AT_9
    far = make.held(entered_by=make.staff(), starts_at=make.TOMORROW_AT_9 + 3 * DAY)
    assert far.hold_expires_at == make.NOW + DAY
    assert not Message.objects.exists()


def test_setting_another_treatment_starts_the_risks_anew():
    consultation = make.waiting(treatment=None)
    row = make.treatment()
    bookings.actions.note_risks(
        consultation=consultation,
        risks_total=4,
        risks_acknowledged=2,
        wants_to_talk=True,
        now=make.NOW,
    )
    changed = bookings.actions.set_treatment(
        consultation=consultation, treatment=row, concern=None, now=make.NOW, by_staff=True
    )
    assert (changed.risks_total, changed.risks_acknowledged, changed.wants_to_talk) == (0, 0, False)
    assert changed.link_serial == consultation.link_serial + 1
    with pytest.raises(NotPossibleNow):
        bookings.actions.set_treatment(
            consultation=make.confirmed(), treatment=row, concern=None, now=make.NOW
        )


def test_free_times_take_three_queries_however_many_consultations(django_assert_num_queries):
    make.clinic()
    make.dermatologist()
    for minutes in (0, 20, 40):
        with django_assert_num_queries(3):
            bookings.actions.free_times(treatment=None, now=make.NOW)
        make.held(starts_at=make.TOMORROW_AT_9 + minutes * MINUTE)


def test_the_nearest_times_are_three_in_order():
    wanted = make.held()
    near = bookings.actions.nearest_times(
        treatment=wanted.treatment,
        wanted=make.TOMORROW_AT_9,
        dermatologist=wanted.dermatologist,
        now=make.NOW,
    )
    assert [time.starts_at - make.TOMORROW_AT_9 for time in near] == [
        20 * MINUTE,
        40 * MINUTE,
        60 * MINUTE,
    ]
