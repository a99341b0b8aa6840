"""The desk's page that says why a time is not offered: every dermatologist, every reason."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.actions import Answer, explain
from bookings.admin import finding
from bookings.admin.reasons import Case, Stretch, hours_of_the_day, in_words
from bookings.admin.wall_clock import (
    ClockField,
    DayField,
    WhichField,
    ask_which,
    moment_meant,
)
from bookings.models import Closure, Consultation, Season
from clinic.admin import laid_out, now_of
from clinic.models import Treatment
from clinic.templatetags.clinic_pages import clinic_hours

LAYOUT: list[Any] = [(None, {"fields": ["treatment", ("day", "clock"), "which", "own"]})]


class WhyNotForm(forms.Form):
    """A treatment and a time by the clinic's clock; `own` is the visit that is to be moved there."""

    treatment = forms.ModelChoiceField(
        label=_("Treatment"), queryset=Treatment.objects.all(), empty_label=None
    )
    day = DayField(label=_("Day"))
    clock = ClockField(label=_("Time, from 00:00 to 23:59"))
    which = WhichField()
    own = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone: Any = timezone.get_current_timezone()  # the clinic's, at the desk
        ask_which(self, day="day", clock="clock", which="which", zone=self.zone)

    def clean(self) -> dict[str, Any]:
        """Adds `starts_at` (UTC), where the clock shows the time at all."""
        given = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                given["starts_at"] = moment_meant(
                    given["day"], given["clock"], given["which"], self.zone
                )
            except ValidationError as error:
                self.add_error("clock", error)
        return given


def url_about(consultation: Consultation) -> str:
    """The page, asked about another time for this consultation."""
    asked = {"own": consultation.pk, "treatment": consultation.treatment_id or ""}
    return reverse("admin:bookings_consultation_why_not") + "?" + urlencode(asked)


def why_not(room: admin.ModelAdmin, request: HttpRequest) -> HttpResponse:
    """The form, and the answers to it, once a day and a time are asked for."""
    if not room.has_view_permission(request):
        raise PermissionDenied
    form = WhyNotForm(request.GET if "day" in request.GET else None, initial=request.GET.dict())
    context = {
        **room.admin_site.each_context(request),
        "title": gettext("Why is this time not offered?"),
        "opts": room.opts,
        "form": form,
        "adminform": laid_out(form, LAYOUT),
        "button": gettext("Show why"),
    }
    if form.is_bound and form.is_valid():
        context |= _answered(form, request)
    return TemplateResponse(request, "admin/bookings/consultation/why_not.html", context)


def _answered(form: WhyNotForm, request: HttpRequest) -> dict[str, Any]:
    given, now = form.cleaned_data, now_of(request)
    starts_at: dt.datetime = given["starts_at"]
    answers = explain(
        treatment=given["treatment"],
        starts_at=starts_at,
        now=now,
        own=_own(given["own"], request),
    )
    if not answers:
        return {"answers": []}
    visits = _visits(answers, request, now=now)
    closures = _closures(answers)
    cases = [Case(answer, starts_at, now, visits, closures) for answer in answers]
    rules = cases[0].rules
    season = Season.objects.filter(first_day__lte=given["day"], last_day__gte=given["day"]).first()
    return {
        "when": clinic_hours(starts_at, starts_at + rules.length, rules.zone),
        "season": season,
        "answers": [
            {
                "dermatologist": case.answer.dermatologist,
                "is_free": case.answer.is_free,
                "reasons": in_words(case),
                "hours": hours_of_the_day(case),
            }
            for case in cases
        ],
    }


def _own(key: str, request: HttpRequest) -> Consultation | None:
    """The consultation that asks for the time, if this person may see it."""
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        return None
    return finding.within_reach(request, Consultation.objects.filter(pk=int(key))).first()


def _stretches(answers: list[Answer]) -> list[Stretch]:
    """Of what is in the way anywhere."""
    return [
        (because.by.starts_at, because.by.ends_at)
        for answer in answers
        for because in answer.reasons
        if because.by is not None
    ]


def _visits(
    answers: list[Answer], request: HttpRequest, *, now: dt.datetime
) -> dict[tuple[int | None, Stretch], Consultation]:
    """The visits in the way that this person may see; an overlap is impossible, so a time names one."""
    starts = {starts_at for starts_at, _ends_at in _stretches(answers)}
    there = Consultation.objects.taking_a_slot(now=now).filter(starts_at__in=starts)
    return {
        (visit.dermatologist_id, (visit.starts_at, visit.ends_at)): visit
        for visit in finding.within_reach(request, there)
        if visit.starts_at and visit.ends_at
    }


def _closures(answers: list[Answer]) -> list[Closure]:
    starts = {starts_at for starts_at, _ends_at in _stretches(answers)}
    return list(Closure.objects.filter(starts_at__in=starts))
