"""The desk's rooms of this app: consent records to read and review, looks at them, risk lists."""

from consent.admin.finding import cards
from consent.admin.looks import RecordAccessAdmin
from consent.admin.records import ConsentRecordAdmin
from consent.admin.risk_lists import RiskListAdmin

__all__ = ["ConsentRecordAdmin", "RecordAccessAdmin", "RiskListAdmin", "cards"]
