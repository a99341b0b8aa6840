"""Erasing: what says who it was is gone from every table, and the evidence stays whole."""

import datetime as dt
import json

import pytest
from django.db import DatabaseError, connection, transaction

import bookings.actions
import consent.actions
from bookings import delivery, links, owing
from bookings.models import Consultation, Message, MessageState, Offer, Patient, Status
from clinic import clock
from consent import ledger
from consent.actions import Basis
from consent.models import (
    Acknowledgement,
    Answer,
    ConsentRecord,
    EntryKind,
    ErasureRequest,
    LedgerEntry,
    LegalHold,
    Particulars,
    PatientAct,
    Reading,
    Review,
)
from tests import make
from tests.bookings.owing import are_sent
from tests.consent.erased import AT, CANARIES, OVER, known, moved_and_cancelled, tables, where
from tests.person import Person, link_to

pytestmark = pytest.mark.django_db
EVIDENCE = [Reading, Acknowledgement, ConsentRecord, PatientAct, Review]


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def erase(consultation: Consultation, *, basis: Basis = Basis.ASKED, now: dt.datetime = make.NOW):
    lead = make.staff("lead", group="Lead")
    by = lead if basis is Basis.ASKED else None
    return consent.actions.erase(consultation=consultation, basis=basis, by=by, now=now)


def cancelled(**fields) -> Consultation:
    visit = make.confirmed(**fields)
    return bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)


def refusal(act) -> str:
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        act()
    return error.value.__cause__.diag.constraint_name


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

SAME = {
    "patient_name": "Amal",
    "email": "amal@example.com",
    "mobile": "+971500001111",
    "birth_date": dt.date(1991, 2, 3),
}


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


# --- Messages, offers, links, browsers ----------------------------------------------------------


def test_what_was_owed_is_dropped_and_nothing_is_owed_afterwards(smtp_sink):
    consultation = cancelled()
    owing.note_owed(now=make.NOW)
    assert Message.objects.filter(state=MessageState.OWED).exists()
    erase(consultation)
    assert {mail.state for mail in consultation.messages.all()} == {MessageState.DROPPED}
    assert {mail.addressee for mail in consultation.messages.all()} == {""}
    assert owing.note_owed(now=make.NOW) == 0
    assert delivery.send_due(now=make.NOW + dt.timedelta(hours=1)) == 0 == len(smtp_sink.messages)


def test_a_sent_message_stays_sent():
    consultation = cancelled()
    owing.note_owed(now=make.NOW)
    are_sent(consultation.messages.all(), now=make.NOW)
    erase(consultation)
    assert {mail.state for mail in consultation.messages.all()} == {MessageState.SENT}


def test_nobody_can_write_to_an_erased_patient():
    consultation = cancelled()
    erase(consultation)
    mail = {
        "kind": "cancelled",
        "about": "x",
        "language": "en",
        "due_at": make.NOW,
        "useful_until": OVER,
        "next_try_at": make.NOW,
    }
    name = refusal(
        lambda: Message.objects.create(
            consultation=consultation, addressee="amal@example.com", **mail
        )
    )
    assert name == "nobody_writes_to_an_erased_patient"


def test_offers_go():
    consultation = cancelled()
    Offer.objects.create(
        consultation=consultation,
        dermatologist=make.dermatologist(),
        starts_at=AT,
        offered_at=make.NOW,
    )
    erase(consultation)
    assert not Offer.objects.filter(consultation=consultation).exists()


@pytest.mark.parametrize(
    ("language", "words"), [("en", "What we knew is erased"), ("ar", "We have erased")]
)
def test_a_link_from_an_older_e_mail_says_that_it_is_erased_and_tells_nothing(language, words):
    consultation = cancelled(language=language)
    link = link_to(consultation, language=language)
    erase(consultation)
    person = Person().open(link)
    assert person.status == 410
    assert not person.has(consultation.reference) and not person.has("Mesotherapy")
    if language == "en":
        assert person.heading == words


def test_a_browser_that_had_the_page_open_is_out():
    consultation = cancelled()
    person = Person().opens_own_page(consultation)
    stranger = Person().opens_own_page(cancelled(starts_at=AT + dt.timedelta(hours=1)))
    erase(consultation)
    assert person.reload().status == 404
    assert stranger.reload().status == 200


def test_a_browser_on_the_road_starts_anew():
    consultation = make.waiting()
    person = Person().walks(consultation).open("/book/code/")
    assert person.url == "/book/code/"
    erase(consultation)
    assert person.open("/book/code/").url == "/book/what/"


def test_the_api_no_longer_knows_its_token(client):
    consultation = make.confirmed()
    token = links.token(consultation, links.Purpose.ROAD)
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {token}"}
    assert client.get("/api/consultation/", **bearer).status_code == 200
    bookings.actions.cancel(consultation=consultation, now=make.NOW, by_patient=True)
    erase(consultation)
    assert client.get("/api/consultation/", **bearer).status_code == 401


# --- It stays erased ----------------------------------------------------------------------------


def test_no_action_changes_an_erased_consultation():
    consultation = cancelled()
    record = ConsentRecord.objects.get(consultation=consultation)
    erase(consultation)
    huda = make.dermatologist()
    huda.user = make.staff("huda", group="Dermatologists")
    huda.save()
    lead = make.staff("lead")
    for act in (
        lambda: bookings.actions.cancel(consultation=consultation, now=OVER, by_patient=False),
        lambda: bookings.actions.send_link(consultation=consultation, now=OVER),
        lambda: bookings.actions.prove_in_person(consultation=consultation, note="x", now=OVER),
        lambda: bookings.actions.check_person(consultation=consultation, answer="1990"),
        lambda: consent.actions.review(
            record=record, reviewed_by=huda.user, decision="discussed", note="x", now=OVER
        ),
        lambda: consent.actions.ask_for_erasure(consultation=consultation, now=OVER),
        lambda: consent.actions.place_hold(
            consultation=consultation, reason="x", by=lead, now=OVER
        ),
    ):
        with pytest.raises(bookings.models.NotPossibleNow):
            act()


@pytest.mark.parametrize(
    ("column", "value", "name"),
    [
        ("patient_name", "Amal", "an_erased_consultation_names_nobody"),
        ("email", "amal@example.com", "an_erased_consultation_names_nobody"),
        ("birth_date", "1991-02-03", "an_erased_consultation_names_nobody"),
        ("cancel_reason", "Amal asked", "an_erased_consultation_names_nobody"),
        ("proven_note", "Mariam saw Amal", "an_erased_consultation_names_nobody"),
        ("erased_at", None, "what_was_erased_stays_erased"),
    ],
)
def test_postgresql_refuses_to_put_the_values_back(column, value, name):
    consultation = cancelled()
    erase(consultation)
    row = Consultation.objects.filter(pk=consultation.pk)
    assert refusal(lambda: row.update(**{column: value})) == name


def test_postgresql_refuses_to_put_a_person_back_behind_it():
    consultation = cancelled()
    erase(consultation)
    consultation.refresh_from_db()
    row = Patient.objects.filter(pk=consultation.patient_id)
    again = {"name": "Amal", "birth_date": dt.date(1991, 2, 3)}
    assert refusal(lambda: row.update(**again)) == "what_was_erased_stays_erased"
    assert refusal(lambda: row.update(name="Amal")) == "of_an_erased_patient_nothing_is_known"


def test_postgresql_refuses_to_scrub_without_the_ledgers_entry():
    consultation = cancelled()
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        bookings.actions.scrub(consultation=consultation, now=make.NOW)
    assert error.value.__cause__.diag.constraint_name == "a_consultation_is_erased_by_an_entry"


def test_particulars_and_entry_go_together_or_not_at_all():
    """The application's role can neither delete particulars nor enter an erasure by itself."""
    consultation = cancelled()
    with pytest.raises(DatabaseError), transaction.atomic():
        Particulars.objects.filter(consultation=consultation).delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        consent.actions.entering.enter(
            kind=EntryKind.ERASURE,
            body={"basis": "asked", "fields": 0, "records": []},
            consultation=consultation,
            now=make.NOW,
        )
    assert Particulars.objects.filter(consultation=consultation).exists()
    assert not LedgerEntry.objects.filter(kind=EntryKind.ERASURE).exists()


def test_particulars_cannot_be_added_again():
    consultation = cancelled()
    old = Particulars.objects.filter(consultation=consultation).first()
    erase(consultation)
    old.pk = None
    assert refusal(lambda: old.save(force_insert=True)) == "what_was_erased_stays_erased"


# --- Refusals -----------------------------------------------------------------------------------


def refused(consultation: Consultation, **how) -> str:
    """Why it was refused; nothing has changed."""
    make.staff("lead", group="Lead")
    before = tables()
    with pytest.raises(bookings.models.NotPossibleNow) as refusal:
        erase(consultation, **how)
    assert tables() == before
    return str(refusal.value)


def test_a_legal_hold_stops_it():
    consultation = cancelled()
    lead = make.staff("lead")
    hold = consent.actions.place_hold(
        consultation=consultation, reason="a claim", by=lead, now=make.NOW
    )
    assert "legal hold" in refused(consultation)
    assert "legal hold" in refused(
        consultation, basis=Basis.RETENTION, now=make.NOW + dt.timedelta(days=9999)
    )
    consent.actions.lift_hold(hold=hold, reason="settled", by=lead, now=make.NOW)
    assert erase(consultation).consultation.is_erased


def test_a_visit_ahead_is_cancelled_first():
    assert "Cancel it first" in refused(make.held())
    consultation = make.confirmed(starts_at=AT + dt.timedelta(hours=1))
    assert "Cancel it first" in refused(consultation)
    assert erase(consultation, now=AT + dt.timedelta(hours=2)).consultation.is_erased


def test_what_the_law_keeps_is_not_erased_before_its_time():
    consultation = make.completed()
    bookings.actions.record_session(
        consultation=consultation, took_place_at=OVER, now=OVER, recorded_by=None
    )
    later = OVER + dt.timedelta(days=1)
    assert "until 23 November 2051" in refused(consultation, now=later)
    assert "until 23 November 2051" in refused(consultation, basis=Basis.RETENTION, now=later)
    on_time = OVER.replace(year=2051)
    assert erase(consultation, basis=Basis.RETENTION, now=on_time).consultation.is_erased


def test_another_consultation_of_a_treated_patient_is_kept_as_long():
    treated = make.completed(**SAME)
    bookings.actions.record_session(
        consultation=treated, took_place_at=OVER, now=OVER, recorded_by=None
    )
    other = cancelled(**SAME, starts_at=AT + dt.timedelta(hours=3))
    assert "2051" in refused(other)


def test_a_voided_session_keeps_nothing():
    consultation = make.completed()
    session = bookings.actions.record_session(
        consultation=consultation, took_place_at=OVER, now=OVER, recorded_by=None
    )
    bookings.actions.void_session(session=session, reason="Wrong patient", now=OVER)
    assert erase(consultation, now=OVER).consultation.is_erased


def test_nothing_is_erased_by_itself_before_its_time():
    assert "22 November 2028" in refused(cancelled(), basis=Basis.RETENTION)


def test_a_persons_request_is_answered_by_a_person():
    with pytest.raises(ValueError):
        consent.actions.erase(consultation=cancelled(), basis=Basis.ASKED, now=make.NOW)


# --- Requests and their answer ------------------------------------------------------------------


def test_asking_twice_is_one_request():
    consultation = cancelled()
    first = consent.actions.ask_for_erasure(consultation=consultation, now=make.NOW)
    again = consent.actions.ask_for_erasure(
        consultation=consultation, taken_by=make.staff(), now=OVER
    )
    assert first == again and ErasureRequest.objects.count() == 1


def test_nobody_asks_while_a_visit_lies_ahead():
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.ask_for_erasure(consultation=make.confirmed(), now=make.NOW)


def test_granting_erases_and_answers_in_one_step():
    consultation, lead = cancelled(), make.staff("lead")
    asked = consent.actions.ask_for_erasure(consultation=consultation, now=make.NOW)
    consent.actions.grant_erasure(asked=asked, by=lead, now=OVER)
    consent.actions.grant_erasure(asked=asked, by=lead, now=OVER)
    asked.refresh_from_db()
    assert (asked.answer, asked.answered_at, asked.answered_by) == (Answer.GRANTED, OVER, lead)
    consultation.refresh_from_db()
    assert consultation.erased_at == OVER
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.refuse_erasure(asked=asked, why="no", by=lead, now=OVER)


def test_what_cannot_be_erased_cannot_be_granted():
    consultation, lead = cancelled(), make.staff("lead")
    asked = consent.actions.ask_for_erasure(consultation=consultation, now=make.NOW)
    consent.actions.place_hold(consultation=consultation, reason="a claim", by=lead, now=OVER)
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.grant_erasure(asked=asked, by=lead, now=OVER)
    asked.refresh_from_db()
    assert asked.answer == Answer.OPEN


def test_a_refusal_says_why_and_the_patient_can_ask_again():
    consultation, lead = cancelled(), make.staff("lead")
    asked = consent.actions.ask_for_erasure(consultation=consultation, now=make.NOW)
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.refuse_erasure(asked=asked, why=" ", by=lead, now=OVER)
    consent.actions.refuse_erasure(asked=asked, why="Not yet.", by=lead, now=OVER)
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.grant_erasure(asked=asked, by=lead, now=OVER)
    assert not Consultation.objects.get(pk=consultation.pk).is_erased
    assert consent.actions.ask_for_erasure(consultation=consultation, now=OVER) != asked


def test_the_usual_refusal_names_the_rule_and_the_day_in_the_patients_language():
    consultation = make.completed(language="ar")
    assert consent.actions.usual_refusal(consultation, now=OVER) == ""
    bookings.actions.record_session(
        consultation=consultation, took_place_at=OVER, now=OVER, recorded_by=None
    )
    words = consent.actions.usual_refusal(consultation, now=OVER)
    assert "2019" in words and "2051" in words and "25" in words


# --- Legal holds --------------------------------------------------------------------------------


def test_one_hold_at_a_time_each_with_its_reasons():
    consultation, lead = cancelled(), make.staff("lead")
    place = {"consultation": consultation, "by": lead, "now": make.NOW}
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.place_hold(**place, reason=" ")
    hold = consent.actions.place_hold(**place, reason="a claim")
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.place_hold(**place, reason="another")
    with pytest.raises(bookings.models.NotPossibleNow):
        consent.actions.lift_hold(hold=hold, reason="", by=lead, now=OVER)
    lifted = consent.actions.lift_hold(hold=hold, reason="settled", by=lead, now=OVER)
    again = consent.actions.lift_hold(hold=hold, reason="other words", by=lead, now=OVER)
    assert again.lift_reason == lifted.lift_reason == "settled"
    consent.actions.place_hold(**place, reason="another claim")
    assert LegalHold.objects.filter(lifted_at=None).count() == 1


def test_the_function_that_erases_refuses_under_a_hold_whoever_calls_it():
    consultation = cancelled()
    consent.actions.place_hold(
        consultation=consultation, reason="a claim", by=make.staff("lead"), now=make.NOW
    )
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT erase_particulars(%s, '{}'::bytea, '', '\\x00'::bytea)", [consultation.pk]
        )
    assert error.value.__cause__.diag.constraint_name == "a_legal_hold_stops_an_erasure"
