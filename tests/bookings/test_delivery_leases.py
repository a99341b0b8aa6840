"""Whose a claimed e-mail is, and for how long; after a dead sender it is sent once more, never a third time."""

import datetime as dt

import pytest
from django.db import IntegrityError

import bookings.actions
from bookings import delivery
from bookings.delivery import claims
from bookings.models import Message, MessageState, Phase
from clinic import clock
from tests import make
from tests.bookings.test_delivery import MINUTE, SECOND, fresh, owed_confirmation

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]


@pytest.fixture
def confirmation(smtp_sink) -> Message:
    return owed_confirmation()


# --- Leases --------------------------------------------------------------------------------------


def claim(now: dt.datetime = make.NOW) -> list[Message]:
    return claims.claim(now=now, at_most=20)


def test_a_claimed_row_is_nobody_elses_for_a_minute_by_the_databases_clock(confirmation):
    now = clock.now()
    Message.objects.update(next_try_at=now)
    (claimed,) = claim(now)
    assert MINUTE / 2 < claimed.lease_until - now < 2 * MINUTE
    assert claim(now) == []


def test_a_row_that_a_dead_sender_left_is_sent_when_its_lease_is_over(confirmation, smtp_sink):
    claim()
    Message.objects.update(lease_until=make.NOW)
    assert delivery.send_due(now=make.NOW) == 1
    assert (fresh(confirmation).lease, fresh(confirmation).tries) == (2, 2)
    assert not fresh(confirmation).perhaps_twice


def test_a_sender_that_lost_its_lease_neither_marks_nor_stamps(confirmation, smtp_sink):
    (claimed,) = claim()
    Message.objects.update(lease=claimed.lease + 1)
    assert not claims.renew(claimed)
    assert not claims.mark_the_dot(claimed, wording="", now=make.NOW)
    assert not claims.end(claimed, MessageState.DROPPED)
    assert fresh(confirmation).state == MessageState.SENDING


def test_no_dot_is_marked_when_the_lease_is_nearly_over(confirmation):
    (claimed,) = claim()
    Message.objects.update(lease_until=clock.now() + 19 * SECOND)
    assert not claims.mark_the_dot(claimed, wording="", now=make.NOW)
    assert claims.renew(claimed)
    assert claims.mark_the_dot(claimed, wording="", now=make.NOW)


# --- Perhaps twice -------------------------------------------------------------------------------


def dies_after_the_dot(now: dt.datetime = make.NOW) -> Message:
    (claimed,) = claim(now)
    assert claims.mark_the_dot(claimed, wording="", now=now)
    Message.objects.update(lease_until=now)
    return fresh(claimed)


def test_one_that_may_have_arrived_is_sent_once_more_with_a_flag(confirmation, smtp_sink):
    assert (dies_after_the_dot().phase, fresh(confirmation).copies) == (Phase.DOT, 1)
    assert delivery.send_due(now=make.NOW) == 1
    again = fresh(confirmation)
    assert (again.state, again.copies, again.perhaps_twice) == (MessageState.SENT, 2, True)


def test_one_that_may_have_arrived_twice_is_never_sent_a_third_time(confirmation, smtp_sink):
    dies_after_the_dot()
    assert dies_after_the_dot().copies == 2
    assert delivery.send_due(now=make.NOW) == 0
    assert smtp_sink.messages == []
    assert fresh(confirmation).state == MessageState.UNKNOWN
    assert list(Message.objects.needing_staff()) == [confirmation]


def test_postgresql_refuses_a_third_copy(confirmation):
    with pytest.raises(IntegrityError, match="there_are_never_more_than_two_copies"):
        Message.objects.update(copies=3)


def test_a_yes_that_comes_when_the_lease_is_over_still_spares_the_second_copy(
    confirmation, smtp_sink
):
    dies_after_the_dot()
    (frozen,) = Message.objects.all()
    (another,) = claim()
    claims.sent(frozen)
    assert not claims.mark_the_dot(another, wording="", now=make.NOW)
    assert (fresh(frozen).state, fresh(frozen).copies) == (MessageState.SENT, 1)


def test_nothing_is_marked_once_the_visit_is_cancelled(confirmation):
    (claimed,) = claim()
    bookings.actions.cancel(consultation=claimed.consultation, now=make.NOW, by_patient=True)
    assert not claims.mark_the_dot(claimed, wording="", now=make.NOW)
