"""What staff do about e-mails that did not arrive: send one again, or say that they phoned."""

import datetime as dt

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from bookings import owing
from bookings.delivery import NOT_WRITTEN
from bookings.models import (
    COPIES_AT_MOST,
    NEEDS_STAFF,
    Message,
    MessageState,
    NotPossibleNow,
)

AT_ONCE = 500
SETTLED = {
    MessageState.OWED: _("This e-mail is already waiting to be sent."),
    MessageState.SENDING: _("This e-mail is being sent just now."),
    MessageState.SENT: _("This e-mail was sent already."),
    MessageState.DROPPED: _("This e-mail is not owed any more."),
}


def retry(*, message: Message, now: dt.datetime) -> Message:
    """Owes an e-mail again that nobody would send any more; it goes with the next round.

    One copy at most may have left before: there are never more than two. It needs staff again if it
    fails again. Raises NotPossibleNow: it is settled, was handed over twice, comes too late, or the
    visit has changed since.
    """
    with transaction.atomic():
        locked = _lock(message.pk)
        if refusal := _why_not_again(locked, now=now):
            raise NotPossibleNow(refusal)
        return _owe_again(locked, now=now)


def retry_unwritten(*, now: dt.datetime) -> int:
    """Owes all again that could not be put together and are still of use; gives how many.

    For after the words were mended; no more than AT_ONCE, the newest first.
    """
    with transaction.atomic():
        rows = unwritten(now=now).select_for_update(of=("self",), skip_locked=True)[:AT_ONCE]
        again = [row for row in rows if not _why_not_again(row, now=now)]
        for row in again:
            _owe_again(row, now=now)
    return len(again)


def unwritten(*, now: dt.datetime) -> QuerySet[Message]:
    """Those that could not be put together, and would still be of use."""
    return Message.objects.needing_staff().filter(trouble=NOT_WRITTEN, useful_until__gt=now)


def mark_as_phoned(*, message: Message, by: User, now: dt.datetime) -> Message:
    """Somebody took care of an e-mail that did not arrive: it needs staff no longer.

    Said twice, the first stands. Raises NotPossibleNow for one that needs nobody.
    """
    with transaction.atomic():
        locked = _lock(message.pk)
        if locked.state not in NEEDS_STAFF:
            raise NotPossibleNow(SETTLED[MessageState(locked.state)])
        if locked.phoned_at is None:
            locked.phoned_at, locked.phoned_by = now, by
            locked.save(update_fields=["phoned_at", "phoned_by"])
    return locked


def undo_phoned(*, message: Message) -> Message:
    """Nobody took care of it after all: it needs staff again."""
    with transaction.atomic():
        locked = _lock(message.pk)
        locked.phoned_at = locked.phoned_by = None
        locked.save(update_fields=["phoned_at", "phoned_by"])
    return locked


def _lock(pk: int) -> Message:
    return Message.objects.select_for_update(of=("self",)).get(pk=pk)


def _why_not_again(message: Message, *, now: dt.datetime) -> object:
    """The sentence that refuses another try; "" where there may be one."""
    if message.state not in NEEDS_STAFF:
        return SETTLED[MessageState(message.state)]
    if message.copies >= COPIES_AT_MOST:
        return _("This e-mail was handed over twice already. Please phone.")
    if message.useful_until <= now:
        return _("It is too late for this e-mail. Please phone.")
    if not owing.still_owed(message, now=now):
        return _("This e-mail is not owed any more: something has changed since.")
    return ""


def _owe_again(message: Message, *, now: dt.datetime) -> Message:
    """The trouble stays with it until it is sent: should it fail again, staff see it again."""
    message.state = MessageState.OWED
    message.next_try_at, message.tries = now, 0
    message.sent_at = message.bounced_at = None
    message.phoned_at = message.phoned_by = None
    message.save(
        update_fields=[
            *("state", "next_try_at", "tries", "sent_at", "bounced_at", "phoned_at", "phoned_by"),
        ]
    )
    return message
