"""verify_evidence.py: what is changed in a bundle is caught, whoever changed it and with whatever key."""

import json

import pytest
from django.db import connections

from consent import ledger
from consent.bundle import bundle_of
from consent.models import ConsentRecord
from tests.consent import bundles, exhibits
from tests.consent.tampering import put, two_bundles


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
    with django_db_blocker.unblock():
        return two_bundles()


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
