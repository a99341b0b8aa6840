"""Every answer once more, and the last press: it books the visit, or says it again for a booked one."""

import datetime as dt
import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

import bookings.actions
from bookings.models import NotPossibleNow
from bookings.road import SeeOther
from bookings.views.times import time_gone
from clinic import clock
from consent import actions
from consent.actions import NoRisksListed, Progress, StalePage
from consent.circumstances import NotOurForm, StaffCannotAct, refuse_other_fields, refuse_staff
from consent.copies import answers_to
from consent.views.turns import next_url
from consent.views.walk import Walk


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Every answer once more; the button is the declaration, and books the visit."""
    return _check(Walk(request, again=False), now=clock.now())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check_again(request: HttpRequest) -> HttpResponse:
    """The same for a visit that is booked and asks again; the button is the declaration alone."""
    return _check(Walk(request, again=True), now=clock.now())


def _check(walk: Walk, *, now: dt.datetime) -> HttpResponse:
    if away := walk.turn_away("check"):
        return away
    if walk.request.method == "POST":
        return walk.road.put_aside(walk.step("check"), [], now=now) or _send(walk, now=now)
    try:
        progress = walk.open(now=now)
    except NoRisksListed as refusal:
        return walk.no_list(refusal, now=now)
    except NotPossibleNow as refusal:
        return walk.refuse(refusal, now=now)
    if not progress.is_complete:
        return SeeOther(next_url(walk, progress))
    return _show(walk, progress, now=now)


def _send(walk: Walk, *, now: dt.datetime) -> HttpResponse:
    sent = walk.request.POST.get("reading", "")
    reading = int(sent) if re.fullmatch(r"[0-9]{1,18}", sent) else 0
    try:
        refuse_staff(walk.request)
        refuse_other_fields(walk.request, "reading")
        if walk.again:
            actions.seal_again(consultation=walk.consultation, reading=reading, now=now)
        else:
            actions.seal(consultation=walk.consultation, reading=reading, now=now)
    except StaffCannotAct as refusal:
        return walk.refuse_staff(refusal, now=now)
    except bookings.actions.TimeTaken as refusal:
        return _time_gone(walk, refusal, now=now)
    except (StalePage, NotOurForm, bookings.actions.RisksMissing, NotPossibleNow) as refusal:
        return walk.refuse(refusal, now=now)
    if walk.again:
        messages.success(walk.request, gettext("Thank you. Your answers are kept."))
    return SeeOther(reverse("mine" if walk.again else "booked"))


def _show(walk: Walk, progress: Progress, *, now: dt.datetime) -> HttpResponse:
    answers, reading = answers_to(progress.acts.values()), progress.reading
    context = {
        **walk.frame("check", now=now, answers_form="" if walk.is_staff else "answers"),
        "reading": reading,
        "answers": [
            {"url": walk.url("risk", at), "risk": one, "answer": answers[one.pk]}
            for at, one in enumerate(progress.risks, 1)
        ],
        "declaration": actions.declaration_for(
            count=len(progress.risks),
            language=reading.language,
            read_by=reading.read_by,
            again=walk.again,
        ),
        "interpreter": actions.interpreter_of(reading),
        "hold_ran_out": walk.consultation.hold_has_run_out(now=now),
        "back_url": walk.url("risk", len(progress.risks)),
        "decline_url": walk.url("decline"),
    }
    page = "consent/check_again.html" if walk.again else "consent/check.html"
    return render(walk.request, page, context)


def _time_gone(
    walk: Walk, refusal: bookings.actions.TimeTaken, *, now: dt.datetime
) -> HttpResponse:
    """Somebody else has the time by now: every answer is kept, and the nearest three are offered."""
    walk.look_again()
    consultation = walk.consultation
    assert consultation.starts_at
    return time_gone(
        walk.road,
        refusal,
        wanted=consultation.starts_at,
        dermatologist=consultation.dermatologist,
        now=now,
    )
