"""Load: clients in a few processes, each of which sends its next request as soon as it is answered.

The requests are made before the clock starts. Every answer is read whole and its status counted.
"""

import multiprocessing
import resource
import selectors
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing.connection import Connection

from tests.clients import Client, address_of

PROCESSES = 2


@dataclass
class Answers:
    """What a number of clients were told in some seconds."""

    seconds: float = 0.0
    used: int = 0  # how far into the prepared requests the clients came
    cpu: float = 0.0  # seconds of processor that the clients themselves used
    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)  # seconds from sending to the last byte
    strange: list[bytes] = field(default_factory=list)  # the first answers of an unwanted status

    def add(self, other: "Answers") -> None:
        """Another slice after this one."""
        seconds = self.seconds + other.seconds
        self.join(other)
        self.seconds = seconds

    def join(self, other: "Answers") -> None:
        """Others of the same slice."""
        self.seconds = max(self.seconds, other.seconds)
        self.used += other.used
        self.cpu += other.cpu
        self.statuses += other.statuses
        self.waits += other.waits
        self.strange += other.strange

    @property
    def rate(self) -> float:
        """Answers a second."""
        return sum(self.statuses.values()) / self.seconds

    def wait(self, share: float) -> float:
        """Milliseconds within which this share of the answers was there."""
        ordered = sorted(self.waits)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def run(
    url: str,
    requests: Sequence[bytes] | bytes,
    *,
    clients: int,
    seconds: float,
    wanted: int = 200,
) -> Answers:
    """Let `clients` ask for some seconds: one request again and again, or each of many once."""
    processes = min(PROCESSES, clients)
    begins_at = time.monotonic() + 0.1
    pipes = []
    for number in range(processes):
        ours, theirs = multiprocessing.Pipe(duplex=False)
        mine = requests if isinstance(requests, bytes) else requests[number::processes]
        share = clients // processes + (number < clients % processes)
        process = multiprocessing.get_context("fork").Process(
            target=_ask, args=(theirs, url, mine, share, begins_at, seconds, wanted), daemon=True
        )
        process.start()
        theirs.close()
        pipes.append((ours, process))
    parts = []
    for pipe, process in pipes:
        parts.append(pipe.recv())
        process.join()
    total = Answers(used=processes * max(sum(part.statuses.values()) for part in parts))
    for part in parts:
        total.join(part)
    return total


def _ask(
    pipe: Connection,
    url: str,
    requests: Sequence[bytes] | bytes,
    clients: int,
    begins_at: float,
    seconds: float,
    wanted: int,
) -> None:
    address = address_of(url)
    source = cycle([requests]) if isinstance(requests, bytes) else iter(requests)
    everyone = [Client(address, source) for _client in range(clients)]
    time.sleep(max(0.0, begins_at - time.monotonic()))
    before = resource.getrusage(resource.RUSAGE_SELF)
    answers = _until(everyone, begins_at + seconds, wanted)
    after = resource.getrusage(resource.RUSAGE_SELF)
    answers.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    answers.seconds = time.monotonic() - begins_at
    pipe.send(answers)


def _until(clients: list[Client], ends_at: float, wanted: int) -> Answers:
    """Ask until then; what was sent by then is waited for and counted."""
    answers, waiting = Answers(), selectors.DefaultSelector()
    open_ones = 0
    for client in clients:
        if client.send():
            waiting.register(client.line, selectors.EVENT_READ, client)
            open_ones += 1
    while open_ones:
        for key, _events in waiting.select(timeout=30):
            client: Client = key.data
            if not client.receive():
                continue
            answers.waits.append(time.perf_counter() - client.sent_at)
            answers.statuses[client.status] += 1
            if client.status != wanted and len(answers.strange) < 3:
                answers.strange.append(client.read[:2000])
            if client.closes:
                waiting.unregister(client.line)
                client.connect_anew()
                waiting.register(client.line, selectors.EVENT_READ, client)
            if time.monotonic() >= ends_at or not client.send():
                waiting.unregister(client.line)
                client.line.close()
                open_ones -= 1
    return answers
