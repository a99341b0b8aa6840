"""What the clients of the bench ask for."""

import datetime as dt
import json
import random
from urllib.parse import urlencode

import bookings.actions
from bookings.actions import FreeTime
from clinic import clock
from clinic.models import Treatment
from tests.bench import rows
from tests.clients import get, post

BARE = get("/api/bare/")
TREATMENT = "laser-hair-removal"


def times(days: int, **which: str) -> bytes:
    """The free times of so many days from tomorrow on."""
    tomorrow = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow += dt.timedelta(days=1)
    until = tomorrow + dt.timedelta(days=days)
    asked = {"from": tomorrow.isoformat(), "to": until.isoformat(), "limit": "1000", **which}
    return get(f"/api/times/?{urlencode(asked)}")


def free(database: str) -> list[FreeTime]:
    """What is free with anybody, in the first third of what can be booked; in any order."""
    rows.point_at(database)
    now = clock.now()
    found = bookings.actions.free_times(
        treatment=Treatment.objects.get(slug=TREATMENT),
        now=now,
        not_before=now + dt.timedelta(days=1),
        not_after=now + dt.timedelta(days=rows.DAYS_AHEAD / 3),
    )
    rows.point_at("postgres")
    random.Random(1).shuffle(found)
    return found


def booking(time: FreeTime, number: int) -> bytes:
    """A request for this time, from a person and a device that nobody else is."""
    body = {
        "treatment": TREATMENT,
        "concern": "cellulite",
        "dermatologist": time.dermatologist.slug,
        "starts_at": time.starts_at.isoformat(),
        "patient_name": "Reem",
        "email": f"bench{number}@example.com",
        "mobile": "+971500000123",
        "birth_date": "1990-05-17",
        "language": "en",
        "zone": "Asia/Dubai",
    }
    ip = f"10.{number // 65536 % 256}.{number // 256 % 256}.{number % 256}"
    return post("/api/consultations/", json.dumps(body).encode(), ip=ip)
