"""The desk's page of all e-mails, in both languages side by side, with sample data and no patient's."""

import datetime as dt
import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import chain, groupby
from typing import Any

from csp.constants import SELF
from csp.decorators import csp
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from bookings import emails
from bookings.delivery.claims import ADDRESS_REFUSED
from bookings.emails.samples import REFERENCE, Sample, samples, to_staff
from bookings.emails.staff import Words, did_not_arrive
from bookings.models import Consultation, Kind
from clinic.admin import comma, desk, now_of
from clinic.i18n import Language
from clinic.inbox import Mail
from clinic.models import AftercareStep, Clinic

# The words of e-mails to staff that other apps write; clinic.urls puts them together.
others: list[Callable[[dt.datetime], list[tuple[Kind, Words]]]] = []
LOOKS = ("light", "dark")
DARK_ONLY = "@media (prefers-color-scheme: dark)"
COLOR_SCHEME = re.compile(r"(color-scheme(?:\" content=\"|: ))light dark")


@require_safe
def all_emails(request: HttpRequest) -> HttpResponse:
    """Every kind of e-mail in every state that makes it read otherwise; `?look=dark` for dark frames."""
    _let_in(request)
    clinic, look = Clinic.objects.get(), _look(request)
    now, steps = now_of(request), _steps()
    in_each = [samples(language, clinic, now=now, steps=steps) for language in Language.values]
    rows = [
        {
            "key": of_one[0].key,
            "title": _title(of_one[0]),
            "mails": [_shown(sample, clinic, look) for sample in of_one],
        }
        for of_one in [*zip(*in_each, strict=True), *((one,) for one in _to_staff(clinic, now))]
    ]
    context = {
        **desk.each_context(request),
        "title": gettext("All e-mails"),
        "rows": rows,
        "look": look,
        "looks": [("light", gettext("Light")), ("dark", gettext("Dark"))],
    }
    return TemplateResponse(request, "admin/bookings/all_emails.html", context)


@require_safe
@xframe_options_sameorigin
@csp(  # type: ignore[arg-type]  # annotated for views without arguments
    {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "frame-ancestors": [SELF],
        "sandbox": True,
    }
)
def sample_email(request: HttpRequest, key: str, language: str) -> HttpResponse:
    """The HTML of one e-mail for the page's frame: no scripts, nothing fetched."""
    _let_in(request)
    clinic = Clinic.objects.get()
    if language not in Language.values:
        raise Http404
    now = now_of(request)
    to_patients = samples(language, clinic, now=now, steps=_steps())
    for sample in chain(to_patients, _to_staff(clinic, now)):
        if sample.key == key:
            email: Any = emails.compose(sample.message, now=sample.now, clinic=clinic).message()
            arrived = message_from_bytes(email.as_bytes(), policy=policy.default)
            assert isinstance(arrived, EmailMessage)
            return HttpResponse(in_look(Mail("", arrived).html(), _look(request)))
    raise Http404


def cards(request: HttpRequest) -> list[dict[str, Any]]:
    """The front page's way to them."""
    if not _may_look(request):
        return []
    return [{"label": gettext("All e-mails"), "url": reverse("all_emails")}]


def in_look(html: str, look: str) -> str:
    """The e-mail as a program shows it that is set to light, or to dark, whatever this browser is."""
    shown = html.replace(DARK_ONLY, "@media all" if look == "dark" else "@media not all")
    return COLOR_SCHEME.sub(rf"\g<1>{look}", shown)


def _may_look(request: HttpRequest) -> bool:
    """Who sees patients' e-mails, or keeps what the clinic says in them."""
    who = request.user
    return who.has_perm("bookings.view_message") or who.has_perm("clinic.view_clinic")


def _let_in(request: HttpRequest) -> None:
    if not _may_look(request):
        raise PermissionDenied


def _look(request: HttpRequest) -> str:
    asked = request.GET.get("look", "")
    return asked if asked in LOOKS else LOOKS[0]


def _steps() -> list[tuple[AftercareStep, ...]]:
    """The steps of each e-mail of the plans that count now: those of one hour are one e-mail."""
    live = AftercareStep.objects.live().select_related("plan__treatment", "plan__reviewed_by")
    in_order = live.order_by("plan__treatment_id", "hours_after", "position", "id")
    by_hour = groupby(in_order, lambda step: (step.plan_id, step.hours_after))
    return [tuple(steps) for _hour, steps in by_hour]


def _to_staff(clinic: Clinic, now: dt.datetime) -> list[Sample]:
    """What staff get: one e-mail for both languages."""
    bounce = did_not_arrive(Consultation(id=0, reference=REFERENCE), ADDRESS_REFUSED)
    found = [(Kind.BOUNCE, bounce), *(pair for offered in others for pair in offered(now))]
    return [to_staff(kind, words, clinic, now=now) for kind, words in found]


def _title(sample: Sample) -> str:
    """ "Reminder, 1 day before: patient in another time zone"."""
    kind = Kind(sample.message.kind).label
    return f"{kind}: {comma().join(sample.special)}" if sample.special else str(kind)


def _shown(sample: Sample, clinic: Clinic, look: str) -> dict[str, Any]:
    language = Language(sample.message.language)
    label = gettext("To staff") if sample.message.is_to_staff else language.label
    email = emails.compose(sample.message, now=sample.now, clinic=clinic)
    return {
        "language": language,
        "label": label,
        "dir": "rtl" if language == "ar" else "ltr",
        "subject": email.subject,
        "text": email.body,
        "frame": f"{reverse('sample_email', args=[sample.key, language])}?look={look}",
    }
