"""Moves at the same instant: nobody loses a visit, and nobody meets an error of the database."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

import bookings.actions
from bookings.models import Consultation, Status
from clinic import clock
from tests import make

HOUR = dt.timedelta(hours=1)
pytestmark = pytest.mark.one_risk


@pytest.fixture
def two_visits(committed_db):
    """Two booked visits, with the same dermatologist at 9:00 and with another one at 10:00."""
    now = clock.now()
    make.clinic()
    make.treatment()
    huda, arjun = make.dermatologist("huda"), make.dermatologist("arjun")
    free = bookings.actions.free_times(treatment=make.treatment(), now=now, dermatologist=huda)
    first = make.confirmed(dermatologist=huda, starts_at=free[30].starts_at, now=now)
    second = make.confirmed(dermatologist=arjun, starts_at=free[33].starts_at, now=now)
    return first, second


def at_once(*moves) -> list[str]:
    """What becomes of moves that begin together, in the words of their outcome."""
    start = threading.Barrier(len(moves))

    def one(consultation, dermatologist, starts_at) -> str:
        try:
            connection.ensure_connection()
            start.wait()
            bookings.actions.move(
                consultation=consultation,
                dermatologist=dermatologist,
                starts_at=starts_at,
                now=clock.now(),
            )
        except bookings.actions.TimeTaken:
            return "taken"
        finally:
            connection.close()
        return "moved"

    with ThreadPoolExecutor(len(moves)) as pool:
        return [one.result() for one in [pool.submit(one, *move) for move in moves]]


def where(*visits) -> list[tuple]:
    rows = [Consultation.objects.get(pk=visit.pk) for visit in visits]
    assert all(row.status == Status.CONFIRMED for row in rows)
    return [(row.dermatologist, row.starts_at) for row in rows]


@pytest.mark.parametrize("round_", range(5))
def test_two_patients_who_swap_at_the_same_instant_both_keep_their_visit(two_visits, round_):
    first, second = two_visits
    before = where(first, second)
    outcome = at_once((first, *before[1]), (second, *before[0]))
    assert outcome == ["taken", "taken"]
    assert where(first, second) == before


def test_a_chain_of_moves_ends_with_every_visit_at_one_place(two_visits):
    first, second = two_visits
    (huda, at_first), (arjun, at_second) = before = where(first, second)
    free = at_second + HOUR
    outcome = at_once((first, arjun, at_second), (second, arjun, free))
    assert outcome[1] == "moved"
    after = where(first, second)
    assert after[1] == (arjun, free)
    assert after[0] == ((arjun, at_second) if outcome[0] == "moved" else before[0])
    assert at_first and huda


def test_two_moves_to_one_time_one_has_it(two_visits):
    first, second = two_visits
    doctor = first.dermatologist
    free = first.starts_at + 2 * HOUR
    assert sorted(at_once((first, doctor, free), (second, doctor, free))) == ["moved", "taken"]
    assert sum(place == (doctor, free) for place in where(first, second)) == 1


def test_one_visit_moved_twice_at_once_is_at_one_of_the_times(two_visits):
    first, _second = two_visits
    doctor = first.dermatologist
    times = [first.starts_at + 2 * HOUR, first.starts_at + 3 * HOUR]
    assert at_once(*((first, doctor, time) for time in times)) == ["moved", "moved"]
    assert where(first)[0][1] in times
    assert Consultation.objects.get(pk=first.pk).revision == 2
