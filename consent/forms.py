"""One act for one risk: the tick, and apart from it what the patient wants to talk about."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings.forms.words import WordsField
from bookings.receipts import Receipt, receipts_in
from clinic.i18n import text_in
from consent.models import Reading

QUESTION_LETTERS = 300
SPACES = re.compile(r"\s+")


class ReceiptForm(forms.Form):
    """The code of a receipt, or the address that the QR code leads to."""

    r = forms.CharField(
        label=_("The receipt's address, or its code"),
        help_text=_("It stands in the e-mail that confirmed the visit, and in the QR code."),
        max_length=2000,
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_r(self) -> Receipt:
        """The one receipt in what was typed."""
        found = receipts_in(SPACES.sub("", self.cleaned_data["r"]))
        if not found:
            raise forms.ValidationError(
                _("This is not a receipt. Copy its whole address from the e-mail.")
            )
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
