"""Closures: what is booked in one is shown first, then cancelled together with it, or nothing is."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _

from bookings.actions import Closed, VisitsInClosure, close, is_told
from bookings.admin import columns
from bookings.admin.openings import (
    STRETCH_COLUMNS,
    StretchForm,
    WhoseFilter,
    laid_out_for,
    whose,
)
from bookings.admin.time_forms import WhyField
from bookings.models import Closure, Consultation, Status
from clinic.admin import comma, desk, laid_out, now_of
from clinic.templatetags.clinic_pages import reference

MAY_CANCEL = "bookings.change_consultation"
# What the history of a consultation keeps, in English as all of it.
KEPT = {
    Status.HELD: gettext_noop("The time is let go, for the clinic is closed then."),
    Status.CONFIRMED: gettext_noop("The consultation is cancelled."),
}
ANSWERS = ("previewed", "cancel_reason", "csrfmiddlewaretoken")


class ClosingForm(forms.Form):
    """That exactly what was shown is to be cancelled, and why."""

    previewed = forms.CharField(widget=forms.HiddenInput)
    cancel_reason = WhyField(
        label=_("Why the visits are cancelled"), max_length=300, help_text=_("Kept for the staff.")
    )


@admin.register(Closure, site=desk)
class ClosureAdmin(admin.ModelAdmin):
    """Holidays, leave, an afternoon off: of one dermatologist or of the whole clinic."""

    form = StretchForm
    list_display = STRETCH_COLUMNS
    list_filter = [("dermatologist", WhoseFilter)]
    list_select_related = ["dermatologist"]
    ordering = ["-starts_at"]

    def get_fieldsets(self, request: HttpRequest, obj: Closure | None = None) -> Any:
        return laid_out_for(self, request, obj)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form as the admin has it; where visits are in the way, the page that shows them."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except VisitsInClosure as refusal:  # the admin's transaction was taken back
            return self.preview(request, refusal)

    def save_model(self, request: HttpRequest, obj: Closure, form: Any, change: bool) -> None:
        """Raises VisitsInClosure until somebody who may cancel visits agrees to end just these."""
        answers = ClosingForm(request.POST)
        agreed = request.user.has_perm(MAY_CANCEL) and answers.is_valid()
        given = answers.cleaned_data if agreed else {}
        closed = close(closure=obj, now=now_of(request), **given)
        if closed.visits:
            self._tell(request, closed)

    def _tell(self, request: HttpRequest, closed: Closed) -> None:
        """Keeps a line in each visit's history, and names the patients whom no e-mail reaches."""
        for visit in closed.visits:
            was_held = visit.status == Status.EXPIRED
            self.log_change(request, visit, KEPT[Status.HELD if was_held else Status.CONFIRMED])
        count = len(closed.visits)
        messages.success(
            request,
            ngettext("%(count)s visit is cancelled.", "%(count)s visits are cancelled.", count)
            % {"count": count},
        )
        if to_call := [visit for visit in closed.visits if not is_told(visit)]:
            words = gettext("No e-mail reaches these patients. Please call them: {who}")
            named = comma().join(f"{visit.patient_name} \u2066{visit}\u2069" for visit in to_call)
            messages.warning(request, format_html(words, who=named))

    def preview(self, request: HttpRequest, refusal: VisitsInClosure) -> HttpResponse:
        """What is booked in the closure, and what can be done; patients' names only for reception."""
        again = "previewed" in request.POST
        may_cancel = request.user.has_perm(MAY_CANCEL)
        given = request.POST.copy()
        given["previewed"] = refusal.preview
        why = {"cancel_reason": request.POST.get("reason", "")}
        form = ClosingForm(given if again else None, initial=why | {"previewed": refusal.preview})
        count = len(refusal.visits)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("What is booked in this time"),
            "opts": self.opts,
            "closed": [_stretch(refusal.closure), whose(refusal.closure)],
            "may_cancel": may_cancel,
            "has_changed": again and request.POST["previewed"] != refusal.preview,
            "rows": [_row(visit, in_full=may_cancel) for visit in refusal.visits],
            "form": form,
            "adminform": laid_out(form, [(None, {"fields": ["previewed", "cancel_reason"]})]),
            "kept": _kept(request),
            "button": ngettext(
                "Cancel this visit and tell the patient",
                "Cancel these %(count)s visits and tell the patients",
                count,
            )
            % {"count": count},
            "back_url": reverse("admin:bookings_closure_changelist"),
        }
        return TemplateResponse(request, "admin/bookings/closure/preview.html", context)


def _stretch(closure: Closure) -> str:
    """From when until when is to be closed, in words."""
    return format_html(
        gettext("{starts} to {ends}"),
        starts=columns.moment(closure.starts_at),
        ends=columns.moment(closure.ends_at),
    )


def _kept(request: HttpRequest) -> list[tuple[str, str]]:
    """What was typed into the form of the closure, to be sent again with the answer."""
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ANSWERS
        for value in values
    ]


def _row(visit: Consultation, *, in_full: bool) -> dict[str, Any]:
    """One line of the preview; without the patient for who may not see consultations."""
    assert visit.starts_at and visit.ends_at
    row = {
        "time": columns.visit(visit),
        "reference": reference(visit.reference),
        "dermatologist": visit.dermatologist,
        "status": columns.status(visit),
    }
    if in_full:
        row |= {"who": columns.who(visit), "phone": columns.call(visit), "told": _told(visit)}
    return row


def _told(visit: Consultation) -> str:
    """How the patient hears of it."""
    if is_told(visit):
        return columns.badge("✓", gettext("by e-mail"), "good")
    return columns.badge("!", gettext("please call"), "bad")
