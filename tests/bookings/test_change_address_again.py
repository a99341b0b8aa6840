"""The address changed once more, or a dead mailbox left behind: who still hears of it, and who need not."""

import datetime as dt

import pytest

from bookings import delivery, owing
from bookings.models import Consultation, Kind, Message, MessageState
from tests.bookings.owing import HOUR, note
from tests.bookings.test_change_address import DAY, LATER, MINUTE, NEW, change, visit_next_week

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
THIRD = "third@example.org"


def told(**of) -> list[str]:
    """The addresses that heard that they were left, or will."""
    rows = Message.objects.filter(kind=Kind.ADDRESS_CHANGED, **of).exclude(
        state=MessageState.DROPPED
    )
    return sorted(rows.values_list("addressee", flat=True))


# --- Changed once more -----------------------------------------------------------------------------


def test_the_first_address_hears_of_it_though_the_next_change_follows_at_once(smtp_sink):
    visit = visit_next_week()
    first = visit.email
    change(visit)
    note(LATER)
    change(visit, THIRD, now=LATER + MINUTE)
    note(LATER + MINUTE)
    delivery.send_due(now=LATER + MINUTE)
    assert told(state=MessageState.SENT) == sorted([first, NEW])


def test_even_where_nobody_asked_between_the_two_what_is_owed():
    visit = visit_next_week()
    first = visit.email
    change(visit)
    change(visit, THIRD, now=LATER + MINUTE)
    note(LATER + MINUTE)
    note(LATER + 2 * MINUTE)
    assert told() == sorted([first, NEW])


def test_changed_back_the_first_address_hears_nothing():
    visit = visit_next_week()
    first = visit.email
    change(visit)
    note(LATER)
    word = Message.objects.get(kind=Kind.ADDRESS_CHANGED, addressee=first)
    change(visit, first, now=LATER + MINUTE)
    assert not owing.still_owed(word, now=LATER + MINUTE)


def test_it_is_of_use_for_three_days():
    visit = visit_next_week()
    change(visit)
    note(LATER)
    word = Message.objects.get(kind=Kind.ADDRESS_CHANGED)
    change(visit, THIRD, now=LATER + HOUR)
    assert owing.still_owed(word, now=LATER + 3 * DAY - dt.timedelta(seconds=1))
    assert not owing.still_owed(word, now=LATER + 3 * DAY)


def test_after_a_cancellation_too():
    visit = visit_next_week()
    change(visit)
    note(LATER)
    word = Message.objects.get(kind=Kind.ADDRESS_CHANGED)
    Consultation.objects.filter(pk=visit.pk).update(status="cancelled", cancelled_at=LATER)
    assert owing.still_owed(word, now=LATER)
