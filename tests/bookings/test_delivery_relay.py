"""The relay as a whole: when it is left alone, and that one odd answer never stops everybody's mail."""

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

import bookings.actions
from bookings import delivery, owing
from bookings.delivery import rounds
from bookings.models import Consultation, Message, MessageState, Relay, Why
from tests import make, processes
from tests.bookings.test_delivery import fresh, mail_server_that_refuses, noted

SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NEXT_WEEK = make.TOMORROW_AT_9 + 7 * DAY
pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]


# --- The relay as a whole ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "answer"),
    [("RCPT", "550 No relaying"), ("MAIL", "550 5.7.1 Blocked"), ("DATA", "554 Spam")],
)
def test_when_it_refuses_three_in_a_row_it_is_left_alone_and_none_of_them_is_dead(
    settings, smtp_sink, step, answer
):
    for number in range(5):
        make.confirmed(starts_at=NEXT_WEEK + number * HOUR)
    noted()
    with mail_server_that_refuses(settings, step, answer) as refusing:
        delivery.send_due(now=make.NOW)
        relay = Relay.objects.get()
        assert relay.why == Why.REFUSES_US
        assert relay.answer and relay.answer in answer
        assert refusing.asked == 3
        delivery.send_due(now=make.NOW + 5 * SECOND)
        assert refusing.asked == 4
    assert {row.state for row in Message.objects.all()} == {MessageState.OWED}
    for minutes in range(1, 8):
        for _round in range(2):
            delivery.send_due(now=make.NOW + minutes * MINUTE)
    assert {row.state for row in Message.objects.all()} == {MessageState.SENT}
    assert Relay.objects.get().opened_at is None


def test_a_few_bad_addresses_among_good_ones_do_not_stop_the_relay(settings, smtp_sink):
    for number in range(4):
        make.confirmed(starts_at=NEXT_WEEK + number * HOUR)
    bad, *_good = noted()
    smtp_sink.no_mailbox.add(bad.addressee)
    assert delivery.send_due(now=make.NOW) == 3
    assert fresh(bad).state == MessageState.BAD_ADDRESS
    assert Relay.objects.get().opened_at is None


def test_no_more_connections_than_allowed_speak_to_it(settings, smtp_sink):
    confirmations(1)
    settings.MAIL_CONNECTIONS = 0
    assert delivery.send_due(now=make.NOW) == 0
    settings.MAIL_CONNECTIONS = 1
    assert delivery.send_due(now=make.NOW) == 1


# --- One odd answer is that e-mail's own affair ---------------------------------------------------


class Odd(SMTP):
    """Answers the DATA command of one addressee with words of its own."""

    addressee, words = "", ""

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.envelope and self.envelope.rcpt_tos == [self.addressee]:
            await self.push(self.words)
        else:
            await super().smtp_DATA(arg)


class Kept:
    """Keeps who got an e-mail; may take its time."""

    def __init__(self, pause: float = 0.0) -> None:
        self.addressees: list[str] = []
        self.pause = pause

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        time.sleep(self.pause)
        self.addressees += envelope.rcpt_tos
        return "250 Kept"


@contextmanager
def mail_server(settings, handler: object, factory: Callable[..., SMTP] = SMTP) -> Iterator[None]:
    class Ours(Controller):
        def factory(self) -> SMTP:
            return factory(self.handler, hostname="sink")

    port = processes.free_port()
    controller = Ours(handler, hostname="127.0.0.1", port=port)
    controller.start()
    before, settings.EMAIL_PORT = settings.EMAIL_PORT, port
    try:
        yield
    finally:
        settings.EMAIL_PORT = before
        controller.stop()


def confirmations(count: int) -> list[Message]:
    for number in range(count):
        make.confirmed(starts_at=NEXT_WEEK + (number // 20) * DAY + (number % 20) * 20 * MINUTE)
    return noted()


@pytest.mark.parametrize("words", ["451 4.3.0 Later", "554 5.5.1 No"])
def test_a_refusal_of_the_data_command_does_not_hit_the_next_e_mail(settings, smtp_sink, words):
    first, *others = confirmations(4)
    Odd.addressee, Odd.words = first.addressee, words
    kept = Kept()
    with mail_server(settings, kept, Odd):
        assert delivery.send_due(now=make.NOW) == 3
    assert sorted(kept.addressees) == sorted(row.addressee for row in others)
    assert (fresh(first).state, fresh(first).copies) == (MessageState.OWED, 0)
    assert Relay.objects.get().opened_at is None


@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_login_code_at_one_address_is_that_e_mails_own_affair(settings, smtp_sink, code):
    first, *_others = confirmations(4)
    smtp_sink.answers[first.addressee] = f"{code} 5.7.1 Not for you"
    assert delivery.send_due(now=make.NOW) == 3
    assert Relay.objects.get().opened_at is None
    assert fresh(first).state == MessageState.OWED


def test_thirteen_dead_addresses_hold_no_confirmation_up(smtp_sink):
    for _number in range(13):
        smtp_sink.no_mailbox.add(make.waiting().email)
    make.confirmed(starts_at=NEXT_WEEK)
    noted()
    assert delivery.send_due(now=make.NOW) == 1
    assert Message.objects.filter(state=MessageState.BAD_ADDRESS).count() == 13


def test_bare_550s_that_may_mean_us_hold_a_confirmation_up_for_two_minutes_at_most(smtp_sink):
    for _number in range(13):
        smtp_sink.answers[make.waiting().email] = "550 No"
    good = make.confirmed(starts_at=NEXT_WEEK)
    noted()
    for seconds in range(0, 122, 2):
        delivery.send_due(now=make.NOW + seconds * SECOND)
    assert Message.objects.get(consultation=good).state == MessageState.SENT


# --- A relay that is back is used at once ---------------------------------------------------------


def away(settings) -> int:
    """The relay is found to be away; its port when it is back."""
    there, settings.EMAIL_PORT = settings.EMAIL_PORT, processes.free_port()
    assert delivery.send_due(now=make.NOW) == 0
    assert Relay.objects.get().why == Why.NO_ANSWER
    return there


def test_what_is_no_longer_owed_keeps_nobody_from_a_relay_that_is_back(settings, smtp_sink):
    rows = confirmations(30)
    there = away(settings)
    *gone, stays = rows
    Consultation.objects.filter(messages__in=gone).update(email="")
    settings.EMAIL_PORT = there
    delivery.send_due(now=make.NOW + 5 * SECOND)
    assert fresh(stays).state == MessageState.SENT


def test_what_waits_for_the_morning_keeps_nobody_from_a_relay_that_is_back(settings, smtp_sink):
    visit = make.confirmed(starts_at=NEXT_WEEK)
    for row in noted():
        row.delete()
    evening = (NEXT_WEEK - 3 * DAY).replace(hour=16, minute=59)  # 20:59 in Dubai
    noted(evening)
    settings.EMAIL_PORT, there = processes.free_port(), settings.EMAIL_PORT
    delivery.send_due(now=evening)
    night = evening + 2 * MINUTE
    bookings.actions.cancel(consultation=visit, now=night, by_patient=False)
    noted(night)
    settings.EMAIL_PORT = there
    assert delivery.send_due(now=night) == 1
    assert smtp_sink.messages[0]["Subject"].startswith("Cancelled: ")


def test_a_relay_that_puts_every_first_try_off_is_left_alone_no_longer(settings, smtp_sink):
    rows = confirmations(8)
    there = away(settings)
    smtp_sink.refuse_next = 8
    settings.EMAIL_PORT = there
    delivery.send_due(now=make.NOW + 5 * SECOND)
    assert Relay.objects.get().opened_at is None
    assert {fresh(row).tries for row in rows} == {1}
    assert delivery.send_due(now=make.NOW + 2 * MINUTE) == 8


def test_a_clock_that_was_put_back_delays_nothing_for_long(settings, smtp_sink):
    (message,) = confirmations(1)
    ahead = make.NOW + DAY
    Relay.objects.update(opened_at=ahead, why=Why.NO_ANSWER, probe_at=ahead, ticked_at=ahead)
    Message.objects.update(next_try_at=ahead)
    owing.note_owed(now=make.NOW)
    assert delivery.send_due(now=make.NOW) == 1
    assert fresh(message).state == MessageState.SENT
    assert Relay.objects.get().ticked_at == make.NOW


# --- One round ------------------------------------------------------------------------------------


def test_a_slow_relay_does_not_make_a_round_longer_than_one_e_mail(
    settings, smtp_sink, monkeypatch
):
    monkeypatch.setattr(rounds, "ROUND_LASTS", 1.0)
    rows = confirmations(8)
    begun = time.monotonic()
    with mail_server(settings, Kept(pause=0.4)):
        sent = delivery.send_due(now=make.NOW)
    assert sent < 8
    assert time.monotonic() - begun < 1.0 + 8 * 0.4
    left = [fresh(row) for row in rows if fresh(row).state == MessageState.OWED]
    assert len(left) == 8 - sent
    assert {row.tries for row in left} == {0}
