"""Sealing a complete reading: the record first, then the visit rests on it, in one transaction."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

import bookings.actions
from bookings.actions.locks import lock_consultation, slot_decided
from bookings.models import Consultation, NotPossibleNow, Status
from consent import ledger
from consent.actions.acknowledging import StalePage
from consent.actions.entering import enter
from consent.actions.reading import Progress, is_asked_again, newest_that_counts, progress_of
from consent.actions.statements import declaration_for
from consent.bodies import record_body
from consent.models import ConsentRecord, EntryKind, Reading, RiskList


def seal(*, consultation: Consultation, reading: int, now: dt.datetime) -> ConsentRecord:
    """The last act: seals the reading (named by its id, as the page showed it) and confirms the visit.

    Pressed twice, it gives the record that stands. Raises StalePage where another reading counts by
    now, RisksMissing, TimeTaken, NotPossibleNow; then nothing is stored.
    """
    with slot_decided():
        # First the list, so that its wording is live until this commits (see publish).
        live = RiskList.objects.kept_live_for(consultation.treatment_id)
        locked = bookings.actions.lock_for_visit(consultation=consultation)
        latest = _the_reading(Reading.objects.latest_of(locked), reading, locked)
        standing = ConsentRecord.objects.filter(reading=latest).first()
        if standing is not None and locked.status == Status.CONFIRMED:
            return standing
        if locked.status not in (Status.HELD, Status.EXPIRED) or not locked.is_proven:
            raise NotPossibleNow(_("Choose a time first."))
        progress = _complete(latest, live)
        record = standing or _write(locked, progress, again=False, now=now)
        bookings.actions.confirm(consultation=locked, now=now, **_receipt(record, progress))
    return record


def seal_again(*, consultation: Consultation, reading: int, now: dt.datetime) -> ConsentRecord:
    """The last act for a visit that is booked and asks again: a new record, on which it rests from now.

    Pressed twice, it gives the record that stands. Raises StalePage, also for a reading from before a
    withdrawal, RisksMissing, NotPossibleNow; then nothing is stored.
    """
    with transaction.atomic():
        live = RiskList.objects.kept_live_for(consultation.treatment_id)
        locked = lock_consultation(consultation.pk)
        latest = _the_reading(newest_that_counts(locked), reading, locked)
        standing = ConsentRecord.objects.filter(reading=latest).first()
        if standing is not None and locked.asks_again_since is None:
            return standing
        if not is_asked_again(locked):
            raise NotPossibleNow(_("This visit does not ask you to read the side effects again."))
        if standing is not None:
            raise StalePage
        progress = _complete(latest, live)
        record = _write(locked, progress, again=True, now=now)
        receipt = _receipt(record, progress)
        bookings.actions.asked_again_done(consultation=locked, now=now, **receipt)
        if progress.wants_to_talk:
            bookings.actions.note_wish_to_talk(consultation=locked)
    return record


def _the_reading(latest: Reading | None, wanted: int, consultation: Consultation) -> Reading:
    """The newest reading, if it is the one that the page showed and about what the visit is about."""
    if latest is None or latest.pk != wanted:
        raise StalePage(_("Your answers changed since this page was shown. Check them again."))
    if latest.risk_list.treatment_id != consultation.treatment_id:
        raise StalePage(_("Your answers changed since this page was shown. Check them again."))
    return latest


def _complete(reading: Reading, live: RiskList | None) -> Progress:
    """Its progress, once every risk of the list that is live now is acknowledged."""
    if live is None or live.pk != reading.risk_list_id:
        raise StalePage(_("The wording of a side effect has changed. Please read it again."))
    progress = progress_of(reading=reading)
    if not progress.is_complete:
        raise bookings.actions.RisksMissing(_("Acknowledge each side effect first."))
    return progress


def _receipt(record: ConsentRecord, progress: Progress) -> dict[str, Any]:
    return {
        "receipt": record.record_hash,
        "receipt_signature": ledger.signature_letters(bytes(record.entry.signature)),
        "receipt_key": record.entry.key_id,
        "risks_total": len(progress.risks),
    }


def _write(
    consultation: Consultation, progress: Progress, *, again: bool, now: dt.datetime
) -> ConsentRecord:
    reading = progress.reading
    declaration = declaration_for(
        count=len(progress.risks),
        language=reading.language,
        read_by=reading.read_by,
        again=again,
    )
    acts = [(risk.key, progress.acts[risk.pk]) for risk in progress.risks]
    entry = enter(
        kind=EntryKind.RECORD,
        body=record_body(consultation, reading, acts, declaration=declaration),
        consultation=consultation,
        now=now,
    )
    return ConsentRecord.objects.create(
        consultation=consultation,
        reading=reading,
        declaration=declaration,
        sealed_at=now,
        entry=entry,
    )
