"""Fields for what people type by hand: names, e-mail addresses, phones, codes."""

import difflib
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField

from clinic.forms import CODE, EMAIL, NAME, PHONE, western_digits
from clinic.plain_words import typed_words

COMMON_DOMAINS = (
    *("gmail.com", "googlemail.com", "hotmail.com", "hotmail.co.uk", "outlook.com", "live.com"),
    *("live.co.uk", "msn.com", "yahoo.com", "yahoo.co.uk", "yahoo.co.in", "ymail.com"),
    *("icloud.com", "me.com", "mac.com", "mail.com", "gmx.com", "gmx.de", "aol.com"),
    *("proton.me", "protonmail.com", "emirates.net.ae", "eim.ae", "rediffmail.com"),
)


def has_control_characters(text: str) -> bool:
    """Line breaks, NUL and their like: in a name or an address they are a mistake or an attack."""
    return any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text)


def likely_address(email: str) -> str:
    """The address that was probably meant where the domain looks mistyped; "" where it looks right."""
    name, at, domain = email.lower().rpartition("@")
    if not at or domain in COMMON_DOMAINS:
        return ""
    near = difflib.get_close_matches(domain, COMMON_DOMAINS, n=1, cutoff=0.85)
    return f"{name}@{near[0]}" if near else ""


class NameField(forms.CharField):
    """A person's name, in one field and in any script."""

    default_error_messages = {
        "long": _("Use at most 120 letters. If the name is longer, leave out a part of it."),
        "characters": _("Write the name in one line, with letters only."),
        "letters": _("Write the name with letters."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs=NAME), **kwargs)

    def to_python(self, value: Any) -> str:
        name = typed_words(value)
        if has_control_characters(name):
            raise ValidationError(self.error_messages["characters"], code="characters")
        if name and not any(letter.isalpha() for letter in name):
            raise ValidationError(self.error_messages["letters"], code="letters")
        if len(name) > 120:
            raise ValidationError(self.error_messages["long"], code="long")
        return " ".join(name.split())


class AddressField(forms.EmailField):
    """An e-mail address."""

    default_error_messages = {
        "required": _("Enter your e-mail address."),
        "invalid": _("Enter an e-mail address in the right form, such as name@example.com."),
        "long": _("This e-mail address is too long. Enter another one."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.EmailInput(attrs=EMAIL), max_length=None, **kwargs)

    def to_python(self, value: Any) -> str:
        email = typed_words(value)
        if len(email) > 254:
            raise ValidationError(self.error_messages["long"], code="long")
        if has_control_characters(email):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(email) or ""


class MobileField(PhoneNumberField):
    """A phone number as people write it: 050 123 4567, 00971 50 ..., +44 ..., Arabic-Indic digits."""

    default_error_messages = {"required": _("Enter your mobile number.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(region="AE", widget=forms.TextInput(attrs=PHONE), **kwargs)
        self.error_messages["invalid"] = _(
            "Enter a phone number, such as 050 123 4567 or +971 50 123 4567."
        )

    def to_python(self, value: Any) -> Any:
        number = western_digits(typed_words(value))
        if len(number) > 40 or has_control_characters(number):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(number)


class CodeField(forms.CharField):
    """The six digits, typed or pasted with spaces and dashes, in Western or Arabic-Indic digits."""

    default_error_messages = {
        "required": _("Enter the 6 digits from our e-mail."),
        "invalid": _("The code has 6 digits and nothing else. You find it in our e-mail."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs=CODE), **kwargs)

    def to_python(self, value: Any) -> str:
        code = "".join(
            letter for letter in western_digits(typed_words(value)) if letter not in " -\xa0\u2009"
        )
        if code and not (len(code) == 6 and code.isascii() and code.isdigit()):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return code
