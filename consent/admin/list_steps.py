"""The steps of a risk list at the desk: sent to review, looked at, sent back, reviewed, published."""

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
from clinic.actions import dermatologist_who_is
from clinic.admin import laid_out, not_there, now_of, person
from clinic.errors import Refused
from clinic.forms import Words
from clinic.plain_words import typed_words
from consent import actions
from consent.admin.comparing import compared, statements, version_before
from consent.models import Change, ListState, RiskList

PUBLISHES = "consent.publish_risklist"
SIGNS = {
    ListState.DRAFT: ("✎", "waiting"),
    ListState.IN_REVIEW: ("…", "talk"),
    ListState.PUBLISHED: ("●", "good"),
    ListState.RETIRED: ("○", "quiet"),
}


class ChangeForm(forms.Form):
    """What a version is to the live one, and why; the first version has nothing to be compared with."""

    change = forms.ChoiceField(
        label=_("What kind of change is it?"),
        choices=[(one.value, one.label) for one in (Change.MATERIAL, Change.EDITORIAL)],
        widget=forms.RadioSelect,
        help_text=_("A side effect that is added or taken out is always a change of what is said."),
    )
    change_note = Words(
        label=_("Why it changes"),
        max_length=2000,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 3}),
    )

    def __init__(self, *args: Any, is_first: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_first:
            del self.fields["change"]


class RemarkField(Words):
    """A remark: signs that nobody sees came with what was copied, and are left out."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(typed_words(value))


class RemarkForm(forms.Form):
    """What the writer should change."""

    remark = RemarkField(
        label=_("What should change"),
        max_length=2000,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 5}),
        help_text=_("The writer reads this. A review that the list had is void."),
    )


def stands(risk_list: RiskList) -> str:
    """The state: word, sign and colour."""
    state = ListState(risk_list.state)
    sign, look = SIGNS[state]
    return columns.badge(sign, state.label, look)


def remarks_of(risk_list: RiskList) -> list[dict[str, str]]:
    """What was remarked when it was sent back, the newest first."""
    return [
        {
            "who": str(remark.written_by),
            "when": columns.moment(remark.written_at),
            "words": remark.words,
        }
        for remark in risk_list.remarks.select_related("written_by")
    ]


def may(request: HttpRequest, risk_list: RiskList) -> dict[str, bool]:
    """Which steps this person can take now; the actions have the last word."""
    is_in_review = risk_list.state == ListState.IN_REVIEW
    publishes = request.user.has_perm(PUBLISHES) and is_in_review
    is_writer = risk_list.written_by_id == request.user.pk
    is_reviewed = risk_list.reviewed_by_id is not None
    return {
        "is_in_review": is_in_review,
        "is_on_its_way": risk_list.state in (ListState.DRAFT, ListState.IN_REVIEW),
        "can_send_back": publishes,
        "can_publish": publishes and is_reviewed and not is_writer,
        "can_review": publishes
        and not is_reviewed
        and not is_writer
        and dermatologist_who_is(person(request)) is not None,
    }


def send_to_review(room: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Hands the draft to a second person, with what changes and why; only its writer does, once."""
    if not request.user.has_perm("consent.change_risklist"):
        raise PermissionDenied
    risk_list = room.get_object(request, str(pk))
    if risk_list is None:
        return not_there(room, request, str(pk))
    if risk_list.written_by_id not in (None, request.user.pk):
        raise PermissionDenied
    live = RiskList.objects.live_for(risk_list.treatment)
    given = {"change": risk_list.change, "change_note": risk_list.change_note}
    form = ChangeForm(request.POST or None, initial=given, is_first=live is None)

    def act(**answers: Any) -> RiskList:
        return actions.submit_for_review(risk_list=risk_list, **answers)

    if request.method == "POST" and form.is_valid() and _done(room, request, form, act):
        kept = "Sent to review." if risk_list.state == ListState.DRAFT else ""
        return _said(request, room, risk_list, kept, gettext("Sent to review."))
    asked = actions.to_be_asked(risk_list=risk_list, now=now_of(request)) if live else None
    more = {"asked": None if asked is None else len(asked)}
    return _asking(room, request, risk_list, form, button=gettext("Send to review"), **more)


def send_back(room: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Gives the list back to its writer, with a remark."""
    if not request.user.has_perm(PUBLISHES):
        raise PermissionDenied
    risk_list = room.get_object(request, str(pk))
    if risk_list is None:
        return not_there(room, request, str(pk))
    form = RemarkForm(request.POST or None)

    def act(**answers: Any) -> RiskList:
        return actions.send_back(
            risk_list=risk_list, sent_back_by=person(request), now=now_of(request), **answers
        )

    if request.method == "POST" and form.is_valid() and _done(room, request, form, act):
        kept = "Sent back." if risk_list.state == ListState.IN_REVIEW else ""
        return _said(request, room, risk_list, kept, gettext("Sent back to the writer."))
    return _asking(room, request, risk_list, form, button=gettext("Send back to the writer"))


def reviewed(room: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The dermatologist stands by exactly what the page showed."""
    return _press(room, request, pk, _review, "Reviewed.", gettext("The review is kept."))


def publish(room: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Makes exactly what the page showed the live list."""
    return _press(room, request, pk, _publish, "Published.", gettext("Published."))


def _review(request: HttpRequest, risk_list: RiskList, previewed: str) -> RiskList:
    return actions.review_wording(
        risk_list=risk_list, reviewed_by=person(request), now=now_of(request), previewed=previewed
    )


def _publish(request: HttpRequest, risk_list: RiskList, previewed: str) -> RiskList:
    return actions.publish(
        risk_list=risk_list, published_by=person(request), now=now_of(request), previewed=previewed
    )


def _press(
    room: admin.ModelAdmin,
    request: HttpRequest,
    pk: int,
    act: Callable[[HttpRequest, RiskList, str], RiskList],
    kept: str,
    said: str,
) -> HttpResponse:
    """`kept` goes into the history, `said` to the person who pressed a button below a preview."""
    if not request.user.has_perm(PUBLISHES):
        raise PermissionDenied
    risk_list = room.get_object(request, str(pk))
    if risk_list is None:
        return not_there(room, request, str(pk))
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        done = act(request, risk_list, request.POST.get("previewed") or "nothing was looked at")
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("admin:consent_risklist_preview", risk_list.pk)
    is_new = _where(done) != _where(risk_list)
    return _said(request, room, risk_list, kept if is_new else "", said)


def _where(risk_list: RiskList) -> tuple[str, int | None]:
    """How far a list has come: a step that was taken already leaves it where it is."""
    return risk_list.state, risk_list.reviewed_by_id


def preview(room: admin.ModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Exactly what would go live, what differs from what is live, and who would be asked again."""
    risk_list = room.get_object(request, str(pk))
    if risk_list is None:
        return not_there(room, request, str(pk))
    if not room.has_view_permission(request, risk_list):
        raise PermissionDenied
    before, steps = version_before(risk_list), may(request, risk_list)
    asked = None
    if risk_list.change == Change.MATERIAL:
        asked = len(actions.to_be_asked(risk_list=risk_list, now=now_of(request)))
    context = {
        **room.admin_site.each_context(request),
        **steps,
        "title": gettext("As it would go live"),
        "opts": room.opts,
        "original": risk_list,
        "facts": _facts(risk_list),
        "has_before": before is not None,
        "statements": statements(risk_list, before),
        "risks": compared(risk_list, before),
        "asked": asked,
        "waits_for": _waits_for(request, risk_list, steps),
        "previewed": actions.preview_of(risk_list),
        "back_url": reverse("admin:consent_risklist_change", args=[risk_list.pk]),
    }
    return TemplateResponse(request, "admin/consent/risklist/preview.html", context)


def _facts(risk_list: RiskList) -> list[str]:
    facts = [stands(risk_list), f"{gettext('version')} {risk_list.version}"]
    return facts + ([risk_list.get_change_display()] if risk_list.change else [])


def _waits_for(request: HttpRequest, risk_list: RiskList, steps: dict[str, bool]) -> list[str]:
    """Why this person cannot publish it yet, or not at all."""
    sentences = []
    if risk_list.reviewed_by_id is None:
        sentences.append(gettext("A dermatologist has to review this list first."))
    if risk_list.written_by_id == request.user.pk:
        sentences.append(gettext("A second person has to publish this list."))
    return [] if steps["can_publish"] else sentences


def _done(
    room: admin.ModelAdmin, request: HttpRequest, form: forms.Form, act: Callable[..., RiskList]
) -> bool:
    """Whether the action did it; a refusal goes to the field that it names."""
    try:
        act(**form.cleaned_data)
    except Refused as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        return False
    return True


def _said(
    request: HttpRequest, room: admin.ModelAdmin, risk_list: RiskList, kept: str, said: str
) -> HttpResponse:
    """What was done; "" as `kept` where it was done before, for the history has it already."""
    if kept:
        room.log_change(request, risk_list, kept)
    messages.success(request, f"{risk_list}: {said}")
    return redirect("admin:consent_risklist_change", risk_list.pk)


def _asking(
    room: admin.ModelAdmin,
    request: HttpRequest,
    risk_list: RiskList,
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
        "original": risk_list,
        "facts": _facts(risk_list),
        "form": form,
        "adminform": laid_out(form, [(None, {"fields": list(form.fields)})]),
        "button": button,
        "back_url": reverse("admin:consent_risklist_change", args=[risk_list.pk]),
    }
    return TemplateResponse(request, "admin/consent/risklist/step.html", context)
