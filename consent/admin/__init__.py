"""The desk's rooms of this app: consent records and looks at them, risk lists, and the ledger."""

from consent.admin.finding import cards
from consent.admin.ledger import AnchorPlaceAdmin, LedgerEntryAdmin, VerificationAdmin
from consent.admin.ledger import cards as ledger_cards
from consent.admin.looks import RecordAccessAdmin
from consent.admin.records import ConsentRecordAdmin
from consent.admin.risk_lists import RiskListAdmin

__all__ = [
    "AnchorPlaceAdmin",
    "ConsentRecordAdmin",
    "LedgerEntryAdmin",
    "RecordAccessAdmin",
    "RiskListAdmin",
    "VerificationAdmin",
    "cards",
    "ledger_cards",
]
