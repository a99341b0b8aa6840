"""What leaves the desk: a record's certificate as a page and as a PDF, and all its evidence as a file."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from clinic.admin import desk
from clinic.errors import Refused
from consent.admin.looks import shown_and_written_down
from consent.bundle import bundle_of
from consent.certificate import certificate_of, page_of, pdf_of
from consent.models import ConsentRecord, How


@dataclass(frozen=True)
class Way:
    """One way out: the end of its address, as what it is written down, and what makes it."""

    name: str
    how: How
    made: Callable[[HttpRequest, ConsentRecord], HttpResponse]


def _page(request: HttpRequest, record: ConsentRecord) -> HttpResponse:
    """The certificate's page, which prints well."""
    context = {**page_of(certificate_of(record)), "record_url": _back_to(record)}
    return TemplateResponse(request, "admin/consent/consentrecord/certificate.html", context)


def _pdf(request: HttpRequest, record: ConsentRecord) -> HttpResponse:
    """The certificate in both languages, as a file."""
    return _file(record, "pdf", pdf_of(certificate_of(record)), "application/pdf")


def _bundle(request: HttpRequest, record: ConsentRecord) -> HttpResponse:
    """All the evidence, for somebody who has no access here (docs/evidence.md).

    Rows that were changed are refused as on paper; `manage.py export_evidence` exports them as they are.
    """
    certificate_of(record)
    return _file(record, "zip", bundle_of(record), "application/zip")


WAYS = [
    Way("print", How.PRINTED, _page),
    Way("pdf", How.PRINTED, _pdf),
    Way("export", How.EXPORTED, _bundle),
]


def give_out(request: HttpRequest, record: ConsentRecord, way: Way) -> HttpResponse:
    """The record on one of the WAYS, written down first; where rows were changed, a sentence alone."""
    try:
        return shown_and_written_down(request, record, way.how, lambda: way.made(request, record))
    except Refused as refusal:
        return TemplateResponse(
            request,
            "admin/consent/consentrecord/not_as_sealed.html",
            {
                **desk.each_context(request),
                "title": gettext("This could not be done"),
                "reason": str(refusal),
                "record_url": _back_to(record),
            },
            status=refusal.status,
        )


def urls_of(record: ConsentRecord) -> dict[str, str]:
    """{way: its address} of a record."""
    return {
        way.name: reverse(f"admin:consent_consentrecord_{way.name}", args=[record.pk])
        for way in WAYS
    }


def _back_to(record: ConsentRecord) -> str:
    return reverse("admin:consent_consentrecord_change", args=[record.pk])


def _file(record: ConsentRecord, ending: str, content: bytes, kind: str) -> HttpResponse:
    """A download. No word of health in its name: it stands in lists of downloads."""
    name = f"{record.consultation.grouped_reference}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)
