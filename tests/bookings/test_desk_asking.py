"""What the desk's buttons ask before they act, and what they say afterwards."""

import pytest
from bs4 import BeautifulSoup

from clinic import clock
from tests import desk, make
from tests.bookings.test_desk_buttons import AT, said, time_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def test_an_offered_time_is_said_with_the_moment_until_which_it_is_held():
    request = make.waiting(email="layla@example.com")
    at = time_of(make.dermatologist("huda"), AT)
    response = desk.reception().post(desk.button(request, "offer-time"), {"time": at}, follow=True)
    assert "The time is held until Monday 23 November 2026, 09:00 , Dubai time" in said(response)


def test_what_it_is_about_begins_with_an_empty_choice():
    request = make.waiting(treatment=None, concern=None)
    page = BeautifulSoup(
        desk.reception().get(desk.button(request, "set-treatment")).content, "html.parser"
    )
    options = [one.get_text(strip=True) for one in page.select("#id_about option")]
    assert options[0] == "Choose one"
    assert page.select_one("#id_about option[selected]")["value"] == ""
    assert all(": " in one for one in options[1:])
