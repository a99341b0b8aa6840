"""Forks workers from a parent that has loaded everything and is connected to nothing.

`Nursery` starts the parent and asks it for workers; the rest of this file is the parent (python -m
tests.faults.nursery). A worker that was killed stays a zombie until the nursery is asked about it, so
that its number can be nobody else's meanwhile.
"""

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

from clinic.embedded import keeper

CHECKOUT = Path(__file__).resolve().parents[2]


class Nursery:
    """The parent of all workers of a test."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.alive: set[int] = set()
        self.forks_took: list[float] = []

    def fork(self, work: str, *, log: Path, **options: Any) -> int:
        """A new process that runs tests.faults.workers.WORK(**options); its id."""
        began = time.monotonic()
        pid = self._ask(do="fork", work=work, log=str(log), options=options)
        self.forks_took.append(time.monotonic() - began)
        self.alive.add(pid)
        return int(pid)

    def signal(self, pid: int, number: int) -> None:
        """To one of ours that has not been waited for yet."""
        assert pid in self.alive
        os.kill(pid, number)

    def kill(self, pid: int) -> None:
        """kill -9, and it is gone when this returns."""
        self.signal(pid, signal.SIGKILL)
        self.wait(pid)

    def wait(self, pid: int, *, seconds: float = 60) -> int:
        """How it ended (os.waitstatus_to_exitcode)."""
        until = time.monotonic() + seconds
        while (ended := self.ended(pid)) is None:
            assert time.monotonic() < until, f"worker {pid} did not end"
            time.sleep(0.005)
        return ended

    def ended(self, pid: int) -> int | None:
        """How it ended; None while it runs."""
        ended: int | None = self._ask(do="wait", pid=pid)
        if ended is not None:
            self.alive.discard(pid)
        return ended

    def kill_all(self) -> None:
        for pid in list(self.alive):
            self.kill(pid)

    def _ask(self, **order: Any) -> Any:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@contextmanager
def running(log: Path, *, warmed_on: str) -> Iterator[Nursery]:
    """A nursery that has sent an e-mail (rolled back, to nobody) in the database `warmed_on`."""
    with open(log, "ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery", warmed_on],
            cwd=CHECKOUT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=out,
            text=True,
            preexec_fn=keeper.dies_with_parent(signal.SIGKILL),
        )
    nursery = Nursery(process)
    try:
        assert process.stdout and process.stdout.readline() == "warm\n", log.read_text()
        yield nursery
    finally:
        if process.poll() is None:
            nursery.kill_all()
        process.kill()
        process.communicate()


# --- The parent ------------------------------------------------------------------------------------


def main(warmed_on: str) -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    django.setup()
    workers = importlib.import_module("tests.faults.workers")
    workers.warm(warmed_on)
    gc.collect()
    gc.freeze()
    die_with_us = keeper.dies_with_parent(signal.SIGKILL)
    answers.write("warm\n")
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        if order["do"] == "fork":
            pid = os.fork()
            if pid == 0:
                _work(workers, order, die_with_us)
            answers.write(f"{pid}\n")
        else:
            found, status = os.waitpid(order["pid"], os.WNOHANG)
            answers.write(json.dumps(os.waitstatus_to_exitcode(status) if found else None) + "\n")


def _work(workers: Any, order: dict[str, Any], die_with_us: Callable[[], None]) -> None:
    """In the child; never returns, and runs nothing of what the parent would run at its end."""
    ended = 1
    try:
        die_with_us()
        log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        workers.begin(order["work"], **order["options"])
        ended = 0
    except BaseException as error:  # told in the log, and by how it ended
        workers.tell(error)
    finally:
        os._exit(ended)


if __name__ == "__main__":
    main(sys.argv[1])
