"""The patient's pages of this app."""

from consent.views.copy import acknowledged_copy, acknowledged_pdf
from consent.views.receipt import receipt
from consent.views.risks import check, risk

__all__ = ["acknowledged_copy", "acknowledged_pdf", "check", "receipt", "risk"]
