"""Two languages, both complete: fields come in pairs (`name_en`, `name_ar`), pages ask for `name`."""

from typing import Any, Literal

from django.db import models
from django.utils import translation
from django.utils.translation import gettext_lazy as _

LanguageCode = Literal["en", "ar"]


class Language(models.TextChoices):
    """The languages a patient can choose; every text that a patient meets exists in each."""

    ENGLISH = "en", _("English")
    ARABIC = "ar", _("Arabic")


CODES = frozenset(Language.values)  # Django puts `values` together anew each time


def active_language() -> str:
    """The language of the page that is being made: "en" or "ar"."""
    code = (translation.get_language() or Language.ENGLISH).split("-")[0]
    return code if code in CODES else Language.ENGLISH.value


def text_in(row: models.Model, field: str, language: str) -> str:
    """The words of `field` (say "name") of a row in one language, never in the other one."""
    return getattr(row, f"{field}_{language}")


class Translated:
    """A read-only attribute that gives a pair's text in the active language."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.field = name

    def __get__(self, row: Any, owner: type | None = None) -> Any:
        if row is None:
            return self
        return text_in(row, self.field, active_language())
