"""Load L: visits whose confirmations fall due evenly, and people who book and cancel meanwhile."""

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

from bookings.models import Consultation
from clinic import clock
from tests import databases, make
from tests.faults.sink import NOBODY

# They appear in no log. The address is a domain, so that each patient has another one.
CANARY_NAME, CANARY_PHONE = "Zebedee Canaryname", "+971501234567"
CANARY_DOMAIN = "canary-address.example.com"
TABLE = sql.Identifier("bookings_consultation")
GUARDS = "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'bookings_consultation'::regclass AND NOT tgisinternal"
TOUCH = """
WITH asked AS MATERIALIZED (SELECT clinic_now() AS at), written AS (
    UPDATE bookings_consultation SET confirmed_at = confirmed_at FROM asked
    WHERE confirmed_at > %s AND confirmed_at <= asked.at)
SELECT at FROM asked"""
TOUCHES_FOR = 300.0  # seconds, at most
WORDS = {"A": "ENABLE ALWAYS", "O": "ENABLE", "D": "DISABLE"}


def visits_due(
    database: str, count: int, *, over: dt.timedelta, together: int = 1, no_mailbox: float = 0.0
) -> list[int]:
    """So many confirmed visits in two months; their confirmations fall due evenly from now on, so many
    together.

    One goes the whole road, the others are copies of it, written past the guards, and each is written
    once more with the guards when its time comes, as a visit that is confirmed then. A share of them has
    an address without a mailbox, spread evenly. Their numbers, in the order of their e-mails.
    """
    now = clock.now()
    nine = now.replace(hour=5, minute=0, second=0, microsecond=0)
    first = make.confirmed(
        now=now,
        starts_at=nine + dt.timedelta(days=20),
        patient_name=CANARY_NAME,
        mobile=CANARY_PHONE,
        email=f"first@{CANARY_DOMAIN}",
    )
    every = round(1 / no_mailbox) if no_mailbox else 0
    to = f"CASE WHEN {every} > 0 AND mod(n, greatest({every}, 1)) = 0 THEN '{NOBODY}' ELSE 'load' END"
    start = f"'{nine}'::timestamptz + interval '60 days' + n * interval '20 minutes'"
    changed = {
        "id": f"{first.pk} + n",
        "reference": f"lpad(upper(to_hex({0x10000000 + first.pk} + n)), 8, '0')",
        "email": f"({to}) || n || '@{CANARY_DOMAIN}'",
        "starts_at": start,
        "ends_at": f"{start} + interval '20 minutes'",
        "confirmed_at": f"clinic_now() + n / {together} * {together}"
        f" * interval '{over.total_seconds() / count} seconds'",
    }
    with psycopg.connect(databases.url_of(database, owner=True), autocommit=True) as owner:
        with _without_guards(owner):
            owner.execute(_copies(count - 1, changed), [first.pk])
        owner.execute(
            "SELECT setval(pg_get_serial_sequence('bookings_consultation', 'id'),"
            " (SELECT max(id) FROM bookings_consultation))"
        )
        touched = _touch(owner, now - over)
    times = (touched, touched + over)
    threading.Thread(target=_touch_in_time, args=(database, *times), daemon=True).start()
    return list(range(first.pk, first.pk + count))


def _touch(owner: psycopg.Connection, since: dt.datetime) -> dt.datetime:
    """Writes those anew that have been confirmed since; gives until when."""
    row = owner.execute(TOUCH, [since]).fetchone()
    assert row
    until: dt.datetime = row[0]
    return until


def _touch_in_time(database: str, since: dt.datetime, last: dt.datetime) -> None:
    """Until all are confirmed, or the database is gone; one that starts anew is waited for."""
    until = time.monotonic() + TOUCHES_FOR
    while since < last and time.monotonic() < until:
        with suppress(psycopg.OperationalError):
            with psycopg.connect(databases.url_of(database, owner=True), autocommit=True) as owner:
                while since < last:
                    time.sleep(0.1)
                    since = _touch(owner, since)
        time.sleep(0.2)


def _copies(count: int, changed: dict[str, str]) -> sql.Composed:
    fields = Consultation._meta.concrete_fields
    columns = [field.column for field in fields if not field.generated]
    return sql.SQL(
        "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE SELECT {values}"
        " FROM {table} first, generate_series(1, {count}) n WHERE first.id = %s"
    ).format(
        table=TABLE,
        count=sql.Literal(count),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        values=sql.SQL(", ").join(
            sql.SQL(changed[column]) if column in changed else sql.Identifier("first", column)
            for column in columns
        ),
    )


@contextmanager
def _without_guards(owner: psycopg.Connection) -> Iterator[None]:
    guards = owner.execute(GUARDS).fetchall()
    owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(TABLE))
    yield
    for name, enabled in guards:
        again = sql.SQL("ALTER TABLE {} {} TRIGGER {}")
        owner.execute(again.format(TABLE, sql.SQL(WORDS[enabled]), sql.Identifier(name)))


# --- What bookers and cancellers have told (workers.py) ---------------------------------------------


def told(log: Path) -> list[dict[str, str]]:
    """Each line that a worker wrote after something was done; other lines are of the log."""
    if not log.exists():
        return []
    lines = log.read_bytes().rpartition(b"\n")[0].splitlines()
    return [json.loads(line) for line in lines if line.startswith(b"{")]


def booked(log: Path) -> list[str]:
    """The references of all requests that were answered with a yes."""
    return [line["booked"] for line in told(log) if "booked" in line]
