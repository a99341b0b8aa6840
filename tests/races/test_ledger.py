"""Sixteen writers and several growers at once: no entry is lost from the tree, and it never forks.

RACE_ROUNDS=300 (`make races`) gives a thousand patients; the default a tenth of them.
"""

import datetime as dt
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager

import pytest
from django.db import connection, connections
from django.db.models import Max, QuerySet
from psycopg import IsolationLevel

import bookings.actions
import consent.actions
from clinic import clock
from clinic.models import Dermatologist
from consent.actions import growing
from consent.models import ConsentRecord, LedgerEntry, TreeHead, TreeNode
from tests import make
from tests.consent.entries import entered, held_back, is_whole, leaves
from tests.races.conftest import ROUNDS

pytestmark = pytest.mark.one_risk

WRITERS, GROWERS = 16, 3
DOCTORS = 8
PATIENTS = min(1_000, 32 * ROUNDS)


@pytest.fixture
def doctors(committed_db) -> list[Dermatologist]:
    rows = [make.dermatologist(f"doctor-{number}") for number in range(DOCTORS)]
    for row in rows:
        row.user = make.staff(row.slug)
        row.save(update_fields=["user"])
    connections.close_all()
    return rows


def slots(doctors: list[Dermatologist]) -> list[tuple[Dermatologist, dt.datetime]]:
    """Times that nobody else has, with each dermatologist in turn."""
    free = [
        [
            (each.dermatologist, each.starts_at)
            for each in bookings.actions.free_times(
                treatment=make.treatment(), dermatologist=doctor, now=clock.now()
            )[10:]
        ]
        for doctor in doctors
    ]
    return list(itertools.chain.from_iterable(zip(*free, strict=False)))


def whole_road(slot: tuple[Dermatologist, dt.datetime]) -> int:
    """One patient asks, proves, acknowledges, seals; the dermatologist looks at it. Two entries."""
    doctor, starts_at = slot
    now = clock.now()
    record = make.sealed(make.proven(dermatologist=doctor, starts_at=starts_at, now=now), now=now)
    consent.actions.review(
        record=record, reviewed_by=doctor.user, decision="discussed", now=clock.now()
    )
    return 2


def write_all(acts: list[Callable[[], int]]) -> int:
    """Every act by one of the writers, each with a session of its own; gives how many entries."""
    waiting = iter(acts)
    one_at_a_time = threading.Lock()

    def writer() -> int:
        written = 0
        try:
            while True:
                with one_at_a_time:
                    act = next(waiting, None)
                if act is None:
                    return written
                written += act()
        finally:
            connection.close()

    with ThreadPoolExecutor(WRITERS) as pool:
        return sum(
            done.result() for done in as_completed(pool.submit(writer) for _w in range(WRITERS))
        )


@contextmanager
def growers(take: Callable[[], object]) -> Iterator[None]:
    """Growers without a rest while the block lasts; every second one under REPEATABLE READ."""
    over = threading.Event()

    def grower(number: int) -> None:
        try:
            connection.ensure_connection()
            if number % 2:
                connection.connection.isolation_level = IsolationLevel.REPEATABLE_READ
            while not over.is_set():
                take()
        finally:
            connection.close()

    with ThreadPoolExecutor(GROWERS) as pool:
        growing_ones = [pool.submit(grower, number) for number in range(GROWERS)]
        try:
            yield
        finally:
            over.set()
            for each in growing_ones:
                each.result()


def grow() -> int:
    return growing.grow(now=clock.now())


def test_of_many_patients_every_entry_is_in_the_tree_once(doctors, says):
    before = LedgerEntry.objects.count()
    acts = [lambda slot=slot: whole_road(slot) for slot in slots(doctors)[:PATIENTS]]
    assert len(acts) == PATIENTS
    late: list[LedgerEntry] = []
    with growers(grow):
        with held_back(late):
            written = write_all(acts)
        grow()
    while grow():
        pass
    assert written == 2 * PATIENTS == LedgerEntry.objects.count() - before - len(late)
    assert ConsentRecord.objects.count() >= PATIENTS
    assert late[0].pk < LedgerEntry.objects.latest("pk").pk
    assert late[0].entry_hash in leaves()[-(2 * WRITERS) :]
    assert is_whole()
    says(
        f"ledger: {WRITERS} writers over {PATIENTS} patients, {GROWERS} growers beside them:"
        f" {written} entries and one that was committed late, each once in the tree,"
        f" {TreeHead.objects.count()} heads, no fork"
    )


def test_of_one_patient_every_entry_is_in_the_tree_once(doctors, says):
    record = make.sealed(
        make.proven(dermatologist=doctors[0], now=clock.now(), starts_at=slots(doctors)[0][1]),
        now=clock.now(),
    )
    before = LedgerEntry.objects.count()

    def look(number: int) -> int:
        consent.actions.review(
            record=record,
            reviewed_by=doctors[number % DOCTORS].user,
            decision="discussed",
            note=str(number),
            now=clock.now(),
        )
        return 1

    acts = [lambda number=number: look(number) for number in range(WRITERS * ROUNDS)]
    with growers(grow):
        written = write_all(acts)
    while grow():
        pass
    assert written == len(acts) == LedgerEntry.objects.count() - before
    assert is_whole()
    says(f"ledger: {WRITERS} writers over one patient: {written} entries, each once in the tree")


def take_those_after_the_last() -> QuerySet[LedgerEntry]:
    """The twin of `unsealed`: as one would write it who thinks that ids are committed in their order."""
    last = TreeNode.objects.filter(level=0).aggregate(last=Max("entry"))["last"] or 0
    return LedgerEntry.objects.filter(pk__gt=last).order_by("pk")


def test_who_takes_those_after_the_last_loses_one(committed_db, monkeypatch):
    """The twin: it shows that a row committed late would be lost, and that nobody would be told."""
    grow()
    monkeypatch.setattr(growing, "unsealed", lambda **_kwargs: take_those_after_the_last())
    late: list[LedgerEntry] = []
    with held_back(late):
        entered()
        assert grow() == 1
    entered()
    assert [grow(), grow()] == [1, 0]
    assert late[0].entry_hash not in leaves()
    monkeypatch.undo()
    assert grow() == 1
    assert is_whole()


def test_writers_never_wait_for_a_grower(committed_db, monkeypatch):
    """A grower stops in the middle of its transaction; sixteen writers write, and nobody is held up."""
    entered()
    holding, over = threading.Event(), threading.Event()
    sign = growing._sign

    def sign_slowly(*args: object, **kwargs: object) -> TreeHead:
        holding.set()
        assert over.wait(60)
        return sign(*args, **kwargs)

    monkeypatch.setattr(growing, "_sign", sign_slowly)
    slow = threading.Thread(target=grow)
    try:
        slow.start()
        assert holding.wait(60)

        def write() -> int:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1s'")
            entered()
            return 1

        assert write_all([write] * WRITERS * 4) == WRITERS * 4
    finally:
        over.set()
        slow.join()
    monkeypatch.undo()
    assert grow() == WRITERS * 4
    assert is_whole()
