"""Addresses and dates at the desk that no page of it offers: answered, never with a crash."""

import datetime as dt

import pytest

from bookings.models import Status
from clinic import clock
from tests import desk, make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def test_arriving_days_ahead_is_refused_in_words():
    visit = make.confirmed(starts_at=make.TOMORROW_AT_9 + dt.timedelta(days=7))
    response = desk.reception().post(desk.button(visit, "arrive"), follow=True)
    assert "This visit is not today. Move it first." in response.content.decode()
    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED
