"""No piece of evidence is blank without a reason: from where a page was read, and with what."""

import pytest

import bookings.actions
import consent.actions
from clinic import clock
from consent.actions.opening import ABSENT
from consent.models import Particulars, Reading
from tests import make
from tests.bookings.api import token_of
from tests.person import Person

pytestmark = pytest.mark.django_db
PHONE = {"User-Agent": "Old phone"}


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def value_of(reading: Reading, field: str) -> str:
    """The value kept, or the reason why there is none; never both, never neither."""
    assert (field in reading.commitments) != (field in reading.absent)
    if field in reading.absent:
        return reading.absent[field]
    return Particulars.objects.get(commitment=reading.commitments[field]).value


@pytest.mark.parametrize("way", ["page", "api"])
@pytest.mark.parametrize(
    ("proxies", "sent", "ip"),
    [
        (0, {}, "9.8.7.6"),
        (0, {"X-Forwarded-For": "1.2.3.4"}, "9.8.7.6"),
        (1, {"X-Forwarded-For": "1.2.3.4"}, "1.2.3.4"),
        (1, {"X-Forwarded-For": "6.6.6.6, 1.2.3.4"}, "1.2.3.4"),
        (1, {}, "behind_unknown_proxy"),
        (1, {"X-Forwarded-For": " , "}, "behind_unknown_proxy"),
        (2, {"X-Forwarded-For": "1.2.3.4"}, "behind_unknown_proxy"),
        (2, {"X-Forwarded-For": "1.2.3.4, 5.5.5.5"}, "1.2.3.4"),
        (1, {"X-Forwarded-For": "unknown"}, "not_an_address"),
    ],
)
def test_the_address_is_believed_as_far_as_our_proxies_tell_it(settings, way, proxies, sent, ip):
    settings.TRUSTED_PROXIES = proxies
    consultation = make.proven()
    person = Person().walks(consultation)
    if way == "page":
        person.client.get("/book/risks/1/", headers=sent, REMOTE_ADDR="9.8.7.6")
    else:
        bearer = {"Authorization": f"Bearer {token_of(consultation)}"}
        person.client.get("/api/consultation/risks/", headers=bearer | sent, REMOTE_ADDR="9.8.7.6")
    assert value_of(Reading.objects.get(), "ip") == ip


@pytest.mark.parametrize("way", ["page", "api"])
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (PHONE, "Old phone"),
        ({}, "not_sent"),
        ({"User-Agent": "\x01\x02"}, "not_readable"),
        ({"User-Agent": "x" * 999}, "x" * 300),
    ],
)
def test_the_browser_is_kept_or_why_it_is_not(way, sent, kept):
    consultation = make.proven()
    person = Person().walks(consultation)
    if way == "page":
        person.client.get("/book/risks/1/", headers=sent)
    else:
        bearer = {"Authorization": f"Bearer {token_of(consultation)}"}
        person.client.get("/api/consultation/risks/", headers=bearer | sent)
    assert value_of(Reading.objects.get(), "user_agent") == kept


def test_a_socket_without_an_address_has_its_reason():
    consultation = make.proven()
    Person().walks(consultation).client.get("/book/risks/1/", REMOTE_ADDR="")
    assert value_of(Reading.objects.get(), "ip") == "not_known"


def test_every_field_has_its_value_or_its_reason_and_the_zone_too():
    consultation = make.proven(zone="Europe/London")
    Person().walks(consultation).client.get("/book/risks/1/", headers=PHONE)
    reading = Reading.objects.get()
    fields = set(reading.commitments) | set(reading.absent)
    assert {field: value_of(reading, field) for field in fields} == {
        "patient_name": consultation.patient_name,
        "guardian_name": "acts_for_themselves",
        "interpreter_name": "no_interpreter",
        "interpreter_language": "no_interpreter",
        "birth_date": "1990-05-17",
        "email": consultation.email,
        "mobile": str(consultation.mobile),
        "zone": "Europe/London",
        "proven_note": "proven_by_the_address",
        "ip": "127.0.0.1",
        "user_agent": "Old phone",
    }
    assert set(ABSENT) <= fields


def test_whom_staff_saw_has_their_note_and_no_address():
    consultation = make.held(email="", entered_by=make.staff())
    bookings.actions.prove_in_person(consultation=consultation, note="Mona saw her", now=make.NOW)
    reading = consent.actions.open_reading(consultation=consultation, language="en", now=make.NOW)
    assert value_of(reading, "email") == "has_none"
    assert value_of(reading, "proven_note") == "Mona saw her"
