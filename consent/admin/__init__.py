"""The desk's rooms of this app: consent records and the looks at them, risk lists, what is kept."""

from consent.admin.erasing import ErasureRequestAdmin
from consent.admin.finding import cards
from consent.admin.keeping import LegalHoldAdmin, keeping_cards, keeping_notes
from consent.admin.looks import RecordAccessAdmin
from consent.admin.records import ConsentRecordAdmin
from consent.admin.risk_lists import RiskListAdmin

__all__ = [
    "ConsentRecordAdmin",
    "ErasureRequestAdmin",
    "LegalHoldAdmin",
    "RecordAccessAdmin",
    "RiskListAdmin",
    "cards",
    "keeping_cards",
    "keeping_notes",
]
