"""Consent records: evidence that nobody edits, and the dermatologist's review as a new row."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from bookings.admin import columns
from bookings.admin.finding import matching
from bookings.models import Consultation
from clinic.admin import comma, desk, laid_out, not_there, now_of, person
from clinic.errors import Refused
from consent import actions
from consent.admin.finding import (
    NOBODY_CAME,
    TO_BE_REVIEWED,
    ReviewedFilter,
    TalkFilter,
    records_of,
    soonest_first,
)
from consent.models import (
    Acknowledgement,
    ConsentRecord,
    Decision,
    ListState,
    Particulars,
    Review,
)

QUICKLY = 2.0  # seconds between shown and acknowledged: a hint to talk about it, never a block


class ReviewForm(forms.Form):
    """The dermatologist's decision about one record."""

    decision = forms.ChoiceField(
        label=_("Decision"), choices=Decision.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 3}),
    )


@dataclass(frozen=True)
class Act:
    """One side effect as the patient saw it and acknowledged it."""

    acknowledgement: Acknowledgement
    question: str

    @property
    def title(self) -> str:
        """The first part of the words: the name of the side effect."""
        return self.acknowledgement.words.split("\n\n", 1)[0]

    @property
    def words(self) -> str:
        """The other parts."""
        return self.acknowledgement.words.partition("\n\n")[2]

    @property
    def was_quick(self) -> bool:
        act = self.acknowledgement
        return (act.acknowledged_at - act.shown_at).total_seconds() < QUICKLY


def acts_of(record: ConsentRecord) -> list[Act]:
    """The acts of a record in the list's order, with the questions: two queries."""
    rows = list(record.reading.acknowledgements.order_by("risk__position"))
    asked = [row.question_commitment for row in rows if row.question_commitment]
    kept = Particulars.objects.filter(commitment__in=asked)
    questions = {row.commitment: row.value for row in kept}
    return [Act(row, questions.get(row.question_commitment, "")) for row in rows]


def reviews_of(record: ConsentRecord) -> list[tuple[Review, str]]:
    """The reviews of a record, the newest first, each with its note ("" for none, or erased)."""
    reviews = list(record.reviews.select_related("dermatologist"))
    written = [review.note_commitment for review in reviews if review.note_commitment]
    notes = dict(
        Particulars.objects.filter(commitment__in=written).values_list("commitment", "value")
    )
    return [(review, notes.get(review.note_commitment, "")) for review in reviews]


@admin.register(ConsentRecord, site=desk)
class ConsentRecordAdmin(admin.ModelAdmin):
    """Read, and reviewed by a row of its own; PostgreSQL refuses every change of the evidence."""

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
        decided = getattr(record, "decided", None)
        if decided is None:
            if record.consultation.status in NOBODY_CAME:
                return columns.NOTHING
            return columns.badge("○", gettext("to be reviewed"), "bad")
        return columns.badge("✓", Decision(decided).label, "good")

    # --- The record's page --------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The evidence, and the form for a review. A record of somebody else's is not there."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = self.get_object(request, object_id)
        if record is None:
            return not_there(self, request, object_id)
        may_review = request.user.has_perm("consent.add_review")
        form = ReviewForm(request.POST or None) if may_review else None
        if request.method == "POST":
            if form is None:
                raise PermissionDenied
            if form.is_valid() and self._reviewed(request, record, form):
                return redirect(self._next_of(request, record))
        return TemplateResponse(
            request,
            "admin/consent/consentrecord/record.html",
            self._context(request, record, form),
        )

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

    def _context(
        self, request: HttpRequest, record: ConsentRecord, form: forms.Form | None
    ) -> dict[str, Any]:
        acts = acts_of(record)
        receipt = record.record_hash
        fields: list[Any] = [(None, {"fields": ["decision", "note"]})]
        return {
            **self.admin_site.each_context(request),
            "title": gettext("What was acknowledged"),
            "subtitle": str(record.consultation),
            "opts": self.opts,
            "original": record,
            "record": record,
            "comma": comma(),
            "reading": record.reading,
            "direction": "rtl" if record.reading.language == "ar" else "ltr",
            "facts": columns.short_facts(record.consultation),
            "acts": acts,
            "open": [act for act in acts if act.acknowledgement.wants_to_talk or act.question],
            "receipt": [receipt[at : at + 8] for at in range(0, len(receipt), 8)],
            "is_live": record.reading.risk_list.state == ListState.PUBLISHED,
            "is_newest": ConsentRecord.objects.current_of(record.consultation) == record,
            "reviews": reviews_of(record),
            "form": form,
            "adminform": laid_out(form, fields) if form else None,
            "list_url": reverse("admin:consent_consentrecord_changelist"),
        }
