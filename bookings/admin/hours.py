"""Dermatologists with their weekly hours, and closures: neither may close a time that a visit has."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bookings.actions.locks import lock_dermatologists
from bookings.admin import columns
from bookings.models import Closure, Consultation, WeeklyHours
from clinic import clock
from clinic.admin import CLOCK, day_and_clock, desk, in_its_language, name_each_input
from clinic.i18n import Language, active_language
from clinic.models import Dermatologist, Treatment

Window = tuple[int, dt.time, dt.time]  # weekday, from, to, in the clinic's clock


def refuse_if_any(visits: Iterable[Consultation]) -> None:
    """Raises ValidationError with the references of the visits that would lose their time."""
    references = sorted(str(visit) for visit in visits)
    if not references:
        return
    comma = "، " if active_language() == "ar" else ", "
    raise ValidationError(
        ngettext(
            "A visit is booked in this time. Move it or cancel it first: %(references)s",
            "Visits are booked in this time. Move them or cancel them first: %(references)s",
            len(references),
        )
        % {"references": comma.join(f"\u2066{reference}\u2069" for reference in references)},
        code="visits_booked",
    )


def is_within(visit: Consultation, windows: list[Window]) -> bool:
    """Whether a visit lies in one of these hours, by the clinic's clock."""
    assert visit.starts_at
    assert visit.ends_at
    zone = timezone.get_current_timezone()
    starts, ends = visit.starts_at.astimezone(zone), visit.ends_at.astimezone(zone)
    return any(
        starts.weekday() == weekday and opens <= starts.time() and ends.time() <= closes
        for weekday, opens, closes in windows
    )


class HoursFormSet(forms.BaseInlineFormSet):
    """The hours of one dermatologist as they will be."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        name_each_input(form)

    def clean(self) -> None:
        super().clean()
        kept = [
            form.cleaned_data
            for form in self.forms
            if form.is_valid() and form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        if self.instance.pk is None or any(self.errors) or not self.has_changed():
            return
        # Under the lock that every booking takes, so that none slips in beside this change.
        lock_dermatologists(self.instance.pk)
        before = [(row.weekday, row.starts, row.ends) for row in self.instance.weekly_hours.all()]
        after = [(int(row["weekday"]), row["starts"], row["ends"]) for row in kept]
        now = clock.now()
        booked = Consultation.objects.taking_a_slot(now=now).filter(
            dermatologist=self.instance, starts_at__gt=now
        )
        refuse_if_any(
            visit for visit in booked if is_within(visit, before) and not is_within(visit, after)
        )


class HoursInline(admin.TabularInline):
    """When the dermatologist sees patients, in the clinic's clock; a day can have several lines."""

    model = WeeklyHours
    formset = HoursFormSet
    extra = 0
    # The admin's own clock compares with the browser's zone; these hours are the clinic's alone.
    formfield_overrides = {
        models.TimeField: {"widget": forms.TimeInput(attrs=CLOCK, format="%H:%M")}
    }


class DermatologistForm(forms.ModelForm):
    """A dermatologist; languages are ticked."""

    languages = forms.MultipleChoiceField(
        label=_("Languages"), choices=Language.choices, widget=forms.CheckboxSelectMultiple
    )
    video_room = forms.URLField(
        label=_("Video room"),
        assume_scheme="https",
        widget=forms.URLInput(attrs={"dir": "ltr", "class": "vURLField"}),
        help_text=_("Begins with https://. One visit can be given a room of its own."),
    )

    treatments = forms.ModelMultipleChoiceField(
        label=_("Treatments"),
        queryset=Treatment.objects.all(),
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Dermatologist
        fields: list[str] = []  # the admin's fieldsets name them


@admin.register(Dermatologist, site=desk)
class DermatologistAdmin(admin.ModelAdmin):
    """Dermatologists are never deleted: who has left does not see patients any more."""

    form = DermatologistForm
    list_display = ["name", "title", "spoken", "licence_number", "user", "is_active"]
    list_filter = ["is_active", "treatments"]
    list_select_related = ["user"]
    inlines = [HoursInline]
    fieldsets = [
        (None, {"fields": [("name_en", "name_ar"), ("title_en", "title_ar")]}),
        (None, {"fields": ["slug", "licence_number", "languages", "treatments", "video_room"]}),
        (_("At this clinic"), {"fields": ["user", "is_active"]}),
    ]

    @admin.display(description=_("languages"))
    def spoken(self, dermatologist: Dermatologist) -> str:
        """The languages in words."""
        comma = "، " if active_language() == "ar" else ", "
        return comma.join(str(Language(code).label) for code in dermatologist.languages)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        in_its_language(db_field, field)
        return field


def check_year(moment: dt.datetime) -> None:
    """Raises ValidationError for a moment of another age: PostgreSQL's years are more than Python's."""
    if not 2000 <= moment.year <= 2100:
        raise ValidationError(gettext("Enter a year from 2000 to 2100."), code="year")


class ClosureForm(forms.ModelForm):
    """A stretch without visits, in the clinic's clock; refused where a visit is booked."""

    starts_at = forms.SplitDateTimeField(
        label=_("From"), widget=day_and_clock(), validators=[check_year]
    )
    ends_at = forms.SplitDateTimeField(
        label=_("To"), widget=day_and_clock(), validators=[check_year]
    )

    class Meta:
        model = Closure
        fields = ["dermatologist", "starts_at", "ends_at", "reason"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        starts_at, ends_at = given.get("starts_at"), given.get("ends_at")
        if not starts_at or not ends_at:
            return given
        if ends_at <= starts_at:
            raise ValidationError({"ends_at": gettext("The end must be after the start.")})
        whose = given.get("dermatologist")
        closed = [whose] if whose else list(Dermatologist.objects.all())
        lock_dermatologists(*(dermatologist.pk for dermatologist in closed))
        booked = Consultation.objects.taking_a_slot(now=clock.now())
        refuse_if_any(
            booked.filter(dermatologist__in=closed).touching(starts_at=starts_at, ends_at=ends_at)
        )
        return given


@admin.register(Closure, site=desk)
class ClosureAdmin(admin.ModelAdmin):
    """Holidays, leave, an afternoon off: of one dermatologist or of the whole clinic."""

    form = ClosureForm
    list_display = [
        columns.moment_of("starts_at", _("from")),
        columns.moment_of("ends_at", _("to")),
        "whose",
        "reason",
    ]
    list_filter = ["dermatologist"]
    list_select_related = ["dermatologist"]
    ordering = ["-starts_at"]

    @admin.display(description=_("dermatologist"))
    def whose(self, closure: Closure) -> str:
        """Whose time it is; nobody's name means everybody."""
        return str(closure.dermatologist or gettext("the whole clinic"))
