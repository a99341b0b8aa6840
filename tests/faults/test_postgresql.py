"""PostgreSQL restarted at once, and its sessions ended: nothing but 503 meanwhile, and nothing is lost."""

import datetime as dt
import random
import threading
import time

import pytest
from django.db import connections

from tests.faults import asking, audit, invariants, load, own_server, parts
from tests.faults.speed import Clock
from tests.faults.table import says, sized
from tests.journeys.test_sent_ten_times import free_slots

pytestmark = pytest.mark.one_risk
TIMES = 6.0  # how fast the clinic's clock runs: a lease takes 10 s
BACK_IN = 5.0  # seconds
RATE = 10  # bookings a second


@pytest.fixture
def own(test_databases, django_db_blocker):
    with django_db_blocker.unblock(), own_server.running() as server:
        with own_server.database(server, risks=1) as name:
            yield server, name


def test_what_happens_while_postgresql_is_away(own, mail_server, tmp_path):
    server, database = own
    seconds = sized(3.0, 8.0)  # for each fault
    faults = ["restart", "sessions"] * sized(1, 3)
    told, at = asking.Told(), []
    with parts.parts(parts.environment(database, mail_server), tmp_path) as clinic:
        site = clinic.web()
        clinic.loop(), clinic.loop()
        Clock(database, times=TIMES).owner.close()
        over = dt.timedelta(seconds=seconds * len(faults) * TIMES)
        load.visits_due(database, sized(100, 1500), over=over)
        audit.begin(database)
        # What is free beside the load.
        slots = free_slots()[: len(faults) * 90]
        asked = [asking.canary(n, **slot) for n, slot in enumerate(slots)]

        connections["default"].close()  # it would end with the server

        def people(ended: threading.Event) -> None:
            asking.ask_evenly(site, asked, told, rate=RATE, ended=ended)

        def readers(ended: threading.Event) -> None:
            asking.look_at_pages(site, told, ended=ended)

        with parts.meanwhile(people), parts.meanwhile(readers):
            for fault in faults:
                time.sleep(random.Random(fault).uniform(0.8, 1.2))
                at.append((fault, time.time()))
                server.end_at_once() if fault == "restart" else server.end_sessions(database)
                time.sleep(seconds)
        took = parts.drained(database, without_progress=60)
    found = invariants.outcome(
        database,
        accepted=mail_server.accepted(),
        booked=told.booked,
        logs=clinic.logs(),
        times=TIMES,
    )
    away = [max([when - began for when in told.away_at if 0 < when - began < seconds + 1], default=0)
            for _fault, began in at]  # fmt: skip
    beside = (
        f"{len(told.booked)} booked, {len(told.away_at)} x 503, {len(told.wrong)} other;"
        f" back in {max(away):.1f} s; drained in {took:.0f} s"
    )
    says(found.row("PostgreSQL restarted at once; sessions ended", len(told.away_at), beside))
    assert not told.wrong
    assert told.away_at and told.pages
    assert max(away) < BACK_IN
    found.holds(overdue_at_most=10 + BACK_IN)
    assert log_has_recovery(server, times=faults.count("restart"))


def log_has_recovery(server: own_server.OwnServer, *, times: int) -> bool:
    """Whether PostgreSQL itself says that it was interrupted so often."""
    said = own_server.log_of(server).read_text(errors="replace")
    return (
        said.count("database system was interrupted") >= times
        or said.count("was not properly shut down") >= times
    )
