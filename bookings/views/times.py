"""Choosing a time, or saying which other times would suit."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

import bookings.actions
from bookings.forms.road import OtherTimes
from bookings.forms.times import choices_of, time_chosen, time_value
from bookings.models import NotPossibleNow
from bookings.road import NOT_SURE, Road, SeeOther
from bookings.views.offer import times_shown, zone_asked
from bookings.views.turns import out_of_turn, refuse, treatment_asked
from clinic import clock
from clinic.models import Dermatologist, Treatment


@never_cache
def when(request: HttpRequest) -> HttpResponse:
    """Which time? Only an existing request holds it at once; otherwise the answer is kept."""
    now = clock.now()
    road = Road(request)
    if request.method == "POST":
        if aside := road.put_aside("when", ["time"], now=now):
            return aside
        road.keep_typed("when", ["time"])
    if not road.allows("when"):
        return out_of_turn(road)
    treatment = treatment_asked(road)
    if treatment is None:
        return redirect("other_times" if road.answers.get("about") == NOT_SURE else road.next_url())
    if zone := zone_asked(request):
        road.keep("zone", zone)
    if request.method == "POST" and request.POST.get("time"):
        return _choose(road, request.POST["time"], treatment, now=now)
    shown = times_shown(
        request,
        treatment=treatment,
        own=road.consultation,
        clinic_zone=road.clinic_zone,
        zone=road.zone,
        now=now,
        chosen=road.typed("when").get("time") or _time_so_far(road),
    )
    missing = request.method == "POST"
    return render(
        request,
        "bookings/when.html",
        road.frame("when", now=now, answers_form="answers")
        | shown
        | {"treatment": treatment, "time_missing": missing},
        status=400 if missing else 200,
    )


def _time_so_far(road: Road) -> str:
    consultation = road.consultation
    if consultation is None:
        return road.answers.get("time", "")
    if consultation.starts_at and consultation.dermatologist:
        return time_value(
            consultation.dermatologist.slug, consultation.starts_at, consultation.ends_at
        )
    return ""


def _choose(road: Road, value: str, treatment: Treatment, *, now: dt.datetime) -> HttpResponse:
    """Keeps the chosen time, or holds it where there is a request already."""
    chosen = time_chosen(value)
    if chosen is None:
        refusal: Exception = bookings.actions.TimeTaken(
            _("This time cannot be booked. Please choose one from the list.")
        )
        return time_gone(road, refusal, wanted=now, now=now)
    try:
        if road.consultation is not None:
            bookings.actions.choose_time(consultation=road.consultation, now=now, **chosen)
            road.look_again()
        else:
            bookings.actions.refuse_unless_free(treatment=treatment, now=now, **chosen)
    except bookings.actions.TimeTaken as taken:
        return time_gone(road, taken, now=now, **nearest_to(chosen))
    except NotPossibleNow as refusal:
        return refuse(road, refusal, now=now)
    road.forget_typed("when")
    if road.consultation is None:
        road.keep("time", value)
        road.keep("preferences", None)
    return SeeOther(road.next_url())


def nearest_to(chosen: dict[str, Any]) -> dict[str, Any]:
    """A time that cannot be had as `time_gone` and `nearest_times` take it."""
    return {
        "wanted": chosen["starts_at"],
        "dermatologist": chosen["dermatologist"],
        "language": chosen["speaks"],
    }


def time_gone(
    road: Road,
    reason: object,
    *,
    wanted: dt.datetime,
    now: dt.datetime,
    dermatologist: Dermatologist | None = None,
    language: str = "",
    status: int = 409,
) -> HttpResponse:
    """The time cannot be had: every answer is kept, and the nearest three are offered."""
    nearest = bookings.actions.nearest_times(
        treatment=treatment_asked(road),
        wanted=wanted,
        now=now,
        dermatologist=dermatologist,
        language=language,
        own=road.consultation,
    )
    return render(
        road.request,
        "bookings/time_gone.html",
        road.frame("when", now=now) | {"reason": str(reason), "nearest": choices_of(nearest)},
        status=status,
    )


OTHER_TIMES = ["preferred_days[]", "preferred_part", "preferred_dermatologist"]


@never_cache
def other_times(request: HttpRequest) -> HttpResponse:
    """None of these times suit me, or I am not sure what it is about: which times would suit?"""
    now = clock.now()
    road = Road(request)
    if request.method == "POST":
        if aside := road.put_aside("other_times", OTHER_TIMES, now=now):
            return aside
        road.keep_typed("other_times", OTHER_TIMES)
    if not road.allows("other_times"):
        return out_of_turn(road)
    form = OtherTimes(
        request.POST if request.method == "POST" else None,
        treatment=treatment_asked(road),
        initial=road.typed("other_times") or _preferences_so_far(road),
    )
    if form.is_bound and form.is_valid():
        return _wait(road, form, now=now)
    return render(
        request,
        "bookings/other_times.html",
        road.frame("other_times", now=now, answers_form="answers")
        | {"form": form, "has_treatment": treatment_asked(road) is not None},
        status=400 if form.is_bound else 200,
    )


def _preferences_so_far(road: Road) -> dict[str, Any]:
    consultation = road.consultation
    if consultation is None:
        return road.answers.get("preferences", {})
    return {
        "preferred_days": consultation.preferred_days,
        "preferred_part": consultation.preferred_part,
        "preferred_dermatologist": consultation.preferred_dermatologist,
    }


def _wait(road: Road, form: OtherTimes, *, now: dt.datetime) -> HttpResponse:
    """Keeps the wishes, or lets go of the time of the request that there is."""
    wishes = form.cleaned_data
    consultation = road.consultation
    if consultation is None:
        dermatologist = wishes["preferred_dermatologist"]
        slug = dermatologist.slug if dermatologist else ""
        road.keep("preferences", {**wishes, "preferred_dermatologist": slug})
        road.keep("time", None)
    else:
        try:
            bookings.actions.ask_for_other_times(consultation=consultation, **wishes)
        except NotPossibleNow as refusal:
            return refuse(road, refusal, now=now)
        road.look_again()
    road.forget_typed("other_times")
    return SeeOther(road.next_url())
