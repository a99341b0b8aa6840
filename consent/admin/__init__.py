"""The desk's rooms of this app: consent records and looks at them, risk lists, the ledger, keeping."""

from consent.admin.asked_again import asked_again_notes
from consent.admin.erasing import ErasureRequestAdmin
from consent.admin.finding import cards
from consent.admin.keeping import LegalHoldAdmin, keeping_cards, keeping_notes
from consent.admin.ledger import AnchorPlaceAdmin, LedgerEntryAdmin, VerificationAdmin
from consent.admin.ledger import cards as ledger_cards
from consent.admin.looks import RecordAccessAdmin
from consent.admin.records import ConsentRecordAdmin
from consent.admin.risk_lists import RiskListAdmin
from consent.admin.staff_samples import staff_samples

__all__ = [
    "AnchorPlaceAdmin",
    "ConsentRecordAdmin",
    "ErasureRequestAdmin",
    "LedgerEntryAdmin",
    "LegalHoldAdmin",
    "RecordAccessAdmin",
    "RiskListAdmin",
    "VerificationAdmin",
    "asked_again_notes",
    "cards",
    "keeping_cards",
    "keeping_notes",
    "ledger_cards",
    "staff_samples",
]
