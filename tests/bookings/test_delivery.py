"""How due e-mails reach the mail server: once, later after a failure, never when not owed any more."""

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

import bookings.actions
from bookings import delivery, links, owing
from bookings.delivery import rounds
from bookings.models import Consultation, Message, MessageState, Relay, Why
from tests import make, processes

SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NEXT_WEEK = make.TOMORROW_AT_9 + 7 * DAY
pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]


def noted(now: dt.datetime = make.NOW) -> list[Message]:
    owing.note_owed(now=now)
    return list(Message.objects.order_by("pk"))


def fresh(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def owed_confirmation() -> Message:
    """A confirmation that is owed at make.NOW."""
    make.confirmed(starts_at=NEXT_WEEK)
    (message,) = noted()
    return message


@pytest.fixture
def confirmation(smtp_sink) -> Message:
    """It is owed, and the mail server is there."""
    return owed_confirmation()


class Refusing:
    """A mail server that answers one step of the dialogue with a refusal."""

    def __init__(self, step: str, answer: str) -> None:
        setattr(self, f"handle_{step}", self.refuse)
        self.answer = answer
        self.asked = 0

    async def refuse(self, server: SMTP, *_args: object) -> str:
        self.asked += 1
        return self.answer


@contextmanager
def mail_server_that_refuses(settings, step: str, answer: str) -> Iterator[Refusing]:
    port = processes.free_port()
    refusing = Refusing(step, answer)
    controller = Controller(refusing, hostname="127.0.0.1", port=port)
    controller.start()
    before, settings.EMAIL_PORT = settings.EMAIL_PORT, port
    try:
        yield refusing
    finally:
        settings.EMAIL_PORT = before
        controller.stop()


# --- Sent ----------------------------------------------------------------------------------------


def test_a_due_e_mail_is_sent_once_and_stamped(confirmation, smtp_sink):
    assert delivery.send_due(now=make.NOW) == 1
    assert delivery.send_due(now=make.NOW) == 0
    (mail,) = smtp_sink.messages
    assert mail["To"] == confirmation.addressee
    sent = fresh(confirmation)
    assert (sent.state, sent.tries, sent.trouble) == (MessageState.SENT, 1, "")
    assert sent.sent_at and not sent.lease_until


def test_a_tick_that_finds_nothing_asks_no_mail_server(settings):
    settings.EMAIL_PORT = processes.free_port()
    assert delivery.send_due(now=make.NOW) == 0


def test_a_code_does_not_wait_behind_a_crowd_of_reminders(smtp_sink):
    for number in range(3):
        make.confirmed(starts_at=NEXT_WEEK + number * HOUR)
    noted(make.NOW)
    make.held(starts_at=NEXT_WEEK + 4 * HOUR)
    noted(make.NOW + MINUTE)
    delivery.send_due(now=make.NOW + MINUTE)
    assert smtp_sink.messages[0]["Subject"] == "Your code"
    assert len(smtp_sink.messages) == 4


def test_more_than_one_claim_is_sent_in_one_round(smtp_sink, monkeypatch):
    monkeypatch.setattr(rounds, "CLAIMED_AT_ONCE", 2)
    for number in range(5):
        make.confirmed(starts_at=NEXT_WEEK + number * HOUR)
    noted()
    assert delivery.send_due(now=make.NOW) == 5


# --- No longer owed ------------------------------------------------------------------------------


def test_an_e_mail_that_is_not_owed_any_more_is_dropped(confirmation, smtp_sink):
    bookings.actions.cancel(consultation=confirmation.consultation, now=make.NOW, by_patient=True)
    noted()
    assert delivery.send_due(now=make.NOW) == 1
    assert fresh(confirmation).state == MessageState.DROPPED
    assert smtp_sink.messages[0]["Subject"].startswith("Cancelled: ")


def test_an_older_code_is_dropped_and_the_newest_is_sent(smtp_sink):
    consultation = make.held()
    noted()
    later = make.NOW + MINUTE
    bookings.actions.send_code(consultation=consultation, now=later)
    noted(later)
    assert delivery.send_due(now=later) == 1
    code = links.code(Consultation.objects.get())
    assert f"Your code: {code}" in smtp_sink.messages[0].get_body(("plain",)).get_content()


def test_an_e_mail_that_would_come_too_late_is_not_sent_and_staff_see_it(confirmation, smtp_sink):
    assert delivery.send_due(now=NEXT_WEEK) == 0
    late = fresh(confirmation)
    assert (late.state, late.trouble) == (MessageState.GAVE_UP, owing.TOO_LATE)


# --- Not taken -----------------------------------------------------------------------------------


def test_an_e_mail_that_the_server_cannot_take_now_is_tried_again_later(confirmation, smtp_sink):
    smtp_sink.refuse_next = 1
    assert delivery.send_due(now=make.NOW) == 0
    waiting = fresh(confirmation)
    assert (waiting.state, waiting.trouble) == (MessageState.OWED, delivery.NOT_NOW)
    assert 0.8 * MINUTE <= waiting.next_try_at - make.NOW <= 1.2 * MINUTE
    assert delivery.send_due(now=make.NOW + MINUTE / 2) == 0
    assert delivery.send_due(now=make.NOW + 1.2 * MINUTE) == 1
    assert fresh(confirmation).trouble == ""


def test_the_waits_grow_to_three_hours_and_end_before_the_e_mail_is_useless(smtp_sink):
    make.confirmed(starts_at=make.TOMORROW_AT_9)
    (message,) = noted()
    smtp_sink.refuse_next = 1000
    now, waits = make.NOW, []
    while delivery.send_due(now=now) == 0 and fresh(message).state == MessageState.OWED:
        waits.append((fresh(message).next_try_at - now) / MINUTE)
        now = fresh(message).next_try_at
    steady = [1, 5, 15, 60, 180, 180, 180, 180]
    assert all(
        0.8 * usual <= wait <= 1.2 * usual for wait, usual in zip(waits[:8], steady, strict=True)
    )
    assert max(waits) <= 1.2 * 180
    assert fresh(message).state == MessageState.GAVE_UP
    assert now < make.TOMORROW_AT_9 <= now + 2 * MINUTE


def test_a_code_that_cannot_be_sent_in_its_ten_minutes_is_given_up(smtp_sink):
    make.held()
    (code,) = noted()
    smtp_sink.refuse_next = 100
    for seconds in range(0, 600, 5):
        delivery.send_due(now=make.NOW + seconds * MINUTE / 60)
    assert fresh(code).state == MessageState.GAVE_UP
    assert fresh(code).tries > 3
    assert list(Message.objects.needing_staff()) == [fresh(code)]


def test_a_mail_server_that_is_away_uses_up_no_try_and_is_asked_again_every_five_seconds(
    settings, smtp_sink
):
    for number in range(3):
        make.confirmed(starts_at=NEXT_WEEK + number * HOUR)
    rows = noted()
    there, settings.EMAIL_PORT = settings.EMAIL_PORT, processes.free_port()
    assert delivery.send_due(now=make.NOW) == 0
    assert [fresh(row).state for row in rows] == [MessageState.OWED] * 3
    assert [fresh(row).tries for row in rows] == [0, 0, 0]
    assert fresh(rows[0]).trouble == delivery.NO_ANSWER
    assert Relay.objects.get().why == Why.NO_ANSWER
    settings.EMAIL_PORT = there
    assert delivery.send_due(now=make.NOW + 4 * SECOND) == 0
    assert delivery.send_due(now=make.NOW + 5 * SECOND) == 3
    assert Relay.objects.get().opened_at is None


@pytest.mark.parametrize(
    ("step", "answer", "trouble"),
    [
        ("RCPT", "550 No such mailbox", (MessageState.BAD_ADDRESS, delivery.ADDRESS_REFUSED)),
        ("RCPT", "550 5.7.1 Not from you", (MessageState.OWED, delivery.REFUSED)),
        ("MAIL", "553 5.7.1 Not from you", (MessageState.OWED, delivery.REFUSED)),
        ("DATA", "554 We do not want this", (MessageState.OWED, delivery.REFUSED)),
    ],
)
def test_a_bad_address_and_our_own_rejection_are_told_apart_and_logged_without_the_address(
    confirmation, settings, caplog, step, answer, trouble
):
    with (
        caplog.at_level(logging.INFO),
        mail_server_that_refuses(settings, step, answer),
    ):
        assert delivery.send_due(now=make.NOW) == 0
    refused = fresh(confirmation)
    assert (refused.state, refused.trouble) == trouble
    assert refused.answer in ("550", "550 5.7.1", "553 5.7.1", "554")
    assert refused.copies == 0
    logged = [record for record in caplog.records if record.name.startswith("bookings.delivery")]
    assert logged or refused.state == MessageState.BAD_ADDRESS
    assert not [r for r in logged if confirmation.addressee in r.getMessage() or r.exc_info]


@pytest.mark.parametrize("answer", ["450 Come back later", "421 Closing"])
def test_an_address_refused_for_now_is_tried_again(confirmation, settings, answer):
    with mail_server_that_refuses(settings, "RCPT", answer):
        delivery.send_due(now=make.NOW)
    assert fresh(confirmation).state == MessageState.OWED
    assert delivery.send_due(now=make.NOW + 1.2 * MINUTE) == 1


def test_an_e_mail_that_cannot_be_written_does_not_stop_the_others(smtp_sink, caplog):
    broken = make.confirmed(starts_at=NEXT_WEEK)
    make.confirmed(starts_at=NEXT_WEEK + HOUR)
    rows = noted()
    Message.objects.filter(consultation=broken).update(language="xx")
    assert delivery.send_due(now=make.NOW) == 1
    assert {fresh(row).state for row in rows} == {MessageState.GAVE_UP, MessageState.SENT}
    given_up = Message.objects.get(consultation=broken)
    assert given_up.trouble == delivery.NOT_WRITTEN
    (line,) = [r.getMessage() for r in caplog.records if r.name.startswith("bookings.delivery")]
    assert line == f"message {given_up.pk} cannot be written: KeyError"
