"""Whose consultation a request is about, and what goes with a time that was taken."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

import bookings.actions
from bookings import links
from bookings.actions.page_links import link_has_run_out
from bookings.api.shapes import OfferedTime, offered
from bookings.links import Purpose
from bookings.models import Consultation
from clinic.api.problems import Problem, ProblemDocument
from clinic.errors import Refused
from clinic.models import Treatment

# For extend_schema(auth=...): the name of the scheme is in the settings.
ROAD: Any = [{"road": []}]


class NotSignedIn(Refused):
    """No token, or one that is unknown, foreign or ended: all look alike."""

    code = "not_signed_in"
    status = 401


def on_the_road(request: Request, *, now: dt.datetime) -> Consultation:
    """The consultation that the bearer token stands for (RFC 6750). Raises NotSignedIn."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    found = links.find(token.strip(), Purpose.ROAD) if scheme.lower() == "bearer" else None
    if found is None or link_has_run_out(found, now=now):
        raise NotSignedIn(
            _("Send the token of your request as “Authorization: Bearer”, or ask for a new visit.")
        )
    return found


@contextlib.contextmanager
def nearest_if_taken(
    asked: dict[str, Any],
    *,
    treatment: Treatment | None,
    now: dt.datetime,
    own: Consultation | None = None,
) -> Iterator[None]:
    """Adds the nearest three free times to the refusal of a time that cannot be had."""
    try:
        yield
    except bookings.actions.TimeTaken as taken:
        nearest = bookings.actions.nearest_times(
            treatment=treatment,
            wanted=asked.get("starts_at", now),
            now=now,
            dermatologist=asked.get("dermatologist"),
            language=asked.get("speaks", ""),
            own=own,
        )
        raise Problem(taken, alternatives=offered(nearest)) from taken


class SlotTaken(ProblemDocument):
    """RFC 9457. Where a time cannot be had (`type` ends in slot_taken, time_not_offered or
    own_visit_then), `alternatives` are the nearest free times."""

    alternatives = OfferedTime(many=True, required=False)
