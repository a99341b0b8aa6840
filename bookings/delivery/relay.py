"""When to leave the whole relay alone, and how many may speak to it at once."""

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import F, Q

from bookings.models import PROBED_EVERY, Message, MessageState, Relay, Why

logger = logging.getLogger(__name__)

REFUSALS = 3  # in a row, of different e-mails: then it is about us
AGAIN_AFTER = dt.timedelta(minutes=1)
OUR_LOCKS = 0x6D61696C  # the first key of PostgreSQL's advisory locks that count connections


def is_used() -> bool:
    """Whether e-mails are handed to it just now."""
    return Relay.objects.filter(opened_at=None).exists()


def probe(*, now: dt.datetime) -> Relay | None:
    """The relay that is left alone, for the one sender who may try it now; None for all others."""
    # Further ahead it lies only if the database's clock was put back.
    its_time = Q(probe_at__lte=now) | Q(probe_at__gt=now + PROBED_EVERY)
    due = Relay.objects.filter(its_time, opened_at__isnull=False)
    if due.update(probe_at=now + PROBED_EVERY):
        return Relay.objects.get()
    return None


def leave_alone(why: Why, *, answer: str, now: dt.datetime) -> None:
    """Nobody sends any more, until a probe succeeds."""
    changed = Relay.objects.filter(opened_at=None).update(
        opened_at=now, why=why, answer=answer, probe_at=now + PROBED_EVERY
    )
    if changed:
        logger.error("the mail relay is left alone: %s (%s)", why.value, answer)
    else:
        Relay.objects.update(why=why, answer=answer)


def put_off(*, now: dt.datetime) -> None:
    """It puts an e-mail off. It is not left alone for that: it may take the next one."""
    Relay.objects.filter(put_off_since=None).update(put_off_since=now)


def took(*, now: dt.datetime) -> None:
    """It took an e-mail: whatever was wrong is over."""
    well = {"refused_in_a_row": 0, "put_off_since": None, "accepted_at": now}
    if Relay.objects.exclude(opened_at=None).update(
        opened_at=None, why="", answer="", probe_at=None, **well
    ):
        logger.warning("the mail relay takes our e-mails again")
    else:
        Relay.objects.update(**well)


def answers_again() -> None:
    """It talks to us again; what it does with e-mails is seen with the next ones."""
    if Relay.objects.exclude(opened_at=None).update(
        opened_at=None, why="", answer="", probe_at=None, refused_in_a_row=0
    ):
        logger.warning("the mail relay answers again")


def is_suspected(message: Message) -> bool:
    """Whether a refusal of this e-mail's address may mean us: it has taken nothing since the first."""
    relay = Relay.objects.get()
    if relay.why != Why.REFUSES_US:
        return False
    since = message.refused_at
    return since is None or relay.accepted_at is None or relay.accepted_at < since


def refused(message: Message, *, answer: str, now: dt.datetime) -> None:
    """It refused an e-mail for good. Several in a row mean us: then none of them was at fault.

    The same one refused once more tells nothing new.
    """
    if message.refused_at is not None:
        return
    Relay.objects.update(refused_in_a_row=F("refused_in_a_row") + 1)
    relay = Relay.objects.get()
    if relay.refused_in_a_row < REFUSALS:
        return
    leave_alone(Why.REFUSES_US, answer=answer, now=now)
    since = Q(refused_at__gt=relay.accepted_at) if relay.accepted_at else Q()
    beyond_doubt = Q(answer__contains=" 5.1.") | Q(answer__contains=" 5.2.")
    wrongly = Message.objects.filter(since, state=MessageState.BAD_ADDRESS, phoned_at=None)
    wrongly.filter(useful_until__gt=now).exclude(beyond_doubt).update(
        state=MessageState.OWED, next_try_at=now + AGAIN_AFTER, trouble=""
    )


@contextmanager
def a_connection() -> Iterator[bool]:
    """One of the MAIL_CONNECTIONS that all senders together may have; False if none is left."""
    with connection.cursor() as cursor:
        mine = next((n for n in range(settings.MAIL_CONNECTIONS) if _lock(cursor, n)), None)
    try:
        yield mine is not None
    finally:
        # A lost connection has let go of it already.
        if mine is not None and connection.connection is not None:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [OUR_LOCKS, mine])


def _lock(cursor: object, number: int) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [OUR_LOCKS, number])  # type: ignore[attr-defined]
    return bool(cursor.fetchone()[0])  # type: ignore[attr-defined]
