"""The web server of the bench, and who uses the processors while it answers."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from clinic.embedded.places import find_place
from tests import processes
from tests.bench import rows
from tests.bench.settings import FOLDER

CORES = os.cpu_count() or 1
TICKS = os.sysconf("SC_CLK_TCK")
WORKERS = 2


@contextmanager
def site(database: str, **env: str) -> Iterator[tuple[str, int]]:
    """The web server as `make run` starts it, on this database; its URL and its process id."""
    log = FOLDER / f"web-{database.rpartition('_')[0]}.log"
    log.unlink(missing_ok=True)
    where = {
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
        "DATABASE_URL": rows.url_of(database),
        "DATABASE_OWNER_URL": rows.url_of(database, owner=True),
        "ALLOWED_HOSTS": "127.0.0.1",
    }
    with processes.web_process(env={**where, **env}, log=log, workers=WORKERS) as (url, process):
        yield url, process.pid


def postgres_pid() -> int:
    """The first process of the bench's PostgreSQL."""
    place = find_place(FOLDER)
    return int((place.folder / "postgres" / "postmaster.pid").read_text().split("\n")[0])


def cpu_of(*pids: int) -> float:
    """Seconds of processor that processes and their descendants have used, the ended ones too.

    Each counts once, also where one of them is a descendant of another.
    """
    parents: dict[int, tuple[int, int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        parents[int(path.parent.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    family = set(pids)
    grew = True
    while grew:
        more = {each for each, (parent, _ticks) in parents.items() if parent in family} - family
        grew = bool(more)
        family |= more
    return sum(parents[each][1] for each in family if each in parents) / TICKS


class Meter:
    """Who used the processors between two looks, in processors (1.0 is one, busy all the time)."""

    def __init__(self, **pids: int) -> None:
        self.pids = pids
        self.used: Mapping[str, float] = dict.fromkeys(pids, 0.0)

    @contextmanager
    def watching(self) -> Iterator[None]:
        before = {name: cpu_of(pid) for name, pid in self.pids.items()}
        yield
        self.used = {
            name: self.used[name] + cpu_of(pid) - before[name] for name, pid in self.pids.items()
        }
