"""The desk's pages about calendar feeds: a dermatologist's own, and the one that the lead can end."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from bookings import actions, links
from clinic.admin import desk, person
from clinic.models import Dermatologist

Act = Callable[..., Dermatologist]
# What a button asks for: the action, what the history keeps, what the person is told.
ACTS: dict[str, tuple[Act, str, Any]] = {
    "make": (
        actions.make_feed,
        gettext_noop("Made the calendar feed."),
        _("Your calendar feed is ready."),
    ),
    "replace": (
        actions.replace_feed,
        gettext_noop("Gave the calendar feed a new address."),
        _("Your calendar feed has a new address. The old one has ended."),
    ),
    "end": (
        actions.end_feed,
        gettext_noop("Ended the calendar feed."),
        _("The calendar feed has ended."),
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
def my_feed(request: HttpRequest) -> HttpResponse:
    """A dermatologist's own feed: made, its address seen, replaced, ended."""
    dermatologist = _own(request)
    if dermatologist is None:
        raise PermissionDenied
    if request.method == "POST":
        _act(request, dermatologist, among=("make", "replace", "end"))
        return redirect("my_feed")
    address = ""
    if dermatologist.feed_serial:
        path = reverse("calendar_feed", args=[links.feed_token(dermatologist)])
        address = settings.SITE_URL + path
    context = {"title": gettext("My calendar feed"), "address": address}
    return _page(request, "admin/bookings/my_feed.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def feed_of(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody's feed, for the lead: whether there is one, and its end; never its address."""
    if not request.user.has_perm("clinic.change_dermatologist"):
        raise PermissionDenied
    dermatologist = get_object_or_404(Dermatologist, pk=pk)
    if request.method == "POST":
        _act(request, dermatologist, among=("end",))
        return redirect("admin:clinic_dermatologist_change", pk)
    context = {"title": gettext("Calendar feed"), "original": dermatologist}
    return _page(request, "admin/bookings/feed_of.html", context)


def cards(request: HttpRequest) -> list[dict[str, Any]]:
    """The front page's way to the feed, for a dermatologist."""
    if _own(request) is None:
        return []
    return [{"label": gettext("My calendar feed"), "url": reverse("my_feed")}]


def _own(request: HttpRequest) -> Dermatologist | None:
    """The dermatologist who is signed in, if they may see visits."""
    if not request.user.has_perm("bookings.view_consultation"):
        return None
    return Dermatologist.objects.filter(user=person(request)).first()


def _act(request: HttpRequest, dermatologist: Dermatologist, *, among: tuple[str, ...]) -> None:
    """Does what the button says, keeps it in the history (never an address), and says it."""
    asked = request.POST.get("do", "")
    if asked not in among:
        raise BadRequest("This page has no such button.")
    act, kept, told = ACTS[asked]
    changed = act(dermatologist=dermatologist)
    desk.get_model_admin(Dermatologist).log_change(request, changed, kept)
    messages.success(request, told)


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    opts = Dermatologist._meta
    return TemplateResponse(
        request, template, {**desk.each_context(request), "opts": opts, **context}
    )
