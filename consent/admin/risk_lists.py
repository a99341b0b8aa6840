"""Risk lists: written as a draft, read by a second person, published; then they never change."""

from collections.abc import Callable
from functools import partial
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
from clinic.admin import comma, desk, in_its_language, laid_out, not_there, person
from clinic.forms import words_field
from clinic.models import Treatment
from consent import actions
from consent.admin import list_steps
from consent.admin.comparing import compared, version_before
from consent.admin.risks import MAKES_ROOM, RiskInline, may_write, renumber
from consent.models import ListState, RiskList

written_by = columns.name_of("written_by", _("written by"))
published_by = columns.name_of("published_by", _("published by"))
published_at = columns.moment_of("published_at", _("published"))
reviewed_by = columns.name_of("reviewed_by", _("reviewed by"))
reviewed_at = columns.moment_of("reviewed_at", _("reviewed"))


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
        "change",
        "change_note",
        reviewed_by,
        reviewed_at,
        "reviewer_licence",
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
                    (written_by, "change", "change_note"),
                    (reviewed_by, reviewed_at, "reviewer_licence"),
                    (published_by, published_at),
                    ("statement_en", "statement_ar"),
                ]
            },
        )
    ]

    @admin.display(description=_("state"), ordering="state")
    def stands(self, risk_list: RiskList) -> str:
        """The state: word, sign and colour."""
        return list_steps.stands(risk_list)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        given = words_field(db_field, kwargs)
        field = super().formfield_for_dbfield(db_field, request, **given)
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
        pages: dict[str, Callable[..., HttpResponse]] = {
            "new-version": self.new_version,
            "send-to-review": partial(list_steps.send_to_review, self),
            "send-back": partial(list_steps.send_back, self),
            "preview": partial(list_steps.preview, self),
            "reviewed": partial(list_steps.reviewed, self),
            "publish": partial(list_steps.publish, self),
        }
        return [
            *(
                path(
                    f"<int:pk>/{name}/",
                    self.admin_site.admin_view(page),
                    name=f"consent_risklist_{name}",
                )
                for name, page in pages.items()
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
            before = version_before(risk_list)
            both = compared(risk_list, before) if before is not None else []
            context |= list_steps.may(request, risk_list) | {
                "can_begin": request.user.has_perm("consent.add_risklist"),
                "can_submit": self.has_change_permission(request, risk_list),
                "taken_out": [one.risk for one in both if one.here is None],
                "remarks": list_steps.remarks_of(risk_list),
                "comma": comma(),
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
