"""What the road's pages share: whose turn it is, what was asked about, and refusals in words."""

import datetime as dt

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from bookings.road import NOT_SURE, Road, SeeOther
from clinic.errors import Refused
from clinic.models import Concern, Treatment


def out_of_turn(road: Road) -> HttpResponse:
    """A page whose turn has not come, or is over: on to the one whose turn it is."""
    if road.request.method != "POST":
        return redirect(road.next_url())
    if road.next_page not in ("start", "booked"):
        messages.info(
            road.request, _("Please answer this question first. We have kept what you typed.")
        )
    return SeeOther(road.next_url())


def refuse(road: Road, refusal: Refused, *, now: dt.datetime) -> HttpResponse:
    """A page that says why not and how to go on; nothing was stored, every answer is kept."""
    return render(
        road.request,
        "bookings/refused.html",
        road.frame(road.next_page if road.next_page != "start" else "what", now=now)
        | {"reason": str(refusal), "next_url": road.next_url()},
        status=refusal.status,
    )


def put_error(form: Form, refusal: Refused) -> None:
    """An action's refusal as an error of the field that it names."""
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


def about_asked(value: object) -> tuple[Treatment, Concern | None] | None:
    """The treatment and the concern behind an answer such as "mesotherapy|cellulite"."""
    slug, _bar, concern_slug = str(value or "").partition("|")
    if slug in ("", NOT_SURE) or "\x00" in f"{slug}{concern_slug}":
        return None
    treatment = Treatment.objects.offered().filter(slug=slug).first()
    if treatment is None:
        return None
    concern = treatment.concerns.filter(slug=concern_slug).first() if concern_slug else None
    return treatment, concern


def treatment_asked(road: Road) -> Treatment | None:
    """What this person wants to talk about: of the request, or as answered so far."""
    if road.consultation is not None:
        return road.consultation.treatment
    found = about_asked(road.answers.get("about"))
    return found[0] if found else None
