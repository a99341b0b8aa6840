"""Moving a booked visit to another time."""

import datetime as dt
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse, translate_url
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

import bookings.actions
from bookings.actions import FreeTime, TimeTaken, TooLate
from bookings.forms.mine import MoveForm
from bookings.forms.times import choices_of, time_chosen, time_value
from bookings.models import Consultation, NotPossibleNow, Status
from bookings.own_page import OwnPage
from bookings.road import SeeOther
from bookings.views.mine import is_too_late, show_too_late, visit
from bookings.views.offer import times_shown, zone_asked
from bookings.views.times import nearest_to
from clinic import clock
from clinic.i18n import Language
from clinic.models import Clinic


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest) -> HttpResponse:
    """Another time for a booked visit; the old one is let go only when the new one is had."""
    page, now = OwnPage(request), clock.now()
    consultation = page.open_consultation
    if consultation is None or consultation.status != Status.CONFIRMED:
        return SeeOther(reverse("mine"))
    if is_too_late(consultation, now=now):
        return show_too_late(request, consultation, now=now)
    if request.method == "POST" and request.POST.get("switch_language") in Language.values:
        return SeeOther(translate_url(request.get_full_path(), request.POST["switch_language"]))
    form = MoveForm(request.POST if request.method == "POST" else None)
    if form.is_bound and request.POST.get("time") and form.is_valid():
        return _move_to(request, consultation, form, now=now)
    return _show_times(request, consultation, form, now=now)


def _move_to(
    request: HttpRequest, consultation: Consultation, form: MoveForm, *, now: dt.datetime
) -> HttpResponse:
    chosen = time_chosen(request.POST["time"])
    try:
        if chosen is None:
            raise TimeTaken(gettext("This time cannot be booked. Please choose one from the list."))
        moved = bookings.actions.move(
            consultation=consultation, now=now, **form.cleaned_data, **chosen
        )
    except TimeTaken as taken:
        nearest = bookings.actions.nearest_times(
            treatment=consultation.treatment,
            own=consultation,
            now=now,
            **(nearest_to(chosen) if chosen else {"wanted": now}),
        )
        return _show_times(request, consultation, form, now=now, notice=str(taken), nearest=nearest)
    except (TooLate, NotPossibleNow):
        return SeeOther(reverse("mine_move"))
    if moved.revision != consultation.revision:
        messages.success(request, gettext("Your visit is moved. We send you an e-mail about it."))
    return SeeOther(reverse("mine"))


def _show_times(
    request: HttpRequest,
    consultation: Consultation,
    form: MoveForm,
    *,
    now: dt.datetime,
    notice: str = "",
    nearest: Sequence[FreeTime] = (),
) -> HttpResponse:
    """The free times as on the road; the present time is marked, and is no choice."""
    clinic = Clinic.objects.the_clinic()
    assert clinic and consultation.starts_at and consultation.dermatologist
    zone = zone_asked(request) or consultation.zone_that_counts
    shown = times_shown(
        request,
        treatment=consultation.treatment,
        own=consultation,
        clinic_zone=clinic.zone,
        zone=zone,
        now=now,
        chosen=time_value(
            consultation.dermatologist.slug, consultation.starts_at, consultation.ends_at
        ),
    )
    missing = form.is_bound and not request.POST.get("time")
    context = {
        **visit(consultation, now=now),
        **shown,
        "answers_form": "answers",
        "clinic_zone": clinic.zone,
        "zone": zone,
        "form": form,
        "time_missing": missing,
        "notice": notice,
        "nearest": choices_of(nearest),
    }
    status = 409 if notice else 400 if form.is_bound else 200
    return render(request, "bookings/mine_move.html", context, status=status)
