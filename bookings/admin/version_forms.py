"""What is typed about words that go from a draft to their publication (versions.py)."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from clinic.admin import in_its_language
from clinic.forms import Words, words_field
from clinic.models import Treatment, Version, VersionState
from clinic.plain_words import typed_words


class NewVersionForm(forms.Form):
    """Which treatment the new version is for."""

    treatment = forms.ModelChoiceField(
        label=_("Treatment"),
        queryset=Treatment.objects.all(),
        help_text=_("The draft begins with the words of the newest version."),
    )


class ChangeForm(forms.Form):
    """Why a version changes."""

    change_note = Words(
        label=_("Why it changes"),
        max_length=2000,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 3}),
    )


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
        help_text=_("The writer reads this. A review that the version had is void."),
    )


def may_write(request: HttpRequest, version: Version | None) -> bool:
    """A draft is written by one person: who else changed it could then publish their own words."""
    return version is None or (
        version.state == VersionState.DRAFT and version.written_by_id in (None, request.user.pk)
    )


class VersionInline(admin.StackedInline):
    """The parts of a version, English and Arabic side by side; only a draft's writer changes them."""

    extra = 0

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_write(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and may_write(request, obj)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        given = words_field(db_field, kwargs)
        field = super().formfield_for_dbfield(db_field, request, **given)
        return in_its_language(db_field, field)
