"""Risk lists: written as a draft, read by a second person, published; then they never change."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from bookings.admin import columns
from clinic.admin import desk, in_its_language, laid_out, not_there, now_of, person
from clinic.errors import Refused
from clinic.models import Treatment
from consent import actions
from consent.admin.risks import MAKES_ROOM, RiskInline, may_write, renumber
from consent.models import ListState, RiskList

SIGNS = {
    ListState.DRAFT: ("✎", "waiting"),
    ListState.IN_REVIEW: ("…", "talk"),
    ListState.PUBLISHED: ("●", "good"),
    ListState.RETIRED: ("○", "quiet"),
}
written_by = columns.name_of("written_by", _("written by"))
published_by = columns.name_of("published_by", _("published by"))
published_at = columns.moment_of("published_at", _("published"))


class NewListForm(forms.Form):
    """Which treatment the new version is for."""

    treatment = forms.ModelChoiceField(
        label=_("Treatment"),
        queryset=Treatment.objects.all(),
        help_text=_("The draft begins with the words of the newest version."),
    )


@admin.register(RiskList, site=desk)
class RiskListAdmin(admin.ModelAdmin):
    """Every version of every list; what was published is only read."""

    list_display = ["treatment", "version", "stands", written_by, published_at]
    list_display_links = ["treatment", "version"]
    list_filter = ["treatment", "state"]
    list_select_related = ["treatment", "written_by"]
    ordering = ["treatment__position", "-version"]
    inlines = [RiskInline]
    readonly_fields: ClassVar[Any] = [
        "stands",
        columns.treatment,
        "version",
        written_by,
        published_by,
        published_at,
    ]
    fieldsets: ClassVar[Any] = [
        (
            None,
            {
                "fields": [
                    (columns.treatment, "version"),
                    "stands",
                    (written_by, published_by, published_at),
                    ("statement_en", "statement_ar"),
                ]
            },
        )
    ]

    @admin.display(description=_("state"), ordering="state")
    def stands(self, risk_list: RiskList) -> str:
        """The state: word, sign and colour."""
        state = ListState(risk_list.state)
        sign, look = SIGNS[state]
        return columns.badge(sign, state.label, look)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        in_its_language(db_field, field)
        return field

    def save_formset(
        self, request: HttpRequest, form: forms.ModelForm, formset: Any, change: bool
    ) -> None:
        """Numbers the side effects anew, 1, 2, 3, by the order that was typed."""
        risk_list = form.instance
        for number, row in enumerate(formset.save(commit=False), 1):
            if row.pk is None:
                row.position = MAKES_ROOM + number
            row.save()
        for gone in formset.deleted_objects:
            gone.delete()
        places = {
            one.instance.pk: one.cleaned_data["place"]
            for one in formset.forms
            if one.cleaned_data and not one.cleaned_data.get("DELETE") and one.instance.pk
        }
        renumber(risk_list.risks.all(), places)

    # --- Buttons ------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        buttons: dict[str, Callable[..., HttpResponse]] = {
            "new-version": self.new_version,
            "send-to-review": self.send_to_review,
            "publish": self.publish,
        }
        return [
            *(
                path(
                    f"<int:pk>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"consent_risklist_{name}",
                )
                for name, view in buttons.items()
            ),
            *super().get_urls(),
        ]

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A new version is begun for a treatment; the words are then written on its own page."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewListForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._begin(request, form.cleaned_data["treatment"])
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Begin a new version"),
            "opts": self.opts,
            "form": form,
            "adminform": laid_out(form, [(None, {"fields": ["treatment"]})]),
            "button": gettext("Begin a new version"),
            "back_url": reverse("admin:consent_risklist_changelist"),
        }
        return TemplateResponse(request, "admin/desk_form.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = dict(extra_context or {})
        risk_list = self.get_object(request, object_id)
        if risk_list is not None:
            may = request.user.has_perm
            context |= {
                "can_begin": may("consent.add_risklist"),
                "can_submit": self.has_change_permission(request, risk_list),
                "can_publish": may("consent.publish_risklist")
                and risk_list.state == ListState.IN_REVIEW
                and risk_list.written_by_id != request.user.pk,
            }
        return super().change_view(request, object_id, form_url, context)

    def new_version(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A draft that begins with the newest words of the same treatment."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        risk_list = self.get_object(request, str(pk))
        if risk_list is None:
            return not_there(self, request, str(pk))
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return self._begin(request, risk_list.treatment)

    def send_to_review(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hands the draft to a second person; only its writer does."""
        if not request.user.has_perm("consent.change_risklist"):
            raise PermissionDenied
        risk_list = self.get_object(request, str(pk))
        if risk_list is not None and risk_list.written_by_id not in (None, request.user.pk):
            raise PermissionDenied

        def act(found: RiskList) -> RiskList:
            return actions.submit_for_review(risk_list=found)

        return self._press(request, pk, act, "Sent to review.", gettext("Sent to review."))

    def publish(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Makes a reviewed list the live one; the action refuses its own writer."""
        if not request.user.has_perm("consent.publish_risklist"):
            raise PermissionDenied

        def act(found: RiskList) -> RiskList:
            return actions.publish(
                risk_list=found, published_by=person(request), now=now_of(request)
            )

        return self._press(request, pk, act, "Published.", gettext("Published."))

    def _press(
        self,
        request: HttpRequest,
        pk: int,
        act: Callable[[RiskList], RiskList],
        kept: str,
        said: str,
    ) -> HttpResponse:
        """`kept` goes into the history, `said` to the person who pressed."""
        risk_list = self.get_object(request, str(pk))
        if risk_list is None:
            return not_there(self, request, str(pk))
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            act(risk_list)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            self.log_change(request, risk_list, kept)
            messages.success(request, f"{risk_list}: {said}")
        return redirect("admin:consent_risklist_change", risk_list.pk)

    def _begin(self, request: HttpRequest, treatment: Treatment) -> HttpResponse:
        """A new draft; who has one already goes on with it."""
        mine = treatment.risk_lists.filter(state=ListState.DRAFT, written_by=request.user.pk)
        draft = mine.first()
        if draft is None:
            draft = actions.start_list(treatment=treatment, written_by=person(request))
            self.log_addition(request, draft, gettext_noop("Began a new version."))
            messages.success(request, gettext("A new draft has begun. Write it, then send it."))
        else:
            messages.info(request, gettext("You have this draft already."))
        return redirect("admin:consent_risklist_change", draft.pk)
