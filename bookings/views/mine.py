"""The person's own page: that it is booked, where it stands, cancelling, the calendar file."""

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import bookings.actions
from bookings import calendar, owing
from bookings.actions import TooLate
from bookings.forms.mine import CancelForm
from bookings.models import (
    NEEDS_STAFF,
    VISITED,
    Consultation,
    Kind,
    Message,
    MessageState,
    NotPossibleNow,
    Status,
)
from bookings.own_page import OwnPage, notes_for
from bookings.road import Road, SeeOther
from bookings.views.way_in import let_in, show_link_ended
from clinic import clock
from clinic.models import Clinic

UNFINISHED = (Status.WAITING, Status.HELD, Status.EXPIRED)


@never_cache
@require_safe
def booked(request: HttpRequest) -> HttpResponse:
    """The visit is booked; safe to reload. This browser may see its own page from here on."""
    road, now = Road(request), clock.now()
    if not road.allows("booked") or road.consultation is None:
        return SeeOther(road.next_url())
    consultation = road.consultation
    if not let_in(road, consultation):
        road.leave()
        return show_link_ended(request)
    context = {
        **visit(consultation, now=now),
        "mail": _mail_state(consultation),
        "reminders": _reminders_to_come(consultation, now=now),
    }
    return render(request, "bookings/booked.html", context)


@never_cache
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Where the consultation stands, in words, and what can be done about it."""
    page, now = OwnPage(request), clock.now()
    if page.consultation is None:
        return show_link_ended(request)
    if not page.is_checked:
        return SeeOther(reverse("mine_check"))
    context = {
        **visit(page.consultation, now=now),
        "notes": notes_for(page.consultation),
        "has_tips": page.consultation.sessions.standing().exists(),
    }
    return render(request, "bookings/mine.html", context)


@never_cache
@require_POST
def go_on(request: HttpRequest) -> HttpResponse:
    """Back on to the road, where it was left."""
    consultation = OwnPage(request).open_consultation
    if consultation is None or consultation.status not in UNFINISHED:
        return SeeOther(reverse("mine"))
    road = Road(request)
    road.begin(consultation)
    road.came_by_link()
    to_times = request.POST.get("to") == "when" and road.allows("when")
    return SeeOther(reverse("when") if to_times else road.next_url())


@never_cache
@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """Leaves nothing of the consultation in this browser, which somebody else may use next."""
    OwnPage(request).close()
    Road(request).leave()
    return SeeOther(reverse("start"))


def show_too_late(
    request: HttpRequest, consultation: Consultation, *, now: dt.datetime
) -> HttpResponse:
    """Too close to the visit: the same rule for moving and cancelling, and the phone."""
    context = visit(consultation, now=now)
    return render(request, "bookings/mine_too_late.html", context, status=409)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest) -> HttpResponse:
    """Asks once, says until when; the reason is optional."""
    road, page, now = Road(request), OwnPage(request), clock.now()
    consultation = page.open_consultation
    if consultation is None or consultation.status not in (*UNFINISHED, Status.CONFIRMED):
        return SeeOther(reverse("mine"))
    step = f"cancel {consultation.pk}"  # another visit's page does not show this one's words
    if request.method == "POST" and (aside := road.put_aside(step, ["reason"], now=now)):
        return aside
    if request.method == "POST":
        form = CancelForm(request.POST)
    else:
        form = CancelForm(initial=road.typed(step))
    late = is_too_late(consultation, now=now)
    if form.is_valid() and not late:
        try:
            bookings.actions.cancel(
                consultation=consultation, **form.cleaned_data, now=now, by_patient=True
            )
        except (TooLate, NotPossibleNow) as refusal:
            messages.error(request, str(refusal))
        else:
            road.forget_typed(step)
            messages.success(request, gettext("Your visit is cancelled."))
        return SeeOther(reverse("mine"))
    if late:
        return show_too_late(request, consultation, now=now)
    context = {**visit(consultation, now=now), "form": form, "answers_form": "answers"}
    return render(request, "bookings/mine_cancel.html", context, status=400 if form.errors else 200)


@never_cache
@require_safe
def calendar_file(request: HttpRequest) -> HttpResponse:
    """The visit as a calendar file, to be downloaded."""
    consultation, now = OwnPage(request).open_consultation, clock.now()
    if consultation is None:
        return show_link_ended(request)
    if not calendar.has_calendar(consultation):
        return SeeOther(reverse("mine"))
    content = calendar.calendar_file(consultation, now=now)
    response = HttpResponse(content, content_type=calendar.CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{calendar.FILE_NAME}"'
    return response


# --- What the pages show ------------------------------------------------------------------------


def visit(consultation: Consultation, *, now: dt.datetime) -> dict[str, object]:
    """What the templates of a person's page need."""
    confirmed = consultation.status == Status.CONFIRMED
    late = is_too_late(consultation, now=now)
    return {
        "consultation": consultation,
        "status": _status_in_words(consultation, now=now),
        "is_unfinished": consultation.status in UNFINISHED,
        "is_confirmed": confirmed,
        "is_visited": consultation.status in VISITED,
        "can_change": confirmed and not late,
        "can_change_address": consultation.can_change_address,
        "is_late": late,
        "has_calendar": calendar.has_calendar(consultation),
        "now": now,
    }


def is_too_late(consultation: Consultation, *, now: dt.datetime) -> bool:
    """Whether only the phone helps by now; the actions decide, this only asks in time."""
    clinic = Clinic.objects.the_clinic()
    if consultation.status != Status.CONFIRMED or consultation.starts_at is None or clinic is None:
        return False
    return now > consultation.starts_at - clinic.cancel_notice


def _status_in_words(consultation: Consultation, *, now: dt.datetime) -> str:
    """One sentence: where it stands and what comes next."""
    if consultation.hold_has_run_out(now=now):
        return gettext("We could not keep your time any longer. Choose a time again to go on.")
    if consultation.status == Status.WAITING and consultation.treatment_id is None:
        return gettext("We have your request. We will write or call to find out what can help you.")
    sentences = {
        Status.WAITING: gettext("We have your request, and look for a time that suits you."),
        Status.HELD: gettext("We keep a time for you. Finish your booking to have it for sure."),
        Status.CONFIRMED: gettext("Your visit is booked."),
        Status.ARRIVED: gettext("Your visit is going on."),
        Status.COMPLETED: gettext("Your visit took place."),
        Status.NO_SHOW: gettext("We missed you at your visit. You are welcome to ask for another."),
        Status.CANCELLED: gettext("This visit is cancelled."),
    }
    return sentences[Status(consultation.status)]


def _reminders_to_come(consultation: Consultation, *, now: dt.datetime) -> int:
    """How many reminders are still to come, if nothing changes."""
    return sum(row.kind in owing.REMINDERS for row in owing.to_come(consultation, now=now))


def _mail_state(consultation: Consultation) -> str:
    """Where the newest confirmation stands: "sent", "trouble", or "sending" until one of those."""
    mail = Message.objects.filter(
        consultation=consultation, kind=Kind.CONFIRMED, addressee=consultation.email
    ).first()
    if mail is None or not consultation.email:
        return "sending" if consultation.email else "none"
    if mail.state in NEEDS_STAFF:
        return "trouble"
    return "sent" if mail.state == MessageState.SENT else "sending"
