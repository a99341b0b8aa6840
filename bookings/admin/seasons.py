"""Seasons: days such as Ramadan that have hours of their own."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.actions import refuse_to_leave_visits_outside
from bookings.actions.locks import lock_dermatologists
from bookings.admin.openings import to_the_row
from bookings.admin.wall_clock import DayField
from bookings.models import Season
from clinic import clock, times
from clinic.admin import desk, in_its_language, now_of, words_of
from clinic.errors import Refused
from clinic.i18n import active_language
from clinic.models import Dermatologist


class SeasonForm(forms.ModelForm):
    """A season; refused beside another one, and where its new days leave a visit outside."""

    first_day = DayField(label=_("First day"))
    last_day = DayField(label=_("Last day"), help_text=_("This day belongs to it."))

    class Meta:
        model = Season
        fields: list[str] = []  # the admin's fieldsets name them

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        first_day, last_day = given.get("first_day"), given.get("last_day")
        if first_day is None or last_day is None:
            return given
        if last_day < first_day:
            self.add_error("last_day", gettext("The last day must not be before the first day."))
            return given
        # One season at a time is looked at, like one booking.
        lock_dermatologists(*Dermatologist.objects.values_list("pk", flat=True))
        others = Season.objects.exclude(pk=self.instance.pk)
        if other := others.filter(first_day__lte=last_day, last_day__gte=first_day).first():
            self.add_error("first_day", self._meets(other))
        elif self.instance.pk is not None:
            self._refuse_to_leave_visits_outside(first_day=first_day, last_day=last_day)
        return given

    def _meets(self, other: Season) -> str:
        language = active_language()
        words = gettext("These days are part of another season: %(name)s, %(first)s to %(last)s.")
        return words % {
            "name": f"{times.FSI}{other.name}{times.PDI}",
            "first": times.date_in_words(other.first_day, language),
            "last": times.date_in_words(other.last_day, language),
        }

    def _refuse_to_leave_visits_outside(self, **days: Any) -> None:
        stored = Season.objects.filter(pk=self.instance.pk)
        try:
            refuse_to_leave_visits_outside(
                whose=[None], change=lambda: stored.update(**days), now=clock.now()
            )
        except Refused as refusal:
            raise ValidationError(str(refusal), code="visits_booked") from refusal


@admin.register(Season, site=desk)
class SeasonAdmin(admin.ModelAdmin):
    """The hours of a season are kept with each dermatologist's other hours."""

    form = SeasonForm
    list_display = [words_of("name", _("name")), "first", "last"]
    ordering = ["-first_day"]
    actions = None  # several at once could not be refused one by one
    readonly_fields = ["hours_in_it"]

    def get_fieldsets(self, request: HttpRequest, obj: Season | None = None) -> Any:
        days = [("name_en", "name_ar"), ("first_day", "last_day")]
        return [(None, {"fields": [*days, "hours_in_it"] if obj else days})]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        in_its_language(db_field, field)
        return field

    @admin.display(description=_("first day"), ordering="first_day")
    def first(self, season: Season) -> str:
        return times.day_in_words(season.first_day, active_language())

    @admin.display(description=_("last day"), ordering="last_day")
    def last(self, season: Season) -> str:
        return times.day_in_words(season.last_day, active_language())

    @admin.display(description=_("Who has hours in it"))
    def hours_in_it(self, season: Season) -> str:
        """Each dermatologist with hours of this season, and these; all others keep the usual ones."""
        weekdays = times.WEEKDAYS[active_language()]
        lines: dict[Any, list[str]] = {}
        for row in season.weekly_hours.select_related("dermatologist"):
            hours = gettext("%(day)s %(from)s to %(to)s") % {
                "day": weekdays[row.weekday],
                "from": f"{times.LRI}{row.starts:%H:%M}{times.PDI}",
                "to": f"{times.LRI}{row.ends:%H:%M}{times.PDI}",
            }
            lines.setdefault(row.dermatologist, []).append(hours)
        if not lines:
            return gettext("Nobody yet: every dermatologist keeps the usual hours.")
        rows = (
            (
                reverse("admin:clinic_dermatologist_change", args=[dermatologist.pk]),
                dermatologist,
                format_html_join("", "<li>{}</li>", ((line,) for line in hours)),
            )
            for dermatologist, hours in lines.items()
        )
        listed = format_html_join("", '<li><a href="{}"><bdi>{}</bdi></a><ul>{}</ul></li>', rows)
        return format_html('<ul class="hours-of-a-season">{}</ul>', listed)

    def delete_model(self, request: HttpRequest, obj: Season) -> None:
        """Raises VisitsBooked where visits lie in its hours; all is then as it was."""
        gone = Season.objects.filter(pk=obj.pk)
        refuse_to_leave_visits_outside(whose=[None], change=gone.delete, now=now_of(request))
        super().delete_model(request, obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refused as refusal:
            return to_the_row(self, request, object_id, refusal)
