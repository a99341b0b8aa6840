"""The clinic's e-mails over weeks: a real Celery worker, woken by a real beat, the database's clock moved."""

import datetime as dt
from collections import Counter
from email.message import EmailMessage

import psycopg
import pytest

import bookings.actions
from bookings import links
from bookings.models import Consultation, Message, MessageState
from clinic import clock
from tests import databases, make, processes

MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
pytestmark = pytest.mark.one_risk
NEXT_WEEK = make.TOMORROW_AT_9 + 7 * DAY


class Clock:
    """The database's clock, set to a moment; it goes on from there for every process."""

    def __init__(self, database: str) -> None:
        self.url = databases.url_of(database, owner=True)

    def set(self, moment: dt.datetime) -> None:
        behind = f"clock_timestamp() - '{dt.datetime.now(dt.UTC).isoformat()}'::timestamptz"
        body = f"SELECT '{moment.isoformat()}'::timestamptz + ({behind})"
        with psycopg.connect(self.url, autocommit=True) as owner:
            owner.execute(
                "CREATE OR REPLACE FUNCTION clinic_now() RETURNS timestamptz LANGUAGE sql VOLATILE"
                f" SET search_path = pg_catalog, pg_temp AS $$ {body} $$"
            )


class Inbox:
    """What the mail server was given, by addressee."""

    def __init__(self, sink) -> None:
        self.sink = sink

    def subjects(self, consultation: Consultation) -> list[str]:
        return [mail["Subject"] for mail in self.of(consultation)]

    def of(self, consultation: Consultation) -> list[EmailMessage]:
        return [mail for mail in self.sink.messages if mail["To"] == consultation.email]

    def wait_for(self, consultation: Consultation, count: int) -> list[EmailMessage]:
        processes.wait_until(
            lambda: len(self.of(consultation)) >= count, what=f"e-mail number {count}"
        )
        return self.of(consultation)


@pytest.fixture
def the_clock(committed_db) -> Clock:
    """Begins at make.NOW, before any process asks it."""
    moved = Clock(committed_db)
    moved.set(make.NOW)
    return moved


@pytest.fixture
def inbox(smtp_sink) -> Inbox:
    return Inbox(smtp_sink)


def confirmed(inbox: Inbox, **fields) -> Consultation:
    """The patient's road with the code that the worker sent."""
    consultation = make.held(now=clock.now(), **fields)
    (mail,) = inbox.wait_for(consultation, 1)
    code = links.code(consultation)
    assert code in mail.get_body(("plain",)).get_content()
    consultation = bookings.actions.prove_by_code(
        consultation=consultation, code=code, now=clock.now()
    )
    make.sealed(consultation, now=clock.now())
    inbox.wait_for(consultation, 2)
    consultation.refresh_from_db()
    return consultation


def test_reminders_and_aftercare_arrive_once_each_as_time_goes_by(the_clock, worker, inbox):
    steps = make.aftercare_steps(make.treatment())
    stays = confirmed(inbox, starts_at=NEXT_WEEK)
    moves = confirmed(inbox, starts_at=NEXT_WEEK + HOUR, language="ar", zone="Europe/London")
    leaves = confirmed(inbox, starts_at=NEXT_WEEK + 2 * HOUR)

    # One is moved a day on, one is cancelled.
    bookings.actions.move(
        consultation=moves,
        dermatologist=moves.dermatologist,
        starts_at=moves.starts_at + DAY,
        now=clock.now(),
    )
    bookings.actions.cancel(consultation=leaves, now=clock.now(), by_patient=True)
    inbox.wait_for(moves, 3)
    inbox.wait_for(leaves, 3)

    # Three days before, one day, and an hour: each at its own time.
    the_clock.set(NEXT_WEEK - 3 * DAY + 3 * HOUR)
    inbox.wait_for(stays, 3)
    assert len(inbox.of(moves)) == 3
    the_clock.set(NEXT_WEEK - 2 * DAY + 3 * HOUR)
    inbox.wait_for(moves, 4)
    the_clock.set(NEXT_WEEK - DAY + 3 * HOUR)
    inbox.wait_for(stays, 4)
    assert len(inbox.of(moves)) == 4
    the_clock.set(NEXT_WEEK - HOUR + MINUTE)
    inbox.wait_for(stays, 5)
    the_clock.set(NEXT_WEEK + 3 * HOUR)
    inbox.wait_for(moves, 5)

    # The visit took place, and a session after it: icing first, then the other steps.
    bookings.actions.complete(consultation=stays, now=clock.now())
    session = bookings.actions.record_session(
        consultation=stays, took_place_at=clock.now(), now=clock.now(), recorded_by=None
    )
    inbox.wait_for(stays, 6)
    the_clock.set(NEXT_WEEK + DAY + MINUTE)
    inbox.wait_for(moves, 6)
    for number, step in enumerate(steps[1:], 7):
        the_clock.set(session.took_place_at + step.delay + MINUTE)
        inbox.wait_for(stays, number)
    the_clock.set(session.took_place_at + 60 * DAY)
    inbox.wait_for(make.waiting(now=clock.now()), 1)  # so a tick has looked at that day

    assert inbox.subjects(stays) == [
        "Your code",
        "Your visit is confirmed: Monday 30 November 2026",
        "Reminder of your visit: Monday 30 November 2026",
        "Reminder of your visit: Monday 30 November 2026",
        "Your visit begins in an hour",
        *["Your clinic: after your visit"] * 3,
    ]
    first_lines = [m.get_body(("plain",)).get_content().splitlines()[0] for m in inbox.of(stays)]
    assert first_lines[5:] == ["Icing", "After 24 hours", "After 48 hours"]
    assert len(inbox.of(leaves)) == 3
    assert inbox.subjects(leaves)[2] == "Cancelled: your visit on Monday 30 November 2026"
    told = inbox.of(moves)[2:]
    assert ["1 ديسمبر 2026" in mail["Subject"] for mail in told[:3]] == [True] * 3
    assert {mail["Content-Language"] for mail in told} == {"ar"}
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.SENT}
    twice = Counter(mail["Message-ID"] for mail in inbox.sink.messages)
    assert set(twice.values()) == {1}
