"""verify_evidence.py: what is changed in a bundle is caught, whoever changed it and with whatever key."""

import json

import pytest
from django.db import connections, transaction

from consent import ledger, verify_evidence
from consent.bundle import bundle_of
from consent.ledger import tree
from consent.models import ConsentRecord
from tests.consent import bundles, exhibits


def edited(name, change):
    """A file's JSON changed, and written in canonical form again."""

    def edit(files):
        says = json.loads(files[name])
        change(says)
        files[name] = ledger.canonical(says)

    return edit


def replaced(name, old, new):
    def edit(files):
        assert old.encode() in files[name], "the tampering would change nothing"
        files[name] = files[name].replace(old.encode(), new.encode(), 1)

    return edit


def put(**values):
    return lambda says: says.update(values)


def flipped_signature(says):
    signature = bytearray(ledger.signature_from(says["signature"]))
    signature[5] ^= 1
    says["signature"] = ledger.signature_letters(bytes(signature))


def flipped_path(says):
    first = says["inclusion"]["path"][0]
    says["inclusion"]["path"][0] = ("0" if first[0] != "0" else "1") + first[1:]


def in_the_head(**values):
    def edit(says):
        head = json.loads(says["inclusion"]["head"]) | values
        says["inclusion"]["head"] = ledger.canonical(head).decode()

    return edit


def re_hashed(change):
    """The record's content changed, and hash and salt-free seal made to fit, but for the signature."""

    def edit(files):
        says = json.loads(files["record/content.json"])
        change(says)
        files["record/content.json"] = ledger.canonical(says)
        seal = json.loads(files["record/seal.json"])
        seal["hash"] = ledger.sha256(files["record/content.json"])
        files["record/seal.json"] = json.dumps(seal).encode()
        manifest = json.loads(files["manifest.json"]) | {"record": seal["hash"]}
        files["manifest.json"] = ledger.canonical(manifest)

    return edit


def own_key(files):
    """The forger's own key under the clinic's fingerprint."""
    known = json.loads(files["keys.json"])
    files["keys.json"] = json.dumps(dict.fromkeys(known, "ab" * 32)).encode()


def another_value(says):
    says[0]["value"] += "x"


def another_salt(files):
    salt = files["acts/02.salt"]
    files["acts/02.salt"] = (b"0" if salt[:1] != b"0" else b"1") + salt[1:]


def swapped(files):
    one, two = files["acts/01.json"], files["acts/02.json"]
    files["acts/01.json"], files["acts/02.json"] = two, one


def a_consent(files):
    bundle = json.loads(files["fhir.json"])
    bundle["entry"].append({"resource": {"resourceType": "Consent"}})
    files["fhir.json"] = json.dumps(bundle).encode()


TAMPERING = [
    # words, times, who
    ("acts/01.json", edited("acts/01.json", put(words="Nothing can happen.")), "act 1"),
    ("acts/01.json", edited("acts/01.json", put(acknowledged_at="2026-11-22T05:59:59.000000Z")), "act 1"),
    ("acts/01.json", edited("acts/01.json", put(wants_to_talk=False)), "act 1"),
    ("acts/01.json", edited("acts/01.json", put(question="")), "act 1"),
    ("acts/01.json", lambda files: files.update({"acts/01.json": files["acts/01.json"] + b" "}), "act 1"),
    ("acts/02.salt", another_salt, "act 2"),
    ("acts swapped", swapped, "act 1"),
    ("record/content.json", edited("record/content.json", put(language="ar")), "record"),
    ("record/content.json", edited("record/content.json", put(at="2026-11-22T06:00:01.000000Z")), "record"),
    ("record and its hash", re_hashed(put(read_by="interpreter")), "record"),
    ("record and its hash", re_hashed(put(declaration="I consent")), "record"),
    ("record/content.json", replaced("record/content.json", ',"', ', "'), "record"),
    ("record/content.json", replaced("record/content.json", '"v":1', '"v":1.0'), "record"),
    # signature, key, salt of a value
    ("record/seal.json", edited("record/seal.json", flipped_signature), "record"),
    ("record/seal.json", edited("record/seal.json", put(key="00" * 32)), "record"),
    ("keys.json", own_key, "keys"),
    ("particulars.json", edited("particulars.json", another_value), "personal values"),
    ("particulars.json", edited("particulars.json", lambda says: says[0].update(salt="00" * 16)), "personal values"),
    ("particulars.json", edited("particulars.json", lambda says: says[0].update(field="email")), "personal values"),
    # publication
    ("publication/content.json", replaced("publication/content.json", "A day or two", "A minute or two"), "publication"),
    ("publication/seal.json", edited("publication/seal.json", flipped_signature), "publication"),
    # proof, head
    ("record/seal.json", edited("record/seal.json", flipped_path), "tree: record"),
    ("record/seal.json", edited("record/seal.json", lambda says: says["inclusion"].update(index=0)), "tree: record"),
    ("record/seal.json", edited("record/seal.json", lambda says: says["inclusion"]["path"].pop()), "tree: record"),
    ("record/seal.json", edited("record/seal.json", in_the_head(root="00" * 32)), "tree: record"),
    ("record/seal.json", edited("record/seal.json", in_the_head(size=10**9)), "tree: record"),
    ("record/seal.json", edited("record/seal.json", in_the_head(at="2026-11-22T06:10:00.000000Z")), "tree: record"),
    # reviews, and the same for hospital systems
    ("others/01/content.json", replaced("others/01/content.json", "discussed", "needs_talk"), "others/01"),
    ("others/01/seal.json", edited("others/01/seal.json", flipped_signature), "others/01"),
    ("fhir.json", replaced("fhir.json", "Icing helps.", "Do nothing."), "fhir.json"),
    ("fhir.json", replaced("fhir.json", "I understand that this can happen", "I agree"), "fhir.json"),
    ("fhir.json", a_consent, "fhir.json"),
    ("fhir.json", lambda files: files.update({"fhir.json": b"{}"}), "fhir.json"),
]  # fmt: skip


@pytest.fixture(scope="module")
def two_records(django_db_setup, django_db_blocker):
    """(receipt, the bundle's files) of two records, made in a transaction that is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        records = [exhibits.talked_over(), exhibits.talked_over()]
        made = [(exhibits.receipt_of(one), bundles.files_of(bundle_of(one))) for one in records]
        transaction.set_rollback(True)
    return made


@pytest.fixture
def sealed_files(two_records):
    receipt, files = two_records[0]
    return receipt, dict(files)


@pytest.mark.parametrize(
    ("where", "change", "what"),
    TAMPERING,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_tampering_is_caught_even_with_the_clinics_key_at_hand(sealed_files, where, change, what):
    receipt, files = sealed_files
    assert bundles.verify(bundles.signed_again(files), "--receipt", receipt)[0] == 0, (
        "untouched, it holds"
    )
    change(files)
    code, lines = bundles.verify(bundles.signed_again(files), "--receipt", receipt)
    assert code == 1 and what in bundles.failed(lines), lines
    code, lines = bundles.verify(files, "--receipt", receipt)
    assert code == 1 and bundles.failed(lines), "and without it by the manifest"


def test_every_byte_of_every_file_counts(sealed_files):
    receipt, files = sealed_files
    for name, content in files.items():
        for place in {0, len(content) // 2, len(content) - 1}:
            changed = bytearray(content)
            changed[place] ^= 1
            code, lines = bundles.verify(files | {name: bytes(changed)})
            assert code == 1 and bundles.failed(lines), (name, place)


def test_a_file_that_is_left_out_is_missed(sealed_files):
    receipt, files = sealed_files
    for name in (
        "acts/02.json",
        "acts/02.salt",
        "others/01/content.json",
        "others/01/seal.json",
        "fhir.json",
    ):
        thin = {each: content for each, content in files.items() if each != name}
        _code, lines = bundles.verify(thin, "--receipt", receipt)
        assert lines["manifest"][0] != "PASS" and name in lines["manifest"][1], name
    for name in (
        "record/content.json",
        "record/seal.json",
        "keys.json",
        "manifest.json",
        "manifest.sig",
    ):
        thin = {each: content for each, content in files.items() if each != name}
        assert bundles.verify(thin, "--receipt", receipt)[0] == 1, name


def test_thinned_out_it_still_holds_and_says_so(sealed_files):
    receipt, files = sealed_files
    left_out = ["acts/01.json", "acts/01.salt", "fhir.json", "particulars.json"]
    for name in left_out:
        del files[name]
    code, lines = bundles.verify(files, "--receipt", receipt)
    assert code == 0
    assert lines["manifest"] == (
        "NOT CHECKED",
        "left out since the clinic made it: " + ", ".join(left_out),
    )


def test_a_file_of_another_record_is_caught(sealed_files, two_records):
    receipt, files = sealed_files
    _receipt, other = two_records[1]
    for name in ("acts/01.json", "particulars.json", "others/01/content.json", "fhir.json"):
        mixed = files | {name: other[name]}
        if name == "others/01/content.json":
            mixed["others/01/seal.json"] = other["others/01/seal.json"]
        assert bundles.verify(bundles.signed_again(mixed), "--receipt", receipt)[0] == 1, name
    assert bundles.verify(other, "--receipt", receipt)[0] == 1


# --- A clinic that forges its own evidence: all signatures hold, so the content must be caught -----


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


# --- In the database ---------------------------------------------------------------------------


def test_a_row_that_was_changed_is_exported_as_it_is_and_fails(committed_db):
    """Somebody with the owner's password softened the words; no certificate is made of that."""
    record = exhibits.talked_over()
    assert bundles.verify(bundle_of(record), "--receipt", exhibits.receipt_of(record))[0] == 0
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE consent_acknowledgement DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE consent_acknowledgement SET words = replace(words, 'Icing helps', 'It is nothing')"
            " WHERE reading_id = %s",
            [record.reading_id],
        )
    bundle = bundle_of(ConsentRecord.objects.get(pk=record.pk))
    assert "certificate.pdf" not in bundles.files_of(bundle)
    code, lines = bundles.verify(bundle, "--receipt", exhibits.receipt_of(record))
    assert code == 1 and {"act 1", "act 2", "act 3", "act 4"} <= bundles.failed(lines)
