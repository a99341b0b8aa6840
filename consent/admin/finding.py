"""Finding a consent record: whose they are, which wait for a review, and in what order."""

import datetime as dt
from typing import Any

from django.contrib import admin
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.models import Status
from consent.models import Acknowledgement, ActKind, ConsentRecord, PatientAct, Review

# There is nothing left to talk about with these patients.
NOBODY_CAME = (Status.CANCELLED, Status.NO_SHOW)
TO_BE_REVIEWED = Q(is_reviewed=False, is_replaced=False, consultation__erased_at=None) & ~Q(
    consultation__status__in=NOBODY_CAME
)


def soonest_first(now: dt.datetime) -> list[Any]:
    """The visits to come, the next one first; then those that were, the latest first."""
    ahead = When(consultation__ends_at__gt=now, then=F("consultation__starts_at"))
    return [
        Case(ahead, default=None).asc(nulls_last=True),
        F("consultation__starts_at").desc(nulls_last=True),
        "-id",
    ]


class ReviewedFilter(admin.SimpleListFilter):
    """Whether a dermatologist has reviewed the record."""

    title = _("review")
    parameter_name = "reviewed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", gettext("To be reviewed")), ("yes", gettext("Reviewed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in ("no", "yes"):
            return queryset.filter(TO_BE_REVIEWED if self.value() == "no" else Q(is_reviewed=True))
        return queryset


class TalkFilter(admin.SimpleListFilter):
    """Patients who want to talk about a side effect."""

    title = _("wants to talk")
    parameter_name = "talk"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", gettext("Wants to talk"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(talks=True) if self.value() == "yes" else queryset


def records_of(request: HttpRequest) -> QuerySet[Any]:
    """The records of a dermatologist's own consultations (of all for a superuser)."""
    wishes = Acknowledgement.objects.filter(reading=OuterRef("reading"), wants_to_talk=True)
    acts = PatientAct.objects.filter(consultation=OuterRef("consultation"))
    newest = Review.objects.filter(record=OuterRef("pk")).order_by("-id")
    later = ConsentRecord.objects.filter(consultation=OuterRef("consultation"))
    records = ConsentRecord.objects.select_related(
        "consultation__treatment", "consultation__dermatologist", "reading__risk_list__treatment"
    ).annotate(
        talks=Exists(wishes) | Exists(acts.filter(kind=ActKind.WANTS_TO_TALK)),
        is_withdrawn=Exists(acts.filter(kind=ActKind.WITHDRAWN, record=OuterRef("pk"))),
        is_replaced=Exists(later.filter(pk__gt=OuterRef("pk"))),
        is_reviewed=Exists(newest),
        decided=Subquery(newest.values("decision")[:1]),
    )
    if request.user.is_superuser:
        return records
    return records.filter(consultation__dermatologist__user=request.user.pk)


def cards(request: HttpRequest) -> list[dict[str, Any]]:
    """The front page's card of this app, for who reviews."""
    if not request.user.has_perm("consent.view_consentrecord"):
        return []
    address = reverse("admin:consent_consentrecord_changelist")
    count = records_of(request).filter(TO_BE_REVIEWED).count()
    return [{"label": _("Records to review"), "count": count, "url": f"{address}?reviewed=no"}]
