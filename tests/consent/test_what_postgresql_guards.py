"""Straight through the ORM and SQL: PostgreSQL refuses, under a name that is a sentence."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction

import bookings.actions
from bookings.models import TRANSITIONS, Consultation, Status
from clinic.models import Concern
from consent import ledger
from consent.actions.entering import enter
from consent.models import (
    Acknowledgement,
    ConsentRecord,
    EntryKind,
    LedgerEntry,
    Reading,
    Risk,
    RiskList,
)
from tests import make

pytestmark = pytest.mark.django_db


def refusal(act) -> str:
    """The name of the constraint that refused an act."""
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        act()
    return error.value.__cause__.diag.constraint_name


def put(consultation: Consultation, **values) -> str:
    return refusal(lambda: Consultation.objects.filter(pk=consultation.pk).update(**values))


def finished_columns(consultation: Consultation, receipt: str = "f" * 64) -> dict:
    return {
        "status": Status.CONFIRMED,
        "risks_total": 4,
        "risks_acknowledged": 4,
        "risks_acknowledged_at": make.NOW,
        "receipt": receipt,
    }


def test_two_patients_in_one_slot_are_refused():
    first = make.held()
    overlapping = first.starts_at + dt.timedelta(minutes=10)
    second = make.held(starts_at=make.TOMORROW_AT_9 + dt.timedelta(hours=1))
    name = put(second, starts_at=overlapping, ends_at=overlapping + dt.timedelta(minutes=20))
    assert name == "one_patient_at_a_time"


def test_columns_that_claim_every_risk_are_refused_without_the_record():
    consultation = make.proven()
    make.acknowledge_all(consultation, leave=1)
    assert (
        put(consultation, **finished_columns(consultation)) == "a_visit_has_a_record_of_every_risk"
    )


def test_another_consultations_record_confirms_nothing():
    receipt = make.confirmed().receipt
    consultation = make.proven(starts_at=make.TOMORROW_AT_9 + dt.timedelta(hours=1))
    make.acknowledge_all(consultation)
    name = put(consultation, **finished_columns(consultation, receipt))
    assert name == "a_visit_has_a_record_of_every_risk"


def test_a_confirmed_visit_cannot_turn_to_another_treatment():
    consultation = make.confirmed()
    other = make.treatment("laser-hair-removal")
    consultation.dermatologist.treatments.add(other)
    name = put(consultation, treatment=other, concern=None)
    assert name == "a_visit_has_a_record_of_every_risk"


def test_a_visit_about_what_its_dermatologist_does_not_offer_is_refused():
    name = "a_dermatologist_offers_what_the_visit_is_about"
    consultation = make.held()
    other = make.treatment("laser-hair-removal")
    assert put(consultation, treatment=other, concern=None) == name
    somebody = make.dermatologist("arjun", treatments=[other])
    assert put(consultation, dermatologist=somebody) == name
    new = Consultation.objects.get(pk=consultation.pk)
    new.pk, new.reference, new.dermatologist = None, "NEWNEWNE", somebody
    assert refusal(new.save) == name


def test_a_treatment_that_a_dermatologist_gives_up_leaves_the_visits_about_it():
    consultation = make.confirmed()
    consultation.dermatologist.treatments.clear()
    at = consultation.starts_at
    done = bookings.actions.cancel(consultation=consultation, now=at, by_patient=False)
    assert done.status == Status.CANCELLED


def test_two_visits_of_one_person_at_once_are_refused():
    first = make.proven(dermatologist=make.dermatologist("huda"))
    at = make.TOMORROW_AT_9 + dt.timedelta(hours=1)
    second = make.proven(
        dermatologist=make.dermatologist("arjun"),
        starts_at=at,
        email=first.email,
        patient_name=first.patient_name,
        birth_date=first.birth_date,
    )
    assert second.patient == first.patient
    name = put(second, starts_at=first.starts_at, ends_at=first.ends_at)
    assert name == "one_visit_at_a_time_for_a_patient"


def test_a_record_of_an_unfinished_reading_is_refused():
    reading = make.acknowledge_all(make.proven(), leave=1)
    name = refusal(
        lambda: ConsentRecord.objects.create(
            consultation=reading.consultation,
            reading=reading,
            declaration="x",
            sealed_at=make.NOW,
            entry=entry(reading.consultation),
        )
    )
    assert name == "a_record_seals_a_complete_reading"


@pytest.mark.parametrize("old", Status.values)
def test_the_databases_transition_table_is_the_one_in_python(old):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef('refuse_a_step_outside_the_transition_table'::regproc)"
        )
        body = cursor.fetchone()[0]
    allowed = {new for new in Status.values if f"('{old}', '{new}')" in body}
    assert allowed == set(TRANSITIONS[old])


def test_a_step_outside_the_transition_table_is_refused():
    assert put(make.waiting(), status=Status.EXPIRED) == "only_steps_of_the_transition_table"


def test_a_concern_of_another_treatment_is_refused():
    consultation = make.waiting()
    other = Concern.objects.filter(treatment=make.treatment("laser-hair-removal")).first()
    assert put(consultation, concern=other) == "a_concern_belongs_to_its_treatment"


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (
            {"status": Status.HELD, "held_at": make.NOW, "hold_expires_at": make.NOW},
            "a_taken_slot_has_its_time_and_dermatologist",
        ),
        ({"status": Status.HELD}, "a_hold_says_until_when"),
        (
            {
                "starts_at": make.NOW,
                "ends_at": make.NOW,
                "status": Status.CANCELLED,
                "cancelled_at": make.NOW,
            },
            "a_visit_ends_after_it_starts",
        ),
        (
            {
                "starts_at": make.NOW,
                "ends_at": make.NOW + dt.timedelta(hours=8, minutes=1),
                "status": Status.CANCELLED,
                "cancelled_at": make.NOW,
            },
            "a_visit_takes_eight_hours_at_most",
        ),
        ({"status": Status.CANCELLED}, "a_cancelled_one_says_when"),
        ({"proven_at": make.NOW}, "a_proven_address_says_how"),
        ({"risks_acknowledged": 1}, "no_more_risks_acknowledged_than_listed"),
        (
            {"starts_at": make.NOW, "ends_at": make.NOW + dt.timedelta(minutes=20)},
            "a_waiting_request_has_no_time",
        ),
    ],
)
def test_a_status_without_its_fields_is_refused(values, name):
    assert put(make.waiting(), **values) == name


def entry(consultation: Consultation, *, kind: str = "record") -> LedgerEntry:
    """A signed entry that says nothing."""
    return enter(kind=EntryKind(kind), body={}, consultation=consultation, now=make.NOW)


def act_of(reading: Reading, risk: Risk, **fields) -> dict:
    """The columns of an acknowledgement, true unless `fields` lie."""
    words = risk.words(reading.language)
    statement = getattr(reading.risk_list, f"statement_{reading.language}")
    return {
        "reading": reading,
        "risk_list": reading.risk_list,
        "language": reading.language,
        "risk": risk,
        "words": words,
        "statement": statement,
        "words_hash": ledger.hash_of_words(words, statement),
        "shown_at": make.NOW,
        "acknowledged_at": make.NOW,
        "salt": ledger.new_salt(),
    } | fields


def test_a_risk_of_another_treatment_or_version_is_refused():
    reading = make.acknowledge_all(make.proven(), leave=1)
    foreign = make.treatment("laser-hair-removal").risk_lists.get().risks.first()
    name = refusal(lambda: Acknowledgement.objects.create(**act_of(reading, foreign)))
    assert name == "an_acknowledgement_is_of_a_risk_of_its_list"


def test_an_acknowledgement_in_another_language_than_its_reading_is_refused():
    reading = make.acknowledge_all(make.proven(), leave=1)
    risk = reading.risk_list.risks.last()
    words, statement = risk.words("ar"), reading.risk_list.statement_ar
    name = refusal(
        lambda: Acknowledgement.objects.create(
            **act_of(
                reading,
                risk,
                language="ar",
                words=words,
                statement=statement,
                words_hash=ledger.hash_of_words(words, statement),
            )
        )
    )
    assert name == "an_acknowledgement_is_of_its_readings_list_and_language"


@pytest.mark.parametrize(
    "lie",
    [
        {"words": "Nothing can happen."},
        {"statement": "I agree to everything"},
        {"words_hash": "0" * 64},
    ],
    ids=["words", "statement", "hash"],
)
def test_words_that_are_not_the_lists_are_refused(lie):
    reading = make.acknowledge_all(make.proven(), leave=1)
    risk = reading.risk_list.risks.last()
    name = refusal(lambda: Acknowledgement.objects.create(**act_of(reading, risk, **lie)))
    assert name == "the_words_are_those_of_the_list"


def test_the_same_risk_twice_in_one_reading_is_refused():
    reading = make.acknowledge_all(make.proven())
    risk = reading.risk_list.risks.first()
    name = refusal(lambda: Acknowledgement.objects.create(**act_of(reading, risk)))
    assert name == "a_risk_is_acknowledged_once_per_reading"


def test_a_published_list_never_changes():
    live = make.treatment().risk_lists.get()
    risk = live.risks.first()
    lists, risks = RiskList.objects.filter(pk=live.pk), Risk.objects.filter(pk=risk.pk)
    assert refusal(lambda: lists.update(statement_en="x")) == "a_published_list_never_changes"
    assert refusal(lambda: lists.update(state="draft")) == "a_published_list_never_changes"
    assert refusal(lambda: risks.update(name_en="x")) == "a_published_risk_never_changes"
    assert refusal(risks.delete) == "a_published_risk_never_changes"
    new = Risk(risk_list=live, key="new", position=9, name_en="x", name_ar="x")
    assert refusal(new.save) == "a_published_risk_never_changes"
    assert lists.update(state="retired") == 1


def test_python_and_postgresql_make_the_same_words():
    risk = make.treatment().risk_lists.get().risks.first()
    with connection.cursor() as cursor:
        for language in ("en", "ar"):
            cursor.execute(
                "SELECT risk_words(r, %s) FROM consent_risk r WHERE id = %s", [language, risk.pk]
            )
            assert cursor.fetchone()[0] == risk.words(language)


def test_a_record_that_rests_on_another_kind_of_entry_is_refused():
    reading = make.acknowledge_all(make.proven())
    name = refusal(
        lambda: ConsentRecord.objects.create(
            consultation=reading.consultation,
            reading=reading,
            declaration="x",
            sealed_at=make.NOW,
            entry=entry(reading.consultation, kind="declined"),
        )
    )
    assert name == "a_row_rests_on_an_entry_of_its_kind"


@pytest.mark.parametrize(
    ("lie", "constraint"),
    [
        ({"entry_hash": "0" * 64}, "an_entry_is_named_by_the_hash_of_its_bytes"),
        ({"kind": "review"}, "an_entry_is_what_its_bytes_say"),
        ({"key_id": "0" * 64}, "an_entry_is_what_its_bytes_say"),
        ({"written_at": make.TOMORROW_AT_9}, "an_entry_is_what_its_bytes_say"),
        ({"consultation": None}, "an_entry_is_what_its_bytes_say"),
        ({"signature": b"short"}, "a_signature_has_64_bytes"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_entry_that_is_not_what_its_bytes_say_is_refused(lie, constraint):
    true = entry(make.confirmed())
    true.pk, true.entry_hash = None, "f" * 64
    for name, value in lie.items():
        setattr(true, name, value)
    if "entry_hash" not in lie:
        true.entry_hash = ledger.sha256(true.content)
        true.content = true.content + b" "
        true.entry_hash = ledger.sha256(true.content)
    assert refusal(lambda: true.save(force_insert=True)) == constraint


def test_the_application_cannot_enter_an_erasure_without_erasing():
    assert refusal(lambda: entry(make.confirmed(), kind="erasure")) == (
        "an_erasure_is_entered_by_erasing"
    )


def test_a_commitment_that_does_not_bind_its_value_is_refused():
    kept = make.acknowledge_all(make.proven()).consultation.particulars.first()
    kept.pk, kept.commitment = None, "0" * 64
    name = refusal(lambda: kept.save(force_insert=True))
    assert name == "particulars_are_bound_by_their_commitment"


@pytest.mark.parametrize("lie", ["draft", "demo", "another treatment"])
def test_a_reading_of_anything_but_the_live_list_is_refused(lie):
    reading = make.acknowledge_all(make.proven())
    fields = {"risk_list": reading.risk_list, "is_demo": lie == "demo"}
    if lie == "draft":
        fields["risk_list"] = make.risk_list(reading.risk_list.treatment)
    if lie == "another treatment":
        fields["risk_list"] = make.treatment("laser-hair-removal").risk_lists.get()
    name = refusal(
        lambda: Reading.objects.create(
            consultation=reading.consultation,
            language="en",
            opened_at=make.NOW,
            commitments={},
            **fields,
        )
    )
    assert name == "a_reading_is_of_the_live_list"
