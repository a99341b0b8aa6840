"""The certificate of acknowledgement of risk information: what it says, as a page and as a PDF."""

from consent.certificate.facts import Act, Certificate, NotAsSealed, certificate_of
from consent.certificate.page import page_of
from consent.certificate.paper import pdf_of
from consent.certificate.telling import Line, Telling, Value, told_in

__all__ = [
    "Act",
    "Certificate",
    "Line",
    "NotAsSealed",
    "Telling",
    "Value",
    "certificate_of",
    "page_of",
    "pdf_of",
    "told_in",
]
