"""A closure that is not as it was shown, or that grows over a visit: it is shown again, and nothing is lost."""

import pytest

import bookings.actions
from bookings.models import Closure, Status
from clinic import clock
from tests import desk, make
from tests.bookings.hours import DAY, MINUTE, add, form_of, said, typed_in
from tests.bookings.test_desk_closing import AT, agree, is_preview, rows_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


# --- What changed since the preview --------------------------------------------------------------


def test_a_booking_that_slips_in_is_previewed_not_lost():
    visit = make.confirmed()
    client = desk.reception()
    preview = add("closure", client)
    late = make.held(starts_at=AT + 20 * MINUTE)
    again = agree(preview, client)
    assert is_preview(again)
    assert "has changed since you looked" in said(again)
    assert len(rows_of(again)) == 2
    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED
    assert not Closure.objects.exists()
    agree(again, client)
    late.refresh_from_db()
    assert late.status == Status.EXPIRED
    assert Closure.objects.count() == 1


def test_a_hold_that_became_a_visit_is_previewed_again():
    hold = make.proven()
    client = desk.reception()
    preview = add("closure", client)
    make.sealed(hold)
    assert "confirmed" in rows_of(agree(preview, client))[0]


def test_a_wider_closure_than_the_one_that_was_shown_is_previewed_again():
    make.confirmed()
    make.confirmed(starts_at=AT + 2 * DAY)
    client = desk.reception()
    preview = add("closure", client)
    assert len(rows_of(agree(preview, client, to_day="2026-11-26"))) == 2
    assert not Closure.objects.exists()


def test_a_visit_that_was_cancelled_meanwhile_is_not_cancelled_twice():
    visit = make.confirmed()
    client = desk.reception()
    preview = add("closure", client)
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)
    agree(preview, client)
    visit.refresh_from_db()
    assert (visit.revision, visit.cancelled_by_patient) == (1, True)
    assert Closure.objects.count() == 1  # nothing is in its way any more


def test_the_button_pressed_twice_closes_and_cancels_once():
    visit = make.confirmed()
    client = desk.reception()
    preview = add("closure", client)
    agree(preview, client)
    agree(preview, client)
    visit.refresh_from_db()
    assert (visit.status, visit.revision) == (Status.CANCELLED, 1)
    assert Closure.objects.count() == 1


# --- A closure that is changed -------------------------------------------------------------------


def test_a_closure_that_grows_over_a_visit_shows_it_first():
    visit = make.confirmed()
    client = desk.reception()
    add("closure", client, to_time="09:00")
    address = desk.url("bookings_closure_change", Closure.objects.get().pk)
    wider = form_of(address, client) | {"to_time": "12:00"}
    preview = client.post(address, wider)
    assert is_preview(preview)
    assert Closure.objects.get().ends_at == AT
    client.post(address, typed_in(preview) | {"cancel_reason": "Ill"})
    visit.refresh_from_db()
    assert visit.status == Status.CANCELLED
    assert Closure.objects.get().ends_at == AT + 180 * MINUTE
