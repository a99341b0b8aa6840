"""Going through a risk list: how far a reading has come, and whether its acts count."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

import bookings.actions
from bookings.models import Consultation, NotPossibleNow, Status
from clinic.errors import Refused
from consent import ledger
from consent.models import (
    Acknowledgement,
    ConsentRecord,
    Particulars,
    PatientAct,
    Reading,
    Risk,
)

UNFINISHED = (Status.WAITING, Status.HELD, Status.EXPIRED)


class NoRisksListed(Refused):
    """There is no published list for this treatment, or no treatment yet: nothing to acknowledge."""

    code = "no_risks_listed"


@dataclass(frozen=True)
class Progress:
    """How far a reading has come: its risks in order, and the acts so far by risk."""

    reading: Reading
    risks: list[Risk]
    acts: dict[int, Acknowledgement]

    @property
    def next_risk(self) -> Risk | None:
        """The first risk without an act, or None."""
        return next((risk for risk in self.risks if risk.pk not in self.acts), None)

    @property
    def is_complete(self) -> bool:
        return bool(self.risks) and self.next_risk is None

    @property
    def wants_to_talk(self) -> bool:
        return any(act.wants_to_talk for act in self.acts.values())


def progress_of(*, reading: Reading) -> Progress:
    """Two queries: the list's risks in order, and the acts of this reading."""
    risks = list(reading.risk_list.risks.order_by("position"))
    acts = {act.risk_id: act for act in reading.acknowledgements.all()}
    return Progress(reading, risks, acts)


def is_asked_again(consultation: Consultation) -> bool:
    """Whether a booked visit waits for its patient to acknowledge once more."""
    return consultation.status == Status.CONFIRMED and consultation.asks_again_since is not None


def refuse_unless_asked(consultation: Consultation) -> None:
    """Raises NotPossibleNow where nobody waits for the patient's acts: before the address is proven,
    after the visit was booked (unless it asks again), and after it ended.
    """
    unfinished = consultation.is_proven and consultation.status in UNFINISHED
    if not (unfinished or is_asked_again(consultation)):
        raise NotPossibleNow(_("The side effects cannot be acknowledged at this moment."))


def newest_that_counts(consultation: Consultation) -> Reading | None:
    """The newest reading, unless a withdrawal has ended it. A sealed one counts: it can be carried over.

    Only a booked visit can have a withdrawal, so that an unfinished request is not asked for one.
    """
    newest = Reading.objects.latest_of(consultation)
    if newest is None or consultation.status in UNFINISHED:
        return newest
    ended = PatientAct.objects.withdrawals_of(consultation).filter(reading_id__gte=newest.pk)
    return None if ended.exists() else newest


def open_one(consultation: Consultation) -> Reading | None:
    """The reading that takes acts at this moment: neither sealed nor ended by a withdrawal."""
    newest = newest_that_counts(consultation)
    return None if newest is None or is_sealed(newest, consultation) else newest


def is_sealed(reading: Reading, consultation: Consultation) -> bool:
    """Whether a record rests on it; of an unfinished request none ever does."""
    if consultation.status in UNFINISHED:
        return False
    return ConsentRecord.objects.filter(reading=reading).exists()


def keep_apart(consultation: Consultation, field: str, value: str) -> str:
    """Keeps a personal value apart from the evidence and gives its commitment ("" for nothing)."""
    if not value:
        return ""
    salt = ledger.new_salt()
    kept = Particulars.objects.create(
        consultation=consultation,
        field=field,
        value=value,
        salt=salt,
        commitment=ledger.commitment(field, value, salt),
    )
    return kept.commitment


def kept_value(commitment: str) -> str:
    """The personal value behind a commitment, or "" where there is none, or it was erased."""
    kept = Particulars.objects.filter(commitment=commitment).first() if commitment else None
    return kept.value if kept else ""


def note(consultation: Consultation, progress: Progress, *, now: dt.datetime) -> None:
    """Tells the locked consultation how many of how many are acknowledged, and whether one is to be
    talked about: a wish to talk first stays, also when the risk is acknowledged later.
    """
    wish = progress.wants_to_talk or PatientAct.objects.wishes_of(consultation).exists()
    bookings.actions.note_risks(
        consultation=consultation,
        risks_total=len(progress.risks),
        risks_acknowledged=len(progress.acts),
        wants_to_talk=wish,
        now=now,
    )
    if wish:
        bookings.actions.note_wish_to_talk(consultation=consultation)
