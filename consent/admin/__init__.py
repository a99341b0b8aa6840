"""The desk's rooms of this app: consent records to read and review, and the risk lists."""

from consent.admin.finding import cards
from consent.admin.records import ConsentRecordAdmin
from consent.admin.risk_lists import RiskListAdmin

__all__ = ["ConsentRecordAdmin", "RiskListAdmin", "cards"]
