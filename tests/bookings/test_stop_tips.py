"""The tips after a session can be stopped with one click (RFC 8058); e-mails about a visit cannot."""

import datetime as dt
import re

import pytest
from django.test import Client

import bookings.actions
from bookings import delivery, emails, links, owing
from bookings.links import Purpose
from bookings.models import Consultation, Kind, Message, MessageState
from clinic import clock
from tests import make
from tests.bookings.mails import SCENES, Tags, body, of_kind, read
from tests.bookings.owing import HOUR, are_sent, note, owed, session_of
from tests.person import Person

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
DAY = dt.timedelta(days=1)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    at(monkeypatch, make.TOMORROW_AT_9 + 2 * HOUR)


def at(monkeypatch, moment) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.fixture
def session():
    make.aftercare_steps(make.treatment())
    return session_of(make.completed())


def path(consultation) -> str:
    return f"/stop/{links.token(consultation, Purpose.STOP)}/"


def stopped() -> bool:
    return Consultation.objects.get().tips_stopped_at is not None


# --- The headers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(SCENES))
def test_only_tips_can_be_stopped_from_the_mail_program(kind):
    message, now = of_kind(kind)
    mail = read(message, now)
    if kind != Kind.AFTERCARE:
        assert mail["List-Unsubscribe"] is None and mail["List-Unsubscribe-Post"] is None
        assert "/stop/" not in mail.as_string()
        return
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = mail["List-Unsubscribe"].strip().removeprefix("<").removesuffix(">")
    assert address == f"http://127.0.0.1:8000{path(message.consultation)}"
    assert address in body(mail, "plain") and address in Tags(body(mail, "html")).links


def test_its_address_is_never_broken_over_two_lines():
    """Before it the header may be folded (RFC 5322 section 2.2.3), inside it never."""
    message, now = of_kind(Kind.AFTERCARE, language="ar")
    raw = emails.compose(message, now=now).message().as_bytes(linesep="\r\n")
    (line,) = re.findall(rb"List-Unsubscribe:(?: \r\n)? ([^\r]*)\r\n[^ \t]", raw)
    assert re.fullmatch(rb"<http://127.0.0.1:8000/ar/stop/[0-9A-Z]{8}\.[\w-]{32}/>", line)


# --- One click -------------------------------------------------------------------------------------


def test_a_mail_programs_one_click_stops_them_without_a_session_and_without_a_redirect(session):
    client = Client(enforce_csrf_checks=True)
    answer = client.post(path(session.consultation), ONE_CLICK)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain")
    assert stopped() and not client.cookies
    at_first = Consultation.objects.get().tips_stopped_at
    assert client.post(path(session.consultation), ONE_CLICK).status_code == 200
    assert Consultation.objects.get().tips_stopped_at == at_first


def test_as_a_form_of_several_parts_too(session):
    boundary = "x"
    parts = '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    Client(enforce_csrf_checks=True).post(
        path(session.consultation), parts, content_type=f"multipart/form-data; boundary={boundary}"
    )
    assert stopped()


@pytest.mark.parametrize("sent", [{}, {"List-Unsubscribe": "Two-Clicks"}, {"x": "One-Click"}])
def test_a_post_that_does_not_say_so_stops_nothing(session, sent):
    Client().post(path(session.consultation), sent)
    assert not stopped()


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete"])
def test_only_a_post_stops_them(session, method):
    getattr(Client(), method)(path(session.consultation) + "?List-Unsubscribe=One-Click&stop=1")
    assert not stopped()


@pytest.mark.parametrize("language", ["", "/ar"])
def test_the_pages_button_stops_them_and_says_what_still_comes(session, language):
    person = Person().open(language + path(session.consultation))
    for detail in (session.consultation.patient_name, session.consultation.email):
        assert not person.has(detail)
    button = person.page.select_one("main form button[name=stop]")
    person.press(button.get_text())
    assert stopped() and person.hops == [303] and person.status == 200
    assert not person.page.select("main form button[name=stop]")
    if not language:
        assert person.heading == "The tips have stopped"
        assert person.has("E-mails about a booked visit still come")


@pytest.mark.parametrize("purpose", [Purpose.PAGE, Purpose.PROVE, Purpose.ROAD])
def test_no_other_link_stops_them(session, purpose):
    token = links.token(session.consultation, purpose)
    assert Client().post(f"/stop/{token}/", ONE_CLICK).status_code == 404
    assert not stopped()


def test_the_link_that_stops_opens_no_page(session):
    token = links.token(session.consultation, Purpose.STOP)
    assert Client().get(f"/c/{token}/").status_code == 404


def test_a_new_link_to_the_page_does_not_end_it_but_its_days_do(session, monkeypatch):
    address = path(session.consultation)
    now = clock.now()
    bookings.actions.send_link(consultation=session.consultation, now=now)
    last = session.took_place_at + (2 + 14 + 90) * DAY  # the last step is of use for 14 days
    at(monkeypatch, last - HOUR)
    assert Client().get(address).status_code == 200
    at(monkeypatch, last)
    assert Client().post(address, ONE_CLICK).status_code == 404


# --- What is owed ----------------------------------------------------------------------------------


def test_a_tip_that_was_noted_is_not_sent_once_they_are_stopped(session, smtp_sink):
    now = session.took_place_at
    (tip,) = note(now)
    bookings.actions.stop_tips(consultation=session.consultation, now=now)
    assert delivery.send_due(now=now) == 0 == len(smtp_sink.messages)
    tip.refresh_from_db()
    assert tip.state == MessageState.DROPPED


def test_stopped_at_the_last_moment_the_mark_is_refused(session):
    now = session.took_place_at
    note(now)
    (tip,) = delivery.claims.claim(now=clock.now(), at_most=1)
    assert owing.still_owed(tip, now=now)
    bookings.actions.stop_tips(consultation=session.consultation, now=now)
    assert not delivery.claims.mark_the_dot(tip, wording="", now=now)


def test_no_more_steps_come_until_they_are_asked_for_again(session):
    first = session.took_place_at
    are_sent(Message.objects.filter(pk__in=[row.pk for row in note(first)]), now=first)
    bookings.actions.stop_tips(consultation=session.consultation, now=first)
    assert owed(first + DAY) == []
    bookings.actions.resume_tips(consultation=session.consultation, now=first + DAY)
    (tip,) = owing.owed(now=first + DAY)
    assert tip.step.hours_after == 24


def test_one_that_was_dropped_meanwhile_is_owed_again_while_it_is_of_use(session, smtp_sink):
    now = session.took_place_at
    (tip,) = note(now)
    bookings.actions.stop_tips(consultation=session.consultation, now=now)
    delivery.send_due(now=now)
    bookings.actions.resume_tips(consultation=session.consultation, now=now + HOUR)
    owing.note_owed(now=now + HOUR)
    assert delivery.send_due(now=now + HOUR) == 1 == len(smtp_sink.messages)
    tip.refresh_from_db()
    assert (tip.state, tip.copies) == (MessageState.SENT, 1)


def test_what_belongs_to_a_visit_cannot_be_stopped():
    visit = make.confirmed(starts_at=make.TOMORROW_AT_9 + 7 * DAY)
    bookings.actions.stop_tips(consultation=visit, now=make.NOW)
    assert owed(make.NOW) == [Kind.CONFIRMED]
    note(make.NOW)
    assert owed(visit.starts_at - DAY) == [Kind.REMINDER_1_DAY]
    assert owed(visit.starts_at - HOUR) == [Kind.REMINDER_1_HOUR]
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=False)
    assert owed(make.NOW) == [Kind.CANCELLED]


# --- The own page ----------------------------------------------------------------------------------


def test_the_own_page_stops_them_and_sends_them_again(session):
    person = Person().opens_own_page(session.consultation)
    person.press("Stop the tips")
    assert stopped() and person.has(
        "You stopped the tips. E-mails about a booked visit still come."
    )
    person.press("Send me the tips again")
    assert not stopped() and person.has("We send you the tips again.")


def test_before_a_session_there_is_nothing_to_stop():
    person = Person().opens_own_page(make.completed())
    assert "Stop the tips" not in person.main


def test_a_stranger_stops_nothing_on_the_own_page(session):
    Client().post("/my/tips/", {"stop": "1"})
    assert not stopped()
