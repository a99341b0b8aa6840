"""verify_evidence.py beside anchors that were kept elsewhere: a tree that was rebuilt does not begin with them."""

import json

import pytest

from consent import ledger
from consent.actions.growing import inclusion_proof
from consent.bundle import bundle_of
from tests import make
from tests.consent import bundles, exhibits

pytestmark = pytest.mark.django_db


def anchor_line():
    """The newest head, as the file of anchors has it."""
    head = inclusion_proof(entry=exhibits.in_the_tree(exhibits.english()).entry).head
    return ledger.canonical(
        {
            "at": ledger.utc(make.NOW),
            "head": bytes(head.content).decode(),
            "signature": ledger.signature_letters(bytes(head.signature)),
        }
    ).decode()


def size_in(line):
    return json.loads(json.loads(line)["head"])["size"]


def test_the_tree_begins_with_that_of_the_anchor(tmp_path):
    early = anchor_line()
    record = exhibits.in_the_tree(exhibits.english())
    for _more in range(3):
        late = anchor_line()
    path = tmp_path / "anchors.jsonl"
    path.write_text(f"{early}\n{early[:40]}\n{late}\n")
    bundle = bundle_of(record, anchored=[size_in(early)])
    code, lines = bundles.verify(bundle, "--head", str(path))
    assert code == 0, "the anchor's key is known from outside the bundle"
    assert lines["anchors"] == ("PASS", "the tree agrees with 2 of your 2 anchors")
    assert lines["whose key"] == ("PASS", "joined to the key of the anchor")
    assert bundles.verify(bundle, "--head", early)[1]["anchors"][0] == "PASS"
    code, lines = bundles.verify(bundle_of(record), "--head", early)
    assert code == 2 and lines["anchors"][0] == "NOT CHECKED"
    assert f"--anchored {size_in(early)}" in lines["anchors"][1]


def test_a_saved_e_mail_is_an_anchor_too(tmp_path):
    record = exhibits.in_the_tree(exhibits.english())
    says = json.loads(anchor_line())
    mail = tmp_path / "mail.eml"
    mail.write_text(
        f"Subject: Consent ledger\r\n\r\nPlease keep it.\r\n\r\n{says['head']}\r\n{says['signature']}\r\n"
    )
    assert bundles.verify(bundle_of(record), "--head", str(mail))[0] == 0


def test_a_rebuilt_tree_does_not_begin_with_the_anchor(settings):
    """The clinic has the key and rebuilds everything; the anchor is what it cannot rebuild."""
    early = json.loads(anchor_line())
    record = exhibits.in_the_tree(exhibits.english())
    head = json.loads(early["head"]) | {"root": "ab" * 32}
    content = ledger.canonical(head)
    other = ledger.canonical(
        early
        | {
            "head": content.decode(),
            "signature": ledger.signature_letters(ledger.sign(content).signature),
        }
    ).decode()
    bundle = bundle_of(record, anchored=[head["size"]])
    code, lines = bundles.verify(bundle, "--head", other)
    assert code == 1 and "does not begin" in lines["anchors"][1]
    size = inclusion_proof(entry=record.entry).head.size
    same = ledger.canonical(head | {"size": size})
    signature = ledger.signature_letters(ledger.sign(same).signature)
    of_the_same_size = ledger.canonical({"head": same.decode(), "signature": signature}).decode()
    why = bundles.verify(bundle, "--head", of_the_same_size)[1]["anchors"]
    assert why[0] == "FAIL" and "another root" in why[1]
    unsigned = ledger.canonical(early | {"head": content.decode()}).decode()
    assert "anchors" in bundles.failed(bundles.verify(bundle, "--head", unsigned)[1])
    assert "anchors" in bundles.failed(bundles.verify(bundle, "--head", "{}")[1])
