"""What is written down of an e-mail that came back: once, and only if it was handed over."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection
from django.db.models import QuerySet

import bookings.actions
import consent.actions
from bookings import delivery, links, owing
from bookings.actions.bounces import CAME_BACK, MAILBOX_FULL, NO_MAILBOX
from bookings.delivery import claims
from bookings.models import Consultation, Message, MessageState
from consent.actions import Basis
from tests import make
from tests.bookings.owing import are_sent, note

pytestmark = pytest.mark.one_risk


# --- What is written down ------------------------------------------------------------------------


@pytest.fixture
def sent(db, smtp_sink) -> Message:
    """A confirmation that the relay took."""
    make.confirmed(email="zubaida.canary@example.org")
    owing.note_owed(now=make.NOW)
    assert delivery.send_due(now=make.NOW) == 1
    return Message.objects.get()


def came_back(message: Message, status: str = "5.1.1") -> Message | None:
    return bookings.actions.note_bounce(message=message.pk, status=status, now=make.NOW)


def test_the_envelope_says_where_its_bounce_goes(sent, smtp_sink):
    assert smtp_sink.senders == [links.bounce_address(sent.pk)]
    assert smtp_sink.messages[0]["From"].endswith("<clinic@example.com>")


@pytest.mark.parametrize(
    ("status", "trouble"),
    [("5.1.1", NO_MAILBOX), ("4.2.2", MAILBOX_FULL), ("5.7.1", CAME_BACK), ("", CAME_BACK)],
)
def test_an_e_mail_that_came_back_says_so_and_needs_staff(sent, status, trouble):
    before = Consultation.objects.values().get()
    row = came_back(sent, status)
    assert row is not None
    row.refresh_from_db()
    assert (row.state, row.bounced_at, row.answer) == (MessageState.BOUNCED, make.NOW, status)
    assert row.trouble == trouble
    assert row.sent_at == sent.sent_at
    assert list(Message.objects.needing_staff()) == [row]
    assert Consultation.objects.values().get() == before


def test_the_same_bounce_twice_is_one(sent):
    assert came_back(sent) is not None
    later = make.NOW + dt.timedelta(hours=1)
    assert bookings.actions.note_bounce(message=sent.pk, status="5.2.2", now=later) is None
    sent.refresh_from_db()
    assert (sent.answer, sent.bounced_at) == ("5.1.1", make.NOW)


def test_a_bounce_of_an_e_mail_that_there_never_was_is_nothing(db):
    assert bookings.actions.note_bounce(message=10**17, status="5.1.1", now=make.NOW) is None


def test_what_was_never_handed_over_cannot_come_back(db):
    make.confirmed()
    owing.note_owed(now=make.NOW)
    message = Message.objects.get()
    assert came_back(message) is None
    (claimed,) = claims.claim(now=make.NOW, at_most=1)
    assert came_back(claimed) is None


def test_one_that_came_back_is_not_sent_a_second_time(db, smtp_sink):
    """Its sender died after the dot; the bounce was quicker than the second copy."""
    make.confirmed()
    owing.note_owed(now=make.NOW)
    (claimed,) = claims.claim(now=make.NOW, at_most=1)
    assert claims.mark_the_dot(claimed, wording="", now=make.NOW)
    assert came_back(claimed) is not None
    Message.objects.update(lease_until=make.NOW)
    assert delivery.send_due(now=make.NOW) == 0
    claims.sent(claimed)  # a sender that was frozen, and believes that it is its own
    claimed.refresh_from_db()
    assert claimed.state == MessageState.BOUNCED


def test_nothing_is_stored_of_somebody_who_is_erased(sent):
    bookings.actions.cancel(consultation=sent.consultation, now=make.NOW, by_patient=True)
    lead = make.staff("lead", group="Lead")
    consent.actions.erase(consultation=sent.consultation, basis=Basis.ASKED, by=lead, now=make.NOW)
    before = Message.objects.values().get()
    assert came_back(sent) is None
    assert Message.objects.values().get() == before


def test_postgresql_refuses_a_bounce_of_what_was_not_handed_over(db):
    make.confirmed()
    owing.note_owed(now=make.NOW)
    with pytest.raises(IntegrityError, match="a_message_being_sent_has_a_lease"):
        Message.objects.update(state=MessageState.SENDING)


# --- At once -------------------------------------------------------------------------------------


def bounced_at_once(message: Message, how_many: int) -> list[Message]:
    """As many readers as that note the same bounce in the same moment; what each says it noted."""
    together = threading.Barrier(how_many)

    def one(_number: int) -> Message | None:
        try:
            together.wait(30)
            return came_back(message)
        finally:
            connection.close()

    with ThreadPoolExecutor(how_many) as pool:
        return [row for row in pool.map(one, range(how_many)) if row is not None]


def test_readers_that_note_the_same_bounce_at_once_are_one(committed_db):
    make.confirmed()
    (message,) = note(make.NOW)
    for _round in range(10):
        are_sent(Message.objects.all(), now=make.NOW)
        Message.objects.update(bounced_at=None)
        assert len(bounced_at_once(message, 8)) == 1


def test_without_the_lock_several_would_each_believe_to_be_the_first(committed_db, monkeypatch):
    """The twin: the same readers, each looking without a lock."""
    make.confirmed()
    (message,) = note(make.NOW)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_options: rows.all())

    def noted_at_once() -> int:
        are_sent(Message.objects.all(), now=make.NOW)
        return len(bounced_at_once(message, 8))

    assert any(noted_at_once() > 1 for _round in range(50))
