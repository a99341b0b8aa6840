"""Pages of the site as a whole: a form that is too old, and the sign of life."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from clinic import clock


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What stands instead of Django's CSRF page: how to go on; nothing was stored."""
    return render(request, "403_csrf.html", status=403)


def healthz(request: HttpRequest) -> JsonResponse:
    """Whether this process answers and reaches PostgreSQL."""
    return JsonResponse({"ok": True, "now": clock.now().isoformat()})
