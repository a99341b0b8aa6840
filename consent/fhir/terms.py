"""The systems and codes of the export: HL7's where there is one, the site's own where there is none.

docs/decisions/018 lists each of the site's own names and says why it is there.
"""

import uuid
from typing import Any

from django.conf import settings

from consent import ledger

Resource = dict[str, Any]

TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
DATA_ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
AGENT_TYPE = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
AGENT_ROLE = "http://terminology.hl7.org/CodeSystem/contractsignertypecodes"
RELATION = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
SIGNATURE_TYPE = "urn:iso-astm:E1762-95:2013"
# "The signature of an automated data source": the clinic's server signs. Never the code .7, consent.
SOURCE_SIGNATURE = {
    "system": SIGNATURE_TYPE,
    "code": "1.2.840.10065.1.12.1.14",
    "display": "Source Signature",
}
TEST_DATA = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
    "code": "HTEST",
    "display": "test health data",
}


def own_extension(name: str) -> str:
    """The address of one of the site's own extensions."""
    return f"{settings.SITE_URL}/fhir/StructureDefinition/{name}"


def own_system(name: str) -> str:
    """The address of one of the site's own systems of identifiers."""
    return f"{settings.SITE_URL}/fhir/sid/{name}"


def urn(kind: str, key: object) -> str:
    """The name of a resource inside the bundle: the same whenever it is exported."""
    name = f"{settings.SITE_URL}/fhir/{kind}/{key}"
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}"


def extension(name: str, **value: Any) -> Resource:
    """One of the site's own extensions: `value` is one value[x], or the extensions inside it."""
    return {"url": own_extension(name), **value}


def absent(reason: str = "masked") -> Resource:
    """Says why a value is not there. "masked": it exists or existed, and is not handed out."""
    return {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": reason}]}


def translated(language: str, words: str) -> Resource:
    """The same words in another language, for the `_text` beside a text."""
    return {
        "extension": [
            {
                "url": TRANSLATION,
                "extension": [
                    {"url": "lang", "valueCode": language},
                    {"url": "content", "valueString": words},
                ],
            }
        ]
    }


def coded(system: str, code: str, display: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def moment(at: Any) -> str:
    """A FHIR instant in UTC, to the microsecond: the very letters that the ledger has."""
    return ledger.utc(at)
