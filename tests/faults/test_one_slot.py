"""Fifty clients for one time, and one request ten times at once: one booking each; and why that holds.

The races and their twins stand in tests/races and tests/journeys; here they are run at the size of the
table, and their figures go into it.
"""

from collections import Counter

import pytest
from django.db import connections

from bookings.models import Consultation
from tests.clients import ask_at_once
from tests.faults.table import Row, says, sized
from tests.journeys import test_sent_ten_times as ten_times
from tests.journeys.test_sent_ten_times import process_env  # noqa: F401 (a fixture)
from tests.races.conftest import deadlocks, patience, site  # noqa: F401 (a fixture)
from tests.races.test_guards_of_a_slot import (
    TWINS,
    race,  # noqa: F401 (a fixture)
    without_the_constraint,
    without_the_lock,
)
from tests.races.test_one_slot import Slowest, free, told, treatment, wants  # noqa: F401

CLIENTS = 50
ROUNDS = sized(3, 100)


def test_of_fifty_clients_one_has_the_time(site, treatment):  # noqa: F811
    slowest, total = Slowest(), Counter[int]()
    for time in free(treatment)[:ROUNDS]:
        answers = ask_at_once(site, [wants(time, treatment) for _client in range(CLIENTS)])
        assert told(answers) == {201: 1, 409: CLIENTS - 1}
        total += told(answers)
        slowest.look_at(answers)
    beside = f"{total[201]} x 201, {total[409]} x 409, slowest {slowest.seconds:.2f} s"
    says(Row(f"50 clients for one time, {ROUNDS} rounds", total[409], 0, 0, besides=beside))
    assert slowest.seconds < patience()


def test_of_ten_with_one_key_one_books(live_site, monkeypatch):
    rounds = sized(3, 200)
    monkeypatch.setattr(ten_times, "ROUNDS", rounds)
    ten_times.test_ten_at_once_with_one_key_book_once_and_have_the_one_answer(live_site)
    beside = f"{Consultation.objects.count()} bookings"
    sent = ten_times.CLIENTS * rounds
    says(Row(f"one key 10 times at once, {rounds} rounds", sent, 0, 0, besides=beside))


@pytest.mark.parametrize("off", ["lock", "constraint", "both"])
def test_with_a_guard_off(race, monkeypatch, committed_db, off):  # noqa: F811
    """The twins: either guard is enough, though one alone may cost deadlocks; without both it is overbooked."""
    if off in ("lock", "both"):
        without_the_lock(monkeypatch)
    if off in ("constraint", "both"):
        without_the_constraint()
    became = race()
    connections["default"].close()
    beside = f"{became['held']} had it; deadlocks {deadlocks(committed_db)}"
    says(Row(f"{TWINS} for one time, {off} off (twin)", became["taken"], besides=beside))
    assert became["held"] > 1 if off == "both" else became["held"] == 1
