"""Legal holds at the desk, and what a consultation's pages say of holds and erasures."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from bookings.admin import columns
from bookings.admin.time_forms import WhyField
from bookings.models import Consultation
from clinic.admin import desk, laid_out, not_there, now_of, person
from clinic.errors import Refused
from clinic.templatetags.clinic_pages import reference
from consent import actions
from consent.models import Answer, ErasureRequest, LegalHold

Facts = list[tuple[Any, Any]]
NO_NAMES = _("Names nobody: a reference says whom it is about.")


class ReferenceField(forms.CharField):
    """A consultation by its reference, as it is read out: with or without the dash, in any case."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off", "size": "12"})
        super().__init__(label=_("Reference"), max_length=20, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        code = "".join(filter(str.isalnum, typed)).upper()
        code = code.translate(str.maketrans("OIL", "011"))  # as Crockford reads what is misheard
        found = Consultation.objects.filter(reference=code).first()
        if found is None:
            raise ValidationError(gettext("No consultation has this reference. Check it."))
        return found


class HoldForm(forms.Form):
    """On which consultation a hold is placed, and why."""

    consultation = ReferenceField()
    reason = WhyField(label=_("Why nothing may be erased"), max_length=300, help_text=NO_NAMES)


class LiftForm(forms.Form):
    """Why a hold is lifted."""

    reason = WhyField(label=_("Why it is lifted"), max_length=300, help_text=NO_NAMES)


def desk_page(
    room: admin.ModelAdmin, request: HttpRequest, *, title: str, form: Any = None, **more: Any
) -> HttpResponse:
    """A page of this room: its facts, and under them a form if something is asked."""
    fields = [(None, {"fields": list(form.fields)})] if form is not None else []
    context = {
        **room.admin_site.each_context(request),
        "title": title,
        "opts": room.opts,
        "form": form,
        "adminform": laid_out(form, fields) if form is not None else None,
        "back_url": reverse(f"admin:consent_{room.opts.model_name}_changelist"),
        **more,
    }
    return TemplateResponse(request, "admin/consent/keeping.html", context)


def sent(request: HttpRequest) -> QueryDict | None:
    """What was filled in; a form of boxes alone can be sent empty."""
    return request.POST if request.method == "POST" else None


def put_refusal(form: forms.Form, refusal: Refused) -> None:
    """An action's refusal as an error of the field that it names."""
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


@admin.register(LegalHold, site=desk)
class LegalHoldAdmin(admin.ModelAdmin):
    """Placed and lifted by the lead, each time with a reason; nothing is edited."""

    list_display = [
        *("visit", "state", "reason", columns.moment_of("placed_at", _("placed at")), "placed_by"),
        columns.moment_of("lifted_at", _("lifted at")),
    ]
    list_display_links = ["visit"]
    list_select_related = ["consultation", "placed_by", "lifted_by"]
    ordering = ["lifted_at", "-id"]
    list_per_page = 50
    show_full_result_count = False
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": gettext("Legal holds")})

    @admin.display(description=_("reference"))
    def visit(self, hold: LegalHold) -> str:
        return reference(hold.consultation.reference)

    @admin.display(description=_("state"))
    def state(self, hold: LegalHold) -> str:
        if hold.lifted_at is None:
            return columns.badge("▪", gettext("stands"), "bad")
        return columns.badge("○", gettext("lifted"), "quiet")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Places a hold on the consultation of a reference."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        asked_for = {"consultation": request.GET.get("reference", "")}
        form = HoldForm(sent(request), initial=asked_for)
        if form.is_valid():
            try:
                hold = actions.place_hold(
                    **form.cleaned_data, by=person(request), now=now_of(request)
                )
            except Refused as refusal:
                put_refusal(form, refusal)
            else:
                self.log_addition(request, hold, gettext_noop("Placed a legal hold."))
                messages.success(request, gettext("The legal hold stands."))
                return redirect("admin:consent_legalhold_change", hold.pk)
        title = gettext("Place a legal hold")
        return desk_page(self, request, title=title, form=form, button=title)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """What the hold is, and how it is lifted."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        hold: LegalHold | None = self.get_object(request, object_id)
        if hold is None:
            return not_there(self, request, object_id)
        may_lift = hold.lifted_at is None and self.has_change_permission(request)
        form = LiftForm(sent(request)) if may_lift else None
        if form is not None and form.is_valid():
            try:
                actions.lift_hold(
                    hold=hold, **form.cleaned_data, by=person(request), now=now_of(request)
                )
            except Refused as refusal:
                put_refusal(form, refusal)
            else:
                self.log_change(request, hold, gettext_noop("Lifted the legal hold."))
                messages.success(request, gettext("The legal hold is lifted."))
                return redirect("admin:consent_legalhold_change", hold.pk)
        return desk_page(
            self,
            request,
            title=gettext("Legal hold"),
            form=form,
            button=gettext("Lift the hold"),
            sections=[(None, hold_facts(hold))],
        )


def hold_facts(hold: LegalHold) -> Facts:
    """A hold in words: who placed it, when and why, and the same of its end."""
    facts: Facts = [
        (gettext("Reference"), reference(hold.consultation.reference)),
        (gettext("Placed"), _by(hold.placed_by, columns.moment(hold.placed_at))),
        (gettext("Why"), format_html("<bdi>{}</bdi>", hold.reason)),
    ]
    if hold.lifted_at is not None:
        facts += [
            (gettext("Lifted"), _by(hold.lifted_by, columns.moment(hold.lifted_at))),
            (gettext("Why"), format_html("<bdi>{}</bdi>", hold.lift_reason)),
        ]
    return facts


def _by(who: Any, moment: str) -> str:
    return format_html("{}, <bdi>{}</bdi>", moment, who)


# --- On other pages ------------------------------------------------------------------------------


def keeping_notes(request: HttpRequest, consultation: Consultation) -> list[dict[str, Any]]:
    """What a consultation's pages say of it: erased, held, asked for; and what can be done."""
    if consultation.erased_at is not None:
        words = gettext("What was known of this patient was erased: {when}.")
        return [{"words": format_html(words, when=columns.moment(consultation.erased_at))}]
    notes = []
    hold = LegalHold.objects.filter(consultation=consultation, lifted_at=None).first()
    if hold is not None:
        words = gettext("There is a legal hold: nothing of this may be erased.")
        notes.append({"words": words} | _way_to(request, hold))
    asked = ErasureRequest.objects.filter(consultation=consultation, answer=Answer.OPEN).first()
    if asked is not None:
        words = gettext("The patient has asked to have this erased. It is not answered yet.")
        notes.append({"words": words} | _way_to(request, asked))
    here = "?" + urlencode({"reference": str(consultation)})
    for row, label, is_wanted in (
        ("erasurerequest", gettext("Take an erasure request"), asked is None),
        ("legalhold", gettext("Place a legal hold"), hold is None),
    ):
        if is_wanted and request.user.has_perm(f"consent.add_{row}"):
            notes.append({"label": label, "url": reverse(f"admin:consent_{row}_add") + here})
    return notes


def _way_to(request: HttpRequest, row: LegalHold | ErasureRequest) -> dict[str, Any]:
    """The link to a row, for who may see it."""
    name = row._meta.model_name
    if not request.user.has_perm(f"consent.view_{name}"):
        return {}
    url = reverse(f"admin:consent_{name}_change", args=[row.pk])
    return {"url": url, "leads_to": gettext("See it")}


def keeping_cards(request: HttpRequest) -> list[dict[str, Any]]:
    """The front page's card: requests that wait for an answer, for who may answer."""
    if not request.user.has_perm("consent.change_erasurerequest"):
        return []
    waiting: QuerySet[ErasureRequest] = ErasureRequest.objects.filter(answer=Answer.OPEN)
    address = reverse("admin:consent_erasurerequest_changelist")
    return [
        {
            "label": _("Erasure requests to answer"),
            "count": waiting.count(),
            "url": f"{address}?answer__exact={Answer.OPEN}",
        }
    ]
