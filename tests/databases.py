"""Databases for tests: a migrated template, templates with the usual clinic in them, and copies of these.

A copy takes some 80 ms. Nothing is ever flushed: the guards of the evidence refuse TRUNCATE.
"""

import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import django
import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from tests import make
from tests.settings import FOLDER

CHECKOUT = Path(__file__).resolve().parent.parent
# Names of this test process's databases begin with this; other processes test at the same time.
OURS = f"clinic_test_{secrets.token_hex(4)}"
TEMPLATES_KEPT = 3
DROPS = 20


def url_of(name: str, *, owner: bool = False) -> str:
    """The URL of a test database, for a process that is started by a test."""
    url = os.environ["DATABASE_URL"]
    if owner:
        url = os.environ.get("DATABASE_OWNER_URL") or url
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def connect_as_owner(*, application_name: str = OURS) -> psycopg.Connection:
    """A connection of the owner to a database that no test uses."""
    url = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    return psycopg.connect(url, autocommit=True, application_name=application_name)


def point_at(name: str) -> None:
    """Make both of Django's connections lead to this database, in every thread that connects anew."""
    for alias in ("default", "owner"):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def _fingerprint() -> str:
    """Changes when a migration does, so that a template is used for as long as it is right."""
    digest = hashlib.sha256(django.__version__.encode())
    for app in ("clinic", "bookings", "consent"):
        for path in sorted((CHECKOUT / app / "migrations").rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(str(path.relative_to(CHECKOUT)).encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _names(owner: psycopg.Connection, like: str) -> list[str]:
    rows = owner.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY oid", [like]
    )
    return [name for (name,) in rows]


def drop(owner: psycopg.Connection, name: str) -> None:
    """Drop a database with whatever is still connected to it. Each role may end its own sessions.

    A server that a test is done with can connect once more while it ends, so it is tried again.
    """
    gone = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    for _time in range(DROPS):
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as app:
            for connection in (app, owner):
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                    " WHERE datname = %s AND usename = current_user",
                    [name],
                )
        try:
            owner.execute(gone)
        except (
            psycopg.errors.InsufficientPrivilege
        ):  # the owner may not end the other role's session
            time.sleep(0.2)
        else:
            return
    owner.execute(gone)


def _create(owner: psycopg.Connection, name: str, *, template: str, options: str = "") -> None:
    owner.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy {}").format(
            sql.Identifier(name), sql.Identifier(template), sql.SQL(options)
        )
    )


def _migrated_template(owner: psycopg.Connection) -> str:
    name = f"clinic_test_template_{_fingerprint()}"
    known = _names(owner, "clinic\\_test\\_template\\_%")
    if name in known:
        return name
    for old in known[: -(TEMPLATES_KEPT - 1)]:
        drop(owner, old)
    unfinished = f"{OURS}_unfinished"
    _create(owner, unfinished, template="template1")
    point_at(unfinished)
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    point_at("")
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    owner.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(name)))
    return name


def _drop_what_killed_runs_left(owner: psycopg.Connection) -> None:
    """A test process keeps a connection named like its databases: without one, it has ended."""
    rows = owner.execute("SELECT application_name FROM pg_stat_activity")
    alive = {name for (name,) in rows}
    for name in _names(owner, "clinic\\_test\\_%"):
        whose = "_".join(name.split("_")[:3])
        if whose not in alive and not name.startswith("clinic_test_template_"):
            drop(owner, name)


class Databases:
    """The databases that one test process makes; `close` drops what is left of them.

    `risks` says which clinic stands in one: the usual one (make.standard) with that many side effects
    listed, or with None an empty database. The same code that the tests are about has made its rows, so
    each process makes them anew instead of keeping them beside the migrated template.
    """

    def __init__(self) -> None:
        self.owner = connect_as_owner()
        self.made: list[str] = []
        self.templates: dict[int | None, str] = {}
        self.rolled_back: dict[int | None, str] = {}
        with open(FOLDER / "template.lock", "w") as one_at_a_time:
            fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
            _drop_what_killed_runs_left(self.owner)
            self.templates[None] = _migrated_template(self.owner)

    def _new(self, *, template: str, options: str = "") -> str:
        name = f"{OURS}_{len(self.made) + 1}"
        _create(self.owner, name, template=template, options=options)
        self.made.append(name)
        return name

    def _template(self, risks: int | None) -> str:
        if risks not in self.templates:
            name = self._new(template=self.templates[None])
            point_at(name)
            make.standard(risks=risks)
            point_at("")
            self.templates[risks] = name
        return self.templates[risks]

    def use(self, *, risks: int | None) -> None:
        """Lead both connections to the database of the tests that are rolled back."""
        if risks not in self.rolled_back:
            self.rolled_back[risks] = self._new(template=self._template(risks))
        if connections["default"].settings_dict["NAME"] != self.rolled_back[risks]:
            point_at(self.rolled_back[risks])

    @contextmanager
    def copy(self, *, risks: int | None) -> Iterator[str]:
        """A fresh database that both connections lead to, dropped at the end."""
        with self.copy_of(self._template(risks)) as name:
            yield name

    @contextmanager
    def copy_of(self, template: str, *, options: str = "") -> Iterator[str]:
        """The same, from a database of a test's own that nobody is connected to.

        `options` of CREATE DATABASE say what is to differ, such as its locale.
        """
        before = connections["default"].settings_dict["NAME"]
        point_at("")
        name = self._new(template=template, options=options)
        point_at(name)
        try:
            yield name
        finally:
            point_at(before)
            drop(self.owner, name)

    def close(self) -> None:
        point_at("")
        for name in self.made:
            drop(self.owner, name)
