"""Erasing: the one way in which what is known of a patient goes, and the ledger's entry that says so."""

import datetime as dt
import enum
import logging
import time

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

import bookings.actions
from bookings.actions import Scrubbed
from bookings.models import ERASED, Consultation, NotPossibleNow, Status
from clinic import times
from clinic.i18n import active_language
from clinic.models import Clinic
from consent import ledger, retention
from consent.actions.entering import content_of
from consent.bodies import erasure_body
from consent.models import ConsentRecord, EntryKind, LegalHold, Particulars

logger = logging.getLogger(__name__)
ROUND_LASTS = 20  # seconds; the worker's own limit for a task must never cut a round short
# The one function that may delete particulars; it writes the entry too.
ERASE_PARTICULARS = "SELECT erase_particulars(%s, %s, %s, %s)"


class Basis(enum.StrEnum):
    """Why it is erased."""

    ASKED = "asked"  # the patient asked for it, and a member of staff granted it
    RETENTION = "retention"  # its time is over


def erase(
    *, consultation: Consultation, basis: Basis, by: User | None = None, now: dt.datetime
) -> Scrubbed:
    """Takes away all that says whose consultation this was; the ledger keeps that it was done.

    One transaction: the signed entry and the particulars through PostgreSQL's one function for it,
    then the consultation, the patient, e-mails and browsers. Records, acts and reviews stay, with
    commitments that nobody can open any more. Erased already: nothing happens.
    Raises NotPossibleNow while a legal hold stands, a visit lies ahead, or the law keeps it; for
    RETENTION also before its time is over.
    """
    if basis is Basis.ASKED and by is None:
        raise ValueError("a person answers a person's request")
    with transaction.atomic():
        # FOR UPDATE, which erase_particulars takes too: nobody adds a hold or an e-mail meanwhile.
        locked = Consultation.objects.select_for_update(of=("self",)).get(pk=consultation.pk)
        if not locked.is_erased:
            refuse_unless_erasable(locked, basis=basis, now=now)
            _enter_erasure(locked, basis=basis, now=now)
            _scrub_own_words(locked)
        scrubbed = bookings.actions.scrub(consultation=locked, now=now)
    logger.info("consultation %s erased: %s, by %s", locked.pk, basis, by.pk if by else "itself")
    return scrubbed


def erase_due(*, now: dt.datetime) -> int:
    """Erases what has been kept long enough, each in a transaction of its own; gives how many.

    One that fails delays only itself: it is logged, and tried again with the next round. What does
    not fit into this round is due in the next one.
    """
    erased, until = 0, time.monotonic() + ROUND_LASTS
    for pk in retention.due_for_erasure(now=now).values_list("pk", flat=True):
        if time.monotonic() > until:
            break
        try:
            erase(consultation=Consultation(pk=pk), basis=Basis.RETENTION, now=now)
        except Exception as error:
            logger.error("consultation %s was not erased: %s", pk, type(error).__name__)
        else:
            erased += 1
    return erased


def refuse_unless_erasable(consultation: Consultation, *, basis: Basis, now: dt.datetime) -> None:
    """Raises NotPossibleNow with the reason why it cannot be erased now."""
    if retention.is_held(consultation):
        raise NotPossibleNow(_("There is a legal hold: nothing can be erased until it is lifted."))
    if lies_ahead(consultation, now=now):
        raise NotPossibleNow(_("There is a visit ahead. Cancel it first."))
    kept = retention.keep_until(consultation)
    if kept.binds(now=now):
        raise NotPossibleNow(
            _("The law keeps this until %(day)s: the patient was treated here.")
            % {"day": day_in_words(kept.until)}
        )
    if basis is Basis.RETENTION and not kept.is_over(now=now):
        raise NotPossibleNow(
            _("It is kept until %(day)s. It can go earlier only if the patient asks.")
            % {"day": day_in_words(kept.until)}
        )


def lies_ahead(consultation: Consultation, *, now: dt.datetime) -> bool:
    """Whether somebody is expected: a visit or a held time that is not over yet."""
    if consultation.status not in (Status.HELD, Status.CONFIRMED, Status.ARRIVED):
        return False
    if consultation.hold_has_run_out(now=now):
        return False
    return consultation.ends_at is not None and consultation.ends_at > now


def day_in_words(moment: dt.datetime) -> str:
    """A day by the clinic's calendar, in the active language."""
    clinic = Clinic.objects.the_clinic()
    day = moment.astimezone(clinic.zoneinfo if clinic else dt.UTC).date()
    return times.date_in_words(day, active_language())


def _enter_erasure(consultation: Consultation, *, basis: Basis, now: dt.datetime) -> None:
    """The signed entry, and the particulars gone, in one call that PostgreSQL alone can carry out."""
    records = ConsentRecord.objects.filter(consultation=consultation).order_by("pk")
    fields = Particulars.objects.filter(consultation=consultation).count()
    body = erasure_body(
        basis=basis, fields=fields, records=[record.record_hash for record in records]
    )
    content = content_of(
        kind=EntryKind.ERASURE,
        body=body,
        consultation=consultation,
        key=ledger.signing_key_id(),
        now=now,
    )
    signed = ledger.sign_hash(ledger.sha256(content))
    with connection.cursor() as cursor:
        cursor.execute(
            ERASE_PARTICULARS, [consultation.pk, content, signed.key_id, signed.signature]
        )


def _scrub_own_words(consultation: Consultation) -> None:
    """What staff wrote beside it may name somebody: that it was done stays, the words go."""
    holds = LegalHold.objects.filter(consultation=consultation)
    holds.update(reason=ERASED, lift_reason=ERASED)  # none stands: see above
    consultation.erasure_requests.exclude(why="").update(why=ERASED)
