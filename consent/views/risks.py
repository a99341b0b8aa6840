"""One page for each side effect: its words, its own acknowledgement, and the wish to talk first."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bookings.models import NotPossibleNow
from bookings.road import SeeOther
from clinic import clock
from consent import actions
from consent.actions import NoRisksListed, Progress, StalePage, Unticked
from consent.circumstances import NotOurForm, StaffCannotAct, refuse_other_fields, refuse_staff
from consent.copies import last_answer
from consent.forms import AcknowledgeForm
from consent.models import PatientAct, Risk
from consent.parts import parts_of
from consent.views.turns import is_open, next_url, number_of, why_again
from consent.views.walk import TYPED, Walk

FIELDS = ("shown", "understood", "wants_to_talk", "question", "act")
TALK = "talk"  # the button that acknowledges nothing


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def risk(request: HttpRequest, number: int) -> HttpResponse:
    """Side effect `number` of the list, in the page's language, and its own acknowledgement."""
    return _risk(Walk(request, again=False), number, now=clock.now())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def risk_again(request: HttpRequest, number: int) -> HttpResponse:
    """The same for a visit that is booked and asks again."""
    return _risk(Walk(request, again=True), number, now=clock.now())


@never_cache
@require_safe
def talked(request: HttpRequest, number: int) -> HttpResponse:
    """What happens now that somebody wants to talk about side effect `number` first."""
    return _talked(Walk(request, again=False), number, now=clock.now())


@never_cache
@require_safe
def talked_again(request: HttpRequest, number: int) -> HttpResponse:
    """The same for a visit that is booked and asks again."""
    return _talked(Walk(request, again=True), number, now=clock.now())


def _risk(walk: Walk, number: int, *, now: dt.datetime) -> HttpResponse:
    if away := walk.turn_away("risk", keep=_step(number)):
        return away
    if walk.request.method == "POST":
        step = walk.step(_step(number))
        return walk.road.put_aside(step, TYPED, now=now) or _send(walk, number, now=now)
    try:
        progress = walk.open(now=now)
    except NoRisksListed as refusal:
        return walk.no_list(refusal, now=now)
    except NotPossibleNow as refusal:
        return walk.refuse(refusal, now=now)
    if not is_open(progress, number, to_all=walk.is_staff):
        return SeeOther(next_url(walk, progress))
    return _show(walk, progress, number, now=now)


def _send(walk: Walk, number: int, *, now: dt.datetime) -> HttpResponse:
    """The form of a page, which opens no reading: a page that is no longer true stores nothing at all."""
    step = walk.step(_step(number))
    try:
        refuse_staff(walk.request)
        refuse_other_fields(walk.request, *FIELDS)
        progress = walk.standing()
        if progress is None:
            raise StalePage
        form = AcknowledgeForm(walk.request.POST, reading=progress.reading)
        if form.is_valid():
            to = _act(walk, progress, form.cleaned_data, now=now)
            walk.road.forget_typed(step)
            return SeeOther(to)
    except StaffCannotAct as refusal:
        return walk.refuse_staff(refusal, now=now)
    except Unticked as refusal:
        form.add_error(refusal.field, str(refusal))
    except (StalePage, NotOurForm, NotPossibleNow) as refusal:
        walk.road.keep_typed(step, TYPED)
        return walk.refuse(refusal, now=now)
    assert progress is not None
    if not is_open(progress, number):
        return SeeOther(next_url(walk, progress))
    return _show(walk, progress, number, form=form, now=now, status=400)


def _act(walk: Walk, progress: Progress, answers: dict[str, Any], *, now: dt.datetime) -> str:
    """Does what the pressed button says, and gives the address of the page that follows."""
    if walk.request.POST.get("act") == TALK:
        wish = actions.want_to_talk(
            consultation=walk.consultation,
            shown=answers["shown"],
            question=answers["question"],
            now=now,
        )
        return walk.url("talked", number_of(progress, wish.risk_id or 0))
    act = actions.acknowledge(consultation=walk.consultation, **answers, now=now)
    return next_url(walk, progress, besides=act.risk_id)


def _show(
    walk: Walk,
    progress: Progress,
    number: int,
    *,
    now: dt.datetime,
    form: AcknowledgeForm | None = None,
    status: int = 200,
) -> HttpResponse:
    shown_risk, reading = progress.risks[number - 1], progress.reading
    wish = PatientAct.objects.wishes_of(walk.consultation).filter(risk=shown_risk).first()
    if form is None:
        initial = _said_before(walk, shown_risk, number, wish)
        form = AcknowledgeForm(reading=reading, initial=initial)
    act = progress.acts.get(shown_risk.pk)
    context = {
        **walk.frame("risk", now=now, answers_form="" if walk.is_staff else "answers"),
        "form": form,
        "shown": actions.shown(reading=reading, risk=shown_risk, now=now) if reading.pk else "",
        "risk": shown_risk,
        "parts": parts_of(shown_risk, reading.language),
        "number": number,
        "count": len(progress.risks),
        "act": act,
        "wish": wish,
        "interpreter": actions.interpreter_of(reading),
        "notice": "" if act else why_again(walk, progress),
        "back_url": walk.url("risk", number - 1) if number > 1 else walk.before,
        "next_url": next_url(walk, progress, after=number),
        **_addresses(walk, number),
    }
    return render(walk.request, "consent/risk.html", context, status=status)


def _addresses(walk: Walk, number: int) -> dict[str, str]:
    return {
        "here_url": walk.url("risk", number),
        "decline_url": walk.url("decline"),
        "read_out_url": walk.url("read_out"),
    }


def _said_before(
    walk: Walk, shown_risk: Risk, number: int, wish: PatientAct | None
) -> dict[str, Any]:
    """What to fill in: what was typed and not accepted yet, or the question that was asked before."""
    typed = walk.road.typed(walk.step(_step(number)))
    if typed:
        return typed
    before = last_answer(walk.consultation, shown_risk)
    if before is not None:
        return {"wants_to_talk": before.act.wants_to_talk, "question": before.question}
    return {"question": actions.kept_value(wish.note_commitment)} if wish else {}


def _talked(walk: Walk, number: int, *, now: dt.datetime) -> HttpResponse:
    if away := walk.turn_away("risk"):
        return away
    progress = walk.standing()
    if progress is None or not 1 <= number <= len(progress.risks):
        return SeeOther(walk.url("risk", 1))
    shown_risk = progress.risks[number - 1]
    wish = PatientAct.objects.wishes_of(walk.consultation).filter(risk=shown_risk).first()
    if wish is None:
        return SeeOther(walk.url("risk", number))
    context = {
        **walk.frame("risk", now=now),
        "risk": shown_risk,
        "question": actions.kept_value(wish.note_commitment),
        **_addresses(walk, number),
    }
    return render(walk.request, "consent/talked.html", context)


def _step(number: int) -> str:
    return f"risk-{min(number, 99)}"
