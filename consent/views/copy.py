"""The certificate on a patient's own page: to read, to print, and to keep as a PDF."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings.own_page import OwnPage
from bookings.road import SeeOther
from consent.certificate import NotAsSealed, certificate_of, page_of, pdf_of
from consent.models import ConsentRecord


@never_cache
@require_safe
def acknowledged_copy(request: HttpRequest) -> HttpResponse:
    """What was acknowledged, word by word, in the language that was read; the site's own around it."""
    record = _own_record(request)
    if record is None:
        return SeeOther(reverse("mine"))
    try:
        certificate = certificate_of(record)
    except NotAsSealed as refusal:
        return _refused(request, refusal)
    return render(request, "consent/copy.html", page_of(certificate))


@never_cache
@require_safe
def acknowledged_pdf(request: HttpRequest) -> HttpResponse:
    """The same as a PDF, in both languages."""
    record = _own_record(request)
    if record is None:
        return SeeOther(reverse("mine"))
    try:
        certificate = certificate_of(record)
    except NotAsSealed as refusal:
        return _refused(request, refusal)
    # No word of health in the name: it stands in lists of downloads.
    name = f"{certificate.record.consultation.grouped_reference}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(pdf_of(certificate), content_type="application/pdf", headers=headers)


def _own_record(request: HttpRequest) -> ConsentRecord | None:
    """The newest record of the consultation whose own page is open, if it has one."""
    consultation = OwnPage(request).open_consultation
    return ConsentRecord.objects.current_of(consultation) if consultation else None


def _refused(request: HttpRequest, refusal: NotAsSealed) -> HttpResponse:
    context = {"reason": str(refusal), "next_url": reverse("mine")}
    return render(request, "consent/not_as_sealed.html", context, status=refusal.status)
