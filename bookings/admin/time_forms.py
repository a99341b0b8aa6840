"""A time for a visit, as staff choose it at the desk."""

import datetime as dt
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

import bookings.actions
from bookings import slots
from bookings.actions import FreeTime
from bookings.forms.times import time_chosen, time_value
from bookings.models import Consultation
from clinic import times
from clinic.admin import comma
from clinic.forms import TypedField
from clinic.i18n import active_language
from clinic.models import Clinic, Dermatologist, Treatment

DAYS_SHOWN = 7
SAID_BY_STAFF = {"dir": "auto", "rows": 3}


class FreeTimeField(forms.ChoiceField):
    """One of the free times; its value is what the actions take. Whether it is still free the action
    decides, which reads everything anew under its lock.
    """

    default_error_messages = {"required": _("Choose a time."), "gone": _("Choose a time again.")}

    def to_python(self, value: Any) -> Any:
        if not value:
            return None
        chosen = time_chosen(value)
        if chosen is None:
            raise ValidationError(self.error_messages["gone"], code="gone")
        return chosen

    def validate(self, value: Any) -> None:
        if self.required and value is None:
            raise ValidationError(self.error_messages["required"], code="required")


def by_day(free: Iterable[FreeTime]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Choices under the day's name, in the clinic's zone: "10:00, Dr Huda"."""
    zone = timezone.get_current_timezone()
    language = active_language()
    return [
        (
            times.day_in_words(day, language),
            [
                (
                    time_value(time.dermatologist.slug, time.starts_at, time.ends_at),
                    f"{times.clock(time.starts_at, zone)}{comma()}{time.dermatologist.name}",
                )
                for time in of_day
            ],
        )
        for day, of_day in groupby(free, key=lambda time: times.local_day(time.starts_at, zone))
    ]


def free_week(
    *,
    treatment: Treatment | None,
    from_day: dt.date,
    now: dt.datetime,
    dermatologist: Dermatologist | None = None,
    own: Consultation | None = None,
) -> list[FreeTime]:
    """What staff can book in the seven days from `from_day`: no minimum notice for them."""
    clinic = Clinic.objects.the_clinic()
    if clinic is None:
        return []
    first = slots.first_moment(from_day, clinic.zoneinfo)
    last = slots.first_moment(from_day + dt.timedelta(days=DAYS_SHOWN), clinic.zoneinfo)
    return bookings.actions.free_times(
        treatment=treatment,
        dermatologist=dermatologist,
        now=now,
        notice=dt.timedelta(),
        not_before=first,
        not_after=last - dt.timedelta(microseconds=1),
        own=own,
        clinic=clinic,
    )


def day_asked_for(given: str | None, *, now: dt.datetime) -> dt.date:
    """The day in an address, or today; never before today, never out of all bounds."""
    today = now.astimezone(timezone.get_current_timezone()).date()
    try:
        day = dt.date.fromisoformat(given or "")
    except ValueError:
        return today
    clinic = Clinic.objects.the_clinic()
    last = today + dt.timedelta(days=clinic.horizon_days if clinic else 0)
    return min(max(day, today), last)


class WhyField(TypedField):
    """A reason in a few words."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs=SAID_BY_STAFF), **kwargs)


class TimeForm(forms.Form):
    """A new time for a visit, or the first one for a request that waits."""

    time = FreeTimeField(label=_("Free times"), widget=forms.RadioSelect)

    def offer(self, free: list[FreeTime]) -> None:
        """Shows these; an answer that is not among them is still looked at by the action."""
        field = self.fields["time"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = by_day(free)
        if not free:
            field.help_text = gettext("No time is free in these days.")


class MoveForm(TimeForm):
    """A new time for a booked visit, and why."""

    reason = WhyField(
        label=_("Reason"), max_length=300, required=False, help_text=_("Kept for the staff.")
    )
