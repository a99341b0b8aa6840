"""An e-mail that was dropped, as nobody was owed it then, is owed again when the state owes it again."""

import datetime as dt

import pytest

import bookings.actions
from bookings import delivery, links, owing
from bookings.links import Purpose
from bookings.models import Kind, Message, MessageState
from tests import make
from tests.bookings.owing import HOUR, session_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
NEXT_WEEK = make.TOMORROW_AT_9 + 7 * DAY
ONE_HOUR_BEFORE = make.TOMORROW_AT_9 - HOUR


def tick(now: dt.datetime) -> None:
    owing.note_owed(now=now)
    delivery.send_due(now=now)


def put_off(sink, now: dt.datetime) -> Message:
    """What falls due now is noted, and put off by the mail server: it waits, with its trouble."""
    sink.refuse_next = 1
    tick(now)
    return Message.objects.exclude(trouble="").get(state=MessageState.OWED)


def state_of(message: Message) -> str:
    return Message.objects.get(pk=message.pk).state


@pytest.fixture
def waits(smtp_sink) -> Message:
    """The reminder an hour before a visit, which the mail server has put off once."""
    make.confirmed(starts_at=make.TOMORROW_AT_9)
    tick(make.NOW)
    return put_off(smtp_sink, ONE_HOUR_BEFORE)


# --- Arrived by mistake ----------------------------------------------------------------------------


def test_a_reminder_that_was_dropped_as_arrived_goes_when_that_is_undone(waits):
    visit = bookings.actions.arrive(consultation=waits.consultation, now=ONE_HOUR_BEFORE + MINUTE)
    tick(ONE_HOUR_BEFORE + 2 * MINUTE)
    assert state_of(waits) == MessageState.DROPPED
    bookings.actions.undo(consultation=visit, now=ONE_HOUR_BEFORE + 3 * MINUTE)
    tick(ONE_HOUR_BEFORE + 4 * MINUTE)
    assert state_of(waits) == MessageState.SENT


def test_one_that_a_sender_drops_after_the_undo_is_found_by_the_next_whole_look(waits):
    """It had claimed it before; a short look goes by the visit, and that has not changed since."""
    visit = bookings.actions.arrive(consultation=waits.consultation, now=ONE_HOUR_BEFORE + MINUTE)
    bookings.actions.undo(consultation=visit, now=ONE_HOUR_BEFORE + 2 * MINUTE)
    owing.note_owed(now=ONE_HOUR_BEFORE + 2 * MINUTE)
    Message.objects.filter(pk=waits.pk).update(state=MessageState.DROPPED)
    tick(ONE_HOUR_BEFORE + 15 * MINUTE)
    assert state_of(waits) == MessageState.SENT


def test_it_stays_dropped_while_nobody_is_owed_it_and_when_its_time_is_over(waits):
    visit = bookings.actions.arrive(consultation=waits.consultation, now=ONE_HOUR_BEFORE + MINUTE)
    tick(ONE_HOUR_BEFORE + 2 * MINUTE)
    tick(ONE_HOUR_BEFORE + 15 * MINUTE)
    assert state_of(waits) == MessageState.DROPPED
    tick(make.TOMORROW_AT_9)
    bookings.actions.undo(consultation=visit, now=make.TOMORROW_AT_9 + MINUTE)
    tick(make.TOMORROW_AT_9 + 2 * MINUTE)
    tick(make.TOMORROW_AT_9 + 15 * MINUTE)
    assert state_of(waits) == MessageState.DROPPED


def test_staff_see_one_that_was_owed_again_while_no_sender_was_there(waits):
    visit = bookings.actions.arrive(consultation=waits.consultation, now=ONE_HOUR_BEFORE + MINUTE)
    tick(ONE_HOUR_BEFORE + 2 * MINUTE)
    bookings.actions.undo(consultation=visit, now=ONE_HOUR_BEFORE + 3 * MINUTE)
    tick(make.TOMORROW_AT_9 + MINUTE)
    assert list(Message.objects.needing_staff()) == [waits]


def test_one_that_perhaps_arrived_goes_once_more_and_not_a_third_time(waits):
    Message.objects.filter(pk=waits.pk).update(state=MessageState.DROPPED, copies=1)
    tick(ONE_HOUR_BEFORE + 15 * MINUTE)
    again = Message.objects.get(pk=waits.pk)
    assert (again.state, again.copies, again.perhaps_twice) == (MessageState.SENT, 2, True)


def test_it_is_noted_once(waits):
    Message.objects.filter(pk=waits.pk).update(state=MessageState.DROPPED)
    assert owing.note_owed(now=ONE_HOUR_BEFORE + 15 * MINUTE) == 1
    assert owing.note_owed(now=ONE_HOUR_BEFORE + 30 * MINUTE) == 0


# --- Another address, and back ---------------------------------------------------------------------


def change(visit, to: str, now: dt.datetime):
    bookings.actions.ask_for_new_address(consultation=visit, email=to, now=now, by_staff=True)
    visit.refresh_from_db()
    bookings.actions.prove_new_address_by_code(
        consultation=visit, code=links.code(visit, Purpose.NEW_CODE), now=now
    )
    visit.refresh_from_db()


def test_a_reminder_goes_to_an_address_that_was_changed_away_and_back(smtp_sink):
    visit = make.confirmed(starts_at=NEXT_WEEK)
    first, now = visit.email, NEXT_WEEK - 3 * DAY
    tick(make.NOW)
    waits = put_off(smtp_sink, now)
    change(visit, "new@example.com", now + MINUTE)
    tick(now + 2 * MINUTE)
    assert state_of(waits) == MessageState.DROPPED
    change(visit, first, now + 10 * MINUTE)
    tick(now + 11 * MINUTE)
    assert state_of(waits) == MessageState.SENT


def test_what_another_e_mail_says_already_does_not_come_after_it(smtp_sink):
    """No sender was there until both were due."""
    visit, late = make.confirmed(starts_at=NEXT_WEEK), NEXT_WEEK - 2 * DAY
    first = visit.email
    owing.note_owed(now=late)
    reminder = Message.objects.get(kind=Kind.REMINDER_3_DAYS)
    assert (reminder.state, reminder.trouble) == (MessageState.DROPPED, owing.SAID_ALREADY)
    # Nothing was sent yet; away and back, both are owed to the first address once more.
    change(visit, "new@example.com", late + MINUTE)
    tick(late + 2 * MINUTE)
    change(visit, first, late + 10 * MINUTE)
    for number in range(11, 40, 10):
        tick(late + number * MINUTE)
    told = Message.objects.filter(addressee=first, state=MessageState.SENT)
    assert Kind.CONFIRMED in {row.kind for row in told}
    assert state_of(reminder) == MessageState.DROPPED


def test_two_that_are_owed_again_at_once_are_one_e_mail_too(smtp_sink):
    visit, late = make.confirmed(starts_at=NEXT_WEEK), NEXT_WEEK - 2 * DAY
    tick(make.NOW)
    owing.note_owed(now=late)
    Message.objects.filter(consultation=visit).update(
        state=MessageState.DROPPED, sent_at=None, trouble=""
    )
    smtp_sink.messages.clear()
    tick(late + MINUTE)
    tick(late + 15 * MINUTE)
    assert len(smtp_sink.messages) == 1
    assert Message.objects.get(kind=Kind.REMINDER_3_DAYS).trouble == owing.SAID_ALREADY


# --- Tips ------------------------------------------------------------------------------------------


def test_a_tip_that_had_trouble_goes_when_the_tips_are_resumed(smtp_sink):
    make.aftercare_steps(make.treatment(), hours=(0, 48))
    session = session_of(make.completed())
    now = session.took_place_at
    waits = put_off(smtp_sink, now)
    bookings.actions.stop_tips(consultation=session.consultation, now=now + MINUTE)
    tick(now + 2 * MINUTE)
    assert state_of(waits) == MessageState.DROPPED
    bookings.actions.resume_tips(consultation=session.consultation, now=now + 5 * MINUTE)
    tick(now + 6 * MINUTE)
    assert state_of(waits) == MessageState.SENT
    assert Message.objects.filter(session=session).count() == 1
