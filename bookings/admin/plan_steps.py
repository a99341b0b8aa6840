"""The steps of an aftercare plan at the desk: sent to review, looked at, sent back, published, retired."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.admin import columns
from bookings.admin.plan_words import live_beside, mails_of, taken_out
from clinic import actions
from clinic.admin import laid_out, not_there, now_of, person
from clinic.errors import Refused
from clinic.forms import Words
from clinic.models import AftercarePlan, PlanState

PUBLISHES = "clinic.publish_aftercareplan"
SIGNS = {
    PlanState.DRAFT: ("✎", "waiting"),
    PlanState.IN_REVIEW: ("…", "talk"),
    PlanState.PUBLISHED: ("●", "good"),
    PlanState.RETIRED: ("○", "quiet"),
}


class ChangeForm(forms.Form):
    """Why a version changes."""

    change_note = Words(
        label=_("Why it changes"),
        max_length=2000,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 3}),
    )


class RemarkForm(forms.Form):
    """What the writer should change."""

    remark = Words(
        label=_("What should change"),
        max_length=2000,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 5}),
        help_text=_("The writer reads this. A review that the plan had is void."),
    )


class RetireForm(forms.Form):
    """Nothing to type: only a second thought."""


def stands(plan: AftercarePlan) -> str:
    """The state: word, sign and colour."""
    state = PlanState(plan.state)
    sign, look = SIGNS[state]
    return columns.badge(sign, state.label, look)


def may(request: HttpRequest, plan: AftercarePlan) -> dict[str, bool]:
    """Which steps this person can take now; the actions have the last word."""
    is_in_review = plan.state == PlanState.IN_REVIEW
    publishes = request.user.has_perm(PUBLISHES)
    is_writer = plan.written_by_id == request.user.pk
    is_reviewed = plan.reviewed_by_id is not None
    return {
        "is_in_review": is_in_review,
        "can_send_back": publishes and is_in_review,
        "can_publish": publishes and is_in_review and is_reviewed and not is_writer,
        "can_retire": publishes and plan.state == PlanState.PUBLISHED,
        "can_review": publishes
        and is_in_review
        and not is_reviewed
        and not is_writer
        and actions.dermatologist_who_is(person(request)) is not None,
    }


def send_to_review(room: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Hands the draft to others, with why it changes; only its writer does, once."""
    if not request.user.has_perm("clinic.change_aftercareplan"):
        raise PermissionDenied
    plan = room.get_object(request, str(pk))
    if plan is None:
        return not_there(room, request, str(pk))
    if plan.written_by_id != request.user.pk:
        raise PermissionDenied
    form = ChangeForm(request.POST or None, initial={"change_note": plan.change_note})

    def act(**answers: Any) -> AftercarePlan:
        return actions.submit_for_review(plan=plan, **answers)

    if request.method == "POST" and form.is_valid() and _done(form, act):
        kept = "Sent to review." if plan.state == PlanState.DRAFT else ""
        return _said(request, room, plan, kept, gettext("Sent to review."))
    return _asking(room, request, plan, form, button=gettext("Send to review"))


def send_back(room: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Gives the plan back to its writer, with a remark."""
    if not request.user.has_perm(PUBLISHES):
        raise PermissionDenied
    plan = room.get_object(request, str(pk))
    if plan is None:
        return not_there(room, request, str(pk))
    form = RemarkForm(request.POST or None)

    def act(**answers: Any) -> AftercarePlan:
        return actions.send_back(plan=plan, **answers)

    if request.method == "POST" and form.is_valid() and _done(form, act):
        kept = "Sent back." if plan.state == PlanState.IN_REVIEW else ""
        return _said(request, room, plan, kept, gettext("Sent back to the writer."))
    return _asking(room, request, plan, form, button=gettext("Send back to the writer"))


def retire(room: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Ends the live plan without another, after a second thought."""
    if not request.user.has_perm(PUBLISHES):
        raise PermissionDenied
    plan = room.get_object(request, str(pk))
    if plan is None:
        return not_there(room, request, str(pk))
    form = RetireForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if _done(form, lambda: actions.retire_plan(plan=plan)):
            kept = "Retired." if plan.state == PlanState.PUBLISHED else ""
            return _said(request, room, plan, kept, gettext("Retired."))
    warning = gettext("No aftercare is sent after this treatment until another plan is published.")
    return _asking(
        room, request, plan, form, button=gettext("Retire it"), warning=warning, hurts=True
    )


def reviewed(room: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The dermatologist stands by exactly what the page showed."""
    return _press(room, request, pk, _review, "Reviewed.", gettext("The review is kept."))


def publish(room: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Makes exactly what the page showed the live plan."""
    return _press(room, request, pk, _publish, "Published.", gettext("Published."))


def _review(request: HttpRequest, plan: AftercarePlan, previewed: str) -> AftercarePlan:
    return actions.review_plan(
        plan=plan, reviewed_by=person(request), now=now_of(request), previewed=previewed
    )


def _publish(request: HttpRequest, plan: AftercarePlan, previewed: str) -> AftercarePlan:
    return actions.publish_plan(
        plan=plan, published_by=person(request), now=now_of(request), previewed=previewed
    )


def _press(
    room: admin.ModelAdmin,
    request: HttpRequest,
    pk: int,
    act: Callable[[HttpRequest, AftercarePlan, str], AftercarePlan],
    kept: str,
    said: str,
) -> HttpResponse:
    """`kept` goes into the history, `said` to the person who pressed a button below a preview."""
    if not request.user.has_perm(PUBLISHES):
        raise PermissionDenied
    plan = room.get_object(request, str(pk))
    if plan is None:
        return not_there(room, request, str(pk))
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        done = act(request, plan, request.POST.get("previewed") or "nothing was looked at")
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("admin:clinic_aftercareplan_preview", plan.pk)
    is_new = (done.state, done.reviewed_by_id) != (plan.state, plan.reviewed_by_id)
    return _said(request, room, plan, kept if is_new else "", said)


def preview(room: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Every e-mail of a plan in both languages, and what differs from what is live."""
    plan = room.get_object(request, str(pk))
    if plan is None:
        return not_there(room, request, str(pk))
    if not room.has_view_permission(request, plan):
        raise PermissionDenied
    steps = may(request, plan)
    context = {
        **room.admin_site.each_context(request),
        **steps,
        "title": gettext("The e-mails of this plan"),
        "opts": room.opts,
        "original": plan,
        "facts": _facts(plan),
        "has_before": live_beside(plan) is not None,
        "mails": mails_of(plan),
        "taken_out": taken_out(plan),
        "waits_for": [] if steps["can_publish"] else _waits_for(request, plan),
        "previewed": actions.preview_of(plan),
        "back_url": reverse("admin:clinic_aftercareplan_change", args=[plan.pk]),
    }
    return TemplateResponse(request, "admin/clinic/aftercareplan/preview.html", context)


def _facts(plan: AftercarePlan) -> list[str]:
    return [stands(plan), f"{gettext('version')} {plan.version}"]


def _waits_for(request: HttpRequest, plan: AftercarePlan) -> list[str]:
    """Why this person cannot publish it yet, or not at all."""
    sentences = []
    if plan.reviewed_by_id is None:
        sentences.append(gettext("A dermatologist has to review this plan first."))
    if plan.written_by_id == request.user.pk:
        sentences.append(gettext("A second person has to publish this plan."))
    return sentences


def _done(form: forms.Form, act: Callable[..., AftercarePlan]) -> bool:
    """Whether the action did it; a refusal goes to the field that it names."""
    try:
        act(**form.cleaned_data)
    except Refused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return False
    return True


def _said(
    request: HttpRequest, room: admin.ModelAdmin, plan: AftercarePlan, kept: str, said: str
) -> HttpResponse:
    """What was done; "" as `kept` where it was done before, for the history has it already."""
    if kept:
        room.log_change(request, plan, kept)
    messages.success(request, f"{plan}: {said}")
    return redirect("admin:clinic_aftercareplan_change", plan.pk)


def _asking(
    room: admin.ModelAdmin,
    request: HttpRequest,
    plan: AftercarePlan,
    form: forms.Form,
    *,
    button: str,
    **more: Any,
) -> HttpResponse:
    context = {
        **room.admin_site.each_context(request),
        **more,
        "title": button,
        "opts": room.opts,
        "original": plan,
        "facts": _facts(plan),
        "form": form,
        "adminform": laid_out(form, [(None, {"fields": list(form.fields)})] if form.fields else []),
        "button": button,
        "back_url": reverse("admin:clinic_aftercareplan_change", args=[plan.pk]),
    }
    return TemplateResponse(request, "admin/clinic/aftercareplan/step.html", context)
