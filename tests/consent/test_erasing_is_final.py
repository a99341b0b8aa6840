"""After an erasure: nothing is owed, no link or browser leads back, and nothing is put back."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction

import bookings.actions
import consent.actions
from bookings import delivery, links, owing
from bookings.models import Consultation, Message, MessageState, Offer, Patient
from clinic import clock
from consent.models import ConsentRecord, EntryKind, LedgerEntry, Particulars
from tests import make
from tests.bookings.owing import are_sent
from tests.consent.erased import AT, OVER
from tests.consent.erasing import cancelled, erase
from tests.consent.refusals import refusal
from tests.person import Person, link_to

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


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
