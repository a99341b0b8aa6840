"""Not going on, withdrawing an acknowledgement, and what the own page says about acknowledging again."""

import datetime as dt
import re

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bookings.actions import TooLate
from bookings.models import Consultation, NotPossibleNow, Status
from bookings.own_page import Note
from bookings.road import Road, SeeOther
from bookings.views.mine import is_too_late, show_too_late
from clinic import clock
from clinic.i18n import active_language
from consent import actions
from consent.actions import NoRisksListed, StalePage
from consent.circumstances import NotOurForm, StaffCannotAct, refuse_other_fields, refuse_staff
from consent.forms import ReasonForm
from consent.models import ActKind, ConsentRecord
from consent.views.turns import next_url
from consent.views.walk import Walk

# --- Not going on -------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest) -> HttpResponse:
    """Says what it means not to go on, and asks once; the reason is optional. Too late: the phone."""
    return _decline(Walk(request, again=False), now=clock.now())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def decline_again(request: HttpRequest) -> HttpResponse:
    """The same for a visit that is booked and asks again."""
    return _decline(Walk(request, again=True), now=clock.now())


@never_cache
@require_safe
def declined(request: HttpRequest) -> HttpResponse:
    """The request is cancelled, as the patient wished; safe to reload."""
    road = Road(request)
    if road.consultation is None or not actions.has_declined(road.consultation):
        return SeeOther(road.next_url())
    return render(request, "consent/declined.html", {"consultation": road.consultation})


def _decline(walk: Walk, *, now: dt.datetime) -> HttpResponse:
    if walk.found is not None and actions.has_declined(walk.found):
        return SeeOther(reverse("mine" if walk.again else "declined"))
    if away := walk.turn_away("risk"):
        return away
    if is_too_late(walk.consultation, now=now):
        return show_too_late(walk.request, walk.consultation, now=now)
    step, form = walk.step("decline"), ReasonForm()
    if walk.request.method == "POST":
        if aside := walk.road.put_aside(step, ["reason"], now=now):
            return aside
        form = ReasonForm(walk.request.POST)
        try:
            refuse_staff(walk.request)
            refuse_other_fields(walk.request, "reason")
            if form.is_valid():
                return _let_go(walk, step, form.cleaned_data["reason"], now=now)
        except StaffCannotAct as refusal:
            return walk.refuse_staff(refusal, now=now)
        except (NotOurForm, NotPossibleNow, TooLate) as refusal:
            return walk.refuse(refusal, now=now)
    elif typed := walk.road.typed(step):
        form = ReasonForm(initial=typed)
    context = {
        **walk.frame("risk", now=now, answers_form="answers"),
        "form": form,
        "statement": actions.statement_for(ActKind.DECLINED, language=active_language()),
        "here_url": walk.url("decline"),
        "keep_url": reverse("risks_again") if walk.again else walk.road.next_url(),
    }
    return render(walk.request, "consent/decline.html", context, status=400 if form.errors else 200)


def _let_go(walk: Walk, step: str, reason: str, *, now: dt.datetime) -> HttpResponse:
    actions.decline(
        consultation=walk.consultation, language=active_language(), reason=reason, now=now
    )
    walk.road.forget_typed(step)
    if walk.again:
        messages.success(walk.request, gettext("Your visit is cancelled."))
    return SeeOther(reverse("mine" if walk.again else "declined"))


# --- Withdrawing --------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest) -> HttpResponse:
    """Says what withdrawing means, and asks once; the visit stays booked. The reason is optional."""
    walk, now = Walk(request, again=True), clock.now()
    record = _record_that_stands(walk.found)
    if record is None:
        return SeeOther(reverse("mine"))
    if record.consultation.starts_at is None or record.consultation.starts_at <= now:
        messages.error(request, gettext("Your visit has begun. Please talk to us, or call us."))
        return SeeOther(reverse("mine"))
    step, form = walk.step("withdraw"), ReasonForm()
    if request.method == "POST":
        if aside := walk.road.put_aside(step, ["reason"], now=now):
            return aside
        form = ReasonForm(request.POST)
        try:
            refuse_staff(request)
            refuse_other_fields(request, "record", "reason")
            if form.is_valid():
                return _take_back(walk, step, form.cleaned_data["reason"], now=now)
        except StaffCannotAct as refusal:
            return walk.refuse_staff(refusal, now=now)
        except (NotOurForm, StalePage, NotPossibleNow) as refusal:
            messages.error(request, str(refusal))
            return SeeOther(reverse("mine"))
    elif typed := walk.road.typed(step):
        form = ReasonForm(initial=typed)
    context = {
        **walk.frame("risk", now=now, answers_form="answers"),
        "form": form,
        "record": record,
        "statement": actions.statement_for(ActKind.WITHDRAWN, language=active_language()),
    }
    return render(request, "consent/withdraw.html", context, status=400 if form.errors else 200)


def _take_back(walk: Walk, step: str, reason: str, *, now: dt.datetime) -> HttpResponse:
    sent = walk.request.POST.get("record", "")
    actions.withdraw(
        consultation=walk.consultation,
        record=int(sent) if re.fullmatch(r"[0-9]{1,18}", sent) else 0,
        language=active_language(),
        reason=reason,
        now=now,
    )
    walk.road.forget_typed(step)
    return SeeOther(reverse("mine"))


def _record_that_stands(consultation: Consultation | None) -> ConsentRecord | None:
    """The record of a visit that is booked, unless it was withdrawn."""
    if consultation is None or consultation.status != Status.CONFIRMED:
        return None
    record = ConsentRecord.objects.current_of(consultation)
    return None if record is None or actions.withdrawal_of(record) else record


# --- Acknowledging again ------------------------------------------------------------------------


@never_cache
@require_safe
def risks_again(request: HttpRequest) -> HttpResponse:
    """To the side effect whose turn it is, for a visit that is booked and asks again."""
    walk, now = Walk(request, again=True), clock.now()
    if away := walk.turn_away("risk"):
        return away
    try:
        return SeeOther(next_url(walk, walk.open(now=now)))
    except NoRisksListed as refusal:
        return walk.no_list(refusal, now=now)
    except NotPossibleNow as refusal:
        return walk.refuse(refusal, now=now)


def notes_for(consultation: Consultation) -> list[Note]:
    """What the own page of a booked visit says about its side effects: read them again, or withdraw."""
    record = ConsentRecord.objects.current_of(consultation)
    if record is None or consultation.status != Status.CONFIRMED:
        return []
    withdrawn = actions.withdrawal_of(record) is not None
    notes = []
    if actions.is_asked_again(consultation):
        why = (
            gettext(
                "You withdrew your acknowledgement of the side effects. Your visit stays booked."
            )
            if withdrawn
            else gettext("The wording of a side effect has changed since you read it.")
        )
        words = gettext("Read the side effects again")
        notes.append(Note(words=words, url=reverse("risks_again"), why=why))
    if not withdrawn:
        words = gettext("Withdraw my acknowledgement of the side effects")
        notes.append(Note(words=words, url=reverse("withdraw")))
    return notes
