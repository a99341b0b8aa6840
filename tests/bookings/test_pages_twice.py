"""Two presses of one button make one request; who planted the session is not let in with them."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections

from bookings.models import Consultation
from bookings.road import Road
from bookings.views import about_you
from tests import make
from tests.bookings.steps import YOU, at_about_you, code, the_request
from tests.person import Person


def press_twice_at_once(monkeypatch) -> list[int]:
    """The form of who waits for a time, sent by two threads of which neither is first on purpose."""
    make.clinic()
    make.treatment()
    person = Person().open("/book/what/").go_on(about="not-sure").go_on(preferred_part="any")
    both, ask = threading.Barrier(2), about_you._ask

    def ask_together(*args, **kwargs):
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(timeout=2)
        return ask(*args, **kwargs)

    monkeypatch.setattr(about_you, "_ask", ask_together)
    form = person.page.find("form", id="answers")
    sent = {
        **dict(person.filled(form)),
        **{"visit_for": "me", "patient_name": "Aisha", "email": "aisha@example.com"},
        **{"mobile": "0501234567", "birth_date_day": "17", "birth_date_month": "5"},
        "birth_date_year": "1990",
    }
    cookies = person.client.cookies

    def press(_number: int) -> int:
        finger = Person()
        finger.client.cookies = cookies.copy()
        try:
            return finger.client.post("/book/about-you/", sent).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as fingers:
        return list(fingers.map(press, range(2)))


def test_two_presses_at_once_make_one_request(committed_db, monkeypatch):
    assert press_twice_at_once(monkeypatch) == [303, 303]
    assert Consultation.objects.count() == 1


def test_without_waiting_for_each_other_they_would_make_two(committed_db, monkeypatch):
    monkeypatch.setattr(Road, "one_press_at_a_time", lambda road: contextlib.nullcontext())
    press_twice_at_once(monkeypatch)
    assert Consultation.objects.count() == 2


# --- A session that a stranger planted, or an answer that never arrived ----------------------------


def with_the_older_key(person: Person) -> Person:
    """A browser with the session as it is before the next press."""
    older = Person()
    older.client.cookies = person.client.cookies.copy()
    return older


def sent_again(older: Person, person: Person, **changes: Any) -> Person:
    """The form that `person` sent last, from the other browser."""
    older.sent_to, older.sent = person.sent_to, {**person.sent, **changes}
    return older.again()


@pytest.mark.django_db
@pytest.mark.usefixtures("open_clinic")
def test_who_planted_the_session_sees_nothing_of_the_request():
    person = at_about_you()
    stranger = with_the_older_key(person)
    assert person.press("Continue", **YOU).url == "/book/code/"
    for page in ("code", "about-you", "when", "booked", "more-time", "code/again"):
        stranger.open(f"/book/{page}/")
        assert "aisha" not in str(stranger.page).lower(), page
    assert stranger.open("/book/code/").url != "/book/code/"
    stranger = sent_again(stranger, person, email="eve@example.com")
    assert "aisha@example.com" not in str(stranger.page)
    assert Consultation.objects.get(email="aisha@example.com").patient_name == "Aisha Rahman"


@pytest.mark.django_db
@pytest.mark.usefixtures("open_clinic")
def test_the_same_form_sent_again_after_a_lost_answer_leads_to_the_same_request():
    person = at_about_you()
    older = with_the_older_key(person)
    person.press("Continue", **YOU)
    for _time in range(2):
        again = sent_again(with_the_older_key(older), person)
        assert (again.url, again.status) == ("/book/code/", 200)
    assert Consultation.objects.count() == 1
    assert person.open("/book/code/").url == "/book/code/"


@pytest.mark.django_db
@pytest.mark.usefixtures("open_clinic")
def test_once_it_is_proven_not_even_the_same_details_lead_to_it():
    person = at_about_you()
    stranger = with_the_older_key(person)
    person.press("Continue", **YOU)
    stranger.sent_to, stranger.sent = person.sent_to, person.sent
    person.press("Continue", code=code())
    assert the_request().is_proven
    stranger.again()  # the time is taken, by the very request
    assert Consultation.objects.count() == 1
    assert stranger.open("/book/waiting/").url not in ("/book/waiting/", "/book/risks/1/")


@pytest.mark.django_db
@pytest.mark.usefixtures("open_clinic")
def test_the_session_gets_a_new_key_when_the_request_comes_into_being():
    person = at_about_you()
    before = person.client.session.session_key
    person.press("Continue", **YOU)
    assert person.client.session.session_key != before
