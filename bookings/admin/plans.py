"""Aftercare plans at the desk: written as a draft, reviewed, published; then they never change."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from bookings import emails
from bookings.admin import columns, plan_steps
from bookings.admin.plan_words import Compared, steps_before, taken_out
from clinic import actions
from clinic.admin import comma, desk, in_its_language, laid_out, not_there, person
from clinic.forms import words_field
from clinic.models import AftercarePlan, AftercareStep, PlanState, Treatment

written_by = columns.name_of("written_by", _("written by"))
reviewed_by = columns.name_of("reviewed_by", _("reviewed by"))
reviewed_at = columns.moment_of("reviewed_at", _("reviewed"))
published_by = columns.name_of("published_by", _("published by"))
published_at = columns.moment_of("published_at", _("published"))
KEY_HELP = _(
    "A step keeps its short name in all versions: who had it once is not sent it again. Steps of one hour "
    "are one e-mail."
)
SUBJECT_HELP = _(
    "Anybody near the phone can read it: it names neither the treatment nor what it is for. No other text "
    "of a step names the treatment."
)


class NewPlanForm(forms.Form):
    """Which treatment the new version is for."""

    treatment = forms.ModelChoiceField(
        label=_("Treatment"),
        queryset=Treatment.objects.all(),
        help_text=_("The draft begins with the words of the newest version."),
    )


class StepInline(admin.StackedInline):
    """The steps of a plan, English and Arabic side by side."""

    model = AftercareStep
    extra = 0
    fields: ClassVar[Any] = [
        ("key", "hours_after", "position"),
        *((f"{part}_en", f"{part}_ar") for part in AftercareStep.PARTS),
    ]
    readonly_fields = ["differs"]
    # Django makes an inline anew for each request, so that this is one page's own.
    before: dict[str, AftercareStep] | None = None

    def get_fields(self, request: HttpRequest, obj: AftercarePlan | None = None) -> Any:
        return [*self.fields, "differs"] if self.before else self.fields

    def get_formset(
        self, request: HttpRequest, obj: AftercarePlan | None = None, **kwargs: Any
    ) -> Any:
        self.before = steps_before(obj) if obj is not None else None
        return super().get_formset(request, obj, **kwargs)

    @admin.display(description=_("what differs from the live version"))
    def differs(self, step: AftercareStep) -> str:
        """The saved words beside the live ones."""
        one = Compared(step, (self.before or {}).get(step.key))
        if not step.pk or one.state in ("same", "moved"):
            return columns.NOTHING
        return render_to_string("admin/clinic/aftercareplan/differences.html", {"sides": one.sides})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_write(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and may_write(request, obj)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        given = words_field(db_field, kwargs)
        field = super().formfield_for_dbfield(db_field, request, **given)
        field = in_its_language(db_field, field)
        if db_field.name.startswith("body_"):
            field.widget.attrs["rows"] = 12
        if db_field.name.startswith("subject_"):
            field.help_text = SUBJECT_HELP
        return field


def may_write(request: HttpRequest, plan: AftercarePlan | None) -> bool:
    """A draft is written by one person: who else changed it could then publish their own words."""
    return plan is None or (plan.state == PlanState.DRAFT and plan.written_by_id == request.user.pk)


@admin.register(AftercarePlan, site=desk)
class AftercarePlanAdmin(admin.ModelAdmin):
    """Every version of every plan; what was published is only read, and never deleted."""

    list_display = ["treatment", "version", "stands", written_by, reviewed_by, published_at]
    list_display_links = ["treatment", "version"]
    list_filter = ["treatment", "state"]
    list_select_related = ["treatment", "written_by", "reviewed_by"]
    ordering = ["treatment__position", "-version"]
    inlines = [StepInline]
    fieldsets: ClassVar[Any] = [
        (
            None,
            {
                "fields": [
                    (columns.treatment, "version"),
                    "stands",
                    (written_by, "change_note"),
                    (reviewed_by, reviewed_at),
                    (published_by, published_at),
                ],
                "description": KEY_HELP,
            },
        )
    ]
    readonly_fields: ClassVar[Any] = [
        *(columns.treatment, "version", "stands", written_by, "change_note"),
        *(reviewed_by, reviewed_at, published_by, published_at),
    ]

    @admin.display(description=_("state"), ordering="state")
    def stands(self, plan: AftercarePlan) -> str:
        """The state: word, sign and colour."""
        return plan_steps.stands(plan)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # --- Buttons ------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, Callable[..., HttpResponse]] = {
            "new-version": self.new_version,
            "send-to-review": partial(plan_steps.send_to_review, self),
            "send-back": partial(plan_steps.send_back, self),
            "preview": partial(plan_steps.preview, self),
            "reviewed": partial(plan_steps.reviewed, self),
            "publish": partial(plan_steps.publish, self),
            "retire": partial(plan_steps.retire, self),
        }
        view, name = self.admin_site.admin_view, "clinic_aftercareplan"
        return [
            *(
                path(f"<int:pk>/{verb}/", view(page), name=f"{name}_{verb}")
                for verb, page in pages.items()
            ),
            path("words/<str:wording>/", view(self.words), name=f"{name}_words"),
            *super().get_urls(),
        ]

    def words(self, request: HttpRequest, wording: str) -> HttpResponse:
        """From the hash that a sent e-mail is kept with to the version, and the words, that it had."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = emails.find(wording)
        if found is None:
            messages.error(request, gettext("No version of any plan has these words."))
            return redirect("admin:clinic_aftercareplan_changelist")
        page = reverse("admin:clinic_aftercareplan_preview", args=[found.plan.pk])
        return redirect(f"{page}#{wording}")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new version is begun for a treatment; the words are then written on its own page."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewPlanForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._begin(request, form.cleaned_data["treatment"])
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Begin a new version"),
            "opts": self.opts,
            "form": form,
            "adminform": laid_out(form, [(None, {"fields": ["treatment"]})]),
            "button": gettext("Begin a new version"),
            "back_url": reverse("admin:clinic_aftercareplan_changelist"),
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
        plan = self.get_object(request, object_id)
        if plan is not None:
            context |= plan_steps.may(request, plan) | {
                "can_begin": self.has_add_permission(request),
                "can_submit": self.has_change_permission(request, plan),
                "taken_out": [one.step for one in taken_out(plan)],
                "comma": comma(),
            }
        return super().change_view(request, object_id, form_url, context)

    def new_version(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A draft that begins with the newest words of the same treatment."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        plan = self.get_object(request, str(pk))
        if plan is None:
            return not_there(self, request, str(pk))
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return self._begin(request, plan.treatment)

    def _begin(self, request: HttpRequest, treatment: Treatment) -> HttpResponse:
        """A new draft; who has one already goes on with it."""
        mine = treatment.aftercare_plans.filter(state=PlanState.DRAFT, written_by=request.user.pk)
        draft = mine.first()
        if draft is None:
            draft = actions.start_plan(treatment=treatment, written_by=person(request))
            self.log_addition(request, draft, gettext_noop("Began a new version."))
            messages.success(request, gettext("A new draft has begun. Write it, then send it."))
        else:
            messages.info(request, gettext("You have this draft already."))
        return redirect("admin:clinic_aftercareplan_change", draft.pk)
