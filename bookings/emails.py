"""One message as the e-mail that a patient reads: in their language, text first, HTML second.

Each kind has one template, which is written out twice: with a pen for text, where Unicode isolates
keep numbers and names in their place, and with one for HTML, where elements do. So both say the same.
No subject tells anything about health, and nothing that was typed stands in an e-mail to an address
that nobody has proven.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from email.utils import format_datetime, formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookings import calendar, links
from bookings.links import Purpose
from bookings.models import Consultation, Kind, Message, MessageState, Status
from clinic import times
from clinic.context import EMERGENCY_NUMBER
from clinic.models import Clinic
from clinic.templatetags import clinic_pages

# The template of each kind, and its subject: a day at most, never anything about health.
KINDS = {
    Kind.CODE: ("code", gettext_lazy("Your code")),
    Kind.REQUEST_RECEIVED: ("request_received", gettext_lazy("We have your request")),
    Kind.FINISH: ("finish", gettext_lazy("Please finish your booking")),
    Kind.LINK: ("link", gettext_lazy("The new link to your page")),
    Kind.CONFIRMED: ("confirmed", gettext_lazy("Your visit is confirmed: %(day)s")),
    Kind.REMINDER_3_DAYS: ("reminder", gettext_lazy("Reminder of your visit: %(day)s")),
    Kind.REMINDER_1_DAY: ("reminder", gettext_lazy("Reminder of your visit: %(day)s")),
    Kind.MOVED: ("moved", gettext_lazy("Your visit was moved. It is now on %(day)s")),
    Kind.CANCELLED: ("cancelled", gettext_lazy("Cancelled: your visit on %(day)s")),
    Kind.HOLD_RAN_OUT: ("hold_ran_out", gettext_lazy("Please choose a time again")),
    Kind.AFTERCARE: ("aftercare", gettext_lazy("After your visit")),
}
REQUEST_CANCELLED = gettext_lazy("Cancelled: your request")
TIME_OFFERED = gettext_lazy("A time for your visit")
WITH_VISIT = (Kind.CONFIRMED, Kind.MOVED, Kind.REMINDER_3_DAYS, Kind.REMINDER_1_DAY)
WITH_CALENDAR = (Kind.CONFIRMED, Kind.MOVED, Kind.CANCELLED)
# Marks that turn the direction of the text around them (UAX #9); no name needs one.
TURNING = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
NUMBERED = re.compile(r"\d{1,2}\. ")


def compose(message: Message, *, now: dt.datetime) -> EmailMultiAlternatives:
    """The e-mail, in the language of its message. Everything in it is read anew from the database.

    Its Message-ID never changes, so that a copy sent twice can be known (RFC 5322 section 3.6.4).
    """
    consultation = Consultation.objects.for_desk().get(messages=message)
    clinic = Clinic.objects.get()
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    with translation.override(message.language):
        template = f"bookings/email/{KINDS[_told(message, consultation)][0]}.txt"
        text, html = (
            render_to_string(template, _words(message, consultation, clinic, pen, now=now))
            for pen in (TEXT, HTML)
        )
        email = EmailMultiAlternatives(
            subject=_one_line(_subject(message, consultation, clinic, now=now)),
            body=re.sub(r"\n{3,}", "\n\n", text).strip() + "\n",
            from_email=formataddr((_one_line(clinic.name), address)),
            to=[message.addressee],
            reply_to=[clinic.email],
            headers={
                "Message-ID": f"<{message.pk}.{consultation.reference}@{address.partition('@')[2]}>",
                "Date": format_datetime(now),
                "Auto-Submitted": "auto-generated",  # RFC 3834: no answers from machines, please
                "Content-Language": message.language,
            },
        )
    email.attach_alternative(html, "text/html")
    if message.kind in WITH_CALENDAR and calendar.has_calendar(consultation):
        email.attach(_calendar_part(consultation, now=now))
    return email


def _told(message: Message, consultation: Consultation) -> Kind:
    """The kind that the e-mail reads as: who waits to hear what it is about has nothing to finish.

    Only the words differ, not what is owed: the treatment may be set before the e-mail goes out.
    """
    waits = consultation.status == Status.WAITING and consultation.treatment is None
    if message.kind == Kind.FINISH and waits and consultation.is_proven:
        return Kind.LINK
    return Kind(message.kind)


def _is_held(consultation: Consultation, *, now: dt.datetime) -> bool:
    return consultation.status == Status.HELD and not consultation.hold_has_run_out(now=now)


def _subject(
    message: Message, consultation: Consultation, clinic: Clinic, *, now: dt.datetime
) -> str:
    if message.step is not None:
        return message.step.subject
    starts_at, kind = consultation.starts_at, _told(message, consultation)
    if starts_at is None or (kind == Kind.CANCELLED and not consultation.confirmed_at):
        return str(REQUEST_CANCELLED if kind == Kind.CANCELLED else KINDS[kind][1])
    if kind == Kind.FINISH and consultation.time_chosen_by_staff:
        return str(TIME_OFFERED if _is_held(consultation, now=now) else KINDS[kind][1])
    day = times.day_in_words(times.local_day(starts_at, clinic.zone), message.language)
    return str(KINDS[kind][1]) % {"day": day}


def _calendar_part(consultation: Consultation, *, now: dt.datetime) -> MIMEBase:
    """The calendar file as it is, byte for byte; `method` as RFC 6047 section 2.4 asks."""
    method = calendar.method_of(consultation)
    part = MIMEBase("text", "calendar", method=method, charset="utf-8", name=calendar.FILE_NAME)
    part.set_payload(calendar.calendar_file(consultation, now=now))
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=calendar.FILE_NAME)
    return part


# --- The two pens ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pen:
    """How times, names and numbers are written so that the text beside them stays in order."""

    base: str
    time: Callable[[dt.datetime, times.Zone], str]
    phone: Callable[[object], str]
    reference: Callable[[object], str]
    name: Callable[[str], str]
    number: Callable[[object], str]
    prose: Callable[[str], str]
    urgent: Callable[[str], str]


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
    prose=str.strip,
    urgent=str.strip,
)
HTML = Pen(
    base="bookings/email/base_email.html",
    time=clinic_pages.clinic_time,
    phone=clinic_pages.phone,
    reference=clinic_pages.reference,
    name=lambda words: format_html("<bdi>{}</bdi>", words),
    number=lambda number: format_html('<bdi dir="ltr">{}</bdi>', number),
    prose=_prose_in_html,
    urgent=lambda text: format_html('<div class="urgent">{}</div>', _prose_in_html(text)),
)


# --- What the templates say ----------------------------------------------------------------------


def _words(
    message: Message, consultation: Consultation, clinic: Clinic, pen: Pen, *, now: dt.datetime
) -> dict[str, object]:
    """What every e-mail can say; each template says its part of it."""
    words: dict[str, object] = {
        "base": pen.base,
        "language": message.language,
        "clinic": clinic,
        "phone": pen.phone(clinic.phone),
        "tel": clinic_pages.tel(clinic.phone),
        "emergency_number": pen.number(EMERGENCY_NUMBER),
        "consultation": consultation,
        "is_held": _is_held(consultation, now=now),
        "needs_time": consultation.status == Status.WAITING and consultation.treatment is not None,
        "has_calendar": calendar.has_calendar(consultation),
        "details": _details(message, consultation, clinic, pen),
        "link": _link(message, consultation),
    }
    if consultation.starts_at is not None:
        words["when"] = pen.time(consultation.starts_at, clinic.zone)
        deadline = consultation.starts_at - clinic.cancel_notice
        words["deadline"] = pen.time(deadline, clinic.zone) if deadline > now else ""
    if consultation.hold_expires_at is not None:
        words["hold_until"] = pen.time(consultation.hold_expires_at, clinic.zone)
    if message.kind == Kind.CODE:
        words |= _words_of_code(consultation, clinic, pen)
    if _brings_the_receipt(message, consultation):
        words["receipt"] = pen.number(_in_groups(consultation.receipt))
    if message.kind == Kind.AFTERCARE:
        words |= _words_of_aftercare(message, consultation, clinic, pen)
    return words


def _brings_the_receipt(message: Message, consultation: Consultation) -> bool:
    """The confirmation does; so does word of a move if it is the first that the patient gets."""
    if message.kind == Kind.MOVED:
        told = consultation.messages.filter(kind=Kind.CONFIRMED, state=MessageState.SENT)
        return not told.exists()
    return message.kind == Kind.CONFIRMED


def _link(message: Message, consultation: Consultation) -> str:
    """The one address that the button leads to."""
    if message.kind == Kind.CODE:
        proof = links.token(consultation, Purpose.PROVE)
        return settings.SITE_URL + reverse("prove", args=[proof])
    if message.kind == Kind.CANCELLED:
        return settings.SITE_URL + reverse("start")
    return calendar.page_url(consultation)


def _words_of_code(consultation: Consultation, clinic: Clinic, pen: Pen) -> dict[str, object]:
    """The six digits stand bare, for copying: digits alone keep their order in either direction."""
    assert consultation.code_issued_at is not None
    return {
        "code": links.code(consultation),
        "code_until": pen.time(consultation.code_issued_at + links.CODE_HOLDS, clinic.zone),
    }


def _words_of_aftercare(
    message: Message, consultation: Consultation, clinic: Clinic, pen: Pen
) -> dict[str, object]:
    assert message.step is not None
    assert message.session is not None
    step = message.step
    visit = times.local_day(message.session.took_place_at, clinic.zone)
    return {
        "title": step.title,
        "advice": pen.prose(step.body),
        "red_flags": pen.urgent(step.red_flags) if step.red_flags else "",
        "emergency": pen.urgent(step.emergency) if step.emergency else "",
        "visit_day": pen.name(times.day_in_words(visit, message.language)),
        "treatment": message.session.treatment.name if consultation.names_treatment else "",
        "approved_by": pen.name(step.approved_by.name),
        "approved_on": pen.name(times.day_in_words(step.approved_on, message.language)),
        "version": pen.number(step.version),
    }


def _details(
    message: Message, consultation: Consultation, clinic: Clinic, pen: Pen
) -> list[tuple[str, str]]:
    """The lines under the fact: label and value. Nothing typed before the address is proven."""
    rows = []
    starts_at, doctor = consultation.starts_at, consultation.dermatologist
    if message.kind in WITH_VISIT and starts_at is not None and doctor is not None:
        if not times.same_clock(starts_at, consultation.zone, clinic.zone):
            rows.append((_("Your own time"), pen.time(starts_at, consultation.zone)))
        rows.append((_("With"), pen.name(doctor.name)))
        if consultation.names_treatment and consultation.treatment is not None:
            rows.append((_("About"), pen.name(consultation.treatment.name)))
    if consultation.is_proven:
        label = _("Name") if message.kind in (Kind.CANCELLED, Kind.AFTERCARE) else _("For")
        rows.append((label, pen.name(_one_line(consultation.patient_name))))
    rows.append((_("Reference"), pen.reference(consultation.reference)))
    return rows


def _in_groups(receipt: str) -> str:
    """A hash in groups of eight, so that two can be compared by eye and a line can break."""
    return " ".join(receipt[at : at + 8] for at in range(0, len(receipt), 8))


def _one_line(words: str) -> str:
    """Words without line breaks, control characters or marks that turn the text around them."""
    kept = "".join(
        " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in words
    )
    return " ".join(kept.translate(TURNING).split())
