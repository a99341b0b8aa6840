"""How long the links in e-mails live: 90 days past the last e-mail that is owed, to the second."""

import datetime as dt

import pytest

import bookings.actions
from bookings import links
from bookings.links import Purpose
from bookings.models import Consultation, Kind, Message, MessageState
from tests import make
from tests.bookings.owing import HOUR, note, session_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
LIVES = 90 * DAY


def opens(consultation, now) -> bool:
    consultation.refresh_from_db()
    token = links.token(consultation, Purpose.PAGE)
    try:
        bookings.actions.open_page_link(token=token, now=now)
    except bookings.actions.LinkEnded:
        return False
    return True


def ends_at(consultation, moment) -> None:
    """The link's last moment is this one."""
    assert opens(consultation, moment - SECOND)
    assert not opens(consultation, moment)


def test_of_a_visit_past_its_end():
    visit = make.confirmed()
    note(make.NOW)
    ends_at(visit, visit.ends_at + LIVES)


def test_of_a_request_past_the_last_e_mail_about_it():
    waiting = make.waiting()
    ends_at(waiting, make.NOW + LIVES)
    bookings.actions.prove_by_code(
        consultation=waiting, code=links.code(waiting), now=make.NOW + SECOND
    )
    (received,) = note(make.NOW + SECOND)
    assert received.kind == Kind.REQUEST_RECEIVED
    ends_at(waiting, make.NOW + SECOND + DAY + LIVES)


def test_of_a_visit_that_was_cancelled_past_the_last_word_of_it():
    visit = make.confirmed()
    note(make.NOW)
    bookings.actions.cancel(consultation=visit, now=make.NOW + HOUR, by_patient=True)
    note(make.NOW + HOUR)
    ends_at(visit, visit.ends_at + LIVES)


def test_of_a_visit_that_was_cancelled_while_it_went_on_past_the_word_of_it():
    visit = make.confirmed()
    bookings.actions.arrive(consultation=visit, now=visit.starts_at)
    at = visit.starts_at + HOUR
    bookings.actions.cancel(consultation=visit, now=at, by_patient=False)
    (cancelled,) = note(at)
    assert cancelled.useful_until == at + 3 * DAY
    ends_at(visit, at + 3 * DAY + LIVES)


def test_of_a_visit_that_was_moved_past_its_new_time():
    visit = make.confirmed()
    bookings.actions.move(
        consultation=visit, starts_at=visit.starts_at + 7 * DAY, now=make.NOW + HOUR
    )
    ends_at(visit, make.TOMORROW_AT_9 + 7 * DAY + dt.timedelta(minutes=20) + LIVES)


def test_after_a_session_past_the_last_step_while_it_is_of_use():
    make.aftercare_steps(make.treatment(), hours=(0, 24, 12 * 7 * 24))
    session = session_of(make.completed())
    ends_at(session.consultation, session.took_place_at + (12 * 7 + 14) * DAY + LIVES)


def test_the_last_step_is_counted_by_the_patients_clock():
    """Berlin's night of 28 March 2027 lacks an hour."""
    make.aftercare_steps(make.treatment(), hours=(0, 24))
    visit = make.completed(zone="Europe/Berlin")
    session = session_of(visit)
    took_place_at = dt.datetime(2027, 3, 27, 6, tzinfo=dt.UTC)
    type(session).objects.update(took_place_at=took_place_at)
    Consultation.objects.update(starts_at=took_place_at - HOUR, ends_at=took_place_at)
    # 15 days by Berlin's clock are an hour less.
    ends_at(visit, took_place_at + 15 * DAY - HOUR + LIVES)


def test_a_session_that_was_voided_lengthens_nothing():
    make.aftercare_steps(make.treatment())
    session = session_of(make.completed())
    visit = session.consultation
    bookings.actions.void_session(session=session, reason="Wrong patient", now=visit.ends_at + HOUR)
    ends_at(visit, visit.ends_at + LIVES)


def test_a_step_that_was_sent_before_the_session_was_voided_keeps_its_link():
    make.aftercare_steps(make.treatment())
    session = session_of(make.completed())
    visit = session.consultation
    (step,) = note(session.took_place_at)
    bookings.actions.void_session(session=session, reason="Wrong patient", now=visit.ends_at + HOUR)
    ends_at(visit, step.useful_until + LIVES)


def test_a_step_that_the_clinic_took_out_of_the_plan_lengthens_nothing():
    make.aftercare_steps(make.treatment(), hours=(0, 24, 48))
    session = session_of(make.completed())
    plan = make.plan(make.treatment())
    plan.steps.filter(hours_after=48).delete()
    make.publish_plan(plan)
    ends_at(session.consultation, session.took_place_at + 15 * DAY + LIVES)


def test_a_dropped_e_mail_lengthens_nothing():
    visit = make.confirmed()
    Message.objects.filter(pk__in=[row.pk for row in note(make.NOW)]).update(
        state=MessageState.DROPPED, useful_until=visit.ends_at + DAY
    )
    ends_at(visit, visit.ends_at + LIVES)


def test_a_new_link_lives_as_long_as_any_and_ends_the_older_ones():
    """Asked for when the older ones have ended, it would otherwise be dead when it comes."""
    visit = make.completed()
    late = visit.ends_at + 200 * DAY
    assert not opens(visit, late)
    old = links.token(visit, Purpose.PAGE)
    bookings.actions.send_link(consultation=visit, now=late)
    (mail,) = note(late)
    assert mail.kind == Kind.LINK and links.find(old, Purpose.PAGE) is None
    ends_at(visit, late + DAY + LIVES)


def test_a_changed_address_gets_a_link_that_lives_as_long():
    visit = make.completed()
    late = visit.ends_at + 80 * DAY
    asked = bookings.actions.ask_for_new_address(
        consultation=visit, email="another@example.org", now=late
    )
    bookings.actions.prove_new_address_by_code(
        consultation=asked, code=links.code(asked, Purpose.NEW_CODE), now=late
    )
    assert Kind.LINK in {row.kind for row in note(late)}
    ends_at(visit, late + 3 * DAY + LIVES)  # the word to the old address counts too
