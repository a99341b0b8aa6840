"""Finding a consultation: days in the clinic's calendar, chips with counts, and the search box."""

import datetime as dt
import unicodedata
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, Func, Q, QuerySet, Value
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.models import Consultation, Message, Status
from clinic.admin import now_of
from clinic.forms import western_digits


def within_reach(
    request: HttpRequest, consultations: QuerySet[Consultation]
) -> QuerySet[Consultation]:
    """Reception sees all consultations, a dermatologist their own."""
    if request.user.has_perm("bookings.change_consultation"):
        return consultations
    return consultations.filter(dermatologist__user=request.user.pk)


# --- Days, as the clinic's calendar has them ---------------------------------------------------


def midnight(now: dt.datetime, *, days: int = 0) -> dt.datetime:
    """The first moment of today, or of the day so many days later, in the clinic's zone."""
    zone = timezone.get_current_timezone()
    day = now.astimezone(zone).date() + dt.timedelta(days=days)
    return dt.datetime.combine(day, dt.time(), tzinfo=zone)


def of_day(name: str, now: dt.datetime) -> Q:
    """The condition behind a choice of the day filter; unknown ones show from today on."""
    today, tomorrow = midnight(now), midnight(now, days=1)
    return {
        "today": Q(starts_at__gte=today, starts_at__lt=tomorrow),
        "tomorrow": Q(starts_at__gte=tomorrow, starts_at__lt=midnight(now, days=2)),
        "week": Q(starts_at__gte=today, starts_at__lt=midnight(now, days=7)),
        "past": Q(starts_at__lt=today),
        "none": Q(starts_at=None),
        "all": Q(),
    }.get(name, Q(starts_at__gte=today))


# Every side effect, and nothing of it is asked again.
ACKNOWLEDGED = Q(
    risks_total__gt=0, risks_acknowledged=F("risks_total"), asks_again_since__isnull=True
)


# An e-mail did not arrive, or perhaps not, and nobody has taken care of it yet.
UNANSWERED = Q(pk__in=Message.objects.needing_staff().order_by().values("consultation"))


class DayFilter(admin.SimpleListFilter):
    """The day of the visit; without a choice, today and what comes after."""

    title = _("day")
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [
            ("today", gettext("Today")),
            ("tomorrow", gettext("Tomorrow")),
            ("week", gettext("The next 7 days")),
            ("past", gettext("Before today")),
            ("none", gettext("No time yet")),
            ("all", gettext("All days")),
        ]

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            if "display" in choice and choice["query_string"].find("day=") < 0:
                choice = choice | {"display": gettext("From today on")}
            yield choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        if chosen is None and looks_everywhere(request):
            return queryset
        return queryset.filter(of_day(chosen or "", now_of(request)))


def looks_everywhere(request: HttpRequest) -> bool:
    """Who searches by name or reference, or asks for a status without a day, means every day."""
    return bool(request.GET.get("q", "").strip() or request.GET.get("status__exact"))


class RisksFilter(admin.SimpleListFilter):
    """Whether the side effects are acknowledged, and whether somebody wants to talk about one."""

    title = _("side effects")
    parameter_name = "risks"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [
            ("talk", gettext("Wants to talk")),
            ("missing", gettext("Missing")),
            ("all", gettext("All acknowledged")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "talk":
                return queryset.filter(wants_to_talk=True)
            case "missing":
                return queryset.exclude(ACKNOWLEDGED).exclude(status=Status.CANCELLED)
            case "all":
                return queryset.filter(ACKNOWLEDGED)
        return queryset


class DecidedFilter(admin.RelatedFieldListFilter):
    """Django's own, but what is not decided yet has words instead of a dash."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.empty_value_display = conditional_escape(gettext("Not decided yet"))


class MailFilter(admin.SimpleListFilter):
    """E-mails that did not arrive, and that nobody took care of: the patient has to be called."""

    title = _("e-mail")
    parameter_name = "mail"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("failed", gettext("Need you"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "failed":
            return queryset.filter(UNANSWERED)
        return queryset


# --- Chips: what waits, counted in two queries ---------------------------------------------------

CHIPS = {
    "today": (_("Today"), "day=today"),
    "tomorrow": (_("Tomorrow"), "day=tomorrow"),
    "waiting": (_("Waiting for a time"), "day=none&status__exact=waiting"),
    "talk": (_("Want to talk"), "risks=talk"),
    "missing": (_("Side effects missing"), "risks=missing"),
    "failed": (_("E-mail needs you"), "day=all&mail=failed"),
}


def chips(request: HttpRequest) -> list[dict[str, Any]]:
    """Filters that staff need every day, each with how many consultations it shows: two queries."""
    now = now_of(request)
    mine = within_reach(request, Consultation.objects.all())
    from_today, waiting = of_day("", now), Q(status=Status.WAITING)
    stands = ~Q(status=Status.CANCELLED)
    missing = from_today & ~ACKNOWLEDGED & stands
    # Bounded to what is to come: the past grows for years.
    counts = mine.filter(from_today | waiting).aggregate(
        today=Count("pk", filter=of_day("today", now) & stands),
        tomorrow=Count("pk", filter=of_day("tomorrow", now) & stands),
        waiting=Count("pk", filter=waiting),
        talk=Count("pk", filter=from_today & Q(wants_to_talk=True)),
        missing=Count("pk", filter=missing),
    )
    failed = mine.filter(UNANSWERED).count()
    counts["failed"] = failed
    address = reverse("admin:bookings_consultation_changelist")
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
    """The front page's cards, for who may see consultations; e-mails have one of their own."""
    if not request.user.has_perm("bookings.view_consultation"):
        return []
    return [chip for chip in chips(request) if "mail=failed" not in chip["url"]]


# --- Search ------------------------------------------------------------------------------------


def _folding() -> tuple[str, str]:
    """For PostgreSQL's translate(): letters with marks to bare ones; marks alone to nothing.

    Alef with hamza or madda counts as alef, ى as ي, ة as ه: people type names either way.
    """
    bare = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي"}
    for number in [*range(0xC0, 0x180), *range(0x1E00, 0x1F00)]:
        letter = chr(number).lower()
        base = unicodedata.normalize("NFD", letter)[0]
        if base != letter:
            bare[letter] = base
    marks = [*range(0x300, 0x370), *range(0x64B, 0x653), 0x640, 0x654, 0x655, 0x670, 0x2019, 0x27]
    return "".join(bare) + "".join(map(chr, marks)), "".join(bare.values())


FROM, TO = _folding()
_FOLD = str.maketrans(FROM[: len(TO)], TO, FROM[len(TO) :])


def folded(words: str) -> str:
    """A name as it is compared: small letters, no marks."""
    return unicodedata.normalize("NFC", words).lower().translate(_FOLD)


def _folded_column(name: str) -> Func:
    return Func(Lower(name), Value(FROM), Value(TO), function="translate")


def matching(consultations: QuerySet[Consultation], words: str) -> QuerySet[Consultation]:
    """Those whose name (either script), phone (last digits) or reference is meant by `words`."""
    typed = western_digits(words).replace("\x00", "").strip()
    if not typed:
        return consultations
    found = Q()
    named = consultations.annotate(
        plain_name=_folded_column("patient_name"), plain_guardian=_folded_column("guardian_name")
    )
    for word in folded(typed).split() or [typed]:
        found &= Q(plain_name__contains=word) | Q(plain_guardian__contains=word)
    digits = "".join(filter(str.isdigit, typed))
    if len(digits) >= 3 and not any(letter.isalpha() for letter in typed):
        # 050 123 4567 and 00971 50 123 4567 are both +971501234567.
        found |= Q(mobile__endswith=digits.lstrip("0") if len(digits) >= 9 else digits)
    code = "".join(filter(str.isalnum, typed)).upper()
    code = code.translate(str.maketrans("OIL", "011"))  # as Crockford reads what is misheard
    if 4 <= len(code) <= 8:
        found |= Q(reference__startswith=code)
    return named.filter(found)
