"""A visit as a calendar file (RFC 5545): when it is and where to see the rest, and no details."""

import datetime as dt
import uuid

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from icalendar import Calendar, Event, vCalAddress
from icalendar.enums import CLASS, STATUS, TRANSP

from bookings import links
from bookings.links import Purpose
from bookings.models import VISITED, Consultation, Status
from clinic.i18n import text_in
from clinic.models import Clinic

FILE_NAME = "visit.ics"
CONTENT_TYPE = "text/calendar; charset=utf-8"


def has_calendar(consultation: Consultation) -> bool:
    """Whether there is a visit to put into a calendar, or one to take out of it again."""
    if consultation.starts_at is None or consultation.confirmed_at is None:
        return False
    return consultation.status in (*VISITED, Status.CANCELLED)


def page_url(consultation: Consultation) -> str:
    """The whole address of the patient's own page, in the patient's language."""
    with translation.override(consultation.language):
        token = links.token(consultation, Purpose.PAGE)
        return settings.SITE_URL + reverse("page_link", args=[token])


def uid_of(consultation: Consultation) -> str:
    """The same for one consultation however often it is moved; it tells nothing (RFC 7986, 5.3)."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"consultation:{consultation.reference}"))


def method_of(consultation: Consultation) -> str:
    """PUBLISH, or CANCEL for a cancelled visit (RFC 5546, 3.2.1 and 3.2.5)."""
    return "CANCEL" if consultation.status == Status.CANCELLED else "PUBLISH"


def calendar_file(consultation: Consultation, *, now: dt.datetime) -> bytes:
    """The calendar file of a visit that `has_calendar`; its SEQUENCE is the visit's revision.

    Times in UTC. Whoever can see the calendar learns that there is a video visit and when; neither
    treatment, patient, phone nor video room stand in it. The link asks a question before it tells.
    """
    clinic = Clinic.objects.the_clinic()
    assert clinic and consultation.starts_at and consultation.ends_at
    cancelled = consultation.status == Status.CANCELLED
    organizer = vCalAddress(f"mailto:{clinic.email}")
    with translation.override(consultation.language):
        clinic_name = text_in(clinic, "name", consultation.language)
        organizer.params["cn"] = clinic_name
        summary = gettext("Video visit: %(clinic)s") % {"clinic": clinic_name}
        address = page_url(consultation)
        description = gettext("See, move or cancel your visit: %(link)s") % {"link": address}
    event = Event.new(
        uid=uid_of(consultation),
        stamp=now,
        start=consultation.starts_at.astimezone(dt.UTC),
        end=consultation.ends_at.astimezone(dt.UTC),
        sequence=consultation.revision,
        summary=summary,
        description=description,
        url=address,
        organizer=organizer,
        status=STATUS.CANCELLED if cancelled else STATUS.CONFIRMED,
        classification=CLASS.PRIVATE,
        transparency=TRANSP.TRANSPARENT if cancelled else TRANSP.OPAQUE,
    )
    calendar = Calendar()
    calendar.add("prodid", "-//Clinic//Consultations//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method_of(consultation))
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content
