"""The address changed once more, or a dead mailbox left behind: who still hears of it, and who need not."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django.db import connection

import bookings.actions
from bookings import delivery, owing
from bookings.admin import mails
from bookings.admin.finding import UNANSWERED
from bookings.models import NEEDS_STAFF, Consultation, Kind, Message, MessageState
from clinic import clock
from tests import desk
from tests.bookings.owing import HOUR, note
from tests.bookings.test_change_address import (
    DAY,
    LATER,
    MINUTE,
    NEW,
    ask,
    change,
    prove,
    visit_next_week,
)
from tests.bookings.undelivered import LEFT

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


def many_were_sent() -> None:
    """So many that PostgreSQL looks for an index."""
    row = Message.objects.filter(kind=Kind.CONFIRMED).first()
    at = {"state": MessageState.SENT, "sent_at": LATER, "dot_at": LATER, "copies": 1}
    whose = {name: getattr(row, name) for name in ("consultation", "kind", "addressee", "language")}
    when = {name: getattr(row, name) for name in ("due_at", "useful_until", "next_try_at")}
    Message.objects.bulk_create(
        Message(about=f"{row.about} {n}", **whose, **when, **at) for n in range(3_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE bookings_message")


# --- A mailbox that is left behind -----------------------------------------------------------------


def fails(kind, *, state=MessageState.BOUNCED) -> Message:
    """The newest e-mail of that kind, as it ends where nobody reads it."""
    rows = Message.objects.filter(kind=kind)
    rows = rows.filter(pk=rows.latest("pk").pk)
    fields = LEFT[state] | {"refused_at": LATER}
    rows.update(state=state, **fields)
    return rows.get()


def needing() -> list[str]:
    """What needs staff, in every place that says so."""
    rows = list(Message.objects.needing_staff())
    assert rows == [row for row in Message.objects.order_by("-due_at", "-id") if row.needs_staff]
    assert Consultation.objects.filter(UNANSWERED).exists() == bool(rows)
    return [row.kind for row in rows]


@pytest.mark.parametrize("state", NEEDS_STAFF)
def test_word_to_a_dead_mailbox_needs_nobody_and_is_told_to_nobody(state):
    visit = visit_next_week()
    change(visit)
    note(LATER)
    word = fails(Kind.ADDRESS_CHANGED, state=state)
    assert needing() == []
    assert bookings.actions.tell_of_returned(now=LATER + HOUR) == 0
    assert mails.what_to_do(word) == ""


def test_a_confirmation_that_came_back_is_settled_once_the_address_is_another():
    visit = visit_next_week()
    fails(Kind.CONFIRMED)
    assert needing() == [Kind.CONFIRMED]
    change(visit)
    assert needing() == []
    note(LATER)
    fails(Kind.CONFIRMED)  # to the new one
    assert needing() == [Kind.CONFIRMED]


def test_back_at_the_dead_mailbox_it_needs_staff_again():
    visit = visit_next_week()
    fails(Kind.CONFIRMED)
    change(visit)
    change(visit, visit.email, now=LATER + HOUR)
    assert needing() == [Kind.CONFIRMED]


def test_a_code_to_a_mistyped_new_address_needs_staff_only_while_it_waits():
    visit = visit_next_week()
    ask(visit)
    note(LATER)
    fails(Kind.NEW_ADDRESS)
    assert needing() == [Kind.NEW_ADDRESS]
    ask(visit, THIRD, now=LATER + MINUTE)
    assert needing() == []
    ask(visit, now=LATER + 2 * MINUTE)
    assert needing() == [Kind.NEW_ADDRESS]
    bookings.actions.keep_address(consultation=visit)
    assert needing() == []


def test_a_code_needs_nobody_once_the_new_address_is_proven_otherwise():
    visit = ask(visit_next_week())
    note(LATER)
    fails(Kind.NEW_ADDRESS)
    prove(visit)
    assert needing() == []


def test_the_desk_and_the_figures_leave_it_out(client, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: LATER + HOUR)
    change(visit_next_week())
    note(LATER)
    fails(Kind.ADDRESS_CHANGED)
    figures = client.get("/metrics").content.decode()
    assert "clinic_messages_needing_staff 0.0" in figures
    page = desk.reception().get(desk.url("bookings_message_changelist")).content
    assert not BeautifulSoup(page, "html.parser").select("#result_list tbody tr")
    every = desk.reception().get(desk.url("bookings_message_changelist") + "?need=all").content
    assert len(BeautifulSoup(every, "html.parser").select("#result_list tbody tr")) == 3


def test_whoever_needs_staff_is_found_by_index():
    change(visit_next_week())
    many_were_sent()
    for rows in (Message.objects.needing_staff(), Consultation.objects.filter(UNANSWERED)):
        assert "message_needs_staff" in rows.order_by().explain()
