"""Visits as calendar files (RFC 5545), a patient's and a dermatologist's: when they are, and no details."""

import datetime as dt
import hashlib
import re
import uuid

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from icalendar import Calendar, Event, vCalAddress, vDuration, vText
from icalendar.enums import CLASS, STATUS, TRANSP

from bookings import links
from bookings.links import Purpose
from bookings.models import VISITED, Consultation, Status
from clinic.models import Clinic, Dermatologist

FILE_NAME = "visit.ics"
CONTENT_TYPE = "text/calendar; charset=utf-8"
FEED_GOES_BACK = dt.timedelta(days=30)
FEED_IS_ASKED_EVERY = dt.timedelta(minutes=30)
# All that a calendar is made of. What else is known of a person is not even read for the feed.
FEED_READS = ("reference", "starts_at", "ends_at", "revision", "status")
STAMP = re.compile(rb"^DTSTAMP:\S+\r\n", re.MULTILINE)


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


def calendar_file(
    consultation: Consultation, *, now: dt.datetime, clinic: Clinic | None = None
) -> bytes:
    """The calendar file of a visit that `has_calendar`; its SEQUENCE is the visit's revision.

    Times in UTC. Whoever can see the calendar learns that there is a video visit and when; neither
    treatment, patient, phone nor video room stand in it. The link asks a question before it tells.
    """
    clinic = clinic or Clinic.objects.the_clinic()
    assert clinic
    with translation.override(consultation.language):
        address = page_url(consultation)
        description = gettext("See, move or cancel your visit: %(link)s") % {"link": address}
        event = _event(consultation, clinic, address, description, now=now)
    calendar = _calendar(method_of(consultation))
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


# --- A dermatologist's feed ----------------------------------------------------------------------


def feed(dermatologist: Dermatologist, *, now: dt.datetime) -> bytes:
    """A dermatologist's visits, from thirty days back to the last one booked, in the active language.

    Each has the UID and the SEQUENCE of the patient's own file; times in UTC. Calendar programs ask
    again every half hour. A link leads to the desk, which asks for a sign-in; the
    patient, the reference, the treatment and the video room do not stand in it.
    """
    clinic = Clinic.objects.the_clinic()
    assert clinic
    calendar = _calendar("PUBLISH")
    name = gettext("Video visits: %(clinic)s") % {"clinic": clinic.name}
    # Each twice: by RFC 7986 (5.1, 5.7), and as calendar programs said it before.
    calendar.add("name", vText(name))
    calendar.add("x-wr-calname", vText(name))
    calendar.add("refresh-interval", FEED_IS_ASKED_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(FEED_IS_ASKED_EVERY))
    for consultation in _in_feed(dermatologist, now=now):
        page = reverse("admin:bookings_consultation_change", args=[consultation.pk])
        address = settings.SITE_URL + page
        description = gettext("See this visit at the desk: %(link)s") % {"link": address}
        calendar.add_component(_event(consultation, clinic, address, description, now=now))
    content: bytes = calendar.to_ical()
    return content


def etag_of(content: bytes) -> str:
    """A weak tag (RFC 9110, 8.8.1) of a calendar: the moment of its making alone changes nothing."""
    return f'W/"{hashlib.sha256(STAMP.sub(b"", content)).hexdigest()[:32]}"'


def _in_feed(dermatologist: Dermatologist, *, now: dt.datetime) -> QuerySet[Consultation]:
    """Visits that stand; and, until their time has come, cancelled ones, so that calendars drop them.

    A time that is only held is nobody's visit yet: most holds are over before a calendar asks again.
    """
    standing = Q(status__in=VISITED, starts_at__gte=now - FEED_GOES_BACK)
    called_off = Q(status=Status.CANCELLED, confirmed_at__isnull=False, starts_at__gt=now)
    visits = Consultation.objects.filter(standing | called_off, dermatologist=dermatologist)
    return visits.order_by("starts_at", "pk").only(*FEED_READS)


# --- What both are made of -----------------------------------------------------------------------


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//Clinic//Consultations//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def _event(
    consultation: Consultation, clinic: Clinic, address: str, description: str, *, now: dt.datetime
) -> Event:
    """One visit in the words of the active language."""
    assert consultation.starts_at and consultation.ends_at
    cancelled = consultation.status == Status.CANCELLED
    organizer = vCalAddress(f"mailto:{clinic.email}")
    organizer.params["cn"] = clinic.name
    return Event.new(
        uid=uid_of(consultation),
        stamp=now,
        start=consultation.starts_at.astimezone(dt.UTC),
        end=consultation.ends_at.astimezone(dt.UTC),
        sequence=consultation.revision,
        summary=gettext("Video visit: %(clinic)s") % {"clinic": clinic.name},
        description=description,
        url=address,
        organizer=organizer,
        status=STATUS.CANCELLED if cancelled else STATUS.CONFIRMED,
        classification=CLASS.PRIVATE,
        transparency=TRANSP.TRANSPARENT if cancelled else TRANSP.OPAQUE,
    )
