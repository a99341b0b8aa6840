"""One view of the database for the whole run: nothing that is written meanwhile can look like a gap."""

import itertools
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connections
from psycopg import sql
from psycopg.pq import TransactionStatus
from psycopg.rows import namedtuple_row

# Every row of a query, its columns by name. Not the ORM's objects: a million of these are made.
Row = Any
NUMBERS = itertools.count()
AT_ONCE = 5_000  # rows held in memory while a long query is read
OF_THE_SERVER = ("dbname", "user", "password", "host", "port", "service", "passfile")
# Whatever the database or the role says otherwise: rows and definitions are told in one way alone.
BOUNDED = (
    "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex"
    " -c extra_float_digits=1 -c quote_all_identifiers=off -c search_path=pg_catalog,public"
    " -c statement_timeout=0 -c default_transaction_read_only=on -c jit=off"
)


@dataclass(frozen=True)
class Place:
    """Where the database is, and the snapshot that several processes share ("" for one of its own)."""

    server: dict[str, Any]
    snapshot: str = ""


def here() -> Place:
    """The database that the application uses, as the application's own role: it can read all of it."""
    params = connections["default"].get_connection_params()
    server = {
        name: params[name] for name in params if name in OF_THE_SERVER or name.startswith("ssl")
    }
    return Place(server)


class Snapshot:
    """A REPEATABLE READ, READ ONLY transaction on a connection of its own."""

    def __init__(self, place: Place) -> None:
        self.connection = psycopg.connect(
            **place.server, options=BOUNDED, autocommit=True, row_factory=namedtuple_row
        )
        self.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        if place.snapshot:
            self.connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(place.snapshot))
        self.connection.execute("SAVEPOINT begun")

    def shared(self, place: Place) -> Place:
        """The same place, for other processes that are to see exactly what this one sees."""
        self.connection.execute("RELEASE SAVEPOINT begun")  # none is exported from inside
        (name,) = self.connection.execute("SELECT pg_export_snapshot()").fetchone()  # type: ignore[misc]
        self.connection.execute("SAVEPOINT begun")
        return Place(place.server, name)

    def all(self, query: str, *values: Any) -> list[Row]:
        """All rows of a query that gives few."""
        with self._going_on(), self.connection.cursor(binary=True) as cursor:
            return cursor.execute(query, values or None).fetchall()

    def one(self, query: str, *values: Any) -> Row:
        rows = self.all(query, *values)
        return rows[0] if rows else None

    def stream(self, query: str, *values: Any) -> Generator[Row]:
        """The rows of a query that gives many, some thousands at a time (a cursor of the server's)."""
        name = f"rows_{next(NUMBERS)}"
        with self._going_on(), self.connection.cursor(name, binary=True) as cursor:
            cursor.itersize = AT_ONCE
            yield from cursor.execute(query, values or None)

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        """A value on which PostgreSQL itself stumbles ends this query, not the whole view."""
        try:
            yield
        finally:
            if self.connection.info.transaction_status == TransactionStatus.INERROR:
                self.connection.execute("ROLLBACK TO SAVEPOINT begun")

    def close(self) -> None:
        self.connection.close()
