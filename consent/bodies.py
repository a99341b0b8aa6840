"""What the ledger's entries say, made from the rows: writing and verification ask the same functions."""

from collections.abc import Sequence
from typing import Any

from bookings.models import Consultation
from clinic.i18n import Language, text_in
from consent import ledger
from consent.models import Acknowledgement, PatientAct, Reading, Review, Risk, RiskList

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


def publication_of(risk_list: RiskList) -> dict[str, Any]:
    """What the publication of a list says: every word of it in every language, and who answers for it.

    Staff stand here by the number of their sign-in, the reviewing dermatologist by their licence.
    """
    return {
        "treatment": risk_list.treatment.slug,
        "list_version": risk_list.version,
        "change": risk_list.change,
        "note": risk_list.change_note,
        "statement": _in_each_language(risk_list, "statement"),
        "risks": [
            {"key": risk.key, "position": risk.position}
            | {part: _in_each_language(risk, part) for part in Risk.PARTS}
            for risk in risk_list.risks.order_by("position")
        ],
        "written_by": risk_list.written_by_id,
        "reviewed_by": risk_list.reviewer_licence,
        "published_by": risk_list.published_by_id,
        "previous": _publication_before(risk_list),
    }


def _in_each_language(row: RiskList | Risk, field: str) -> dict[str, str]:
    return {language: text_in(row, field, language) for language in Language.values}


def _publication_before(risk_list: RiskList) -> str:
    """The hash of the publication before this one of the same treatment; "" for the first."""
    earlier = RiskList.objects.filter(treatment=risk_list.treatment_id, entry__isnull=False)
    if risk_list.entry is not None:
        earlier = earlier.filter(entry__id__lt=risk_list.entry.pk)
    return str(earlier.order_by("-entry__id").values_list("entry", flat=True).first() or "")


def declined_body(act: PatientAct) -> dict[str, Any]:
    """What declining to go on says; the reason is a commitment. No reading: none was opened yet."""
    return {
        "demo": act.consultation.is_demo,
        "reading": act.reading_id,
        "language": act.language,
        "statement": act.statement,
        "reason": act.note_commitment,
    }


def withdrawal_body(act: PatientAct) -> dict[str, Any]:
    """What a withdrawal says: of which record, and up to which reading nothing counts any more."""
    assert act.record is not None  # an_act_is_about_what_it_is_about
    return {**declined_body(act), "record": act.record.record_hash}


def erasure_body(*, basis: str, fields: int, records: Sequence[str]) -> dict[str, Any]:
    """What an erasure says: why, how many particulars went, and of which records (by their hashes)."""
    return {"basis": basis, "fields": fields, "records": list(records)}
