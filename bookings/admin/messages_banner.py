"""What every page of the desk says while no e-mails go out: since when, why, and what happens next."""

import datetime as dt

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext

from bookings import health
from bookings.admin.columns import moment
from bookings.models import Relay
from clinic import times
from clinic.admin import now_of


def banners(request: HttpRequest) -> list[str]:
    """The sentences, for who may see e-mails: one query while all is well."""
    if not (request.user.is_staff and request.user.has_perm("bookings.view_message")):
        return []
    now, relay = now_of(request), Relay.objects.get()
    found = []
    if relay.opened_at is not None:
        found.append(_left_alone(relay, now=now))
    elif health.puts_us_off(relay, now=now):
        found.append(_puts_us_off(relay))
    if health.nobody_asks(relay, now=now):
        found.append(_nobody_asks(relay))
    return found


def _left_alone(relay: Relay, *, now: dt.datetime) -> str:
    """The mail server takes nothing: nobody sends, and one e-mail at a time tries it again."""
    count = health.waiting(now=now)
    wait = ngettext("%(count)s e-mail waits.", "%(count)s e-mails wait.", count) % {"count": count}
    return format_html(
        "{} {} {} {}",
        format_html(gettext("No e-mail is sent since {when}."), when=moment(relay.opened_at)),
        relay.get_why_display(),
        _next_try(relay),
        wait,
    )


def _puts_us_off(relay: Relay) -> str:
    """It answers "not now" to all: each is tried again by itself, but somebody should know why."""
    return format_html(
        "{} {}",
        format_html(
            gettext("The mail server puts us off since {when}: it has taken no e-mail."),
            when=moment(relay.put_off_since),
        ),
        gettext("Each is tried again. Tell who looks after the mail server."),
    )


def _next_try(relay: Relay) -> str:
    assert relay.probe_at is not None  # a constraint says so
    at = times.clock(relay.probe_at, timezone.get_current_timezone())
    return format_html(gettext("Next try: {at}."), at=format_html('<bdi dir="ltr">{}</bdi>', at))


def _nobody_asks(relay: Relay) -> str:
    what = gettext("Tell who looks after this system: the sender of e-mails does not run.")
    if relay.ticked_at is None:
        return format_html("{} {}", gettext("Nobody has asked yet which e-mails are owed."), what)
    words = gettext("Nobody has asked since {when} which e-mails are owed.")
    return format_html("{} {}", format_html(words, when=moment(relay.ticked_at)), what)
