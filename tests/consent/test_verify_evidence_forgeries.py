"""verify_evidence.py: a clinic that forges its own evidence. All signatures hold, so the content is caught."""

import json

import pytest

from consent import ledger, verify_evidence
from consent.ledger import tree
from tests.consent import bundles
from tests.consent.tampering import put, two_bundles


@pytest.fixture(scope="module")
def two_records(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        return two_bundles()


@pytest.fixture
def sealed_files(two_records):
    receipt, files = two_records[0]
    return receipt, dict(files)


def sealed_anew(files, name, change):
    """The entry changed, hashed and signed with the clinic's own key; it is in no tree."""
    says = json.loads(files[f"{name}/content.json"])
    change(says)
    sealed_as_it_is(files, name, ledger.canonical(says))


def sealed_as_it_is(files, name, content):
    """Whatever the bytes are: hashed and signed with the clinic's own key."""
    seal = json.loads(files[f"{name}/seal.json"])
    seal |= {
        "hash": ledger.sha256(content),
        "signature": ledger.signature_letters(ledger.sign_hash(ledger.sha256(content)).signature),
        "inclusion": None,
    }
    files |= {f"{name}/content.json": content, f"{name}/seal.json": json.dumps(seal).encode()}
    if name == "record":
        manifest = json.loads(files["manifest.json"]) | {"record": seal["hash"]}
        files["manifest.json"] = ledger.canonical(manifest)


def another_act(**values):
    """The first act says something else, and the record is sealed to fit."""

    def forge(files):
        act = json.loads(files["acts/01.json"]) | values
        act["words_hash"] = ledger.hash_of_words(act["words"], act["statement"])
        files["acts/01.json"] = ledger.canonical(act)
        salt = bytes.fromhex(files["acts/01.salt"].decode())
        commitment = ledger.commitment_of_act(files["acts/01.json"], salt)
        sealed_anew(files, "record", lambda says: says["acts"].__setitem__(0, commitment))

    return forge


def forged(name, change):
    return lambda files: sealed_anew(files, name, change)


def one_act_less(files):
    sealed_anew(files, "record", lambda says: says["acts"].pop())
    del files["acts/04.json"], files["acts/04.salt"]


def not_canonical(old, new):
    """Signed, but not in the one form that says it: two readers could read two things."""

    def forge(files):
        content = files["record/content.json"]
        assert old in content
        sealed_as_it_is(files, "record", content.replace(old, new, 1))

    return forge


def wrong_hash_of_words(files):
    act = json.loads(files["acts/01.json"]) | {"words_hash": "ab" * 32}
    files["acts/01.json"] = ledger.canonical(act)
    salt = bytes.fromhex(files["acts/01.salt"].decode())
    commitment = ledger.commitment_of_act(files["acts/01.json"], salt)
    sealed_anew(files, "record", lambda says: says["acts"].__setitem__(0, commitment))


def head_of(at):
    """A head that the clinic signed, of a time before the entry."""

    def forge(files):
        seal = json.loads(files["others/01/seal.json"])
        head = ledger.canonical(json.loads(seal["inclusion"]["head"]) | {"at": at})
        seal["inclusion"] |= {
            "head": head.decode(),
            "signature": ledger.signature_letters(ledger.sign(head).signature),
        }
        files["others/01/seal.json"] = json.dumps(seal).encode()

    return forge


def a_twin(number, of):
    def forge(files):
        for kind in ("json", "salt"):
            files[f"acts/{number}.{kind}"] = files[f"acts/{of}.{kind}"]

    return forge


def manifest_of(record):
    def forge(files):
        manifest = json.loads(files["manifest.json"]) | {"record": record}
        files["manifest.json"] = ledger.canonical(manifest)

    return forge


def in_fhir(change):
    def forge(files):
        bundle = json.loads(files["fhir.json"])
        for entry in bundle["entry"]:
            change(entry["resource"])
        files["fhir.json"] = json.dumps(bundle).encode()

    return forge


def earlier(resource):
    for item in resource.get("item", []):
        for each in item.get("extension", []):
            if "valueInstant" in each:
                each["valueInstant"] = "2026-11-22T05:00:00.000000Z"


def of_origin(**fields):
    def change(resource):
        if resource["resourceType"] == "Provenance":
            resource["signature"][0].update(fields)

    return in_fhir(change)


def other_target(resource):
    for each in resource.get("target", [])[:1]:
        each["reference"] = resource["signature"][0]["who"]["reference"]


def other_key(resource):
    for signature in resource.get("signature", []):
        signature["extension"][0]["extension"][0]["valueString"] = "ab" * 32


def other_wish(resource):
    if resource["resourceType"] == "QuestionnaireResponse":
        resource["item"][0]["answer"][0]["item"][0]["answer"][0]["valueBoolean"] ^= True


def put_into(kind, **fields):
    return in_fhir(
        lambda resource: resource.update(fields) if resource["resourceType"] == kind else None
    )


def other_bytes(resource):
    if resource["resourceType"] == "Binary":
        resource["data"] = "AAAA"


FORGERIES = [
    ("other words", another_act(words="Nothing can happen."), "published words"),
    ("another statement", another_act(statement="I agree to everything"), "published words"),
    ("another risk", another_act(risk="burning"), "published words"),
    ("done before it was shown", another_act(shown_at="2026-11-22T06:00:01.000000Z"), "act 1"),
    ("a side effect left out", one_act_less, "published words"),
    ("another version", forged("record", put(list_version=7)), "published words"),
    ("another treatment", forged("record", put(treatment="botox")), "published words"),
    ("another list", forged("record", put(list="ab" * 32)), "published words"),
    ("another language", forged("record", put(language="ar")), "published words"),
    ("sealed before it was read", forged("record", put(at="2026-11-22T05:00:00.000000Z")), "act 1"),
    ("a time in another zone", forged("record", put(at="2026-11-22T10:00:00.000000+04:00")), "record"),
    ("a later publication", forged("publication", put(at="2026-11-22T07:00:00.000000Z")), "published words"),
    ("a review of before", forged("others/01", put(at="2026-11-22T05:00:00.000000Z")), "later: others/01"),
    ("a review of elsewhere", forged("others/01", put(consultation="ABCD2345")), "later: others/01"),
    ("another value", forged("record", lambda says: says["commitments"].update(email="ab" * 32)), "personal values"),
    ("a review as a record", forged("record", put(entry="review")), "record"),
    ("a space between", not_canonical(b'","', b'", "'), "record"),
    ("letters written as codes", not_canonical(b"I have", b"\\u0049 have"), "record"),
    ("text in NFD", not_canonical(b"I have", "re\u0301".encode()), "record"),
    ("a name twice", not_canonical(b'"v":1', b'"v":2,"v":1'), "record"),
    ("a number with a point", not_canonical(b'"v":1', b'"v":1.0'), "record"),
    ("a number too large", not_canonical(b'"list_version":1', b'"list_version":9007199254740993'), "record"),
    ("a name that is not ASCII", not_canonical(b'"v":1', '"v":1,"\u00e9":1'.encode()), "record"),
    ("not an object", lambda files: sealed_as_it_is(files, "record", b"[]"), "record"),
    ("another hash of the words", wrong_hash_of_words, "act 1"),
    ("an act before the first", a_twin("00", "04"), "act 0"),
    ("an act after the last", a_twin("05", "04"), "act 5"),
    ("a manifest of another record", manifest_of("ab" * 32), "manifest"),
    ("a head of before", head_of("2026-11-22T05:00:00.000000Z"), "tree: others/01"),
    ("other times for hospitals", in_fhir(earlier), "fhir.json"),
    ("other bytes for hospitals", in_fhir(other_bytes), "fhir.json"),
    ("another signature for hospitals", of_origin(data="A" * 86 + "=="), "fhir.json"),
    ("another time of a signature", of_origin(when="2026-11-22T05:00:00.000000Z"), "fhir.json"),
    ("somebody else's signature", of_origin(who={"reference": "urn:uuid:1"}), "fhir.json"),
    ("a signature of something else", in_fhir(other_target), "fhir.json"),
    ("another key for hospitals", in_fhir(other_key), "fhir.json"),
    ("another wish for hospitals", in_fhir(other_wish), "fhir.json"),
    ("another kind of resource", put_into("Organization", resourceType="Contract"), "fhir.json"),
    ("another language for hospitals", put_into("QuestionnaireResponse", language="ar"), "fhir.json"),
    ("another day for hospitals", put_into("QuestionnaireResponse", authored="2026-11-23T06:00:00.000000Z"), "fhir.json"),
    ("a withdrawal for hospitals", put_into("QuestionnaireResponse", modifierExtension=[{"valueInstant": "x"}]), "fhir.json"),
    ("not entered for hospitals", put_into("Provenance", recorded="2026-11-23T06:00:00.000000Z"), "fhir.json"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "forge", "line"), FORGERIES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_forgery_with_the_clinics_own_key_is_caught(sealed_files, what, forge, line):
    receipt, files = sealed_files
    forge(files)
    _code, lines = bundles.verify(bundles.signed_again(files))
    assert line in bundles.failed(lines), lines


def test_two_trees_of_one_size_are_a_fork(sealed_files):
    """The review is shown in one tree and the record in another; both heads are the clinic's."""
    receipt, files = sealed_files
    seal = json.loads(files["others/01/seal.json"])
    head = json.loads(seal["inclusion"]["head"])
    index, size = seal["inclusion"]["index"], head["size"]
    path = [bytes.fromhex(each) for each in seal["inclusion"]["path"]]
    path[0] = tree.leaf_hash(b"other")
    root = verify_evidence.root_by_inclusion(tree.leaf_of(seal["hash"]), index, size, path)
    content = ledger.canonical(head | {"root": root.hex()})
    seal["inclusion"] |= {
        "path": [each.hex() for each in path],
        "head": content.decode(),
        "signature": ledger.signature_letters(ledger.sign(content).signature),
    }
    files["others/01/seal.json"] = json.dumps(seal).encode()
    code, lines = bundles.verify(bundles.signed_again(files), "--receipt", receipt)
    assert code == 1 and "different roots" in lines["tree: others/01"][1]
