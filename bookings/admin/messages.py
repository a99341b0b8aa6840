"""The room of e-mails: those that need staff come first, with what is wrong and what to do."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib import messages as told
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext_lazy as _

from bookings import actions
from bookings.admin import at_once, columns, finding_messages, mails
from bookings.admin.finding_messages import CHANGE, ROOM
from bookings.admin.people import NOTHING, call, who_in_the_list
from bookings.models import COPIES_AT_MOST, NEEDS_STAFF, Message
from clinic.admin import desk, not_there, now_of, person
from clinic.errors import Refused

# All of them at once is for who sees them all (finding_messages.within_reach).
SEND_UNWRITTEN = "bookings.change_consultation"
# What a button does, and what the history keeps of it, in English as all of it.
ACTS: dict[str, tuple[Callable[..., object], Any]] = {
    "retry": (
        lambda request, message: actions.retry(message=message, now=now_of(request)),
        gettext_noop("The e-mail is sent again."),
    ),
    "phoned": (
        lambda request, message: actions.mark_as_phoned(
            message=message, by=person(request), now=now_of(request)
        ),
        gettext_noop("Marked as taken care of."),
    ),
    "not-phoned": (
        lambda request, message: actions.undo_phoned(message=message),
        gettext_noop("Taken back: nobody has taken care of it."),
    ),
}


@admin.register(Message, site=desk)
class MessageAdmin(admin.ModelAdmin):
    """Nothing is typed: an e-mail is sent again, or somebody says that they phoned."""

    list_display = [
        *("kind", "whose", "phone", mails.message_state, mails.times, "what_is_wrong"),
    ]
    list_display_links = ["kind"]
    list_filter = [finding_messages.NeedFilter, "state", "kind"]
    list_select_related = ["consultation"]
    search_fields = ["addressee"]  # the box; what it finds is get_search_results
    search_help_text = _("Reference, name, last digits of the phone, or the whole e-mail address.")
    ordering = ["-due_at", "-id"]
    list_per_page = 50
    show_full_result_count = False
    actions = None
    fields: ClassVar[Any] = (
        *("kind", "whose", "phone", "addressee", mails.message_state, mails.times, "tries"),
        *(mails.version, "what_is_wrong", columns.moment_of("phoned_at", _("taken care of at"))),
        columns.name_of("phoned_by", _("taken care of by")),
    )
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits fields; the buttons ask for the permission themselves."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        return finding_messages.within_reach(request, super().get_queryset(request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        return finding_messages.matching(queryset, search_term), False

    # --- Columns ------------------------------------------------------------------------------

    @admin.display(description=_("patient"))
    def whose(self, message: Message) -> str:
        """The patient, with the way to their consultation; of an e-mail to staff, the address."""
        if message.consultation is None:
            return format_html('<bdi dir="ltr">{}</bdi>', message.addressee)
        address = reverse("admin:bookings_consultation_change", args=[message.consultation_id])
        return format_html('<a href="{}">{}</a>', address, who_in_the_list(message.consultation))

    @admin.display(description=_("phone"))
    def phone(self, message: Message) -> str:
        return call(message.consultation) if message.consultation else NOTHING

    @admin.display(description=_("what is wrong, and what to do"))
    def what_is_wrong(self, message: Message) -> str:
        to_do = mails.what_to_do(message)
        why = mails.wrong(message)
        return format_html('{} <strong class="line">{}</strong>', why, to_do) if to_do else why

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        if not request.user.has_perm(CHANGE):
            return list(self.list_display)
        return [*self.list_display, at_once_column(request)]

    # --- Pages --------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), "title": gettext("Messages that need you")}
        if self.has_view_permission(request):
            context["chips"] = finding_messages.chips(request)
        if request.user.has_perm(SEND_UNWRITTEN):
            context["unwritten"] = actions.unwritten(now=now_of(request)).count()
        return super().changelist_view(request, context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {**(extra_context or {}), "title": gettext("E-mail")}
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        def of_the_desk(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        again = of_the_desk(self.send_unwritten)
        return [
            path("send-unwritten/", again, name=f"{ROOM}_send-unwritten"),
            *(
                path(
                    f"<int:pk>/{name}/",
                    of_the_desk(partial(self.press, name=name)),
                    name=f"{ROOM}_{name}",
                )
                for name in ACTS
            ),
            *super().get_urls(),
        ]

    def press(self, request: HttpRequest, pk: int, *, name: str) -> HttpResponse:
        """A button of a row: at once, and kept in the e-mail's history."""
        if not (request.user.has_perm(CHANGE) and self.has_view_permission(request)):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        message = self.get_object(request, str(pk))
        if message is None:
            return not_there(self, request, str(pk))
        act, done = ACTS[name]
        try:
            act(request, message)
        except Refused as refusal:
            told.error(request, str(refusal))
        else:
            with translation.override("en"):
                self.log_change(request, message, done)
            told.success(request, gettext(done))
        return at_once.back_to_the_list(request, ROOM)

    def send_unwritten(self, request: HttpRequest) -> HttpResponse:
        """All that could not be put together are owed again, for their words were mended."""
        if not request.user.has_perm(SEND_UNWRITTEN):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        count = actions.retry_unwritten(now=now_of(request))
        words = ngettext(
            "%(count)s e-mail is tried again.", "%(count)s e-mails are tried again.", count
        )
        told.success(request, words % {"count": count})
        return at_once.back_to_the_list(request, ROOM)


def at_once_column(request: HttpRequest) -> Any:
    """The column with the buttons of one e-mail, for who may press them."""

    def what(message: Message) -> str:
        return at_once.buttons(request, str(message), _possible(request, message))

    what.short_description = gettext("action")  # type: ignore[attr-defined]
    return what


def _possible(request: HttpRequest, message: Message) -> Iterator[tuple[str, str]]:
    """The buttons that stand there; whether the e-mail is still owed is looked at by the press."""

    def address(name: str) -> str:
        return reverse(f"admin:{ROOM}_{name}", args=[message.pk])

    if message.state not in NEEDS_STAFF:
        return
    if message.copies < COPIES_AT_MOST and message.useful_until > now_of(request):
        yield gettext("Send again"), address("retry")
    if message.phoned_at is not None:
        yield gettext("Undo: taken care of"), address("not-phoned")
    elif message.is_to_staff:
        yield gettext("Taken care of"), address("phoned")
    else:
        yield gettext("I phoned"), address("phoned")
