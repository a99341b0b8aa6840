"""Pages of the site as a whole: a form that is too old, what went wrong, and the sign of life."""

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from clinic import clock
from clinic.errors import DATABASE_AWAY, TRY_AGAIN_AFTER


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What stands instead of Django's CSRF page: how to go on; nothing was stored."""
    return render(request, "403_csrf.html", status=403)


def went_wrong(request: HttpRequest) -> HttpResponse:
    """What stands instead of a page that failed: 503 while PostgreSQL is away, else 500.

    Django calls it while it answers for the error. Neither page asks the database for anything.
    """
    if not isinstance(sys.exc_info()[1], DATABASE_AWAY):
        return HttpResponse(render_to_string("500.html"), status=500)
    page = HttpResponse(render_to_string("503.html"), status=503)
    page["Retry-After"] = str(TRY_AGAIN_AFTER)
    return page


def healthz(request: HttpRequest) -> JsonResponse:
    """Whether this process answers and reaches PostgreSQL."""
    return JsonResponse({"ok": True, "now": clock.now().isoformat()})
