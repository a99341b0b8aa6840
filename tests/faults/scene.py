"""A database, a mail server, a nursery and a fast clock, as one test uses them together."""

import datetime as dt
import random
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psycopg

from bookings import owing
from tests import databases
from tests.faults import audit, invariants, load
from tests.faults.invariants import Outcome
from tests.faults.nursery import Nursery
from tests.faults.sink import Sink
from tests.faults.speed import Clock
from tests.faults.table import FULL, sized

TIMES = sized(12.0, 6.0)  # how fast the clinic's clock runs: a lease of 60 s takes 5 s, or 10 s
PATIENCE = sized(240.0, 1200.0)  # seconds; a machine may have other things to do
OPEN = """
SELECT count(*) FILTER (WHERE state = 'sending'),
       count(*) FILTER (WHERE state = 'owed' AND next_try_at <= clinic_now()),
       min(next_try_at) FILTER (WHERE state = 'owed') - clinic_now(),
       (SELECT opened_at IS NOT NULL FROM bookings_relay),
       (SELECT count(*) FROM bookings_consultation WHERE confirmed_at > clinic_now())
FROM bookings_message WHERE state IN ('owed', 'sending')"""


class Scene:
    """What a fault test has at hand. Every process in it is ended when the test is."""

    def __init__(self, database: str, sink: Sink, nursery: Nursery, folder: Path) -> None:
        self.database, self.sink, self.nursery, self.folder = database, sink, nursery, folder
        self.clock = Clock(database, times=TIMES)
        self.owner = psycopg.connect(databases.url_of(database, owner=True), autocommit=True)
        self.senders: list[int] = []
        self.options: dict[str, Any] = {}
        self.dice = random.Random(1)

    # --- Load ------------------------------------------------------------------------------------

    def visits(
        self, count: int, *, over: float = 0.0, pause: float = 0.0, **more: Any
    ) -> list[int]:
        """Visits whose confirmations fall due evenly in so many real seconds; then the audit begins."""
        spread = dt.timedelta(seconds=over * self.clock.times)
        pks = load.visits_due(self.database, count, over=spread, **more)
        audit.begin(self.database, pause=pause)
        return pks

    def books(self, *, rate: float, seconds: float) -> int:
        number = len(list(self.folder.glob("booker*.log")))
        return self._fork("booker", rate=rate, seconds=seconds, number=number)

    def cancels(self, visits: list[int], *, every: float) -> int:
        return self._fork("canceller", visits=visits, every=every)

    def races(self, *, rounds: int, without: tuple[str, ...]) -> int:
        return self._fork("racer", port=self.sink.port, rounds=rounds, without=without)

    def note_all(self) -> None:
        """What is owed is written down now; none of it has been sent."""
        owing.note_owed(now=self.clock.now())

    def whole_load(self, count: int, *, seconds: float, bookings: float) -> list[int]:
        """Load L: `count` messages over `seconds`, a tenth of their visits cancelled, and bookings."""
        visits = self.visits(count, over=seconds)
        cancelled = visits[5::10]
        self.cancels(cancelled, every=seconds / len(cancelled))
        self.books(rate=bookings, seconds=seconds)
        return visits

    # --- Senders ---------------------------------------------------------------------------------

    def send_with(self, count: int, *, patient: bool = False, **options: Any) -> None:
        """So many senders; later ones take the same options (workers.sender).

        Patient ones keep the time-outs of production, for faults that have nothing to do with slowness.
        """
        times = 1.0 if patient else self.clock.times
        self.options = {"port": self.sink.port, "times": times, **options}
        for _each in range(count):
            self.another_sender()

    def another_sender(self) -> None:
        self.senders.append(self._fork("sender", **self.options))

    def kill_one(self) -> None:
        """kill -9 of a sender by chance, and another one instead."""
        self.nursery.kill(self.senders.pop(self.dice.randrange(len(self.senders))))
        self.another_sender()

    def replace_the_dead(self) -> int:
        """Others instead of those that were killed by somebody else; how many."""
        dead = [pid for pid in self.senders if self.nursery.ended(pid) is not None]
        for pid in dead:
            self.senders.remove(pid)
            self.another_sender()
        return len(dead)

    def stop_senders(self) -> None:
        for pid in self.senders:
            self.nursery.kill(pid)
        self.senders = []

    # --- Its end ---------------------------------------------------------------------------------

    def fresh_senders(self) -> None:
        """All are killed, and others begin. In the short form the clock jumps over the dead's leases."""
        count = len(self.senders)
        self.stop_senders()
        left = self.count(
            "SELECT max(lease_until) - clinic_now() FROM bookings_message WHERE state = 'sending'"
        )
        if left and left > dt.timedelta() and not FULL:
            self.clock.jump(left)
        for _each in range(count):
            self.another_sender()

    def drain(self, *, seconds: float = PATIENCE) -> None:
        """Until nothing is open and nobody has been forgotten, or patience ends: the invariants then say.

        Where all wait for a later try, the clock jumps to the next one.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.replace_the_dead()
            forgotten = self.count(
                invariants.NEVER_NOTED
            )  # asked first: what is noted now is seen next
            sending, due, later, left_alone, to_come = self.owner.execute(OPEN).fetchone()  # type: ignore[misc]
            open_now = sending or due or to_come or forgotten
            if not open_now and later is None:
                return
            if later and not (open_now or left_alone):
                self.clock.jump(max(later, dt.timedelta()))
            time.sleep(0.1)

    def outcome(self, *, fault_free: Iterable[Path] = ()) -> Outcome:
        """The invariants' figures, once all has drained; workers of the load have ended by then."""
        booked = [
            reference for log in self.folder.glob("booker*.log") for reference in load.booked(log)
        ]
        return invariants.outcome(
            self.database,
            accepted=self.sink.accepted(),
            booked=booked,
            logs=[*self.folder.glob("*.log"), *fault_free],
            times=self.clock.times,
        )

    def wait_for(self, true: Callable[[], object], *, seconds: float = PATIENCE) -> None:
        """While senders that somebody killed are replaced."""
        until = time.monotonic() + seconds
        while not true():
            self.replace_the_dead()
            assert time.monotonic() < until, self.sink.bites()
            time.sleep(0.02)

    def wait_for_load(self) -> None:
        """Until bookers and cancellers are done; none of them may have failed."""
        for pid in self.nursery.alive - set(self.senders):
            assert self.nursery.wait(pid, seconds=PATIENCE) == 0

    def count(self, sql: str) -> Any:
        row = self.owner.execute(sql).fetchone()
        assert row
        return row[0]

    def end(self) -> None:
        for pid in list(self.nursery.alive):
            self.nursery.signal(pid, signal.SIGCONT)
            self.nursery.kill(pid)
        self.owner.close()
        self.clock.owner.close()

    def _fork(self, work: str, **options: Any) -> int:
        number = len(list(self.folder.glob(f"{work}*.log"))) if work != "sender" else 0
        log = self.folder / f"{work}{number}.log"
        return self.nursery.fork(work, log=log, database=self.database, **options)
