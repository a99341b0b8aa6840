"""Receipts and anchors, which stand outside the database: however they were saved, and what is said of each."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bookings import delivery
from clinic import clock
from consent import ledger
from consent.actions.anchoring import anchor_mail
from consent.ledger.keys import signing_key
from consent.models import Outcome, TreeHead
from tests.consent.attacker import Attacker, found
from tests.consent.verification import exit_code

pytestmark = pytest.mark.one_risk


def test_a_receipt_that_the_clinic_never_signed_is_said_and_no_offence(here):
    stranger = Ed25519PrivateKey.generate()
    made_up = ledger.Receipt("0" * 64, stranger.sign(bytes(32)), signing_key_of_nobody())
    (here.receipts / "made-up.txt").write_text(made_up.code)
    report = here.verify()
    assert report.outcome == Outcome.SOUND
    assert report.looked_at["receipts that the clinic did not sign"] == 1


def signing_key_of_nobody() -> str:
    return "1" * 64


@pytest.mark.parametrize(
    "saved",
    [
        lambda code: code,
        lambda code: json.dumps({"receipt": code}),
        lambda code: f"<p>Your receipt: <b>{code[:90]}<wbr>{code[90:]}</b></p>",
        lambda code: f"Subject: Hello\nContent-Transfer-Encoding: quoted-printable\n\n{code[:70]}=\n{code[70:]}\n",
        lambda code: f"> {code[:80]}\n> {code[80:]}\n",
    ],
    ids=["text", "json", "html", "quoted-printable", "quoted in an answer"],
)  # fmt: skip
def test_a_receipt_is_found_however_it_was_saved(here, saved):
    gone = ledger.sha256(b"an entry that was deleted")
    signed = ledger.sign_hash(gone)
    code = ledger.Receipt(gone, signed.signature, signed.key_id).code
    (here.receipts / "saved").write_text(saved(code))
    report = here.verify()
    assert [each.about for each in report.findings.kept if each.kind == "tampered"] == [
        f"receipt {gone[:12]} in saved"
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: None, "the anchors' file is gone"),
        (lambda lines: lines[:-1], "the anchors' file was cut: its newest lines are gone"),
        (lambda lines: [*lines, "nonsense"], "a line of the anchors' file cannot be read"),
        (
            lambda lines: [line.replace('\\"size\\":2', '\\"size\\":1') for line in lines],
            "no key of the clinic's signed this anchor",
        ),
    ],
)
def test_a_file_of_anchors_that_was_touched_is_an_offence(here, change, says):
    lines = change(here.anchors.read_text().splitlines())
    if lines is None:
        here.anchors.unlink()
    else:
        here.anchors.write_text("\n".join(lines) + "\n")
    assert says in found(here.verify())


def test_a_copy_of_the_anchors_that_somebody_kept_can_be_used(here, tmp_path):
    here.grow()
    kept = tmp_path / "kept.jsonl"
    kept.write_text(here.anchors.read_text().splitlines()[0] + "\n")
    assert exit_code("--anchors", str(kept)) == 0


def test_the_leads_daily_mail_is_an_anchor_that_can_be_used(here, settings, smtp_sink, tmp_path):
    """The one that is left when somebody took the file away, too."""
    here.grow()
    settings.ANCHOR_MAIL_TO = ["lead@example.com"]
    now = clock.now()
    anchor_mail.hand_over(TreeHead.objects.latest("size"), about="1 0", now=now)
    delivery.send_due(now=now)
    kept = tmp_path / "mail.eml"
    kept.write_bytes(smtp_sink.wait_for(1)[0].as_bytes())
    here.anchors.unlink()
    assert exit_code("--anchors", str(kept)) == 0
    one = Attacker(here)
    with one.unguarded():
        one.delete(here.records[1])
        one.rebuild(signing_key())
    one.close()
    assert exit_code("--anchors", str(kept)) == 1
    (kept.with_name("nothing.eml")).write_text("Subject: Hello\n\nNothing.\n")
    assert exit_code("--anchors", str(kept.with_name("nothing.eml"))) == 1
