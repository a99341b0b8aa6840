"""Evidence cannot be changed, deleted or emptied, by the ORM or by SQL, as the application's role."""

import pytest
from django.db import DatabaseError, connection, connections, transaction

from consent.models import Acknowledgement, ConsentRecord, Particulars, Reading, Review
from tests import make

pytestmark = pytest.mark.django_db(databases=["default", "owner"])
WRITTEN_ONCE = [Reading, Acknowledgement, ConsentRecord, Review, Particulars]


@pytest.fixture
def evidence():
    """One row in every table of evidence."""
    record = make.sealed(make.proven())
    consultation = record.consultation
    doctor = consultation.dermatologist
    doctor.user = make.staff("doctor")
    doctor.save()
    make.consent.actions.review(
        record=record, reviewed_by=doctor.user, decision="discussed", now=make.NOW
    )
    return record


def refused(sql: str) -> str:
    """What PostgreSQL says to a statement; the test's own transaction goes on."""
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    return str(error.value)


def test_the_tests_speak_to_postgresql_as_the_applications_role(evidence):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
        role, is_superuser = cursor.fetchone()
    assert role == connection.settings_dict["USER"] != connections["owner"].settings_dict["USER"]
    assert not is_superuser


@pytest.mark.parametrize("model", WRITTEN_ONCE, ids=lambda model: model.__name__)
def test_the_orm_cannot_change_or_delete_evidence(evidence, model):
    row = model.objects.first()
    assert row is not None
    for act in (
        lambda: model.objects.all().update(id=row.pk + 1000),
        lambda: model.objects.filter(pk=row.pk)._raw_delete("default"),
        row.delete,
        row.save,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    assert model.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", WRITTEN_ONCE, ids=lambda model: model.__name__)
def test_sql_cannot_change_delete_or_empty_evidence(evidence, model):
    table = model._meta.db_table
    for sql in (
        f"UPDATE {table} SET id = id",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"DROP TABLE {table} CASCADE",
        f"SELECT * FROM {table} FOR UPDATE",
    ):
        said = refused(sql)
        assert "permission denied" in said or "must be owner" in said, (sql, said)


def test_nobody_can_set_recorded_at(evidence):
    act = Acknowledgement.objects.first()
    assert act.acknowledged_at == make.NOW
    with connection.cursor() as cursor:
        cursor.execute("SELECT abs(extract(epoch FROM clock_timestamp() - %s))", [act.recorded_at])
        assert cursor.fetchone()[0] < 60


def test_a_row_of_personal_values_is_bound_by_its_commitment(evidence):
    reading = evidence.reading
    kept = Particulars.objects.get(commitment=reading.commitments["patient_name"])
    assert kept.value == evidence.consultation.patient_name
    content = bytes(evidence.entry.content).decode()
    for value in Particulars.objects.values_list("value", flat=True):
        if len(value) > 3:
            assert value not in content
