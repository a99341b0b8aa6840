"""What is owed when: the table of RULES, and aftercare counted from sessions."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

import bookings.actions
from bookings import links, owing, reminders
from bookings.models import Consultation, Kind, Message, MessageState
from tests import make
from tests.bookings.owing import are_sent, kinds, note, owed, session_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
NEXT_WEEK = make.TOMORROW_AT_9 + 7 * DAY


def move(consultation: Consultation, to: dt.datetime, now: dt.datetime) -> Consultation:
    return bookings.actions.move(
        consultation=consultation,
        dermatologist=consultation.dermatologist,
        starts_at=to,
        now=now,
    )


# --- The visit -----------------------------------------------------------------------------------


def test_a_visit_is_confirmed_once_and_reminded_three_days_and_one_day_before():
    make.confirmed(starts_at=NEXT_WEEK)
    seen = {at: kinds(note(at)) for at in (make.NOW, NEXT_WEEK - 3 * DAY - MINUTE)}
    assert list(seen.values()) == [[Kind.CONFIRMED], []]
    (three,) = note(NEXT_WEEK - 3 * DAY)
    assert (three.kind, three.useful_until) == (Kind.REMINDER_3_DAYS, NEXT_WEEK - DAY)
    assert note(NEXT_WEEK - 2 * DAY) == []
    (one,) = note(NEXT_WEEK - DAY)
    assert (one.kind, one.useful_until) == (Kind.REMINDER_1_DAY, NEXT_WEEK - HOUR)
    (last,) = note(NEXT_WEEK - HOUR)
    assert (last.kind, last.useful_until) == (Kind.REMINDER_1_HOUR, NEXT_WEEK)
    assert note(NEXT_WEEK) == []


def test_a_visit_booked_two_days_ahead_gets_no_reminder_three_days_before():
    at = make.TOMORROW_AT_9 + DAY
    make.confirmed(starts_at=at)
    assert owed(make.NOW) == [Kind.CONFIRMED]
    note(make.NOW)
    assert owed(at - DAY) == [Kind.REMINDER_1_DAY]


def test_a_visit_booked_within_a_day_is_reminded_an_hour_before_only():
    make.confirmed()
    note(make.NOW)
    assert owed(make.TOMORROW_AT_9 - 2 * HOUR) == []
    assert owed(make.TOMORROW_AT_9 - HOUR) == [Kind.REMINDER_1_HOUR]


def test_a_reminder_whose_time_has_passed_is_skipped():
    make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    assert owed(NEXT_WEEK - 2 * HOUR) == [Kind.REMINDER_1_DAY]
    assert owed(NEXT_WEEK - MINUTE) == [Kind.REMINDER_1_HOUR]
    assert owed(NEXT_WEEK + MINUTE) == []


def test_a_moved_visit_is_reminded_at_its_new_time_only():
    consultation = make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    to = NEXT_WEEK + 10 * DAY
    moved_at = make.NOW + DAY
    move(consultation, to, moved_at)
    (told,) = note(moved_at)
    assert (told.kind, told.revision) == (Kind.MOVED, 1)
    assert note(NEXT_WEEK - 3 * DAY) == note(NEXT_WEEK - DAY) == []
    assert kinds(note(to - 3 * DAY)) == [Kind.REMINDER_3_DAYS]
    assert kinds(note(to - DAY)) == [Kind.REMINDER_1_DAY]


def test_a_reminder_noted_before_the_move_is_owed_no_more_and_owed_again_at_the_new_time():
    consultation = make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    at = NEXT_WEEK - 3 * DAY
    (noted,) = note(at)
    to = NEXT_WEEK + 7 * DAY
    move(consultation, to, at)
    assert not owing.still_owed(noted, now=at)
    note(at)
    (again,) = note(to - 3 * DAY)
    assert (again.kind, again.about) == (noted.kind, f"{consultation.reference} visit 1")


def test_a_visit_moved_into_the_next_days_is_not_reminded_on_top_of_being_told():
    consultation = make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    moved_at = make.NOW + DAY
    to = make.TOMORROW_AT_9 + 2 * DAY
    move(consultation, to, moved_at)
    assert kinds(note(moved_at)) == [Kind.MOVED]
    assert note(moved_at + MINUTE) == []
    assert kinds(note(to - DAY)) == [Kind.REMINDER_1_DAY]


def test_a_visit_moved_away_and_back_is_told_and_reminded_each_time():
    consultation = make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    told = []
    for number, to in enumerate((NEXT_WEEK + DAY, NEXT_WEEK, NEXT_WEEK + DAY), 1):
        consultation = move(consultation, to, make.NOW + number * HOUR)
        told += note(make.NOW + number * HOUR)
    assert [(row.kind, row.revision) for row in told] == [(Kind.MOVED, n) for n in (1, 2, 3)]
    assert kinds(note(NEXT_WEEK + DAY - 3 * DAY)) == [Kind.REMINDER_3_DAYS]


def test_a_visit_moved_before_its_confirmation_went_out_gets_the_move_alone():
    consultation = make.confirmed(starts_at=NEXT_WEEK)
    (confirmation,) = note(make.NOW)
    move(consultation, NEXT_WEEK + DAY, make.NOW + MINUTE)
    assert not owing.still_owed(confirmation, now=make.NOW + MINUTE)
    assert kinds(note(make.NOW + MINUTE)) == [Kind.MOVED]


# --- Cancelled -----------------------------------------------------------------------------------


def test_a_cancelled_visit_is_owed_nothing_but_its_cancellation():
    consultation = make.confirmed(starts_at=NEXT_WEEK)
    (confirmation,) = note(make.NOW)
    at = make.NOW + HOUR
    bookings.actions.cancel(consultation=consultation, now=at, by_patient=True)
    (row,) = note(at)
    assert (row.kind, row.useful_until) == (Kind.CANCELLED, NEXT_WEEK)
    assert not owing.still_owed(confirmation, now=at)
    days = [NEXT_WEEK - 3 * DAY, NEXT_WEEK - DAY, NEXT_WEEK, NEXT_WEEK + DAY]
    assert [owed(day) for day in days] == [[]] * 4


def test_a_request_that_the_patient_drops_needs_no_e_mail():
    consultation = make.proven()
    bookings.actions.cancel(consultation=consultation, now=make.NOW, by_patient=True)
    assert owed(make.NOW) == []


def test_a_request_that_the_clinic_cancels_is_told_to_a_proven_address():
    proven = make.proven()
    typed = make.held(starts_at=make.TOMORROW_AT_9 + HOUR)
    for consultation in (proven, typed):
        bookings.actions.cancel(consultation=consultation, now=make.NOW, by_patient=False)
    (row,) = owing.owed(now=make.NOW)
    assert (row.kind, row.consultation) == (Kind.CANCELLED, proven)


def test_a_proven_request_that_is_cancelled_on_the_phone_is_told_too():
    bookings.actions.cancel(
        consultation=make.proven(), now=make.NOW, by_patient=False, on_the_phone=True
    )
    assert owed(make.NOW) == [Kind.CANCELLED]


def test_one_is_cancelled_online_or_on_the_phone_not_both():
    visit = make.confirmed()
    changed = Consultation.objects.filter(pk=visit.pk).update
    name = "on_the_phone_staff_cancel_for_the_patient"
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        changed(cancelled_on_the_phone=True)
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        changed(cancelled_on_the_phone=True)


def test_a_waiting_request_that_the_clinic_cancels_is_told_for_three_days():
    consultation = make.waiting()
    bookings.actions.prove_by_code(
        consultation=consultation, code=links.code(consultation), now=make.NOW
    )
    bookings.actions.cancel(consultation=consultation, now=make.NOW, by_patient=False)
    assert owed(make.NOW) == owed(make.NOW + 2 * DAY) == [Kind.CANCELLED]
    assert owed(make.NOW + 3 * DAY) == []


def test_a_cancelled_one_gets_a_new_link_when_it_asks_for_one():
    consultation = make.confirmed()
    bookings.actions.cancel(consultation=consultation, now=make.NOW, by_patient=True)
    note(make.NOW)
    bookings.actions.send_link(consultation=consultation, now=make.NOW + HOUR)
    assert owed(make.NOW + HOUR) == [Kind.LINK]


# --- Noting --------------------------------------------------------------------------------------


def test_what_is_noted_or_sent_is_not_owed_again():
    make.confirmed()
    assert owing.note_owed(now=make.NOW) == 1
    assert owing.note_owed(now=make.NOW) == 0
    are_sent(Message.objects.all(), now=make.NOW)
    assert owed(make.NOW) == []


def test_noting_the_same_rows_twice_keeps_one_of_each():
    make.confirmed()
    rows = owing.owed(now=make.NOW)
    for _worker in range(2):
        Message.objects.bulk_create(
            [
                Message(**{f.attname: getattr(row, f.attname) for f in row._meta.fields})
                for row in rows
            ],
            ignore_conflicts=True,
        )
    assert Message.objects.count() == 1


@pytest.mark.parametrize("patients", [1, 3])
def test_asking_takes_as_many_queries_for_three_patients_as_for_one(
    django_assert_num_queries, patients
):
    make.aftercare_steps(make.treatment())
    for number in range(patients):
        session_of(make.completed(starts_at=make.TOMORROW_AT_9 + number * HOUR))
        make.confirmed(starts_at=NEXT_WEEK + number * HOUR)
        make.held(starts_at=NEXT_WEEK + (number + 4) * HOUR)
    with django_assert_num_queries(len(reminders.RULES) + 2):
        rows = owing.owed(now=make.NOW)
    assert len(rows) == 2 * patients
    late = make.TOMORROW_AT_9 + 4 * HOUR
    with django_assert_num_queries(len(reminders.RULES) + 2):
        assert kinds(owing.owed(now=late)).count(Kind.AFTERCARE) == patients


def test_what_was_owed_is_still_owed_as_long_as_nothing_changes():
    make.aftercare_steps(make.treatment())
    session_of(make.completed())
    make.confirmed(starts_at=NEXT_WEEK)
    make.held(starts_at=NEXT_WEEK + HOUR)
    make.held(starts_at=NEXT_WEEK + 2 * HOUR, entered_by=make.staff())
    for at in (make.NOW, make.TOMORROW_AT_9 + 2 * HOUR, NEXT_WEEK - DAY):
        for row in note(at):
            missed = row.state == MessageState.GAVE_UP
            assert owing.still_owed(row, now=at) != missed, row.kind
