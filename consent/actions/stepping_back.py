"""Stepping back: not going on with a request, and withdrawing what was acknowledged."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

import bookings.actions
from bookings.actions.locks import lock_consultation
from bookings.models import Consultation, NotPossibleNow, Status
from consent.actions.acknowledging import StalePage
from consent.actions.entering import enter
from consent.actions.reading import keep_apart, refuse_unless_asked
from consent.actions.statements import statement_for
from consent.bodies import declined_body, withdrawal_body
from consent.models import ActKind, ConsentRecord, EntryKind, PatientAct, Reading


def decline(
    *, consultation: Consultation, language: str, reason: str = "", now: dt.datetime
) -> PatientAct:
    """The patient does not want to go on: the request (or the visit that asks again) is cancelled.

    Declined already: the act that stands. Raises NotPossibleNow, and TooLate as every cancellation by
    a patient does; then nothing is stored.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        standing = PatientAct.objects.filter(consultation=locked, kind=ActKind.DECLINED).first()
        if standing is not None:
            return standing
        refuse_unless_asked(locked)
        act = PatientAct(
            kind=ActKind.DECLINED,
            consultation=locked,
            reading=Reading.objects.latest_of(locked),
            language=language,
            statement=statement_for(ActKind.DECLINED, language=language),
            note_commitment=keep_apart(locked, "reason", reason.strip()),
            acted_at=now,
        )
        act.entry = enter(
            kind=EntryKind.DECLINED, body=declined_body(act), consultation=locked, now=now
        )
        act.save(force_insert=True)
        bookings.actions.cancel(consultation=locked, reason=reason, now=now, by_patient=True)
    return act


def withdraw(
    *, consultation: Consultation, record: int, language: str, reason: str = "", now: dt.datetime
) -> PatientAct:
    """The patient withdraws the acknowledgement of a booked visit, which stays booked and asks again.

    `record` is the id of the record that the page showed. Readings up to this moment no longer count.
    Withdrawn already: the act that stands. Raises StalePage for a record that is not the newest,
    NotPossibleNow where the visit is not ahead.
    """
    with transaction.atomic():
        locked = lock_consultation(consultation.pk)
        withdrawals = PatientAct.objects.withdrawals_of(locked)
        standing = withdrawals.filter(record_id=record).first()
        if standing is not None:
            return standing
        newest = ConsentRecord.objects.current_of(locked)
        ahead = locked.starts_at is not None and locked.starts_at > now
        if locked.status != Status.CONFIRMED or newest is None or not ahead:
            raise NotPossibleNow(_("Only for a visit that is booked can this be withdrawn."))
        if newest.pk != record:
            raise StalePage
        # First the visit asks again: PostgreSQL refuses a withdrawal after which nobody is asked.
        bookings.actions.ask_again(consultation=locked, now=now)
        act = PatientAct(
            kind=ActKind.WITHDRAWN,
            consultation=locked,
            reading=Reading.objects.latest_of(locked),
            record=newest,
            language=language,
            statement=statement_for(ActKind.WITHDRAWN, language=language),
            note_commitment=keep_apart(locked, "reason", reason.strip()),
            acted_at=now,
        )
        act.entry = enter(
            kind=EntryKind.WITHDRAWAL, body=withdrawal_body(act), consultation=locked, now=now
        )
        act.save(force_insert=True)
    return act


def withdrawal_of(record: ConsentRecord) -> PatientAct | None:
    """The withdrawal of a record, or None while it stands."""
    return record.acts.filter(kind=ActKind.WITHDRAWN).first()


def has_declined(consultation: Consultation) -> bool:
    """Whether its patient did not want to go on."""
    return PatientAct.objects.filter(consultation=consultation, kind=ActKind.DECLINED).exists()
