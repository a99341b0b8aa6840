"""The ways in to a person's own page: the link from an e-mail, its light check, and a new link."""

import datetime as dt
import time

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

import bookings.actions
from bookings import links
from bookings.actions import DataErased, LinkEnded, TooManyTries, WrongAnswer
from bookings.forms.mine import CheckForm, NewLinkForm
from bookings.links import Purpose
from bookings.models import Consultation, Status
from bookings.own_page import OwnPage
from bookings.road import Road, SeeOther
from clinic import clock

LINKS_AT_MOST = 3  # new links for one address at once
ASKED_LATELY = dt.timedelta(days=365)
CANCELLED_LATELY = dt.timedelta(days=30)
NEW_LINK_TAKES = 0.15  # seconds, whether or not the address is known


@never_cache
@require_safe
def page_link(request: HttpRequest, token: str) -> HttpResponse:
    """A link from an e-mail: changes nothing but the session, and leaves the address bar at once."""
    now = clock.now()
    try:
        consultation = bookings.actions.open_page_link(token=token, now=now)
    except DataErased as gone:
        OwnPage(request).close()
        return render(request, "bookings/erased.html", status=gone.status)
    except LinkEnded:
        return show_link_ended(request)
    page = OwnPage(request)
    if page.open_consultation != consultation:
        page.open(consultation, checked=False)
    return SeeOther(reverse("mine" if page.is_checked else "mine_check"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The light check before details are shown; passing it also proves an address that waits for it."""
    page, now = OwnPage(request), clock.now()
    if page.consultation is None:
        return show_link_ended(request)
    if page.is_checked and page.consultation.is_proven:
        return SeeOther(reverse("mine"))
    form = CheckForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            return _pass_check(page, form.cleaned_data["answer"], now=now)
        except WrongAnswer as refusal:
            form.add_error(refusal.field, str(refusal))
        except (TooManyTries, LinkEnded):
            page.close()
            return show_link_ended(request)
    context = {"form": form, "proves": not page.consultation.is_proven}
    status = 400 if form.errors else 200
    return render(request, "bookings/mine_check.html", context, status=status)


def _pass_check(page: OwnPage, answer: str, *, now: dt.datetime) -> HttpResponse:
    assert page.consultation
    consultation = bookings.actions.check_person(consultation=page.consultation, answer=answer)
    if not consultation.is_proven and consultation.status != Status.CANCELLED:
        token = links.token(consultation, Purpose.PAGE)
        consultation = bookings.actions.prove_by_link(token=token, now=now, purpose=Purpose.PAGE)
    page.open(consultation, checked=True)
    return SeeOther(reverse("mine"))


def let_in(road: Road, consultation: Consultation) -> bool:
    """This browser, which proved the address, may see its own page; not after a newer link."""
    page = OwnPage(road.request)
    if page.open_consultation == consultation:
        return True
    if road.link_has_ended:
        return False
    page.open(consultation, checked=True)
    return True


# --- Links that have ended ----------------------------------------------------------------------


@never_cache
@require_safe
def link_ended(request: HttpRequest) -> HttpResponse:
    """One page for links that are unknown, run out, used or foreign."""
    return show_link_ended(request)


def show_link_ended(request: HttpRequest) -> HttpResponse:
    return render(request, "bookings/link_ended.html", {"form": NewLinkForm()}, status=404)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_link(request: HttpRequest) -> HttpResponse:
    """Sends new links; the answer and its time are the same whether or not we know the address."""
    began, now = time.monotonic(), clock.now()
    if request.method != "POST":
        sent = "sent" in request.GET
        return render(request, "bookings/new_link.html", {"form": NewLinkForm(), "sent": sent})
    form = NewLinkForm(request.POST)
    if not form.is_valid():
        return render(request, "bookings/new_link.html", {"form": form}, status=400)
    for consultation in _to_send_links_for(form.cleaned_data["email"], now=now):
        bookings.actions.send_link(consultation=consultation, now=now)
    time.sleep(max(0.0, NEW_LINK_TAKES - (time.monotonic() - began)))
    return SeeOther(reverse("new_link") + "?sent=1")


def _to_send_links_for(email: str, *, now: dt.datetime) -> list[Consultation]:
    """The newest consultations of an address; not those that a stranger typed it into."""
    theirs = Consultation.objects.filter(email=email, asked_at__gt=now - ASKED_LATELY)
    theirs = theirs.exclude(proven_at=None, entered_by=None)
    lately = Q(cancelled_at=None) | Q(cancelled_at__gt=now - CANCELLED_LATELY)
    return list(theirs.filter(lately).order_by("-asked_at", "-id")[:LINKS_AT_MOST])
