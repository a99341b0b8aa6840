"""What the ledger costs: sixteen writers seal records with it, and without it, in turns.

`python -m tests.bench.sealing` for this alone. With: as it is, and a grower beside the writers that takes
in every second what they wrote (in production every 20 seconds). Without: the entry is neither signed nor
stored; its bytes are made and hashed, for a record is known by its hash. In that database the rows that
point at entries are not held to it. Each writer is a process of its own.
"""

import contextlib
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
    django.setup()

from django.db import connections  # noqa: E402 (Django may have to be set up first)

import bookings.actions  # noqa: E402
import consent.actions  # noqa: E402
from bookings import links  # noqa: E402
from bookings.models import Status  # noqa: E402
from clinic import clock  # noqa: E402
from clinic.models import Treatment  # noqa: E402
from consent import ledger  # noqa: E402
from consent.actions import entering, growing, sealing  # noqa: E402
from consent.models import LedgerEntry, Reading  # noqa: E402
from tests import make  # noqa: E402
from tests.bench import asking, rows, table  # noqa: E402
from tests.bench.site import cpu_of, postgres_pid  # noqa: E402

WRITERS = 16
EACH = 8  # records that one writer seals in a slice
SLICES = int(os.environ.get("BENCH_SEALING_SLICES", "5"))
TARGET = 0.80
HELD_TO_ENTRIES = """
ALTER TABLE consent_consentrecord DISABLE TRIGGER USER;
DO $$
DECLARE named text;
BEGIN
    FOR named IN SELECT conname FROM pg_constraint WHERE contype = 'f'
        AND conrelid = 'consent_consentrecord'::regclass
        AND confrelid = 'consent_ledgerentry'::regclass
    LOOP EXECUTE format('ALTER TABLE consent_consentrecord DROP CONSTRAINT %I', named); END LOOP;
END $$;
"""
_fork = multiprocessing.get_context("fork")


@contextlib.contextmanager
def both_clinics() -> Iterator[tuple[str, str]]:
    """Two databases with the same patients, who have acknowledged everything and sealed nothing."""
    with rows.clinic_of(2_000) as name:
        _prepare(name)
        without = f"{name}_without"
        with rows.as_owner("postgres") as owner:
            rows.create(owner, without, template=name)
            try:
                with rows.as_owner(without) as there:
                    there.execute(HELD_TO_ENTRIES)
                yield name, without
            finally:
                rows.point_at("postgres")
                rows.drop(owner, without)


def _prepare(name: str) -> None:
    """The road up to the last page, gone by as many patients as all slices need."""
    free = asking.free(name)[: WRITERS * EACH * SLICES]
    if len(free) < WRITERS * EACH * SLICES:
        raise SystemExit("There are not enough free times. Set BENCH_SEALING_SLICES lower.")
    rows.point_at(name)
    treatment = Treatment.objects.get(slug=asking.TREATMENT)

    def go(number: int) -> None:
        now = clock.now()
        for each in free[number::WRITERS]:
            email = f"sealer{each.dermatologist.pk}-{each.starts_at:%Y%m%d%H%M}@example.com"
            made = bookings.actions.request(
                treatment=treatment,
                dermatologist=each.dermatologist,
                starts_at=each.starts_at,
                now=now,
                **make.details(email=email),
            )
            bookings.actions.prove_by_code(consultation=made, code=links.code(made), now=now)
            made.refresh_from_db()
            make.acknowledge_all(made, now=now)

    _by_writers(go)
    rows.point_at("postgres")


def without_ledger(**entry: Any) -> LedgerEntry:
    """The entry's bytes and their hash, and nothing else."""
    now = entry.pop("now")
    content = entering.content_of(key="0" * 64, now=now, **entry)
    return LedgerEntry(
        pk=0,
        kind=entry["kind"],
        content=content,
        entry_hash=ledger.sha256(content),
        key_id="0" * 64,
        signature=bytes(64),
    )


def slice_of(name: str, readings: list[Reading], *, with_ledger: bool) -> tuple[float, float]:
    """Seconds, and seconds of processor, in which the writers seal these readings."""

    def seal(number: int) -> None:
        if not with_ledger:
            sealing.enter = without_ledger
        for reading in readings[number::WRITERS]:
            consent.actions.seal(
                consultation=reading.consultation, reading=reading.pk, now=clock.now()
            )

    rows.point_at(name)
    pg = postgres_pid()
    before = cpu_of(pg, os.getpid())
    seconds = _by_writers(seal, grows=with_ledger)
    used = cpu_of(pg, os.getpid()) - before
    rows.point_at("postgres")
    return seconds, used


def _by_writers(act: Callable[[int], None], *, grows: bool = False) -> float:
    """Each writer does its part; gives the seconds from the moment that all were ready."""
    connections.close_all()
    ready, over = _fork.Barrier(WRITERS + 1), _fork.Event()

    def write(number: int) -> None:
        connections["default"].ensure_connection()
        ready.wait()
        act(number)

    def grow() -> None:
        while not over.wait(1):
            growing.grow(now=clock.now())
        growing.grow(now=clock.now())

    writers = [_fork.Process(target=write, args=[number]) for number in range(WRITERS)]
    grower = _fork.Process(target=grow)
    for each in [*writers, *([grower] if grows else [])]:
        each.start()
    ready.wait()
    began = time.monotonic()
    for each in writers:
        each.join()
    seconds = time.monotonic() - began
    over.set()
    if grows:
        grower.join()
    if any(each.exitcode for each in writers) or (grows and grower.exitcode):
        raise SystemExit("A writer of the bench failed; see above.")
    return seconds


def waiting(name: str) -> list[Reading]:
    """The readings that wait to be sealed, of the patients of this bench."""
    rows.point_at(name)
    found = Reading.objects.filter(
        record=None, consultation__status=Status.HELD, consultation__email__startswith="sealer"
    )
    readings = list(found.select_related("consultation").order_by("pk"))
    rows.point_at("postgres")
    return readings


def measured() -> list[str]:
    """The lines of the bench's table."""
    seconds, used = {True: 0.0, False: 0.0}, {True: 0.0, False: 0.0}
    with both_clinics() as names:
        readings = waiting(names[0])
        many = WRITERS * EACH
        for number in range(SLICES):
            part = readings[many * number : many * (number + 1)]
            order = (True, False) if number % 2 else (False, True)
            for with_ledger in order:
                took, cpu = slice_of(names[not with_ledger], part, with_ledger=with_ledger)
                if number:  # the first warms up
                    seconds[with_ledger] += took
                    used[with_ledger] += cpu
        _check(names[0], sealed=many * SLICES)
    sealed = many * (SLICES - 1)
    rate = {which: sealed / seconds[which] for which in seconds}
    cost = {which: 1000 * used[which] / sealed for which in used}
    what = (
        f"records sealed with the ledger ({rate[True]:.0f}/s), beside without ({rate[False]:.0f}/s)"
    )
    return [
        table.ratio(what, rate[True], rate[False], at_least=TARGET)
        + f"   by processor time {cost[False] / cost[True]:.3f}"
        f" ({cost[True]:.1f} ms, {cost[False]:.1f} ms)"
    ]


def _check(name: str, *, sealed: int) -> None:
    """Nothing counts that was not really sealed and taken into the tree."""
    rows.point_at(name)
    entries = LedgerEntry.objects.filter(kind="record", leaf__isnull=False).count()
    rows.point_at("postgres")
    if entries < sealed:
        raise SystemExit(f"Of {sealed} records {entries} are in the tree.")


if __name__ == "__main__":
    for line in measured():
        sys.stdout.write(f"{line}\n")
