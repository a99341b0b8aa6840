"""One message as the e-mail that a patient reads: in their language, text first, HTML second.

Each kind has one template, which is written out twice: with a pen for text, where Unicode isolates
keep numbers and names in their place, and with one for HTML, where elements do. So both say the same.
No subject tells anything about health, and nothing that was typed stands in an e-mail to an address
that nobody has proven.
"""

import datetime as dt
import re
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from email.mime.image import MIMEImage
from email.utils import format_datetime, formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation

from bookings import calendar
from bookings.emails import staff
from bookings.emails.pens import HTML, TEXT, one_line
from bookings.emails.words import (
    KINDS,
    RECEIPT_PICTURE,
    WITH_CALENDAR,
    facts,
    receipt_in,
    stop_url,
    subject,
    told,
    words,
)
from bookings.models import Consultation, Kind, Message
from bookings.receipts import Receipt
from clinic.models import Clinic

# No answers from machines, please (RFC 3834); word that it could not be delivered we do want, so Exchange
# is not asked for "All", which would keep that back too (MS-OXCMAIL 2.1.3.2.20: NDR).
NO_ANSWERS = {
    "Auto-Submitted": "auto-generated",
    "Precedence": "bulk",
    "X-Auto-Response-Suppress": "DR, RN, NRN, OOF, AutoReply",
}


def compose(
    message: Message, *, now: dt.datetime, clinic: Clinic | None = None
) -> EmailMultiAlternatives:
    """The e-mail, in the language of its message, from what the message brings: one that is in no
    database can be looked at too (samples.py).

    A sender's message brings its consultation as it was when it was claimed. Its Message-ID never
    changes, so that a copy sent twice can be known (RFC 5322 section 3.6.4).
    """
    if message.is_to_staff:
        return _to_staff(message, clinic, now=now)
    consultation = message.consultation
    assert consultation is not None
    clinic = clinic or Clinic.objects.get()
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    receipt = receipt_in(message, consultation)
    with translation.override(message.language):
        text, html = _text_and_html(message, consultation, clinic, receipt, now=now)
        email = EmailMultiAlternatives(
            subject=one_line(subject(message, consultation, clinic, now=now)),
            body=text,
            from_email=formataddr((one_line(clinic.name), address)),
            to=[message.addressee],
            reply_to=[clinic.email],
            headers=_headers(message, consultation.reference, now=now),
        )
        if message.kind == Kind.AFTERCARE:
            email.extra_headers |= _one_click(stop_url(consultation))
        email.attach_alternative(html, "text/html")
        if receipt:
            email.attach(_picture(receipt.qr_png, name=RECEIPT_PICTURE))
    if message.kind in WITH_CALENDAR and calendar.has_calendar(consultation):
        email.attach(_calendar_part(consultation, clinic, now=now))
    return email


def _text_and_html(
    message: Message,
    consultation: Consultation,
    clinic: Clinic,
    receipt: Receipt | None,
    *,
    now: dt.datetime,
) -> tuple[str, str]:
    """The template of its kind, written with each pen."""
    template = f"bookings/email/{KINDS[told(message, consultation)][0]}.txt"
    said = facts(message, consultation, clinic, now=now)
    text, html = (
        render_to_string(
            template, said | words(message, consultation, clinic, pen, receipt=receipt, now=now)
        )
        for pen in (TEXT, HTML)
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n", html


def _headers(message: Message, what: str, *, now: dt.datetime) -> dict[str, str]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2]
    return {
        "Message-ID": f"<{message.pk}.{what}@{domain}>",
        "Date": format_datetime(now),
        **NO_ANSWERS,
        "Content-Language": message.language,
    }


def _one_click(address: str) -> dict[str, str]:
    """The tips can be stopped from the mail program (RFC 8058); what belongs to a visit cannot."""
    return {
        "List-Unsubscribe": f"<{address}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _to_staff(
    message: Message, clinic: Clinic | None, *, now: dt.datetime
) -> EmailMultiAlternatives:
    """An e-mail to staff brings its own words; an answer goes to the clinic, once there is one."""
    clinic = clinic or Clinic.objects.the_clinic()
    languages = {"Content-Language": ", ".join(staff.languages(message))}
    email = EmailMultiAlternatives(
        subject=one_line(message.subject),
        body=message.body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[message.addressee],
        reply_to=[clinic.email] if clinic else [],
        headers=_headers(message, message.kind, now=now) | languages,
    )
    email.attach_alternative(staff.html(message), "text/html")
    return email


def _picture(png: bytes, *, name: str) -> MIMEImage:
    """A picture that the HTML shows by its Content-ID (RFC 2392): nothing is fetched from anywhere."""
    part = MIMEImage(png, "png")
    part.add_header("Content-ID", f"<{name}>")
    part.add_header("Content-Disposition", "inline", filename=f"{name}.png")
    return part


def _calendar_part(consultation: Consultation, clinic: Clinic, *, now: dt.datetime) -> MIMEBase:
    """The calendar file as it is, byte for byte; `method` as RFC 6047 section 2.4 asks."""
    method = calendar.method_of(consultation)
    part = MIMEBase("text", "calendar", method=method, charset="utf-8", name=calendar.FILE_NAME)
    part.set_payload(calendar.calendar_file(consultation, now=now, clinic=clinic))
    encode_base64(part)
    part.add_header("Content-Disposition", "attachment", filename=calendar.FILE_NAME)
    return part
