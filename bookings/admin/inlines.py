"""What belongs to a consultation and is only read on its page: e-mails and treatment sessions."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bookings.admin import columns, mails
from bookings.models import Message, TreatmentSession


class MessageInline(admin.TabularInline):
    """The e-mails that this consultation is owed or was sent; above them those that come next."""

    model = Message
    template = "admin/bookings/message/of_a_consultation.html"
    verbose_name_plural = _("e-mails owed and sent")
    extra = 0
    can_delete = False
    fields: ClassVar[Any] = [
        "kind",
        mails.message_state,
        "addressee",
        mails.times,
        "tries",
        mails.version,
        mails.wrong_with_the_way,
    ]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        return super().get_queryset(request).select_related("consultation")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SessionInline(admin.TabularInline):
    """The treatment sessions that took place after it, voided ones too."""

    model = TreatmentSession
    extra = 0
    can_delete = False
    fields: ClassVar[Any] = [
        columns.moment_of("took_place_at", _("took place")),
        columns.treatment,
        columns.moment_of("recorded_at", _("recorded")),
        columns.name_of("recorded_by", _("recorded by")),
        columns.moment_of("voided_at", _("voided")),
        "void_reason",
    ]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[TreatmentSession]:
        return (
            super().get_queryset(request).select_related("consultation", "treatment", "recorded_by")
        )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
