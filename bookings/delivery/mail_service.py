"""A mail service with an API in the mail server's place: one call for each e-mail, and what its answers mean."""

import ssl
from typing import Any

import requests
import urllib3
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
)
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from bookings.delivery.answers import (
    BadAddress,
    LoginRefused,
    NobodyKnows,
    NotNow,
    NotTaken,
    RefusesUs,
    Unreachable,
)

# Raised before anything was sent.
NOT_BEGUN = (
    requests.ConnectTimeout,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    ssl.SSLCertVerificationError,
)
LOGIN = (401,)
LATER = (408, 425, 429)
# A gateway's words: what stands behind it may have taken the e-mail (RFC 9110 sections 15.6.3, 15.6.5).
GATEWAYS = (502, 504)


class FailedThere(AnymailError):
    """The service took the call, and says that it does not send the e-mail."""


def hand_over(backend: BaseEmailBackend, email: EmailMessage, *, sender: str) -> None:
    """One call. Nobody is followed: no picture that tells of opening, no links that lead elsewhere first.

    The service writes the date. Raises AnymailError, OSError.
    """
    service: Any = email
    service.envelope_sender = sender
    service.track_opens = service.track_clicks = False
    email.extra_headers.pop("Date", None)
    backend.send_messages([email])
    status = getattr(email, "anymail_status", None)
    if status is not None and status.status == {"failed"}:
        raise FailedThere


def not_taken(error: Exception) -> NotTaken:
    """What an error of the call means, with HTTP's status for the desk."""
    if isinstance(error, AnymailRecipientsRefused | AnymailInvalidAddress):
        return BadAddress()
    code = getattr(error, "status_code", None)
    if code is not None:
        return _by_status(code)
    if not isinstance(error, AnymailAPIError | OSError):
        return RefusesUs()  # Anymail could not put the call together, or the service failed it
    if any(isinstance(one, NOT_BEGUN) for one in _causes(error)):
        return Unreachable()
    return NobodyKnows()


def _by_status(code: int) -> NotTaken:
    """RFC 9110 section 15. A yes that cannot be read is no "no"."""
    answer = str(code)
    if code in LOGIN:
        return LoginRefused(answer)
    if code in LATER:
        return NotNow(answer)
    if code < 300 or code in GATEWAYS:
        return NobodyKnows(answer)
    return NotNow(answer) if code >= 500 else RefusesUs(answer)


def _causes(error: BaseException) -> list[BaseException]:
    """An error and all that it says it comes from; `reason` is urllib3's word for it."""
    found: list[BaseException] = []
    todo: list[Any] = [error]
    while todo:
        one = todo.pop()
        if isinstance(one, BaseException) and one not in found:
            found.append(one)
            todo += [one.__cause__, getattr(one, "reason", None), *one.args]
    return found
