"""Staff can never acknowledge for a patient: neither a browser that is signed in, nor a column."""

import json

import pytest
from django.db import connection
from django.test import Client

import consent.actions
from bookings.models import Status
from clinic import clock
from consent.models import ConsentRecord
from tests import desk, make
from tests.bookings.api import token_of
from tests.consent.evidence import counts
from tests.person import Person

pytestmark = pytest.mark.django_db
TICK = {"understood": "on"}


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def signs_in(person: Person) -> Person:
    """The same browser, in which a receptionist signs in at the desk."""
    session = person.client.session
    kept = {name: session[name] for name in ("road", "own_page") if name in session}
    person.client.force_login(make.staff("reception", group="Reception"))
    session = person.client.session
    for name, value in kept.items():
        session[name] = value
    session.save()
    return person


def refused(person: Person) -> bool:
    words = "You are signed in as staff, and staff never acknowledge for a patient."
    return person.status == 403 and person.has(words) and person.has("Nothing was stored.")


@pytest.mark.parametrize(
    ("path", "button", "typed"),
    [
        ("risks/1/", "Save and go on", TICK),
        ("risks/1/", "I want to talk about this first", {"question": "Why?"}),
        ("read-out/", "Somebody reads it out", {}),
        ("read-out/", "I read it myself", {}),
        ("stop/", "I do not want to go on: cancel it", {}),
        ("check/", "book my consultation", {}),
    ],
)
def test_no_act_on_the_road_is_taken_from_a_browser_of_staff(path, button, typed):
    consultation = make.proven()
    if path == "check/":
        make.acknowledge_all(consultation)
    person = Person().walks(consultation).open(f"/book/{path}")
    before = counts()
    if path == "read-out/":
        typed = {"interpreter_name": "Asif", "interpreter_language": "Urdu"}
    signs_in(person).press(button, **typed)
    assert refused(person) and counts() == before
    consultation.refresh_from_db()
    assert consultation.status == Status.HELD and not consultation.wants_to_talk


@pytest.mark.parametrize(
    ("path", "button"),
    [
        ("risks/1/", "Save and go on"),
        ("risks/stop/", "I do not want to go on: cancel it"),
        ("risks/read-out/", "I read it myself"),
        ("withdraw/", "I withdraw my acknowledgement"),
    ],
)
def test_nor_on_the_own_page_of_a_booked_visit(path, button):
    consultation = make.confirmed()
    record = ConsentRecord.objects.get()
    if path != "withdraw/":
        consent.actions.withdraw(
            consultation=consultation, record=record.pk, language="en", now=make.NOW
        )
    person = Person().opens_own_page(consultation).open(f"/my/{path}")
    before = counts()
    signs_in(person).press(button)
    assert refused(person) and counts() == before


def test_the_page_that_checks_a_booked_visit_is_refused_too():
    consultation = make.confirmed()
    consent.actions.withdraw(
        consultation=consultation,
        record=ConsentRecord.objects.get().pk,
        language="en",
        now=make.NOW,
    )
    make.acknowledge_all(consultation)
    person = Person().opens_own_page(consultation).open("/my/risks/check/")
    before = counts()
    signs_in(person).press("I have read and understood")
    assert refused(person) and counts() == before


def test_staff_can_read_the_pages_and_open_no_reading():
    person = signs_in(Person().walks(make.proven()))
    before = counts()
    for number in range(1, 5):
        person.open(f"/book/risks/{number}/")
        assert person.url == f"/book/risks/{number}/" and person.status == 200
        assert person.has("You are signed in as staff.")
        assert not person.page.select("main form") or "understood" not in str(person.page)
        assert person.has("What helps")
    assert counts() == before and not before["Reading"]


def test_the_page_that_refuses_leads_to_signing_out():
    person = signs_in(Person().walks(make.proven()).open("/book/risks/1/"))
    person.press("Save and go on", **TICK).press("Sign out")
    assert "_auth_user_id" not in person.client.session


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("risks/", {"read_by": "self"}),
        ("acknowledgements/", {"shown": "x", "understood": True}),
        ("wishes/", {"shown": "x"}),
        ("decline/", {}),
        ("book/", {"reading": 1}),
        ("withdrawal/", {"receipt": "0" * 64}),
    ],
)
def test_over_the_api_the_patients_token_helps_staff_to_nothing(path, sent):
    consultation = make.proven()
    client, before = desk.reception(), counts()
    answer = client.post(
        f"/api/consultation/{path}",
        json.dumps(sent),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token_of(consultation)}"},
    )
    assert answer.status_code == 403 and answer.json()["type"].endswith("/staff_cannot_act/")
    assert counts() == before


def test_a_patients_own_browser_is_not_mistaken_for_one_of_staff():
    person = Person(Client()).walks(make.proven()).open("/book/risks/1/")
    assert person.press("Save and go on", **TICK).url == "/book/risks/2/"


def test_no_row_of_a_patients_act_has_room_for_a_member_of_staff():
    """Who acted is the patient of the consultation: no table of acts refers to a sign-in."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text FROM pg_constraint"
            " WHERE contype = 'f' AND confrelid = 'auth_user'::regclass"
        )
        refers = {table for (table,) in cursor.fetchall()}
    assert "consent_review" in refers  # a dermatologist's own row does
    acts = {"consent_reading", "consent_acknowledgement", "consent_consentrecord"}
    assert not refers & {*acts, "consent_patientact", "consent_particulars"}
