"""Finding an e-mail: whose a person may see, those that need somebody, chips with counts, the search box."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.admin import finding
from bookings.models import NEEDS_STAFF, Consultation, Message

ROOM = "bookings_message"
CHANGE = "bookings.change_message"


def within_reach(request: HttpRequest, rows: QuerySet[Message]) -> QuerySet[Message]:
    """Reception sees all e-mails, a dermatologist those to their own patients.

    Who takes care of e-mails and sees no consultations (the lead) has those to the staff.
    """
    if request.user.has_perm("bookings.change_consultation"):
        return rows
    reach = Q(consultation__dermatologist__user=request.user.pk)
    if request.user.has_perm(CHANGE):
        reach |= Q(consultation=None)
    return rows.filter(reach)


class NeedFilter(admin.SimpleListFilter):
    """What is to be done; without a choice, the e-mails that need somebody."""

    title = _("what is to be done")
    parameter_name = "need"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            *((state.value, str(state.label)) for state in NEEDS_STAFF),
            ("waiting", gettext("To be sent")),
            ("done", gettext("Taken care of")),
            ("all", gettext("All e-mails")),
        ]

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            if "display" in choice and choice["query_string"].find("need=") < 0:
                choice = choice | {"display": gettext("Need you")}
            yield choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "all":
                return queryset
            case "waiting":
                return queryset.unsent()  # type: ignore[attr-defined]
            case "done":
                return queryset.filter(phoned_at__isnull=False)
            case state if state in NEEDS_STAFF:
                return queryset.needing_staff().filter(state=state)  # type: ignore[attr-defined]
        return queryset if looks_everywhere(request) else queryset.needing_staff()  # type: ignore[attr-defined]


def looks_everywhere(request: HttpRequest) -> bool:
    """Who searches, or asks for a state, means every e-mail."""
    return bool(request.GET.get("q", "").strip() or request.GET.get("state__exact"))


CHIPS = {
    "all": (_("Need you"), ""),
    **{state.value: (state.label, f"need={state.value}") for state in NEEDS_STAFF},
    "waiting": (_("To be sent"), "need=waiting"),
}


def chips(request: HttpRequest) -> list[dict[str, Any]]:
    """The filters of every day, each with how many e-mails it shows: two queries, by index."""
    rows = within_reach(request, Message.objects.needing_staff().order_by())
    counts: dict[str, int] = rows.aggregate(
        all=Count("pk"),
        **{state.value: Count("pk", filter=Q(state=state)) for state in NEEDS_STAFF},
    )
    counts["waiting"] = within_reach(request, Message.objects.unsent()).count()
    address = reverse(f"admin:{ROOM}_changelist")
    here = request.GET.urlencode()
    return [
        {
            "label": label,
            "count": counts[name],
            "url": f"{address}?{query}",
            "is_here": here == query,
        }
        for name, (label, query) in CHIPS.items()
    ]


def cards(request: HttpRequest) -> list[dict[str, Any]]:
    """The front page's card: how many e-mails need this person."""
    if not request.user.has_perm("bookings.view_message"):
        return []
    count = within_reach(request, Message.objects.needing_staff()).count()
    card = {"label": _("Messages that need you"), "count": count, "is_alarm": count > 0}
    return [card | {"url": reverse(f"admin:{ROOM}_changelist")}]


def matching(rows: QuerySet[Message], words: str) -> QuerySet[Message]:
    """Those to this whole address, or of the consultations that `words` mean (finding.matching)."""
    typed = words.replace("\x00", "").strip()
    if not typed:
        return rows
    if "@" in typed:
        return rows.filter(addressee__in=[typed, typed.lower()])
    found = finding.matching(Consultation.objects.order_by(), typed)
    return rows.filter(consultation__in=found.values("pk"))
