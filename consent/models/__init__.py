"""What a patient was shown, and that they acknowledged it."""

from consent.models.acts import ActKind, Decision, How, PatientAct, RecordAccess, Review
from consent.models.evidence import Acknowledgement, ConsentRecord, Particulars, ReadBy, Reading
from consent.models.keeping import Answer, ErasureRequest, LegalHold
from consent.models.ledger import (
    AnchorPlace,
    EntryKind,
    LedgerEntry,
    Outcome,
    Place,
    TreeHead,
    TreeNode,
    Verification,
)
from consent.models.wording import Change, Remark, Risk, RiskList

__all__ = [
    "Acknowledgement",
    "ActKind",
    "AnchorPlace",
    "Answer",
    "Change",
    "ConsentRecord",
    "Decision",
    "EntryKind",
    "ErasureRequest",
    "How",
    "LedgerEntry",
    "LegalHold",
    "Outcome",
    "Particulars",
    "PatientAct",
    "Place",
    "ReadBy",
    "Reading",
    "RecordAccess",
    "Remark",
    "Review",
    "Risk",
    "RiskList",
    "TreeHead",
    "TreeNode",
    "Verification",
]
