"""How a form writes a free time, and reads it back: on the pages and at the desk."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from bookings.actions import FreeTime
from clinic.i18n import Language
from clinic.models import Dermatologist

# "huda|2026-11-23T05:00:00Z/PT20M" (an interval of ISO 8601); "*" is any dermatologist, "*ar" any
# who speaks Arabic.
VALUE = re.compile(
    r"(?P<whose>[\w-]+|\*(?P<speaks>[a-z]{2})?)\|"
    r"(?P<starts>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)(/PT(?P<long>[0-9]{1,3})M)?",
    re.ASCII,
)


@dataclass(frozen=True)
class TimeChoice:
    """A free time as a form offers it; `value` is what the form sends back."""

    value: str
    starts_at: dt.datetime
    dermatologists: tuple[Dermatologist, ...]
    is_chosen: bool = False


@dataclass(frozen=True)
class TimeRead:
    """What a form's value says: whose time ("*": anybody's), from when until when (UTC)."""

    whose: str
    speaks: str
    starts_at: dt.datetime
    ends_at: dt.datetime | None


def time_value(whose: str, starts_at: dt.datetime, ends_at: dt.datetime | None) -> str:
    """A time as it stands in a form."""
    value = f"{whose}|{starts_at.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    long = (ends_at - starts_at) // dt.timedelta(minutes=1) if ends_at else 0
    return f"{value}/PT{long}M" if long else value


def time_of(value: object) -> TimeRead | None:
    """What a form's value says, or None for what is no such thing."""
    found = VALUE.fullmatch(str(value or ""))
    if found is None:
        return None
    try:
        starts_at = dt.datetime.fromisoformat(found["starts"])  # "Z" is UTC
    except ValueError:
        return None
    if not 2000 < starts_at.year < 9000 or found["speaks"] not in (None, *Language.values):
        return None
    ends_at = starts_at + dt.timedelta(minutes=int(found["long"])) if found["long"] else None
    return TimeRead(found["whose"], found["speaks"] or "", starts_at, ends_at)


def time_chosen(value: object) -> dict[str, Any] | None:
    """The time that a form sent as the actions take it, or None where there is no such one."""
    found = time_of(value)
    if found is None:
        return None
    dermatologist = None
    if not found.whose.startswith("*"):
        dermatologist = Dermatologist.objects.seeing_patients().filter(slug=found.whose).first()
        if dermatologist is None:
            return None
    return {
        "dermatologist": dermatologist,
        "speaks": found.speaks,
        "starts_at": found.starts_at,
        "ends_at": found.ends_at,
    }


def choices_of(
    free: Iterable[FreeTime], *, chosen: str = "", anybody: str = ""
) -> list[TimeChoice]:
    """Free times (in order) as choices; `chosen` is the value that is marked.

    With `anybody` ("*", "*ar"), a time that several dermatologists have is one choice.
    """
    marked = time_of(chosen)
    choices = []
    for starts_at, at_once in groupby(free, key=lambda one: one.starts_at):
        times = list(at_once)
        for group in [times] if anybody else [[one] for one in times]:
            whose = anybody if len(group) > 1 else group[0].dermatologist.slug
            slugs = {anybody, *(one.dermatologist.slug for one in group)}
            is_chosen = marked is not None and (
                marked.starts_at == starts_at and marked.whose in slugs
            )
            choices.append(
                TimeChoice(
                    time_value(whose, starts_at, group[0].ends_at),
                    starts_at,
                    tuple(one.dermatologist for one in group),
                    is_chosen,
                )
            )
    return choices
