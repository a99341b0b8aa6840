"""What pages and e-mails print with care: times, phones and references, in either direction."""

import datetime as dt
from typing import Any

import phonenumbers
from django import template
from django.conf import settings
from django.forms import BoundField, CheckboxInput
from django.forms.widgets import ChoiceWidget, MultiWidget
from django.urls import translate_url
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from clinic import times
from clinic.i18n import active_language

register = template.Library()

START = {"en": "/", "ar": "/ar/"}


# --- Times -----------------------------------------------------------------------------------


@register.simple_tag
def clinic_time(moment: dt.datetime, zone: times.Zone) -> str:
    """`{% clinic_time visit.starts_at clinic.zone %}`: day, clock and zone in words."""
    return _time(moment, times.in_words(moment, zone, active_language(), isolated=True))


@register.simple_tag
def clinic_hours(starts: dt.datetime, ends: dt.datetime, zone: times.Zone) -> str:
    """`{% clinic_hours starts_at ends_at zone %}`: "..., from 10:00 to 10:20, Dubai time"."""
    words = times.between_in_words(starts, ends, zone, active_language(), isolated=True)
    return _time(starts, words)


@register.simple_tag
def your_time(moment: dt.datetime, zone: times.Zone, clinic_zone: times.Zone) -> str:
    """The patient's own time under the clinic's, or nothing when their clocks agree."""
    if times.same_clock(moment, zone, clinic_zone):
        return ""
    shown = clinic_time(moment, zone)
    return format_html('<span class="your-time">{} {}</span>', gettext("Your time:"), shown)


@register.simple_tag
def your_clock(moment: dt.datetime, zone: times.Zone, clinic_zone: times.Zone) -> str:
    """`your_time` in a small card: "06:00 in London", with the day only where it is another one."""
    if times.same_clock(moment, zone, clinic_zone):
        return ""
    city = format_html("<bdi>{}</bdi>", times.city_of(zone, active_language()))
    words = format_html(gettext("{clock} in {city}"), clock=clinic_clock(moment, zone), city=city)
    if times.local_day(moment, zone) != times.local_day(moment, clinic_zone):
        words = format_html("{}<br>{}", clinic_day(moment, zone), words)
    return format_html('<span class="your-time">{}</span>', words)


@register.simple_tag
def clinic_day(moment: dt.date, zone: times.Zone | None = None) -> str:
    """`{% clinic_day starts_at zone %}`, or `{% clinic_day date %}`: "Tuesday 24 November 2026"."""
    day = times.local_day(moment, zone) if zone and isinstance(moment, dt.datetime) else moment
    return format_html("<bdi>{}</bdi>", times.day_in_words(day, active_language()))


@register.simple_tag
def clinic_date(day: dt.date) -> str:
    """`{% clinic_date birth_date %}`: "24 November 2026", for a day whose weekday nobody asks for."""
    return format_html("<bdi>{}</bdi>", times.date_in_words(day, active_language()))


@register.simple_tag
def clinic_clock(moment: dt.datetime, zone: times.Zone) -> str:
    """`{% clinic_clock starts_at zone %}`: "14:05"."""
    clock = times.clock(moment, zone)
    return format_html('<time datetime="{}" dir="ltr">{}</time>', _stamp(moment), clock)


@register.simple_tag
def clinic_zone(moment: dt.datetime, zone: times.Zone) -> str:
    """`{% clinic_zone now clinic.zone %}`: "Dubai time (GMT+4)"."""
    return _elements(times.zone_in_words(zone, moment, active_language(), isolated=True))


@register.simple_tag
def clinic_time_text(moment: dt.datetime, zone: times.Zone) -> str:
    """`clinic_time` for a text e-mail: isolates instead of elements."""
    return times.in_words(moment, zone, active_language(), isolated=True)


@register.filter
def marked(words: str) -> str:
    """Words of ours with Unicode isolates, with elements instead. Not for what people typed."""
    return _elements(words)


def _time(moment: dt.datetime, words: str) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', _stamp(moment), _elements(words))


def _elements(words: str) -> SafeString:
    """The isolates of a text as the elements that mean the same in HTML."""
    elements = (
        escape(words)
        .replace(times.LRI, '<bdi dir="ltr">')
        .replace(times.FSI, "<bdi>")
        .replace(times.PDI, "</bdi>")
    )
    return mark_safe(elements)  # noqa: S308 escaped above


def _stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="minutes")


# --- Phones and references -------------------------------------------------------------------


@register.filter
def phone(number: Any) -> str:
    """`{{ clinic.phone|phone }}`: "+971 50 123 4567", left to right in both languages."""
    return format_html('<bdi dir="ltr" class="phone">{}</bdi>', phone_plain(number))


@register.filter
def phone_text(number: Any) -> str:
    """A phone number for a text e-mail."""
    return f"{times.LRI}{phone_plain(number)}{times.PDI}"


@register.filter
def tel(number: Any) -> str:
    """The address to call a number: `href="tel:{{ clinic.phone|tel }}"`."""
    parsed = _parsed(number)
    if parsed is None:
        return "".join(letter for letter in str(number or "") if letter in "+0123456789")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@register.filter
def reference(code: object) -> str:
    """`{{ consultation.reference|reference }}`: "K7QM-2F4D", in groups that can be read aloud."""
    return format_html('<bdi dir="ltr" class="reference">{}</bdi>', grouped(code))


@register.filter
def reference_text(code: object) -> str:
    """A reference for a text e-mail."""
    return f"{times.LRI}{grouped(code)}{times.PDI}"


def grouped(code: object) -> str:
    """A reference in groups of four, whether or not it came with its dashes."""
    plain = str(code or "").replace("-", "").replace(" ", "").upper()
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def phone_plain(number: Any) -> str:
    """A number as people write it internationally; what is no phone number stays as it was."""
    parsed = _parsed(number)
    if parsed is None:
        return str(number or "")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _parsed(number: Any) -> phonenumbers.PhoneNumber | None:
    if not isinstance(number, phonenumbers.PhoneNumber):
        try:
            number = phonenumbers.parse(str(number or ""), settings.PHONENUMBER_DEFAULT_REGION)
        except phonenumbers.NumberParseException:
            return None
    return number if phonenumbers.is_possible_number(number) else None


# --- The page's frame and its forms ----------------------------------------------------------


@register.simple_tag(takes_context=True)
def other_language(context: template.Context) -> dict[str, str]:
    """The language switch: this page in the other language, or its start page if it has none."""
    code, name = ("en", "English") if active_language() == "ar" else ("ar", "العربية")
    url = context.get("other_language_url")
    if not url and (request := context.get("request")):
        here = request.get_full_path()
        there = translate_url(here, code)
        url = there if there != here else ""
    return {"code": code, "name": name, "url": url or START[code]}


@register.simple_tag
def start_url() -> str:
    """Where the clinic's name leads: the start page in the page's language."""
    return START[active_language()]


@register.filter
def control(field: BoundField) -> str:
    """How a field is laid out: "tick" (one checkbox), "choices", "parts", or "input"."""
    widget = field.field.widget
    if isinstance(widget, CheckboxInput):
        return "tick"
    if isinstance(widget, ChoiceWidget) and widget.use_fieldset:
        return "choices"
    return "parts" if isinstance(widget, MultiWidget) else "input"


@register.filter
def first_id(field: BoundField) -> str:
    """The id of the first thing to fill in, for the error summary's link."""
    kind = control(field)
    if kind == "choices" and len(field):
        return field[0].id_for_label or field.auto_id
    return f"{field.auto_id}_0" if kind == "parts" else field.id_for_label
