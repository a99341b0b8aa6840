"""verify_evidence.py: what a court's expert runs, on bundles that hold and on bundles that do not."""

import ast
import base64
import json
import re
import subprocess
import sys

import pytest

from consent import ledger
from consent.bundle import VERIFIER, bundle_of
from consent.ledger import keys
from tests.consent import bundles, exhibits

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("sort", exhibits.SORTS, ids=lambda sort: sort.__name__)
def test_every_sort_of_record_holds(sort):
    record = exhibits.in_the_tree(sort())
    code, lines = bundles.verify(bundle_of(record), "--receipt", exhibits.receipt_of(record))
    assert code == 0, lines
    assert lines["record"][0] == lines["tree: record"][0] == lines["act 4"][0] == "PASS"
    assert lines["receipt"][0] == lines["whose key"][0] == lines["fhir.json"][0] == "PASS"
    assert lines["fhir.json"][1].endswith("Nothing else of it was compared")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_words_are_held_against_the_publication(language):
    record = exhibits.talked_over(language)
    code, lines = bundles.verify(bundle_of(record), "--receipt", exhibits.receipt_of(record))
    assert code == 0, lines
    assert lines["published words"] == ("PASS", "4 of 4 acts laid open, in the published words")
    assert lines["tree: publication"][0] == "PASS"
    assert "discussed" in lines["later: others/01"][1]


def test_without_a_fingerprint_it_says_that_it_is_the_bundles_own_word():
    record = exhibits.in_the_tree(exhibits.english())
    code, lines = bundles.verify(bundle_of(record))
    assert code == 2
    assert lines["whose key"][0] == "NOT CHECKED"
    assert record.entry.key_id in lines["whose key"][1]


def test_a_fingerprint_from_elsewhere_is_compared():
    record = exhibits.in_the_tree(exhibits.english())
    grouped = " ".join(re.findall("....", record.entry.key_id.upper()))
    assert bundles.verify(bundle_of(record), "--fingerprint", grouped)[0] == 0
    code, lines = bundles.verify(bundle_of(record), "--fingerprint", "0" * 64)
    assert (code, bundles.failed(lines)) == (1, {"whose key"})
    receipt = exhibits.receipt_of(record)
    both = ["--receipt", receipt, "--fingerprint", "0" * 64]
    assert bundles.verify(bundle_of(record), *both)[0] == 1, (
        "one that is right does not make up for it"
    )


def test_the_receipt_of_another_record_is_noticed():
    record, other = exhibits.english(), exhibits.english()
    exhibits.in_the_tree(record)
    code, lines = bundles.verify(bundle_of(record), "--receipt", exhibits.receipt_of(other))
    assert code == 1 and "receipt" in bundles.failed(lines)
    own = exhibits.receipt_of(record)
    same_bytes = own[:-1] + chr(ord(own[-1]) + 1)  # base64's two bits to spare
    code, lines = bundles.verify(bundle_of(record), "--receipt", same_bytes)
    assert code == 1 and "receipt" in bundles.failed(lines)
    code, lines = bundles.verify(bundle_of(record), "--receipt", "nonsense")
    assert code == 1 and "receipt" in bundles.failed(lines)


def test_a_receipt_whose_signature_was_changed_is_noticed():
    record = exhibits.in_the_tree(exhibits.english())
    entry = record.entry
    signature = bytes([entry.signature[0] ^ 1]) + bytes(entry.signature)[1:]
    code = ledger.Receipt(entry.entry_hash, signature, entry.key_id).code
    assert bundles.verify(bundle_of(record), "--receipt", code)[1]["receipt"] == (
        "FAIL",
        "the receipt's signature does not hold",
    )


def test_a_receipt_that_begins_with_a_dash_is_no_option():
    """One code in 64 does."""
    record = exhibits.in_the_tree(exhibits.english())
    receipt = "-" + exhibits.receipt_of(record)[1:]
    code, lines = bundles.verify(bundle_of(record), "--receipt", receipt)
    assert code == 1 and lines["receipt"] == ("FAIL", "the receipt is of another record")


def test_before_the_tree_has_it_the_signature_still_holds():
    record = exhibits.english()
    code, lines = bundles.verify(bundle_of(record), "--receipt", exhibits.receipt_of(record))
    assert code == 0
    assert lines["tree: record"][0] == "NOT CHECKED"


def test_a_withdrawal_is_said_aloud():
    record = exhibits.in_the_tree(exhibits.withdrawn())
    _code, lines = bundles.verify(bundle_of(record))
    assert "WITHDRAWN" in lines["later: others/01"][1]


def test_a_demo_is_said_aloud():
    record = exhibits.in_the_tree(exhibits.demo())
    assert bundles.verify(bundle_of(record))[1]["record"][1].startswith("DEMO DATA")


def test_an_erasure_is_lawful_and_values_after_it_are_not():
    record = exhibits.asking()
    before = bundles.files_of(bundle_of(record))
    exhibits.erase(record.consultation)
    exhibits.in_the_tree(record)
    code, lines = bundles.verify(bundle_of(record), "--receipt", exhibits.receipt_of(record))
    assert code == 0 and lines["personal values"][1].startswith("lawfully erased")
    after = bundles.files_of(bundle_of(record)) | {"particulars.json": before["particulars.json"]}
    assert "personal values" in bundles.failed(bundles.verify(bundles.signed_again(after))[1])


def test_one_risk_is_shown_and_the_rest_only_bound():
    record = exhibits.talked_over()
    part = bundle_of(record, only=["burning"], without=["patient_name", "email"])
    code, lines = bundles.verify(part, "--receipt", exhibits.receipt_of(record))
    assert code == 0, lines
    assert lines["act 3"][0] == "PASS"
    assert not {"act 1", "act 2", "act 4"} & set(lines)
    assert lines["published words"][1].startswith("1 of 4 acts")


def test_a_record_forged_with_another_key_fails_on_the_receipt(settings):
    """Everything in it fits, but the key that signed it is not the clinic's."""
    record = exhibits.in_the_tree(exhibits.english())
    settings.LEDGER_KEY = base64.b64encode(b"f" * 32).decode()
    bundle = bundle_of(exhibits.english())
    _code, lines = bundles.verify(bundle)
    assert lines["record"][0] == lines["act 1"][0] == lines["manifest"][0] == "PASS"
    code, lines = bundles.verify(bundle, "--receipt", exhibits.receipt_of(record))
    assert code == 1 and "receipt" in bundles.failed(lines)
    code, lines = bundles.verify(bundle, "--fingerprint", record.entry.key_id)
    assert code == 1 and "whose key" in bundles.failed(lines)


# --- Keys that changed ------------------------------------------------------------------------


def test_a_record_of_an_older_key_is_joined_to_the_newer_one(settings):
    record = exhibits.english()
    older = record.entry.key_id
    for _time in range(2):
        exhibits.rotate(settings)
    exhibits.in_the_tree(record)
    newest = ledger.signing_key_id()
    assert newest != older
    code, lines = bundles.verify(bundle_of(record), "--fingerprint", newest)
    assert code == 0, lines
    assert bundles.verify(bundle_of(record), "--receipt", exhibits.receipt_of(record))[0] == 0


def test_a_change_of_the_key_needs_both_signatures(settings):
    record = exhibits.english()
    exhibits.rotate(settings)
    exhibits.in_the_tree(record)
    files = bundles.files_of(bundle_of(record))
    seal = json.loads(files["rotations/01/seal.json"])
    seal["cosignature"] = seal["signature"]
    files["rotations/01/seal.json"] = json.dumps(seal).encode()
    code, lines = bundles.verify(
        bundles.signed_again(files), "--fingerprint", ledger.signing_key_id()
    )
    assert code == 1 and {"rotations/01", "whose key"} <= bundles.failed(lines)


def test_a_key_that_was_replaced_signs_no_more(settings):
    """An older key that was stolen: what it signs after its hour is refused."""
    stolen = keys.signing_key()
    record = exhibits.english()
    exhibits.rotate(settings)
    exhibits.in_the_tree(record)
    files = bundles.files_of(bundle_of(record))
    says = json.loads(files["record/content.json"]) | {"at": "2026-11-22T07:06:00.000000Z"}
    content = ledger.canonical(says)
    entry_hash = ledger.sha256(content)
    signature = stolen.sign(bytes.fromhex(entry_hash))
    seal = {
        "hash": entry_hash,
        "key": record.entry.key_id,
        "signature": ledger.signature_letters(signature),
        "inclusion": None,
    }
    manifest = json.loads(files["manifest.json"]) | {"record": entry_hash}
    files |= {
        "record/content.json": content,
        "record/seal.json": json.dumps(seal).encode(),
        "manifest.json": ledger.canonical(manifest),
    }
    code, lines = bundles.verify(bundles.signed_again(files), "--fingerprint", record.entry.key_id)
    assert code == 1 and "replaced before" in lines["whose key"][1]


# --- By itself --------------------------------------------------------------------------------


def test_it_runs_by_itself(tmp_path):
    """Taken out of the bundle and run in isolation: nothing of ours and no Django is imported."""
    record = exhibits.in_the_tree(exhibits.arabic())
    bundle = bundle_of(record)
    (tmp_path / "bundle.zip").write_bytes(bundle)
    script = tmp_path / "verify_evidence.py"
    script.write_bytes(bundles.files_of(bundle)["verify_evidence.py"])
    done = subprocess.run(
        [sys.executable, "-I", "-X", "importtime", script, "bundle.zip"]
        + ["--receipt", exhibits.receipt_of(record)],
        cwd=tmp_path,
        env={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    imported = {line.split("|")[-1].strip() for line in done.stderr.splitlines() if "|" in line}
    tops = {name.split(".")[0] for name in imported}
    assert "cryptography" in tops
    assert not tops & {"django", "consent", "clinic", "bookings", "rest_framework"}
    foreign = (
        tops - set(sys.stdlib_module_names) - {"cryptography", "_cffi_backend", "imported package"}
    )
    assert not {name for name in foreign if not name.startswith(("_", "sitecustomize"))}, foreign


def test_it_is_written_for_python_3_9():
    source = VERIFIER.read_text()
    ast.parse(source, feature_version=(3, 9))
    with pytest.raises(SyntaxError):
        ast.parse("match 1:\n case 1: pass", feature_version=(3, 9))
    assert "from __future__ import annotations" in source, "or X | None would be newer than 3.9"
    modules = re.findall(r"^ *(?:from|import) (\w+)", source, re.MULTILINE)
    assert set(modules) - set(sys.stdlib_module_names) == {"cryptography"}
