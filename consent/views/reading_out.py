"""Who reads: an interpreter who reads the side effects out, or the patient (or guardian) alone."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings.models import NotPossibleNow
from bookings.road import SeeOther
from clinic import clock
from clinic.i18n import active_language
from consent import actions
from consent.actions import Interpreter, NoRisksListed
from consent.circumstances import (
    NotOurForm,
    StaffCannotAct,
    circumstances_of,
    refuse_other_fields,
    refuse_staff,
)
from consent.forms import InterpreterForm
from consent.models import ReadBy
from consent.views.turns import next_url
from consent.views.walk import Walk

FIELDS = ("interpreter_name", "interpreter_language")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def read_out(request: HttpRequest) -> HttpResponse:
    """Names who reads the side effects out; a reading by somebody else begins anew."""
    return _read_out(Walk(request, again=False), now=clock.now())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def read_out_again(request: HttpRequest) -> HttpResponse:
    """The same for a visit that is booked and asks again."""
    return _read_out(Walk(request, again=True), now=clock.now())


def _read_out(walk: Walk, *, now: dt.datetime) -> HttpResponse:
    if away := walk.turn_away("risk"):
        return away
    request, step = walk.request, walk.step("read-out")
    if request.method != "POST":
        return _show(walk, _form(walk, step), now=now)
    if aside := walk.road.put_aside(step, FIELDS, now=now):
        return aside
    form = InterpreterForm(request.POST)
    try:
        refuse_staff(request)
        refuse_other_fields(request, *FIELDS, "who")
        if request.POST.get("who") == ReadBy.SELF:
            return _begin(walk, step, {"read_by": ReadBy.SELF}, now=now)
        if form.is_valid():
            who = {"read_by": ReadBy.INTERPRETER, **form.cleaned_data}
            return _begin(walk, step, who, now=now)
    except StaffCannotAct as refusal:
        return walk.refuse_staff(refusal, now=now)
    except NoRisksListed as refusal:
        return walk.no_list(refusal, now=now)
    except (NotOurForm, NotPossibleNow) as refusal:
        return walk.refuse(refusal, now=now)
    return _show(walk, form, now=now, status=400)


def _begin(walk: Walk, step: str, who: dict[str, Any], *, now: dt.datetime) -> HttpResponse:
    reading = actions.open_reading(
        consultation=walk.consultation,
        language=active_language(),
        now=now,
        **circumstances_of(walk.request),
        **who,
    )
    walk.road.forget_typed(step)
    return SeeOther(next_url(walk, actions.progress_of(reading=reading)))


def _form(walk: Walk, step: str) -> InterpreterForm:
    """With what was typed, or with who reads it out now."""
    progress = walk.standing()
    now = actions.interpreter_of(progress.reading) if progress else Interpreter()
    before = {"interpreter_name": now.name, "interpreter_language": now.language}
    return InterpreterForm(initial=walk.road.typed(step) or before)


def _show(
    walk: Walk, form: InterpreterForm, *, now: dt.datetime, status: int = 200
) -> HttpResponse:
    context = {
        **walk.frame("risk", now=now, answers_form="answers"),
        "form": form,
        "here_url": walk.url("read_out"),
        "back_url": walk.url("risk", 1),
    }
    return render(walk.request, "consent/read_out.html", context, status=status)
