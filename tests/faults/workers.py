"""What a forked process does: it sends, books or cancels, with the code that the clinic runs."""

import datetime as dt
import json
import os
import random
import signal
import sys
import time
import traceback
from contextlib import suppress
from typing import Any

import django.db
from django.conf import settings
from django.core.mail import utils as mail_utils
from django.db import connection, connections, transaction
from django.db.models import F

import bookings.actions
from bookings import delivery, emails, owing
from bookings.delivery import claims, rounds
from bookings.management.commands import send_due
from bookings.models import Consultation, Message, MessageState, Phase
from clinic import clock
from clinic.models import Dermatologist, Treatment
from tests import databases, make
from tests.faults import speed
from tests.faults.load import CANARY_DOMAIN, CANARY_NAME, CANARY_PHONE

DAY = dt.timedelta(days=1)
RACES = 0x72616365  # the first key of the advisory locks that start races


def warm(database: str) -> None:
    """Writes an e-mail to nobody, so that all is loaded; then lets go of every connection."""
    databases.point_at(database)
    with transaction.atomic():
        now = clock.now()
        nine = now.replace(hour=5, minute=0, second=0, microsecond=0)
        make.confirmed(now=now, starts_at=nine + 10 * DAY)
        owing.note_owed(now=now)
        for message in claims.claim(now=now, at_most=5):
            emails.compose(message, now=now).message().as_bytes()
            owing.still_owed(message, now=now)
        transaction.set_rollback(True)
    databases.point_at("")
    connections.close_all()


def begin(work: str, *, database: str, **options: Any) -> None:
    random.seed()
    databases.point_at(database)
    works = {"sender": sender, "booker": booker, "canceller": canceller, "racer": racer}
    works[work](**options)


def tell(error: BaseException) -> None:
    """Where it happened and what kind it was; its words may hold a patient's."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    os.write(2, f"worker ended: {type(error).__name__} in {where.name}:{where.lineno}\n".encode())


def sender(
    *,
    port: int,
    times: float = 1.0,
    every: float = 0.3,
    at_once: int = rounds.CLAIMED_AT_ONCE,
    connections_at_most: int = 100,
    without: tuple[str, ...] = (),
    dies_when_marked: bool = False,
    login: bool = False,
) -> None:
    """`manage.py send_due --loop`. It greets the mail server with its process id.

    `without` names guards that are taken away; `dies_when_marked`: kill -9 between the mark's commit and
    the last dot.
    """
    _goes_to(port)
    if login:
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "clinic", "wrong"
    settings.MAIL_CONNECTIONS = connections_at_most
    rounds.CLAIMED_AT_ONCE = at_once
    send_due.EVERY = every
    speed.of_a_sender(times)
    for guard in without:
        WITHOUT[guard]()
    if dies_when_marked:
        _die_when_marked()
    send_due.Command().handle(loop=True)


def _goes_to(port: int) -> None:
    mail_utils.DNS_NAME._fqdn = f"sender-{os.getpid()}"  # type: ignore[attr-defined]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port


def _die_when_marked() -> None:
    mark = claims.mark_the_dot

    def mark_and_die(message: Message, **options: Any) -> bool:
        if mark(message, **options):
            os.write(2, b'{"died": "when marked"}\n')
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    claims.mark_the_dot = mark_and_die


# --- Guards taken away -------------------------------------------------------------------------------


def _without_mark() -> None:
    """The e-mail is counted when it is stamped, as one would without much thought."""

    def no_mark(message: Message, *, wording: str, now: dt.datetime) -> bool:
        return owing.still_owed(message, now=now)

    def sent(message: Message) -> None:
        claims._ours(message).update(
            state=MessageState.SENT,
            copies=F("copies") + 1,
            lease_until=None,
            dot_at=claims.DatabaseNow(),
            sent_at=claims.DatabaseNow(),
        )

    claims.mark_the_dot, claims.sent = no_mark, sent


def _without_fence() -> None:
    """Whoever has once claimed a row takes it for their own, and writes what they knew of it."""

    def mark(message: Message, *, wording: str, now: dt.datetime) -> bool:
        if not owing.still_owed(message, now=now):
            return False
        row = Message.objects.filter(pk=message.pk)
        return bool(
            row.update(
                state=MessageState.SENDING,
                phase=Phase.DOT,
                lease_until=claims.LEASE_UNTIL,
                sent_at=None,
                copies=message.copies + 1,
                dot_at=claims.DatabaseNow(),
            )
        )

    claims.mark_the_dot = mark
    claims._ours = lambda message: Message.objects.filter(pk=message.pk)
    claims.renew = lambda message: True


def _without_lock() -> None:
    """The visit may be cancelled between the last look and the mark."""
    claims.LOCK_AGAINST_CHANGE = claims.LOCK_AGAINST_CHANGE.replace("FOR SHARE", "")
    claims.MARK_IF_UNCHANGED = claims.MARK_IF_UNCHANGED.replace("FOR SHARE", "")


def _without_lease() -> None:
    """Rows that another is sending are taken too, and marks are not asked who else has them."""
    _without_fence()

    def claim(*, now: dt.datetime, at_most: int, only_late: bool = False) -> list[Message]:
        due = Message.objects.unsent().filter(next_try_at__lte=now)
        return list(due.select_related("consultation")[:at_most])

    claims.claim = claim


def _without_catching() -> None:
    """An e-mail that cannot be written ends the round, and is the first again in the next."""

    def put_back_and_raise(message: Message) -> None:
        claims.put_back(message)
        raise KeyboardInterrupt

    claims.cannot_be_written = put_back_and_raise


WITHOUT = {
    "mark": _without_mark,
    "fence": _without_fence,
    "lock": _without_lock,
    "lease": _without_lease,
    "catching": _without_catching,
}


# --- Patients and staff ------------------------------------------------------------------------------


def booker(*, rate: float, seconds: float, number: int) -> None:
    """Asks for a time `rate` times a second, and says which were had."""
    now = clock.now()
    treatment = Treatment.objects.get()
    dermatologist = Dermatologist.objects.get()
    times = [each.starts_at for each in bookings.actions.free_times(treatment=treatment, now=now)]
    began = time.monotonic()
    for turn in range(int(rate * seconds)):
        time.sleep(max(0.0, began + turn / rate - time.monotonic()))
        details = make.details(
            patient_name=CANARY_NAME,
            mobile=CANARY_PHONE,
            email=f"booker{number}.{turn}@{CANARY_DOMAIN}",
        )
        try:
            had = bookings.actions.request(
                now=clock.now(),
                treatment=treatment,
                dermatologist=dermatologist,
                starts_at=random.choice(times),
                **details,
            )
        except bookings.actions.TimeTaken:
            _say(taken=turn)
        else:
            _say(booked=had.reference)


def canceller(*, visits: list[int], every: float) -> None:
    """Cancels these one after the other, and says which were."""
    for pk in visits:
        consultation = Consultation.objects.get(pk=pk)
        bookings.actions.cancel(consultation=consultation, now=clock.now(), by_patient=False)
        _say(cancelled=pk)
        time.sleep(every)


def _say(**what: Any) -> None:
    sys.stdout.flush()
    os.write(1, json.dumps(what).encode() + b"\n")


# --- Many at one moment ------------------------------------------------------------------------------


def racer(*, port: int, rounds: int, without: tuple[str, ...] = ()) -> None:
    """One sender's round as soon as the test lets go of each lock: all racers begin together."""
    _goes_to(port)
    settings.MAIL_CONNECTIONS = 1000
    for guard in without:
        WITHOUT[guard]()
    for number in range(rounds):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", [RACES, number])
        with suppress(django.db.IntegrityError):  # PostgreSQL refuses the marks of a twin
            delivery.send_due(now=clock.now())
