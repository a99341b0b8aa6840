"""How much evidence there is, so that a test can say that nothing was stored."""

from consent.models import (
    Acknowledgement,
    ConsentRecord,
    LedgerEntry,
    Particulars,
    PatientAct,
    Reading,
    RecordAccess,
    Review,
    TreeHead,
    TreeNode,
)

TABLES = [
    *(Reading, Acknowledgement, ConsentRecord, PatientAct, Particulars),
    *(LedgerEntry, Review, RecordAccess, TreeNode, TreeHead),
]


def counts() -> dict[str, int]:
    """The rows of every table of evidence."""
    return {model.__name__: model.objects.count() for model in TABLES}
