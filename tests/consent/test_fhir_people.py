"""The export as FHIR R4B: who read and who acted, and what is masked once it is erased or not asked for."""

import json

import pytest

from consent.fhir.terms import DATA_ABSENT_REASON
from tests import make
from tests.consent import exhibits
from tests.consent.fhir import exported, of_kind, one, own

pytestmark = pytest.mark.django_db


def test_a_guardian_acts_for_the_patient():
    bundle = exported(exhibits.guardian())
    guardian = one(bundle, "RelatedPerson")
    assert guardian["name"] == [{"text": "Mona Haddad"}]
    assert one(bundle, "Patient")["name"] == [{"text": "Sami Haddad"}]
    response = one(bundle, "QuestionnaireResponse")
    assert own(response, "read-by")["valueCode"] == "guardian"
    assert response["source"] != response["subject"]
    author = of_kind(bundle, "Provenance")[0]["agent"][0]
    assert author["who"] == response["source"]
    assert author["onBehalfOf"] == response["subject"]


def test_an_interpreter_is_named_as_one():
    bundle = exported(exhibits.interpreter())
    response = one(bundle, "QuestionnaireResponse")
    assert own(response, "read-by")["valueCode"] == "interpreter"
    assert response["source"] == response["subject"], "the patient answered, whoever read it out"
    agents = of_kind(bundle, "Provenance")[0]["agent"]
    (interpreter,) = [each for each in agents if "role" in each]
    assert interpreter["role"][0]["coding"][0]["code"] == "INTPRT"
    assert interpreter["who"] == {"display": "Ana Cruz"}
    assert own(interpreter, "interpreter-language")["valueString"] == "Tagalog"


def test_an_interpreters_name_and_language_are_masked_once_they_are_erased():
    record = exhibits.interpreter()
    exhibits.erase(record.consultation)
    interpreter = of_kind(exported(record), "Provenance")[0]["agent"][1]
    assert "display" not in interpreter["who"]
    said = own(interpreter, "interpreter-language")
    assert "valueString" not in said
    assert said["_valueString"]["extension"][0]["valueCode"] == "masked"


def test_a_guardian_to_whom_it_was_read_out_still_acts_for_the_patient():
    bundle = exported(exhibits.interpreter(**exhibits.CHILD))
    response = one(bundle, "QuestionnaireResponse")
    assert own(response, "read-by")["valueCode"] == "interpreter"
    author, interpreter, *_clinic = of_kind(bundle, "Provenance")[0]["agent"]
    assert author["who"] == response["source"] != response["subject"]
    assert interpreter["who"] == {"display": "Ana Cruz"}
    assert one(bundle, "RelatedPerson")["name"] == [{"text": "Mona Haddad"}]


def test_what_was_erased_is_masked_and_nothing_of_it_is_told():
    record = exhibits.erased()
    bundle = exported(record)
    patient = one(bundle, "Patient")
    masked = {"extension": [{"url": DATA_ABSENT_REASON, "valueCode": "masked"}]}
    assert patient["name"] == [masked]
    assert patient["_birthDate"] == masked and "birthDate" not in patient
    for item in one(bundle, "QuestionnaireResponse")["item"]:
        assert item["answer"][0]["item"][1]["answer"] == [{"_valueString": masked}]
    told = json.dumps(bundle, ensure_ascii=False)
    assert record.consultation.patient_name not in told and exhibits.QUESTION not in told
    assert "personal values erased" in [
        each["activity"]["text"] for each in of_kind(bundle, "Provenance")
    ]


def test_a_review_is_a_provenance_of_its_own():
    bundle = exported(exhibits.talked_over())
    (origin,) = [
        each
        for each in of_kind(bundle, "Provenance")
        if each["activity"]["text"] == "record reviewed: discussed"
    ]
    verifier = origin["agent"][0]
    assert verifier["type"]["coding"][0]["code"] == "verifier"
    licence = one(bundle, "Practitioner")["identifier"][0]
    assert licence["type"]["coding"][0]["code"] == "MD"
    assert licence["value"] == make.dermatologist().licence_number


def test_one_risk_can_be_told_without_the_others():
    record = exhibits.asking()
    bundle = exported(record, only=["burning"], without=["patient_name"])
    items = one(bundle, "QuestionnaireResponse")["item"]
    masked = [{"url": DATA_ABSENT_REASON, "valueCode": "masked"}]
    for item in items:
        if item["linkId"] == "burning":
            assert item["answer"][0]["item"][1]["answer"] == [{"valueString": exhibits.QUESTION}]
        else:
            assert item == {"linkId": item["linkId"], "extension": masked}
    assert one(bundle, "Patient")["name"] == [{"extension": masked}]
