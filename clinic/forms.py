"""How every form is laid out, and the fields that patients' forms share."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from clinic.plain_text import as_kept, trouble_in
from clinic.plain_words import typed_words

# Arabic-Indic and Persian digits, as Gulf and Urdu keyboards type them.
_WESTERN = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "0123456789" * 2)

# What browsers and screen readers need to know of an input (`widget=TextInput(attrs=NAME)`).
NAME = {"autocomplete": "name", "dir": "auto", "autocapitalize": "words", "spellcheck": "false"}
EMAIL = {"autocomplete": "email", "dir": "ltr", "inputmode": "email", "spellcheck": "false"}
PHONE = {"autocomplete": "tel", "dir": "ltr", "inputmode": "tel", "type": "tel"}
CODE = {"autocomplete": "one-time-code", "dir": "ltr", "inputmode": "numeric", "class": "code"}
WORDS = {"dir": "auto", "rows": 4}  # a patient's own words: a question, a reason

# Django puts a colon behind a label that ends in none of these; Arabic has a question mark of its own.
gettext_noop(":?.!")


def western_digits(text: str) -> str:
    """A patient's digits as 0-9, whichever keyboard they come from."""
    return text.translate(_WESTERN)


class PageRenderer(TemplatesSetting):
    """Label, hint, error, input: each field as clinic/templates/clinic/forms/field.html lays it out."""

    form_template_name = "clinic/forms/form.html"
    field_template_name = "clinic/forms/field.html"


class TypedField(forms.CharField):
    """Words in a person's own way, without the signs that nobody sees; nothing visible is nothing."""

    def to_python(self, value: Any) -> str:
        return typed_words(super().to_python(value))


class Words(forms.CharField):
    """Words that patients read: spelt the one way that is stored; hidden signs are refused."""

    def to_python(self, value: Any) -> Any:
        return as_kept(super().to_python(value) or "")

    def validate(self, value: Any) -> None:
        super().validate(value)
        if trouble := trouble_in(value):
            raise ValidationError(trouble, code="plain_text")


def words_field(db_field: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """How the desk asks for a column of a text that comes in both languages."""
    return kwargs | {"form_class": Words} if db_field.name.endswith(("_en", "_ar")) else kwargs


class DateParts(forms.MultiWidget):
    """A date as three short inputs, day first, so that no calendar has to be paged back for years."""

    template_name = "clinic/forms/date_parts.html"

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        parts: dict[str, forms.Widget | type[forms.Widget]] = {}
        for part, digits in (("day", 2), ("month", 2), ("year", 4)):
            parts[part] = forms.TextInput(
                attrs={
                    "inputmode": "numeric",
                    "autocomplete": f"bday-{part}",
                    "maxlength": digits,
                    "dir": "ltr",
                    "class": f"date-{part}",
                }
            )
        super().__init__(parts, dict(attrs or {}))

    def decompress(self, value: Any) -> list[Any]:
        if isinstance(value, str):  # an answer that was kept as text
            try:
                value = dt.date.fromisoformat(value)
            except ValueError:
                return [None, None, None]
        return [value.day, value.month, value.year] if value else [None, None, None]


class BirthDateField(forms.Field):
    """A date of birth, in Western or Arabic-Indic digits.

    A form that knows today sets `latest` on it; a date after that, or more than 120 years ago, is
    refused. Refusals are ValidationErrors that say what to type.
    """

    widget = DateParts
    default_error_messages = {
        "required": _("Enter the date of birth."),
        "incomplete": _("Enter the day, the month and the year of birth."),
        "year": _("Enter the year of birth with 4 digits, for example 1990."),
        "invalid": _("Enter a real date of birth, for example 27 3 1990."),
        "future": _("The date of birth must be in the past."),
        "past": _("Check the year of birth."),
    }

    def __init__(self, *, latest: dt.date | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.latest = latest

    def to_python(self, value: Any) -> dt.date | None:
        if isinstance(value, dt.date):
            return value
        parts = [western_digits(str(part or "")).strip() for part in (value or [])]
        if not any(parts):
            return None
        if not all(parts) or len(parts) != 3:
            raise ValidationError(self.error_messages["incomplete"], code="incomplete")
        if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if len(parts[2]) != 4:
            raise ValidationError(self.error_messages["year"], code="year")
        day, month, year = map(int, parts)
        try:
            return dt.date(year, month, day)
        except (ValueError, OverflowError):
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def validate(self, value: dt.date | None) -> None:
        super().validate(value)
        if value is None or self.latest is None:
            return
        if value > self.latest:
            raise ValidationError(self.error_messages["future"], code="future")
        if value.year < self.latest.year - 120:
            raise ValidationError(self.error_messages["past"], code="past")

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != initial
        except ValidationError:
            return True
