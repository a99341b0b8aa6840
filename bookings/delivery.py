"""How one due e-mail is sent safely: claimed under a lease, looked at again, sent, stamped.

Many senders may run. A sender claims a few rows at a time, and each claim raises the row's lease
number; whoever no longer holds the number neither sends nor stamps. No transaction is open while the
mail server is spoken to. A sender that dies between the mail server's "yes" and the stamp leaves the
row in sending, and it is sent again when the lease is over: late or twice, never lost.
"""

import datetime as dt
import logging
import smtplib
import time
from contextlib import suppress

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import DatabaseError, transaction
from django.db.models import (
    Case,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    QuerySet,
    Value,
    When,
)
from django.utils.translation import gettext_noop

from bookings import emails, reminders
from bookings.models import Kind, Message, MessageState

logger = logging.getLogger(__name__)

CLAIMED_AT_ONCE = 20
LEASE = dt.timedelta(seconds=60)  # renewed before each e-mail; one takes EMAIL_TIMEOUT a step
ROUND_LASTS = 20  # seconds; the worker's own limit for a task must never cut a round short
# The waits after each failed try, in minutes; after the last, always as long as that.
WAITS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180))

# What staff read on the desk; kept in English and translated where it is shown.
NO_ANSWER = gettext_noop("The mail server did not answer.")
NOT_NOW = gettext_noop("The mail server could not take it.")
ADDRESS_REFUSED = gettext_noop("There is no mailbox with this address.")
REFUSED = gettext_noop("The mail server refused it.")
NOT_WRITTEN = gettext_noop("This e-mail could not be put together.")
TOO_LATE = gettext_noop("It could not be sent in time.")


class DatabaseNow(Func):
    """The database's clock, for leases: the same for all senders, whatever their own clocks say."""

    function = "clinic_now"
    arity = 0
    output_field = DateTimeField()


LEASE_UNTIL = ExpressionWrapper(
    DatabaseNow() + Value(LEASE, output_field=DurationField()), output_field=DateTimeField()
)


class Failed(Exception):
    """The mail server did not take an e-mail; `for_good` where another try would be no use."""

    def __init__(
        self, trouble: str, *, for_good: bool = False, line_is_broken: bool = False
    ) -> None:
        super().__init__(trouble)
        self.trouble = trouble
        self.for_good = for_good
        self.line_is_broken = line_is_broken


def send_due(*, now: dt.datetime) -> int:
    """Sends what is due at `now`, codes first, over one connection; gives how many were sent.

    A round ends when nothing more is due, after ROUND_LASTS, or when the line to the mail server
    breaks: the e-mail that met this waits, the others are for the next round.
    """
    sent = 0
    until = time.monotonic() + ROUND_LASTS
    connection = get_connection()
    try:
        while time.monotonic() < until and (claimed := _claim(now=now)):
            for at, message in enumerate(claimed, 1):
                try:
                    sent += _deliver(message, connection, now=now)
                except Failed as failed:
                    _try_later(message, failed, now=now)
                    if failed.line_is_broken:
                        _put_back(claimed[at:])
                        return sent
    finally:
        _close(connection)
    return sent


def _claim(*, now: dt.datetime) -> list[Message]:
    """A few due rows, for this sender alone until the lease is over."""
    order = (Case(When(kind=Kind.CODE, then=0), default=1), "next_try_at", "pk")
    with transaction.atomic():
        due = Message.objects.due(now=now).order_by(*order).select_for_update(skip_locked=True)
        keys = list(due.values_list("pk", flat=True)[:CLAIMED_AT_ONCE])
        rows = Message.objects.filter(pk__in=keys)
        rows.update(
            state=MessageState.SENDING,
            lease=F("lease") + 1,
            lease_until=LEASE_UNTIL,
            tries=F("tries") + 1,
        )
        return list(rows.order_by(*order))


def _ours(message: Message) -> QuerySet[Message]:
    """The row, for as long as nobody else has claimed it."""
    return Message.objects.filter(pk=message.pk, state=MessageState.SENDING, lease=message.lease)


def _deliver(message: Message, connection: BaseEmailBackend, *, now: dt.datetime) -> bool:
    """Sends one e-mail, if it is still owed. Raises Failed when the mail server does not take it."""
    if not _ours(message).update(lease_until=LEASE_UNTIL):
        return False  # the batch took so long that another sender has it now
    if message.useful_until <= now:
        state = MessageState.GAVE_UP if message.trouble else MessageState.DROPPED
        _end(message, state, trouble=TOO_LATE)
        return False
    if not reminders.still_owed(message, now=now):
        _end(message, MessageState.DROPPED)
        return False
    try:
        _send(emails.compose(message, now=now), connection)
    except (Failed, DatabaseError):
        raise  # a lost database says nothing about this e-mail: its lease runs out
    except Exception as error:  # one e-mail that cannot be written must not stop the others
        logger.error("message %s cannot be written: %s", message.pk, type(error).__name__)
        _end(message, MessageState.GAVE_UP, trouble=NOT_WRITTEN)
        return False
    if not _end(message, MessageState.SENT, sent_at=DatabaseNow(), trouble=""):
        logger.warning("message %s was sent when its lease was over", message.pk)
    return True


def _send(email: EmailMessage, connection: BaseEmailBackend) -> None:
    """Speaks to the mail server. Raises Failed."""
    try:
        connection.open()
    except (smtplib.SMTPException, OSError) as error:
        raise Failed(NO_ANSWER, line_is_broken=True) from error
    try:
        connection.send_messages([email])
    except smtplib.SMTPRecipientsRefused as error:
        ((code, _words),) = error.recipients.values()  # each e-mail has one addressee
        raise _failed(code, ADDRESS_REFUSED) from error
    except smtplib.SMTPDataError as error:
        raise _failed(error.smtp_code, REFUSED) from error
    except (smtplib.SMTPException, OSError) as error:
        raise Failed(NOT_NOW, line_is_broken=True) from error


def _failed(code: int, trouble: str) -> Failed:
    """What an answer of the mail server's means: 5xx for good, 4xx not now (RFC 5321 section 4.2.1),
    421 that it hangs up.
    """
    if code >= 500:
        return Failed(trouble, for_good=True)
    return Failed(NOT_NOW, line_is_broken=code == 421)


def _close(connection: BaseEmailBackend) -> None:
    with suppress(smtplib.SMTPException, OSError):
        connection.close()


def _try_later(message: Message, failed: Failed, *, now: dt.datetime) -> None:
    """The row waits longer after each try; it is given up once it would come too late."""
    next_try_at = now + WAITS[min(message.tries, len(WAITS)) - 1]
    logger.warning("message %s, try %s: %s", message.pk, message.tries, failed.trouble)
    if failed.for_good or next_try_at >= message.useful_until:
        _end(message, MessageState.GAVE_UP, trouble=failed.trouble)
    else:
        _end(message, MessageState.OWED, trouble=failed.trouble, next_try_at=next_try_at)


def _put_back(messages: list[Message]) -> None:
    """Rows that were claimed and not looked at are due as before."""
    for message in messages:
        _end(message, MessageState.OWED, tries=F("tries") - 1)


def _end(message: Message, state: MessageState, **more: object) -> bool:
    """Stamps a row, unless another sender has claimed it meanwhile; whether it was ours."""
    return bool(_ours(message).update(state=state, lease_until=None, **more))
