"""The field for a patient's own words: a question, a reason."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from bookings.forms.people import has_control_characters
from clinic.forms import WORDS
from clinic.plain_words import typed_words


class WordsField(forms.CharField):
    """Some lines in a patient's own words; line breaks count as one letter, as the browser counts."""

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        self.longest = max_length
        super().__init__(widget=forms.Textarea(attrs=WORDS), **kwargs)

    def to_python(self, value: Any) -> str:
        words = typed_words(value).replace("\r\n", "\n").replace("\r", "\n")
        if has_control_characters(words.replace("\n", "").replace("\t", "")):
            raise ValidationError(_("Leave out characters that cannot be read."), code="characters")
        if len(words) > self.longest:
            too_many = ngettext(
                "Use at most %(most)d letters: leave out %(count)d letter.",
                "Use at most %(most)d letters: leave out %(count)d letters.",
                len(words) - self.longest,
            )
            raise ValidationError(
                too_many % {"most": self.longest, "count": len(words) - self.longest}, code="long"
            )
        return words
