"""Rooms of words that are written as a draft, reviewed, published, and then never change.

Aftercare plans and risk lists have one each. What a step does is for their actions; here are the pages and
buttons that lead to them.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from bookings.admin import columns
from bookings.admin.version_forms import NewVersionForm, RemarkForm
from bookings.admin.version_room import VersionRoom
from clinic.admin import comma, laid_out, not_there
from clinic.errors import Refused
from clinic.models import Treatment, Version, VersionState

written_by = columns.name_of("written_by", _("written by"))
reviewed_by = columns.name_of("reviewed_by", _("reviewed by"))
reviewed_at = columns.moment_of("reviewed_at", _("reviewed"))
published_by = columns.name_of("published_by", _("published by"))
published_at = columns.moment_of("published_at", _("published"))
NOTHING_SEEN = "nothing was looked at"


class VersionsAdmin(VersionRoom):
    """The pages and buttons of a room of versions."""

    def verbs(self) -> dict[str, Callable[..., HttpResponse]]:
        """The pages of one version, by the last part of their addresses."""
        return {
            "new-version": self.new_version,
            "send-to-review": self.send_to_review,
            "send-back": self.send_back,
            "preview": self.preview,
            "reviewed": partial(self.press, self.review, "Reviewed.", _("The review is kept.")),
            "publish": partial(self.press, self.release, "Published.", _("Published.")),
        }

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        own = (
            path(f"<int:pk>/{verb}/", view(page), name=f"{name}_{verb}")
            for verb, page in self.verbs().items()
        )
        return [*own, *super().get_urls()]

    def found(self, request: HttpRequest, pk: int) -> Any:
        return self.get_object(request, str(pk))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new version is begun for a treatment; the words are then written on its own page."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewVersionForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._begin(request, form.cleaned_data["treatment"])
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Begin a new version"),
            "opts": self.opts,
            "form": form,
            "adminform": laid_out(form, [(None, {"fields": ["treatment"]})]),
            "button": gettext("Begin a new version"),
            "back_url": self.page("changelist"),
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
        version = self.get_object(request, object_id)
        if version is not None:
            context |= self.may(request, version) | self.told_when_written(version)
            context["comma"] = comma()
        return super().change_view(request, object_id, form_url, context)

    def new_version(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A draft that begins with the newest words of the same treatment."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        version = self.found(request, pk)
        if version is None:
            return not_there(self, request, str(pk))
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return self._begin(request, version.treatment)

    def _begin(self, request: HttpRequest, treatment: Treatment) -> HttpResponse:
        """A new draft; who has one already goes on with it."""
        drafts = self.get_queryset(request).filter(state=VersionState.DRAFT, treatment=treatment)
        draft = drafts.filter(written_by=request.user.pk).first()
        if draft is None:
            draft = self.start(treatment, request)
            self.log_addition(request, draft, gettext_noop("Began a new version."))
            messages.success(request, gettext("A new draft has begun. Write it, then send it."))
        else:
            messages.info(request, gettext("You have this draft already."))
        return redirect(self.page("change", draft.pk))

    def send_to_review(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hands the draft to others, with why it changes; only its writer does, once."""
        if not super().has_change_permission(request):
            raise PermissionDenied
        version = self.found(request, pk)
        if version is None:
            return not_there(self, request, str(pk))
        if version.written_by_id not in (None, request.user.pk):
            raise PermissionDenied
        form = self.change_form(request, version)
        if self.is_done(request, form, partial(self.submit, request, version)):
            kept = "Sent to review." if version.state == VersionState.DRAFT else ""
            return self.said(request, version, kept, gettext("Sent to review."))
        more = self.told_when_submitting(request, version)
        return self.ask(request, version, form, button=gettext("Send to review"), **more)

    def send_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Gives it back to its writer, with a remark."""
        if not self.publishes(request):
            raise PermissionDenied
        version = self.found(request, pk)
        if version is None:
            return not_there(self, request, str(pk))
        form = RemarkForm(request.POST or None)
        if self.is_done(request, form, partial(self.give_back, request, version)):
            kept = "Sent back." if version.state == VersionState.IN_REVIEW else ""
            return self.said(request, version, kept, gettext("Sent back to the writer."))
        return self.ask(request, version, form, button=gettext("Send back to the writer"))

    def press(
        self, act: Callable[..., Version], kept: str, said: Promise, request: HttpRequest, pk: int
    ) -> HttpResponse:
        """A button below a preview: `kept` goes into the history, `said` to the person."""
        if not self.publishes(request):
            raise PermissionDenied
        version = self.found(request, pk)
        if version is None:
            return not_there(self, request, str(pk))
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            done = act(request, version, request.POST.get("previewed") or NOTHING_SEEN)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(self.page("preview", version.pk))
        is_new = (done.state, done.reviewed_by_id) != (version.state, version.reviewed_by_id)
        return self.said(request, version, kept if is_new else "", str(said))

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Exactly what would go live, and what differs from what is live."""
        version = self.found(request, pk)
        if version is None:
            return not_there(self, request, str(pk))
        if not self.has_view_permission(request, version):
            raise PermissionDenied
        steps = self.may(request, version)
        context = {
            **self.admin_site.each_context(request),
            **steps,
            "title": str(self.preview_title),
            "opts": self.opts,
            "original": version,
            "facts": self.facts(version),
            "waits_for": [] if steps["can_publish"] else self._waits_for(request, version),
            "back_url": self.page("change", version.pk),
            **self.told_in_preview(request, version),
        }
        return TemplateResponse(request, self._templates("preview"), context)

    def _waits_for(self, request: HttpRequest, version: Version) -> list[str]:
        """Why this person cannot publish it yet, or not at all."""
        sentences = []
        if version.reviewed_by_id is None:
            sentences.append(gettext("A dermatologist has to review this version first."))
        if version.written_by_id == request.user.pk:
            sentences.append(gettext("A second person has to publish this version."))
        return sentences

    def is_done(self, request: HttpRequest, form: forms.Form, act: Callable[..., object]) -> bool:
        """Whether the form was filled in and the action did it; a refusal goes to the field it names."""
        if request.method != "POST" or not form.is_valid():
            return False
        try:
            act(**form.cleaned_data)
        except Refused as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            return False
        return True

    def said(self, request: HttpRequest, version: Any, kept: str, said: str) -> HttpResponse:
        """What was done; "" as `kept` where it was done before, for the history has it already."""
        if kept:
            self.log_change(request, version, kept)
        messages.success(request, f"{version}: {said}")
        return redirect(self.page("change", version.pk))

    def ask(
        self, request: HttpRequest, version: Any, form: forms.Form, *, button: str, **more: Any
    ) -> HttpResponse:
        """A page with one form and one button."""
        context = {
            **self.admin_site.each_context(request),
            **more,
            "title": button,
            "opts": self.opts,
            "original": version,
            "facts": self.facts(version),
            "form": form,
            "adminform": laid_out(
                form, [(None, {"fields": list(form.fields)})] if form.fields else []
            ),
            "button": button,
            "back_url": self.page("change", version.pk),
        }
        return TemplateResponse(request, self._templates("step"), context)

    def _templates(self, name: str) -> list[str]:
        """The kind's own page, or the one of all kinds."""
        own = f"{self.opts.app_label}/{self.opts.model_name}"
        return [f"admin/{own}/{name}.html", f"admin/versions/{name}.html"]
