"""How times, names and numbers are written: for text with Unicode isolates, for HTML with elements."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from clinic import times
from clinic.plain_words import typed_words
from clinic.templatetags import clinic_pages

NUMBERED = re.compile(r"\d{1,2}\. ")


@dataclass(frozen=True)
class Pen:
    """How times, names and numbers are written so that the text beside them stays in order."""

    base: str
    time: Callable[[dt.datetime, times.Zone], str]
    phone: Callable[[object], str]
    reference: Callable[[object], str]
    name: Callable[[str], str]
    number: Callable[[object], str]
    link: Callable[[str], str]
    prose: Callable[[str], str]
    urgent: Callable[[str], str]
    picture: Callable[[str, str], str]  # its Content-ID, and what it shows


def _prose_in_html(text: str) -> SafeString:
    """The clinic's paragraphs and lists ("1. " or "- " at the start of each line) as elements."""
    blocks = [block.splitlines() for block in re.split(r"\n\s*\n", text.strip())]
    return mark_safe("\n".join(_block_in_html(lines) for lines in blocks))  # noqa: S308 escaped below


def _block_in_html(lines: list[str]) -> SafeString:
    if all(NUMBERED.match(line) for line in lines):
        steps = [(line.partition(". ")[2],) for line in lines]
        return format_html("<ol>{}</ol>", format_html_join("", "<li>{}</li>", steps))
    if all(line.startswith("- ") for line in lines):
        points = [(line.removeprefix("- "),) for line in lines]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", points))
    broken = format_html_join(mark_safe("<br>"), "{}", [(line,) for line in lines])
    return format_html("<p>{}</p>", broken)


TEXT = Pen(
    base="bookings/email/base_email.txt",
    time=clinic_pages.clinic_time_text,
    phone=clinic_pages.phone_text,
    reference=clinic_pages.reference_text,
    name=lambda words: f"{times.FSI}{words}{times.PDI}",
    number=lambda number: f"{times.LRI}{number}{times.PDI}",
    link=lambda address: f"{times.LRI}{address}{times.PDI}",
    prose=str.strip,
    urgent=str.strip,
    picture=lambda content_id, shows: "",
)
HTML = Pen(
    base="bookings/email/base_email.html",
    time=clinic_pages.clinic_time,
    phone=clinic_pages.phone,
    reference=clinic_pages.reference,
    name=lambda words: format_html("<bdi>{}</bdi>", words),
    number=lambda number: format_html('<bdi dir="ltr">{}</bdi>', number),
    link=lambda address: format_html('<a href="{0}"><bdi dir="ltr">{0}</bdi></a>', address),
    prose=_prose_in_html,
    urgent=lambda text: format_html('<div class="urgent">{}</div>', _prose_in_html(text)),
    picture=lambda content_id, shows: format_html('<img src="cid:{}" alt="{}">', content_id, shows),
)


def one_line(words: str) -> str:
    """Words without line breaks, control characters or marks that turn the text around them."""
    kept = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in words
    )
    return " ".join(typed_words(kept).split())
