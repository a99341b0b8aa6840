"""The public check of a receipt: whether the clinic signed it and its record is there; nothing else."""

import datetime as dt
import json
import logging
import quopri
import string

import pytest

from bookings.receipts import Receipt
from consent import ledger
from consent.actions.growing import grow
from consent.ledger import tree
from tests import make
from tests.bookings.api import Api
from tests.person import Person

pytestmark = pytest.mark.django_db


def check(typed: str) -> Person:
    return Person().open("/receipt/").press("Check it", r=typed)


def test_a_receipt_that_waits_for_the_tree_is_right_already():
    page = check(make.confirmed().own_receipt.url)
    assert page.has("This receipt is right")
    assert page.has("within a minute")


def test_in_the_tree_its_proof_leads_to_the_signed_root():
    visit = make.confirmed()
    make.confirmed(starts_at=make.TOMORROW_AT_9 + dt.timedelta(hours=1))
    grow(now=make.NOW)
    page = check(visit.own_receipt.code)
    assert page.has("This receipt is right")
    assert page.has("inclusion proof")
    answer = Api().get("receipts/", r=visit.own_receipt.code).json()
    assert answer["state"] == "in_the_ledger"
    proof = answer["proof"]
    assert tree.verify_inclusion(
        tree.leaf_of(visit.receipt),
        proof["index"],
        proof["size"],
        [bytes.fromhex(each) for each in proof["path"]],
        bytes.fromhex(json.loads(proof["head"])["root"]),
    )


def test_the_answer_tells_nothing_about_the_visit():
    visit = make.confirmed(patient_name="Zubaida Canary", email="canary@example.com")
    grow(now=make.NOW)
    page = check(visit.own_receipt.code)
    for fact in ("Zubaida", "canary", visit.reference, "Mesotherapy", "mesotherapy", "Huda"):
        assert fact not in page.text, fact


@pytest.mark.parametrize("what", ["hash", "signature", "key", "all"])
def test_a_receipt_that_is_not_ours_is_not_known(what):
    own = make.confirmed().own_receipt
    forged = {
        "hash": Receipt("0" * 64, own.signature, own.key_id),
        "signature": Receipt(own.entry_hash, bytes(64), own.key_id),
        "key": Receipt(own.entry_hash, own.signature, "0" * 64),
        "all": Receipt("0" * 64, bytes(64), "1" * 64),
    }[what]
    assert check(forged.code).has("We do not know this receipt.")
    assert Api().get("receipts/", r=forged.code).json()["state"] == "unknown"


def test_one_that_we_signed_and_do_not_have_is_an_alarm(caplog):
    entry_hash = ledger.sha256(b"a record that somebody deleted before it was sealed")
    signed = ledger.sign_hash(entry_hash)
    page = check(Receipt(entry_hash, signed.signature, signed.key_id).code)
    assert page.has("the record that it names is not there")
    assert page.has("call us")
    assert any(record.levelno == logging.ERROR for record in caplog.records)


@pytest.mark.parametrize("typed", ["", "   ", "hello", "A" * 170, "A" * 3000, "\x00", "<b>"])
def test_what_is_no_receipt_is_asked_for_again_and_kept(typed):
    page = check(typed)
    assert page.status == 400
    assert page.errors
    if typed.strip().isalnum():
        assert page.value("r") == typed


@pytest.mark.parametrize("line_break", ["\n", ""])
def test_a_receipt_copied_from_an_e_mails_source_is_understood(line_break):
    url = make.confirmed().own_receipt.url
    source = quopri.encodestring(url.encode()).decode()
    assert "=3D" in source and "=\n" in source
    assert check(source.replace("\n", line_break)).has("This receipt is right")


def test_a_code_with_another_last_letter_of_the_same_bytes_is_no_receipt():
    code = make.confirmed().own_receipt.code
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    code = code[:-1] + letters[letters.index(code[-1]) + 1]
    assert check(code).errors
    assert Api().get("receipts/", r=code).status_code == 400


def test_a_receipt_copied_with_line_breaks_is_understood():
    code = make.confirmed().own_receipt.code
    assert check(f"{code[:70]} {code[70:140]}\t{code[140:]}").has("This receipt is right")


def test_it_stands_in_arabic_too():
    visit = make.confirmed()
    page = Person().open(f"/ar/receipt/?r={visit.own_receipt.code}")
    assert page.page.html["dir"] == "rtl"
    assert visit.receipt in page.text.replace(" ", "")


def test_it_is_only_looked_at():
    code = make.confirmed().own_receipt.code
    assert Person().client.post("/receipt/", {"r": code}).status_code == 405
