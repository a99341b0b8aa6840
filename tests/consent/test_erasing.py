"""Erasing: what says who it was is gone from every table, and the evidence stays whole."""

import datetime as dt
import json

import pytest

import bookings.actions
import consent.actions
from bookings import owing
from bookings.models import Consultation, Patient, Status
from clinic import clock
from consent import ledger
from consent.models import (
    Acknowledgement,
    ConsentRecord,
    EntryKind,
    LedgerEntry,
    Particulars,
    PatientAct,
    Reading,
    Review,
)
from tests import make
from tests.consent.erased import AT, CANARIES, OVER, known, moved_and_cancelled, tables, where
from tests.consent.erasing import SAME, cancelled, erase
from tests.person import Person

pytestmark = pytest.mark.django_db
EVIDENCE = [Reading, Acknowledgement, ConsentRecord, PatientAct, Review]


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


# --- Nothing is left ----------------------------------------------------------------------------


def with_everything() -> Consultation:
    """Canaries in the rows, in a browser's session, in a hold that was lifted and in a refusal."""
    consultation = known()
    lead = make.staff("lead", group="Lead")
    browser = Person().opens_own_page(consultation)
    browser.open("/my/cancel/").press("العربية", reason=CANARIES["typed and not sent"])
    hold = consent.actions.place_hold(
        consultation=consultation, reason=CANARIES["reason of the hold"], by=lead, now=make.NOW
    )
    consent.actions.lift_hold(
        hold=hold, reason=CANARIES["reason for lifting it"], by=lead, now=make.NOW
    )
    consultation = moved_and_cancelled(consultation)
    asked = consent.actions.ask_for_erasure(consultation=consultation, now=make.NOW)
    consent.actions.refuse_erasure(
        asked=asked, why=CANARIES["why an erasure was refused"], by=lead, now=make.NOW
    )
    # A cancelled consultation has no session; the column can be filled all the same.
    session = consultation.sessions.create(
        treatment=consultation.treatment,
        took_place_at=make.NOW,
        recorded_at=make.NOW,
        voided_at=make.NOW,
        void_reason=CANARIES["why a session was voided"],
    )
    assert session.pk
    # The room is given up with a move; the column can be filled all the same.
    Consultation.objects.filter(pk=consultation.pk).update(own_video_room=CANARIES["video room"])
    return consultation


def test_no_table_of_the_database_names_the_patient_afterwards():
    consultation = with_everything()
    for what, canary in CANARIES.items():
        assert where(canary), f"the test itself did not plant: {what}"
    erase(consultation)
    for what, canary in CANARIES.items():
        assert where(canary) == [], what
    assert not [name for name, rows in tables().items() if "kanari" in rows.lower()]


def test_the_evidence_stays_as_it_was_written():
    consultation = with_everything()
    entries = list(LedgerEntry.objects.order_by("pk").values())
    before = [list(model.objects.order_by("pk").values()) for model in EVIDENCE]
    erase(consultation)
    assert [list(model.objects.order_by("pk").values()) for model in EVIDENCE] == before
    assert list(LedgerEntry.objects.order_by("pk").values())[:-1] == entries


def test_the_ledger_says_that_it_was_erased_and_why_under_the_clinics_signature():
    consultation = cancelled()
    record = ConsentRecord.objects.get(consultation=consultation)
    fields = Particulars.objects.filter(consultation=consultation).count()
    assert fields >= 5
    erase(consultation)
    entry = LedgerEntry.objects.get(kind=EntryKind.ERASURE)
    says = json.loads(bytes(entry.content))
    assert says == {
        "v": 1,
        "entry": "erasure",
        "at": ledger.utc(make.NOW),
        "key": ledger.signing_key_id(),
        "consultation": consultation.reference,
        "basis": "asked",
        "fields": fields,
        "records": [record.record_hash],
    }
    assert ledger.canonical(says) == bytes(entry.content)
    signed = ledger.sign_hash(entry.entry_hash)  # Ed25519 signs the same bytes the same way
    assert bytes(entry.signature) == signed.signature
    assert not Particulars.objects.filter(consultation=consultation).exists()


def test_what_is_not_personal_stays():
    consultation = cancelled(language="ar", zone="Europe/Berlin")
    erase(consultation)
    row = Consultation.objects.get(pk=consultation.pk)
    kept = (row.reference, row.treatment_id, row.starts_at, row.language, row.zone, row.receipt)
    assert kept == (
        consultation.reference,
        consultation.treatment_id,
        consultation.starts_at,
        "ar",
        "Europe/Berlin",
        consultation.receipt,
    )
    assert row.erased_at == make.NOW and row.status == Status.CANCELLED


def test_erasing_twice_writes_one_entry_and_keeps_the_first_moment():
    consultation = cancelled()
    erase(consultation)
    erase(consultation, now=OVER)
    assert LedgerEntry.objects.filter(kind=EntryKind.ERASURE).count() == 1
    assert Consultation.objects.get(pk=consultation.pk).erased_at == make.NOW


def test_an_unfinished_request_ends_with_it():
    for waiting in (make.waiting(), make.waiting(email="", entered_by=make.staff())):
        erase(waiting)
        waiting.refresh_from_db()
        assert (waiting.status, waiting.cancelled_at) == (Status.CANCELLED, make.NOW)
    assert owing.owed(now=make.NOW) == []


def test_a_hold_that_ran_out_ends_with_it():
    consultation = make.proven()
    erase(consultation, now=make.NOW + dt.timedelta(hours=3))
    consultation.refresh_from_db()
    assert consultation.status == Status.CANCELLED and consultation.patient.birth_date is None


# --- The patient's row --------------------------------------------------------------------------


def test_the_patients_row_goes_with_their_last_consultation():
    first = cancelled(**SAME)
    second = bookings.actions.cancel(
        consultation=make.confirmed(**SAME, starts_at=AT + dt.timedelta(hours=1)),
        now=make.NOW,
        by_patient=True,
    )
    assert first.patient == second.patient
    known_as = first.patient
    assert erase(first).others == 1
    assert Patient.objects.filter(pk=known_as.pk, name="Amal").exists()
    first.refresh_from_db()
    assert first.patient != known_as and first.patient.name == ""
    assert where("Amal") == ["bookings_consultation", "bookings_patient", "consent_particulars"]
    assert erase(second).others == 0
    assert not Patient.objects.filter(pk=known_as.pk).exists()
    assert where("Amal") == where("amal@example.com") == where("1991-02-03") == []


def test_a_child_of_the_same_guardian_stays_known():
    first = cancelled(**SAME, guardian_name="Rana")
    other = cancelled(
        **SAME | {"patient_name": "Noor"},
        guardian_name="Rana",
        starts_at=AT + dt.timedelta(hours=1),
    )
    erase(first)
    other.refresh_from_db()
    assert (other.patient.name, other.patient.guardian_name) == ("Noor", "Rana")
