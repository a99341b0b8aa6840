"""What a patient fills in beside the words about a risk: a tick, a question, a reason, who reads it out."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from bookings.forms.people import NameField, has_control_characters
from bookings.forms.words import WordsField
from bookings.receipts import Receipt, receipts_in
from clinic.forms import TypedField
from clinic.i18n import text_in
from consent.models import Reading

QUESTION_LETTERS = 300
LANGUAGE_LETTERS = 60
SPACES = re.compile(r"\s+")
NO_RECEIPT = _("This is not a receipt. Copy its whole address from the e-mail.")


class ReceiptForm(forms.Form):
    """The code of a receipt, or the address that the QR code leads to."""

    r = forms.CharField(
        label=_("The receipt's address, or its code"),
        help_text=_("It stands in the e-mail that confirmed the visit, and in the QR code."),
        max_length=2000,
        error_messages=dict.fromkeys(
            ("required", "max_length", "null_characters_not_allowed"), NO_RECEIPT
        ),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_r(self) -> Receipt:
        """The one receipt in what was typed."""
        typed = self.cleaned_data["r"]
        found = receipts_in(typed) or receipts_in(SPACES.sub("", typed))
        if not found:
            raise forms.ValidationError(NO_RECEIPT)
        return found[0]


class AcknowledgeForm(forms.Form):
    """The form under a risk's words. The tick's label is the list's own statement."""

    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=2000)
    # Whether it has to be ticked is the action's to say, so that nothing else can be thought of.
    understood = forms.BooleanField(required=False)
    wants_to_talk = forms.BooleanField(
        label=_("I want to talk about this with the dermatologist"), required=False
    )
    question = WordsField(
        label=_("Your question"),
        help_text=_("Up to 300 characters. The dermatologist reads it before your visit."),
        max_length=QUESTION_LETTERS,
        required=False,
    )

    def __init__(self, *args, reading: Reading, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["understood"].label = text_in(reading.risk_list, "statement", reading.language)

    def clean(self) -> dict:
        """A question that was typed wants to be talked about, whether or not the box is ticked."""
        answers = super().clean() or self.cleaned_data
        if answers.get("question"):
            answers["wants_to_talk"] = True
        return answers


class ReasonForm(forms.Form):
    """Why somebody steps back; nobody has to say."""

    reason = WordsField(
        label=_("Why?"),
        help_text=_("You need not say. Up to 300 characters. The clinic reads it."),
        max_length=300,
        required=False,
    )


class InterpreterForm(forms.Form):
    """Who reads the side effects out or translates them, and in which language they speak."""

    interpreter_name = NameField(
        label=_("The name of the person who helps you"),
        error_messages={"required": _("Enter the name of the person who helps you.")},
    )
    interpreter_language = TypedField(
        label=_("The language that you speak with each other"),
        help_text=_("For example Urdu."),
        error_messages={"required": _("Enter the language that you speak with each other.")},
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )

    def clean_interpreter_language(self) -> str:
        """A few words in one line."""
        language: Any = " ".join(self.cleaned_data["interpreter_language"].split())
        if has_control_characters(language) or not any(sign.isalpha() for sign in language):
            raise ValidationError(_("Write the language with letters."), code="letters")
        if len(language) > LANGUAGE_LETTERS:
            raise ValidationError(_("Use at most 60 letters."), code="long")
        return language


class EraseForm(forms.Form):
    """That the patient means it."""

    sure = forms.BooleanField(
        label=_("I want the clinic to erase what it knows about me. I know it cannot be undone."),
        error_messages={"required": _("Tick the box if you want this. Nothing was sent.")},
    )
