"""A dermatologist's calendar feed, as tests and calendar programs ask for it."""

from django.test import Client
from icalendar import Calendar

import bookings.actions
from bookings import links
from tests import desk, make


def address(slug: str = "huda", *, language: str = "en") -> str:
    """The address of this dermatologist's feed, who can sign in and has one."""
    desk.dermatologist(slug)  # who can sign in
    dermatologist = bookings.actions.make_feed(dermatologist=make.dermatologist(slug))
    prefix = "/ar" if language == "ar" else ""
    return f"{prefix}/calendar/{links.feed_token(dermatologist)}/visits.ics"


def events(of: str) -> dict[str, Calendar]:
    """The visits that a feed shows, by their UIDs."""
    answer = Client().get(of)
    assert answer.status_code == 200
    return {event["UID"]: event for event in Calendar.from_ical(answer.content).walk("VEVENT")}
