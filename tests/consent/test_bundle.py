"""The bundle of evidence: what lies in it, what does not, and who exported it."""

import datetime as dt
import json
import stat

import pypdfium2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import consent.actions
from bookings.models import NotPossibleNow
from consent import ledger
from consent.actions.growing import grow
from consent.bundle import bundle_of
from consent.models import ConsentRecord, RecordAccess
from tests import make
from tests.consent import bundles, exhibits

pytestmark = pytest.mark.django_db
QUERIES = 31


def test_the_same_record_gives_the_same_bytes():
    record = exhibits.talked_over()
    assert bundle_of(record) == bundle_of(record)


def test_the_bytes_in_it_are_the_stored_ones():
    record = exhibits.in_the_tree(exhibits.arabic())
    files = bundles.files_of(bundle_of(record))
    assert files["record/content.json"] == bytes(record.entry.content)
    listed = json.loads(files["record/content.json"])["acts"]
    for number, act in enumerate(
        record.reading.acknowledgements.order_by("risk__position"), start=1
    ):
        content, salt = files[f"acts/{number:02}.json"], files[f"acts/{number:02}.salt"]
        assert json.loads(content)["words"] == act.words
        assert ledger.commitment_of_act(content, bytes.fromhex(salt.decode())) == listed[number - 1]


def test_it_holds_all_that_was_said_of_the_consultation():
    record = exhibits.talked_over()
    files = bundles.files_of(bundle_of(record))
    assert {
        *("README.txt", "verify_evidence.py", "manifest.json", "manifest.sig", "keys.json"),
        *("record/content.json", "record/seal.json", "publication/content.json"),
        *("publication/seal.json", "others/01/content.json", "others/01/seal.json"),
        *(f"acts/{number:02}.{kind}" for number in (1, 2, 3, 4) for kind in ("json", "salt")),
        *("particulars.json", "growth.json", "fhir.json", "certificate.pdf"),
    } == set(files)
    fields = [each["field"] for each in json.loads(files["particulars.json"])]
    assert fields.count("question") == 4 and "patient_name" in fields and "review" in fields
    readme = files["README.txt"].decode()
    assert record.consultation.reference in readme
    assert "not consent to a procedure" in readme and "ليس موافقة على إجراء طبي" in readme


def test_a_secret_key_is_never_in_it(settings):
    record = exhibits.english()
    exhibits.rotate(settings)
    everything = b"".join(bundles.files_of(bundle_of(record)).values())
    assert settings.LEDGER_KEY.encode() not in everything
    assert str(settings.LEDGER_KEY_FILE).encode() not in everything


def test_what_is_not_laid_open_is_nowhere_in_it():
    record = exhibits.talked_over()
    name = record.consultation.patient_name
    whole = b"".join(bundles.files_of(bundle_of(record)).values())
    assert name.encode() in whole and b"<medicine>" in whole and b"Talked it over." in whole
    files = bundles.files_of(
        bundle_of(record, only=["burning"], without=["patient_name", "email", "mobile"])
    )
    assert "certificate.pdf" not in files, "it shows all of it"
    part = b"".join(files.values())
    assert name.encode() not in part and b"Talked it over." not in part
    assert record.consultation.email.encode() not in part
    assert sorted(each for each in files if each.startswith("acts/")) == [
        "acts/03.json",
        "acts/03.salt",
    ]
    kept = json.loads(files["particulars.json"])
    assert [each["field"] for each in kept].count("question") == 1
    hidden = record.reading.acknowledgements.exclude(risk__key="burning")
    for act in hidden:
        assert bytes(act.salt).hex().encode() not in part


def test_after_an_erasure_no_value_is_left_in_it():
    record = exhibits.asking()
    canaries = {record.consultation.patient_name, record.consultation.email, exhibits.QUESTION}
    files = bundles.files_of(bundle_of(record))
    del files["certificate.pdf"]  # packed; its text is looked at below
    whole = b"".join(files.values()).decode()
    assert all(json.dumps(canary, ensure_ascii=False)[1:-1] in whole for canary in canaries)
    exhibits.erase(record.consultation)
    files = bundles.files_of(bundle_of(record))
    assert json.loads(files["particulars.json"]) == []
    page = pypdfium2.PdfDocument(files.pop("certificate.pdf"))[0].get_textpage().get_text_bounded()
    assert record.consultation.reference[:4] in page and not [
        each for each in canaries if each in page
    ]
    left = b"".join(files.values()).decode()
    assert not [each for each in canaries if json.dumps(each, ensure_ascii=False)[1:-1] in left]


def test_what_a_record_does_not_have_is_refused():
    record = exhibits.in_the_tree(exhibits.english())
    for wrong in (
        {"only": ["no-such"]},
        {"without": ["shoe_size"]},
        {"anchored": [0]},
        {"anchored": [9**9]},
    ):
        with pytest.raises(NotPossibleNow):
            bundle_of(record, **wrong)


def queries_for(record):
    fresh = ConsentRecord.objects.get(pk=record.pk)
    with CaptureQueriesContext(connection) as queries:
        bundle_of(fresh)
    return len(queries)


def test_it_asks_the_database_as_often_whatever_the_number_of_risks():
    treatment = make.treatment("one-risk", risks=1)
    with_one = exhibits.proven(
        treatment=treatment, dermatologist=make.dermatologist("noor", treatments=[treatment])
    )
    one, four = make.sealed(with_one), exhibits.english()
    exhibits.in_the_tree(four)
    assert queries_for(one) == queries_for(four) == QUERIES


def test_each_entry_of_the_consultation_asks_for_its_own_proof():
    record = exhibits.talked_over()
    assert queries_for(record) == QUERIES + 4  # leaf, keys, head and nodes


def test_a_withdrawal_is_in_it_with_its_reason():
    files = bundles.files_of(bundle_of(exhibits.in_the_tree(exhibits.withdrawn())))
    assert json.loads(files["others/01/content.json"])["entry"] == "withdrawal"
    kept = {each["field"]: each["value"] for each in json.loads(files["particulars.json"])}
    assert kept["reason"] == "I want to think."


def test_an_earlier_record_is_told_apart_from_the_one_that_stands():
    """Withdrawn, and acknowledged again: each bundle says which record the withdrawal is about."""
    first = exhibits.withdrawn()
    later = exhibits.LATER + dt.timedelta(seconds=30)
    reading = make.acknowledge_all(first.consultation, now=later)
    again = consent.actions.seal_again(
        consultation=first.consultation, reading=reading.pk, now=later
    )
    grow(now=later)
    _code, lines = bundles.verify(bundle_of(again), "--receipt", exhibits.receipt_of(again))
    assert "another record" in lines["later: others/01"][1]
    assert "about another record" in lines["later: others/02"][1]
    _code, lines = bundles.verify(bundle_of(first))
    assert "WITHDRAWN" in lines["later: others/01"][1]


# --- The desk ---------------------------------------------------------------------------------


def test_a_dermatologist_downloads_it_and_that_is_written_down(client):
    record = exhibits.talked_over()
    user = make.staff("huda", group="Dermatologists")
    client.force_login(user)
    address = reverse("admin:consent_consentrecord_export", args=[record.pk])
    assert (
        address
        in client.get(
            reverse("admin:consent_consentrecord_change", args=[record.pk])
        ).content.decode()
    )
    answer = client.get(address)
    assert answer.content == bundle_of(record)
    assert record.consultation.grouped_reference in answer["Content-Disposition"]
    assert [row.how for row in RecordAccess.objects.order_by("pk")] == ["read", "exported"]


# --- The command ------------------------------------------------------------------------------


@pytest.fixture
def dermatologist():
    return make.staff("huda", group="Dermatologists")


def test_an_export_is_written_down_and_whole(tmp_path, dermatologist, capsys):
    record = exhibits.in_the_tree(exhibits.english())
    path = tmp_path / "evidence.zip"
    reference = record.consultation.grouped_reference.lower()
    call_command("export_evidence", reference, "--to", str(path), "--as", "huda")
    assert path.read_bytes() == bundle_of(record)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    row = RecordAccess.objects.get()
    assert (row.record, row.by, row.how) == (record, dermatologist, "exported")
    assert record.record_hash in capsys.readouterr().out
    assert [each.name for each in tmp_path.iterdir()] == ["evidence.zip"]


def test_only_one_risk_can_be_exported(tmp_path, dermatologist):
    record = exhibits.in_the_tree(exhibits.asking())
    path = tmp_path / "evidence.zip"
    chosen = ["--risk", "burning", "--without", "email", "--anchored", "1"]
    call_command(
        "export_evidence", record.consultation.reference, "--to", path, "--as", "huda", *chosen
    )
    assert path.read_bytes() == bundle_of(record, only=["burning"], without=["email"], anchored=[1])


def refused(record, path, *options):
    with pytest.raises(CommandError) as refusal:
        call_command("export_evidence", record.consultation.reference, "--to", str(path), *options)
    return str(refusal.value)


def test_nobody_exports_unseen(tmp_path, dermatologist):
    """No file without a row; and no row of somebody who may not, or who is not there."""
    record = exhibits.english()
    path = tmp_path / "evidence.zip"
    make.staff("reception", group="Reception")
    assert "Nobody" in refused(record, path, "--as", "stranger")
    assert "may not" in refused(record, path, "--as", "reception")
    dermatologist.is_active = False
    dermatologist.save(update_fields=["is_active"])
    assert "may not" in refused(record, path, "--as", "huda")
    assert not path.exists() and not RecordAccess.objects.exists()


def test_where_the_row_cannot_be_written_there_is_no_file(tmp_path, dermatologist):
    record = exhibits.english()
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    with pytest.raises(Exception, match="read-only"):
        call_command(
            "export_evidence",
            record.consultation.reference,
            *("--to", str(tmp_path / "evidence.zip"), "--as", "huda"),
        )
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_exported_leaves_no_file(tmp_path, dermatologist):
    record = exhibits.english()
    path = tmp_path / "evidence.zip"
    assert "no such side effect" in refused(record, path, "--as", "huda", "--risk", "nonsense")
    assert "no consent record" in refused(record, path, "--as", "huda", "--record", "00ff00ff00")
    assert not RecordAccess.objects.exists()
    path.write_text("mine")
    assert "already" in refused(record, path, "--as", "huda")
    assert path.read_text() == "mine"
    assert "cannot be written" in refused(record, tmp_path / "no" / "folder", "--as", "huda")
    assert [each.name for each in tmp_path.iterdir()] == ["evidence.zip"]
