"""From where and with what a patient's page was asked for, and that it is the patient who asks."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from bookings.road import client_ip
from clinic.errors import Refused


class StaffCannotAct(Refused):
    """A member of staff is signed in at this browser: nobody acknowledges for a patient."""

    code = "staff_cannot_act"
    status = 403


class NotOurForm(Refused):
    """What was sent has fields that our page does not have, or one of them twice."""

    code = "not_our_form"
    status = 400


def circumstances_of(request: HttpRequest | Request) -> dict[str, Any]:
    """`ip`, `user_agent` and `missing`, as consent.actions.open_reading takes them.

    The address is believed as far as our own proxies tell it. `missing` says why one is blank:
    `behind_unknown_proxy` where our proxies should have said it and did not, `not_an_address`,
    `not_sent`, `not_readable`.
    """
    ip, why_no_ip = _ip(request)
    user_agent, why_no_user_agent = _user_agent(request)
    why = {"ip": why_no_ip, "user_agent": why_no_user_agent}
    return {
        "ip": ip,
        "user_agent": user_agent,
        "missing": {name: reason for name, reason in why.items() if reason},
    }


def _ip(request: HttpRequest | Request) -> tuple[str, str]:
    forwarded = request.headers.get("X-Forwarded-For", "")
    hops = [hop for hop in forwarded.split(",") if hop.strip()]
    if len(hops) < settings.TRUSTED_PROXIES:
        return "", "behind_unknown_proxy"
    ip = client_ip(request)
    if ip is None:
        return "", "not_an_address" if hops or request.META.get("REMOTE_ADDR") else "not_known"
    return ip, ""


def _user_agent(request: HttpRequest | Request) -> tuple[str, str]:
    """What the client calls itself, as text that PostgreSQL can store."""
    given = request.headers.get("User-Agent", "")
    readable = "".join(letter for letter in given if letter.isprintable()).strip()
    return readable, "" if readable else "not_readable" if given else "not_sent"


def is_staff_here(request: HttpRequest | Request) -> bool:
    """Whether somebody is signed in at this browser; only staff have a sign-in."""
    http: HttpRequest = getattr(request, "_request", request)
    return get_user(http).is_authenticated  # the API's own request knows nobody


def refuse_staff(request: HttpRequest | Request) -> None:
    """Raises StaffCannotAct for every act that is sent by a browser in which staff are signed in."""
    if is_staff_here(request):
        raise StaffCannotAct(
            _(
                "You are signed in as staff, and staff never acknowledge for a patient. Sign out, or hand "
                "the screen over."
            )
        )


def refuse_other_fields(request: HttpRequest, *names: str) -> None:
    """Raises NotOurForm for a field that our page does not have, such as a time, or one sent twice."""
    known = {"csrfmiddlewaretoken", *names}
    for name, values in request.POST.lists():
        if name not in known or len(values) > 1:
            raise NotOurForm(
                _(
                    "This form was not sent as our page has it, so nothing was stored. Please try again."
                )
            )
