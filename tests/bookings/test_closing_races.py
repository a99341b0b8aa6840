"""A booking beside a closure, or beside a change of hours: one of them sees the other; and why."""

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

import bookings.actions
from bookings.actions import closing, holding, hours
from bookings.models import Closure, Consultation, WeeklyHours
from clinic.models import Dermatologist
from tests import make

HOUR = dt.timedelta(hours=1)


def close() -> None:
    closure = Closure(starts_at=make.TOMORROW_AT_9 - HOUR, ends_at=make.TOMORROW_AT_9 + HOUR)
    closing.close(closure=closure, now=make.NOW)


def take_the_hours_away() -> None:
    monday = WeeklyHours.objects.filter(weekday=0)
    with transaction.atomic():
        hours.refuse_to_leave_visits_outside(whose=[None], change=monday.delete, now=make.NOW)
        monday.delete()


def is_still_open() -> bool:
    return WeeklyHours.objects.filter(weekday=0).exists() and not Closure.objects.exists()


RACES = pytest.mark.parametrize(
    ("shut", "module", "look"),
    [(close, closing, "_booked_in"), (take_the_hours_away, hours, "_booked_ahead")],
    ids=["closure", "hours"],
)


@pytest.fixture
def race(committed_db, monkeypatch):
    """Books a time while `shut` shuts it, and gives what became of both: booked, still open.

    After they looked and before they write, both wait for each other, as far as a lock lets them.
    """
    make.clinic()
    dermatologist, treatment = make.dermatologist(), make.treatment()
    looked = threading.Barrier(2)

    def wait_after(look: Callable) -> Callable:
        def look_and_wait(*args, **kwargs):
            found = look(*args, **kwargs)
            found = found if found is None else list(found)
            try:
                looked.wait(timeout=1)
            except threading.BrokenBarrierError:
                pass  # the other one stands in the queue of the lock
            return found

        return look_and_wait

    def book() -> None:
        bookings.actions.request(
            now=make.NOW,
            treatment=treatment,
            dermatologist=dermatologist,
            starts_at=make.TOMORROW_AT_9,
            **make.details(),
        )

    def refused(act: Callable[[], None]) -> bool:
        try:
            act()
        except (bookings.actions.TimeTaken, bookings.actions.VisitsBooked):
            return True
        finally:
            connection.close()
        return False

    def run(shut: Callable[[], None], module, look: str) -> tuple[bool, bool]:
        monkeypatch.setattr(holding, "take_time", wait_after(holding.take_time))
        monkeypatch.setattr(module, look, wait_after(getattr(module, look)))
        with ThreadPoolExecutor(2) as pool:
            racing = [pool.submit(refused, act) for act in (book, shut)]
            refusals = [one.result() for one in racing]
        found = (Consultation.objects.exists(), is_still_open())
        assert refusals == [not found[0], found[1]]
        return found

    return run


@RACES
def test_either_the_visit_is_seen_or_the_time_is_not_booked(race, shut, module, look):
    booked, still_open = race(shut, module, look)
    assert booked is still_open


@RACES
def test_without_the_lock_a_visit_is_left_in_a_time_that_is_shut(
    race, shut, module, look, monkeypatch
):
    def nobody_waits(*ids: int | None) -> dict[int, Dermatologist]:
        return Dermatologist.objects.in_bulk([pk for pk in ids if pk])

    monkeypatch.setattr(module, "lock_dermatologists", nobody_waits)
    assert race(shut, module, look) == (True, False)
