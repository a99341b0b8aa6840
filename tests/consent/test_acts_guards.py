"""Readings, acts and withdrawals straight through the ORM: PostgreSQL refuses what our code must not do."""

import pytest
from django.db import connection

import bookings.actions
import consent.actions
from bookings.models import Consultation, Status
from clinic import clock
from consent.actions.entering import enter
from consent.bodies import withdrawal_body
from consent.models import (
    Acknowledgement,
    ActKind,
    ConsentRecord,
    EntryKind,
    PatientAct,
    ReadBy,
    Reading,
)
from tests import make
from tests.consent.refusals import put, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def copy_of(reading: Reading, **changes) -> str:
    """What refuses a row like this one with these changes."""
    fields = {
        name: getattr(reading, name)
        for name in ("consultation", "risk_list", "language", "read_by", "opened_at", "is_demo")
    }
    kept = {"commitments": reading.commitments, "absent": reading.absent}
    return refusal(lambda: Reading.objects.create(**{**fields, **kept, **changes}))


def without(kept: dict, field: str) -> dict:
    return {name: value for name, value in kept.items() if name != field}


def test_a_reading_with_a_blank_is_refused():
    reading = make.acknowledge_all(make.proven())
    name = "nothing_is_blank_without_a_reason"
    assert copy_of(reading, absent=without(reading.absent, "ip")) == name
    assert copy_of(reading, commitments=without(reading.commitments, "zone")) == name
    assert copy_of(reading, absent=reading.absent | {"ip": ""}) == name
    assert copy_of(reading, absent=reading.absent | {"ip": "not known!"}) == name
    assert copy_of(reading, absent=reading.absent | {"zone": "not_told"}) == name  # both
    assert copy_of(reading, absent=reading.absent | {"shoe_size": "not_told"}) == name
    assert copy_of(reading, commitments={}, absent={}) == name


def test_a_commitment_to_nothing_or_to_somebody_elses_value_is_refused():
    other = make.acknowledge_all(make.proven(starts_at=make.TOMORROW_AT_9 + make.dt.timedelta(1)))
    reading = make.acknowledge_all(make.proven())
    name = "a_commitment_is_of_its_particulars"
    for wrong in ("", "f" * 64, other.commitments["zone"], reading.commitments["email"]):
        assert copy_of(reading, commitments=reading.commitments | {"zone": wrong}) == name


def test_who_reads_has_to_fit_what_is_kept():
    reading = make.acknowledge_all(make.proven())
    for read_by in (ReadBy.GUARDIAN, ReadBy.INTERPRETER, "parrot"):
        assert copy_of(reading, read_by=read_by) == "who_reads_it_is_said"
    child = make.proven(
        guardian_name="Layla",
        birth_date=make.dt.date(2015, 3, 1),
        starts_at=make.TOMORROW_AT_9 + make.dt.timedelta(hours=2),
    )
    assert copy_of(make.acknowledge_all(child), read_by="self") == "who_reads_it_is_said"


def act(consultation: Consultation, **changes) -> str:
    """What refuses a wish to talk about the first risk, with these changes."""
    reading = consultation.readings.first()
    fields = {
        "kind": ActKind.WANTS_TO_TALK,
        "consultation": consultation,
        "reading": reading,
        "risk": reading.risk_list.risks.get(position=1),
        "language": "en",
        "statement": "I want to talk about this first",
        "acted_at": make.NOW,
    }
    return refusal(lambda: PatientAct.objects.create(**fields | changes))


def test_an_act_about_somebody_elses_reading_risk_or_question_is_refused():
    there = make.proven(starts_at=make.TOMORROW_AT_9 + make.dt.timedelta(days=1))
    other = make.acknowledge_all(there, question="Mine?", wants_to_talk=True)
    foreign = make.treatment("peel", risks=1).risk_lists.get().risks.get()
    consultation = make.proven()
    make.acknowledge_all(consultation)
    name = "an_act_is_about_its_own_consultation"
    assert act(consultation, reading=other) == name
    assert act(consultation, risk=foreign) == name
    assert act(consultation, language="ar") == name
    assert act(consultation, note_commitment="f" * 64) == name
    question = other.acknowledgements.first().question_commitment
    assert act(consultation, note_commitment=question) == name
    assert act(consultation, statement="") == "an_act_says_what_was_pressed"
    assert act(consultation, reading=None) == name


def withdrawal(record: ConsentRecord, **changes) -> PatientAct:
    """Writes a withdrawal straight into the tables."""
    fields = {
        "kind": ActKind.WITHDRAWN,
        "consultation": record.consultation,
        "record": record,
        "reading": Reading.objects.latest_of(record.consultation),
        "language": "en",
        "statement": "I withdraw my acknowledgement",
        "acted_at": make.NOW,
    }
    row = PatientAct(**fields | changes)
    row.entry = enter(
        kind=EntryKind.WITHDRAWAL,
        body=withdrawal_body(row),
        consultation=row.consultation,
        now=make.NOW,
    )
    row.save(force_insert=True)
    return row


def test_a_withdrawal_after_which_nobody_is_asked_is_refused():
    record = make.confirmed().consent_records.get()
    name = "an_act_is_about_its_own_consultation"
    assert refusal(lambda: withdrawal(record)) == name
    bookings.actions.ask_again(consultation=record.consultation, now=make.NOW)
    other = make.confirmed(starts_at=make.TOMORROW_AT_9 + make.dt.timedelta(hours=2))
    assert refusal(lambda: withdrawal(record, consultation=other)) == name
    assert refusal(lambda: withdrawal(record, reading=None)) == name
    assert withdrawal(record).pk
    twice = refusal(lambda: withdrawal(record, statement="I withdraw it once more"))
    assert twice == "a_record_is_withdrawn_once"


def test_a_request_is_declined_once_in_postgresql_too():
    consultation = make.proven()
    make.acknowledge_all(consultation)
    first = consent.actions.decline(consultation=consultation, language="en", now=make.NOW)
    second = enter(
        kind=EntryKind.DECLINED,
        body={"reason": "another"},
        consultation=consultation,
        now=make.NOW,
    )
    name = act(consultation, kind=ActKind.DECLINED, risk=None, entry=second)
    assert first.pk and name == "a_request_is_declined_once"


def withdrawn() -> tuple[Consultation, ConsentRecord]:
    consultation = make.confirmed()
    record = consultation.consent_records.get()
    consent.actions.withdraw(
        consultation=consultation, record=record.pk, language="en", now=make.NOW
    )
    consultation.refresh_from_db()
    return consultation, record


def test_no_visit_rests_on_a_record_that_was_withdrawn():
    consultation, record = withdrawn()
    name = "no_visit_rests_on_a_withdrawn_record"
    assert put(consultation, asks_again_since=None) == name
    assert put(consultation, status=Status.ARRIVED) == name
    make.acknowledge_all(consultation)
    reading = consultation.readings.first()
    consent.actions.seal_again(consultation=consultation, reading=reading.pk, now=make.NOW)
    assert put(consultation, receipt=record.record_hash) == name
    assert put(consultation, receipt=record.record_hash, asks_again_since=make.NOW) == name


def test_nothing_counts_from_before_a_withdrawal():
    consultation, record = withdrawn()
    old = record.reading.acknowledgements.first()
    name = "nothing_counts_from_before_a_withdrawal"
    partial = make.acknowledge_all(consultation, leave=2)
    same = {
        field: getattr(old, field)
        for field in (
            *("risk_list_id", "language", "risk_id", "words", "statement", "words_hash"),
            *("shown_at", "acknowledged_at", "wants_to_talk", "question_commitment", "salt"),
        )
    }
    assert refusal(lambda: Acknowledgement.objects.create(reading=record.reading, **same)) == name
    left = partial.risk_list.risks.get(position=4)
    source = record.reading.acknowledgements.get(risk=left)
    same |= {
        field: getattr(source, field) for field in ("risk_id", "words", "statement", "words_hash")
    }
    carried = refusal(
        lambda: Acknowledgement.objects.create(reading=partial, carried_from=source, **same)
    )
    assert carried == "a_carried_act_is_the_one_that_it_was"
    entry = enter(
        kind=EntryKind.RECORD, body={"again": True}, consultation=consultation, now=make.NOW
    )
    sealed = {"consultation": consultation, "declaration": "x", "sealed_at": make.NOW}
    twice = refusal(
        lambda: ConsentRecord.objects.create(reading=record.reading, entry=entry, **sealed)
    )
    assert twice == name


def test_a_carried_act_keeps_its_times_and_its_question():
    consultation = make.proven()
    before = make.acknowledge_all(consultation)
    draft = make.risk_list(consultation.treatment)
    draft.risks.filter(position=1).update(what_helps_en="Breathe out.", what_helps_ar="ازفر.")
    make.publish(draft)
    reading = consent.actions.open_reading(consultation=consultation, language="en", now=make.NOW)
    risk = reading.risk_list.risks.get(position=1)
    source = before.acknowledgements.first()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT risk_words(risk, 'en') FROM consent_risk risk WHERE id = %s", [risk.pk]
        )
        words = cursor.fetchone()[0]
    forged = refusal(
        lambda: Acknowledgement.objects.create(
            reading=reading,
            risk_list=reading.risk_list,
            language="en",
            risk=risk,
            words=words,
            statement=source.statement,
            words_hash=consent.actions.acknowledging.ledger.hash_of_words(words, source.statement),
            shown_at=source.shown_at,
            acknowledged_at=source.acknowledged_at,
            salt=b"x" * 16,
            carried_from=source,
        )
    )
    assert forged == "a_carried_act_is_the_one_that_it_was"
