"""Stopping the tips after a session: from their e-mails with one click (RFC 8058), and on the own page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

import bookings.actions
from bookings.actions import LinkEnded
from bookings.own_page import OwnPage
from bookings.road import SeeOther
from bookings.views.way_in import show_link_ended
from clinic import clock


@csrf_exempt  # a mail program has no session with us; the token is all that it needs (RFC 8058, 3.1)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Only a POST stops them: a mail program's one click, or the page's button. Seeing it changes nothing.

    The page tells nothing of whose tips they are.
    """
    now = clock.now()
    try:
        consultation = bookings.actions.find_to_stop(token=token, now=now)
    except LinkEnded:
        return show_link_ended(request)
    one_click = request.POST.get("List-Unsubscribe") == "One-Click"
    if one_click or "stop" in request.POST:
        bookings.actions.stop_tips(consultation=consultation, now=now)
        if one_click:  # who sends it follows no redirect (RFC 8058, 3.1)
            return HttpResponse(_("The tips have stopped."), content_type="text/plain")
        return SeeOther(request.path)
    context = {"stopped": consultation.tips_stopped_at is not None}
    return render(request, "bookings/stop_tips.html", context)


@never_cache
@require_POST
def tips(request: HttpRequest) -> HttpResponse:
    """The same on the own page, and "Send me the tips again"."""
    consultation, now = OwnPage(request).open_consultation, clock.now()
    if consultation is not None and "again" in request.POST:
        bookings.actions.resume_tips(consultation=consultation, now=now)
        messages.success(request, _("We send you the tips again."))
    elif consultation is not None and "stop" in request.POST:
        bookings.actions.stop_tips(consultation=consultation, now=now)
        messages.success(request, _("The tips have stopped."))
    return SeeOther(reverse("mine"))
