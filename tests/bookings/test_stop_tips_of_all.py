"""Stopped tips are stopped for the patient at that address, after every session, and so are they resumed."""

import datetime as dt

import pytest

import bookings.actions
from bookings import links
from bookings.models import Consultation
from tests import desk, make
from tests.bookings.owing import HOUR, owed, session_of
from tests.bookings.test_change_address import change

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
DAY = dt.timedelta(days=1)
WHO = {"email": "layla@example.com", "patient_name": "Layla Hassan"}
NOW = make.TOMORROW_AT_9 + 6 * HOUR


def two(**second) -> tuple[Consultation, Consultation]:
    """Two visits of one patient, each with a session; `second` says what is different."""
    make.aftercare_steps(make.treatment())
    found = [
        make.completed(starts_at=make.TOMORROW_AT_9 + n * HOUR, **(WHO | more))
        for n, more in enumerate(({}, second))
    ]
    for row in found:
        session_of(row)
    return found[0], found[1]


def stopped() -> list[bool]:
    rows = Consultation.objects.order_by("pk")
    return [row.tips_stopped_at is not None for row in rows]


def stop(consultation, now=NOW) -> Consultation:
    return bookings.actions.stop_tips(consultation=consultation, now=now)


def resume(consultation, now=NOW) -> Consultation:
    return bookings.actions.resume_tips(consultation=consultation, now=now)


@pytest.mark.parametrize("which", [0, 1])
def test_stopped_once_no_session_brings_them_and_resumed_all_do(which):
    visits = two()
    stop(visits[which])
    assert stopped() == [True, True] and owed(NOW) == []
    resume(visits[1 - which])
    assert stopped() == [False, False] and len(owed(NOW)) == 2


@pytest.mark.parametrize("other", [{"email": "another@example.com"}, {"patient_name": "Omar"}])
def test_another_address_or_another_child_keeps_theirs(other):
    first, _second = two(**other)
    stop(first)
    assert stopped() == [True, False]


def test_who_stopped_them_at_first_is_remembered_with_that_time():
    first, second = two()
    Consultation.objects.filter(pk=second.pk).update(tips_stopped_at=NOW - DAY)
    stop(first)
    assert Consultation.objects.get(pk=second.pk).tips_stopped_at == NOW - DAY


def test_a_visit_that_is_booked_later_does_not_start_them_again():
    first, _second = two()
    stop(first)
    third = make.completed(starts_at=make.TOMORROW_AT_9 + 3 * HOUR, **WHO)
    assert third.tips_stopped_at == NOW
    session_of(third)
    assert owed(NOW) == []
    resume(third)
    fourth = make.confirmed(starts_at=make.TOMORROW_AT_9 + 4 * HOUR, **WHO)
    assert fourth.tips_stopped_at is None


def test_before_the_proof_nobodys_answer_counts():
    first, _second = two()
    stop(first)
    assert make.held(starts_at=make.TOMORROW_AT_9 + 3 * HOUR, **WHO).tips_stopped_at is None


def test_a_patient_without_an_address_has_none_in_common():
    rows = [
        make.held(entered_by=make.staff(f"r{n}"), starts_at=make.TOMORROW_AT_9 + n * HOUR, **who)
        for n, who in enumerate([WHO | {"email": ""}] * 2)
    ]
    for row in rows:
        bookings.actions.prove_in_person(consultation=row, note="Mariam", now=make.NOW)
    stop(rows[0])
    assert stopped() == [True, False]


def test_another_address_takes_the_answer_along():
    first, second = two()
    stop(first)
    changed = change(second, "new@example.com", now=NOW)
    assert changed.tips_stopped_at == NOW
    resume(changed)
    assert stopped() == [True, False]  # the other is at another address now


def test_the_desk_shows_it_on_each():
    first, second = two()
    stop(first)
    for visit in (first, second):
        page = desk.reception().get(desk.page(visit)).content.decode()
        assert "tips after a session stopped" in page


def test_the_link_of_one_stops_all():
    first, _second = two()
    found = bookings.actions.find_to_stop(token=links.token(first, links.Purpose.STOP), now=NOW)
    stop(found)
    assert stopped() == [True, True]
