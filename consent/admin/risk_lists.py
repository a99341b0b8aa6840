"""Risk lists: written as a draft, read by a second person, published; then they never change."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bookings.admin import columns, versions
from bookings.admin.version_forms import ChangeForm
from clinic.admin import desk, in_its_language, now_of, person
from clinic.forms import words_field
from clinic.models import Treatment
from consent import actions
from consent.admin.comparing import compared, statements, version_before
from consent.admin.risks import MAKES_ROOM, RiskInline, renumber
from consent.models import Change, RiskList


class KindOfChangeForm(ChangeForm):
    """What a version is to the live one, and why; the first version has nothing to be compared with."""

    change = forms.ChoiceField(
        label=_("What kind of change is it?"),
        choices=[(one.value, one.label) for one in (Change.MATERIAL, Change.EDITORIAL)],
        widget=forms.RadioSelect,
        help_text=_("A side effect that is added or taken out is always a change of what is said."),
    )
    field_order = ["change", "change_note"]

    def __init__(self, *args: Any, is_first: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_first:
            del self.fields["change"]


@admin.register(RiskList, site=desk)
class RiskListAdmin(versions.VersionsAdmin):
    """Every version of every list."""

    preview_title = _("As it would go live")
    list_display = ["treatment", "version", "stands", versions.written_by, versions.published_at]
    list_select_related = ["treatment", "written_by"]
    inlines = [RiskInline]
    readonly_fields: ClassVar[Any] = [
        *("stands", columns.treatment, "version"),
        *(versions.written_by, "change", "change_note"),
        *(versions.reviewed_by, versions.reviewed_at, "reviewer_licence"),
        *(versions.published_by, versions.published_at),
    ]
    fieldsets: ClassVar[Any] = [
        (
            None,
            {
                "fields": [
                    (columns.treatment, "version"),
                    "stands",
                    (versions.written_by, "change", "change_note"),
                    (versions.reviewed_by, versions.reviewed_at, "reviewer_licence"),
                    (versions.published_by, versions.published_at),
                    ("statement_en", "statement_ar"),
                ]
            },
        )
    ]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        given = words_field(db_field, kwargs)
        field = super().formfield_for_dbfield(db_field, request, **given)
        return in_its_language(db_field, field)

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

    # --- The steps ------------------------------------------------------------------------------

    def start(self, treatment: Treatment, request: HttpRequest) -> RiskList:
        return actions.start_list(treatment=treatment, written_by=person(request))

    def change_form(self, request: HttpRequest, version: RiskList) -> forms.Form:
        live = RiskList.objects.live_for(version.treatment)
        given = {"change": version.change, "change_note": version.change_note}
        return KindOfChangeForm(request.POST or None, initial=given, is_first=live is None)

    def submit(self, request: HttpRequest, version: RiskList, **answers: Any) -> RiskList:
        return actions.submit_for_review(risk_list=version, **answers)

    def give_back(self, request: HttpRequest, version: RiskList, **answers: Any) -> RiskList:
        return actions.send_back(
            risk_list=version, sent_back_by=person(request), now=now_of(request), **answers
        )

    def review(self, request: HttpRequest, version: RiskList, previewed: str) -> RiskList:
        return actions.review_wording(
            risk_list=version,
            reviewed_by=person(request),
            now=now_of(request),
            previewed=previewed,
        )

    def release(self, request: HttpRequest, version: RiskList, previewed: str) -> RiskList:
        return actions.publish(
            risk_list=version,
            published_by=person(request),
            now=now_of(request),
            previewed=previewed,
        )

    def facts(self, version: RiskList) -> list[str]:
        return super().facts(version) + ([version.get_change_display()] if version.change else [])

    def told_when_written(self, version: RiskList) -> dict[str, Any]:
        before = version_before(version)
        both = compared(version, before) if before is not None else []
        return {
            "taken_out": [one.row.name for one in both if one.here is None],
            "remarks": _remarks_of(version),
        }

    def told_when_submitting(self, request: HttpRequest, version: RiskList) -> dict[str, Any]:
        """Whom a change would ask again, where there is a live version."""
        if RiskList.objects.live_for(version.treatment) is None:
            return {}
        return {"asked": len(actions.to_be_asked(risk_list=version, now=now_of(request)))}

    def told_in_preview(self, request: HttpRequest, version: RiskList) -> dict[str, Any]:
        """Exactly what would go live, and who would be asked again."""
        before, asked = version_before(version), None
        if version.change == Change.MATERIAL:
            asked = len(actions.to_be_asked(risk_list=version, now=now_of(request)))
        return {
            "has_before": before is not None,
            "statements": statements(version, before),
            "risks": compared(version, before),
            "asked": asked,
            "previewed": actions.preview_of(version),
        }


def _remarks_of(risk_list: RiskList) -> list[dict[str, str]]:
    """What was remarked when it was sent back, the newest first."""
    return [
        {
            "who": str(remark.written_by),
            "when": columns.moment(remark.written_at),
            "words": remark.words,
        }
        for remark in risk_list.remarks.select_related("written_by")
    ]
