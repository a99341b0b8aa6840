"""The clinic's own processes for fault tests: senders, workers, beats, each with a clock of its own if need be."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from clinic.management.commands import run
from tests import databases, processes
from tests.faults.sink import Sink

LOOP = [sys.executable, "manage.py", "send_due", "--loop"]


def environment(database: str, mail_server: Sink, **more: str) -> dict[str, str]:
    """What makes a process share a test's database and mail server."""
    return {
        "DATABASE_URL": databases.url_of(database),
        "DATABASE_OWNER_URL": databases.url_of(database, owner=True),
        "EMAIL_URL": mail_server.url,
        "MAIL_CONNECTIONS": "20",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "TRUSTED_PROXIES": "1",
        **more,
    }


def with_clock(offset: str) -> dict[str, str]:
    """The environment of a process whose own clock is off: "+1h", "-1d" (libfaketime)."""
    assert processes.FAKETIME
    asked = [
        processes.FAKETIME,
        "-f",
        "+0",
        sys.executable,
        "-c",
        "import os; print(os.environ['LD_PRELOAD'])",
    ]
    library = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    return {"LD_PRELOAD": library, "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


class Parts:
    """Processes of one test; all have ended at its end."""

    def __init__(self, env: Mapping[str, str], folder: Path, stack: ExitStack) -> None:
        self.env, self.folder, self.stack = env, folder, stack
        self.count = 0

    def start(self, command: list[str], **more: str) -> tuple[subprocess.Popen, Path]:
        """One process and its log, which all others write into files of their own."""
        self.count += 1
        log = self.folder / f"{self.count}.log"
        log.touch()
        env = {**self.env, **more}
        return self.stack.enter_context(processes.running(command, log=log, env=env)), log

    def loop(self, **more: str) -> tuple[subprocess.Popen, Path]:
        """`manage.py send_due --loop`, once it looks for e-mails."""
        return self._ready(LOOP, "looks every", **more)

    def beat(self) -> subprocess.Popen:
        return self.start(run.BEAT)[0]

    def worker(self, **more: str) -> tuple[subprocess.Popen, Path]:
        """A Celery worker, once it is ready for tasks."""
        return self._ready(run.WORKER, "ready.", **more)

    def web(self) -> str:
        """The web server's address."""
        self.count += 1
        log = self.folder / f"{self.count}.log"
        return self.stack.enter_context(processes.web(env=self.env, log=log))

    def _ready(self, command: list[str], word: str, **more: str) -> tuple[subprocess.Popen, Path]:
        process, log = self.start(command, **more)
        processes.wait_until(
            lambda: word in log.read_text(errors="replace"), what=f"{word} ({log})"
        )
        return process, log

    def logs(self) -> list[Path]:
        return list(self.folder.glob("*.log"))


@contextmanager
def parts(env: Mapping[str, str], folder: Path) -> Iterator[Parts]:
    with ExitStack() as stack:
        yield Parts(env, folder, stack)


def kill_tree(process: subprocess.Popen) -> None:
    """kill -9 of a process and its children (processes.running makes each a group of its own)."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end(process: subprocess.Popen) -> None:
    """As a person stops it: what it has begun is finished."""
    process.terminate()
    process.wait(30)


@contextmanager
def meanwhile(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Runs `work` in a thread until the block ends; what went wrong in it goes wrong here."""
    ended, wrong = threading.Event(), []

    def run_it() -> None:
        try:
            work(ended)
        except BaseException as error:  # told below
            wrong.append(error)

    thread = threading.Thread(target=run_it)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
    for error in wrong:
        raise error


def ask(database: str, sql: str) -> tuple:
    """One row, asked as the owner."""
    with psycopg.connect(databases.url_of(database, owner=True), autocommit=True) as owner:
        row = owner.execute(sql).fetchone()
    assert row
    return row


OPEN = """
SELECT count(*) FILTER (WHERE state IN ('owed', 'sending')) + (
    SELECT count(*) FROM bookings_consultation visit
    WHERE code_issued_at > clinic_now() - interval '30 minutes' AND proven_at IS NULL
    AND NOT EXISTS (SELECT FROM bookings_message WHERE consultation_id = visit.id))
FROM bookings_message"""


STANDS = """
SELECT string_agg(says, '; ') FROM (
    SELECT format('%s x %s, try %s, next in %s: %s %s', count(*), state, max(tries),
                  min(next_try_at) - clinic_now(), trouble, answer) AS says
    FROM bookings_message WHERE state IN ('owed', 'sending') GROUP BY state, trouble, answer) open"""


def drained(database: str, *, without_progress: float) -> float:
    """Waits until nothing is owed or being sent; gives how long that took.

    Fails, and says what is left, when for so many seconds nothing has been done.
    """
    began = last = time.monotonic()
    (left,) = ask(database, OPEN)
    while left:
        time.sleep(0.1)
        before, (left,) = left, ask(database, OPEN)
        if left < before:
            last = time.monotonic()
        assert time.monotonic() < last + without_progress, f"{left} left: {ask(database, STANDS)}"
    return time.monotonic() - began
