"""Erasure requests at the desk: taken by reception, answered by the lead."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from bookings.admin import columns
from clinic.admin import comma, desk, not_there, now_of, person
from clinic.errors import Refused
from clinic.forms import TypedField
from clinic.templatetags.clinic_pages import reference
from consent import actions
from consent.admin.erasing_facts import (
    Facts,
    contact,
    in_both_languages,
    what_goes,
    what_stays,
    whether,
)
from consent.admin.keeping import NO_NAMES, ReferenceField, desk_page, put_refusal, sent
from consent.models import Answer, ErasureRequest

SIGNS = {
    Answer.OPEN: ("…", "waiting"),
    Answer.GRANTED: ("✓", "good"),
    Answer.REFUSED: ("✕", "quiet"),
}


class TakeForm(forms.Form):
    """Of which consultation the patient wants everything erased."""

    consultation = ReferenceField()


class GrantForm(forms.Form):
    """That the patient is told, while there is still a way to reach them."""

    told = forms.BooleanField(
        label=_("I have told the patient, or I am on the phone with them now."),
        error_messages={
            "required": _("Tell the patient first: afterwards nobody knows how to reach them.")
        },
    )


class RefuseForm(forms.Form):
    """What the patient reads on their page."""

    why = TypedField(
        label=_("Why it is not erased, in words for the patient"),
        max_length=500,
        help_text=NO_NAMES,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 5}),
    )


@admin.register(ErasureRequest, site=desk)
class ErasureRequestAdmin(admin.ModelAdmin):
    """What patients asked to have erased, and what was answered; nothing is edited."""

    list_display = [
        *("visit", columns.moment_of("asked_at", _("asked at")), "whence", "state"),
        columns.moment_of("answered_at", _("answered at")),
    ]
    list_display_links = ["visit"]
    list_filter = ["answer"]
    list_select_related = ["consultation", "taken_by", "answered_by"]
    list_per_page = 50
    show_full_result_count = False
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": gettext("Erasure requests")})

    @admin.display(description=_("reference"))
    def visit(self, asked: ErasureRequest) -> str:
        return reference(asked.consultation.reference)

    @admin.display(description=_("taken by"))
    def whence(self, asked: ErasureRequest) -> str:
        return str(asked.taken_by or gettext("the patient, on their own page"))

    @admin.display(description=_("answer"))
    def state(self, asked: ErasureRequest) -> str:
        sign, look = SIGNS[Answer(asked.answer)]
        return columns.badge(sign, asked.get_answer_display(), look)

    def get_urls(self) -> list[URLPattern]:
        pages = {"grant": self.grant, "refuse": self.refuse}
        return [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(partial(self.answer_page, page=page)),
                name=f"consent_erasurerequest_{name}",
            )
            for name, page in pages.items()
        ] + super().get_urls()

    # --- Taking one -----------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Somebody said it on the phone or at the desk: they are told that an answer follows."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        asked_for = {"consultation": request.GET.get("reference", "")}
        form = TakeForm(sent(request), initial=asked_for)
        if form.is_valid():
            try:
                asked = actions.ask_for_erasure(
                    **form.cleaned_data, taken_by=person(request), now=now_of(request)
                )
            except Refused as refusal:
                put_refusal(form, refusal)
            else:
                self.log_addition(request, asked, gettext_noop("Took an erasure request."))
                messages.success(
                    request, gettext("The request is taken. The clinic's lead answers it.")
                )
                return redirect("admin:consent_erasurerequest_change", asked.pk)
        title = gettext("Take an erasure request")
        return desk_page(self, request, title=title, form=form, button=title)

    # --- One request ----------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """What was asked and answered; for who may answer, what there is to know first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked: ErasureRequest | None = self.get_object(request, object_id)
        if asked is None:
            return not_there(self, request, object_id)
        sections: list[tuple[Any, Facts]] = [(None, self._facts(asked))]
        ways, words = [], []
        if asked.answer == Answer.OPEN and self.has_change_permission(request):
            sections.append(
                (gettext("May it be erased?"), whether(asked.consultation, now=now_of(request)))
            )
            ways = [("grant", gettext("Erase it")), ("refuse", gettext("Refuse it"))]
        if asked.answer == Answer.GRANTED:
            words = in_both_languages(asked.consultation)
        return desk_page(
            self,
            request,
            title=gettext("Erasure request"),
            sections=sections,
            ways=[
                (reverse(f"admin:consent_erasurerequest_{way}", args=[asked.pk]), label)
                for way, label in ways
            ],
            words=words,
        )

    def _facts(self, asked: ErasureRequest) -> Facts:
        facts: Facts = [
            (gettext("Reference"), self.visit(asked)),
            (gettext("Asked"), columns.moment(asked.asked_at)),
            (gettext("Taken by"), format_html("<bdi>{}</bdi>", self.whence(asked))),
            (gettext("Answer"), self.state(asked)),
        ]
        if asked.answered_at is not None:
            answered = columns.moment(asked.answered_at), comma(), asked.answered_by
            facts.append((gettext("Answered"), format_html("{}{}<bdi>{}</bdi>", *answered)))
        if asked.why:
            facts.append((gettext("Why"), format_html('<bdi dir="auto">{}</bdi>', asked.why)))
        return facts

    def answer_page(self, request: HttpRequest, pk: int, *, page: Any) -> HttpResponse:
        """A page that answers: only for who may, and only while there is no answer."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        asked: ErasureRequest | None = self.get_object(request, str(pk))
        if asked is None:
            return not_there(self, request, str(pk))
        if asked.answer != Answer.OPEN:
            messages.error(request, gettext("This request is answered already."))
            return redirect("admin:consent_erasurerequest_change", asked.pk)
        answer: HttpResponse = page(request, asked)
        return answer

    def grant(self, request: HttpRequest, asked: ErasureRequest) -> HttpResponse:
        """Shows what goes, what stays and whom to tell; then erases."""
        form, now = GrantForm(sent(request)), now_of(request)
        if form.is_valid():
            try:
                actions.grant_erasure(asked=asked, by=person(request), now=now)
            except Refused as refusal:
                put_refusal(form, refusal)
            else:
                self.log_change(request, asked, gettext_noop("Granted: it is erased."))
                messages.success(request, gettext("It is erased. Nobody can undo this."))
                return redirect("admin:consent_erasurerequest_change", asked.pk)
        about = asked.consultation
        return desk_page(
            self,
            request,
            title=gettext("Erase it"),
            form=form,
            button=gettext("Erase it for good"),
            hurts=True,
            keep=gettext("Keep it"),
            sections=[
                (gettext("Whom to tell"), contact(about)),
                (gettext("May it be erased?"), whether(asked.consultation, now=now)),
                (gettext("What goes"), what_goes(about)),
                (gettext("What stays"), what_stays(about)),
            ],
            words=in_both_languages(about),
            back_url=reverse("admin:consent_erasurerequest_change", args=[asked.pk]),
        )

    def refuse(self, request: HttpRequest, asked: ErasureRequest) -> HttpResponse:
        """The reason, with the usual words to begin with."""
        now = now_of(request)
        usual = actions.usual_refusal(asked.consultation, now=now)
        form = RefuseForm(sent(request), initial={"why": usual})
        if form.is_valid():
            try:
                actions.refuse_erasure(
                    asked=asked, **form.cleaned_data, by=person(request), now=now
                )
            except Refused as refusal:
                put_refusal(form, refusal)
            else:
                self.log_change(request, asked, gettext_noop("Refused the erasure."))
                messages.success(
                    request, gettext("It is refused. The patient reads why on their own page.")
                )
                return redirect("admin:consent_erasurerequest_change", asked.pk)
        return desk_page(
            self,
            request,
            title=gettext("Refuse it"),
            form=form,
            button=gettext("Refuse it"),
            sections=[
                (gettext("Whom to tell"), contact(asked.consultation)),
                (gettext("May it be erased?"), whether(asked.consultation, now=now)),
            ],
            back_url=reverse("admin:consent_erasurerequest_change", args=[asked.pk]),
        )
