"""What the certificate's page is given: the patient's own, and the one that staff print."""

from typing import Any

from django.utils.safestring import mark_safe

from clinic.i18n import active_language
from consent.certificate.facts import Certificate
from consent.certificate.telling import told_in


def page_of(certificate: Certificate) -> dict[str, Any]:
    """The certificate in the page's language, its words in the language that was read."""
    words_in = certificate.reading.language
    return {
        "told": told_in(certificate, active_language(), words_in=words_in),
        "words_dir": "rtl" if words_in == "ar" else "ltr",
        "qr": mark_safe(certificate.receipt.qr_svg),  # noqa: S308 a drawing of our own address
        "receipt_url": certificate.receipt.url,
    }
