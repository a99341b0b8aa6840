"""Two devices stop and resume a patient's tips in one moment, or a new visit is proven just then."""

import itertools
import threading
import time

import pytest
from django.db import OperationalError

import bookings.actions
from bookings import links
from bookings.actions import tips
from bookings.models import Consultation
from clinic import clock
from tests import make
from tests.bookings.test_change_address_races import at_once

pytestmark = pytest.mark.one_risk
WHO = {"email": "layla@example.com", "patient_name": "Layla Hassan"}


def visits(count: int) -> list[Consultation]:
    """Confirmed visits of one patient."""
    now = clock.now()
    free = bookings.actions.free_times(
        treatment=make.treatment(), now=now, dermatologist=make.dermatologist()
    )
    times = [free[40 + 4 * n].starts_at for n in range(count)]
    return [make.confirmed(starts_at=at, now=now, **WHO) for at in times]


def stopped() -> list[bool]:
    rows = Consultation.objects.order_by("pk")
    return [row.tips_stopped_at is not None for row in rows]


def on_two_devices(rows: list[Consultation]) -> list[Consultation | str]:
    now = clock.now()
    return at_once(
        *(lambda row=row: bookings.actions.stop_tips(consultation=row, now=now) for row in rows),
        *(lambda row=row: bookings.actions.resume_tips(consultation=row, now=now) for row in rows),
    )


def again_and_again(rows: list[Consultation]) -> None:
    for _round in range(5):
        on_two_devices(rows)


def slowly(monkeypatch) -> None:
    """So that each has one lock while the other has one."""
    lock = tips.lock_consultation

    def lock_and_wait(pk):
        locked = lock(pk)
        time.sleep(0.05)
        return locked

    monkeypatch.setattr(tips, "lock_consultation", lock_and_wait)


def test_two_devices_end_with_one_answer_for_all(committed_db, monkeypatch):
    slowly(monkeypatch)
    rows = visits(2)
    for _round in range(3):
        assert len(on_two_devices(rows)) == 4
        assert len(set(stopped())) == 1


def test_without_one_order_they_wait_for_each_other(committed_db, monkeypatch):
    slowly(monkeypatch)
    turns = itertools.cycle([False, True])
    monkeypatch.setattr(tips, "sorted", lambda pks: sorted(pks, reverse=next(turns)), raising=False)
    rows = visits(2)
    with pytest.raises(OperationalError, match="deadlock"):
        again_and_again(rows)


def stop_while_another_is_proven(monkeypatch) -> list[bool]:
    """The proof begins when who stops has locked all that they know of."""
    (first,) = visits(1)
    now = clock.now()
    free = bookings.actions.free_times(
        treatment=make.treatment(), now=now, dermatologist=make.dermatologist()
    )
    new = make.held(starts_at=free[60].starts_at, now=now, **WHO)
    locks, has_locked = tips._lock_those_of_the_patient, threading.Event()

    def lock_and_wait(consultation):
        found = locks(consultation)
        has_locked.set()
        time.sleep(0.5)
        return found

    def prove():
        assert has_locked.wait(10)
        code = links.code(new)
        return bookings.actions.prove_by_code(consultation=new, code=code, now=clock.now())

    monkeypatch.setattr(tips, "_lock_those_of_the_patient", lock_and_wait)
    at_once(lambda: bookings.actions.stop_tips(consultation=first, now=now), prove)
    return stopped()


def test_a_visit_that_is_proven_just_then_is_not_forgotten(committed_db, monkeypatch):
    assert stop_while_another_is_proven(monkeypatch) == [True, True]


def test_without_the_patients_lock_it_is(committed_db, monkeypatch):
    monkeypatch.setattr(tips, "_lock_patient", lambda consultation: None)
    assert stop_while_another_is_proven(monkeypatch) == [True, False]
