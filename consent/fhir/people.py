"""Who is in the export: the patient, a guardian, the clinic, and the dermatologist of a review."""

from django.conf import settings

from clinic.i18n import text_in
from clinic.models import Clinic, Dermatologist
from consent.exhibit import Exhibit
from consent.fhir.terms import (
    IDENTIFIER_TYPE,
    RELATION,
    Resource,
    absent,
    coded,
    own_system,
    urn,
)


def patient_urn(exhibit: Exhibit) -> str:
    return urn("Patient", exhibit.record.consultation.reference)


def guardian_urn(exhibit: Exhibit) -> str:
    return urn("RelatedPerson", exhibit.record.consultation.reference)


def clinic_urn() -> str:
    return urn("Organization", "clinic")


def practitioner_urn(licence: str) -> str:
    return urn("Practitioner", licence)


def patient(exhibit: Exhibit) -> Resource:
    """The person seen, by the consultation's reference: the clinic takes no national number.

    Name and date of birth are as the evidence has them, not as anybody corrected them later.
    """
    born = exhibit.value("birth_date")
    return {
        "resourceType": "Patient",
        "identifier": [
            {
                "system": own_system("consultation"),
                "value": exhibit.record.consultation.reference,
            }
        ],
        "name": [_name(exhibit.value("patient_name"))],
        **({"birthDate": born} if born else {"_birthDate": absent()}),
    }


def guardian(exhibit: Exhibit) -> Resource:
    """Who acted for a patient under 18."""
    return {
        "resourceType": "RelatedPerson",
        "patient": {"reference": patient_urn(exhibit)},
        "relationship": [coded(RELATION, "GUARD", "guardian")],
        "name": [_name(exhibit.value("guardian_name"))],
    }


def organization(clinic: Clinic, language: str) -> Resource:
    """The clinic, which keeps and signs the record."""
    return {
        "resourceType": "Organization",
        "name": text_in(clinic, "name", language),
        "telecom": [
            {"system": "phone", "value": str(clinic.phone)},
            {"system": "email", "value": clinic.email},
            {"system": "url", "value": settings.SITE_URL},
        ],
        "address": [{"text": text_in(clinic, "address", language)}],
    }


def practitioner(dermatologist: Dermatologist, licence: str, language: str) -> Resource:
    """The dermatologist of a review, under the licence that the review names."""
    return {
        "resourceType": "Practitioner",
        "identifier": [
            {
                "type": coded(IDENTIFIER_TYPE, "MD", "Medical License number"),
                "system": own_system("licence"),
                "value": licence,
            }
        ],
        "name": [{"text": text_in(dermatologist, "name", language)}],
    }


def _name(text: str | None) -> Resource:
    return {"text": text} if text else absent()
