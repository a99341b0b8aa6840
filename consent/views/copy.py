"""The copy of what was acknowledged, on the patient's own page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings.own_page import OwnPage
from bookings.road import SeeOther
from consent.copies import copy_of


@never_cache
@require_safe
def acknowledged_copy(request: HttpRequest) -> HttpResponse:
    """What was acknowledged, word by word, to read and to print."""
    consultation = OwnPage(request).open_consultation
    copy = copy_of(consultation) if consultation else None
    if consultation is None or copy is None:
        return SeeOther(reverse("mine"))
    receipt = copy.record.record_hash
    context = {
        "consultation": consultation,
        "copy": copy,
        "reading": copy.record.reading,
        "receipt": " ".join(receipt[at : at + 8] for at in range(0, len(receipt), 8)),
    }
    return render(request, "consent/copy.html", context)
