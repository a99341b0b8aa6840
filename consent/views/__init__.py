"""The patient's pages of this app."""

from consent.views.check import check, check_again
from consent.views.copy import acknowledged_copy, acknowledged_pdf
from consent.views.erasure import erase, erasure_notes
from consent.views.reading_out import read_out, read_out_again
from consent.views.receipt import receipt
from consent.views.risks import risk, risk_again, talked, talked_again
from consent.views.stepping_back import (
    decline,
    decline_again,
    declined,
    notes_for,
    risks_again,
    withdraw,
)

__all__ = [
    "acknowledged_copy",
    "acknowledged_pdf",
    "check",
    "check_again",
    "decline",
    "decline_again",
    "declined",
    "erase",
    "erasure_notes",
    "notes_for",
    "read_out",
    "read_out_again",
    "receipt",
    "risk",
    "risk_again",
    "risks_again",
    "talked",
    "talked_again",
    "withdraw",
]
