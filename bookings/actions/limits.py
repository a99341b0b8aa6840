"""How many requests, or new addresses, may wait for their proof: two for an address, five for a device."""

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
# New addresses of booked visits that wait for their proof; `ip` is the device that typed them.
COUNT_NEW_ADDRESSES = """
SELECT count(*) FILTER (WHERE new_email = %(email)s), count(*) FILTER (WHERE ip = %(ip)s::inet)
FROM bookings_consultation
WHERE new_email <> '' AND code_issued_at > %(since)s AND id <> %(own)s"""


class TooManyRequests(Refused):
    """One address or device has too many requests open that nobody has proven."""

    code = "too_many_requests"
    status = 429


def refuse_too_many(consultation: Consultation, *, now: dt.datetime) -> None:
    """Counts the unproven requests of one address and of one device, one request at a time.

    To be called inside a transaction. Raises TooManyRequests.
    """
    if _too_many(COUNT, consultation, consultation.email, now=now):
        raise TooManyRequests(
            _(
                "There are requests with this address that wait for their code. Use the code in "
                "the newest e-mail, or try again in 20 minutes, or call us."
            ),
            field="email",
        )


def refuse_too_many_new_addresses(consultation: Consultation, *, now: dt.datetime) -> None:
    """Counts the visits that want this address next, and those that this device wants to change.

    To be called inside a transaction. Raises TooManyRequests.
    """
    if _too_many(COUNT_NEW_ADDRESSES, consultation, consultation.new_email, now=now):
        raise TooManyRequests(
            _("We have sent several codes already. Try again in 20 minutes, or call us."),
            field="email",
        )


def _too_many(count: str, consultation: Consultation, email: str, *, now: dt.datetime) -> bool:
    asked = {
        "email": email,
        "ip": consultation.ip,
        "now": now,
        "since": now - HOLD,
        "own": consultation.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME, asked)  # a statement of its own: the count sees who was first
        cursor.execute(count, asked)
        of_address, of_device = cursor.fetchone()
    return of_address >= UNPROVEN_PER_ADDRESS or of_device >= UNPROVEN_PER_IP
