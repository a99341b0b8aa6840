"""What PostgreSQL is sent for one request that takes a time, and the same sent by pgbench.

PostgreSQL's own log says it, BEGIN and COMMIT included. Two requests are compared: what differs between
them is what pgbench varies (who, when, with whom); the moments of "now" stay as they were.
"""

import datetime as dt
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from django.conf import settings

from clinic.embedded import postgres
from clinic.embedded.places import find_place
from tests.bench import rows
from tests.bench.settings import FOLDER

RECORD = re.compile(r"^\d{4}-\S+ \S+ \S+ \[(\d+)\] (\w+):  (.*)")
SAID = re.compile(r"(?:statement|execute ([^:]+)): (.*)", re.S)
LITERAL = re.compile(r"('(?:[^']|'')*'|\b\d+\b)")
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d(?::?\d\d)?")
LENGTH = re.compile(r"'-?(?:\d+ days? ?)?\d+:\d\d:\d\d(?:\.\d+)?'|'-?\d+ days?'")
DAY = re.compile(r"'\d{4}-\d\d-\d\d'")
REFERENCE = re.compile(r"'[0-9A-HJKMNP-TV-Z]{8}'")
IP = "'10.' || :a || '.' || :b || '.' || :c"
NEAR = dt.timedelta(days=8)
PLACE = find_place(FOLDER)


@dataclass(frozen=True)
class Booking:
    """One request: its number (in the e-mail address), its time, and with whom."""

    number: int
    starts_at: dt.datetime
    dermatologist: int


@contextmanager
def logged(database: str) -> Iterator[None]:
    """PostgreSQL logs each statement of the application's new sessions."""
    where = f"ALTER ROLE clinic_app IN DATABASE {database}"
    with psycopg.connect(
        host=str(PLACE.sockets), port=5432, user="postgres", dbname=database, autocommit=True
    ) as superuser:
        superuser.execute(f"{where} SET log_statement = 'all'")
        superuser.execute(f"{where} SET log_error_verbosity = 'default'")
        try:
            yield
        finally:
            superuser.execute(f"{where} RESET ALL")


def statements_of(ask: Callable[[], None]) -> list[str]:
    """What was sent by one session while one request was answered.

    A statement that the session had prepared comes back with its values written into it.
    """
    log = PLACE.folder / "log" / "postgres.log"
    before = log.stat().st_size
    ask()
    text = log.read_bytes()[before:].decode()
    records: list[tuple[str, str, str]] = []
    for line in text.splitlines():
        if found := RECORD.match(line):
            records.append((found[1], found[2], found[3]))
        elif records:
            pid, kind, said = records[-1]
            records[-1] = (pid, kind, f"{said}\n{line.lstrip(chr(9))}")
    return list(_statements(records))


def _statements(records: list[tuple[str, str, str]]) -> Iterator[str]:
    for number, (pid, kind, said) in enumerate(records):
        found = SAID.match(said) if kind == "LOG" else None
        if found is None:
            continue
        statement = found[2]
        detail = next((each for each in records[number + 1 :] if each[0] == pid), ("", "", ""))
        if detail[1] == "DETAIL":
            values = dict(re.findall(r"\$(\d+) = ('(?:[^']|'')*'|NULL)", detail[2]))
            for each, value in values.items():  # a bare text would not say what it is
                if LENGTH.fullmatch(value):
                    values[each] = f"{value}::interval"
            statement = re.sub(r"\$(\d+)", lambda each, of=values: of[each[1]], statement)
        yield statement.strip()


def script(first: list[str], second: list[str], of: tuple[Booking, Booking]) -> list[str]:
    """The statements with pgbench's variables in place of what differed. Refuses what it cannot tell."""
    if len(first) != len(second):
        raise SystemExit(f"Two requests sent {len(first)} and {len(second)} statements.")
    return [_one(*pair, of) for pair in zip(first, second, strict=True)]


def _one(first: str, second: str, of: tuple[Booking, Booking]) -> str:
    parts = list(zip(LITERAL.split(first), LITERAL.split(second), strict=True))
    written = []
    for number, (one, other) in enumerate(parts):
        if one == other:
            written.append(one)
        elif number % 2 == 0:
            raise SystemExit(f"These are not the same statement: {first}\n{second}")
        else:
            written.append(_varied(one, other, of))
    return "".join(written)


def _varied(one: str, other: str, of: tuple[Booking, Booking]) -> str:
    """What pgbench writes where two requests had these two literals."""
    text = one.strip("'")
    if REFERENCE.fullmatch(one):
        return "(:n || '')"
    if DAY.fullmatch(one):
        return _day(one, other, of)
    if MOMENT.search(one):
        return _moments(one, other, of)
    for values, varied, alone in (
        (tuple(str(each.number) for each in of), ":n", ":n"),
        (tuple(_ip(each.number) for each in of), IP, f"inet({IP})"),
        (tuple(str(each.dermatologist) for each in of), ":d", ":d"),
    ):
        if text.replace(values[0], values[1]) == other.strip("'"):
            before, _value, after = text.partition(values[0])
            if not before + after:
                return alone
            array = "::bigint[]" if before == "{" else ""
            return f"('{before}' || {varied} || '{after}'){array}"
    raise SystemExit(f"What is {one} in one request and {other} in the next?")


def _day(one: str, other: str, of: tuple[Booking, Booking]) -> str:
    """A date that follows the visit's."""
    pairs = zip((one, other), of, strict=True)
    away = {dt.date.fromisoformat(text[1:-1]) - each.starts_at.date() for text, each in pairs}
    if len(away) > 1:
        raise SystemExit(f"What is the day {one} in one request and {other} in the next?")
    return f"to_timestamp(:start + {int(away.pop().total_seconds())})::date"


def _moments(one: str, other: str, of: tuple[Booking, Booking]) -> str:
    """Moments that follow the visit's time do so in pgbench too; those of "now" stay."""
    pieces = []
    texts = MOMENT.split(one[1:-1])
    for text, here, there in zip(
        texts, MOMENT.findall(one) + [""], [*MOMENT.findall(other), ""], strict=True
    ):
        pieces.append(f"'{text}'" if text else "")
        if here:
            away = dt.datetime.fromisoformat(there) - of[1].starts_at
            follows = away == dt.datetime.fromisoformat(here) - of[0].starts_at
            if follows and abs(away) < NEAR:
                pieces.append(f"to_timestamp(:start + {int(away.total_seconds())})")
            else:
                pieces.append(f"'{there}'")
    return (
        "(" + " || ".join(filter(None, pieces)) + ")"
        if texts != ["", ""]
        else next(filter(None, pieces))
    )


def _ip(number: int) -> str:
    return f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"


VARIABLES = f"""\\set i :i + 1
\\set k :first + :i * :clients + :client_id
\\set d :k % {rows.DERMATOLOGISTS} + 1
\\set s :k / {rows.DERMATOLOGISTS}
\\set start :begin + :s / {rows.SLOTS_A_DAY} * 86400 + :s % {rows.SLOTS_A_DAY} * 1200
\\set n 20000000 + :k
\\set a :n / 65536 % 256
\\set b :n / 256 % 256
\\set c :n % 256
"""


def pgbench(
    database: str,
    lines: list[str],
    *,
    protocol: str,
    clients: int,
    seconds: float,
    begin: dt.datetime,
    first: int,
) -> tuple[float, int]:
    """Transactions a second, and how many; each takes another slot, from the `first` after `begin`."""
    path = FOLDER / "booking.sql"
    path.write_text(VARIABLES + "".join(f"{line};\n" for line in lines))
    programs, _major = postgres.find_programs(PLACE)
    varied = {"i": -1, "clients": clients, "first": first, "begin": int(begin.timestamp())}
    command = [programs / "pgbench", "--no-vacuum", f"--file={path}", f"--client={clients}"]
    command += [f"--protocol={protocol}"]
    command += [f"--jobs={min(2, clients)}", f"--time={int(seconds)}", f"--host={PLACE.sockets}"]
    command += [
        "--username=clinic_app",
        "--exit-on-abort",
        *(f"--define={k}={v}" for k, v in varied.items()),
    ]
    options = settings.DATABASES["default"]["OPTIONS"].get("options", "")
    done = subprocess.run(
        [*command, database],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PGOPTIONS": options},
    )
    rate = re.search(r"tps = ([\d.]+)", done.stdout)
    count = re.search(r"actually processed: (\d+)", done.stdout)
    if done.returncode or not rate or not count or "failed transactions: 0 " not in done.stdout:
        raise SystemExit(f"pgbench could not do what a request does: {done.stderr}{done.stdout}")
    return float(rate[1]), int(count[1])
