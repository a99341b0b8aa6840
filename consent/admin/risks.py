"""The side effects inside a risk list: written in pairs of languages, and kept in an order."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bookings.admin import columns
from bookings.admin.version_forms import VersionInline
from consent.admin.comparing import differences_html, readability_html, version_before
from consent.models import Risk, RiskList

MAKES_ROOM = 10_000  # above every place that a list has


class RiskForm(forms.ModelForm):
    """A side effect; its place is kept apart, so that two can change places."""

    place = forms.IntegerField(label=_("order"), min_value=1, max_value=999)

    class Meta:
        model = Risk
        exclude = ["position"]  # noqa: DJ006 - every word of it, in the order of the fieldsets

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial.setdefault("place", self.instance.position)
        else:
            self.initial.setdefault("place", 99)


class RiskInline(VersionInline):
    """The side effects of a list."""

    model = Risk
    form = RiskForm
    fields = [
        ("place", "key"),
        ("name_en", "name_ar"),
        ("what_it_is_en", "what_it_is_ar"),
        ("how_often_en", "how_often_ar"),
        ("how_long_en", "how_long_ar"),
        ("what_helps_en", "what_helps_ar"),
        ("when_to_call_en", "when_to_call_ar"),
        "reads",
    ]
    readonly_fields = ["reads", "differs"]

    def get_fields(self, request: HttpRequest, obj: RiskList | None = None) -> Any:
        """A list that is only read shows its places as they stand; one that has a live version before
        it shows what differs.
        """
        differs = ["differs"] if self.before is not None else []
        if self.has_change_permission(request, obj):
            return [*self.fields, *differs]
        return [("position", "key"), *self.fields[1:], *differs]

    # Django makes an inline anew for each request, so that this is one page's own.
    before: dict[str, Risk] | None = None

    def get_formset(self, request: HttpRequest, obj: RiskList | None = None, **kwargs: Any) -> Any:
        before = version_before(obj) if obj is not None else None
        if before is not None:
            self.before = {risk.key: risk for risk in before.risks.all()}
        return super().get_formset(request, obj, **kwargs)

    @admin.display(description=_("readability"))
    def reads(self, risk: Risk) -> str:
        """The figures of what was saved last, as a hint."""
        return readability_html(risk) if risk.pk else columns.NOTHING

    @admin.display(description=_("what differs from the live version"))
    def differs(self, risk: Risk) -> str:
        """The saved words beside the live ones."""
        before = (self.before or {}).get(risk.key)
        return (differences_html(risk, before) if risk.pk else "") or columns.NOTHING


def renumber(risks: QuerySet[Risk], places: dict[int, int]) -> None:
    """Numbers a list's side effects 1, 2, 3 by the places typed; no two share one on the way."""
    rows = sorted(risks, key=lambda risk: (places.get(risk.pk, risk.position), risk.position))
    for base in (2 * MAKES_ROOM, 0):
        for number, risk in enumerate(rows, 1):
            risk.position = base + number
            risk.save(update_fields=["position"])
