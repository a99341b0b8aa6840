"""Provenance: who did what and when, with the clinic's signature and the proof from the ledger's tree.

Beside each Provenance stands a Binary with the very bytes that were hashed and signed, so that a reader
of the export alone can check the signature.
"""

import base64
import json
from typing import Any

from consent.bodies import PURPOSE
from consent.exhibit import Entered, Exhibit
from consent.fhir.people import clinic_urn, guardian_urn, patient_urn, practitioner_urn
from consent.fhir.terms import (
    AGENT_ROLE,
    AGENT_TYPE,
    SOURCE_SIGNATURE,
    Resource,
    absent,
    coded,
    extension,
    moment,
    own_system,
    urn,
)
from consent.models import PatientAct, ReadBy, Review

JSON = "application/json"
RAW = "application/octet-stream"  # 64 bytes of Ed25519; no media type is registered for them


def record_origin(exhibit: Exhibit, *, response: str, questionnaire: str) -> Resource:
    """Of the acknowledgement: by the patient or guardian, kept and put together by the clinic."""
    origin = _origin(exhibit, exhibit.entry, target=response, what=PURPOSE, by=_people(exhibit))
    began = moment(exhibit.record.reading.opened_at)
    origin["occurredPeriod"] = {"start": began, "end": moment(exhibit.record.sealed_at)}
    origin["entity"].append({"role": "source", "what": {"reference": questionnaire}})
    return origin


def publication_origin(exhibit: Exhibit, entry: Entered, *, questionnaire: str) -> Resource:
    """Of the list's wording: when it went live."""
    return _origin(exhibit, entry, target=questionnaire, what="risk list published", by=[])


def review_origin(exhibit: Exhibit, entry: Entered, review: Review, *, response: str) -> Resource:
    """Of a dermatologist's written look at the record."""
    verifier = _agent("verifier", "Verifier", practitioner_urn(review.licence_number))
    what = f"record reviewed: {review.decision}"
    return _origin(exhibit, entry, target=response, what=what, by=[verifier])


def withdrawal_origin(
    exhibit: Exhibit, entry: Entered, act: PatientAct, *, response: str
) -> Resource:
    """Of the patient's withdrawal: the words of the button are in the bytes."""
    what = f"acknowledgement {act.kind}"
    return _origin(exhibit, entry, target=response, what=what, by=_people(exhibit)[:1])


def erasure_origin(exhibit: Exhibit, entry: Entered) -> Resource:
    """Of the lawful erasure of the personal values."""
    target = patient_urn(exhibit)
    return _origin(exhibit, entry, target=target, what="personal values erased", by=[])


def binary_urn(entry: Entered) -> str:
    return urn("Binary", entry.row.entry_hash)


def binary(entry: Entered) -> Resource:
    """The canonical bytes (RFC 8785) of an entry."""
    return {"resourceType": "Binary", "contentType": JSON, "data": _base64(entry.content)}


def _origin(
    exhibit: Exhibit, entry: Entered, *, target: str, what: str, by: list[Resource]
) -> Resource:
    at = moment(entry.row.written_at)
    return {
        "resourceType": "Provenance",
        "target": [{"reference": target}, {"reference": binary_urn(entry)}],
        "recorded": at,
        "activity": {"text": what},
        "agent": [
            *by,
            _agent("custodian", "Custodian", clinic_urn()),
            _agent("assembler", "Assembler", clinic_urn()),
        ],
        "entity": [
            {
                "role": "source",
                "what": {
                    "reference": binary_urn(entry),
                    "identifier": {
                        "system": own_system("ledger-entry"),
                        "value": entry.row.entry_hash,
                    },
                },
            }
        ],
        "signature": [_signature(exhibit, entry, at)],
    }


def _signature(exhibit: Exhibit, entry: Entered, at: str) -> Resource:
    """Ed25519 (RFC 8032) over the 32 bytes of SHA-256 of the Binary's bytes."""
    public = exhibit.public_keys.get(entry.row.key_id)
    key = [{"url": "fingerprint", "valueString": entry.row.key_id}]
    if public:
        key.append({"url": "public", "valueString": public.hex()})
    return {
        "extension": [
            extension("signing-key", extension=key),
            extension("inclusion-proof", **_inclusion(entry)),
        ],
        "type": [SOURCE_SIGNATURE],
        "when": at,
        "who": {"reference": clinic_urn()},
        "targetFormat": JSON,
        "sigFormat": RAW,
        "data": _base64(bytes(entry.row.signature)),
    }


def _inclusion(entry: Entered) -> Resource:
    """RFC 9162 section 2.1.3: place, path and signed head; "temp-unknown" before the tree has it."""
    if entry.proof is None:
        return absent("temp-unknown")
    proof: dict[str, Any] = entry.proof.as_json()
    path = [{"url": "path", "valueString": each} for each in proof["path"]]
    return {
        "extension": [
            {"url": "index", "valueUnsignedInt": proof["index"]},
            {"url": "size", "valueUnsignedInt": proof["size"]},
            *path,
            {"url": "root", "valueString": json.loads(proof["head"])["root"]},
            {"url": "head", "valueString": proof["head"]},
            {"url": "signature", "valueString": proof["signature"]},
            {"url": "key", "valueString": proof["key"]},
        ]
    }


def _people(exhibit: Exhibit) -> list[Resource]:
    """Who acknowledged, and who read the words out to them."""
    author = _agent("author", "Author", patient_urn(exhibit))
    if exhibit.has_guardian:
        author = _agent("author", "Author", guardian_urn(exhibit))
        author["onBehalfOf"] = {"reference": patient_urn(exhibit)}
    if exhibit.record.reading.read_by != ReadBy.INTERPRETER:
        return [author]
    name, spoken = exhibit.value("interpreter_name"), exhibit.value("interpreter_language")
    language = {"valueString": spoken} if spoken else {"_valueString": absent()}
    interpreter = {
        "extension": [extension("interpreter-language", **language)],
        "role": [coded(AGENT_ROLE, "INTPRT", "Interpreter")],
        "who": {"display": name} if name else absent(),
    }
    return [author, interpreter]


def _agent(code: str, display: str, who: str) -> Resource:
    return {"type": coded(AGENT_TYPE, code, display), "who": {"reference": who}}


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
