"""A PostgreSQL of the fault tests' own, so that it can be restarted while others test on the usual one.

Its data stays in .local/faults, with the migrated template; one test at a time has it.
"""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
from django.db import connections

from clinic.embedded import locks, postgres
from clinic.embedded.places import Place, find_place, make_place
from tests import databases
from tests.settings import FOLDER

OURS = FOLDER.parent / "faults"
URL = "postgresql://{role}@:5432/clinic?host={folder}"


class OwnServer:
    """The running server; a keeper starts it again whenever it ends."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def url(self, role: str) -> str:
        return URL.format(role=role, folder=quote(str(self.place.sockets), safe="/"))

    def end_at_once(self) -> None:
        """What `pg_ctl -m immediate stop` does: no checkpoint, recovery at the next start."""
        pid_file = self.place.folder / "postgres" / "postmaster.pid"
        os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGQUIT)

    def end_sessions(self, database: str) -> int:
        """Ends all of a database's sessions in the midst of whatever they do; how many."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as root:
            rows = root.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [database],
            )
            return len(rows.fetchall())


@contextmanager
def running() -> Iterator[OwnServer]:
    """The server, with Django's connections and the environment of child processes leading to it."""
    OURS.mkdir(parents=True, exist_ok=True)
    with open(OURS / "one_test.lock", "w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        place = find_place(OURS)
        make_place(place)
        embedded = postgres.server(place, fsync=False)
        locks.hold(place, embedded)
        try:
            with _led_to(OwnServer(place)) as server:
                yield server
        finally:
            locks.let_go(embedded.server)


@contextmanager
def _led_to(server: OwnServer) -> Iterator[OwnServer]:
    roles = {"DATABASE_URL": "clinic_app", "DATABASE_OWNER_URL": "clinic_owner"}
    before = {name: os.environ.get(name) for name in roles}
    settings = [connections[alias].settings_dict for alias in ("default", "owner")]
    kept = [
        (one["HOST"], one["PORT"], one["NAME"], one["USER"], one["PASSWORD"]) for one in settings
    ]
    for one, role in zip(settings, roles.values(), strict=True):
        one |= {"HOST": str(server.place.sockets), "PORT": "5432", "USER": role, "PASSWORD": ""}
    os.environ.update({name: server.url(role) for name, role in roles.items()})
    databases.point_at("")
    try:
        yield server
    finally:
        databases.point_at("")
        for name, url in before.items():
            os.environ.pop(name, None) if url is None else os.environ.update({name: url})
        for one, (host, port, name, user, password) in zip(settings, kept, strict=True):
            one |= {"HOST": host, "PORT": port, "NAME": name, "USER": user, "PASSWORD": password}


@contextmanager
def database(server: OwnServer, *, risks: int) -> Iterator[str]:
    """A fresh database on it, as `committed_db` is on the usual one."""
    made = databases.Databases()
    try:
        with made.copy(risks=risks) as name:
            yield name
            # Those of before have ended with the server.
            connections["default"].close()
            made.owner.close()
            made.owner = databases.connect_as_owner()
    finally:
        made.close()


def log_of(server: OwnServer) -> Path:
    return server.place.folder / "log" / "postgres.log"
