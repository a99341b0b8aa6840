"""What verification tells apart, how it exits, and where it begins."""

import base64
import datetime as dt
import json
import threading
from collections import Counter

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db import connection

import consent.actions
from bookings import delivery
from clinic import clock
from consent import ledger, verifying
from consent.actions import growing, rotating
from consent.actions.anchoring import anchor_mail
from consent.ledger.keys import key_from, signing_key
from consent.models import AnchorPlace, Outcome, Particulars, TreeHead, Verification
from consent.verifying.findings import SHOWN, Findings
from consent.verifying.keys import CannotBegin
from tests import make
from tests.consent.attacker import Attacker, Scene, found

pytestmark = pytest.mark.one_risk

MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
CHANGED = "UPDATE consent_reading SET opened_at = opened_at - interval '1 s' WHERE id = %s"


def kinds(report: verifying.Report) -> dict[str, int]:
    return report.findings.counts


def spoil(here: Scene, place: int) -> None:
    """A column of one record's reading is changed by the owner."""
    one = Attacker(here)
    with one.unguarded():
        one.run(CHANGED, here.records[place].reading_id)
    one.close()


def exit_code(*arguments: str) -> int:
    """The command's, as a shell would see it."""
    try:
        call_command("verify_ledger", *arguments)
    except SystemExit as end:
        return int(end.code or 0)
    except CommandError as error:
        return error.returncode
    return 0


def test_a_sound_ledger_is_looked_at_in_every_part(here):
    report = here.verify()
    assert report.outcome == Outcome.SOUND
    assert report.size == 4
    assert report.looked_at == Counter(
        consultations=4, entries=5, records=4, acts=4, particulars=20, leaves=4, heads=3, anchors=3,
        receipts=4, files=4, guards=report.looked_at["guards"],
    )  # fmt: skip
    assert report.looked_at["guards"] > 150


def test_what_was_just_written_is_not_yet_sealed_and_a_minute_later_late(here):
    assert kinds(here.verify()) == {"unsealed": 1}
    report = verifying.verify(now=clock.now() + MINUTE + dt.timedelta(seconds=10))
    assert (report.outcome, kinds(report)) == (Outcome.LATE, {"late": 1})


def test_an_anchor_that_fails_is_late_and_no_offence(here):
    here.grow()
    AnchorPlace.objects.update(failing_since=clock.now(), trouble="PermissionError")
    report = here.verify()
    assert (report.outcome, kinds(report)) == (Outcome.LATE, {"late": 1})


@pytest.mark.parametrize(("is_demo", "told"), [(False, {"clock": 2}), (True, {})])
def test_clocks_more_than_5_seconds_apart_are_told_except_for_demo_data(here, is_demo, told):
    here.grow()
    now = clock.now() - dt.timedelta(seconds=8)
    starts_at = now.replace(hour=6, minute=0, second=0, microsecond=0) + dt.timedelta(days=20)
    make.sealed(make.proven(now=now, starts_at=starts_at, is_demo=is_demo), now=now)
    here.grow()
    report = here.verify()
    assert kinds(report) == told  # the act and the record
    assert report.outcome == Outcome.SOUND  # a slow request is no fault, and it never goes away


@pytest.mark.parametrize("arguments", [["--full"], ["--full", "--json"], []])
def test_the_command_exits_with_0_when_sound_and_1_when_tampered(here, capsys, arguments):
    here.grow()
    assert exit_code(*arguments) == 0
    spoil(here, 0)
    assert exit_code(*arguments) == 1
    said = capsys.readouterr().out
    about = f"of {here.records[0].consultation.reference}, consent_reading.opened_at"
    assert about in said
    outcomes = list(Verification.objects.order_by("pk").values_list("outcome", flat=True))
    assert outcomes == ["sound", "tampered"]


def test_the_command_exits_with_2_when_something_is_late(here):
    AnchorPlace.objects.update(failing_since=clock.now())
    assert exit_code() == 2


def test_the_command_exits_with_3_when_it_could_not_run(here, settings, tmp_path):
    assert exit_code("--since-last") == 3
    assert exit_code("--receipts", str(tmp_path / "nowhere")) == 3
    assert exit_code("--anchors", str(tmp_path / "nowhere")) == 3
    settings.LEDGER_KEY = "no key"
    assert exit_code() == 3
    assert not Verification.objects.exists()


def test_json_says_what_was_found(here, capsys):
    spoil(here, 1)
    assert exit_code("--json", "--receipts", str(here.receipts)) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["outcome"], said["size"], said["counts"]) == (
        "tampered",
        4,
        {"tampered": 1, "unsealed": 1},
    )
    assert said["findings"][0] == {
        "kind": "tampered",
        "about": f"record {here.records[1].record_hash[:12]} of"
        f" {here.records[1].consultation.reference}, consent_reading.opened_at",
        "says": "the column is not what the signed bytes say",
    }


def test_several_processes_find_what_one_finds(here):
    spoil(here, 2)
    one, two = here.verify(processes=1), here.verify(processes=2)
    assert one.findings.as_json() == two.findings.as_json()
    assert (one.looked_at, one.root) == (two.looked_at, two.root)


def test_a_run_since_the_last_one_looks_at_what_came_after_it(here):
    verifying.note(here.verify(), finished_at=clock.now())
    here.sealed()
    here.grow()
    report = here.verify(since_last=True)
    assert (report.outcome, report.from_size, report.size) == (Outcome.SOUND, 4, 6)
    assert (report.looked_at["records"], report.looked_at["leaves"]) == (2, 2)
    assert report.root == here.verify().root


def test_a_run_since_the_last_one_does_not_see_an_older_row_and_the_command_says_so(here, capsys):
    verifying.note(here.verify(), finished_at=clock.now())
    here.sealed()
    here.grow()
    spoil(here, 0)
    assert here.verify(since_last=True).outcome == Outcome.SOUND
    assert here.verify().outcome == Outcome.TAMPERED
    assert exit_code("--since-last") == 0
    assert "A change of an older row" in capsys.readouterr().out


def test_a_run_since_the_last_one_sees_older_nodes_that_no_longer_lead_to_its_head(here):
    verifying.note(here.verify(), finished_at=clock.now())
    one = Attacker(here)
    with one.unguarded():
        one.run("UPDATE consent_treenode SET hash = sha256('x') WHERE level = 2")
    assert "the nodes of the tree no longer lead to the head that was verified last" in found(
        here.verify(since_last=True)
    )


def test_a_run_never_begins_from_one_that_found_an_offence(here):
    spoil(here, 0)
    verifying.note(here.verify(), finished_at=clock.now())
    with pytest.raises(CannotBegin):
        here.verify(since_last=True)


def test_a_verification_row_that_somebody_made_up_is_held_to_a_signed_head(here):
    report = here.verify()
    report.root = "0" * 64
    verifying.note(report, finished_at=clock.now())
    with pytest.raises(CannotBegin):
        here.verify(since_last=True)


def test_entries_of_an_older_key_count_until_an_hour_after_it_handed_over(here, settings):
    old = signing_key()
    settings.LEDGER_KEY = base64.b64encode(b"n" * 32).decode()
    unknown = here.verify()
    assert unknown.outcome == Outcome.TAMPERED  # nobody vouches for the older key yet
    rotating.rotate(previous=old, now=clock.now())
    here.grow()
    assert here.verify().outcome == Outcome.SOUND
    one = Attacker(here)
    with one.unguarded():
        one.run("UPDATE consent_ledgerentry SET recorded_at = now() + interval '2 hours' WHERE id ="
                " (SELECT max(id) FROM consent_ledgerentry WHERE kind = 'record')")  # fmt: skip
    assert "it was signed by a key that had handed over to the next one before" in found(
        here.verify()
    )


def test_what_the_older_key_signed_is_sealed_hours_after_it_handed_over(
    here, settings, monkeypatch
):
    """The growers were down: the first head after the handover is late, and more than a batch waits."""
    for _record in range(3):
        here.sealed()
    old = signing_key()
    settings.LEDGER_KEY = base64.b64encode(b"n" * 32).decode()
    rotating.rotate(previous=old, now=clock.now())
    monkeypatch.setattr(growing, "BATCH", 2)
    growing.grow(now=clock.now() + 2 * HOUR)
    assert found(here.verify(anchors=False)) == set()


def test_a_key_that_was_changed_and_not_handed_over_is_said(here, settings):
    here.grow()
    old = signing_key()
    settings.LEDGER_PREVIOUS_KEY = base64.b64encode(old.private_bytes_raw()).decode()
    settings.LEDGER_KEY = base64.b64encode(b"n" * 32).decode()
    with pytest.raises(CannotBegin, match="run rotate_ledger_key"):
        here.verify()
    assert exit_code() == 3
    rotating.rotate(previous=old, now=clock.now())
    here.grow()
    assert here.verify().outcome == Outcome.SOUND


def test_nothing_is_sealed_before_a_changed_key_was_handed_over(here, settings, caplog):
    old = signing_key()
    settings.LEDGER_KEY = base64.b64encode(b"n" * 32).decode()
    assert growing.grow(now=clock.now()) == 0
    assert "was the key changed, not handed over?" in caplog.text
    rotating.rotate(previous=old, now=clock.now())
    assert growing.grow(now=clock.now()) == 2


def test_a_retired_key_that_was_stolen_cannot_backdate_a_record(here, settings):
    """Its bytes and columns are of last year; its place in the tree is after heads of the new key."""
    old, now = signing_key(), clock.now()
    new = settings.LEDGER_KEY = base64.b64encode(b"n" * 32).decode()
    rotating.rotate(previous=old, now=now - dt.timedelta(hours=3))
    here.grow()
    settings.LEDGER_KEY = base64.b64encode(old.private_bytes_raw()).decode()
    here.sealed()
    settings.LEDGER_KEY = new
    assert key_from(new) != old
    here.grow()
    assert "it came into the tree long after the key that signed it had handed over" in found(
        here.verify()
    )


def test_a_personal_value_that_no_evidence_refers_to_is_an_offence(here):
    """The application's own role can add one, with a commitment that holds."""
    consultation, salt = here.records[0].consultation, b"s" * 32
    Particulars.objects.create(
        consultation=consultation,
        field="patient_name",
        value="Somebody Else",
        salt=salt,
        commitment=ledger.commitment("patient_name", "Somebody Else", salt),
    )
    assert found(here.verify()) == {"the value belongs to nothing that was signed"}


def test_an_entry_of_an_infinite_time_does_not_hide_the_others(here):
    """The application's role can write it; each other publication is looked at all the same."""
    content = b'{"at":"infinity","consultation":"","entry":"publication","key":"k"}'
    one = Attacker(here)
    with one.unguarded():
        one.run(
            "INSERT INTO consent_ledgerentry (kind, content, entry_hash, key_id, signature, written_at,"
            " recorded_at) VALUES ('publication', %s, %s, 'k', %s, 'infinity', now())",
            *(content, ledger.sha256(content), b"s" * 64),
        )
        one.run("UPDATE consent_risk SET what_it_is_en = 'Nothing to worry about.'")
    one.close()
    assert found(here.verify()) >= {
        "a row holds a value that nothing of ours writes",
        "the list is not what was published",
    }


def test_findings_of_one_kind_are_counted_and_the_first_are_kept():
    findings, others = Findings(), Findings()
    for number in range(15):
        findings.tampered(f"a {number}", "it is gone")
        others.tampered(f"b {number}", "it is gone")
    others.add("erased", "c", "lawfully erased")
    findings.take_over(others)
    assert len(findings.kept) == SHOWN + 1
    assert findings.counts == {"tampered": 30, "erased": 1}
    assert findings.left_out == 10


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


def test_reviews_withdrawals_and_wishes_are_held_to_their_entries(here):
    """Sound as they were written; each column that the owner changes is named."""
    consultation, now = here.records[0].consultation, clock.now()
    doctor = consultation.dermatologist
    doctor.user = make.staff("doctor")
    doctor.save()
    consent.actions.review(
        record=here.records[0], reviewed_by=doctor.user, decision="discussed", note="Said.", now=now
    )
    consent.actions.withdraw(
        consultation=consultation,
        record=here.records[0].pk,
        language="en",
        reason="I changed my mind.",
        now=clock.now(),
    )
    here.grow()
    assert here.verify().outcome == Outcome.SOUND
    one = Attacker(here)
    with one.unguarded():
        one.run("UPDATE consent_review SET decision = 'needs_talk', licence_number = 'X'")
        one.run(
            "UPDATE consent_patientact SET statement = 'I go on', acted_at = acted_at - interval '1 s'"
        )
        one.run("DELETE FROM consent_particulars WHERE field = 'reason'")
    one.close()
    about = {each.about.split(", ")[1] for each in here.verify().findings.kept}
    assert about >= {
        *("consent_review.decision", "consent_review.licence_number"),
        *("consent_patientact.statement", "consent_patientact.acted_at"),
    }
    assert "the value is gone, and no erasure was entered" in found(here.verify())


@pytest.mark.parametrize("table", ["consent_review", "consent_patientact"])
def test_a_deleted_review_or_withdrawal_leaves_its_entry(here, table):
    consultation, now = here.records[0].consultation, clock.now()
    doctor = consultation.dermatologist
    doctor.user = make.staff("doctor")
    doctor.save()
    record = here.records[0]
    consent.actions.review(record=record, reviewed_by=doctor.user, decision="discussed", now=now)
    consent.actions.withdraw(
        consultation=consultation, record=record.pk, language="en", now=clock.now()
    )
    one = Attacker(here)
    with one.unguarded():
        one.run(f"DELETE FROM {table}")
    one.close()
    assert found(here.verify()) == {"the row that it records is gone"}


def test_a_ledger_that_is_written_to_meanwhile_is_never_called_tampered(here):
    """Records, heads, anchors and receipts come while the runs go on."""
    over, written = threading.Event(), []

    def write() -> None:
        try:
            while not over.is_set():
                written.append(here.sealed())
                here.grow()
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        reports = [here.verify() for _run in range(8)]
    finally:
        over.set()
        writer.join()
    assert [found(report) for report in reports] == [set()] * 8
    assert len(written) >= 3 and reports[-1].size > reports[0].size
    here.grow()
    assert here.verify().outcome == Outcome.SOUND
