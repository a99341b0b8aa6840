"""A request that reception takes on the phone: one screen, then the same road as everyone's."""

import datetime as dt
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from bookings import actions
from bookings.admin.forms import PhoneRequestForm
from bookings.admin.time_forms import by_day, day_asked_for, free_week
from bookings.models import Consultation
from clinic.admin import laid_out, now_of, person
from clinic.errors import Refused
from clinic.i18n import active_language
from clinic.models import Clinic, Treatment

FIELDSETS: list[Any] = [
    (
        _("Patient"),
        {
            "fields": [
                ("patient_name", "mobile"),
                "birth_date",
                ("guardian_name", "email"),
                ("language", "zone"),
                "names_treatment",
            ]
        },
    ),
    (_("What about, and when"), {"fields": ["about", ("from_day", "time")]}),
    (
        _("If no time suits"),
        {"fields": ["preferred_days", ("preferred_part", "preferred_dermatologist")]},
    ),
]
# What the form asks under another name than the action, or only to show more.
NOT_ARGUMENTS = ("about", "time", "from_day")


def add_by_phone(room: admin.ModelAdmin, request: HttpRequest) -> HttpResponse:
    """The form, with the free times of a week; "show times" brings other days and keeps the rest."""
    now = now_of(request)
    clinic = Clinic.objects.the_clinic()
    zone = clinic.zone if clinic else "UTC"
    form = PhoneRequestForm(
        request.POST or None, initial={"language": active_language(), "zone": zone}
    )
    birth_date: Any = form.fields["birth_date"]
    birth_date.latest = now.astimezone(timezone.get_current_timezone()).date()
    _offer_times(form, request, now=now)
    if "show_times" in request.POST:
        form = _kept_unjudged(form)
    elif request.method == "POST" and form.is_valid():
        try:
            consultation = _request(form.cleaned_data, request, now=now)
        except Refused as refusal:
            field = {"concern": "about", "starts_at": "time"}.get(refusal.field, refusal.field)
            form.add_error(field if field in form.fields else "time", str(refusal))
        else:
            room.log_addition(
                request, consultation, gettext_noop("Entered a request taken on the phone.")
            )
            messages.success(
                request,
                format_html(
                    '{} <bdi dir="ltr">{}</bdi>',
                    gettext("The request is entered. Its reference:"),
                    str(consultation),
                ),
            )
            return redirect("admin:bookings_consultation_change", consultation.pk)
    context = {
        **room.admin_site.each_context(request),
        "title": gettext("Enter a request taken on the phone"),
        "opts": room.opts,
        "form": form,
        "adminform": laid_out(form, FIELDSETS),
        "button": gettext("Enter the request"),
        "back_url": reverse("admin:bookings_consultation_changelist"),
    }
    return TemplateResponse(request, "admin/bookings/consultation/by_phone.html", context)


def _offer_times(form: PhoneRequestForm, request: HttpRequest, *, now: dt.datetime) -> None:
    """The free times of the seven days asked for, with those who offer the treatment asked for."""
    day = day_asked_for(request.POST.get("from_day"), now=now)
    form.initial.setdefault("from_day", day)
    key = request.POST.get("about", "").partition("|")[0]
    treatment = Treatment.objects.filter(pk=int(key)).first() if _is_key(key) else None
    free = free_week(treatment=treatment, from_day=day, now=now)
    time: Any = form.fields["time"]
    time.choices = [("", gettext("No time yet")), *by_day(free)]


def _is_key(words: str) -> bool:
    return words.isascii() and words.isdigit() and len(words) < 19


def _kept_unjudged(form: PhoneRequestForm) -> PhoneRequestForm:
    """The same answers, shown again without a word about what is still missing."""
    again = PhoneRequestForm(initial={name: form[name].data for name in form.fields})
    time: Any = form.fields["time"]
    again_time: Any = again.fields["time"]
    again_time.choices = time.choices
    return again


def _request(given: dict[str, Any], request: HttpRequest, *, now: dt.datetime) -> Consultation:
    treatment, concern = given["about"]
    arguments = {name: value for name, value in given.items() if name not in NOT_ARGUMENTS}
    return actions.request(
        now=now,
        treatment=treatment,
        concern=concern,
        entered_by=person(request),
        **(given["time"] or {}),
        **arguments,
    )
