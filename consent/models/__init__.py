"""What a patient was shown, and that they acknowledged it."""

from consent.models.evidence import (
    Acknowledgement,
    ConsentRecord,
    Decision,
    Particulars,
    Reading,
    Review,
)
from consent.models.wording import ListState, Risk, RiskList

__all__ = [
    "Acknowledgement",
    "ConsentRecord",
    "Decision",
    "ListState",
    "Particulars",
    "Reading",
    "Review",
    "Risk",
    "RiskList",
]
