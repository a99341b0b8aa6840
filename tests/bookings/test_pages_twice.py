"""Two presses of one button at the same moment make one request."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections

from bookings.models import Consultation
from bookings.road import Road
from bookings.views import about_you
from tests import make
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
