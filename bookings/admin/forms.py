"""What staff type about a consultation; each form's answers are the arguments of one action."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from bookings.admin.time_forms import FreeTimeField, WhyField
from bookings.forms.people import AddressField, MobileField, NameField
from bookings.models import PartOfDay, TreatmentSession, Weekday
from clinic import times
from clinic.admin import day_and_clock
from clinic.forms import BirthDateField
from clinic.i18n import Language, active_language
from clinic.models import Concern, Dermatologist, Treatment

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


class CancelForm(forms.Form):
    """Who wants it, for the e-mail says so, and why."""

    on_the_phone = forms.TypedChoiceField(
        label=_("Who wants to cancel?"),
        choices=[("yes", _("The patient: they asked us to")), ("no", _("The clinic"))],
        coerce=lambda chosen: chosen == "yes",
        widget=forms.RadioSelect,
        help_text=_("The e-mail to the patient says so."),
        error_messages={"required": _("Choose who wants to cancel.")},
    )

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


class AddressForm(forms.Form):
    """The new e-mail address, and how the staff know that it is the person who gives it, if they do."""

    email = AddressField(
        label=_("New e-mail address"),
        help_text=_(
            "A code and a link go there. It counts once the patient has used one of them; until then "
            "e-mails go to the old address."
        ),
    )
    note = WhyField(
        label=_("Who saw the person, and why"),
        max_length=200,
        required=False,
        help_text=_(
            "Only if you have seen the person: then the new address counts at once. For example: "
            "Mariam saw the passport at the desk."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """It is not the receptionist's own address: the browser offers nothing."""
        super().__init__(*args, **kwargs)
        self.fields["email"].widget.attrs["autocomplete"] = "off"
