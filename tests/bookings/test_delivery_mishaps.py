"""What a sender does when the database, or one odd e-mail, fails it in the middle of a round."""

import datetime as dt
import socket
import threading

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core.mail import EmailMessage

from bookings import delivery, owing
from bookings.delivery import claims
from bookings.delivery.line import Line, NotNow
from bookings.models import Consultation, Message, MessageState, Relay, Why
from clinic import clock
from tests import databases, make, processes

SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)
NEXT_WEEK = make.TOMORROW_AT_9 + dt.timedelta(days=7)
pytestmark = pytest.mark.one_risk


def left_by_a_dead_sender(*, marked: int = 0) -> Message:
    """A confirmation whose lease is over; its senders died after so many marks."""
    make.confirmed(starts_at=NEXT_WEEK)
    owing.note_owed(now=make.NOW)
    for _time in range(max(1, marked)):
        (claimed,) = claims.claim(now=make.NOW, at_most=1)
        assert not marked or claims.mark_the_dot(claimed, wording="", now=make.NOW)
        Message.objects.update(lease_until=make.NOW)
    return Message.objects.get()


# --- Dead senders, while nobody may send -----------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("marked", "state"), [(0, MessageState.OWED), (1, MessageState.OWED), (2, MessageState.UNKNOWN)]
)
def test_nothing_stays_with_a_dead_sender_while_the_relay_is_left_alone(settings, marked, state):
    settings.EMAIL_PORT = processes.free_port()
    message = left_by_a_dead_sender(marked=marked)
    until = make.NOW + 4 * SECOND
    Relay.objects.update(opened_at=make.NOW, why=Why.NO_ANSWER, probe_at=until)
    delivery.send_due(now=make.NOW)
    message.refresh_from_db()
    assert (message.state, message.phase, message.copies) == (state, "", marked)


@pytest.mark.django_db
def test_nothing_stays_with_a_dead_sender_while_all_connections_are_others(settings):
    message = left_by_a_dead_sender()
    settings.MAIL_CONNECTIONS = 0
    delivery.send_due(now=make.NOW)
    message.refresh_from_db()
    assert message.state == MessageState.OWED


# --- The database, after the relay's yes -----------------------------------------------------------


class CutsTheDatabase:
    """A mail server that takes an e-mail, and ends every session of a database before it says so."""

    def __init__(self, database: str) -> None:
        self.url, self.database, self.taken = databases.url_of(database), database, 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken += 1
        with psycopg.connect(self.url, autocommit=True) as asked:
            asked.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
                " AND usename = current_user AND pid <> pg_backend_pid()",
                [self.database],
            )
        return "250 Kept"


def test_the_relays_yes_is_stamped_though_the_database_hung_up(committed_db, smtp_sink, settings):
    now = clock.now()
    make.waiting(now=now)
    owing.note_owed(now=now)
    cutting = CutsTheDatabase(committed_db)
    settings.EMAIL_PORT = processes.free_port()
    controller = Controller(cutting, hostname="127.0.0.1", port=settings.EMAIL_PORT)
    controller.start()
    try:
        assert delivery.send_due(now=now) == 1
    finally:
        controller.stop()
    assert cutting.taken == 1
    message = Message.objects.get()
    assert (message.state, message.copies) == (MessageState.SENT, 1)


# --- Odd e-mails ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_address_in_other_letters_stops_nobody_else(smtp_sink):
    odd = make.confirmed(starts_at=NEXT_WEEK)
    make.confirmed(starts_at=NEXT_WEEK + dt.timedelta(hours=1))
    Consultation.objects.filter(pk=odd.pk).update(email="layla@exämple.com")
    owing.note_owed(now=make.NOW)
    delivery.send_due(now=make.NOW)
    assert set(Message.objects.values_list("state", flat=True)) == {MessageState.SENT}
    assert any(mail["To"] == "layla@xn--exmple-cua.com" for mail in smtp_sink.messages)


@pytest.mark.django_db
def test_an_address_that_no_mail_server_can_be_told_is_given_up_and_stops_nobody_else(smtp_sink):
    odd = make.confirmed(starts_at=NEXT_WEEK)
    make.confirmed(starts_at=NEXT_WEEK + dt.timedelta(hours=1))
    Consultation.objects.filter(pk=odd.pk).update(email="ليلى@example.com")
    owing.note_owed(now=make.NOW)
    delivery.send_due(now=make.NOW)
    states = dict(Message.objects.values_list("consultation", "state"))
    assert states.pop(odd.pk) == MessageState.GAVE_UP
    assert set(states.values()) == {MessageState.SENT}


# --- A mail server that hangs up --------------------------------------------------------------------


def hangs_up_in_data(listener: socket.socket) -> None:
    """One dialogue, as far as the first bytes of the e-mail."""
    line, _whose = listener.accept()
    with line, line.makefile("rb") as said:
        line.sendall(b"220 here\r\n")
        while not (command := said.readline()).upper().startswith(b"DATA"):
            line.sendall(b"250 yes\r\n")
        assert command
        line.sendall(b"354 go on\r\n")
        said.read(10)


def test_a_server_that_hung_up_before_the_dot_has_not_taken_the_e_mail(settings, smtp_sink):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.EMAIL_PORT = listener.getsockname()[1]
        server = threading.Thread(target=hangs_up_in_data, args=(listener,))
        server.start()
        email = EmailMessage("Hello", "Hello", to=["patient@example.com"])
        marked: list[bool] = []

        def mark() -> None:
            marked.append(True)
            server.join()

        with pytest.raises(NotNow) as refusal:
            Line().send(email, sender="clinic@example.com", before_the_dot=mark)
    assert marked
    assert refusal.value.line_is_broken
