"""The role that owns the tables meets the guards too: triggers that always fire, then constraints."""

import pytest
from django.db import DatabaseError, connections

import consent.actions
from bookings.models import Consultation, Status
from consent.models import Acknowledgement, ConsentRecord, Particulars, Reading, Review
from tests import make


@pytest.fixture
def evidence(committed_db) -> ConsentRecord:
    """One committed row in every table of evidence."""
    record = make.sealed(make.proven())
    doctor = record.consultation.dermatologist
    doctor.user = make.staff("doctor")
    doctor.save()
    consent.actions.review(
        record=record, reviewed_by=doctor.user, decision="discussed", now=make.NOW
    )
    return record


def test_the_owner_cannot_change_evidence_without_taking_the_triggers_away(evidence):
    for model in (Reading, Acknowledgement, ConsentRecord, Review, Particulars):
        table = model._meta.db_table
        with connections["owner"].cursor() as cursor:
            for sql in (
                f"UPDATE {table} SET id = id",
                f"DELETE FROM {table}",
                f"TRUNCATE {table} CASCADE",
            ):
                with pytest.raises(DatabaseError, match="written once"):
                    cursor.execute(sql)


def test_every_guard_always_fires_even_in_a_replica(evidence):
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN "
            "(SELECT oid FROM pg_class WHERE relname ~ '^(consent|bookings)_')"
        )
        enabled = dict(cursor.fetchall())
    assert len(enabled) >= 16
    assert set(enabled.values()) == {"A"}, enabled


def test_the_check_constraint_stands_without_the_trigger_too(committed_db):
    consultation = make.proven()
    make.acknowledge_all(consultation, leave=1)
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "ALTER TABLE bookings_consultation DISABLE TRIGGER a_visit_has_a_record_of_every_risk"
        )
    with pytest.raises(DatabaseError, match="no_visit_before_the_risks_are_acknowledged"):
        Consultation.objects.filter(pk=consultation.pk).update(status=Status.CONFIRMED)
