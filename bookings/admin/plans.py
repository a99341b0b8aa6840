"""Aftercare plans at the desk: written as a draft, reviewed, published; then they never change."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings import emails
from bookings.admin import columns, versions
from bookings.admin.plan_words import Compared, live_beside, mails_of, steps_before, taken_out
from bookings.admin.version_forms import VersionInline
from clinic import actions
from clinic.admin import desk, not_there, now_of, person
from clinic.models import AftercarePlan, AftercareStep, Treatment, VersionState

KEY_HELP = _(
    "A step keeps its short name in all versions: who had it once is not sent it again. Steps of one hour "
    "are one e-mail."
)
SUBJECT_HELP = _(
    "Anybody near the phone can read it: it names neither the treatment nor what it is for. No other text "
    "of a step names the treatment."
)


class RetireForm(forms.Form):
    """Nothing to type: only a second thought."""


class StepInline(VersionInline):
    """The steps of a plan."""

    model = AftercareStep
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
        return render_to_string("admin/versions/differences.html", {"sides": one.sides})

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name.startswith("body_"):
            field.widget.attrs["rows"] = 12
        if db_field.name.startswith("subject_"):
            field.help_text = SUBJECT_HELP
        return field


@admin.register(AftercarePlan, site=desk)
class AftercarePlanAdmin(versions.VersionsAdmin):
    """Every version of every plan; a live one can also be retired without another."""

    preview_title = _("The e-mails of this plan")
    list_display = [
        *("treatment", "version", "stands"),
        *(versions.written_by, versions.reviewed_by, versions.published_at),
    ]
    list_select_related = ["treatment", "written_by", "reviewed_by"]
    inlines = [StepInline]
    fieldsets: ClassVar[Any] = [
        (
            None,
            {
                "fields": [
                    (columns.treatment, "version"),
                    "stands",
                    (versions.written_by, "change_note"),
                    (versions.reviewed_by, versions.reviewed_at),
                    (versions.published_by, versions.published_at),
                ],
                "description": KEY_HELP,
            },
        )
    ]
    readonly_fields: ClassVar[Any] = [
        *(columns.treatment, "version", "stands", versions.written_by, "change_note"),
        *(versions.reviewed_by, versions.reviewed_at),
        *(versions.published_by, versions.published_at),
    ]

    # --- The steps ------------------------------------------------------------------------------

    def start(self, treatment: Treatment, request: HttpRequest) -> AftercarePlan:
        return actions.start_plan(treatment=treatment, written_by=person(request))

    def submit(self, request: HttpRequest, version: AftercarePlan, **answers: Any) -> AftercarePlan:
        return actions.submit_for_review(plan=version, **answers)

    def give_back(
        self, request: HttpRequest, version: AftercarePlan, **answers: Any
    ) -> AftercarePlan:
        return actions.send_back(plan=version, **answers)

    def review(self, request: HttpRequest, version: AftercarePlan, previewed: str) -> AftercarePlan:
        return actions.review_plan(
            plan=version, reviewed_by=person(request), now=now_of(request), previewed=previewed
        )

    def release(
        self, request: HttpRequest, version: AftercarePlan, previewed: str
    ) -> AftercarePlan:
        return actions.publish_plan(
            plan=version, published_by=person(request), now=now_of(request), previewed=previewed
        )

    def may(self, request: HttpRequest, version: AftercarePlan) -> dict[str, bool]:  # type: ignore[override]
        """Its e-mails can be looked at in every state; only a live one is retired."""
        can_retire = self.publishes(request) and version.state == VersionState.PUBLISHED
        return super().may(request, version) | {"has_preview": True, "can_retire": can_retire}

    def told_when_written(self, version: AftercarePlan) -> dict[str, Any]:
        return {"taken_out": [str(one.row.title) for one in taken_out(version)]}

    def told_in_preview(self, request: HttpRequest, version: AftercarePlan) -> dict[str, Any]:
        """Every e-mail of a plan in both languages."""
        return {
            "has_before": live_beside(version) is not None,
            "mails": mails_of(version),
            "taken_out": taken_out(version),
            "previewed": actions.preview_of(version),
        }

    # --- Two pages more -------------------------------------------------------------------------

    def verbs(self) -> dict[str, Callable[..., HttpResponse]]:
        return super().verbs() | {"retire": self.retire}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.words)
        return [
            path("words/<str:wording>/", view, name="clinic_aftercareplan_words"),
            *super().get_urls(),
        ]

    def retire(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ends the live plan without another, after a second thought."""
        if not self.publishes(request):
            raise PermissionDenied
        plan = self.found(request, pk)
        if plan is None:
            return not_there(self, request, str(pk))
        form = RetireForm(request.POST if request.method == "POST" else None)
        if self.is_done(request, form, lambda: actions.retire_plan(plan=plan)):
            kept = "Retired." if plan.state == VersionState.PUBLISHED else ""
            return self.said(request, plan, kept, gettext("Retired."))
        warning = gettext(
            "No aftercare is sent after this treatment until another plan is published."
        )
        return self.ask(
            request, plan, form, button=gettext("Retire it"), warning=warning, hurts=True
        )

    def words(self, request: HttpRequest, wording: str) -> HttpResponse:
        """From the hash that a sent e-mail is kept with to the version, and the words, that it had."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = emails.find(wording)
        if found is None:
            messages.error(request, gettext("No version of any plan has these words."))
            return redirect(self.page("changelist"))
        return redirect(f"{self.page('preview', found.plan.pk)}#{wording}")
