"""What a room of versions asks of the kind that it shows, and who may take which step there."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.admin import columns
from bookings.admin.version_forms import ChangeForm, may_write
from clinic.actions import dermatologist_who_is
from clinic.admin import person
from clinic.models import Treatment, Version, VersionState

SIGNS = {
    VersionState.DRAFT: ("✎", "waiting"),
    VersionState.IN_REVIEW: ("…", "talk"),
    VersionState.PUBLISHED: ("●", "good"),
    VersionState.RETIRED: ("○", "quiet"),
}


class VersionRoom(admin.ModelAdmin):
    """Every version, newest first; what was published is only read, and none is ever deleted."""

    list_display_links = ["treatment", "version"]
    list_filter = ["treatment", "state"]
    ordering = ["treatment__position", "-version"]
    preview_title: Promise

    @admin.display(description=_("state"), ordering="state")
    def stands(self, version: Version) -> str:
        """The state: word, sign and colour."""
        state = VersionState(version.state)
        sign, look = SIGNS[state]
        return columns.badge(sign, state.label, look)

    # --- What each room does by its own actions ------------------------------------------------

    start: Callable[[Treatment, HttpRequest], Any]  # a new draft
    submit: Callable[..., Any]  # sends a draft to review: (request, version, **what was typed)
    give_back: Callable[..., Any]  # to its writer: (request, version, remark=)
    review: Callable[..., Any]  # of what was previewed: (request, version, previewed)
    release: Callable[..., Any]  # publishes what was previewed: (request, version, previewed)
    told_when_written: Callable[[Any], dict[str, Any]]  # what its own page tells besides
    # The words as they would go live, `has_before`, and `previewed`: their fingerprint.
    told_in_preview: Callable[[HttpRequest, Any], dict[str, Any]]

    def change_form(self, request: HttpRequest, version: Any) -> forms.Form:
        """What is asked when a draft is sent to review."""
        given = {"change_note": version.change_note}
        return ChangeForm(request.POST or None, initial=given)

    def told_when_submitting(self, request: HttpRequest, version: Any) -> dict[str, Any]:
        """What the page that sends it to review tells besides."""
        return {}

    def facts(self, version: Any) -> list[str]:
        return [self.stands(version), f"{gettext('version')} {version.version}"]

    # --- Who may what --------------------------------------------------------------------------

    def publishes(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.publish_{self.opts.model_name}")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_write(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def may(self, request: HttpRequest, version: Version) -> dict[str, bool]:
        """Which steps this person can take now; the actions have the last word."""
        is_in_review = version.state == VersionState.IN_REVIEW
        publishes = self.publishes(request) and is_in_review
        is_writer = version.written_by_id == request.user.pk
        is_reviewed = version.reviewed_by_id is not None
        return {
            "is_in_review": is_in_review,
            "has_preview": version.state in (VersionState.DRAFT, VersionState.IN_REVIEW),
            "can_begin": self.has_add_permission(request),
            "can_submit": self.has_change_permission(request, version),
            "can_send_back": publishes,
            "can_publish": publishes and is_reviewed and not is_writer,
            "can_review": publishes
            and not is_reviewed
            and not is_writer
            and dermatologist_who_is(person(request)) is not None,
        }

    def page(self, verb: str, *keys: object) -> str:
        """The address of one of its pages."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{verb}", args=keys)
