"""What do you want to talk about? Treatment and concern in one question."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

import bookings.actions
from bookings.actions import DetailsRefused
from bookings.forms.road import AboutWhat, about_value
from bookings.models import Consultation, NotPossibleNow
from bookings.road import NOT_SURE, Road, SeeOther
from bookings.views.turns import about_asked, out_of_turn, refuse
from clinic import clock
from clinic.models import Concern, Treatment


@never_cache
def what(request: HttpRequest) -> HttpResponse:
    """One radio list: treatment and concern, or "I am not sure"."""
    now = clock.now()
    road = Road(request)
    if request.method == "POST":
        if aside := road.put_aside("what", ["about"], now=now):
            return aside
        road.keep_typed("what", ["about"])
    if not road.allows("what"):
        return out_of_turn(road)
    form = AboutWhat(
        request.POST if request.method == "POST" else None,
        treatments=Treatment.objects.offered().prefetch_related("concerns"),
        not_sure=road.consultation is None or road.consultation.treatment_id is None,
        initial=road.typed("what") or {"about": _about_so_far(road)},
    )
    if form.is_bound and form.is_valid():
        return _take_about(road, form.cleaned_data["about"], now=now)
    return render(
        request,
        "bookings/what.html",
        road.frame("what", now=now, answers_form="answers") | {"form": form},
        status=400 if form.is_bound else 200,
    )


def _about_so_far(road: Road) -> str:
    consultation = road.consultation
    if consultation is None:
        return road.answers.get("about", "")
    if consultation.treatment is None:
        return NOT_SURE
    concern = consultation.concern
    return about_value(consultation.treatment, concern.slug if concern else "")


def _take_about(road: Road, about: str, *, now: dt.datetime) -> HttpResponse:
    """Keeps the answer; an existing request is told. Wishes or a time that no longer fit are asked anew."""
    road.forget_typed("what")
    found = about_asked(about)
    if road.consultation is None:
        before = road.answers.get("about")
        if (before == NOT_SURE) != (about == NOT_SURE):
            road.keep("time", None)
            road.keep("preferences", None)
        road.keep("about", about)
        return SeeOther(road.next_url())
    if found is None:
        return SeeOther(road.next_url())
    try:
        return SeeOther(_change_about(road, road.consultation, *found, now=now))
    except (NotPossibleNow, DetailsRefused) as refusal:
        return refuse(road, refusal, now=now)


def _change_about(
    road: Road,
    consultation: Consultation,
    treatment: Treatment,
    concern: Concern | None,
    *,
    now: dt.datetime,
) -> str:
    """Says the new treatment; a time that does not fit it is let go, and another one is asked for."""
    needs_time = consultation.treatment_id is None
    changed = bookings.actions.set_treatment(
        consultation=consultation, treatment=treatment, concern=concern, now=now
    )
    needs_time |= changed.status != consultation.status
    road.look_again()
    return redirect("when").url if needs_time else road.next_url()
