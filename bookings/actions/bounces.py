"""What came back: an e-mail of ours that was taken, and then could not be delivered."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_noop

from bookings.models import Consultation, Message, MessageState

# What staff read on the desk; kept in English and translated where it is shown.
CAME_BACK = gettext_noop("It came back: it could not be delivered.")
NO_MAILBOX = gettext_noop("It came back: there is no mailbox with this address.")
MAILBOX_FULL = gettext_noop("It came back: the mailbox is full.")


def note_bounce(*, message: int, status: str, now: dt.datetime) -> Message | None:
    """Writes down at `now` that the e-mail with this number came back; None where nothing is to be noted.

    `status` is a code as of RFC 3463, such as "5.1.1", or nothing. The consultation stays as it is,
    whatever came back. Nothing is noted of an e-mail that was never handed over, came back before, has
    ended otherwise, or was to somebody who is erased. One that waits for its second copy is not sent again.
    """
    with transaction.atomic():
        found = Message.objects.filter(pk=message).values_list("consultation_id", flat=True)
        # Locked in the order of who sends and who erases: the consultation first.
        whose = Consultation.objects.select_for_update().filter(pk__in=[pk for pk in found if pk])
        if any(consultation.is_erased for consultation in whose):
            return None
        handed_over = Message.objects.filter(pk=message, copies__gt=0).exclude(addressee="")
        ended = [MessageState.SENT, MessageState.UNKNOWN]
        waiting = [MessageState.OWED, MessageState.SENDING]
        row = (
            handed_over.filter(state__in=[*ended, *waiting]).select_for_update(of=("self",)).first()
        )
        if row is None:
            return None
        row.state, row.phase, row.lease_until = MessageState.BOUNCED, "", None
        row.bounced_at, row.answer, row.trouble = now, status, _in_words(status)
        row.save(update_fields=["state", "phase", "lease_until", "bounced_at", "answer", "trouble"])
    return row


def _in_words(status: str) -> str:
    """RFC 3463 sections 3.2 and 3.3: X.1.1 no such mailbox, X.1.2 no such place, X.2.2 it is full."""
    _class, _dot, subject = status.partition(".")
    if subject in ("1.1", "1.2", "1.10"):  # X.1.10: it takes no e-mail (RFC 7505)
        return NO_MAILBOX
    return MAILBOX_FULL if subject == "2.2" else CAME_BACK
