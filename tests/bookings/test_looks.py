"""A short look at what is owed finds what a whole look finds, whatever happens meanwhile."""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from bookings import looks, owing
from bookings.models import Consultation, Kind, Message, Relay, TreatmentSession
from bookings.models.guarantees import HAPPENED
from bookings.reminders import RULES
from tests import make
from tests.bookings.mails import SCENES, hostile
from tests.bookings.owing import HOUR, session_of

SECOND, DAY = dt.timedelta(seconds=1), dt.timedelta(days=1)
NEXT_WEEK = make.TOMORROW_AT_9 + 7 * DAY


def shortly(now: dt.datetime) -> list[tuple[str, str]]:
    """What a short look finds, as (kind, about); it is noted."""
    look = looks.begin(now=now)
    assert not look.is_whole
    found = owing.found_by(look)
    owing.note_owed(now=now)
    return sorted((row.kind, row.about) for row in found)


def whole(now: dt.datetime) -> list[tuple[str, str]]:
    """What a whole look finds, a second after the last one."""
    return sorted((row.kind, row.about) for row in owing.owed(now=now, since=now - SECOND))


def all_was_read(now: dt.datetime) -> None:
    """A whole look, as every tenth minute has one."""
    Relay.objects.update(looked_at=None, looked_through=None, looked_at_all_at=None)
    owing.note_owed(now=now)


# --- A short look finds what a whole one finds ---------------------------------------------------


def test_every_moment_comes_by_itself_or_is_among_what_happened():
    """So that a look which sees a row before its moment is not the last one to ask for it."""
    for rule in RULES:
        assert rule.due.lies_ahead_when_written != (rule.due.field in HAPPENED), rule.kind


@pytest.mark.parametrize("kind", SCENES)
def test_it_finds_what_was_written_since(committed_db, kind):
    all_was_read(make.NOW - SECOND)
    _row, now = SCENES[kind](hostile())
    Relay.objects.update(looked_at_all_at=now - SECOND, looked_at=now - SECOND)
    expected = whole(now)
    assert kind in [found for found, _about in expected]
    assert shortly(now) == expected
    assert shortly(now + SECOND) == whole(now + SECOND) == []


@pytest.mark.parametrize("before", [3 * DAY, DAY, HOUR])
def test_it_finds_a_reminder_that_falls_due(committed_db, before):
    make.confirmed(starts_at=NEXT_WEEK, zone="Europe/London")
    other = make.confirmed(starts_at=NEXT_WEEK + HOUR)
    due = NEXT_WEEK - before
    all_was_read(due - 2 * SECOND)
    changed(other)  # so that the visit itself is not among what was changed last
    assert shortly(due - SECOND) == []
    expected = whole(due)
    assert len(expected) == 1
    assert shortly(due) == expected


def test_it_finds_a_hold_that_ran_out(committed_db):
    row = make.proven()
    make.held(starts_at=NEXT_WEEK)
    ends = row.hold_expires_at
    all_was_read(ends - 2 * SECOND)
    assert shortly(ends - SECOND) == []
    assert [kind for kind, _about in shortly(ends)] == [Kind.HOLD_RAN_OUT]


@pytest.mark.parametrize("hours", [24, 30])
def test_it_finds_a_step_of_aftercare_that_falls_due(committed_db, hours):
    make.aftercare_steps(make.treatment(), hours=(0, hours))
    session = session_of(make.completed(zone="Europe/London"))
    due = session.took_place_at + hours * HOUR
    all_was_read(due - 2 * SECOND)
    changed(make.held(starts_at=NEXT_WEEK))
    assert shortly(due - SECOND) == []
    assert [kind for kind, _about in shortly(due)] == [Kind.AFTERCARE]


def test_a_new_address_and_a_session_that_stands_again_are_found(committed_db):
    make.aftercare_steps(make.treatment())
    visit, session = make.confirmed(starts_at=NEXT_WEEK), session_of(make.completed())
    sessions = TreatmentSession.objects.filter(pk=session.pk)
    sessions.update(voided_at=make.NOW, void_reason="By mistake")
    now = session.took_place_at
    all_was_read(now)
    sessions.update(voided_at=None, void_reason="")
    Consultation.objects.filter(pk=visit.pk).update(email="new@example.com")
    expected = whole(now + SECOND)
    assert [kind for kind, _about in expected] == [Kind.AFTERCARE, Kind.CONFIRMED]
    assert shortly(now + SECOND) == expected


def changed(row: Consultation) -> None:
    """Written again as it is, in a transaction of its own."""
    Consultation.objects.filter(pk=row.pk).update(patient_name=row.patient_name)


def changed_long_ago(row: Consultation, **fields: str) -> None:
    """Written past the trigger: its number is one that every look has seen to its end.

    Of a number that was given a moment ago no look knows that, while any transaction in any other
    database of the server is older.
    """
    guard = "TRIGGER it_is_known_which_transaction_changed_it"
    with connections["owner"].cursor() as owner:
        owner.execute(f"ALTER TABLE bookings_consultation DISABLE {guard}")
        Consultation.objects.filter(pk=row.pk).update(changed_in=1, **fields)
        owner.execute(f"ALTER TABLE bookings_consultation ENABLE ALWAYS {guard}")
    connections["owner"].close()


# --- What is written while a look is going on ----------------------------------------------------


@contextmanager
def not_committed_yet(act) -> Iterator[None]:
    """Somebody has done `act`, but commits only at the end of the block."""
    done, over = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                act()
                done.set()
                over.wait(30)
        finally:
            connections.close_all()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert done.wait(30)
        yield
    finally:
        over.set()
        thread.join()


def test_what_is_committed_late_is_found_though_other_looks_went_on_meanwhile(committed_db):
    visit, other = make.proven(starts_at=NEXT_WEEK), make.waiting()
    all_was_read(make.NOW)
    with not_committed_yet(lambda: make.sealed(visit, now=make.NOW + SECOND)):
        for number in range(2, 5):
            changed(other)
            assert shortly(make.NOW + number * SECOND) == []
    visit.refresh_from_db()
    assert visit.confirmed_at < Relay.objects.get().looked_at, "it was not late"
    assert [kind for kind, _about in shortly(make.NOW + 5 * SECOND)] == [Kind.CONFIRMED]


def test_what_a_look_saw_before_its_time_is_found_by_the_next(committed_db):
    """Who sends read the clock, then a patient acted, then the rows were read."""
    all_was_read(make.NOW - SECOND)
    visit = make.confirmed(starts_at=NEXT_WEEK, now=make.NOW + SECOND)
    changed(make.held(starts_at=NEXT_WEEK + HOUR))
    assert (Kind.CONFIRMED, f"{visit.reference} visit 0") not in shortly(make.NOW)
    changed_long_ago(visit)  # else the next look sees it anyway, for as long as other tests go on
    assert (Kind.CONFIRMED, f"{visit.reference} visit 0") in shortly(make.NOW + 2 * SECOND)


def test_of_two_looks_at_once_the_one_that_knows_less_does_not_count(committed_db):
    all_was_read(make.NOW)
    early = looks.begin(now=make.NOW + SECOND)
    make.confirmed(starts_at=NEXT_WEEK)
    owing.note_owed(now=make.NOW + 3 * SECOND)
    there = Relay.objects.values().get()
    looks.end(early)
    assert Relay.objects.values().get() == there


def test_without_the_trigger_a_change_is_found_by_the_next_whole_look_only(committed_db):
    """The twin: it is the trigger that makes a short look see a change."""
    visit = make.confirmed(starts_at=NEXT_WEEK)
    changed_long_ago(visit)
    all_was_read(make.NOW + SECOND)
    changed_long_ago(visit, email="new@example.com")
    assert shortly(make.NOW + 2 * SECOND) == []
    assert [kind for kind, _about in whole(make.NOW + 2 * SECOND)] == [Kind.CONFIRMED]


# --- When a look is whole ------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_first_look_is_whole_and_then_one_in_ten_minutes():
    assert looks.begin(now=make.NOW).is_whole
    owing.note_owed(now=make.NOW)
    whole = []
    for seconds in range(2, 1300, 2):
        look = looks.begin(now=make.NOW + seconds * SECOND)
        looks.end(look)
        if look.is_whole:
            whole.append(seconds)
    assert whole == [600, 1200]


@pytest.mark.django_db
def test_a_look_is_whole_after_the_data_were_brought_from_another_server():
    owing.note_owed(now=make.NOW)
    Relay.objects.update(looked_through=2**40)
    assert looks.begin(now=make.NOW + SECOND).is_whole
    owing.note_owed(now=make.NOW + SECOND)
    assert not looks.begin(now=make.NOW + 2 * SECOND).is_whole


@pytest.mark.django_db
def test_a_look_is_whole_when_the_clock_was_set_back():
    owing.note_owed(now=make.NOW)
    assert looks.begin(now=make.NOW - HOUR).is_whole
    owing.note_owed(now=make.NOW - HOUR)
    assert not looks.begin(now=make.NOW - HOUR + SECOND).is_whole


# --- What it costs -------------------------------------------------------------------------------


@pytest.mark.parametrize("visits", [1, 3])
def test_a_short_look_takes_five_queries_where_nothing_is_due(
    committed_db, django_assert_num_queries, visits
):
    make.aftercare_steps(make.treatment())
    for number in range(visits):
        changed_long_ago(make.confirmed(starts_at=NEXT_WEEK + number * HOUR))
    for number in range(3):
        all_was_read(make.NOW + number * SECOND)
    with django_assert_num_queries(5):
        assert owing.found_by(looks.begin(now=make.NOW + 5 * SECOND)) == []


def test_an_index_answers_each_question_of_a_short_look(committed_db):
    """Whatever lies in the past; `make bench` counts that none of them reads a million rows."""
    make.aftercare_steps(make.treatment())
    make.confirmed(starts_at=NEXT_WEEK)
    session_of(make.completed())
    all_was_read(make.NOW)
    make.waiting()
    with CaptureQueriesContext(connection) as asked:
        owing.found_by(looks.begin(now=make.NOW + SECOND))
    assert len(asked) > len(RULES), "the rules are asked for the request that was changed"
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        for query in asked:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            for table in (Consultation, TreatmentSession, Message):
                assert f"Seq Scan on {table._meta.db_table}" not in plan, f"{query['sql']}\n{plan}"
