"""Changing the e-mail address on the own page: the new one, its code, and the link beside the code."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

import bookings.actions
from bookings import links
from bookings.actions import CodeRanOut, LinkEnded, OwnVisitThen, TooManyTries, WrongCode
from bookings.forms.mine import CheckForm, NewAddressForm
from bookings.forms.people import likely_address
from bookings.forms.road import Code
from bookings.models import Consultation, NotPossibleNow
from bookings.own_page import OwnPage
from bookings.road import Road, SeeOther, client_ip
from bookings.views.turns import put_error
from bookings.views.way_in import show_link_ended
from clinic import clock
from clinic.errors import Refused


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_address(request: HttpRequest) -> HttpResponse:
    """Which address it is to be; nothing changes until it is proven."""
    road, now = Road(request), clock.now()
    consultation = OwnPage(request).open_consultation
    if consultation is None or not consultation.can_change_address:
        return SeeOther(reverse("mine"))
    step = f"address {consultation.pk}"
    if request.method == "POST" and (aside := road.put_aside(step, ["email"], now=now)):
        return aside
    form = NewAddressForm(request.POST or None, initial=road.typed(step))
    if form.is_valid() and not _looks_mistyped(road, step, form):
        try:
            bookings.actions.ask_for_new_address(
                consultation=consultation, ip=client_ip(request), now=now, **form.cleaned_data
            )
        except Refused as refusal:
            put_error(form, refusal)
        else:
            road.forget_typed(step)
            return SeeOther(reverse("mine_address_code"))
    context = {"consultation": consultation, "form": form, "answers_form": "answers"}
    status = 400 if form.errors else 200
    return render(request, "bookings/mine_address.html", context, status=status)


def _looks_mistyped(road: Road, step: str, form: NewAddressForm) -> bool:
    """Asks once whether the likely address was meant; sent again as it is, the address is taken."""
    email = form.cleaned_data["email"]
    likely = likely_address(email)
    if not likely or road.typed(step).get("sure_of") == email:
        return False
    road.retype(step, email=email, sure_of=email)
    words = _(
        "Did you mean %(likely)s? Correct the address, or continue again if it is right as it is."
    )
    form.add_error("email", words % {"likely": likely})
    return True


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The six digits that were sent to the new address; proven already, it leads back."""
    road, page, now = Road(request), OwnPage(request), clock.now()
    consultation = page.open_consultation
    if consultation is None or not consultation.new_email:
        return SeeOther(reverse("mine"))
    step = f"address code {consultation.pk}"
    if request.method == "POST" and (aside := road.put_aside(step, ["code"], now=now)):
        return aside
    form = Code(request.POST or None, initial=road.typed(step))
    if form.is_valid():
        try:
            changed = bookings.actions.prove_new_address_by_code(
                consultation=consultation, now=now, **form.cleaned_data
            )
        except (WrongCode, CodeRanOut, TooManyTries, OwnVisitThen) as refusal:
            put_error(form, refusal)
        except NotPossibleNow as refusal:
            messages.error(request, str(refusal))
            return SeeOther(reverse("mine"))
        else:
            road.forget_typed(step)
            return _changed(page, changed)
    consultation.refresh_from_db(fields=["code_tries"])
    left = links.CODE_TRIES - consultation.code_tries
    context = {
        "consultation": consultation,
        "form": form,
        "answers_form": "answers",
        "code_has_ended": links.code_has_run_out(consultation, now=now) or left <= 0,
    }
    status = 400 if form.errors else 200
    return render(request, "bookings/mine_address_code.html", context, status=status)


def _changed(page: OwnPage, changed: Consultation) -> HttpResponse:
    page.goes_on(changed)
    messages.success(page.request, _("Our e-mails now go to your new address."))
    return SeeOther(reverse("mine"))


@never_cache
@require_POST
def code_again(request: HttpRequest) -> HttpResponse:
    """Owes the new address a new code; the older one ends."""
    consultation = OwnPage(request).open_consultation
    if consultation is None or not consultation.new_email:
        return SeeOther(reverse("mine"))
    try:
        bookings.actions.send_new_address_code(consultation=consultation, now=clock.now())
    except (TooManyTries, NotPossibleNow) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("We are sending you a new code. The older one has ended."))
    return SeeOther(reverse("mine_address_code"))


@never_cache
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """The old address stays; the code that was sent to the new one ends."""
    consultation = OwnPage(request).open_consultation
    if consultation is not None:
        bookings.actions.keep_address(consultation=consultation)
        messages.success(request, _("We keep the address that we have."))
    return SeeOther(reverse("mine"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """The link beside the code: seeing it changes nothing (scanners follow links), its button does.

    A browser that has not opened the own page passes the light check first: the code may have gone to a
    stranger, whose address was typed by mistake.
    """
    page, now = OwnPage(request), clock.now()
    try:
        found = bookings.actions.find_new_address(token=token, now=now)
    except LinkEnded:
        return show_link_ended(request)
    is_open = page.open_consultation == found
    asks = forms.Form if is_open else CheckForm
    form = asks(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            if not is_open:
                bookings.actions.check_person(consultation=found, **form.cleaned_data)
            changed = bookings.actions.prove_new_address_by_link(token=token, now=now)
        except (TooManyTries, LinkEnded):
            return show_link_ended(request)
        except Refused as refusal:
            put_error(form, refusal)
        else:
            if not is_open:
                page.open(changed, checked=True)
            return _changed(page, changed)
    context = {"form": form, "answers_form": "answers"}
    status = 400 if form.errors else 200
    return render(request, "bookings/new_address_link.html", context, status=status)
