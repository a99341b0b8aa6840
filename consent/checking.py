"""What a stranger is told about a receipt: whether the clinic signed it, and where it stands."""

import logging
from dataclasses import dataclass
from typing import Any

from bookings.receipts import Receipt
from consent import ledger
from consent.actions.growing import inclusion_proof
from consent.keyring import public_key
from consent.models import LedgerEntry

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Check:
    """The answer to a receipt. It tells nothing about whose it is or what it is about."""

    receipt: Receipt
    is_ours: bool  # signed by a key of this clinic's
    is_there: bool  # the entry that it names is in the ledger, with this signature
    proof: dict[str, Any] | None  # RFC 9162 section 2.1.3; None while it waits for the tree

    @property
    def is_missing(self) -> bool:
        """Signed by us, and not there: somebody took the record away."""
        return self.is_ours and not self.is_there


def check(receipt: Receipt) -> Check:
    """Looks a receipt up. One that we signed and do not have is an alarm in the log."""
    public = public_key(receipt.key_id)
    is_ours = public is not None and ledger.signed_the_hash(
        public, receipt.signature, receipt.entry_hash
    )
    entry = LedgerEntry.objects.filter(entry_hash=receipt.entry_hash).first() if is_ours else None
    if is_ours and entry is None:
        logger.error("a receipt that we signed has no entry: %s", receipt.entry_hash)
    proof = inclusion_proof(entry=entry) if entry else None
    return Check(receipt, is_ours, entry is not None, proof.as_json() if proof else None)
