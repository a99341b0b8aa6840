"""Dermatologists with their weekly hours: no change of them takes a time away from a visit."""

import functools
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bookings.actions import booked_ahead, named, refuse_to_leave_visits_outside
from bookings.models import Consultation, Season, WeeklyHours
from clinic import clock
from clinic.admin import CLOCK, comma, desk, in_its_language, name_each_input
from clinic.errors import Refused
from clinic.i18n import Language
from clinic.models import Dermatologist, Treatment

ONE_LINE = ("season", "weekday", "starts", "ends")


class HoursFormSet(forms.BaseInlineFormSet):
    """The hours of one dermatologist as they will be."""

    @functools.cached_property
    def seasons(self) -> list[tuple[Any, str]]:
        """Read once for all lines."""
        known = [(season.pk, str(season)) for season in Season.objects.order_by("-first_day")]
        return [("", gettext("Usual hours")), *known]

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        season = form.fields["season"]
        season.widget = forms.Select()  # without links to a room that stands in the header
        season.choices = self.seasons
        name_each_input(form)

    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if not form.cleaned_data.get("DELETE")]
        if self.instance.pk is None or any(form.errors for form in kept) or not self.has_changed():
            return
        lines = [
            {name: form.cleaned_data[name] for name in ONE_LINE}
            for form in kept
            if form.cleaned_data
        ]
        starts = [(line["season"], line["weekday"], line["starts"]) for line in lines]
        if len(set(starts)) < len(starts):
            raise ValidationError(gettext("Two lines begin at the same time of the same day."))
        try:
            refuse_to_leave_visits_outside(
                whose=[self.instance.pk], change=lambda: self._write(lines), now=clock.now()
            )
        except Refused as refusal:
            raise ValidationError(str(refusal), code="visits_booked") from refusal

    def _write(self, lines: list[dict[str, Any]]) -> None:
        self.instance.weekly_hours.all().delete()
        WeeklyHours.objects.bulk_create(
            WeeklyHours(dermatologist=self.instance, **line) for line in lines
        )


class HoursInline(admin.TabularInline):
    """When the dermatologist sees patients, in the clinic's clock; a day can have several lines."""

    model = WeeklyHours
    formset = HoursFormSet
    template = "admin/bookings/dermatologist/hours.html"
    extra = 0
    fields = ONE_LINE
    # The admin's own clock compares with the browser's zone; these hours are the clinic's alone.
    formfield_overrides = {
        models.TimeField: {"widget": forms.TimeInput(attrs=CLOCK, format="%H:%M")}
    }

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("season")


class DermatologistForm(forms.ModelForm):
    """A dermatologist; languages and treatments are ticked.

    Refused, with the references: to stop seeing patients, or patients about a treatment, while
    visits are booked that need it.
    """

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

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.instance.pk is None or not {"is_active", "treatments"} & set(self.changed_data):
            return given
        booked = booked_ahead(self.instance, now=clock.now())
        if booked and not given.get("is_active"):
            self.add_error("is_active", _still_booked(booked))
        if "treatments" in given:
            kept = {treatment.pk for treatment in given["treatments"]}
            given_up = {one.pk for one in self.instance.treatments.all()} - kept
            about = [visit for visit in booked if visit.treatment_id in given_up]
            if about:
                self.add_error("treatments", _still_booked(about))
        return given


def _still_booked(visits: list[Consultation]) -> str:
    return ngettext(
        "A visit is booked that needs this. Move it or cancel it first: %(references)s",
        "Visits are booked that need this. Move them or cancel them first: %(references)s",
        len(visits),
    ) % {"references": named(visits)}


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
        (_("At this clinic"), {"fields": ["user", "visits_per_day", "is_active"]}),
    ]

    @admin.display(description=_("languages"))
    def spoken(self, dermatologist: Dermatologist) -> str:
        """The languages in words."""
        return comma().join(str(Language(code).label) for code in dermatologist.languages)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        in_its_language(db_field, field)
        return field
