"""Proving the e-mail address: the code, or the link beside it; and waiting for the clinic."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

import bookings.actions
from bookings import links
from bookings.actions import CodeRanOut, TooManyTries, WrongCode
from bookings.forms.road import Code
from bookings.links import Purpose
from bookings.models import Consultation, NotPossibleNow
from bookings.road import Road, SeeOther
from bookings.views.times import time_gone
from bookings.views.turns import out_of_turn, put_error, refuse
from bookings.views.way_in import let_in, show_link_ended
from clinic import clock


@never_cache
def code(request: HttpRequest) -> HttpResponse:
    """The six digits from the e-mail; proven already, it leads on."""
    now = clock.now()
    road = Road(request)
    if request.method == "POST" and (aside := road.put_aside("code", ["code"], now=now)):
        return aside
    consultation = road.consultation
    if consultation is None or consultation.is_proven or not road.allows("code"):
        return out_of_turn(road)
    form = Code(request.POST if request.method == "POST" else None, initial=road.typed("code"))
    if form.is_bound and form.is_valid():
        try:
            proven = bookings.actions.prove_by_code(
                consultation=consultation, code=form.cleaned_data["code"], now=now
            )
            return _go_on_proven(road, proven, now=now)
        except (WrongCode, CodeRanOut, TooManyTries) as refusal:
            put_error(form, refusal)
        except NotPossibleNow as refusal:
            return refuse(road, refusal, now=now)
    if not form.is_bound and consultation.hold_has_run_out(now=now):
        return _hold_ran_out(road, consultation, now=now)
    road.look_again()
    return render(
        request,
        "bookings/code.html",
        road.frame("code", now=now, answers_form="answers")
        | {"form": form}
        | _state_of_code(road.consultation or consultation, now=now),
        status=400 if form.is_bound else 200,
    )


def _state_of_code(consultation: Consultation, *, now: dt.datetime) -> dict[str, Any]:
    issued = consultation.code_issued_at
    return {
        "code_until": issued + links.CODE_HOLDS if issued else None,
        "code_has_ended": links.code_has_run_out(consultation, now=now)
        or consultation.code_tries >= links.CODE_TRIES,
        "tries_left": links.CODE_TRIES - consultation.code_tries,
    }


def _hold_ran_out(road: Road, consultation: Consultation, *, now: dt.datetime) -> HttpResponse:
    sentence = _("We could not keep your time any longer.")
    return time_gone(
        road,
        sentence,
        wanted=consultation.starts_at or now,
        dermatologist=consultation.dermatologist,
        now=now,
        status=200,
    )


def _go_on_proven(road: Road, proven: Consultation, *, now: dt.datetime) -> HttpResponse:
    """On with a new session key; where the time ran out meanwhile, a time has to be chosen first."""
    road.begin(proven)
    road.forget_typed("code")
    if proven.hold_has_run_out(now=now):
        messages.warning(
            road.request,
            _(
                "Your address is confirmed. You already have a visit at this time: choose another one."
            )
            if proven.gave_way
            else _(
                "Your address is confirmed. We could not keep your time so long: choose one again."
            ),
        )
        return SeeOther(redirect("when").url)
    return SeeOther(road.next_url())


@never_cache
def code_again(request: HttpRequest) -> HttpResponse:
    """Owes a new code; the older one ends."""
    road = Road(request)
    consultation = road.consultation
    if request.method != "POST" or consultation is None or road.next_page != "code":
        return out_of_turn(road)
    try:
        bookings.actions.send_code(consultation=consultation, now=clock.now())
    except (TooManyTries, NotPossibleNow) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("We are sending you a new code. The older one has ended."))
    return SeeOther(road.next_url())


@never_cache
def prove(request: HttpRequest, token: str) -> HttpResponse:
    """The link beside the code: seeing it changes nothing (scanners follow links), its button proves."""
    now = clock.now()
    found = links.find(token, Purpose.PROVE)
    # Proven already, the link still leads on while its code would hold; later it is anybody's.
    if found is None or links.code_has_run_out(found, now=now):
        return show_link_ended(request)
    if request.method != "POST":
        return render(request, "bookings/prove_link.html", {"token": token})
    try:
        proven = bookings.actions.prove_by_link(token=token, now=now)
    except bookings.actions.LinkEnded:
        return show_link_ended(request)
    return _go_on_proven(Road(request), proven, now=now)


@never_cache
def waiting(request: HttpRequest) -> HttpResponse:
    """What happens next with a request that has no time, or no side effects to read yet."""
    road = Road(request)
    consultation = road.consultation
    if consultation is None or not consultation.is_proven or not road.allows("waiting"):
        return out_of_turn(road)
    context = road.frame("waiting", now=clock.now()) | {"step": None}  # nothing more to answer now
    context["has_own_page"] = let_in(road, consultation)
    return render(request, "bookings/waiting.html", context)
