"""The questions on the way to a booking: what about, when, who, and the code."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings.actions.requests import ADULT
from bookings.forms.people import AddressField, CodeField, MobileField, NameField
from bookings.models import PartOfDay, Weekday
from bookings.road import NOT_SURE
from clinic import times
from clinic.forms import BirthDateField
from clinic.i18n import Language, active_language
from clinic.models import Clinic, Dermatologist, Treatment

ME, CHILD = "me", "child"


class AboutWhat(forms.Form):
    """What do you want to talk about? One radio list, a group for each treatment."""

    about = forms.ChoiceField(
        widget=forms.RadioSelect,
        label=_("What do you want to talk about?"),
        error_messages={
            "required": _(
                "Choose what you want to talk about. If you do not know, choose “I am not sure”."
            ),
            "invalid_choice": _("Choose one of the answers in the list."),
        },
    )

    def __init__(self, *args: Any, treatments: Iterable[Treatment], not_sure: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        groups: list[Any] = [
            (
                treatment.name,
                [
                    (about_value(treatment, concern.slug), concern.name)
                    for concern in treatment.concerns.all()
                ]
                or [(about_value(treatment), treatment.name)],
            )
            for treatment in treatments
        ]
        if not_sure:
            groups.append((_("Something else"), [(NOT_SURE, _("I am not sure which treatment"))]))
        self.fields["about"].choices = groups  # type: ignore[attr-defined]

    def groups(self) -> Iterator[dict[str, Any]]:
        """The groups as the page lays them out: a name, and its options."""
        options = iter(self["about"].subwidgets)  # one after the other, without their groups
        for name, pairs in self.fields["about"].choices:  # type: ignore[attr-defined]
            yield {"name": name, "options": [next(options) for _pair in pairs]}


def about_value(treatment: Treatment, concern_slug: str = "") -> str:
    """How a treatment and a concern stand in one answer: "mesotherapy|cellulite"."""
    return f"{treatment.slug}|{concern_slug}"


class OtherTimes(forms.Form):
    """Which times would suit, where none of the offered ones does."""

    preferred_days = forms.TypedMultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        choices=Weekday,
        coerce=int,
        required=False,
        label=_("Which days suit you?"),
        help_text=_("Tick all that suit. Tick none if every day is fine."),
    )
    preferred_part = forms.ChoiceField(
        widget=forms.RadioSelect,
        choices=[
            (PartOfDay.ANY, _("Any time of day")),
            (PartOfDay.MORNING, _("In the morning")),
            (PartOfDay.AFTERNOON, _("In the afternoon")),
            (PartOfDay.EVENING, _("In the evening")),
        ],
        initial=PartOfDay.ANY,
        label=_("Which part of the day?"),
        error_messages={"required": _("Choose a part of the day.")},
    )
    preferred_dermatologist = forms.ModelChoiceField(
        Dermatologist.objects.none(),
        to_field_name="slug",
        required=False,
        empty_label=_("Any dermatologist"),
        label=_("Which dermatologist?"),
    )

    def __init__(self, *args: Any, treatment: Treatment | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["preferred_dermatologist"].queryset = (  # type: ignore[attr-defined]
            Dermatologist.objects.seeing_patients().offering(treatment)
        )


class TimesShown(forms.Form):
    """Which times to show: whose, in which language, and in which zone besides the clinic's."""

    dermatologist = forms.ChoiceField(required=False, label=_("Dermatologist"))
    language = forms.ChoiceField(
        required=False,
        choices=[("", _("Any language")), *Language.choices],
        label=_("Language the dermatologist speaks"),
    )
    zone = forms.ChoiceField(required=False, label=_("Also show times in"))

    def __init__(
        self,
        *args: Any,
        dermatologists: Sequence[Dermatologist],
        zones: list[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        names = [(one.slug, one.name) for one in dermatologists]
        self.fields["dermatologist"].choices = [("", _("Any dermatologist")), *names]  # type: ignore[attr-defined]
        self.fields["zone"].choices = zones  # type: ignore[attr-defined]


class AboutYou(forms.Form):
    """Who comes, and how to reach them: the names of `bookings.actions.request`'s arguments."""

    visit_for = forms.ChoiceField(
        widget=forms.RadioSelect,
        choices=[(ME, _("Me")), (CHILD, _("A child, and I am the parent or guardian"))],
        label=_("Who is the visit for?"),
        error_messages={
            "required": _("Choose who the visit is for."),
            "invalid_choice": _("Choose who the visit is for."),
        },
    )
    patient_name = NameField(
        label=_("Name of the person who comes to the visit"),
        error_messages={"required": _("Enter the name of the person who comes to the visit.")},
    )
    birth_date = BirthDateField(
        label=_("Date of birth of this person"), help_text=_("For example 27 3 1990")
    )
    guardian_name = NameField(
        required=False,
        label=_("If the visit is for a child: your own name"),
    )
    guardian_name.may_stay_empty = _("(only for a child)")  # type: ignore[attr-defined]
    email = AddressField(
        label=_("Your e-mail address"),
        help_text=_("We send a code there to check it, and then what you need for the visit."),
    )
    mobile = MobileField(
        label=_("Your mobile number"),
        help_text=_("For example 050 123 4567. We call only if something changes."),
    )
    language = forms.ChoiceField(
        widget=forms.RadioSelect,
        choices=[("en", "English"), ("ar", "العربية")],
        label=_("Language of our e-mails"),
        error_messages={
            "required": _("Choose a language."),
            "invalid_choice": _("Choose a language."),
        },
    )
    zone = forms.ChoiceField(
        label=_("Also show times in"),
        help_text=_("Choose the place where you will be, if it is not where the clinic is."),
        error_messages={
            "required": _("Choose a place from the list."),
            "invalid_choice": _("Choose a place from the list."),
        },
    )
    names_treatment = forms.BooleanField(
        required=False,
        label=_("You may name the treatment in e-mails to me"),
        help_text=_("If you leave this empty, our e-mails do not say what the visit is about."),
    )

    def __init__(
        self, *args: Any, clinic: Clinic | None, zone: str, now: dt.datetime, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        at_home = clinic.zone if clinic else "UTC"
        self.fields["zone"].choices = zones_to_choose(now, at_home, zone)  # type: ignore[attr-defined]
        self.today = times.local_day(now, at_home)
        self.fields["birth_date"].latest = self.today  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        details = super().clean() or {}
        visit_for, born = details.get("visit_for"), details.get("birth_date")
        if visit_for == ME:
            details["guardian_name"] = ""
        elif visit_for == CHILD and "guardian_name" in details and not details["guardian_name"]:
            self.add_error("guardian_name", _("Enter your own name: you ask for the child."))
        if visit_for == CHILD and born and _years_old(born, self.today) >= ADULT:
            self.add_error(
                "birth_date",
                _("This person is 18 or over. Choose “Me”, or check the date of birth."),
            )
        return details

    @property
    def details(self) -> dict[str, Any]:
        """The cleaned answers as the actions take them."""
        return {name: value for name, value in self.cleaned_data.items() if name != "visit_for"}


def _years_old(born: dt.date, today: dt.date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


class Code(forms.Form):
    """The six digits from the e-mail."""

    code = CodeField(label=_("The 6 digits from our e-mail"))


def zones_to_choose(now: dt.datetime, *always: str) -> list[tuple[str, str]]:
    """The zones that can be chosen, with these among them, in the page's language."""
    known = times.zone_choices(now, active_language())
    names = {name for name, _label in known}
    more = [(zone, times.city_of(zone, active_language())) for zone in always if zone not in names]
    return [*dict.fromkeys(more), *known]
