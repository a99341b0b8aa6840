"""The consultations: the day's list, one page for each, its buttons, and a request by phone."""

from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.admin import columns, finding, mails
from bookings.admin.asking import Asked, other_times
from bookings.admin.at_once import back_to_the_list
from bookings.admin.at_once import buttons as at_once_buttons
from bookings.admin.inlines import MessageInline, SessionInline
from bookings.admin.phone import add_by_phone
from bookings.admin.verbs import IN_THE_LIST, VERBS, Verb, possible
from bookings.admin.why_not import why_not
from bookings.models import Consultation
from clinic.admin import desk, laid_out, not_there, now_of
from clinic.errors import Refused


@admin.register(Consultation, site=desk)
class ConsultationAdmin(admin.ModelAdmin):
    """Nothing is typed into a row: each change is a button that calls an action."""

    list_display = [
        columns.when,
        columns.who_in_the_list,
        columns.call,
        "treatment",
        "dermatologist",
        columns.risks,
        mails.mail,
        columns.status,
    ]
    list_display_links = [columns.when, columns.who_in_the_list]
    list_filter = [
        finding.DayFilter,
        "status",
        finding.RisksFilter,
        ("dermatologist", finding.DecidedFilter),
        ("treatment", finding.DecidedFilter),
        finding.MailFilter,
    ]
    search_fields = ["reference"]  # the box; what it finds is finding.matching
    search_help_text = _("Name, last digits of the phone, or reference; all days are searched.")
    ordering = ["starts_at", "id"]
    list_per_page = 50
    show_full_result_count = False
    actions = None
    inlines = [SessionInline, MessageInline]
    fieldsets: ClassVar[Any] = [
        (
            _("Visit"),
            {
                "fields": [
                    columns.status,
                    columns.visit,
                    columns.patients_time,
                    columns.dermatologist,
                    columns.room,
                    columns.treatment,
                    columns.concern,
                    columns.preferences,
                ]
            },
        ),
        (
            _("Patient"),
            {
                "fields": [
                    columns.who,
                    columns.birth,
                    columns.call,
                    columns.write,
                    "language",
                    "names_treatment",
                    columns.proof,
                ]
            },
        ),
        (_("Side effects"), {"fields": [columns.risks, columns.receipt]}),
        (
            _("What happened"),
            {
                "fields": [
                    columns.asked_at,
                    columns.entered_by,
                    columns.hold_expires_at,
                    columns.confirmed_at,
                    columns.outcome_at,
                    columns.cancelled,
                ]
            },
        ),
    ]
    readonly_fields = [name for _title, part in fieldsets for name in part["fields"]]

    # --- Who sees what ------------------------------------------------------------------------

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits fields; the buttons ask for the permission themselves."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Consultation]:
        rows = Consultation.objects.for_desk().prefetch_related("sessions")
        return finding.within_reach(request, mails.with_mail_state(rows))

    # --- The list -----------------------------------------------------------------------------

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        if not request.user.has_perm("bookings.change_consultation"):
            return list(self.list_display)
        return [*self.list_display, at_once_column(request)]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        mine = not request.user.has_perm("bookings.change_consultation")
        of_others = ("dermatologist", finding.DecidedFilter)
        return [one for one in self.list_filter if not (mine and one == of_others)]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Consultation], search_term: str
    ) -> tuple[QuerySet[Consultation], bool]:
        return finding.matching(queryset, search_term), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        chips = finding.chips(request) if self.has_view_permission(request) else []
        return super().changelist_view(
            request, {**(extra_context or {}), "chips": chips, "title": gettext("Consultations")}
        )

    # --- One consultation ---------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        consultation = self.get_object(request, object_id)
        context = {**(extra_context or {}), "title": gettext("Consultation")}
        if consultation is not None:
            asked = Asked(request, consultation, now_of(request))
            context |= {"verbs": possible(asked), "records_url": records_url(asked)}
            context["to_come"] = mails.to_come(consultation, now=asked.now)
            context["notes"] = [
                note for of_a_room in desk.notes for note in of_a_room(request, consultation)
            ]
        return super().change_view(request, object_id, form_url, context)

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return add_by_phone(self, request)

    def get_urls(self) -> list[URLPattern]:
        buttons = [
            path(
                f"<int:pk>/{verb.name}/",
                self.admin_site.admin_view(partial(self.press, verb=verb)),
                name=f"bookings_consultation_{verb.name}",
            )
            for verb in VERBS
        ]
        asks = self.admin_site.admin_view(partial(why_not, self))
        why = path("why-not/", asks, name="bookings_consultation_why_not")
        return [why, *buttons, *super().get_urls()]

    def press(self, request: HttpRequest, pk: int, *, verb: Verb) -> HttpResponse:
        """A button: at once, or after a page that asks what the action needs."""
        if not (request.user.has_perm(verb.permission) and self.has_view_permission(request)):
            raise PermissionDenied
        consultation = self.get_object(request, str(pk))
        if consultation is None:
            return not_there(self, request, str(pk))
        asked = Asked(request, consultation, now_of(request))
        if verb.form is not None:
            return self._ask(asked, verb, verb.form(asked, request.POST or None))
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            verb.act(asked)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            if verb.then is not None:
                self._keep(asked, verb)
                return verb.then(asked)
            self._tell(asked, verb)
        return self._back(asked)

    def _ask(self, asked: Asked, verb: Verb, form: forms.Form) -> HttpResponse:
        request, consultation = asked.request, asked.consultation
        if request.method != "POST" and not verb.is_possible(asked):
            messages.error(request, gettext("This cannot be done now."))
            return self._back(asked)
        if request.method == "POST" and form.is_valid():
            try:
                verb.act(asked, **form.cleaned_data)
            except Refused as refusal:
                form.add_error(
                    refusal.field if refusal.field in form.fields else None, str(refusal)
                )
            else:
                self._tell(asked, verb)
                return self._back(asked)
        context = {
            **self.admin_site.each_context(request),
            **other_times(asked, form),
            "title": verb.label,
            "subtitle": str(consultation),
            "opts": self.opts,
            "original": consultation,
            "asked": asked,
            "facts": columns.short_facts(consultation),
            "form": form,
            "adminform": laid_out(form, [(None, {"fields": list(form.fields)})]),
            "button": verb.label,
            "hurts": verb.hurts,
            "keep": verb.keep,
            "back_url": reverse("admin:bookings_consultation_change", args=[consultation.pk]),
        }
        return TemplateResponse(request, "admin/bookings/consultation/ask.html", context)

    def _tell(self, asked: Asked, verb: Verb) -> None:
        """Says it, and keeps it in the history."""
        self._keep(asked, verb)
        words = verb.says(asked) if verb.says else verb.done
        messages.success(
            asked.request,
            format_html('<bdi dir="ltr">{}</bdi>: {}', str(asked.consultation), words),
        )

    def _keep(self, asked: Asked, verb: Verb) -> None:
        """A line of the history: in English, for all who read it later, each in their language."""
        with translation.override("en"):
            kept = str(verb.done)
        self.log_change(asked.request, asked.consultation, kept)

    def _back(self, asked: Asked) -> HttpResponse:
        """To the list that the button was pressed in, with its filters, or to the consultation."""
        if "list" in asked.request.GET:
            return back_to_the_list(asked.request, "bookings_consultation")
        return redirect("admin:bookings_consultation_change", asked.consultation.pk)


def at_once_column(request: HttpRequest) -> Any:
    """The column with the buttons that take one click."""

    def at_once(consultation: Consultation) -> str:
        shown = [
            (
                verb.label,
                reverse(f"admin:bookings_consultation_{verb.name}", args=[consultation.pk]),
            )
            for verb in possible(Asked(request, consultation, now_of(request)))
            if verb.name in IN_THE_LIST
        ]
        return at_once_buttons(request, str(consultation), shown)

    at_once.short_description = gettext("action")  # type: ignore[attr-defined]
    return at_once


def records_url(asked: Asked) -> str:
    """Where this consultation's consent records are listed, for who may read them."""
    if not asked.request.user.has_perm("consent.view_consentrecord"):
        return ""
    address = reverse("admin:consent_consentrecord_changelist")
    return f"{address}?q={asked.consultation.reference}"
