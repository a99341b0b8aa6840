"""What the tests of hours, openings and closures at the desk share."""

import datetime as dt
import zoneinfo

from bs4 import BeautifulSoup
from django.test import Client

from bookings.models import Season
from tests import desk

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
REFERENCE = r"[0-9A-Z]{4}-[0-9A-Z]{4}"


def form_of(address: str, client: Client) -> dict:
    """What the browser would send of a page's form as it stands."""
    return typed_in(client.get(address))


def typed_in(response) -> dict:
    """What the browser would send of the form on this page."""
    soup = BeautifulSoup(response.content, "html.parser")
    given: dict = {}
    for field in soup.select("#content-main form [name]"):
        if field.name == "select":
            chosen = field.select("option[selected]")
            given[field["name"]] = chosen[0]["value"] if chosen else ""
        elif field.name == "textarea":
            given[field["name"]] = field.get_text().strip()
        elif field.get("type") in ("checkbox", "radio"):
            if field.has_attr("checked"):
                given.setdefault(field["name"], []).append(field.get("value", "on"))
        elif field.get("type") != "submit" and "__prefix__" not in field["name"]:
            given[field["name"]] = field.get("value", "")
    return given


def said(response) -> str:
    """What the page says."""
    return BeautifulSoup(response.content, "html.parser").get_text(" ", strip=True)


def stretch(day: str = "2026-11-23", **fields) -> dict:
    """Whole days as the form of a closure or an extra opening asks for them, with a reason."""
    return {
        "dermatologist": "",
        "from_day": day,
        "from_time": "",
        "to_day": day,
        "to_time": "",
        "reason": "Leave",
    } | fields


def add(room: str, client: Client | None = None, **fields):
    """Types a closure or an opening in; by default the lead does."""
    address = desk.url(f"bookings_{room}_add")
    return (client or desk.lead()).post(address, stretch(**fields))


def line_of(given: dict, weekday: int) -> str:
    """The prefix of the first line with hours of this weekday."""
    return next(
        name.rpartition("-")[0]
        for name, value in given.items()
        if name.endswith("-weekday") and value == str(weekday)
    )


def season(first_day=dt.date(2026, 11, 23), last_day=dt.date(2026, 11, 29), **fields) -> Season:
    """A season; by default the week of the visits of tests/make.py."""
    names = {"name_en": "Ramadan", "name_ar": "رمضان"}
    return Season.objects.create(first_day=first_day, last_day=last_day, **(names | fields))
