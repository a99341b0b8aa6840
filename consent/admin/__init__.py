"""The desk's rooms of this app: consent records to read and review, and the risk lists."""

from consent.admin import records, risk_lists
from consent.admin.records import cards

__all__ = ["cards", "records", "risk_lists"]
