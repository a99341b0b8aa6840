"""The patient's pages about risks: one page per risk, and the answers once more."""

import datetime as dt
import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

import bookings.actions
from bookings.models import NotPossibleNow
from bookings.road import Road, SeeOther, client_ip
from bookings.views.times import time_gone
from bookings.views.turns import out_of_turn, refuse
from clinic import clock
from clinic.i18n import active_language
from consent import actions
from consent.actions import NoRisksListed, Progress, StalePage, Unticked
from consent.copies import answers_to, last_answer
from consent.forms import AcknowledgeForm
from consent.models import Risk
from consent.parts import parts_of

TYPED = ("wants_to_talk", "question")  # the tick is never kept: it belongs to the page it was on


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def risk(request: HttpRequest, number: int) -> HttpResponse:
    """Side effect `number` of the list, in the page's language, and its own acknowledgement."""
    road, now = Road(request), clock.now()
    if not road.allows("risk"):
        if request.method == "POST":
            road.keep_typed(_step(number), TYPED)
        return out_of_turn(road)
    if request.method == "POST" and (aside := road.put_aside(_step(number), TYPED, now=now)):
        return aside
    try:
        progress = _open(road, now=now)
    except NoRisksListed as refusal:
        return _no_list(road, refusal, now=now)
    except NotPossibleNow as refusal:
        return refuse(road, refusal, now=now)
    if request.method == "POST":
        return _acknowledge(road, progress, number, now=now)
    if not _is_open(progress, number):
        return SeeOther(_next_url(progress))
    return _show_risk(road, progress, number, now=now)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Every answer once more; the button is the declaration, and books the visit."""
    road, now = Road(request), clock.now()
    if not road.allows("check"):
        return out_of_turn(road)
    if request.method == "POST":
        return road.put_aside("check", [], now=now) or _seal(road, now=now)
    try:
        progress = _open(road, now=now)
    except NoRisksListed as refusal:
        return _no_list(road, refusal, now=now)
    except NotPossibleNow as refusal:
        return refuse(road, refusal, now=now)
    if not progress.is_complete:
        return SeeOther(_next_url(progress))
    return _show_check(road, progress, now=now)


# --- A risk's page -----------------------------------------------------------------------------


def _open(road: Road, *, now: dt.datetime) -> Progress:
    """The reading that counts, in the language of this page."""
    assert road.consultation
    reading = actions.open_reading(
        consultation=road.consultation,
        language=active_language(),
        now=now,
        ip=client_ip(road.request) or "",
        user_agent=road.request.headers.get("User-Agent", "").replace("\x00", ""),
    )
    road.look_again()
    return actions.progress_of(reading=reading)


def _acknowledge(road: Road, progress: Progress, number: int, *, now: dt.datetime) -> HttpResponse:
    assert road.consultation
    form = AcknowledgeForm(road.request.POST, reading=progress.reading)
    if form.is_valid():
        try:
            act = actions.acknowledge(consultation=road.consultation, **form.cleaned_data, now=now)
        except Unticked as refusal:
            form.add_error(refusal.field, str(refusal))
        except StalePage as refusal:
            road.keep_typed(_step(number), TYPED)
            return _show_anew(road, str(refusal), number, now=now)
        except NotPossibleNow as refusal:
            road.keep_typed(_step(number), TYPED)
            return refuse(road, refusal, now=now)
        else:
            road.forget_typed(_step(number))
            return SeeOther(_next_url(progress, besides=act.risk_id))
    if not _is_open(progress, number):
        return SeeOther(_next_url(progress))
    return _show_risk(road, progress, number, form=form, now=now, status=400)


def _show_anew(road: Road, notice: str, number: int, *, now: dt.datetime) -> HttpResponse:
    """The page as it stands now, with what was typed: 409, because nothing was stored."""
    progress = _open(road, now=now)
    if not _is_open(progress, number):
        number = _next_number(progress) or 0
    if not number:
        return _show_check(road, progress, now=now, notice=notice, status=409)
    return _show_risk(road, progress, number, now=now, notice=notice, status=409)


def _show_risk(
    road: Road,
    progress: Progress,
    number: int,
    *,
    now: dt.datetime,
    form: AcknowledgeForm | None = None,
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    assert road.consultation
    shown_risk, reading = progress.risks[number - 1], progress.reading
    act = progress.acts.get(shown_risk.pk)
    if form is None:
        form = AcknowledgeForm(reading=reading, initial=_said_before(road, shown_risk, number))
    context = {
        **road.frame("risk", now=now, answers_form="answers"),
        "form": form,
        "shown": actions.shown(reading=reading, risk=shown_risk, now=now),
        "risk": shown_risk,
        "parts": parts_of(shown_risk, reading.language),
        "number": number,
        "count": len(progress.risks),
        "act": act,
        "notice": notice or _why_again(progress),
        "back_url": reverse("risk", args=[number - 1]) if number > 1 else "",
        "next_url": _next_url(progress, after=number),
    }
    return render(road.request, "consent/risk.html", context, status=status)


def _said_before(road: Road, shown_risk: Risk, number: int) -> dict[str, Any]:
    """What to fill in: what was typed and not accepted yet, or the question that was asked before."""
    assert road.consultation
    typed = road.typed(_step(number))
    if typed:
        return typed
    before = last_answer(road.consultation, shown_risk)
    if before is None:
        return {}
    return {"wants_to_talk": before.act.wants_to_talk, "question": before.question}


def _why_again(progress: Progress) -> str:
    """Why somebody who had begun to read begins anew: they changed the language."""
    reading = progress.reading
    if (
        progress.acts
        or not reading.consultation.readings.exclude(language=reading.language).exists()
    ):
        return ""
    return gettext("You changed the language, so please read the side effects again in English.")


def _is_open(progress: Progress, number: int) -> bool:
    """Whether a page's turn has come: those acknowledged, and the next one."""
    if not 1 <= number <= len(progress.risks):
        return False
    shown_risk = progress.risks[number - 1]
    return shown_risk.pk in progress.acts or shown_risk == progress.next_risk


def _next_number(progress: Progress, *, besides: int = 0, after: int = 0) -> int | None:
    """The page of the next risk to acknowledge, or None when all are."""
    done = {*progress.acts, besides}
    numbers = [at for at, one in enumerate(progress.risks, 1) if one.pk not in done and at != after]
    return numbers[0] if numbers else None


def _next_url(progress: Progress, *, besides: int = 0, after: int = 0) -> str:
    number = _next_number(progress, besides=besides, after=after)
    return reverse("risk", args=[number]) if number else reverse("check")


# --- Check answers, and the last press ---------------------------------------------------------


def _seal(road: Road, *, now: dt.datetime) -> HttpResponse:
    assert road.consultation
    reading = road.request.POST.get("reading", "")
    try:
        actions.seal(
            consultation=road.consultation,
            reading=int(reading) if re.fullmatch(r"[0-9]{1,18}", reading) else 0,
            now=now,
        )
    except bookings.actions.TimeTaken as refusal:
        return _time_gone(road, refusal, now=now)
    except (StalePage, bookings.actions.RisksMissing) as refusal:
        try:
            return _show_anew(road, str(refusal), 0, now=now)
        except NoRisksListed as no_list:
            return _no_list(road, no_list, now=now)
    except NotPossibleNow as refusal:
        return refuse(road, refusal, now=now)
    return SeeOther(reverse("booked"))


def _show_check(
    road: Road, progress: Progress, *, now: dt.datetime, notice: str = "", status: int = 200
) -> HttpResponse:
    assert road.consultation
    answers = answers_to(progress.acts.values())
    context = {
        **road.frame("check", now=now, answers_form="answers"),
        "reading": progress.reading,
        "answers": [
            {"number": number, "risk": one, "answer": answers[one.pk]}
            for number, one in enumerate(progress.risks, 1)
        ],
        "declaration": actions.declaration_for(
            count=len(progress.risks), language=progress.reading.language
        ),
        "hold_ran_out": road.consultation.hold_has_run_out(now=now),
        "notice": notice,
    }
    return render(road.request, "consent/check.html", context, status=status)


def _time_gone(
    road: Road, refusal: bookings.actions.TimeTaken, *, now: dt.datetime
) -> HttpResponse:
    """Somebody else has the time by now: every answer is kept, and the nearest three are offered."""
    road.look_again()
    consultation = road.consultation
    assert consultation and consultation.starts_at
    return time_gone(
        road,
        refusal,
        wanted=consultation.starts_at,
        dermatologist=consultation.dermatologist,
        now=now,
    )


def _no_list(road: Road, refusal: NoRisksListed, *, now: dt.datetime) -> HttpResponse:
    """There is nothing to acknowledge yet, so nothing can be booked yet."""
    context = {**road.frame("risk", now=now), "notice": str(refusal)}
    return render(road.request, "consent/no_list.html", context)


def _step(number: int) -> str:
    return f"risk-{min(number, 99)}"
