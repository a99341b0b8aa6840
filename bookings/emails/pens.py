"""How times, names and numbers are written: for text with Unicode isolates, for HTML with elements."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from clinic import times
from clinic.i18n import active_language
from clinic.plain_words import typed_words
from clinic.templatetags import clinic_pages

NUMBERED = re.compile(r"\d{1,2}\. ")
# A number as it is to be read from left to right: "48", "38.5", "+971 4 555 0100".
NUMBER = re.compile(r"(\+\d[\d ]*\d|\d(?:[\d.,:/-]*\d)?%?)")


@dataclass(frozen=True)
class Pen:
    """How times, names and numbers are written so that the text beside them stays in order."""

    base: str
    time: Callable[[dt.datetime, times.Zone], str]
    phone: Callable[[object], str]
    reference: Callable[[object], str]
    name: Callable[[str], str]
    number: Callable[[object], str]
    address: Callable[[str], str]  # in text bare and on a line of its own, for programs to find
    link: Callable[[str], str]
    line: Callable[[str], str]  # of the clinic's own words
    heading: Callable[[str], str]
    prose: Callable[[str], str]
    urgent: Callable[[str], str]
    title: Callable[[str], str]  # of a part of the e-mail
    picture: Callable[[str, str], str]  # its Content-ID, and what it shows


def one_line(words: str) -> str:
    """Words without line breaks, control characters or marks that turn the text around them."""
    if not words.isprintable():
        words = "".join(" " if _ends_a_line(letter) else letter for letter in words)
    return " ".join(typed_words(words).split())


def _ends_a_line(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Zl", "Zp")


def _lines(prose: str) -> list[str]:
    """The clinic's own text in lines that bring nothing but words, without empty ones around it."""
    return "\n".join(one_line(line) for line in prose.splitlines()).strip().split("\n")


def _line_in_text(line: str) -> str:
    """In Arabic each number is isolated (UAX #9), the one before a step too."""
    if active_language() != "ar":
        return line
    return NUMBER.sub(lambda number: f"{times.LRI}{number[0]}{times.PDI}", line)


def _prose_in_text(prose: str) -> str:
    return "\n".join(_line_in_text(line) for line in _lines(prose))


def _prose_in_html(prose: str) -> SafeString:
    """The clinic's paragraphs and lists ("1. " or "- " at the start of each line) as elements."""
    blocks = [
        list(lines)
        for is_text, lines in groupby(_lines(prose), key=lambda line: line != "")
        if is_text
    ]
    return mark_safe("\n".join(_block_in_html(lines) for lines in blocks))  # noqa: S308 escaped below


def _block_in_html(lines: list[str]) -> SafeString:
    if all(NUMBERED.match(line) for line in lines):
        steps = [(_line_in_html(line.partition(". ")[2]),) for line in lines]
        first = int(lines[0].partition(".")[0])
        start = format_html(' start="{}"', first) if first != 1 else ""
        return format_html("<ol{}>{}</ol>", start, format_html_join("", "<li>{}</li>", steps))
    if all(line.startswith("- ") for line in lines):
        points = [(_line_in_html(line.removeprefix("- ")),) for line in lines]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", points))
    broken = format_html_join(mark_safe("<br>"), "{}", [(_line_in_html(line),) for line in lines])
    return format_html("<p>{}</p>", broken)


def _line_in_html(line: str) -> str:
    """As `_line_in_text`, with elements."""
    if active_language() != "ar":
        return line
    parts = NUMBER.split(line)  # every second one is a number
    marked = [(HTML.number(part) if at % 2 else part,) for at, part in enumerate(parts)]
    return format_html_join("", "{}", marked)


TEXT = Pen(
    base="bookings/email/base_email.txt",
    time=clinic_pages.clinic_time_text,
    phone=clinic_pages.phone_text,
    reference=clinic_pages.reference_text,
    name=lambda words: f"{times.FSI}{one_line(words)}{times.PDI}",
    number=lambda number: f"{times.LRI}{number}{times.PDI}",
    address="\n{}".format,
    link="\n{}".format,
    line=lambda words: _line_in_text(one_line(words)),
    heading=lambda words: _line_in_text(one_line(words)),
    prose=_prose_in_text,
    urgent=_prose_in_text,
    title=str,
    picture=lambda content_id, shows: "",
)
HTML = Pen(
    base="bookings/email/base_email.html",
    time=clinic_pages.clinic_time,
    phone=clinic_pages.phone,
    reference=clinic_pages.reference,
    name=lambda words: format_html("<bdi>{}</bdi>", one_line(words)),
    number=lambda number: format_html('<bdi dir="ltr">{}</bdi>', number),
    address=lambda address: format_html('<bdi dir="ltr">{}</bdi>', address),
    link=lambda address: format_html('<a href="{0}"><bdi dir="ltr">{0}</bdi></a>', address),
    line=lambda words: _line_in_html(one_line(words)),
    heading=lambda words: format_html("<h2>{}</h2>", _line_in_html(one_line(words))),
    prose=_prose_in_html,
    urgent=lambda text: format_html('<div class="urgent">{}</div>', _prose_in_html(text)),
    title=lambda words: format_html("<strong>{}</strong>", words),
    picture=lambda content_id, shows: format_html('<img src="cid:{}" alt="{}">', content_id, shows),
)
