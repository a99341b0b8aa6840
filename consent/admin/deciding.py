"""The dermatologist's decision about one record: three choices, a note, and their keys."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from clinic.forms import TypedField
from clinic.models import Dermatologist
from consent.models import Decision

# Digits, for they are typed alike on an English and an Arabic keyboard.
NOTE_KEY, WRITE_KEY, NEXT_KEY = "5", "8", "9"


class KeyedRadios(forms.RadioSelect):
    """Choices that are taken by the keys 1, 2, 3 (HTML's accesskey)."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        option["attrs"]["accesskey"] = str(int(option["index"]) + 1)
        return option


class ReviewForm(forms.Form):
    """What the dermatologist decided, and in their own words why."""

    decision = forms.ChoiceField(
        label=_("Decision"), choices=Decision.choices, widget=KeyedRadios, required=True
    )
    note = TypedField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 3, "accesskey": NOTE_KEY}),
    )


def keys() -> list[tuple[str, Any]]:
    """Every key of the form and what it does, for the list beside it."""
    decisions = [(str(number), label) for number, (_v, label) in enumerate(Decision.choices, 1)]
    return [
        *decisions,
        (NOTE_KEY, _("Note")),
        (WRITE_KEY, _("Write the review")),
        (NEXT_KEY, _("Write it and show the next one")),
    ]


def signer(user: User) -> Dermatologist | None:
    """The dermatologist who signs in as this user: only they review."""
    return Dermatologist.objects.filter(user_id=user.pk).first()
