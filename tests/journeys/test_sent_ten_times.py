"""One request sent ten times at once, or to a server that dies, is booked once; and why that holds.

The twins take the guards away, one after the other, to show that the race is a real one.
"""

import http.client
import json
import os
import secrets
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.test import Client

import bookings.actions
from bookings.models import Consultation
from clinic import clock
from clinic.api import once
from clinic.models import KeptAnswer
from tests import make, processes
from tests.bookings.api import slot, typed

CLIENTS = 10
ROUNDS = int(os.environ.get("RACE_ROUNDS", "4"))


@pytest.fixture
def process_env(process_env) -> dict[str, str]:
    """Behind a proxy of ours: each round may then come from an address of its own."""
    return {**process_env, "TRUSTED_PROXIES": "1"}


@dataclass(frozen=True)
class Sent:
    """One request, as it is sent again and again."""

    body: str
    headers: dict[str, str]

    def to(self, site: str) -> tuple[int, bytes]:
        line = http.client.HTTPConnection(urlsplit(site).netloc, timeout=30)
        line.request("POST", "/api/consultations/", self.body, self.headers)
        answer = line.getresponse()
        told = answer.read()
        line.close()
        return answer.status, told

    def until_answered(self, site: str) -> tuple[int, bytes]:
        """As a client does: told that it is being worked on, it asks again."""
        while is_in_progress(*(answer := self.to(site))):
            time.sleep(0.05)
        return answer


def is_in_progress(status: int, told: bytes) -> bool:
    return status == 409 and json.loads(told)["type"].endswith("/request_in_progress/")


def new_request(round_number: int = 0, **fields: Any) -> Sent:
    """Another patient's request, from another address, with a key of its own."""
    return Sent(
        json.dumps(typed(**fields)),
        {
            "Content-Type": "application/json",
            "Idempotency-Key": secrets.token_urlsafe(16),
            "X-Forwarded-For": f"10.0.{round_number // 250}.{round_number % 250 + 1}",
        },
    )


def free_slots() -> list[dict[str, str]]:
    make.clinic()
    make.dermatologist()
    times = bookings.actions.free_times(treatment=make.treatment(), now=clock.now())
    return [slot(time.starts_at) for time in times[10:]]


def test_ten_at_once_with_one_key_book_once_and_have_the_one_answer(live_site):
    """RACE_ROUNDS says how many times."""
    at_once: Counter[int] = Counter()
    for number, wanted in enumerate(free_slots()[:ROUNDS], 1):
        sent, start = new_request(number, **wanted), threading.Barrier(CLIENTS)

        def send(sent: Sent = sent, start: threading.Barrier = start) -> tuple[int, bytes]:
            start.wait()
            return sent.to(live_site)

        with ThreadPoolExecutor(CLIENTS) as pool:
            answers = [each.result() for each in [pool.submit(send) for _ in range(CLIENTS)]]
        at_once.update(status for status, _told in answers)
        settled = {
            sent.until_answered(live_site) if is_in_progress(*answer) else answer
            for answer in answers
        }
        assert [status for status, _told in settled] == [201]
        assert Consultation.objects.count() == KeptAnswer.objects.count() == number
    print("told at once:", dict(at_once))  # noqa: T201
    assert set(at_once) <= {201, 409}


def test_a_server_killed_before_the_commit_leaves_nothing_and_the_next_one_books_once(
    process_env, tmp_path
):
    """The table of kept answers is locked, so that the server stops just before it keeps its own."""
    sent = new_request(**free_slots()[0])
    with processes.web_process(env=process_env, log=tmp_path / "killed.log") as (site, server):
        with transaction.atomic(), ThreadPoolExecutor(1) as pool:
            connection.cursor().execute("LOCK TABLE clinic_keptanswer IN SHARE MODE")
            answer = pool.submit(sent.to, site)
            processes.wait_until(waits_for_the_table, what="the view's work")
            assert is_in_progress(*sent.to(site))
            os.killpg(server.pid, signal.SIGKILL)
            with pytest.raises((ConnectionError, http.client.HTTPException)):
                answer.result()
    processes.wait_until(
        lambda: not waits_for_the_table(), what="the end of the dead one's session"
    )
    assert not Consultation.objects.exists() and not KeptAnswer.objects.exists()
    with processes.web(env=process_env, log=tmp_path / "web.log") as site:
        first, second = sent.until_answered(site), sent.until_answered(site)
    assert first == second and first[0] == 201
    assert Consultation.objects.count() == 1


def waits_for_the_table() -> bool:
    """Whether a request has done its work and waits to keep its answer, not committed yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database AS ours ON ours.oid = database"
            " WHERE datname = current_database() AND NOT granted"
            " AND relation = 'clinic_keptanswer'::regclass)"
        )
        return cursor.fetchone()[0]


# --- The twins -------------------------------------------------------------------------------


@pytest.fixture
def race(committed_db, monkeypatch):
    """Sends one request from several threads of one process; gives what they were told.

    All have looked for a kept answer before any of them goes on: the race is as wide as can be.
    """
    make.clinic()
    make.treatment()
    looked = threading.Barrier(CLIENTS)
    look = once._lock_and_look

    def look_and_wait(key: str) -> tuple[bool, bytes | None]:
        seen = look(key)
        looked.wait()
        return seen

    monkeypatch.setattr(once, "_lock_and_look", look_and_wait)
    sent = new_request()

    def send() -> int:
        try:
            answer = Client().post(
                "/api/consultations/",
                sent.body,
                content_type="application/json",
                headers={"Idempotency-Key": sent.headers["Idempotency-Key"]},
            )
            return answer.status_code
        finally:
            connection.close()

    def run_it() -> Counter[int]:
        with ThreadPoolExecutor(CLIENTS) as pool:
            return Counter(each.result() for each in [pool.submit(send) for _ in range(CLIENTS)])

    return run_it


def without_the_lock(monkeypatch) -> None:
    look = once._lock_and_look

    def always_had(key: str) -> tuple[bool, bytes | None]:
        return True, look(key)[1]

    monkeypatch.setattr(once, "_lock_and_look", always_had)


def test_with_both_guards_it_is_booked_once(race):
    assert race() == {201: 1, 409: CLIENTS - 1}
    assert Consultation.objects.count() == 1


def test_without_the_lock_the_kept_answer_lets_it_be_booked_once(race, monkeypatch):
    without_the_lock(monkeypatch)
    assert race()[201] == 1
    assert Consultation.objects.count() == KeptAnswer.objects.count() == 1


def test_without_both_it_is_booked_as_often_as_one_address_may_ask(race, monkeypatch):
    without_the_lock(monkeypatch)
    monkeypatch.setattr(once, "_keep", lambda key, answer: True)
    assert race()[201] == Consultation.objects.count() == 2
