"""Why a time is not offered: one sentence for the patient, every reason for staff."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from bookings import slots
from bookings.actions.locks import (
    NOT_FOR_THIS,
    OWN_VISIT,
    SOMEBODY_ELSE,
    NotOffered,
    OwnVisitThen,
    TimeTaken,
)
from bookings.actions.rules import Calendar, calendars
from bookings.models import Consultation
from bookings.slots import Because, Reason
from clinic.models import Clinic, Dermatologist, Treatment

WRONG_LENGTH = _(
    "A visit takes %(minutes)s minutes now, which is not what was shown. Please choose a time again."
)
# What the patient is told, in the order in which it matters to them.
TO_THE_PATIENT: dict[Reason, object] = {
    Reason.PAST: _("This time has passed. Please choose a later one."),
    Reason.TOO_SOON: _("This time is too soon to book online. Please choose a later one."),
    Reason.TOO_FAR: _("This time is too far ahead to book yet. Please choose an earlier one."),
    Reason.OUTSIDE_HOURS: _(
        "The dermatologist does not see patients at this time. Please choose one from the list."
    ),
    Reason.CLOSED: _("The clinic is closed at this time. Please choose another one."),
    Reason.ENDS_TOO_LATE: _(
        "A visit at this time would last past the dermatologist's hours. Please choose an earlier one."
    ),
    Reason.OFF_GRID: _(
        "A visit cannot begin exactly at this time. Please choose a time from the list."
    ),
    Reason.ELSEWHERE: OWN_VISIT,
    Reason.TAKEN: SOMEBODY_ELSE,
    Reason.TOO_CLOSE: _(
        "This time is too close to another visit by now. Please choose another one."
    ),
    Reason.DAY_FULL: _("This day is full by now. Please choose another day."),
}
LOST_TO_SOMEBODY = {Reason.TAKEN, Reason.TOO_CLOSE, Reason.DAY_FULL}


@dataclass(frozen=True)
class Wanted:
    """A time (UTC) that somebody wants: with one dermatologist, or with any who speaks a language.

    `ends_at` is what the person was shown: refused when a visit takes shorter or longer by now.
    """

    starts_at: dt.datetime
    dermatologist: Dermatologist | None = None
    speaks: str = ""
    ends_at: dt.datetime | None = None


@dataclass(frozen=True)
class Answer:
    """Why one dermatologist cannot be seen at a time; no reasons: they can."""

    dermatologist: Dermatologist
    is_active: bool
    offers_it: bool
    reasons: list[Because]
    calendar: Calendar

    @property
    def is_free(self) -> bool:
        return self.is_active and self.offers_it and not self.reasons


def explain(
    *,
    treatment: Treatment,
    starts_at: dt.datetime,
    now: dt.datetime,
    notice: dt.timedelta | None = None,
    own: Consultation | None = None,
) -> list[Answer]:
    """For staff: of every dermatologist, each reason why this time (UTC) is not offered at `now`."""
    clinic = Clinic.objects.the_clinic()
    if clinic is None:
        return []
    everybody = list(Dermatologist.objects.prefetch_related("treatments"))
    return list(_answers(everybody, clinic, treatment, starts_at, now=now, own=own, notice=notice))


def _answers(
    dermatologists: list[Dermatologist],
    clinic: Clinic,
    treatment: Treatment | None,
    starts_at: dt.datetime,
    *,
    now: dt.datetime,
    own: Consultation | None,
    notice: dt.timedelta | None,
) -> Iterator[Answer]:
    moment = near(starts_at, now=now)
    for calendar in calendars(
        dermatologists,
        clinic=clinic,
        treatment=treatment,
        earliest=moment,
        latest=moment,
        now=now,
        own=own,
        notice=notice,
    ):
        dermatologist = calendar.dermatologist
        yield Answer(
            dermatologist,
            is_active=dermatologist.is_active,
            offers_it=treatment is None or treatment in dermatologist.treatments.all(),
            reasons=slots.explain(calendar.rules, calendar.taken, starts_at, now=now),
            calendar=calendar,
        )


def near(moment: dt.datetime, *, now: dt.datetime) -> dt.datetime:
    """The moment, if it is of our age: 9999 has no day after it."""
    return min(max(moment, now - slots.AGES), now + slots.AGES)


def refusal(
    consultation: Consultation,
    wanted: Wanted,
    *,
    clinic: Clinic,
    now: dt.datetime,
    notice: dt.timedelta | None = None,
) -> TimeTaken:
    """What the patient is told of a time that cannot be had; nothing of whoever has it."""
    asked = Dermatologist.objects.seeing_patients().prefetch_related("treatments")
    if wanted.dermatologist is not None:
        asked = asked.filter(pk=wanted.dermatologist.pk)
    elif wanted.speaks:
        asked = asked.filter(languages__contains=[wanted.speaks])
    own = consultation if consultation.pk else None
    start, treatment = wanted.starts_at, consultation.treatment
    answers = _answers(list(asked), clinic, treatment, start, now=now, own=own, notice=notice)
    offering = [one for one in answers if one.offers_it and one.is_active]
    if not offering:
        return NotOffered(NOT_FOR_THIS)
    length = offering[0].calendar.rules.length
    is_other = wanted.ends_at is not None and wanted.ends_at - start != length
    if is_other and any(one.is_free for one in offering):
        return NotOffered(WRONG_LENGTH % {"minutes": length // dt.timedelta(minutes=1)})
    reasons = _reasons(offering)
    if Reason.ELSEWHERE in reasons:
        return OwnVisitThen(OWN_VISIT)
    for reason, sentence in TO_THE_PATIENT.items():
        if reason in reasons:
            return (TimeTaken if reason in LOST_TO_SOMEBODY else NotOffered)(sentence)
    return TimeTaken(SOMEBODY_ELSE)  # it became free in this very moment


def _reasons(answers: list[Answer]) -> set[Reason]:
    """What stands in the way of all of them; else what was lost to somebody; else all there is."""
    each = [{because.reason for because in one.reasons} for one in answers]
    anything = set.union(*each)
    return set.intersection(*each) or anything & LOST_TO_SOMEBODY or anything
