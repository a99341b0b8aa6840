"""`make bench`: how fast free times, bookings and e-mails are, beside a bare view, pgbench and smtplib, in one run."""

import contextlib
import datetime as dt
import json
import os
import platform
import sys
import time
import warnings
from itertools import count

import django

# Django's own warning that nothing was collected into STATIC_ROOT; here nothing needs to be.
warnings.filterwarnings("ignore", message="No directory at")
django.setup()

from django.db import connection  # noqa: E402 (Django has to be set up first)
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from bookings.actions import FreeTime  # noqa: E402
from clinic.models import Dermatologist  # noqa: E402
from tests.bench import asking, evidence, load, messages, rows, sealing, statements, table  # noqa: E402
from tests.bench.site import CORES, Meter, postgres_pid, site  # noqa: E402
from tests.clients import ask_at_once  # noqa: E402

SIZES = (1_000, 100_000, 1_000_000)
SLICE = float(os.environ.get("BENCH_SLICE", "2"))  # seconds
SLICES = int(os.environ.get("BENCH_SLICES", "3"))
WEEK_OF_ONE = asking.times(7, dermatologist="doctor-1")
WEEK = asking.times(7, treatment="mesotherapy")
MONTH = asking.times(30, treatment="mesotherapy")
MOMENT = dt.timedelta(minutes=20)
RIVALS = 50
# The application has its statements prepared; pgbench of its own accord sends each as text.
PROTOCOLS = {"simple": "by its own protocol", "prepared": "with statements prepared"}


def say(text: str = "") -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Bench:
    """The clinics of each size, a web server on each, and the requests that have not been used yet."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self.names: dict[int, str] = {}
        self.sites: dict[int, tuple[str, int]] = {}
        self.bookings: dict[int, list[bytes]] = {}
        numbers = count(10_000_000)
        for size in SIZES:
            self.names[size] = stack.enter_context(rows.clinic_of(size))
            free = asking.free(self.names[size])
            self.bookings[size] = [asking.booking(each, next(numbers)) for each in free]
            self.sites[size] = stack.enter_context(site(self.names[size]))
            for request in (asking.BARE, WEEK, MONTH):
                load.run(self.sites[size][0], request, clients=8, seconds=0.5)
            self.row("warm up", size, 8).check()

    def row(self, what: str, size: int, clients: int) -> table.Row:
        """Some bookings, the first slice of a row."""
        row = self.empty(what, size, clients, wanted=201)
        self.slice_of_bookings(row, size, seconds=0.5)
        return row

    def empty(self, what: str, size: int, clients: int, *, wanted: int = 200) -> table.Row:
        meter = Meter(web=self.sites[size][1], pg=postgres_pid())
        return table.Row(what, clients, meter, wanted=wanted)

    def slice_of(self, row: table.Row, size: int, request: bytes) -> None:
        with row.meter.watching():
            found = load.run(self.sites[size][0], request, clients=row.clients, seconds=SLICE)
        row.answers.add(found)

    def slice_of_bookings(self, row: table.Row, size: int, *, seconds: float = SLICE) -> None:
        mine = self.bookings[size]
        with row.meter.watching():
            found = load.run(
                self.sites[size][0], mine, clients=row.clients, seconds=seconds, wanted=201
            )
        if found.used >= len(mine):
            raise SystemExit("There are no free times left to book. Set BENCH_SLICE lower.")
        del mine[: found.used]
        row.answers.add(found)


def reading(bench: Bench) -> list[str]:
    """Free times beside the bare view."""
    asked: list[tuple[table.Row, int, bytes]] = [
        (bench.empty("bare DRF view", 1_000, 8), 1_000, asking.BARE)
    ]
    for size in SIZES:
        name = f"a week's free times, one dermatologist, {size:,}"
        asked.append((bench.empty(name, size, 8), size, WEEK_OF_ONE))
    for size in SIZES:
        name = f"a week's free times, three of them, {size:,}"
        asked.append((bench.empty(name, size, 8), size, WEEK))
    asked.append((bench.empty("a month's, three of them, 100,000", 100_000, 8), 100_000, MONTH))
    for _slice in range(SLICES):
        for row, size, request in asked:
            bench.slice_of(row, size, request)
    for row, _size, _request in asked:
        row.check()
        say(str(row))
    bare, one, three = asked[0][0], [row for row, *_ in asked[1:4]], [row for row, *_ in asked[4:7]]
    ratios = []
    for size, row in zip(SIZES, one, strict=True):
        what = f"a week's free times of one, {size:,}, beside the bare view"
        ratios.append(table.beside(what, row, bare, at_least=1 / 10))
    for size, row in zip(SIZES, three, strict=True):
        what = f"a week's free times of three, {size:,}, beside the bare view"
        ratios.append(table.beside(what, row, bare, at_least=1 / 10))
    what = "cost of a week of three at 1,000,000 beside 1,000 (processor time)"
    return [*ratios, table.at_most(what, three[2].cost / three[0].cost, 1.5)]


def month(bench: Bench) -> str:
    """The issue's own figure: a month with 100,000 consultations in the table."""
    path = MONTH.split(b" ")[1].decode()
    rows.point_at(bench.names[100_000])
    with CaptureQueriesContext(connection) as queries:
        answer = Client().get(path)
    rows.point_at("postgres")
    row = bench.empty("", 100_000, 1)
    bench.slice_of(row, 100_000, MONTH)
    found = len(json.loads(answer.content)["times"])
    return (
        f"A month's free times with 100,000 consultations: {len(queries)} queries,"
        f" {row.answers.wait(0.5):.1f} ms (median of one client; {found} times,"
        f" {len(answer.content) / 1000:.0f} kB)."
    )


def booking(bench: Bench) -> list[str]:
    """The request that takes a slot, beside the bare view and pgbench with the same statements."""
    lines, begin = captured(bench)
    say(f"\nOne booking sends {len(lines)} statements; pgbench sends the same.")
    ratios, first = [], 0
    for clients in (1, 8, 32):
        bare = bench.empty("bare DRF view", 1_000, clients)
        ours = bench.empty("booking, 1,000", 1_000, clients, wanted=201)
        sent: dict[str, list[float]] = {protocol: [] for protocol in PROTOCOLS}
        for _slice in range(SLICES):
            bench.slice_of(bare, 1_000, asking.BARE)
            bench.slice_of_bookings(ours, 1_000)
            for protocol in PROTOCOLS:
                rate, done = statements.pgbench(
                    bench.names[1_000],
                    lines,
                    protocol=protocol,
                    clients=clients,
                    seconds=SLICE,
                    begin=begin,
                    first=first,
                )
                first += done + clients * 50  # the clients need not have done equally many
                sent[protocol].append(rate)
        for row in (bare, ours):
            row.check()
            say(str(row))
        what = f"booking, {clients} clients, beside "
        ratios.append(table.beside(f"{what}the bare view", ours, bare, at_least=1 / 25))
        for protocol, words in PROTOCOLS.items():
            theirs = sum(sent[protocol]) / len(sent[protocol])
            say(f"{f'the same by pgbench, {words}':<52}{clients:>8}{theirs:>9.0f}")
            ratios.append(table.ratio(f"{what}pgbench, {words}", ours.rate, theirs, at_least=1 / 3))
    million = bench.empty("booking, 1,000,000", 1_000_000, 8, wanted=201)
    again = bench.empty("booking, 1,000", 1_000, 8, wanted=201)
    for _slice in range(SLICES):
        bench.slice_of_bookings(million, 1_000_000)
        bench.slice_of_bookings(again, 1_000)
    for row in (again, million):
        row.check()
        say(str(row))
    what = "cost of a booking at 1,000,000 beside 1,000 (processor time)"
    return [*ratios, table.at_most(what, million.cost / again.cost, 1.5)]


def captured(bench: Bench) -> tuple[list[str], dt.datetime]:
    """The statements of one request, and the first moment of pgbench's own part of the calendar."""
    name = bench.names[1_000]
    today = dt.datetime.now(dt.UTC).replace(hour=5, minute=0, second=0, microsecond=0)
    after = today + dt.timedelta(days=rows.DAYS_AHEAD / 3)  # 9:00 in Dubai
    pair = (
        statements.Booking(30_000_001, after + dt.timedelta(days=2), 3),
        statements.Booking(30_000_002, after + dt.timedelta(days=9), 7),
    )
    begin = after + dt.timedelta(days=11)  # there is no end to what pgbench can take from here on
    with statements.logged(name), site(name) as (url, _pid):
        for _number in range(16):  # each process and thread does once what it does only once
            asked(url, bench.bookings[1_000].pop())
        first, second = (
            statements.statements_of(lambda each=each: asked(url, the(each))) for each in pair
        )
    return statements.script(first, second, pair), begin


def the(booking: statements.Booking) -> bytes:
    who = Dermatologist(slug=f"doctor-{booking.dermatologist}")
    return asking.booking(
        FreeTime(who, booking.starts_at, booking.starts_at + MOMENT), booking.number
    )


def asked(url: str, request: bytes) -> None:
    (answer,) = ask_at_once(url, [request])
    if answer.status != 201:
        raise SystemExit(f"A booking was answered with {answer.status}: {answer.body!r}")


def race(bench: Bench) -> str:
    """Fifty clients for one slot, ten times."""
    url, _pid = bench.sites[1_000]
    numbers = count(40_000_000)
    free = asking.free(bench.names[1_000])[:10]
    slowest = 0.0
    for each in free:
        answers = ask_at_once(
            url, [asking.booking(each, next(numbers)) for _rival in range(RIVALS)]
        )
        told = sorted(answer.status for answer in answers)
        if told != [201] + [409] * (RIVALS - 1):
            raise SystemExit(f"A race for one slot ended with {told}")
        slowest = max(slowest, *(answer.seconds for answer in answers))
    return f"{RIVALS} clients for one slot, {len(free)} times: one 201 and {RIVALS - 1} x 409 each; the slowest answer {slowest:.2f} s."


def main() -> None:
    began = time.monotonic()
    say(
        f"{platform.machine()}, {CORES} processors, Python {platform.python_version()}, load"
        f" {os.getloadavg()[0]:.1f} at the start; PostgreSQL with fsync on and synchronous commits."
    )
    with contextlib.ExitStack() as stack:
        bench = Bench(stack)
        say(f"Clinics of {', '.join(f'{size:,}' for size in SIZES)} consultations are there.\n")
        say(table.HEAD)
        targets = reading(bench)
        targets += booking(bench)
        facts = [month(bench), race(bench)]
    targets += sealing.measured()
    targets += messages.measured()
    facts += evidence.bench()
    say()
    for line in [*targets, *facts]:
        say(line)
    say(f"Took {time.monotonic() - began:.0f} s; load {os.getloadavg()[0]:.1f} at the end.")


if __name__ == "__main__":
    main()
