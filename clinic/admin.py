"""The staff's desk: Django's admin in the clinic's own zone, and the rooms of the catalogue."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import AdminForm
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic import clock
from clinic.i18n import active_language
from clinic.models import Clinic, Concern, Treatment

# An input for a time such as 14:05, in the clinic's clock.
CLOCK: dict[str, Any] = {"dir": "ltr", "inputmode": "numeric", "size": "5", "placeholder": "14:00"}
# What one room shows on the front page: a label, a number and where it leads.
Card = dict[str, Any]
Cards = Callable[[HttpRequest], list[Card]]
# What one room says on another room's page about a row: `words`, or a `label`, and perhaps a `url`.
Notes = Callable[[HttpRequest, Any], list[dict[str, Any]]]
KEPT_HELP = _(
    "Of treated patients: from their last treatment session; UAE Federal Law No. 2 of 2019, article 20, "
    "asks for 25 years. Of everybody else: from the last thing that happened, such as the visit. Then "
    "it is erased by itself, unless there is a legal hold."
)
SHORT_NAME_HELP = _(
    "The short name stands in addresses and in signed records. It is given once and does not change."
)
# How the admin's own filters ask for a value: ?status__exact=held&dermatologist__id__exact=3
ASKS_OF_A_FILTER = ("exact", "id__exact", "isnull")


def asks_a_filter(room: admin.ModelAdmin, lookup: str, value: str, request: HttpRequest) -> bool:
    """Whether an address asks a list for what its filters offer; anything else is refused (400).

    Django lets an address compare any column in any way, with crashes (a pattern that is none, the
    year 99999) and guesses at what the list does not show. PostgreSQL stores no NUL in a text.
    """
    if "\x00" in value:
        return False
    filters: Sequence[Any] = room.get_list_filter(request)  # columns' names, or classes of ours
    for one in filters:
        one = one[0] if isinstance(one, tuple) else one  # a column with a filter of its own
        names = [f"{one}__{how}" for how in ASKS_OF_A_FILTER] if isinstance(one, str) else []
        if lookup in (names or [one.parameter_name]):
            return True
    return False


class Desk(admin.AdminSite):
    """Django's admin, with every time in the clinic's zone and cards on its front page."""

    site_header = site_title = index_title = _("The desk")
    enable_nav_sidebar = False  # the rooms stand in the header; the list needs the width

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.cards: list[Cards] = []  # clinic.urls puts the front page together,
        self.notes: list[Notes] = []  # what is said on a consultation's page,
        self.banners: list[Callable[[HttpRequest], list[str]]] = []  # and on every page

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """A room of the desk; its list answers to its own filters alone."""
        super().register(model_or_iterable, admin_class, lookup_allowed=asks_a_filter, **options)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Every page of the desk: read, typed and printed in the clinic's own clock."""
        inner = super().admin_view(view, cacheable)

        def in_the_clinics_zone(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            clinic = request.clinic = Clinic.objects.the_clinic()  # type: ignore[attr-defined]
            request.now = clock.now()  # type: ignore[attr-defined]
            with timezone.override(clinic.zoneinfo if clinic else dt.UTC):
                response = inner(request, *args, **kwargs)
                # Rendered here, for a page that is rendered later would be in UTC again.
                if isinstance(response, TemplateResponse) and not response.is_rendered:
                    response.render()
            return response

        return in_the_clinics_zone

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The front page: what waits for this person, then their rooms."""
        cards = [card for of_a_room in self.cards for card in of_a_room(request)]
        return super().index(request, {**(extra_context or {}), "cards": cards})

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page of the desk knows: the moment, for the zone's words in the header; banners."""
        banners = [words for of_a_room in self.banners for words in of_a_room(request)]
        now = getattr(request, "now", None)
        return {**super().each_context(request), "now": now, "banners": banners}


def now_of(request: HttpRequest) -> dt.datetime:
    """The moment at which this page of the desk was asked for, read once from the database."""
    moment: dt.datetime = request.now  # type: ignore[attr-defined]
    return moment


desk = Desk()
# Sign-ins are made by whoever set the clinic up (a superuser); no group sees these two rooms.
desk.register(User, UserAdmin, readonly_fields=["last_login", "date_joined"])
desk.register(Group, GroupAdmin)


def person(request: HttpRequest) -> User:
    """Who is signed in; the desk lets nobody else this far."""
    assert isinstance(request.user, User)
    return request.user


def laid_out(form: Any, fieldsets: Any) -> AdminForm:
    """A form of ours in the look of the admin's own."""
    return AdminForm(form, fieldsets, {})


def not_there(room: Any, request: HttpRequest, pk: str) -> HttpResponse:
    """A row that is not there, or not for this person: to the front page, with a word about it."""
    answer: HttpResponse = room._get_obj_does_not_exist_redirect(request, room.opts, pk)
    return answer


def day_and_clock() -> forms.SplitDateTimeWidget:
    """A day as the browser asks for it, and a clock of 24 hours: no browser's am and pm."""
    day: dict[str, Any] = {"type": "date", "aria-label": _("Day")}
    return forms.SplitDateTimeWidget(
        date_attrs=day,
        time_attrs=CLOCK | {"aria-label": _("Time, from 00:00 to 23:59")},
        date_format="%Y-%m-%d",
        time_format="%H:%M",
    )


def in_its_language(db_field: "models.Field[Any, Any]", field: Any) -> Any:
    """The same field. Marks the input of `name_ar` as Arabic and right to left, that of `name_en` as English."""
    language = db_field.name[-3:]
    if field is not None and language in ("_en", "_ar"):
        field.widget.attrs |= {
            "lang": language[1:],
            "dir": "rtl" if language == "_ar" else "ltr",
        }
        if isinstance(field.widget, forms.Textarea):
            field.widget.attrs |= {"rows": 4}
    return field


def name_each_input(form: forms.BaseForm) -> None:
    """In a table of inputs the heading names a column; screen readers need a name for each input."""
    for field in form.fields.values():
        field.widget.attrs["aria-label"] = field.label


class ConcernFormSet(forms.BaseInlineFormSet):
    """The lines of a treatment's concerns."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        name_each_input(form)


def comma() -> str:
    """The comma of the reader's script."""
    return "، " if active_language() == "ar" else ", "


def words_of(field: str, heading: Any) -> Callable[[Any], str]:
    """A column of a property in the reader's language; Django would print its English name."""

    @admin.display(description=heading)
    def words(row: Any) -> str:
        return str(getattr(row, field))

    words.__name__ = field
    return words


@admin.register(Clinic, site=desk)
class ClinicAdmin(admin.ModelAdmin):
    """The one clinic: its names, its zone, its policy."""

    list_display = [words_of("name", _("name")), "phone", "email", "zone"]
    fieldsets = [
        (None, {"fields": [("name_en", "name_ar"), ("address_en", "address_ar")]}),
        (_("How patients reach it"), {"fields": [("phone", "email")]}),
        (
            _("What can be booked"),
            {
                "fields": [
                    "zone",
                    ("visit_minutes", "grid_minutes"),
                    ("buffer_before_minutes", "buffer_after_minutes"),
                    ("min_notice_minutes", "cancel_until_minutes"),
                    "horizon_days",
                ]
            },
        ),
        (
            _("How long data is kept"),
            {"fields": [("keep_treated_years", "keep_others_months")], "description": KEPT_HELP},
        ),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not Clinic.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Clinic | None = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return in_its_language(db_field, super().formfield_for_dbfield(db_field, request, **kwargs))


class ConcernInline(admin.TabularInline):
    """What patients want the treatment for."""

    model = Concern
    formset = ConcernFormSet
    extra = 0
    fields = ["name_en", "name_ar", "slug", "position"]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return in_its_language(db_field, super().formfield_for_dbfield(db_field, request, **kwargs))


@admin.register(Treatment, site=desk)
class TreatmentAdmin(admin.ModelAdmin):
    """Treatments are never deleted: one that is not offered any more is switched off."""

    list_display = [words_of("name", _("name")), "name_en", "name_ar", "is_offered", "position"]
    list_filter = ["is_offered"]
    inlines = [ConcernInline]
    fieldsets = [
        (None, {"fields": [("name_en", "name_ar"), ("summary_en", "summary_ar")]}),
        (None, {"fields": [("about_en", "about_ar")]}),
        (None, {"fields": ["slug", "position", "is_offered"], "description": SHORT_NAME_HELP}),
        (
            _("How long it takes"),
            {"fields": ["visit_minutes", ("buffer_before_minutes", "buffer_after_minutes")]},
        ),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Treatment | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Treatment | None = None) -> list[str]:
        """PostgreSQL refuses another short name once the ledger has it (decision 014)."""
        return ["slug"] if obj else []

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        return in_its_language(db_field, super().formfield_for_dbfield(db_field, request, **kwargs))
