"""One act for one risk: the tick, and apart from it what the patient wants to talk about."""

from django import forms
from django.utils.translation import gettext_lazy as _

from bookings.forms.words import WordsField
from clinic.i18n import text_in
from consent.models import Reading

QUESTION_LETTERS = 300


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
