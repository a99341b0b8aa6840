"""Two devices prove a new address in one moment, or prove it while it is replaced: one of them is first."""

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

import bookings.actions
from bookings import links
from bookings.actions import addresses
from bookings.links import Purpose
from bookings.models import Consultation, Patient
from clinic import clock
from clinic.errors import Refused
from tests import make

pytestmark = pytest.mark.one_risk
NEW = "another@example.org"
ROUNDS = 8
TICK = dt.timedelta(milliseconds=1)


def asked_again() -> Consultation:
    """A visit whose new address waits for its proof."""
    now = clock.now()
    free = bookings.actions.free_times(
        treatment=make.treatment(), now=now, dermatologist=make.dermatologist()
    )
    visit = make.confirmed(starts_at=free[40].starts_at, now=now)
    return bookings.actions.ask_for_new_address(consultation=visit, email=NEW, now=now)


def by_code(visit: Consultation, after: dt.timedelta) -> Callable[[], Consultation]:
    code = links.code(visit, Purpose.NEW_CODE)
    now = visit.code_issued_at + after
    return lambda: bookings.actions.prove_new_address_by_code(
        consultation=visit, code=code, now=now
    )


def by_link(visit: Consultation, after: dt.timedelta) -> Callable[[], Consultation]:
    token = links.token(visit, Purpose.NEW_ADDRESS)
    now = visit.code_issued_at + after
    return lambda: bookings.actions.prove_new_address_by_link(token=token, now=now)


def by_asking(visit: Consultation, email: str, now: dt.datetime) -> Callable[[], Consultation]:
    return lambda: bookings.actions.ask_for_new_address(consultation=visit, email=email, now=now)


def at_once(*acts: Callable[[], Consultation]) -> list[Consultation | str]:
    """What becomes of acts that begin together: the row, or the refusal's code."""
    start = threading.Barrier(len(acts))

    def one(act: Callable[[], Consultation]) -> Consultation | str:
        try:
            connection.ensure_connection()
            start.wait()
            return act()
        except Refused as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [one.result() for one in [pool.submit(one, act) for act in acts]]


def proofs_at_once(visit: Consultation) -> list[Consultation | str]:
    acts = [by_code(visit, TICK), by_link(visit, 2 * TICK), by_code(visit, 3 * TICK)]
    return at_once(*acts, by_link(visit, 4 * TICK))


def undo(visit: Consultation) -> Consultation:
    """For another round: the address before."""
    now = clock.now()
    old = Consultation.objects.get(pk=visit.pk).former_email
    bookings.actions.change_address_in_person(
        consultation=visit, email=old, note="For another round.", now=now
    )
    Consultation.objects.filter(pk=visit.pk).update(code_serial=0)
    return bookings.actions.ask_for_new_address(
        consultation=visit, email=NEW, now=now + dt.timedelta(minutes=1)
    )


def test_two_devices_that_prove_it_at_once_change_it_once(committed_db):
    visit = asked_again()
    for _round in range(ROUNDS):
        done = proofs_at_once(visit)
        assert not [one for one in done if isinstance(one, str)]
        row = Consultation.objects.get(pk=visit.pk)
        assert {one.email_changed_at for one in done} == {row.email_changed_at}
        assert (row.email, row.link_serial) == (NEW, visit.link_serial + 1)
        assert Patient.objects.filter(email=NEW).count() == 1
        visit = undo(visit)


def test_without_the_lock_it_is_changed_twice(committed_db, monkeypatch):
    """The twin: both devices read before either has written."""
    visit = asked_again()
    both_have_read = threading.Barrier(2)

    def without_lock(pk: int) -> Consultation:
        row = Consultation.objects.get(pk=pk)
        both_have_read.wait()
        return row

    monkeypatch.setattr(addresses, "lock_consultation", without_lock)
    done = at_once(by_code(visit, TICK), by_link(visit, 2 * TICK))
    assert len({one.email_changed_at for one in done if isinstance(one, Consultation)}) == 2


def test_a_code_ends_in_the_moment_in_which_another_address_is_asked_for(committed_db):
    visit = asked_again()
    for number in range(ROUNDS):
        third = f"third{number}@example.org"
        later = visit.code_issued_at + dt.timedelta(seconds=31)
        proof, asked = at_once(by_code(visit, TICK), by_asking(visit, third, later))
        row = Consultation.objects.get(pk=visit.pk)
        assert isinstance(asked, Consultation) and row.new_email == third
        was_first = isinstance(proof, Consultation)
        assert (row.email == NEW) == was_first
        assert was_first or proof == "wrong_code"
        if was_first:
            visit = undo(visit)
        else:
            Consultation.objects.filter(pk=visit.pk).update(code_serial=0)
            visit = bookings.actions.ask_for_new_address(consultation=visit, email=NEW, now=later)
