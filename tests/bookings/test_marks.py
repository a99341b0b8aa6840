"""The mark before the last dot: one statement where the visit is as it was, another look where it is not."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

import bookings.actions
from bookings import owing
from bookings.delivery import claims
from bookings.models import Consultation, Message, Phase
from tests import make, processes
from tests.bookings.owing import session_of

pytestmark = pytest.mark.one_risk
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%%FOR SHARE%%'
"""


@pytest.fixture
def claimed(committed_db) -> Message:
    """The confirmation of a visit, claimed and not sent yet."""
    make.confirmed()
    owing.note_owed(now=make.NOW)
    (message,) = claims.claim(now=make.NOW, at_most=1)
    return message


def mark(message: Message) -> bool:
    return claims.mark_the_dot(message, wording="", now=make.NOW)


def test_an_unchanged_visit_takes_one_statement(claimed, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert mark(claimed)
    claimed.refresh_from_db()
    assert (claimed.phase, claimed.copies, claimed.dot_at is not None) == (Phase.DOT, 1, True)


def test_a_visit_that_was_changed_and_is_owed_it_still_is_looked_at_again(claimed):
    Consultation.objects.update(wants_to_talk=True)
    assert not claims._mark_unchanged(claimed, wording="")
    assert mark(claimed)


def test_a_visit_that_was_cancelled_is_not_marked(claimed):
    bookings.actions.cancel(consultation=claimed.consultation, now=make.NOW, by_patient=True)
    assert not mark(claimed)
    claimed.refresh_from_db()
    assert (claimed.phase, claimed.copies) == ("", 0)


def test_an_older_lease_marks_nothing(claimed):
    Message.objects.update(lease=claimed.lease + 1)
    assert not mark(claimed)


def test_aftercare_is_looked_at_again_as_its_session_can_be_voided(committed_db):
    make.aftercare_steps(make.treatment())
    session = session_of(make.completed())
    owing.note_owed(now=session.took_place_at)
    rows = claims.claim(now=session.took_place_at, at_most=9)
    (tip,) = [row for row in rows if row.session_id]
    assert not claims._mark_unchanged(tip, wording="")
    assert claims.mark_the_dot(tip, wording="", now=session.took_place_at)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_mark_that_waits_for_a_cancellation_follows_what_is_committed(claimed, is_kept):
    """The twin: where the cancellation is taken back, the mark that waited for it stands."""
    done, over = threading.Event(), threading.Event()

    def cancel() -> None:
        try:
            with transaction.atomic():
                bookings.actions.cancel(
                    consultation=claimed.consultation, now=make.NOW, by_patient=True
                )
                done.set()
                assert over.wait(60)
                transaction.set_rollback(not is_kept)
        finally:
            connections.close_all()

    def try_to_mark() -> bool:
        try:
            return mark(claimed)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        cancelling = pool.submit(cancel)
        assert done.wait(60)
        marking = pool.submit(try_to_mark)
        try:
            processes.wait_until(somebody_waits, what="a mark that waits")
        finally:
            over.set()
        cancelling.result(60)
        assert marking.result(60) is not is_kept
    claimed.refresh_from_db()
    assert (claimed.phase == Phase.DOT) is not is_kept


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])
