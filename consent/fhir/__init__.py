"""One record as a FHIR R4B bundle: plain dictionaries, for a reader that knows nothing of this site.

There is no Consent resource in it: risk information was read and acknowledged, and nothing was
consented to (docs/decisions/018).
"""

from typing import Any

from clinic.models import Clinic
from consent.exhibit import Exhibit
from consent.fhir import origins, people, questions
from consent.fhir.terms import TEST_DATA, Resource, own_system, urn
from consent.models import EntryKind


def fhir_of(exhibit: Exhibit, *, clinic: Clinic) -> Resource:
    """A Bundle of type "collection": what was asked, what was answered, by whom, and how to check it.

    Not a "document": that would need a Composition, which a clinician attests; nobody attested here.
    """
    entries = [
        {"fullUrl": name, "resource": _tagged(exhibit, resource)}
        for name, resource in _resources(exhibit, clinic).items()
    ]
    return _tagged(
        exhibit,
        {
            "resourceType": "Bundle",
            "identifier": {
                "system": own_system("evidence"),
                "value": exhibit.record.record_hash,
            },
            "type": "collection",
            "entry": entries,
        },
    )


def _resources(exhibit: Exhibit, clinic: Clinic) -> dict[str, Resource]:
    """Each resource under its name in the bundle, the answers first."""
    reading = exhibit.record.reading
    risk_list, language = reading.risk_list, reading.language
    asked = urn("Questionnaire", f"{risk_list.treatment.slug}|{risk_list.version}")
    answered = urn("QuestionnaireResponse", exhibit.record.record_hash)
    found: dict[str, Any] = {
        answered: questions.response(exhibit, exhibit.withdrawal),
        asked: questions.questionnaire(risk_list),
        people.patient_urn(exhibit): people.patient(exhibit),
        people.clinic_urn(): people.organization(clinic, language),
    }
    if exhibit.has_guardian:
        found[people.guardian_urn(exhibit)] = people.guardian(exhibit)
    _add(
        found, exhibit.entry, origins.record_origin(exhibit, response=answered, questionnaire=asked)
    )
    if entry := exhibit.publication:
        _add(found, entry, origins.publication_origin(exhibit, entry, questionnaire=asked))
    _add_what_came_later(found, exhibit, answered)
    return found


def _add_what_came_later(found: dict[str, Resource], exhibit: Exhibit, answered: str) -> None:
    """Reviews, a withdrawal and an erasure; not the other records of the same consultation."""
    for entry in exhibit.others:
        if review := exhibit.reviews.get(entry.row.pk):
            found[people.practitioner_urn(review.licence_number)] = people.practitioner(
                review.dermatologist, review.licence_number, exhibit.record.reading.language
            )
            origin = origins.review_origin(exhibit, entry, review, response=answered)
            _add(found, entry, origin)
        elif exhibit.withdrawal and exhibit.withdrawal.entry_id == entry.row.pk:
            origin = origins.withdrawal_origin(
                exhibit, entry, exhibit.withdrawal, response=answered
            )
            _add(found, entry, origin)
        elif entry.row.kind == EntryKind.ERASURE:
            _add(found, entry, origins.erasure_origin(exhibit, entry))


def _add(found: dict[str, Resource], entry: Any, origin: Resource) -> None:
    found[urn("Provenance", entry.row.entry_hash)] = origin
    found[origins.binary_urn(entry)] = origins.binary(entry)


def _tagged(exhibit: Exhibit, resource: Resource) -> Resource:
    """Marked as test data, with HL7's code for it, where the record is a demo's."""
    if not exhibit.record.reading.is_demo:
        return resource
    kind = resource["resourceType"]
    return {"resourceType": kind, "meta": {"tag": [TEST_DATA]}} | resource
