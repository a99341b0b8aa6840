"""Why one time is had by one patient: a lock and a constraint, each of which is enough alone.

The twins take the guards away, one after the other, to show that the race is a real one.
"""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

import bookings.actions
from bookings.actions import locks
from bookings.models import Consultation
from clinic import clock
from tests import make

TWINS = 12  # in one process; each has a connection of its own


@pytest.fixture
def race(committed_db, monkeypatch):
    """Lets TWINS patients take one time in one process, and gives what became of each.

    Between the check and the write they wait for each other, as far as a lock lets them: that makes
    the race as wide as it can be, in the same way with every guard.
    """
    make.clinic()
    dermatologist, treatment = make.dermatologist(), make.treatment()
    wanted = bookings.actions.free_times(treatment=treatment, now=clock.now())[10].starts_at
    checked = threading.Barrier(TWINS)
    check = bookings.actions.holding.take_time

    def check_and_wait(*args: Any, **kwargs: Any) -> None:
        check(*args, **kwargs)
        try:
            checked.wait(timeout=1)
        except threading.BrokenBarrierError:
            pass  # the others stand in the queue of the lock

    monkeypatch.setattr(bookings.actions.holding, "take_time", check_and_wait)

    def ask(start: threading.Barrier, details: dict[str, Any]) -> str:
        try:
            connection.ensure_connection()
            start.wait()
            bookings.actions.request(
                now=clock.now(),
                treatment=treatment,
                dermatologist=dermatologist,
                starts_at=wanted,
                **details,
            )
        except bookings.actions.TimeTaken:
            return "taken"
        finally:
            connection.close()
        return "held"

    def run() -> Counter[str]:
        start = threading.Barrier(TWINS)
        with ThreadPoolExecutor(TWINS) as pool:
            racing = [pool.submit(ask, start, make.details()) for _twin in range(TWINS)]
            return Counter(one.result() for one in racing)

    return run


def without_the_lock(monkeypatch) -> None:
    unlocked = locks.LOCK.replace("FOR NO KEY UPDATE OF dermatologist", "")
    assert unlocked != locks.LOCK
    monkeypatch.setattr(locks, "LOCK", unlocked)


def without_the_constraint() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE bookings_consultation DROP CONSTRAINT one_patient_at_a_time")
    connections["owner"].close()


def test_with_both_guards_one_has_the_time(race):
    assert race() == {"held": 1, "taken": TWINS - 1}


def test_without_the_lock_the_constraint_lets_one_have_it(race, monkeypatch):
    without_the_lock(monkeypatch)
    assert race() == {"held": 1, "taken": TWINS - 1}


def test_without_the_constraint_the_lock_lets_one_have_it(race):
    without_the_constraint()
    assert race() == {"held": 1, "taken": TWINS - 1}


def test_without_both_the_time_is_overbooked(race, monkeypatch):
    without_the_lock(monkeypatch)
    without_the_constraint()
    assert race()["held"] > 1
    assert Consultation.objects.values("starts_at").distinct().count() == 1
