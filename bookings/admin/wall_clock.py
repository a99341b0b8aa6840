"""A day and a time as staff read them off the clinic's clock, and the moment that is meant by them."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings import slots
from clinic import times
from clinic.admin import CLOCK, comma
from clinic.i18n import active_language

YEARS = range(2000, 2101)


def check_year(day: dt.date) -> None:
    """Raises ValidationError for a day of another age: PostgreSQL's years are more than Python's."""
    if day.year not in YEARS:
        raise ValidationError(gettext("Enter a year from 2000 to 2100."), code="year")


class DayField(forms.DateField):
    """A day, as the browser asks for it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, validators=[check_year], **kwargs)


class ClockField(forms.TimeField):
    """A time of the clinic's clock, from 00:00 to 23:59: no browser's am and pm."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.TimeInput(attrs=CLOCK, format="%H:%M"), **kwargs)


class WhichField(forms.CharField):
    """Which of two moments is meant; hidden until `ask_which` has something to ask."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)


def ask_which(form: forms.BaseForm, *, day: str, clock: str, which: str, zone: Any) -> None:
    """Asks in the field `which`, if the clock shows the typed time twice on the typed day."""
    try:
        typed_day = form.fields[day].clean(form[day].value())
        typed_clock = form.fields[clock].clean(form[clock].value())
    except ValidationError:
        return  # said beside the field itself
    if not typed_day or not typed_clock:
        return
    both = slots.instants(typed_day, typed_clock, zone)
    if len(both) < 2:
        return
    form.fields[which] = forms.ChoiceField(
        label=_("The clock shows this time twice. Which one?"),
        choices=[(moment.isoformat(), _which_one(moment, zone)) for moment in both],
        widget=forms.RadioSelect,
        error_messages={
            "required": _("The clock shows this time twice on this day. Choose which one."),
            "invalid_choice": _("The clock shows this time twice on this day. Choose which one."),
        },
    )


def _which_one(moment: dt.datetime, zone: Any) -> str:
    clock = times.clock(moment, zone)
    return f"{clock}{comma()}{times.zone_in_words(zone, moment, active_language(), isolated=True)}"


def moment_meant(day: dt.date, clock: dt.time, which: str, zone: Any) -> dt.datetime:
    """The moment (UTC) at which the clinic's clock shows this; `which` tells it from another one.

    Raises ValidationError where the clock is put forward and never shows it.
    """
    moments = slots.instants(day, clock, zone)
    if not moments:
        raise ValidationError(
            gettext(
                "The clock is put forward on this day and never shows this time. Choose another time."
            ),
            code="never_shown",
        )
    named = [moment for moment in moments if moment.isoformat() == which]
    return named[0] if named else moments[0]
