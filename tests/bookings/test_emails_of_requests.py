"""The words that go to a request before it is a visit: what it waits for, and who chose the time."""

import datetime as dt

import pytest

import bookings.actions
from bookings import links, owing
from bookings.models import Consultation, Kind, Message
from clinic.models import Concern
from tests import make
from tests.bookings.mails import HOUR, NEXT_WEEK, body, first_line, plain, read
from tests.bookings.owing import are_sent

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
LATER = make.NOW + HOUR


def unsure() -> Consultation:
    """A proven request of somebody who does not know yet what it is to be about."""
    row = make.waiting(treatment=None, concern=None)
    return bookings.actions.prove_by_code(consultation=row, code=links.code(row), now=make.NOW)


def owed(now: dt.datetime) -> Message:
    (message,) = owing.owed(now=now)
    message.save()
    return message


def test_who_waits_to_hear_what_it_is_about_is_not_told_to_choose_a_time():
    unsure()
    text = plain(body(read(owed(make.NOW), make.NOW), "plain"))
    assert "On your page you can see your request or cancel it." in text
    assert "choose a time" not in text


def test_a_new_link_for_a_request_without_a_treatment_asks_to_finish_nothing():
    bookings.actions.send_link(consultation=unsure(), now=LATER)
    mail = read(owed(LATER), LATER)
    assert mail["Subject"] == "The new link to your page"
    assert "inish" not in body(mail, "plain") + body(mail, "html")


def test_once_the_treatment_is_set_the_patient_is_told_what_comes_next():
    treatment = make.treatment()
    bookings.actions.set_treatment(
        consultation=unsure(),
        treatment=treatment,
        concern=Concern.objects.filter(treatment=treatment).first(),
        now=LATER,
        by_staff=True,
    )
    mail = read(owed(LATER), LATER)
    assert first_line(mail) == "We noted what your consultation is about."
    assert "Choose a time and read the possible side effects on your page." in body(mail, "plain")


def test_a_time_that_reception_chose_is_offered_in_the_subject():
    consultation = make.held(entered_by=make.staff())
    message = owed(make.NOW)
    assert read(message, make.NOW)["Subject"] == "A time for your visit"
    assert consultation.hold_expires_at is not None
    late = consultation.hold_expires_at + HOUR
    assert read(message, late)["Subject"] == "Please finish your booking"


@pytest.mark.parametrize("is_confirmed_first", [True, False])
def test_a_move_brings_the_receipt_only_to_who_has_none_yet(is_confirmed_first):
    visit = make.confirmed(starts_at=NEXT_WEEK)
    if is_confirmed_first:
        owing.note_owed(now=make.NOW)
        are_sent(Message.objects.all(), now=make.NOW)
    bookings.actions.move(
        consultation=visit,
        dermatologist=visit.dermatologist,
        starts_at=NEXT_WEEK + HOUR,
        now=LATER,
    )
    owing.note_owed(now=LATER)
    text = plain(body(read(Message.objects.get(kind=Kind.MOVED), LATER), "plain"))
    assert ("Your receipt" in text) != is_confirmed_first
    assert "move it again on your page or call us" in text
    assert "A calendar file is attached." in text
