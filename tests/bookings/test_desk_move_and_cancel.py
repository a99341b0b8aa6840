"""Moving and cancelling a visit at the desk: free times alone, and in whose name it is cancelled."""

import pytest
from bs4 import BeautifulSoup

from bookings.models import Status
from clinic import clock
from tests import desk, make
from tests.bookings.test_desk_buttons import AT, MINUTE, press, said, time_of

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def test_move_shows_free_times_and_moves_the_visit():
    visit = make.confirmed()
    page = desk.reception().get(desk.button(visit, "move"))
    to = AT + 60 * MINUTE
    assert time_of(visit.dermatologist, to).encode() in page.content
    assert time_of(visit.dermatologist, AT).encode() not in page.content
    press(visit, "move", time=time_of(visit.dermatologist, to))
    assert (visit.starts_at, visit.revision) == (to, 1)


def test_a_time_taken_meanwhile_is_refused_in_words_and_the_visit_stays():
    visit = make.confirmed()
    to = AT + 60 * MINUTE
    make.held(starts_at=to)
    response = press(visit, "move", time=time_of(visit.dermatologist, to))
    assert "Somebody else has just taken this time" in said(response)
    assert visit.starts_at == AT


@pytest.mark.parametrize(
    "time", ["", "x", "1|", "1|2026", "nobody|2026-11-23T05:00:00Z", "huda|2026-11-23T05:00:00"]
)
def test_a_time_that_cannot_be_read_is_asked_again(time):
    visit = make.confirmed()
    assert "Choose a time" in said(press(visit, "move", time=time))
    assert visit.starts_at == AT


@pytest.mark.parametrize(
    "query", ["?from=2026-12-01", "?from=x&with=y", "?from=9999-12-31&with=", "?from=0001-01-01"]
)
def test_other_days_can_be_asked_for(query):
    visit = make.confirmed()
    assert desk.reception().get(desk.button(visit, "move") + query).status_code == 200


def test_cancel_takes_two_clicks_and_keeps_the_reason():
    visit = make.confirmed()
    page = desk.reception().get(desk.button(visit, "cancel"))
    assert "Keep it" in said(page)
    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED
    press(visit, "cancel", on_the_phone="no", reason="The dermatologist is ill")
    assert (visit.status, visit.cancel_reason) == (Status.CANCELLED, "The dermatologist is ill")
    assert not visit.cancelled_by_patient and not visit.cancelled_on_the_phone
    assert "by the clinic" in said(desk.reception().get(desk.page(visit)))


def test_reception_says_who_wants_to_cancel_and_nothing_is_chosen_for_them():
    visit = make.confirmed()
    page = desk.reception().get(desk.button(visit, "cancel"))
    choices = BeautifulSoup(page.content, "html.parser").select("[name=on_the_phone]")
    assert [one["value"] for one in choices] == ["yes", "no"]
    assert not any(one.has_attr("checked") for one in choices)
    assert "Choose who wants to cancel." in said(press(visit, "cancel", reason="Ill"))
    assert visit.status == Status.CONFIRMED


def test_a_visit_that_the_patient_cancels_on_the_phone_is_not_the_clinics_doing():
    visit = make.confirmed()
    press(visit, "cancel", on_the_phone="yes")
    assert (visit.status, visit.cancelled_on_the_phone) == (Status.CANCELLED, True)
    assert not visit.cancelled_by_patient
    assert "by the patient, on the phone" in said(desk.reception().get(desk.page(visit)))
