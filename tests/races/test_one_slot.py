"""Races for a dermatologist's time, over HTTP: real server processes, real PostgreSQL."""

import datetime as dt
import itertools
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connections

import bookings.actions
from bookings.actions import FreeTime
from bookings.models import Consultation, Status
from clinic import clock
from clinic.models import Treatment
from tests import databases, make
from tests.bookings.api import typed
from tests.clients import Answer, ask_at_once, post
from tests.races.conftest import ROUNDS, deadlocks, patience

CLIENTS = 32
MINUTES_20 = dt.timedelta(minutes=20)
_clients = itertools.count(1)


def wants(time: FreeTime, treatment: Treatment) -> bytes:
    """One client's request for a time: with an e-mail and an IP address that nobody else has."""
    number = next(_clients)
    body = typed(
        treatment=treatment.slug,
        dermatologist=time.dermatologist.slug,
        starts_at=time.starts_at.isoformat(),
        email=f"racer{number}@example.com",
    )
    ip = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return post("/api/consultations/", json.dumps(body).encode(), ip=ip)


def free(treatment: Treatment) -> list[FreeTime]:
    """All that is free, but for the first hours: those pass while we race."""
    return bookings.actions.free_times(treatment=treatment, now=clock.now())[10:]


def told(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


class Slowest:
    """The slowest answer of all rounds but the first, which pays for the imports of cold processes."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.rounds = 0

    def look_at(self, answers: list[Answer]) -> None:
        self.rounds += 1
        if self.rounds > 1:
            self.seconds = max(self.seconds, *(answer.seconds for answer in answers))


@pytest.fixture
def treatment(committed_db) -> Treatment:
    make.clinic()
    make.dermatologist()
    return make.treatment()


def test_of_many_clients_for_one_slot_one_has_it(site, treatment, says):
    slowest, total = Slowest(), Counter[int]()
    for time in free(treatment)[: ROUNDS + 1]:
        answers = ask_at_once(site, [wants(time, treatment) for _client in range(CLIENTS)])
        assert told(answers) == {201: 1, 409: CLIENTS - 1}
        total += told(answers)
        slowest.look_at(answers)
        for answer in answers:
            if answer.status == 409:
                offers_three_others(answer, time)
        assert Consultation.objects.filter(starts_at=time.starts_at).count() == 1
    says(
        f"races: {slowest.rounds} rounds of {CLIENTS} clients for one slot: {total[201]} x 201,"
        f" {total[409]} x 409; the slowest answer {slowest.seconds:.2f} s; deadlocks 0"
    )
    assert slowest.seconds < patience()


def offers_three_others(answer: Answer, taken: FreeTime) -> None:
    problem = json.loads(answer.body)
    assert problem["type"].endswith("/slot_taken/")
    offered = {each["starts_at"] for each in problem["alternatives"]}
    assert len(offered) == 3
    assert f"{taken.starts_at:%Y-%m-%dT%H:%M:%SZ}" not in offered


def test_of_intervals_that_overlap_unequally_one_wins(site, treatment, says):
    """Half want twenty minutes, half forty that begin twenty minutes earlier."""
    longer = make.treatment("laser-hair-removal", visit_minutes=40)
    make.dermatologist().treatments.add(longer)
    long = {time.starts_at: time for time in free(longer)}
    pairs = [(time, long.get(time.starts_at - MINUTES_20)) for time in free(treatment)[::3]]
    slowest, lengths = Slowest(), Counter[dt.timedelta]()
    for short, earlier in [pair for pair in pairs if pair[1]][: ROUNDS + 1]:
        rivals = [(short, treatment), (earlier, longer)] * (CLIENTS // 2)
        answers = ask_at_once(site, [wants(*rival) for rival in rivals])
        assert told(answers) == {201: 1, 409: CLIENTS - 1}
        slowest.look_at(answers)
        visit = Consultation.objects.latest("pk")
        lengths[visit.ends_at - visit.starts_at] += 1
    won = ", ".join(f"{length} had it {count} times" for length, count in lengths.items())
    says(
        f"races: {slowest.rounds} rounds for unequal intervals that overlap: one each ({won});"
        f" the slowest answer {slowest.seconds:.2f} s"
    )


def test_back_to_back_both_are_had(site, treatment, says):
    slowest = Slowest()
    times = free(treatment)
    pairs = [
        (first, second)
        for first, second in zip(times[::2], times[1::2], strict=False)
        if first.ends_at == second.starts_at
    ]
    for pair in pairs[: ROUNDS + 1]:
        answers = ask_at_once(site, [wants(pair[n % 2], treatment) for n in range(CLIENTS)])
        assert told(answers) == {201: 2, 409: CLIENTS - 2}
        slowest.look_at(answers)
        starts = {time.starts_at for time in pair}
        assert Consultation.objects.filter(starts_at__in=starts).count() == 2
    says(
        f"races: {slowest.rounds} rounds for two times back to back: both had;"
        f" the slowest answer {slowest.seconds:.2f} s"
    )


def test_sixty_clients_for_sixty_times_of_one_dermatologist_all_have_theirs(site, treatment, says):
    slowest = Slowest()
    times = free(treatment)
    rounds = min(ROUNDS + 1, len(times) // 60)
    for round_ in range(rounds):
        mine = times[60 * round_ : 60 * round_ + 60]
        answers = ask_at_once(site, [wants(time, treatment) for time in mine])
        assert told(answers) == {201: 60}
        slowest.look_at(answers)
    assert Consultation.objects.filter(status=Status.HELD).count() == 60 * rounds
    says(
        f"races: {rounds} rounds of 60 clients for 60 times of one dermatologist: {60 * rounds} x 201;"
        f" the slowest answer {slowest.seconds:.2f} s"
    )


def test_a_deadlock_would_be_seen(committed_db):
    """Two who lock the same two things in opposite order: PostgreSQL ends one of them."""
    both_hold_one = threading.Barrier(2)

    def lock(first: int, second: int) -> None:
        with psycopg.connect(databases.url_of(committed_db)) as session:
            session.execute("SELECT pg_advisory_xact_lock(%s)", [first])
            both_hold_one.wait()
            session.execute("SELECT pg_advisory_xact_lock(%s)", [second])

    with ThreadPoolExecutor(2) as pool:
        racing = [pool.submit(lock, 1, 2), pool.submit(lock, 2, 1)]
        ended = [one.exception() for one in racing]
    connections["default"].close()
    assert deadlocks(committed_db) == 1, ended
