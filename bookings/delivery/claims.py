"""Whose an e-mail is just now: claimed under a lease, marked before the last dot, and how it ended."""

import datetime as dt
import logging
import random
from typing import Any

from django.db import connection, transaction
from django.db.models import (
    Case,
    F,
    QuerySet,
    When,
    prefetch_related_objects,
)
from django.utils.translation import gettext_noop

from bookings import owing
from bookings.delivery.expressions import IS_SENDING, DatabaseNow, from_now
from bookings.models import CODES_FIRST, COPIES_AT_MOST, Message, MessageState, Phase

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=60)  # renewed before each e-mail that has waited (rounds.FRESH)
LEFT_AT_THE_DOT = dt.timedelta(seconds=20)  # of the lease, so that the answer comes within it
# The waits after each failed try, in minutes, a fifth more or less; after the last, always as long.
WAITS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180))
LEAST_WAIT = dt.timedelta(minutes=1)
IN_TURN = (CODES_FIRST, "next_try_at", "pk")  # as the index has them
# To ask a relay that refused all before: first what it has not refused yet.
NEW_FIRST = (Case(When(refused_at=None, then=0), default=1), "next_try_at", "pk")
# No wait is longer, nights included; so long a one comes of a clock that was put back.
LONGEST_WAIT = dt.timedelta(hours=16)

# What staff read on the desk; kept in English and translated where it is shown.
ADDRESS_REFUSED = gettext_noop("There is no mailbox with this address.")
NOT_WRITTEN = gettext_noop("This e-mail could not be put together.")
NOBODY_KNOWS = gettext_noop("It was handed over, and no answer came: it may have arrived.")


LEASE_UNTIL = from_now(LEASE)


def claim(
    *, now: dt.datetime, at_most: int, only_late: bool = False, new_first: bool = False
) -> list[Message]:
    """A few due rows, codes first, for this sender alone until the lease is over.

    `only_late`: those alone that have become useless. `new_first`: codes in their turn, and what was
    refused before at the end.
    """
    order = NEW_FIRST if new_first else IN_TURN
    with transaction.atomic():
        due = Message.objects.due(now=now).order_by(*order)
        due = due.filter(useful_until__lte=now) if only_late else due
        due = due.select_for_update(skip_locked=True, of=("self",))[:at_most]
        rows = list(due.values_list("pk", "copies"))
        if twice := [pk for pk, copies in rows if copies >= COPIES_AT_MOST]:
            _leave_to_staff(twice)
        ours = [pk for pk, copies in rows if copies < COPIES_AT_MOST]
        Message.objects.filter(pk__in=ours).update(
            state=MessageState.SENDING,
            phase="",
            lease=F("lease") + 1,
            lease_until=LEASE_UNTIL,
            tries=F("tries") + 1,
        )
        return with_all_it_tells(Message.objects.filter(pk__in=ours).order_by(*order))


def with_all_it_tells(messages: QuerySet[Message]) -> list[Message]:
    """Each with what it is written from, and whom it is about."""
    found = list(messages.select_related("consultation__treatment", "consultation__dermatologist"))
    aftercare = [row for row in found if row.session_id is not None]
    prefetch_related_objects(aftercare, "session__treatment", "step__plan")
    return found


def let_go_of_the_dead(*, now: dt.datetime) -> None:
    """Rows whose lease is over are owed again, though nobody may be free, or allowed, to send them now.

    One that was handed over twice, and not answered either time, staff decide about.
    """
    too_far = Message.objects.filter(state=MessageState.OWED, next_try_at__gt=now + LONGEST_WAIT)
    too_far.update(next_try_at=now)
    over = Message.objects.filter(state=MessageState.SENDING, lease_until__lte=now)
    if not over.exists():
        return
    with transaction.atomic():
        rows = list(over.select_for_update(skip_locked=True))
        owed = [row.pk for row in rows if row.copies < COPIES_AT_MOST]
        Message.objects.filter(pk__in=owed).update(
            state=MessageState.OWED, phase="", lease_until=None
        )
        twice = [row.pk for row in rows if row.copies >= COPIES_AT_MOST]
        _leave_to_staff(twice)


def _leave_to_staff(twice: list[int]) -> None:
    """Handed over twice, and no answer either time: a third copy is never sent."""
    Message.objects.filter(pk__in=twice).update(
        state=MessageState.UNKNOWN, phase="", lease_until=None, trouble=NOBODY_KNOWS
    )


def _ours(message: Message) -> QuerySet[Message]:
    """The row, for as long as nobody else has claimed it."""
    return Message.objects.filter(IS_SENDING, pk=message.pk, lease=message.lease)


def renew(message: Message) -> bool:
    """A whole lease from now; False if another sender has the row by now."""
    return bool(_ours(message).update(lease_until=LEASE_UNTIL))


def mark_the_dot(message: Message, *, wording: str, now: dt.datetime) -> bool:
    """Marks, in a transaction of its own, that the e-mail is about to be handed over.

    False, and nothing is marked, if the lease is lost or nearly over, or the state no longer owes it.
    The consultation is locked against change meanwhile: what is cancelled or moved first is not sent,
    and what is marked first may have left before it was.
    """
    return _mark_unchanged(message, wording=wording) or _mark_looking_again(message, wording, now)


def _mark_unchanged(message: Message, *, wording: str) -> bool:
    """All of it in one statement, where the consultation is as it was when it was claimed.

    What it was owed at `now` then, it still is: no transaction has changed it since.
    """
    if message.consultation is None or message.session_id is not None:
        return False
    visit, changed_in = message.consultation_id, message.consultation.changed_in
    ours: list[Any] = [message.pk, message.lease, LEFT_AT_THE_DOT]
    with connection.cursor() as cursor:
        cursor.execute(MARK_IF_UNCHANGED, [visit, changed_in, wording, *ours])
        return bool(cursor.rowcount)


def _mark_looking_again(message: Message, wording: str, now: dt.datetime) -> bool:
    is_our_own = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_our_own:
            # From a sender that freezes here PostgreSQL takes the lock back: a patient may wait for it.
            cursor.execute(IDLE_FIVE_SECONDS_AT_MOST)
        if message.consultation_id is not None:
            cursor.execute(LOCK_AGAINST_CHANGE, [message.consultation_id])
        if not owing.still_owed(message, now=now):
            return False
        enough = _ours(message).filter(lease_until__gte=from_now(LEFT_AT_THE_DOT))
        return bool(
            enough.update(
                phase=Phase.DOT,
                dot_at=DatabaseNow(),
                copies=F("copies") + 1,
                wording=wording,
                step=message.own_step,
            )
        )


IDLE_FIVE_SECONDS_AT_MOST = "SET LOCAL idle_in_transaction_session_timeout = 5000"
LOCK_AGAINST_CHANGE = "SELECT 1 FROM bookings_consultation WHERE id = %s FOR SHARE"
# Who waits here for a change to be committed then reads the row as it is after it. Of what was changed in
# our own transaction its number says nothing.
# The state is asked for as in IS_SENDING.
MARK_IF_UNCHANGED = """
WITH unchanged AS MATERIALIZED (
    SELECT FROM bookings_consultation WHERE id = %s AND changed_in = %s
        AND changed_in IS DISTINCT FROM pg_current_xact_id_if_assigned()::text::bigint
    FOR SHARE
)
UPDATE bookings_message SET phase = 'dot', dot_at = clinic_now(), copies = copies + 1, wording = %s
WHERE id = %s AND state IS NOT DISTINCT FROM 'sending' AND lease = %s
    AND lease_until >= clinic_now() + %s::interval
    AND EXISTS (SELECT FROM unchanged)
"""


# --- How it ended ----------------------------------------------------------------------------------


def sent(message: Message) -> None:
    """The relay said yes. If the lease was lost meanwhile, a "yes" still ends it for everybody."""
    ended = {
        "state": MessageState.SENT,
        "phase": "",
        "lease_until": None,
        "sent_at": DatabaseNow(),
        "trouble": "",
        "answer": "",
    }
    with connection.cursor() as cursor:
        cursor.execute(SENT, [message.pk, message.lease])
        if cursor.rowcount:
            return
    logger.warning("message %s was sent when its lease was over", message.pk)
    not_yet = Message.objects.filter(pk=message.pk, phase="").unsent()
    not_yet.update(lease=F("lease") + 1, **ended)


# The same as `ended`, of the row that is ours: written out, as each e-mail has one.
SENT = """
UPDATE bookings_message SET state = 'sent', phase = '', lease_until = NULL, sent_at = clinic_now(),
    trouble = '', answer = ''
WHERE id = %s AND state IS NOT DISTINCT FROM 'sending' AND lease = %s
"""


def end(message: Message, state: MessageState, **more: object) -> bool:
    """Stamps a row, unless another sender has claimed it meanwhile; whether it was ours."""
    return bool(_ours(message).update(state=state, phase="", lease_until=None, **more))


def cannot_be_written(message: Message) -> None:
    """Staff see it. One past its mark is left to its lease instead: it may have arrived."""
    _ours(message).filter(phase="").update(
        state=MessageState.GAVE_UP, lease_until=None, trouble=NOT_WRITTEN
    )


def try_later(
    message: Message, trouble: str, *, answer: str, now: dt.datetime, **more: object
) -> None:
    """The row waits longer after each try; it is given up once it would come too late."""
    logger.warning("message %s, try %s: %s (%s)", message.pk, message.tries, trouble, answer)
    next_try_at = _next_try(message, now=now)
    if next_try_at is None:
        end(message, MessageState.GAVE_UP, trouble=trouble, answer=answer, **more)
    else:
        _owe(message, trouble=trouble, answer=answer, next_try_at=next_try_at, **more)


def nobody_knows(message: Message, *, now: dt.datetime) -> None:
    """Handed over without an answer: once more later, with a flag; the second time staff decide."""
    logger.warning("message %s was handed over and not answered", message.pk)
    copies = Message.objects.filter(pk=message.pk).values_list("copies", flat=True).get()
    next_try_at = _next_try(message, now=now)
    if copies >= COPIES_AT_MOST or next_try_at is None:
        end(message, MessageState.UNKNOWN, trouble=NOBODY_KNOWS)
    else:
        _owe(message, trouble=NOBODY_KNOWS, next_try_at=next_try_at)


def refused_after_the_dot(message: Message) -> None:
    """It was handed over and not taken: no copy of it is on its way."""
    _ours(message).filter(phase=Phase.DOT).update(phase="", copies=F("copies") - 1)


def put_back(message: Message, **more: object) -> None:
    """A row that was claimed and not tried is due as before."""
    _owe(message, tries=F("tries") - 1, **more)


def end_late(message: Message) -> None:
    """It is too late to send it. Staff see it, if it was tried or belongs to the promise."""
    if message.copies:
        state, trouble = MessageState.UNKNOWN, NOBODY_KNOWS
    elif message.is_to_staff or owing.is_missed(message) or message.trouble:
        state, trouble = MessageState.GAVE_UP, message.trouble or owing.TOO_LATE
    else:
        state, trouble = MessageState.DROPPED, owing.TOO_LATE
    end(message, state, trouble=trouble)


def _owe(message: Message, **more: object) -> None:
    end(message, MessageState.OWED, **more)


def _next_try(message: Message, *, now: dt.datetime) -> dt.datetime | None:
    """After the wait for so many tries, by day where it has to be; None when that is of no use.

    Where the wait is longer than what is left of its time, half of what is left.
    """
    wait = WAITS[min(message.tries, len(WAITS)) - 1] * random.uniform(0.8, 1.2)  # noqa: S311
    left = message.useful_until - now
    if wait >= left:
        wait = left / 2
    if wait < LEAST_WAIT * 0.8:
        return None
    return owing.quiet_until(message, now=now + wait)
