"""What staff type about a consultation; each form's answers are the arguments of one action."""

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
from bookings.actions import FreeTime
from bookings.forms.people import AddressField, MobileField, NameField
from bookings.models import Consultation, PartOfDay, TreatmentSession, Weekday
from clinic import times
from clinic.admin import comma, day_and_clock
from clinic.forms import BirthDateField
from clinic.i18n import Language, active_language
from clinic.models import Clinic, Concern, Dermatologist, Treatment

DAYS_SHOWN = 7
SAID_BY_STAFF = {"dir": "auto", "rows": 3}


# --- A time to choose --------------------------------------------------------------------------


class FreeTimeField(forms.ChoiceField):
    """One of the free times; its value is (dermatologist, starts_at). Whether it is still free the
    action decides, which reads everything anew under its lock.
    """

    default_error_messages = {"required": _("Choose a time."), "gone": _("Choose a time again.")}

    def to_python(self, value: Any) -> Any:
        if not value:
            return None
        key, _bar, start = str(value).partition("|")
        try:
            starts_at = dt.datetime.fromisoformat(start)
            dermatologist = Dermatologist.objects.get(pk=int(key))
        except (ValueError, OverflowError, Dermatologist.DoesNotExist):
            raise ValidationError(self.error_messages["gone"], code="gone") from None
        if starts_at.tzinfo is None:
            raise ValidationError(self.error_messages["gone"], code="gone")
        return dermatologist, starts_at

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
                    f"{time.dermatologist.pk}|{time.starts_at.isoformat()}",
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
    zone = timezone.get_current_timezone()
    first = dt.datetime.combine(from_day, dt.time(), tzinfo=zone)
    last = dt.datetime.combine(from_day + dt.timedelta(days=DAYS_SHOWN), dt.time(), tzinfo=zone)
    return bookings.actions.free_times(
        treatment=treatment,
        dermatologist=dermatologist,
        now=now,
        notice=dt.timedelta(),
        not_before=first,
        not_after=last - dt.timedelta(microseconds=1),
        own=own,
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


# --- What it is about --------------------------------------------------------------------------


def treatments_and_concerns() -> list[tuple[str, str]]:
    """Each concern with its treatment: "Mesotherapy: Cellulite"."""
    rows = []
    for treatment in Treatment.objects.offered().prefetch_related("concerns"):
        rows += [
            (f"{treatment.pk}|{concern.pk}", f"{treatment.name}: {concern.name}")
            for concern in treatment.concerns.all()
        ] or [(f"{treatment.pk}|", treatment.name)]
    return rows


class AboutField(forms.ChoiceField):
    """A treatment with a concern; its value is (treatment, concern), or (None, None)."""

    def clean(self, value: Any) -> tuple[Treatment | None, Concern | None]:
        chosen = super().clean(value)
        treatment, _bar, concern = str(chosen or "").partition("|")
        return (
            Treatment.objects.filter(pk=int(treatment)).first() if treatment else None,
            Concern.objects.filter(pk=int(concern)).first() if concern else None,
        )


class TreatmentForm(forms.Form):
    """What the patient wants to talk about, as reception found out with them."""

    about = AboutField(
        label=_("Treatment and reason"),
        choices=lambda: [("", _("Choose one")), *treatments_and_concerns()],
    )


# --- A request taken on the phone --------------------------------------------------------------


def zones() -> list[tuple[str, str]]:
    """The zones a patient may live in; the offsets are those of the clinic's today."""
    return [(name, times.city_of(name, active_language())) for name in times.CITIES]


class PhoneRequestForm(forms.Form):
    """One screen for what a caller says. The e-mail address can be left out."""

    patient_name = NameField(label=_("Name of the patient"))
    mobile = MobileField(label=_("Mobile"))
    birth_date = BirthDateField(label=_("Date of birth"))
    guardian_name = NameField(
        label=_("Parent or guardian"), required=False, help_text=_("For a patient under 18.")
    )
    email = AddressField(
        label=_("E-mail"),
        required=False,
        help_text=_(
            "The link to read the side effects goes there. Without one, the patient reads them in "
            "the clinic, on a screen that you hand over."
        ),
    )
    language = forms.ChoiceField(label=_("Language of the e-mails"), choices=Language.choices)
    zone = forms.ChoiceField(label=_("Show times in"), choices=zones)
    names_treatment = forms.BooleanField(label=_("E-mails may name the treatment"), required=False)
    about = AboutField(
        label=_("Treatment and reason"),
        required=False,
        choices=lambda: [("", _("Not sure yet")), *treatments_and_concerns()],
    )
    from_day = forms.DateField(
        label=_("Times from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    time = FreeTimeField(
        label=_("Time"),
        required=False,
        help_text=_(
            "Held for one day at most. Leave it empty to put the patient on the waiting list."
        ),
    )
    preferred_days = forms.TypedMultipleChoiceField(
        label=_("Days that suit"),
        required=False,
        coerce=int,
        choices=Weekday.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    preferred_part = forms.ChoiceField(
        label=_("Part of the day"), required=False, choices=PartOfDay.choices
    )
    preferred_dermatologist = forms.ModelChoiceField(
        label=_("Preferred dermatologist"),
        required=False,
        queryset=Dermatologist.objects.seeing_patients(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """It is the caller who is asked, not the receptionist: the browser offers nothing."""
        super().__init__(*args, **kwargs)
        self.fields["patient_name"].widget.attrs["autofocus"] = True
        for field in self.fields.values():
            for widget in getattr(field.widget, "widgets", [field.widget]):
                widget.attrs["autocomplete"] = "off"

    def clean_preferred_part(self) -> str:
        return self.cleaned_data["preferred_part"] or PartOfDay.ANY


# --- What is done with a consultation ----------------------------------------------------------


class WhyField(forms.CharField):
    """A reason in a few words."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs=SAID_BY_STAFF), **kwargs)


class CancelForm(forms.Form):
    """Why the clinic cancels."""

    reason = WhyField(
        label=_("Reason"),
        max_length=300,
        required=False,
        help_text=_("Kept for the staff."),
    )


class SessionForm(forms.Form):
    """When a treatment session took place, in the clinic's clock."""

    took_place_at = forms.SplitDateTimeField(
        label=_("Took place on"),
        widget=day_and_clock(),
    )

    def clean_took_place_at(self) -> dt.datetime:
        took_place_at: dt.datetime = self.cleaned_data["took_place_at"]
        if not 2000 <= took_place_at.year <= 9000:
            raise ValidationError(_("Check the year."))
        return took_place_at


class VoidForm(forms.Form):
    """Which session was recorded by mistake, and why it is voided."""

    session: "forms.ModelChoiceField[TreatmentSession]" = forms.ModelChoiceField(
        label=_("Session"), queryset=None, empty_label=None
    )
    reason = WhyField(label=_("Why it is voided"), max_length=200)


class RoomForm(forms.Form):
    """A video room for this visit alone."""

    own_video_room = forms.URLField(
        label=_("Address of the video room"),
        required=False,
        max_length=200,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"dir": "ltr"}),
        help_text=_("Begins with https://. Leave it empty to use the dermatologist's usual room."),
    )


class ProveForm(forms.Form):
    """How the staff know that this is the person."""

    note = WhyField(
        label=_("Who saw the person, and why"),
        max_length=200,
        help_text=_("For example: Mariam saw the passport at the desk; the patient has no e-mail."),
    )
