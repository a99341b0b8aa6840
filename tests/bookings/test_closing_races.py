"""A booking and a closure at the same moment: one of them sees the other; and why it does."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

import bookings.actions
from bookings.models import Closure, Consultation
from clinic.models import Dermatologist
from tests import make
from tests.bookings.hours import MINUTE

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def race(committed_db, monkeypatch):
    """Books a time and closes it at once, and gives whether each was done.

    After they looked and before they write, both wait for each other, as far as a lock lets them.
    """
    make.clinic()
    dermatologist, treatment = make.dermatologist(), make.treatment()
    looked = threading.Barrier(2)

    def wait_after(look):
        def look_and_wait(*args, **kwargs):
            found = look(*args, **kwargs)
            found = found if found is None else list(found)
            try:
                looked.wait(timeout=1)
            except threading.BrokenBarrierError:
                pass  # the other one stands in the queue of the lock
            return found

        return look_and_wait

    for module, name in (
        (bookings.actions.holding, "take_time"),
        (bookings.actions.closing, "_booked_in"),
    ):
        monkeypatch.setattr(module, name, wait_after(getattr(module, name)))

    def book() -> bool:
        try:
            bookings.actions.request(
                now=make.NOW,
                treatment=treatment,
                dermatologist=dermatologist,
                starts_at=make.TOMORROW_AT_9,
                **make.details(),
            )
        except bookings.actions.TimeTaken:
            return False
        finally:
            connection.close()
        return True

    def close() -> bool:
        closure = Closure(
            dermatologist=dermatologist,
            starts_at=make.TOMORROW_AT_9 - HOUR,
            ends_at=make.TOMORROW_AT_9 + HOUR,
        )
        try:
            bookings.actions.close(closure=closure, now=make.NOW + MINUTE)
        except bookings.actions.VisitsInClosure:
            return False
        finally:
            connection.close()
        return True

    def run() -> tuple[bool, bool]:
        with ThreadPoolExecutor(2) as pool:
            racing = [pool.submit(book), pool.submit(close)]
            booked, closed = (one.result() for one in racing)
        assert Consultation.objects.exists() is booked
        assert Closure.objects.exists() is closed
        return booked, closed

    return run


def test_either_the_visit_is_previewed_or_the_closed_time_is_not_booked(race):
    booked, closed = race()
    assert booked is not closed


def test_without_the_lock_a_visit_is_booked_in_a_closure_that_nobody_was_shown(race, monkeypatch):
    def nobody_waits(*ids: int | None) -> dict[int, Dermatologist]:
        return {}

    monkeypatch.setattr(bookings.actions.closing, "lock_dermatologists", nobody_waits)
    assert race() == (True, True)
