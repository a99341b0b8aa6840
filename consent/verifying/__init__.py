"""Verifying the ledger: everything recomputed from the stored bytes, and what does not agree with them."""

from consent.verifying.findings import Finding, Findings
from consent.verifying.running import Report, note, verify

__all__ = ["Finding", "Findings", "Report", "note", "verify"]
