"""Where the road begins and begins again, and the button for more time."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

import bookings.actions
from bookings.own_page import OwnPage
from bookings.road import Road, SeeOther
from clinic import clock


def start(request: HttpRequest) -> HttpResponse:
    """What this is, what is needed, and for whom; nothing is stored before the first answer."""
    road = Road(request)
    begun = "road" in request.session
    context = {"road": road, "next_page": road.next_page if begun else "", "begun": begun}
    response = render(request, "bookings/start.html", context)
    if begun:
        add_never_cache_headers(response)
    return response


@never_cache
def start_over(request: HttpRequest) -> HttpResponse:
    """Forgets this browser's answers and own page, after a button; who shares it sees neither.

    A request that nobody has proven is let go.
    """
    road = Road(request)
    if request.method != "POST":
        return render(request, "bookings/start_again.html", {"road": road})
    consultation = road.consultation
    if consultation is not None and not consultation.is_proven:
        bookings.actions.cancel(consultation=consultation, now=clock.now(), by_patient=True)
    road.leave()
    OwnPage(request).close()
    return SeeOther(redirect("start").url)


@never_cache
def more_time(request: HttpRequest) -> HttpResponse:
    """Holds the time longer, from a page without a form of its own; back to that page."""
    road = Road(request)
    if request.method == "POST" and road.consultation is not None:
        bookings.actions.renew_hold(consultation=road.consultation, now=clock.now())
    here = request.POST.get("here", "")
    if not url_has_allowed_host_and_scheme(here, allowed_hosts={request.get_host()}):
        here = road.next_url()
    return SeeOther(here)
