"""What verification tells apart, and how it exits."""

import datetime as dt
import json
import threading
from collections import Counter

import pytest
from django.db import connection

import consent.actions
from clinic import clock
from consent import ledger, verifying
from consent.models import AnchorPlace, Outcome, Particulars, Verification
from consent.verifying.findings import SHOWN, Findings
from tests import make
from tests.consent.attacker import Attacker, found
from tests.consent.verification import exit_code, spoil

pytestmark = pytest.mark.one_risk

MINUTE = dt.timedelta(minutes=1)


def kinds(report: verifying.Report) -> dict[str, int]:
    return report.findings.counts


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
