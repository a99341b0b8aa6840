"""Redis stopped, frozen and wiped: requests do not notice, codes go out by the loop, and Celery comes back."""

import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis

import bookings.actions
from bookings.models import Kind, Message
from clinic import clock
from clinic.embedded import keeper, valkey
from clinic.embedded.places import Place
from tests import make, processes
from tests.bookings.api import slot
from tests.faults import asking, audit, invariants, parts
from tests.faults.sink import Sink, number
from tests.faults.table import says, sized
from tests.journeys.test_sent_ten_times import Sent
from tests.races import conftest
from tests.settings import BROKER_IS_OURS

pytestmark = pytest.mark.one_risk
RATE = sized(5, 5)  # requests a second
SECONDS = sized(4.0, 60.0)  # of each fault
ALONE = 2.0  # seconds of asking after it, while nobody but Celery sends
SLOWER_BY, CODE_WITHIN, BACK_WITHIN = 0.35, 5.0, 30.0  # seconds


class Broker:
    """A Valkey that can be stopped, frozen and wiped."""

    def __init__(self, folder: Path) -> None:
        place = Place(folder=folder, sockets=folder, user=None)
        self.server = valkey.server(place, fsync=False).server
        self.url = f"redis+socket://{self.server.socket}"
        self.log = folder / "valkey.log"
        self.start()

    def start(self) -> None:
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.server.command,
                stdout=log,
                stderr=log,
                preexec_fn=keeper.dies_with_parent(signal.SIGKILL),
            )
        processes.wait_until(self.server.answers, what="Valkey's first answer")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def suffers(self, fault: str) -> int:
        """For so long; gives how many pings were not answered, or how many keys were deleted.

        In the first thread: a server ends with the thread that has started it.
        """
        if fault == "wiped":
            return self._wiped()
        if fault == "stopped":
            self.stop()
        else:
            self.process.send_signal(signal.SIGSTOP)
        unanswered = self._unanswered()
        if fault == "stopped":
            self.start()
        else:
            self.process.send_signal(signal.SIGCONT)
        return unanswered

    def _unanswered(self) -> int:
        until, count = time.monotonic() + SECONDS, 0
        while time.monotonic() < until:
            count += not self.server.answers()
            time.sleep(0.5)
        return count

    def _wiped(self) -> int:
        deleted = 0
        with redis.Redis(unix_socket_path=self.server.socket) as line:
            for _second in range(int(SECONDS)):
                deleted += line.dbsize()
                line.flushall()
                time.sleep(1)
        return deleted


@pytest.fixture
def fragile() -> Iterator[Broker]:
    if not BROKER_IS_OURS:
        pytest.skip("REDIS_URL names a server that is not ours to stop")
    with tempfile.TemporaryDirectory(prefix="clinic-") as short:
        broker = Broker(Path(short))
        yield broker
        with suppress(ProcessLookupError):
            broker.stop()


def people(count: int) -> list[Sent]:
    """So many who ask for times of two dermatologists."""
    treatment = make.treatment()
    slots = [
        slot(time.starts_at, slug)
        for slug in ("huda", "aisha")
        for time in bookings.actions.free_times(
            treatment=treatment, dermatologist=make.dermatologist(slug), now=clock.now()
        )[10:]
    ]
    assert len(slots) >= count
    return [asking.canary(each, **one) for each, one in enumerate(slots[:count])]


def patience() -> float:
    """As for races: 1 on a machine of our own, more where others keep it busy; here with an end."""
    return min(conftest.patience() / 2, 3)


def p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99)] if seconds else 0.0


def codes_took(sink: Sink, told: asking.Told) -> list[float]:
    """From the answer that a time is held to the code's arrival at the mail server, in seconds."""
    whose = Message.objects.filter(kind=Kind.CODE)
    references = dict(whose.values_list("pk", "consultation__reference"))
    at = {number(one["id"]): one["at"] for one in sink.log() if one["what"] == "accepted"}
    return [
        at[pk] - told.booked[ref]
        for pk, ref in references.items()
        if ref in told.booked and pk in at
    ]


def test_what_happens_without_redis(committed_db, mail_server, fragile, tmp_path):
    env = parts.environment(committed_db, mail_server, REDIS_URL=fragile.url)
    audit.begin(committed_db)
    waiting = iter(people(int(RATE * (4 * SECONDS + 4 * ALONE)) + 10))
    everybody: dict[str, float] = {}

    def ask(seconds: float, told: asking.Told) -> asking.Told:
        nobody = threading.Event()
        some = [next(waiting) for _each in range(int(RATE * seconds))]
        asking.ask_evenly(site, some, told, rate=RATE, ended=nobody)
        assert told.wrong == [] and len(told.booked) == len(some)
        everybody.update(told.booked)
        return told

    with parts.parts(env, tmp_path) as clinic:
        site = clinic.web()
        clinic.beat()
        worker, _log = clinic.worker()
        loop, _log = clinic.loop()
        ask(ALONE, asking.Told())  # cold processes
        before = p99(ask(SECONDS, asking.Told()).took)
        for fault in ("stopped", "frozen", "wiped"):
            told = asking.Told()
            with parts.meanwhile(lambda ended, told=told: ask(SECONDS, told)):
                bites = fragile.suffers(fault)
            slower = p99(told.took) - before
            back = time.time()
            # The last one that was asked for meanwhile is the loop's to send, too.
            processes.wait_until(
                lambda told=told: len(codes_took(mail_server, told)) == len(told.booked),
                what="all codes of that time",
            )
            parts.end(loop)
            ask(ALONE, asking.Told())
            parts.drained(committed_db, without_progress=BACK_WITHIN)
            assert worker.poll() is None
            took, code = time.time() - back, max(codes_took(mail_server, told))
            loop, _log = clinic.loop()
            found = invariants.outcome(
                committed_db,
                accepted=mail_server.accepted(),
                booked=everybody,
                logs=clinic.logs(),
            )
            beside = (
                f"{len(told.booked)} asked, p99 {slower * 1000:+.0f} ms; slowest code {code:.1f} s;"
                f" Celery alone had sent all after {took:.0f} s"
            )
            says(found.row(f"Redis {fault} for {SECONDS:g} s", bites, beside))
            found.holds()
            assert bites
            assert slower < SLOWER_BY * patience()
            assert code < CODE_WITHIN * patience()
            assert took < BACK_WITHIN * patience()
