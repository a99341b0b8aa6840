"""How many requests may wait for their proof: two for an address, five for a device."""

import datetime as dt

from django.db import connection
from django.utils.translation import gettext_lazy as _

from bookings.actions.holding import HOLD
from bookings.models import Consultation
from clinic.errors import Refused

UNPROVEN_PER_ADDRESS = 2
UNPROVEN_PER_IP = 5
# Always the address first: no two wait for each other.
ONE_AT_A_TIME = """
SELECT pg_advisory_xact_lock(hashtextextended('email:' || %(email)s, 0)),
       pg_advisory_xact_lock(hashtextextended('ip:' || %(ip)s, 0))"""
COUNT = """
SELECT count(*) FILTER (WHERE email = %(email)s), count(*) FILTER (WHERE ip = %(ip)s::inet)
FROM bookings_consultation
WHERE (email = %(email)s OR ip = %(ip)s::inet)
  AND proven_at IS NULL AND status <> 'cancelled' AND entered_by_id IS NULL
  AND (hold_expires_at > %(now)s OR status = 'waiting' AND asked_at > %(since)s)
  AND id IS DISTINCT FROM %(own)s"""


class TooManyRequests(Refused):
    """One address or device has too many requests open that nobody has proven."""

    code = "too_many_requests"
    status = 429


def refuse_too_many(consultation: Consultation, *, now: dt.datetime) -> None:
    """Counts the unproven requests of one address and of one device, one request at a time.

    To be called inside a transaction. Raises TooManyRequests.
    """
    asked = {
        "email": consultation.email,
        "ip": consultation.ip,
        "now": now,
        "since": now - HOLD,
        "own": consultation.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME, asked)  # a statement of its own: the count sees who was first
        cursor.execute(COUNT, asked)
        of_address, of_device = cursor.fetchone()
    if of_address >= UNPROVEN_PER_ADDRESS or of_device >= UNPROVEN_PER_IP:
        raise TooManyRequests(
            _(
                "There are requests with this address that wait for their code. Use the code in "
                "the newest e-mail, or try again in 20 minutes, or call us."
            ),
            field="email",
        )
