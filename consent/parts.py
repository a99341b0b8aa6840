"""A side effect as pages lay it out: its parts in order, each under its heading."""

from django.utils.translation import gettext, override

from clinic.i18n import text_in
from consent.models import Risk


def headings_in(language: str) -> dict[str, str]:
    """The heading of each part below the name, in the order of the parts."""
    with override(language):
        return {
            "what_it_is": gettext("What it is"),
            "how_often": gettext("How often it happens"),
            "how_long": gettext("How long it lasts"),
            "what_helps": gettext("What helps"),
            "when_to_call": gettext("When to call us"),
        }


def parts_of(risk: Risk, language: str) -> list[dict[str, str]]:
    """The parts of a risk below its name, in one language: exactly what `words()` joins."""
    headings = headings_in(language)
    return [
        {"name": part, "heading": headings[part], "words": words}
        for part in Risk.PARTS
        if part in headings and (words := text_in(risk, part, language))
    ]
