"""Stopping the tips after a session, and asking for them again; e-mails about a visit cannot be stopped."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings import links
from bookings.actions.locks import lock_consultation
from bookings.actions.page_links import LinkEnded, link_has_run_out
from bookings.links import Purpose
from bookings.models import Consultation


def find_to_stop(*, token: str, now: dt.datetime) -> Consultation:
    """Whose tips a link in an e-mail stops; a new link to the page does not end it. Raises LinkEnded."""
    found = links.find(token, Purpose.STOP)
    if found is None or link_has_run_out(found, now=now):
        raise LinkEnded(_("This link has ended."))
    return found


def stop_tips(*, consultation: Consultation, now: dt.datetime) -> Consultation:
    """No more e-mails of aftercare are owed, whatever was noted already. Stopped already: nothing happens.

    What belongs to a visit still comes: confirmation, reminders, moves, cancellation (RFC 8058 is for
    the tips alone).
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.tips_stopped_at is None:
            locked.tips_stopped_at = now
            locked.save(update_fields=["tips_stopped_at"])
    return locked


def resume_tips(*, consultation: Consultation, now: dt.datetime) -> Consultation:
    """The tips are owed again; the one that was dropped meanwhile too, if it is still of use."""
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.tips_stopped_at is not None:
            locked.tips_stopped_at = None
            locked.save(update_fields=["tips_stopped_at"])
    return locked
