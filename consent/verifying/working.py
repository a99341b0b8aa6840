"""The parts of the evidence, looked at by several processes that share one snapshot."""

import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed

from consent.verifying import evidence
from consent.verifying.cases import Part
from consent.verifying.findings import Findings
from consent.verifying.keys import Keys
from consent.verifying.lists import Lists
from consent.verifying.snapshot import Place, Snapshot

Found = tuple[Findings, Counter[str]]
AT_MOST = 4  # processes
WORTH_IT = 4  # parts: below, starting a process takes longer than it saves


def processes_for(parts: int) -> int:
    """How many processes are worth it. One on systems where a process cannot simply be forked."""
    if parts < WORTH_IT or sys.platform != "linux":
        return 1
    return min(AT_MOST, os.cpu_count() or 1)


class Worker:
    """Looks at one part after the other, on a connection and a snapshot."""

    def __init__(self, snapshot: Snapshot, keys: Keys) -> None:
        self.snapshot, self.keys = snapshot, keys
        self.lists = Lists.read(snapshot)

    def look_at(self, part: Part) -> Found:
        return evidence.check(part, self.snapshot, self.keys, self.lists)


_worker: list[Worker] = []  # of a process that was started here


def begin(place: Place, keys: Keys) -> None:
    _worker.append(Worker(Snapshot(place), keys))


def look_at(part: Part) -> Found:
    return _worker[0].look_at(part)


class Team:
    """One process or several, behind the same two verbs."""

    def __init__(self, snapshot: Snapshot, place: Place, keys: Keys, *, processes: int) -> None:
        self.snapshot, self.place, self.keys, self.processes = snapshot, place, keys, processes
        self.pool: ProcessPoolExecutor | None = None

    def begin(self, parts: list[Part]) -> Iterator[Found]:
        """What each part gave, in whichever order it comes. Begins at once, where there are several."""
        if self.processes == 1:
            worker = Worker(self.snapshot, self.keys)
            return map(worker.look_at, parts)
        self.pool = ProcessPoolExecutor(
            self.processes,
            mp_context=multiprocessing.get_context("fork"),
            initializer=begin,
            initargs=(self.snapshot.shared(self.place), self.keys),
        )
        waiting = [self.pool.submit(look_at, part) for part in parts]
        return (done.result() for done in as_completed(waiting))

    def end(self) -> None:
        if self.pool:
            self.pool.shutdown(cancel_futures=True)
