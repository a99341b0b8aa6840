"""What the ledger's entries say, made from the rows: writing and verification ask the same functions."""

from collections.abc import Sequence
from typing import Any

from bookings.models import Consultation
from consent import ledger
from consent.models import Acknowledgement, Reading, Review

PURPOSE = "acknowledgement of risk information; not consent to a procedure"


def act_content(act: Acknowledgement, key: str) -> bytes:
    """The canonical bytes of one act; `key` is the risk's short name."""
    return ledger.canonical(
        {
            "risk": key,
            "words": act.words,
            "statement": act.statement,
            "words_hash": act.words_hash,
            "shown_at": ledger.utc(act.shown_at),
            "acknowledged_at": ledger.utc(act.acknowledged_at),
            "wants_to_talk": act.wants_to_talk,
            "question": act.question_commitment,
            "carried_over": act.carried_from_id is not None,
        }
    )


def record_body(
    consultation: Consultation,
    reading: Reading,
    acts: Sequence[tuple[str, Acknowledgement]],
    *,
    declaration: str,
) -> dict[str, Any]:
    """What a sealed record says: words by their hashes, times and commitments; no personal value.

    `acts` are in the list's order, each with its risk's short name.
    """
    risk_list, proven_at = reading.risk_list, consultation.proven_at
    return {
        "purpose": PURPOSE,
        "demo": reading.is_demo,
        "treatment": risk_list.treatment.slug,
        "list_version": risk_list.version,
        "list": risk_list.entry_id or "",
        "reading": reading.pk,
        "language": reading.language,
        "read_by": reading.read_by,
        "opened_at": ledger.utc(reading.opened_at),
        "address_proven_at": ledger.utc(proven_at) if proven_at else "",
        "address_proven_by": consultation.proven_by,
        "commitments": reading.commitments,
        "absent": reading.absent,
        "declaration": declaration,
        "acts": [
            ledger.commitment_of_act(act_content(act, key), bytes(act.salt)) for key, act in acts
        ],
    }


def review_body(review: Review) -> dict[str, Any]:
    """What a review says; its note is a commitment."""
    return {
        "record": review.record.record_hash,
        "decision": review.decision,
        "licence": review.licence_number,
        "reviewed_by": review.reviewed_by_id,
        "note": review.note_commitment,
    }
