"""An erasure while others work on the same consultation: what they had read before does not come back."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import DatabaseError, connection, connections, transaction

import bookings.actions
import consent.actions
from bookings import owing
from bookings.models import Consultation, NotPossibleNow, Patient
from clinic import clock
from consent.actions import Basis, answering
from consent.models import LegalHold
from tests import make
from tests.consent.erased import where
from tests.processes import wait_until

EMAIL = "kanari@example.net"
GUARD = "nobody_writes_to_an_erased_patient"


def cancelled(**fields) -> Consultation:
    now = clock.now()
    waiting = make.waiting(now=now, email=EMAIL, patient_name="Zubaida Kanari", **fields)
    bookings.actions.prove_in_person(consultation=waiting, note="seen", now=now)
    return bookings.actions.cancel(consultation=waiting, now=now, by_patient=False)


def beside(work: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    """Begins `work` on a connection of its own, and waits until it waits for ours."""
    wrong: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # told by the test
            wrong.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(_somebody_waits, seconds=20, what="the other transaction's wait")
    return thread, wrong


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction looks once
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone() == (1,)


def erase_while(work: Callable[[], object], consultation: Consultation) -> list[BaseException]:
    """Erases, lets `work` run into it, commits, and gives what went wrong with the work."""
    lead = make.staff("lead", group="Lead")
    with transaction.atomic():
        consent.actions.erase(
            consultation=consultation, basis=Basis.ASKED, by=lead, now=clock.now()
        )
        thread, wrong = beside(work)
    thread.join()
    return wrong


def test_an_e_mail_that_was_about_to_be_noted_is_not(committed_db):
    consultation = cancelled()
    (error,) = erase_while(lambda: owing.note_owed(now=clock.now()), consultation)
    assert isinstance(error, DatabaseError)
    assert error.__cause__.diag.constraint_name == GUARD
    assert where(EMAIL) == []
    assert owing.note_owed(now=clock.now()) == 0  # and the next round goes on


def test_without_the_guard_the_address_is_written_down_again(committed_db):
    consultation = cancelled()
    with connections["owner"].cursor() as owner:
        owner.execute(f"DROP TRIGGER {GUARD} ON bookings_message")
    assert erase_while(lambda: owing.note_owed(now=clock.now()), consultation) == []
    assert where(EMAIL) == ["bookings_message"]


def test_a_hold_that_comes_too_late_is_refused(committed_db):
    consultation, lead = cancelled(), make.staff("lead")
    place = {"consultation": consultation, "reason": "a claim", "by": lead, "now": clock.now()}
    (error,) = erase_while(lambda: consent.actions.place_hold(**place), consultation)
    assert isinstance(error, NotPossibleNow)
    assert not LegalHold.objects.exists()


def test_a_hold_that_is_being_placed_stops_the_erasure(committed_db):
    consultation, lead = cancelled(), make.staff("lead")
    with transaction.atomic():
        consent.actions.place_hold(
            consultation=consultation, reason="a claim", by=lead, now=clock.now()
        )
        thread, wrong = beside(
            lambda: consent.actions.erase(
                consultation=consultation, basis=Basis.ASKED, by=lead, now=clock.now()
            )
        )
    thread.join()
    assert [type(error) for error in wrong] == [NotPossibleNow]
    assert not Consultation.objects.get(pk=consultation.pk).is_erased


def test_a_proof_of_the_same_person_meanwhile_has_a_patient_of_its_own(committed_db):
    """The row that goes with the last consultation is not the one that a new request gets."""
    consultation = cancelled()
    known = consultation.patient_id
    again = make.waiting(
        now=clock.now(), email=EMAIL, patient_name="Zubaida Kanari", mobile="+971500001111"
    )
    assert (
        erase_while(
            lambda: bookings.actions.prove_in_person(
                consultation=again, note="seen", now=clock.now()
            ),
            consultation,
        )
        == []
    )
    again.refresh_from_db()
    assert again.patient.name == "Zubaida Kanari" and again.patient_id != known
    assert not Patient.objects.filter(pk=known).exists()


def test_two_who_grant_at_once_erase_once(committed_db):
    consultation, lead = cancelled(), make.staff("lead")
    asked = consent.actions.ask_for_erasure(consultation=consultation, now=clock.now())
    wrong = erase_while(
        lambda: consent.actions.grant_erasure(asked=asked, by=lead, now=clock.now()), consultation
    )
    assert wrong == []
    asked.refresh_from_db()
    assert asked.answer == "granted"
    assert consultation.ledger_entries.filter(kind="erasure").count() == 1


def refusing(consultation: Consultation) -> Callable[[], object]:
    """A refusal in words that name the patient."""
    asked = consent.actions.ask_for_erasure(consultation=consultation, now=clock.now())
    refusal = {"asked": asked, "why": "Dear Zubaida", "by": make.staff("desk"), "now": clock.now()}
    return lambda: consent.actions.refuse_erasure(**refusal)


def test_a_refusal_that_comes_too_late_leaves_no_words(committed_db):
    consultation = cancelled()
    (error,) = erase_while(refusing(consultation), consultation)
    assert isinstance(error, NotPossibleNow)
    assert where("Zubaida") == []


def test_without_the_lock_a_refusal_leaves_its_words(committed_db, monkeypatch):
    consultation = cancelled()
    refuse, lead = refusing(consultation), make.staff("lead")
    with transaction.atomic(), ThreadPoolExecutor(1) as beside_it:
        consent.actions.erase(
            consultation=consultation, basis=Basis.ASKED, by=lead, now=clock.now()
        )
        monkeypatch.setattr(answering, "lock_consultation", lambda pk: None)
        beside_it.submit(refuse).result(20)
        beside_it.submit(connections.close_all).result(20)
    assert where("Zubaida") == ["consent_erasurerequest"]
