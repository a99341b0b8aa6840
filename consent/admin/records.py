"""Consent records: evidence that nobody edits, and the dermatologist's review as a new row."""

from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from bookings.admin import columns
from bookings.admin.finding import matching
from bookings.models import Consultation
from clinic.admin import comma, desk, not_there, now_of, person
from clinic.errors import Refused
from clinic.models import Dermatologist
from consent import actions
from consent.admin import record_page
from consent.admin.deciding import ReviewForm, signer
from consent.admin.finding import (
    NOBODY_CAME,
    TO_BE_REVIEWED,
    ReviewedFilter,
    TalkFilter,
    records_of,
    soonest_first,
)
from consent.admin.giving_out import WAYS, Way, give_out
from consent.admin.keeping import keeping_notes
from consent.admin.looks import shown_and_written_down
from consent.models import ConsentRecord, Decision, How


@admin.register(ConsentRecord, site=desk)
class ConsentRecordAdmin(admin.ModelAdmin):
    """Read, and reviewed by a row of its own; PostgreSQL refuses every change of the evidence.

    The list tells whose visit it is, that somebody wants to talk, and what was decided; no word that
    a patient read or wrote, so it is no look. A record's page, print and export are looks.
    """

    list_display = ["visit", "patient", "treatment", "sealed", "language", "wishes", "review"]
    list_display_links = ["visit", "patient"]
    list_filter = [ReviewedFilter, TalkFilter, "reading__language"]
    search_fields = ["consultation__reference"]  # the box; finding.matching does the finding
    search_help_text = _("Name, last digits of the phone, or reference.")
    list_per_page = 50
    show_full_result_count = False
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentRecord]:
        return records_of(request)

    def get_ordering(self, request: HttpRequest) -> Any:
        return soonest_first(now_of(request))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(
            request, {**(extra_context or {}), "title": gettext("Consent records")}
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ConsentRecord], search_term: str
    ) -> tuple[QuerySet[ConsentRecord], bool]:
        if not search_term.strip():
            return queryset, False
        meant = matching(Consultation.objects.all(), search_term).values("pk")
        return queryset.filter(consultation__in=meant), False

    # --- Columns ------------------------------------------------------------------------------

    @admin.display(description=_("visit"), ordering="consultation__starts_at")
    def visit(self, record: ConsentRecord) -> str:
        return columns.when(record.consultation)

    @admin.display(description=_("patient"))
    def patient(self, record: ConsentRecord) -> str:
        return columns.who(record.consultation)

    @admin.display(description=_("treatment"))
    def treatment(self, record: ConsentRecord) -> str:
        wording = record.reading.risk_list
        return f"{wording.treatment}{comma()}{gettext('version')} {wording.version}"

    @admin.display(description=_("sealed"), ordering="sealed_at")
    def sealed(self, record: ConsentRecord) -> str:
        return columns.moment(record.sealed_at)

    @admin.display(description=_("language"))
    def language(self, record: ConsentRecord) -> str:
        return record.reading.get_language_display()

    @admin.display(description=_("wants to talk"))
    def wishes(self, record: ConsentRecord) -> str:
        talks = getattr(record, "talks", False)
        return columns.badge("?", gettext("wants to talk"), "talk") if talks else columns.NOTHING

    @admin.display(description=_("review"))
    def review(self, record: ConsentRecord) -> str:
        if getattr(record, "is_withdrawn", False):
            return columns.badge("!", gettext("withdrawn"), "bad")
        decided = getattr(record, "decided", None)
        if decided is not None:
            return columns.badge("✓", Decision(decided).label, "good")
        if record.consultation.status in NOBODY_CAME:
            return columns.NOTHING
        if getattr(record, "is_replaced", False):
            return columns.badge("○", gettext("acknowledged again since"), "quiet")
        return columns.badge("○", gettext("to be reviewed"), "bad")

    # --- The record's pages -------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Each way out of the desk has an address, for each is a look of its own kind."""
        ours = [
            path(
                f"<path:object_id>/change/{way.name}/",
                self.admin_site.admin_view(partial(self.given_out, way=way)),
                name=f"consent_consentrecord_{way.name}",
            )
            for way in WAYS
        ]
        return [*ours, *super().get_urls()]

    def _asked_for(self, request: HttpRequest, object_id: str) -> ConsentRecord | None:
        """The record, if this person may read it. A record of somebody else's is not there."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found: ConsentRecord | None = self.get_object(request, object_id)
        return found

    def given_out(self, request: HttpRequest, object_id: str, way: Way) -> HttpResponse:
        """The record's certificate for paper, or its evidence as a file."""
        record = self._asked_for(request, object_id)
        return give_out(request, record, way) if record else not_there(self, request, object_id)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The evidence, and the form for a review; a form that is shown again is another look."""
        record = self._asked_for(request, object_id)
        if record is None:
            return not_there(self, request, object_id)
        may_review = request.user.has_perm("consent.add_review")
        may_review = may_review and not record.consultation.is_erased
        by = signer(person(request)) if may_review else None
        form = ReviewForm(request.POST or None) if by else None
        if request.method == "POST":
            if form is None:
                raise PermissionDenied
            if form.is_valid() and self._reviewed(request, record, form):
                return redirect(self._next_of(request, record))
        return shown_and_written_down(
            request, record, How.READ, lambda: self._page(request, record, form, by)
        )

    def _page(
        self,
        request: HttpRequest,
        record: ConsentRecord,
        form: forms.Form | None,
        signed_by: Dermatologist | None,
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            **record_page.context_of(record, now=now_of(request)),
            **record_page.form_of(form, signed_by),
            "notes": keeping_notes(request, record.consultation),
            "opts": self.opts,
            "list_url": reverse("admin:consent_consentrecord_changelist"),
        }
        return TemplateResponse(request, "admin/consent/consentrecord/record.html", context)

    def _reviewed(self, request: HttpRequest, record: ConsentRecord, form: forms.Form) -> bool:
        try:
            actions.review(
                record=record,
                reviewed_by=person(request),
                now=now_of(request),
                **form.cleaned_data,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return False
        self.log_change(request, record, gettext_noop("Reviewed."))
        messages.success(
            request,
            format_html(
                '<bdi dir="ltr">{}</bdi>: {}',
                str(record.consultation),
                gettext("The review is written."),
            ),
        )
        return True

    def _next_of(self, request: HttpRequest, record: ConsentRecord) -> str:
        """The next record that waits for a review, or the list."""
        if "next" in request.POST:
            waiting = records_of(request).filter(~Q(pk=record.pk), TO_BE_REVIEWED)
            following = waiting.order_by(*soonest_first(now_of(request))).first()
            if following is not None:
                return reverse("admin:consent_consentrecord_change", args=[following.pk])
            return reverse("admin:consent_consentrecord_changelist")
        return reverse("admin:consent_consentrecord_change", args=[record.pk])
