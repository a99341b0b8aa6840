"""The certificate on a patient's own page: to read, to print, and to keep as a PDF."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings.own_page import OwnPage
from bookings.road import SeeOther
from consent.certificate import Certificate, NotAsSealed, certificate_of, page_of, pdf_of
from consent.circumstances import StaffCannotAct, refuse_staff
from consent.models import ConsentRecord


@never_cache
@require_safe
def acknowledged_copy(request: HttpRequest) -> HttpResponse:
    """What was acknowledged, word by word, in the language that was read; the site's own around it."""
    certificate = _own_certificate(request)
    if isinstance(certificate, HttpResponse):
        return certificate
    return render(request, "consent/copy.html", page_of(certificate))


@never_cache
@require_safe
def acknowledged_pdf(request: HttpRequest) -> HttpResponse:
    """The same as a PDF, in both languages."""
    certificate = _own_certificate(request)
    if isinstance(certificate, HttpResponse):
        return certificate
    # No word of health in the name: it stands in lists of downloads.
    name = f"{certificate.record.consultation.grouped_reference}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(pdf_of(certificate), content_type="application/pdf", headers=headers)


def _own_certificate(request: HttpRequest) -> Certificate | HttpResponse:
    """The certificate of the newest record of the consultation whose own page is open, or where to go.

    Not for a browser at which staff are signed in: they read at the desk, where each look is a row.
    """
    consultation = OwnPage(request).open_consultation
    record = ConsentRecord.objects.current_of(consultation) if consultation else None
    if record is None:
        return SeeOther(reverse("mine"))
    try:
        refuse_staff(request)
        return certificate_of(record)
    except StaffCannotAct:
        return render(request, "consent/staff_reads.html", {"record": record}, status=403)
    except NotAsSealed as refusal:
        return _refused(request, refusal)


def _refused(request: HttpRequest, refusal: NotAsSealed) -> HttpResponse:
    context = {"reason": str(refusal), "next_url": reverse("mine")}
    return render(request, "consent/not_as_sealed.html", context, status=refusal.status)
