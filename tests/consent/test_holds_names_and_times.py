"""Straight through SQL as the application's role: short names, legal holds, requests and times stand."""

import pytest
from django.db import DatabaseError, connection, connections, transaction

import bookings.actions
import consent.actions
from clinic import clock
from consent.actions import Basis
from consent.models import LegalHold, RecordAccess
from tests import make

pytestmark = pytest.mark.django_db(databases=["default", "owner"])


def refused(sql: str, *values: object, using: str = "default") -> str:
    """The name of the constraint that refuses a statement, or what PostgreSQL says without one."""
    with pytest.raises(DatabaseError) as error, transaction.atomic(using=using):
        run(sql, *values, using=using)
    cause = error.value.__cause__
    return cause.diag.constraint_name or str(cause)


def run(sql: str, *values: object, using: str = "default") -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, values)


@pytest.fixture
def hold():
    return consent.actions.place_hold(
        consultation=make.waiting(now=clock.now()),
        reason="a claim",
        by=make.staff("lead"),
        now=clock.now(),
    )


@pytest.fixture
def asked(hold):
    return consent.actions.ask_for_erasure(consultation=hold.consultation, now=clock.now())


# --- The short name of a treatment ----------------------------------------------------------------


def test_a_treatment_in_the_ledger_keeps_its_short_name():
    treatment = make.treatment()
    name = refused("UPDATE clinic_treatment SET slug = 'other' WHERE id = %s", treatment.pk)
    assert name == "a_published_treatment_keeps_its_short_name"


def test_a_treatment_without_a_published_list_can_have_another():
    treatment = make.treatment("new", risks=0)
    run("UPDATE clinic_treatment SET slug = 'other' WHERE id = %s", treatment.pk)
    treatment.refresh_from_db()
    assert treatment.slug == "other"


# --- Holds and requests ---------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["consent_legalhold", "consent_erasurerequest"])
def test_the_application_deletes_no_hold_and_no_request(asked, table):
    assert "permission denied" in refused(f"DELETE FROM {table}")
    assert "permission denied" in refused(f"TRUNCATE {table}")


def test_a_hold_is_changed_only_by_lifting_it_once(hold):
    lifted = "a_legal_hold_is_lifted_once"
    assert refused("UPDATE consent_legalhold SET reason = 'another'") == lifted
    assert refused("UPDATE consent_legalhold SET placed_at = now()") == lifted
    consent.actions.lift_hold(hold=hold, reason="over", by=make.staff("lead"), now=clock.now())
    again = "UPDATE consent_legalhold SET lifted_at = NULL, lifted_by_id = NULL, lift_reason = ''"
    assert refused(again) == lifted
    assert refused("UPDATE consent_legalhold SET lift_reason = 'x'") == lifted
    assert refused("UPDATE consent_legalhold SET lift_reason = '(erased)'") == lifted


def test_a_request_is_changed_only_by_answering_it_once(asked):
    answered = "an_erasure_request_is_answered_once"
    assert refused("UPDATE consent_erasurerequest SET asked_at = now()") == answered
    consent.actions.refuse_erasure(
        asked=asked, why="the law", by=make.staff("lead"), now=clock.now()
    )
    assert refused("UPDATE consent_erasurerequest SET why = 'another'") == answered
    assert refused("UPDATE consent_erasurerequest SET why = '(erased)'") == answered
    assert refused("UPDATE consent_erasurerequest SET answer = 'granted'") == answered


def test_their_words_still_go_when_all_is_erased(asked, hold):
    lead, now = make.staff("lead"), clock.now()
    consultation = hold.consultation
    consent.actions.refuse_erasure(asked=asked, why="a claim", by=lead, now=now)
    consent.actions.lift_hold(hold=hold, reason="over", by=lead, now=now)
    bookings.actions.prove_in_person(consultation=consultation, note="seen", now=now)
    bookings.actions.cancel(consultation=consultation, now=now, by_patient=False)
    consent.actions.erase(consultation=consultation, basis=Basis.ASKED, by=lead, now=now)
    hold, asked = LegalHold.objects.get(), consultation.erasure_requests.get()
    assert {hold.reason, hold.lift_reason, asked.why} == {"(erased)"}
    assert refused("UPDATE consent_erasurerequest SET why = ''") != ""


# --- Times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("time", ["infinity", "-infinity", "0044-03-15 BC", "10000-01-01"])
def test_no_time_that_nobody_can_read_is_taken(time):
    record = make.sealed(make.proven())
    name = refused(
        "INSERT INTO consent_recordaccess (record_id, by_id, how, accessed_at) VALUES (%s, %s, 'read', %s)",
        record.pk,
        make.staff("lead").pk,
        time,
    )
    assert name == "every_time_is_a_real_one"
    assert not RecordAccess.objects.exists()


def test_every_column_of_a_time_in_the_evidence_is_held_to_it():
    """recorded_at is PostgreSQL's own; a new column needs a word in the guard, or a migration."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name || '.' || column_name FROM information_schema.columns"
            " WHERE table_name LIKE 'consent\\_%' AND data_type = 'timestamp with time zone'"
            " AND column_name <> 'recorded_at' AND NOT EXISTS (SELECT FROM pg_constraint"
            " WHERE conrelid = table_name::regclass AND conname = 'every_time_is_a_real_one'"
            " AND pg_get_constraintdef(oid) LIKE '%isfinite(' || column_name || ')%')"
        )
        assert cursor.fetchall() == []
