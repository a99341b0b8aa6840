"""Many senders at once, as threads and as processes: each e-mail is sent once."""

import collections
import signal
import sys
import threading

import pytest
from django.db import connections

from bookings import delivery, owing
from bookings.delivery import claims, rounds
from bookings.models import Message, MessageState
from clinic import clock
from tests import make, processes

SEND_DUE = [sys.executable, "manage.py", "send_due"]


def at_once(work, *, threads: int) -> list[BaseException]:
    """Runs `work` in that many threads that begin together; what went wrong in them."""
    together, wrong = threading.Barrier(threads), []

    def run() -> None:
        together.wait()
        try:
            work()
        except BaseException as error:  # told by the test
            wrong.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=run) for _number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return wrong


def addressees(sink) -> collections.Counter:
    return collections.Counter(mail["To"] for mail in sink.messages)


def waiting_for_codes(count: int) -> None:
    for _number in range(count):
        make.waiting(now=clock.now())


def test_four_senders_send_each_e_mail_once(committed_db, smtp_sink, monkeypatch):
    monkeypatch.setattr(rounds, "CLAIMED_AT_ONCE", 3)
    waiting_for_codes(24)

    def three_ticks() -> None:
        for _round in range(3):
            now = clock.now()
            owing.note_owed(now=now)
            delivery.send_due(now=now)

    assert at_once(three_ticks, threads=4) == []
    assert len(addressees(smtp_sink)) == 24
    assert set(addressees(smtp_sink).values()) == {1}
    assert set(Message.objects.values_list("state", "tries")) == {(MessageState.SENT, 1)}


def test_without_the_lease_the_same_senders_send_twice(committed_db, smtp_sink, monkeypatch):
    monkeypatch.setattr(
        claims, "claim", lambda *, now, at_most: list(Message.objects.filter(state="owed"))
    )
    monkeypatch.setattr(claims, "_ours", lambda message: Message.objects.filter(pk=message.pk))
    # PostgreSQL refuses the marks and stamps of the second, so these are off too.
    monkeypatch.setattr(claims, "mark_the_dot", lambda message, *, wording, now: True)
    monkeypatch.setattr(claims, "sent", lambda message: None)
    monkeypatch.setattr(claims, "put_back", lambda message: None)
    monkeypatch.setattr(rounds, "ROUND_LASTS", 2)
    waiting_for_codes(6)
    owing.note_owed(now=clock.now())
    assert at_once(lambda: delivery.send_due(now=clock.now()), threads=4) == []
    assert max(addressees(smtp_sink).values()) > 1


def test_the_command_sends_what_is_due_and_ends(committed_db, process_env, smtp_sink, tmp_path):
    waiting_for_codes(1)
    with processes.running(SEND_DUE, log=tmp_path / "send.log", env=process_env) as process:
        assert process.wait(30) == 0
    (mail,) = smtp_sink.messages
    assert mail["Subject"] == "Your code"
    assert "1 sent" in (tmp_path / "send.log").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_loop_sends_codes_without_celery_and_ends_cleanly(
    committed_db, process_env, smtp_sink, tmp_path, number
):
    log = tmp_path / "send.log"
    with processes.running([*SEND_DUE, "--loop"], log=log, env=process_env) as process:
        for count in (1, 2):
            waiting_for_codes(1)
            smtp_sink.wait_for(count)
        process.send_signal(number)
        assert process.wait(10) == 0
    assert "Traceback" not in log.read_text()
