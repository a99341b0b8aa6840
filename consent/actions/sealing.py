"""Sealing a complete reading: the record first, then the visit is confirmed, in one transaction."""

import datetime as dt

from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

import bookings.actions
from bookings.actions.locks import slot_decided
from bookings.models import Consultation, NotPossibleNow, Status
from consent import ledger
from consent.actions.acknowledging import StalePage
from consent.actions.entering import enter
from consent.actions.reading import Progress, progress_of
from consent.bodies import record_body
from consent.models import ConsentRecord, EntryKind, Reading, RiskList


def declaration_for(*, count: int, language: str) -> str:
    """What the last button says, in the language of the reading."""
    with translation.override(language):
        return ngettext(
            "I have read and understood this side effect: book my consultation",
            "I have read and understood these %(count)d side effects: book my consultation",
            count,
        ) % {"count": count}


def seal(*, consultation: Consultation, reading: int, now: dt.datetime) -> ConsentRecord:
    """The last act: seals the reading (named by its id, as the page showed it) and confirms the visit.

    Pressed twice, it gives the record that stands. Raises StalePage where another reading counts by
    now, RisksMissing, TimeTaken, NotPossibleNow; then nothing is stored.
    """
    with slot_decided():
        # First the list, so that its wording is live until this commits (see publish).
        live = RiskList.objects.kept_live_for(consultation.treatment_id)
        locked = bookings.actions.lock_for_visit(consultation=consultation)
        latest = Reading.objects.latest_of(locked)
        if (
            latest is None
            or latest.pk != reading
            or latest.risk_list.treatment_id != locked.treatment_id
        ):
            raise StalePage(_("Your answers changed since this page was shown. Check them again."))
        standing = ConsentRecord.objects.filter(reading=latest).first()
        if standing is not None and locked.status == Status.CONFIRMED:
            return standing
        if locked.status not in (Status.HELD, Status.EXPIRED) or not locked.is_proven:
            raise NotPossibleNow(_("Choose a time first."))
        if live is None or live.pk != latest.risk_list_id:
            raise StalePage(_("The wording of a side effect has changed. Please read it again."))
        progress = progress_of(reading=latest)
        if not progress.is_complete:
            raise bookings.actions.RisksMissing(_("Acknowledge each side effect first."))
        record = standing or _write(locked, progress, now=now)
        bookings.actions.confirm(
            consultation=locked,
            receipt=record.record_hash,
            receipt_signature=ledger.signature_letters(bytes(record.entry.signature)),
            receipt_key=record.entry.key_id,
            risks_total=len(progress.risks),
            now=now,
        )
    return record


def _write(consultation: Consultation, progress: Progress, *, now: dt.datetime) -> ConsentRecord:
    reading = progress.reading
    declaration = declaration_for(count=len(progress.risks), language=reading.language)
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
