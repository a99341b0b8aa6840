"""Looks at consent records: each is written down before anything is shown; the lead sees them all."""

import logging
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.admin import desk, now_of, person
from clinic.templatetags.clinic_pages import reference
from consent import actions
from consent.models import ConsentRecord, RecordAccess
from consent.templatetags.exact_times import exactly

logger = logging.getLogger(__name__)


def shown_and_written_down(
    request: HttpRequest, record: ConsentRecord, how: str, page: Callable[[], HttpResponse]
) -> HttpResponse:
    """The page, made in the transaction in which the look at the record is written down.

    It leaves this function after that has been committed; where it cannot be, a page with one
    sentence and no evidence stands instead (503).
    """
    try:
        with transaction.atomic():
            actions.look(record=record, by=person(request), how=how, now=now_of(request))
            response = page()
            if isinstance(response, TemplateResponse):
                response.render()
        return response
    except DatabaseError:
        logger.exception("a look at record %s was not written down: nothing is shown", record.pk)
    return TemplateResponse(
        request,
        "admin/consent/consentrecord/not_written_down.html",
        {**desk.each_context(request), "title": gettext("This record cannot be shown now")},
        status=503,
    )


@admin.register(RecordAccess, site=desk)
class RecordAccessAdmin(admin.ModelAdmin):
    """Who looked at which record, how and when: for the lead; nobody changes it. No name of a patient."""

    list_display = ["moment", "who", "how", "which"]
    list_display_links = None
    list_filter = ["how"]
    search_fields = ["record__consultation__reference", "by__username"]
    search_help_text = _("Reference, or the name that somebody signs in with.")
    list_select_related = ["by", "record__consultation"]
    list_per_page = 50
    show_full_result_count = False
    ordering = ["-id"]
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = gettext("Who looked at which record")
        return super().changelist_view(request, {**(extra_context or {}), "title": title})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[RecordAccess], search_term: str
    ) -> tuple[QuerySet[RecordAccess], bool]:
        """A reference is found with its dash, as it is read out."""
        return super().get_search_results(request, queryset, search_term.replace("-", ""))

    @admin.display(description=_("when"), ordering="accessed_at")
    def moment(self, look: RecordAccess) -> str:
        return exactly(look.accessed_at)

    @admin.display(description=_("who"), ordering="by__username")
    def who(self, look: RecordAccess) -> str:
        return format_html("<bdi>{}</bdi>", look.by.get_full_name() or look.by.get_username())

    @admin.display(description=_("consultation"))
    def which(self, look: RecordAccess) -> str:
        return reference(look.record.consultation.reference)
