"""Clinics of a thousand, a hundred thousand and a million consultations, made by PostgreSQL itself.

A clinic of ten dermatologists, open daily from 9 to 17 in Dubai, 180 days bookable. The past is full,
back to as many days as the number of rows needs; some hundreds of visits lie ahead. The past of one size
is made once and kept as a template; each run works on a copy.
"""

import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from clinic import clock
from clinic.models import Dermatologist
from tests import make, processes

CHECKOUT = Path(__file__).resolve().parents[2]
DERMATOLOGISTS = 10
WITH_MESOTHERAPY = 3  # as in the demo
SLOTS_A_DAY = 24  # 9:00 to 17:00, twenty minutes each
DAYS_AHEAD = 180
AHEAD = 400  # visits that are booked already
TABLE = "bookings_consultation"


def url_of(name: str, *, owner: bool = False) -> str:
    url = os.environ["DATABASE_OWNER_URL" if owner else "DATABASE_URL"]
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def as_owner(name: str) -> psycopg.Connection:
    return psycopg.connect(url_of(name, owner=True), autocommit=True)


@contextmanager
def clinic_of(rows: int) -> Iterator[str]:
    """A database with that many consultations, for this run alone; its name."""
    template = _template(rows)
    name = f"{template}_{os.getpid()}"
    with as_owner("postgres") as owner:
        create(owner, name, template=template)
        try:
            _fill_ahead(name)
            yield name
        finally:
            point_at("postgres")
            drop(owner, name)


def create(owner: psycopg.Connection, name: str, *, template: str) -> None:
    owner.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
            sql.Identifier(name), sql.Identifier(template)
        )
    )


def drop(owner: psycopg.Connection, name: str) -> None:
    """Drop a database with whatever is connected to it. Each role may end its own sessions only."""
    with psycopg.connect(url_of("postgres"), autocommit=True) as app:
        app.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = %s AND usename = current_user",
            [name],
        )
    owner.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _is_left_over(name: str) -> bool:
    """Whether it is a killed run's copy, or a template of another state of the code."""
    _bench, state, _rows, *pid = name.split("_")
    return not processes.runs(int(pid[0])) if pid else state != fingerprint()


def fingerprint() -> str:
    """Changes when a migration, this file or mailed.py does."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update(Path(__file__).with_name("mailed.py").read_bytes())
    for app in ("clinic", "bookings", "consent"):
        for path in sorted((CHECKOUT / app / "migrations").glob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:8]


def _template(rows: int) -> str:
    """The name of the kept database with this much past, made if it is not there."""
    name = f"bench_{fingerprint()}_{rows}"
    with as_owner("postgres") as owner:
        known = owner.execute("SELECT datname FROM pg_database WHERE datname LIKE 'bench\\_%\\_%'")
        names = [each for (each,) in known]
        for old in filter(_is_left_over, names):
            drop(owner, old)
        if name not in names:
            drop(owner, "bench_unfinished")
            create(owner, "bench_unfinished", template="template0")
            make_clinic("bench_unfinished")
            _fill_past("bench_unfinished", rows)
            rename = sql.SQL("ALTER DATABASE bench_unfinished RENAME TO {}")
            owner.execute(rename.format(sql.Identifier(name)))
    return name


def point_at(name: str) -> None:
    """Make Django's connections of this process lead to this database."""
    for alias in ("default", "owner"):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def make_clinic(name: str) -> None:
    """Its people and its catalogue, and one confirmed visit: the pattern of all others."""
    point_at(name)
    call_command("migrate", verbosity=0)
    now = clock.now()
    make.clinic()
    for number in range(1, DERMATOLOGISTS + 1):
        row = make.dermatologist(f"doctor-{number}", treatments=[])
        assert row.pk == number, "pgbench's script counts on it"
    mesotherapy, laser = make.treatment(), make.treatment("laser-hair-removal")
    for number in range(1, DERMATOLOGISTS + 1):
        treatments = [mesotherapy, laser] if number <= WITH_MESOTHERAPY else [laser]
        make.dermatologist(f"doctor-{number}", treatments=treatments)
    first = make.dermatologist("doctor-1")
    pattern = make.confirmed(
        now=now, starts_at=_free_day(now), dermatologist=first, treatment=laser
    )
    assert pattern.pk == 1
    # Those that tests begin with; but who reviewed the wording stays, and sees no patients.
    Dermatologist.objects.filter(pk__gt=DERMATOLOGISTS, is_active=True).delete()
    make.clinic(horizon_days=DAYS_AHEAD)
    point_at("postgres")


def _free_day(now: dt.datetime) -> dt.datetime:
    """9:00 in Dubai on a day that is not filled."""
    nine = now.replace(hour=5, minute=0, second=0, microsecond=0)
    return nine + dt.timedelta(days=40)


def _fill_past(name: str, rows: int) -> None:
    """Slot by slot backwards from yesterday, for all dermatologists alike; a patient comes four times."""
    with as_owner(name) as owner:
        patients = max(1, rows // 4)
        multiply(
            owner,
            "bookings_patient",
            patients,
            {"email": "'person' || n || '@example.com'", "name": "'Person ' || n"},
        )
        start = (
            "date_trunc('day', now()) + interval '5 hours'"
            f" - (1 + k / {SLOTS_A_DAY}) * interval '1 day' + k % {SLOTS_A_DAY} * interval '20 minutes'"
        )
        status = (
            "CASE WHEN n % 100 < 80 THEN 'completed' WHEN n % 100 < 86 THEN 'no_show'"
            " WHEN n % 100 < 97 THEN 'cancelled' ELSE 'expired' END"
        )
        multiply(
            owner,
            TABLE,
            rows - AHEAD,
            {
                **of_one(start, status, first=1000),
                "cancelled_at": f"CASE WHEN ({status}) = 'cancelled' THEN ({start}) END",
                "outcome_at": f"CASE WHEN n % 100 < 86 THEN ({start}) END",
            },
        )


def _fill_ahead(name: str) -> None:
    """Some hundreds of visits in the next weeks: the nearer, the fuller. A tenth is only held."""
    start = (
        "date_trunc('day', now()) + interval '5 hours'"
        f" + (1 + k / 8) * interval '1 day' + (k * 3 % {SLOTS_A_DAY}) * interval '20 minutes'"
    )
    status = "CASE WHEN n % 10 = 0 THEN 'held' ELSE 'confirmed' END"
    with as_owner(name) as owner:
        multiply(
            owner,
            TABLE,
            AHEAD,
            {
                **of_one(start, status, first=10_000_000),
                "held_at": "now()",
                "hold_expires_at": "now() + interval '20 hours'",
            },
        )
        for table in (TABLE, "bookings_patient"):
            owner.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
        owner.execute("VACUUM ANALYZE")


def of_one(start: str, status: str, *, first: int) -> dict[str, str]:
    """What differs from one consultation to the next, however far it lies."""
    return {
        "id": f"{first} + n",
        "patient_id": "(SELECT min(id) FROM bookings_patient)"
        " + n % (SELECT count(*) - 1 FROM bookings_patient)",
        "reference": f"lpad(upper(to_hex({first} + n)), 8, '0')",
        "email": "'person' || n || '@example.com'",
        "status": status,
        "dermatologist_id": f"1 + n % {DERMATOLOGISTS}",
        "starts_at": start,
        "ends_at": f"({start}) + interval '20 minutes'",
        "asked_at": f"least(now(), ({start}) - interval '9 days')",
    }


def _name(table: str = TABLE) -> sql.Identifier:
    return sql.Identifier(table)


def multiply(owner: psycopg.Connection, table: str, count: int, changed: dict[str, str]) -> None:
    """Copies of the table's first row; n counts them, k counts the slots (n / dermatologists)."""
    columns = [
        column
        for (column,) in owner.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
            " AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        if column != "id" or "id" in changed
    ]
    wanted = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}, {}").format(
        _name(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(
            sql.SQL(changed[column]) if column in changed else sql.Identifier("first", column)
            for column in columns
        ),
        sql.SQL("(SELECT * FROM {} ORDER BY id LIMIT 1) AS first").format(_name(table)),
        sql.SQL("(SELECT n, n / {} AS k FROM generate_series(0, {}) AS n) AS numbers").format(
            sql.Literal(DERMATOLOGISTS), sql.Literal(count - 1)
        ),
    )
    with without_guards(owner, table, count):
        owner.execute(wanted)


@contextmanager
def without_guards(owner: psycopg.Connection, table: str, count: int) -> Iterator[None]:
    """Triggers, foreign keys, the exclusion and the indexes are put back, and hold for what was filled in."""
    triggers = owner.execute(
        "SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
        [table],
    ).fetchall()
    constraints = owner.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype IN ('x', 'f')",
        [table],
    ).fetchall()
    if count < 10_000:
        constraints = []
    indexes = owner.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = %s::regclass AND NOT EXISTS"
        " (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        [table],
    ).fetchall()
    owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(_name(table)))
    for constraint, _definition in constraints:
        owner.execute(
            sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
                _name(table), sql.Identifier(constraint)
            )
        )
    for index, _definition in indexes:
        owner.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(index)))
    yield
    for _index, definition in indexes:
        owner.execute(sql.SQL(definition))
    for constraint, definition in constraints:
        owner.execute(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                _name(table), sql.Identifier(constraint), sql.SQL(definition)
            )
        )
    for trigger, enabled in triggers:
        word = {"A": "ENABLE ALWAYS", "O": "ENABLE"}[enabled]
        owner.execute(
            sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(
                _name(table), sql.SQL(word), sql.Identifier(trigger)
            )
        )
