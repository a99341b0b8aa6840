"""A consultation whose zone nobody knows (any more) goes by the clinic's, and stops nobody else's e-mails."""

import datetime as dt
import logging

import pytest
from django.core.management import call_command

import bookings.actions
from bookings import delivery
from bookings.management.commands import send_due
from bookings.models import Consultation, Kind, Message, MessageState
from clinic import clock
from tests import desk, make
from tests.bookings.owing import HOUR, kinds, note, session_of
from tests.person import Person

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
DAY = dt.timedelta(days=1)
NEXT_WEEK = make.TOMORROW_AT_9 + 7 * DAY
THREE_DAYS_BEFORE = NEXT_WEEK - 3 * DAY + 5 * HOUR  # by day in Dubai
UNKNOWN = ["Mars/Phobos", "", "../../etc/passwd", "America"]


def lost(consultation: Consultation, zone: str = UNKNOWN[0]) -> Consultation:
    """Its zone is one that nobody knows: past our forms, or taken out of the list of all zones."""
    Consultation.objects.filter(pk=consultation.pk).update(zone=zone)
    consultation.refresh_from_db()
    return consultation


@pytest.mark.parametrize("zone", UNKNOWN)
def test_its_days_are_counted_by_the_clinics_clock_and_its_id_is_logged(zone, smtp_sink, caplog):
    odd = lost(make.confirmed(starts_at=NEXT_WEEK), zone)
    make.confirmed(starts_at=NEXT_WEEK + HOUR)
    note(make.NOW)
    assert kinds(note(THREE_DAYS_BEFORE)) == [Kind.REMINDER_3_DAYS] * 2
    assert delivery.send_due(now=THREE_DAYS_BEFORE) == 4 == len(smtp_sink.messages)
    errors = [row for row in caplog.records if row.levelno == logging.ERROR]
    assert errors and all(str(odd.pk) in row.getMessage() for row in errors)
    assert not zone or zone not in caplog.text


def test_what_was_noted_before_its_zone_was_lost_is_sent_too(smtp_sink):
    odd = make.confirmed(starts_at=NEXT_WEEK)
    make.confirmed(starts_at=NEXT_WEEK + HOUR)
    note(THREE_DAYS_BEFORE)
    lost(odd)
    assert delivery.send_due(now=THREE_DAYS_BEFORE) == 2
    assert not Message.objects.exclude(state__in=[MessageState.SENT, MessageState.DROPPED]).exists()


def test_the_next_short_look_goes_by_the_clinics_clock_too():
    lost(make.confirmed(starts_at=NEXT_WEEK, zone="Asia/Tokyo"))
    note(make.NOW)
    due = NEXT_WEEK - 3 * DAY
    note(due - dt.timedelta(seconds=1))
    assert kinds(note(due)) == [Kind.REMINDER_3_DAYS]


def test_its_aftercare_comes(smtp_sink):
    make.aftercare_steps(make.treatment(), hours=(0, 48))
    session = session_of(lost(make.completed()))
    note(session.took_place_at + HOUR)
    assert kinds(note(session.took_place_at + 2 * DAY)) == [Kind.AFTERCARE]


def test_others_are_offered_a_time_and_so_is_it():
    """A time that comes free is offered by day only, by each patient's clock."""
    lost(bookings.actions.prove_in_person(consultation=make.waiting(), note="seen", now=make.NOW))
    assert bookings.actions.offer_times(now=make.NOW) == 1


def test_the_desk_and_the_patients_own_page_show_it(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)
    visit = lost(make.confirmed(starts_at=NEXT_WEEK))
    assert Person().opens_own_page(visit).status == 200
    for path in ("", f"{visit.pk}/change/"):
        page = desk.reception().get(f"/admin/bookings/consultation/{path}")
        assert page.status_code == 200
        assert "Phobos" not in page.content.decode() or path


# --- The command's loop ----------------------------------------------------------------------------


def test_the_loop_goes_on_after_a_round_that_raised(monkeypatch, caplog):
    rounds = iter([ValueError("a patient's name"), KeyError("x"), None])

    def one_round() -> int:
        if error := next(rounds):
            raise error
        raise KeyboardInterrupt  # the end of the test

    monkeypatch.setattr(send_due, "send_once", one_round)
    monkeypatch.setattr(send_due, "EVERY", 0.0)
    monkeypatch.setattr(send_due.signal, "signal", lambda *_: None)  # pytest's own stay
    with pytest.raises(KeyboardInterrupt):
        call_command("send_due", "--loop")
    said = [row.getMessage() for row in caplog.records if row.levelno == logging.ERROR]
    assert [words.rsplit(" ", 1)[1] for words in said] == ["ValueError", "KeyError"]
    assert "a patient's name" not in caplog.text
