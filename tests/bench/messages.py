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
from django.test.utils import CaptureQueriesContext  # noqa: E402

from bookings import delivery, emails, looks, owing  # noqa: E402
from bookings.delivery import claims  # noqa: E402
from bookings.models import Consultation, Kind, Message, MessageState, Relay  # noqa: E402
from tests.bench import mailed, table  # noqa: E402
from tests.bench.sink import Sink, sink  # noqa: E402
from tests.bench.site import cpu_of, postgres_pid  # noqa: E402

TICKS = 30
WITHIN = 50.0  # milliseconds
DUE = int(os.environ.get("BENCH_DUE", "10000"))
AT_LEAST = 1 / 4
EVERY = dt.timedelta(seconds=2)
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def measured() -> list[str]:
    """The lines of the bench's table."""
    with mailed.clinic() as now:
        lines = [*_reading(now), _claiming(now)]
        with sink() as relay:
            settings.EMAIL_BACKEND, settings.EMAIL_HOST = SMTP, "127.0.0.1"
            settings.EMAIL_PORT = relay.port
            settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
            settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
            return lines + _sending(relay, now + dt.timedelta(minutes=5))


# --- What is owed --------------------------------------------------------------------------------


def _reading(now: dt.datetime) -> list[str]:
    """Ticks in which nothing is due, after some that warm the process up."""
    moments = (now + EVERY * number for number in itertools.count(1))
    for _warm in range(8):
        _tick(next(moments))
    took = sorted(_tick(next(moments)) for _tick_number in range(TICKS))
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


def _sending(relay: Sink, now: dt.datetime) -> list[str]:
    mailed.make_due(DUE, at=now)
    begun = time.perf_counter()
    noted = owing.note_owed(now=now)
    noting = time.perf_counter() - begun
    due = Message.objects.filter(state=MessageState.OWED, kind=Kind.REMINDER_1_DAY)
    if (noted, due.count()) != (DUE, DUE):
        raise SystemExit(f"{noted} e-mails were noted, {due.count()} are due, instead of {DUE}.")
    written = [_written(message, now=now) for message in due.order_by("pk")[:500]]
    ours, bare, size, cost = 0.0, 0.0, 0, 0.0
    sent = sent_bare = 0
    while sent < DUE:
        before, spent = relay.taken(), _processors()
        begun = time.perf_counter()
        done = delivery.send_due(now=now)
        ours += time.perf_counter() - begun
        cost += _processors() - spent
        taken = relay.taken()
        if not done or taken[0] - before[0] != done:
            raise SystemExit(f"A round sent {done}, the relay took {taken[0] - before[0]}.")
        sent, size = sent + done, size + taken[1] - before[1]
        bare += _bare(relay.port, list(itertools.islice(itertools.cycle(written), done)))
        sent_bare += done
    _check(now)
    what = (
        f"{sent:,} e-mails by one sender ({sent / ours:,.0f}/s), beside bare smtplib"
        f" ({sent_bare / bare:,.0f}/s)"
    )
    return [
        table.ratio(what, sent / ours, sent_bare / bare, at_least=AT_LEAST),
        f"Each of {size / sent / 1000:.1f} kB; {1000 * cost / sent:.2f} ms of processor for each, PostgreSQL's"
        f" too; {DUE:,} that fell due at once were noted in {noting:.1f} s.",
    ]


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
    return cpu_of(os.getpid()) + cpu_of(postgres_pid())


def _check(now: dt.datetime) -> None:
    """All were sent, once each, marked before the dot."""
    ended = Message.objects.filter(
        kind=Kind.REMINDER_1_DAY, due_at__lte=now, state=MessageState.SENT, copies=1
    ).filter(sent_at__gt=Relay.objects.get().looked_at)
    if ended.count() < DUE or Message.objects.unsent().exists():
        raise SystemExit(f"Only {ended.count()} of {DUE} are sent.")


if __name__ == "__main__":
    for line in measured():
        sys.stdout.write(f"{line}\n")
