"""The patient's page about what is known of them: how long it is kept, and having it erased."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookings.models import Consultation
from bookings.own_page import Note, OwnPage
from bookings.road import SeeOther
from clinic import clock
from clinic.errors import Refused
from consent import actions, retention
from consent.circumstances import StaffCannotAct, refuse_staff
from consent.forms import EraseForm
from consent.models import Answer, ErasureRequest


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Says what happens and what the law keeps, takes the request, and shows the clinic's answer.

    A visit that lies ahead is cancelled first, on its own page: nobody loses one by the way.
    """
    consultation, now = OwnPage(request).open_consultation, clock.now()
    if consultation is None:
        return SeeOther(reverse("mine"))
    asked = ErasureRequest.objects.filter(consultation=consultation).first()  # the newest
    ahead = actions.lies_ahead(consultation, now=now)
    is_open = asked is not None and asked.answer == Answer.OPEN
    form = (
        None if is_open or ahead else EraseForm(request.POST if request.method == "POST" else None)
    )
    if request.method == "POST":
        try:
            refuse_staff(request)
        except StaffCannotAct as refusal:
            reason = gettext("You are signed in as staff: take the patient's request at the desk.")
            return render(request, "consent/staff.html", {"reason": reason}, status=refusal.status)
        if form is None:
            return SeeOther(reverse("mine_erase"))
        if form.is_valid():
            try:
                actions.ask_for_erasure(consultation=consultation, now=now)
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                messages.success(request, gettext("We have your request."))
            return SeeOther(reverse("mine_erase"))
    kept = retention.keep_until(consultation)
    context = {
        "consultation": consultation,
        "asked": asked,
        "is_open": is_open,
        "is_refused": asked is not None and asked.answer == Answer.REFUSED,
        "lies_ahead": ahead,
        "kept": kept,
        "law_keeps_it": kept.binds(now=now),
        "kept_until": actions.day_in_words(kept.until),
        "form": form,
    }
    status = 400 if form is not None and form.errors else 200
    return render(request, "consent/erase.html", context, status=status)


def erasure_notes(consultation: Consultation) -> list[Note]:
    """The own page's way to this page; a refusal is said there first, for nobody looks for it."""
    url = reverse("mine_erase")
    asked = ErasureRequest.objects.filter(consultation=consultation).first()
    if asked is not None and asked.answer == Answer.REFUSED:
        why = gettext("You asked us to erase what we know about you. Our answer is no.")
        return [Note(words=gettext("Read why"), url=url, why=why)]
    return [Note(words=gettext("What we know about you, and having it erased"), url=url)]
