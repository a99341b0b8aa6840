"""The export as FHIR R4B: valid, exact to the byte, and never called a consent."""

import base64
import json

import pytest
from fhir.resources.R4B import get_fhir_model_class

from clinic.models import VersionState
from consent import ledger
from consent.fhir.terms import DATA_ABSENT_REASON, SIGNATURE_TYPE, TRANSLATION, own_extension
from consent.ledger import tree
from tests import make
from tests.consent import exhibits
from tests.consent.fhir import everything_in, exported, of_kind, one, own

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("in_tree", [True, False])
@pytest.mark.parametrize("sort", exhibits.SORTS, ids=lambda sort: sort.__name__)
def test_every_resource_is_valid_r4b(sort, in_tree):
    record = sort()
    if in_tree:
        exhibits.in_the_tree(record)
    bundle = exported(record)
    resources = [bundle, *(entry["resource"] for entry in bundle["entry"])]
    for resource in resources:
        model = get_fhir_model_class(resource["resourceType"])
        read = model.model_validate(resource)
        assert read.get_resource_type() == resource["resourceType"]
    kinds = {resource["resourceType"] for resource in resources}
    assert {"Bundle", "Questionnaire", "QuestionnaireResponse", "Patient", "Provenance"} <= kinds


def test_the_validator_refuses_what_is_wrong():
    """The twin of the test above: it can fail."""
    bundle = exported(exhibits.english())
    one(bundle, "QuestionnaireResponse")["status"] = ["not", "a", "code"]
    with pytest.raises(ValueError):
        get_fhir_model_class("Bundle").model_validate(bundle)


@pytest.mark.parametrize("sort", exhibits.SORTS, ids=lambda sort: sort.__name__)
def test_nothing_in_it_is_a_consent(sort):
    bundle = exported(sort())
    assert not of_kind(bundle, "Consent")
    for each in everything_in(bundle):
        if each.get("system") == SIGNATURE_TYPE:
            assert each["code"] == "1.2.840.10065.1.12.1.14", "a source's, not a consent signature"
    assert "not consent to a procedure" in one(bundle, "QuestionnaireResponse")["text"]["div"]
    assert "not consent to a procedure" in one(bundle, "Questionnaire")["purpose"]


@pytest.mark.parametrize("sort", [exhibits.english, exhibits.arabic, exhibits.asking])
def test_the_texts_are_the_stored_bytes(sort):
    record = sort()
    items = one(exported(record), "QuestionnaireResponse")["item"]
    acts = list(record.reading.acknowledgements.order_by("risk__position"))
    assert len(items) == len(acts) == make.RISKS
    for item, act in zip(items, acts, strict=True):
        assert item["linkId"] == act.risk.key
        assert item["text"].encode() == act.words.encode()
        (answer,) = item["answer"]
        assert answer["valueString"].encode() == act.statement.encode()
        assert ledger.hash_of_words(item["text"], answer["valueString"]) == act.words_hash
        assert own(item, "shown-at")["valueInstant"] == ledger.utc(act.shown_at)
        assert own(item, "acknowledged-at")["valueInstant"] == ledger.utc(act.acknowledged_at)


def test_the_texts_outlive_the_validator():
    """A reader that uses the library gets the same Arabic words."""
    bundle = exported(exhibits.arabic())
    model = get_fhir_model_class("Bundle").model_validate(bundle)
    again = json.loads(model.model_dump_json())
    texts = [item["text"] for item in one(bundle, "QuestionnaireResponse")["item"]]
    assert [item["text"] for item in one(again, "QuestionnaireResponse")["item"]] == texts
    assert "عدوى" in texts[0]


def test_the_questionnaire_is_the_list_in_both_languages():
    record = exhibits.arabic()
    asked = one(exported(record), "Questionnaire")
    response = one(exported(record), "QuestionnaireResponse")
    assert asked["status"] == "active"
    assert response["questionnaire"] == f"{asked['url']}|{asked['version']}"
    assert (asked["language"], response["language"]) == ("en", "ar")
    for item, risk in zip(
        asked["item"], record.reading.risk_list.risks.order_by("position"), strict=True
    ):
        assert (item["linkId"], item["text"]) == (risk.key, risk.words("en"))
        (arabic,) = item["_text"]["extension"]
        assert arabic["url"] == TRANSLATION
        assert arabic["extension"] == [
            {"url": "lang", "valueCode": "ar"},
            {"url": "content", "valueString": risk.words("ar")},
        ]
        assert [option["valueString"] for option in item["answerOption"]] == [
            record.reading.risk_list.statement_en
        ]


def test_a_list_that_was_replaced_is_retired():
    record = exhibits.english()
    risk_list = record.reading.risk_list
    risk_list.state = VersionState.RETIRED
    risk_list.save(update_fields=["state"])
    assert one(exported(record), "Questionnaire")["status"] == "retired"


def test_an_answer_is_never_a_yes_or_no():
    for item in one(exported(exhibits.asking()), "QuestionnaireResponse")["item"]:
        assert set(item["answer"][0]) == {"valueString", "item"}


def test_a_question_stands_with_its_risk():
    items = one(exported(exhibits.asking()), "QuestionnaireResponse")["item"]
    for item in items:
        wish, asked = item["answer"][0]["item"]
        assert wish["answer"] == [{"valueBoolean": True}]
        assert asked["linkId"] == f"{item['linkId']}.question"
        assert asked["answer"] == [{"valueString": exhibits.QUESTION}]


def test_the_signature_and_the_proof_can_be_checked_from_the_export_alone():
    record = exhibits.in_the_tree(exhibits.english())
    bundle = exported(record)
    origin = next(each for each in of_kind(bundle, "Provenance") if "occurredPeriod" in each)
    (signature,) = origin["signature"]
    key = {each["url"]: each["valueString"] for each in own(signature, "signing-key")["extension"]}
    by_name = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    content = base64.b64decode(by_name[origin["target"][1]["reference"]]["data"])
    assert content == bytes(record.entry.content)
    public, entry_hash = bytes.fromhex(key["public"]), ledger.sha256(content)
    assert ledger.key_id_of(public) == key["fingerprint"]
    assert ledger.signed_the_hash(public, base64.b64decode(signature["data"]), entry_hash)

    proof = own(signature, "inclusion-proof")["extension"]
    said = {each["url"]: each for each in proof}
    path = [bytes.fromhex(each["valueString"]) for each in proof if each["url"] == "path"]
    assert tree.verify_inclusion(
        tree.leaf_of(entry_hash),
        said["index"]["valueUnsignedInt"],
        said["size"]["valueUnsignedInt"],
        path,
        bytes.fromhex(said["root"]["valueString"]),
    )
    head = said["head"]["valueString"].encode()
    assert ledger.is_signed_by(
        public, ledger.signature_from(said["signature"]["valueString"]), head
    )


def test_before_the_tree_has_it_the_proof_says_so():
    (signature,) = of_kind(exported(exhibits.english()), "Provenance")[0]["signature"]
    (why,) = own(signature, "inclusion-proof")["extension"]
    assert why == {"url": DATA_ABSENT_REASON, "valueCode": "temp-unknown"}


def test_a_withdrawn_acknowledgement_cannot_be_read_as_one_that_stands():
    bundle = exported(exhibits.withdrawn())
    response = one(bundle, "QuestionnaireResponse")
    (modifier,) = response["modifierExtension"]
    assert modifier["url"] == own_extension("withdrawn-at")
    assert modifier["valueInstant"] == ledger.utc(exhibits.LATER)
    texts = [each["activity"]["text"] for each in of_kind(bundle, "Provenance")]
    assert "acknowledgement withdrawn" in texts
    assert "modifierExtension" not in one(exported(exhibits.english()), "QuestionnaireResponse")


def test_a_demo_is_marked_as_test_data_everywhere():
    bundle = exported(exhibits.demo())
    for resource in [bundle, *(entry["resource"] for entry in bundle["entry"])]:
        assert resource["meta"]["tag"][0]["code"] == "HTEST"
    assert "meta" not in exported(exhibits.english())


def test_every_reference_leads_somewhere_in_the_bundle():
    for sort in exhibits.SORTS:
        bundle = exported(sort())
        names = [entry["fullUrl"] for entry in bundle["entry"]]
        assert len(set(names)) == len(names)
        pointed_at = {each["reference"] for each in everything_in(bundle) if "reference" in each}
        assert pointed_at <= set(names)


def test_the_same_record_gives_the_same_export():
    record = exhibits.talked_over()
    assert exported(record) == exported(record)
