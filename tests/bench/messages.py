"""What e-mails cost: asking every two seconds what is owed, and sending ten thousand that fall due at once.

`python -m tests.bench.messages` for this alone. In a clinic of a million consultations (mailed.py). The
rate of sending is compared with a bare loop of smtplib over one connection, which hands the same e-mails,
written before, to the same relay (sink.py), in turns with ours.
"""

import datetime as dt
import itertools
import os
import smtplib
import sys
import time

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
    django.setup()

from django.conf import settings  # noqa: E402 (Django may have to be set up first)
from django.db import connection  # noqa: E402
from django.db.models import QuerySet  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from bookings import delivery, emails, looks, owing  # noqa: E402
from bookings.delivery import claims  # noqa: E402
from bookings.models import Consultation, Kind, Message, MessageState, Relay  # noqa: E402
from tests.bench import mailed, table  # noqa: E402
from tests.bench.sink import AIOSMTPD, BARE, Sink, sink  # noqa: E402
from tests.bench.site import cpu_of, postgres_pid  # noqa: E402

TICKS = 30
WITHIN = 50.0  # milliseconds
DUE = int(os.environ.get("BENCH_DUE", "10000"))
AT_LEAST = 1 / 4
# What production has (docker-compose.yml): a worker's two processes and the loop beside them. The others are
# told for comparison: a relay that costs nothing shows what our own part costs.
SENDERS = 3
RUNS = (
    (AIOSMTPD, SENDERS, DUE),
    (AIOSMTPD, 2, DUE // 5),
    (AIOSMTPD, 1, DUE // 5),
    (BARE, 1, DUE // 5),
)
# A round goes on for some seconds, whatever is asked: in each run some thousands more than that are sent.
# Of those who are moved up some were agreed too late for a reminder.
SOME = 1500
ALL = sum(count for _kind, _senders, count in RUNS) + 4000 * len(RUNS)
EVERY = dt.timedelta(seconds=2)
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def measured() -> list[str]:
    """The lines of the bench's table."""
    with mailed.clinic() as now:
        lines = [*_reading(now), _claiming(now)]
        settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, "127.0.0.1"
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        now += dt.timedelta(minutes=5)
        lines.append(_noting(now))
        taken = 0
        for kind, senders, count in RUNS:
            with sink(kind) as relay:
                settings.EMAIL_PORT = relay.port
                line, sent = _sending(relay, kind, now, senders=senders, count=count)
            lines, taken = [*lines, line], taken + sent
        _check(now, taken)
        return lines


# --- What is owed --------------------------------------------------------------------------------


def _reading(now: dt.datetime) -> list[str]:
    """Ticks in which nothing is due, after some that warm the process up."""
    moments = (now + EVERY * number for number in itertools.count(1))
    for _warm in range(8):
        _tick(next(moments))
    reads = _whole_tables_read()
    took = sorted(_tick(next(moments)) for _tick_number in range(TICKS))
    if _whole_tables_read() != reads:
        raise SystemExit("A tick read all consultations, or all e-mails, one by one.")
    with CaptureQueriesContext(connection) as queries:
        owing.found_by(looks.begin(now=next(moments)))
    whole = sorted(_seconds(lambda: owing.owed(now=next(moments))) for _look in range(5))
    messages, visits = Message.objects.count(), Consultation.objects.count()
    return [
        table.at_most(
            f"what is owed at {visits:,} ({messages:,} e-mails), nothing due, ms, median of {TICKS}",
            took[TICKS // 2],
            WITHIN,
        )
        + f"   {len(queries)} queries",
        table.at_most("the same, the worst of them, ms", took[-1], WITHIN)
        + f"   the whole look of every tenth minute: {whole[2]:.0f} ms (median of 5)",
    ]


def _whole_tables_read() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT sum(seq_scan) FROM pg_stat_user_tables"
            " WHERE relname IN ('bookings_consultation', 'bookings_message')"
        )
        return int(cursor.fetchone()[0])


def _tick(now: dt.datetime) -> float:
    """Milliseconds of a tick's reading."""
    begun = time.perf_counter()
    look = looks.begin(now=now)
    found = owing.found_by(look)
    took = 1000 * (time.perf_counter() - begun)
    if found or look.is_whole:
        raise SystemExit(f"The bench's ticks are not those that it means: {found[:3]} {look}")
    looks.end(look)
    return took


def _seconds(act) -> float:  # type: ignore[no-untyped-def]
    begun = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - begun)


def _claiming(now: dt.datetime) -> str:
    took = sorted(_seconds(lambda: claims.claim(now=now, at_most=20)) for _time in range(TICKS))
    return f"Claiming where nothing is due: {took[TICKS // 2]:.2f} ms (median of {TICKS})."


# --- Sending -------------------------------------------------------------------------------------


def _noting(now: dt.datetime) -> str:
    mailed.make_due(ALL, at=now)
    begun = time.perf_counter()
    noted = owing.note_owed(now=now)
    took = time.perf_counter() - begun
    if noted != _due().count() or noted < ALL - SOME:
        raise SystemExit(f"{noted} e-mails were noted and {_due().count()} are due, not {ALL}.")
    return f"{noted:,} reminders that fell due at once were noted in {took:.1f} s."


def _due() -> QuerySet[Message]:
    return Message.objects.filter(state=MessageState.OWED, kind=Kind.REMINDER_1_DAY)


def _sending(
    relay: Sink, kind: str, now: dt.datetime, *, senders: int, count: int
) -> tuple[str, int]:
    """So many e-mails by so many senders, and as many by the bare loop, round by round."""
    some = claims.with_all_it_tells(Message.objects.filter(pk__in=_due()[:500]))
    written = [_written(row, now=now) for row in some]
    ours, bare, size, spent, sent = 0.0, 0.0, 0, 0.0, 0
    while sent < count and _due().exists():
        before, cpu, begun = relay.taken(), _processors(), time.perf_counter()
        _round(senders, now=now)
        ours += time.perf_counter() - begun
        taken, spent = relay.taken(), spent + _processors() - cpu
        done = taken[0] - before[0]
        if not done:
            raise SystemExit("A round sent nothing.")
        sent, size = sent + done, size + taken[1] - before[1]
        bare += _bare(relay.port, list(itertools.islice(itertools.cycle(written), done)))
    who = "one sender" if senders == 1 else f"{senders} senders"
    what = f"{sent:,} e-mails to {kind}, {who} ({sent / ours:,.0f}/s), beside smtplib ({sent / bare:,.0f}/s)"
    more = f"   {size / sent / 1000:.1f} kB, {1000 * spent / sent:.2f} ms of processor each, PostgreSQL and the relay with it"
    if senders < SENDERS:
        return f"{what:<78}{bare / ours:>8.3f}   for comparison{more}", sent
    return table.ratio(what, sent / ours, sent / bare, at_least=AT_LEAST) + more, sent


def _round(senders: int, *, now: dt.datetime) -> None:
    """One round of each sender; the others are children that have a connection of their own."""
    connection.close()
    children = [_child(now) for _number in range(senders - 1)]
    delivery.send_due(now=now)
    for child in children:
        if os.waitpid(child, 0)[1]:
            raise SystemExit("A sender failed.")


def _child(now: dt.datetime) -> int:
    child = os.fork()
    if child:
        return child
    failed = 1
    try:
        delivery.send_due(now=now)
        failed = 0
    finally:
        os._exit(failed)


def _written(message: Message, *, now: dt.datetime) -> tuple[str, bytes]:
    email = emails.compose(message, now=now)
    return message.addressee, email.message().as_bytes(linesep="\r\n")


def _bare(port: int, written: list[tuple[str, bytes]]) -> float:
    """Seconds in which smtplib sends these over one connection."""
    begun = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as line:
        for to, whole in written:
            line.sendmail("clinic@example.com", [to], whole)
    return time.perf_counter() - begun


def _processors() -> float:
    return cpu_of(os.getpid(), postgres_pid())


def _check(now: dt.datetime, taken: int) -> None:
    """All that the relay took are sent, once each and marked before the dot, and none hangs."""
    reminders = Message.objects.filter(kind=Kind.REMINDER_1_DAY, due_at__lte=now)
    sent = reminders.filter(state=MessageState.SENT, copies=1)
    sent = sent.filter(sent_at__gt=Relay.objects.get().looked_at)
    if sent.count() != taken or reminders.filter(state=MessageState.SENDING).exists():
        raise SystemExit(f"The relay took {taken}, and {sent.count()} are sent.")


if __name__ == "__main__":
    for line in measured():
        sys.stdout.write(f"{line}\n")
