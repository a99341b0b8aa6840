"""How long the clinic keeps what it knows of a patient. This page is the policy: it is what runs.

    whose data                counts from                                  kept for
    treated patients          their last treatment session that stands     Clinic.keep_treated_years
    everybody else            the last thing that happened: the request,   Clinic.keep_others_months
                              the visit's end, the cancellation
    under a legal hold        (whichever it is)                            until the hold is lifted

Treated patients: UAE Federal Law No. 2 of 2019 on the use of information and communication technology
in health fields, article 20: no less than 25 years from the last procedure. The law speaks of the
person, so every consultation of a treated patient is kept as long as the one that was treated. For
everybody else no law asks for a time: the clinic decides, and a patient's own wish ends it at once.
When the time is over, a task (consent.tasks) erases by itself; docs/decisions/017 says how.
Years and months are those of the calendar, in UTC, as PostgreSQL adds them: 29 February and one year
is 28 February.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    Func,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from bookings.models import VISITED, Consultation, TreatmentSession
from clinic.models import Clinic
from consent.models import LegalHold


class Rule(TextChoices):
    """By which line of the table a consultation is kept."""

    TREATED = "treated", _("treated patients")
    OTHERS = "others", _("patients who were not treated")

    @property
    def is_law(self) -> bool:
        """Whether a law asks for it: then not even the patient's wish ends it earlier."""
        return self is Rule.TREATED

    def months(self, clinic: Clinic) -> int:
        """How long it is kept, by the clinic's own settings."""
        if self is Rule.TREATED:
            return 12 * clinic.keep_treated_years
        return clinic.keep_others_months


@dataclass(frozen=True)
class Kept:
    """By which rule something is kept, from when that counts, and until when (UTC)."""

    rule: Rule
    since: dt.datetime
    until: dt.datetime

    def is_over(self, *, now: dt.datetime) -> bool:
        return self.until <= now

    def binds(self, *, now: dt.datetime) -> bool:
        """Whether a law forbids to erase it now."""
        return self.rule.is_law and not self.is_over(now=now)


def keep_until(consultation: Consultation) -> Kept:
    """Until when this consultation's data is kept, by which rule. A legal hold is another matter."""
    it = Consultation.objects.filter(pk=consultation.pk)
    kept: Any = with_keeping(it, clinic=_clinic()).get()
    rule = Rule(kept.kept_by)
    since = kept.last_session_at if rule is Rule.TREATED else kept.last_event_at
    return Kept(rule, since, kept.kept_until)


def is_held(consultation: Consultation) -> bool:
    """Whether a legal hold stands: nothing of it may be erased."""
    return LegalHold.objects.filter(consultation=consultation, lifted_at=None).exists()


def due_for_erasure(*, now: dt.datetime) -> QuerySet[Any]:
    """Those whose time is over and on which no hold stands, the oldest first."""
    clinic = _clinic()
    shortest = min(rule.months(clinic) for rule in Rule)
    asked_long_ago = Q(asked_at__lte=now - dt.timedelta(days=28 * shortest))  # spares the others
    held = LegalHold.objects.filter(consultation=OuterRef("pk"), lifted_at=None)
    mine = Consultation.objects.not_erased().filter(asked_long_ago)
    return (
        with_keeping(mine, clinic=clinic).filter(~Exists(held), kept_until__lte=now).order_by("pk")
    )


# --- The same in SQL, so that one consultation and a million are judged alike ---------------------


# A visit that was cancelled, or a time that was only held, has no end that counts.
VISIT_ENDED = Case(When(status__in=VISITED, then="ends_at"), default=None)


def with_keeping(consultations: QuerySet[Consultation], *, clinic: Clinic) -> QuerySet[Any]:
    """Each with `last_session_at`, `last_event_at`, `kept_by` (a Rule) and `kept_until`."""
    return consultations.annotate(
        last_session_at=Subquery(_last_session(), output_field=DateTimeField()),
        last_event_at=Greatest("asked_at", VISIT_ENDED, "outcome_at", "cancelled_at"),
    ).annotate(
        kept_by=Case(
            When(last_session_at__isnull=False, then=Value(Rule.TREATED.value)),
            default=Value(Rule.OTHERS.value),
        ),
        kept_until=Case(
            When(
                last_session_at__isnull=False,
                then=_later("last_session_at", Rule.TREATED.months(clinic)),
            ),
            default=_later("last_event_at", Rule.OTHERS.months(clinic)),
        ),
    )


def _last_session() -> QuerySet[Any, Any]:
    """When the same patient was last treated, after this consultation or another one."""
    theirs = TreatmentSession.objects.standing().filter(consultation__patient=OuterRef("patient"))
    by_patient = theirs.order_by().values("consultation__patient")
    return by_patient.annotate(last=Max("took_place_at")).values("last")


def _later(field: str, months: int) -> Func:
    return Func(
        F(field),
        Value(months),
        template="(%(expressions)s))",
        arg_joiner=" + make_interval(months => ",
        output_field=DateTimeField(),
    )


def _clinic() -> Clinic:
    clinic = Clinic.objects.the_clinic()
    assert clinic  # without it nothing can be booked, so nothing is kept
    return clinic
