"""Asking again: a booked patient is owed another look at the risks, and has taken it."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from bookings.actions.locks import lock_consultation
from bookings.actions.visits import RisksMissing
from bookings.models import Consultation, NotPossibleNow, Status

ANSWERED = [
    *("risks_total", "risks_acknowledged", "risks_acknowledged_at"),
    *("receipt", "receipt_signature", "receipt_key", "asks_again_since"),
]


def ask_again(*, consultation: Consultation, now: dt.datetime) -> Consultation:
    """Notes that a confirmed visit waits for its patient to acknowledge again; it stays confirmed.

    It was true when sealed; `arrive` waits for the answer. Asked already, or not confirmed: nothing
    happens.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.status == Status.CONFIRMED and locked.asks_again_since is None:
            locked.asks_again_since = now
            locked.save(update_fields=["asks_again_since"])
    return locked


def asked_again_done(
    *,
    consultation: Consultation,
    receipt: str,
    receipt_signature: str,
    receipt_key: str,
    risks_total: int,
    now: dt.datetime,
) -> Consultation:
    """The patient has acknowledged again: the visit rests on the new record, which `receipt` names.

    Done already with this receipt: nothing happens. Raises NotPossibleNow where the visit is not
    confirmed, RisksMissing; PostgreSQL refuses it without a complete record, whatever is said here.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        if locked.status != Status.CONFIRMED:
            raise NotPossibleNow(_("Only for a confirmed visit can you acknowledge again."))
        if locked.receipt == receipt and locked.asks_again_since is None:
            return locked
        if risks_total == 0 or not receipt:
            raise RisksMissing(_("Acknowledge each side effect first."))
        locked.risks_total = locked.risks_acknowledged = risks_total
        locked.risks_acknowledged_at = now
        locked.receipt = receipt
        locked.receipt_signature, locked.receipt_key = receipt_signature, receipt_key
        locked.asks_again_since = None
        locked.save(update_fields=ANSWERED)
    return locked
