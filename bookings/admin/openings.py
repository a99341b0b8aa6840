"""Stretches of time as staff type them, whole days or part of one; and extra openings."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings import slots
from bookings.actions import refuse_to_leave_visits_outside
from bookings.admin import columns
from bookings.admin.wall_clock import (
    ClockField,
    DayField,
    WhichField,
    ask_which,
    moment_meant,
)
from bookings.models import Opening
from clinic import clock
from clinic.admin import desk, now_of
from clinic.errors import Refused

DAY = dt.timedelta(days=1)
LAYOUT: list[Any] = [
    (None, {"fields": ["dermatologist"]}),
    (
        None,
        {
            "fields": [
                ("from_day", "from_time"),
                "from_which",
                ("to_day", "to_time"),
                "to_which",
                "reason",
            ]
        },
    ),
]


class StretchForm(forms.ModelForm):
    """From a day to a day in the clinic's clock, whole days where no time is typed.

    Refused: a time that the clock never shows, and an end that is not after the start. A time that
    it shows twice is asked about. The moments are put on the row itself.
    """

    from_day = DayField(label=_("From day"))
    from_time = ClockField(
        label=_("From time"),
        required=False,
        help_text=_("Leave it empty for the beginning of the day."),
    )
    from_which = WhichField()
    to_day = DayField(label=_("To day"), help_text=_("This day belongs to it."))
    to_time = ClockField(
        label=_("To time"), required=False, help_text=_("Leave it empty for the end of the day.")
    )
    to_which = WhichField()

    class Meta:
        fields: list[str] = []  # the admin's fieldsets name them

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone: Any = timezone.get_current_timezone()  # the clinic's, at the desk
        if "dermatologist" in self.fields:
            self._offer_dermatologists()
        if self.instance.pk is not None:
            self.initial.update(self._as_typed(self.instance.starts_at, self.instance.ends_at))
        for end in ("from", "to"):
            ask_which(
                self, day=f"{end}_day", clock=f"{end}_time", which=f"{end}_which", zone=self.zone
            )

    def _offer_dermatologists(self) -> None:
        """A plain list whose first line is everybody."""
        field: Any = self.fields["dermatologist"]
        field.empty_label = gettext("The whole clinic")
        field.widget = forms.Select(choices=field.choices)
        field.help_text = ""

    def _as_typed(self, starts_at: dt.datetime, ends_at: dt.datetime) -> dict[str, Any]:
        """A stored stretch as one would type it."""
        starts, ends = starts_at.astimezone(self.zone), ends_at.astimezone(self.zone)
        first, last = starts.date(), ends.date()
        begins_whole = starts_at == slots.first_moment(first, self.zone)
        ends_whole = ends_at == slots.first_moment(last, self.zone)
        return {
            "from_day": first,
            "from_time": None if begins_whole else starts.time(),
            "from_which": starts_at.astimezone(dt.UTC).isoformat(),
            "to_day": last - DAY if ends_whole else last,
            "to_time": None if ends_whole else ends.time(),
            "to_which": ends_at.astimezone(dt.UTC).isoformat(),
        }

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        starts_at, ends_at = self._moment("from"), self._moment("to")
        if starts_at and ends_at:
            self.instance.starts_at, self.instance.ends_at = starts_at, ends_at
            if ends_at <= starts_at:
                where = "to_time" if given.get("to_time") else "to_day"
                self.add_error(where, gettext("The end must be after the start."))
        return given

    def _moment(self, end: str) -> dt.datetime | None:
        """Where the stretch begins or ends (UTC); None where something is wrong with it."""
        given = self.cleaned_data
        day, clock_time = given.get(f"{end}_day"), given.get(f"{end}_time")
        if day is None or {f"{end}_time", f"{end}_which"} & set(self.errors):
            return None
        if clock_time is None:
            return slots.first_moment(day if end == "from" else day + DAY, self.zone)
        try:
            return moment_meant(day, clock_time, given.get(f"{end}_which", ""), self.zone)
        except ValidationError as error:
            self.add_error(f"{end}_time", error)
            return None


@admin.display(description=_("dermatologist"))
def whose(row: Any) -> str:
    """Whose time it is; nobody's name means everybody."""
    return str(row.dermatologist or gettext("the whole clinic"))


class WhoseFilter(admin.RelatedFieldListFilter):
    """Django's own, but what is nobody's own has words instead of a dash."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.empty_value_display = conditional_escape(gettext("the whole clinic"))


STRETCH_COLUMNS: list[Any] = [
    columns.moment_of("starts_at", _("from")),
    columns.moment_of("ends_at", _("to")),
    whose,
    "reason",
]


def laid_out_for(room: admin.ModelAdmin, request: HttpRequest, row: Any) -> Any:
    """What is typed of a stretch; who may only look at it sees the columns of the list."""
    if row is not None and not room.has_change_permission(request, row):
        return [(None, {"fields": STRETCH_COLUMNS})]
    return LAYOUT


class OpeningForm(StretchForm):
    """An extra opening; a changed one may leave no visit outside."""

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if self.instance.pk is None or self.errors:
            return given
        stored = Opening.objects.get(pk=self.instance.pk)
        wanted = {
            "dermatologist": given["dermatologist"],
            "starts_at": self.instance.starts_at,
            "ends_at": self.instance.ends_at,
        }
        try:
            refuse_to_leave_visits_outside(
                whose={
                    stored.dermatologist_id,
                    wanted["dermatologist"] and wanted["dermatologist"].pk,
                },
                change=lambda: Opening.objects.filter(pk=stored.pk).update(**wanted),
                now=clock.now(),
            )
        except Refused as refusal:
            raise ValidationError(str(refusal), code="visits_booked") from refusal
        return given


def to_the_row(
    room: admin.ModelAdmin, request: HttpRequest, object_id: str, refusal: Refused
) -> HttpResponse:
    """What a deletion that was refused leads to: the row as it stands, with the reason."""
    messages.error(request, str(refusal))
    name = f"admin:{room.opts.app_label}_{room.opts.model_name}_change"
    return redirect(reverse(name, args=[object_id]))


@admin.register(Opening, site=desk)
class OpeningAdmin(admin.ModelAdmin):
    """A Saturday for once, a longer evening: of one dermatologist or of all of them."""

    form = OpeningForm
    list_display = STRETCH_COLUMNS
    list_filter = [("dermatologist", WhoseFilter)]
    list_select_related = ["dermatologist"]
    ordering = ["-starts_at"]
    actions = None  # several at once could not be refused one by one

    def get_fieldsets(self, request: HttpRequest, obj: Opening | None = None) -> Any:
        return laid_out_for(self, request, obj)

    def delete_model(self, request: HttpRequest, obj: Opening) -> None:
        """Raises VisitsBooked where visits lie in it; the deletion is then taken back as a whole."""
        gone = Opening.objects.filter(pk=obj.pk)
        refuse_to_leave_visits_outside(
            whose=[obj.dermatologist_id], change=gone.delete, now=now_of(request)
        )
        super().delete_model(request, obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except Refused as refusal:
            return to_the_row(self, request, object_id, refusal)
