"""Another e-mail address before its proof: only the code goes there, and few tries and requests are allowed."""

import datetime as dt

import pytest

import bookings.actions
from bookings import links, owing
from bookings.links import Purpose
from bookings.models import Consultation, Kind
from tests import make
from tests.bookings.owing import HOUR, note, owed
from tests.bookings.test_change_address import (
    DAY,
    LATER,
    MINUTE,
    NEW,
    NEXT_WEEK,
    ask,
    prove,
    visit_next_week,
)

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]


def wrong(consultation) -> str:
    return f"{(int(links.code(consultation, Purpose.NEW_CODE)) + 1) % 1_000_000:06d}"


def test_until_it_is_proven_only_the_code_goes_to_the_new_address():
    visit = visit_next_week()
    ask(visit, " Another@Example.org ")
    (code,) = note(LATER)
    assert (code.kind, code.addressee) == (Kind.NEW_ADDRESS, NEW)
    at = NEXT_WEEK - 3 * DAY
    (reminder,) = note(at)
    assert (reminder.kind, reminder.addressee) == (Kind.REMINDER_3_DAYS, visit.email)


def test_the_code_is_of_use_for_ten_minutes():
    visit = ask(visit_next_week())
    (code,) = note(LATER)
    assert owing.still_owed(code, now=LATER + 10 * MINUTE - dt.timedelta(seconds=1))
    assert not owing.still_owed(code, now=LATER + 10 * MINUTE)
    with pytest.raises(bookings.actions.CodeRanOut):
        prove(visit, now=LATER + 10 * MINUTE)


def test_five_wrong_tries_end_the_code_and_a_new_one_helps_after_half_a_minute():
    visit = ask(visit_next_week())
    for _number in range(5):
        with pytest.raises(bookings.actions.WrongCode):
            prove(visit, code=wrong(visit))
    with pytest.raises(bookings.actions.TooManyTries):
        prove(visit)
    with pytest.raises(bookings.actions.TooManyTries):
        bookings.actions.send_new_address_code(
            consultation=visit, now=LATER + dt.timedelta(seconds=29)
        )
    visit = bookings.actions.send_new_address_code(
        consultation=visit, now=LATER + dt.timedelta(seconds=30)
    )
    assert prove(visit, now=LATER + MINUTE).email == NEW


def test_a_code_for_one_address_is_worth_nothing_for_another():
    visit = visit_next_week()
    first = ask(visit, "first@example.org")
    code = links.code(first, Purpose.NEW_CODE)
    token = links.token(first, Purpose.NEW_ADDRESS)
    Consultation.objects.filter(pk=visit.pk).update(new_email="second@example.org")  # same serial
    with pytest.raises(bookings.actions.WrongCode):
        prove(visit, code=code)
    with pytest.raises(bookings.actions.LinkEnded):
        bookings.actions.prove_new_address_by_link(token=token, now=LATER)
    visit.refresh_from_db()
    assert visit.email.startswith("patient")


def test_the_codes_of_the_road_prove_no_new_address():
    visit = ask(visit_next_week())
    for purpose in (Purpose.CODE, Purpose.PROVE, Purpose.PAGE, Purpose.STOP):
        token = links.token(visit, purpose)
        with pytest.raises(bookings.actions.LinkEnded):
            bookings.actions.prove_new_address_by_link(token=token, now=LATER)
    with pytest.raises(bookings.actions.WrongCode):
        prove(visit, code=links.code(visit))


def test_the_same_address_twice_in_half_a_minute_is_one_request():
    visit = ask(visit_next_week())
    assert ask(visit, now=LATER + dt.timedelta(seconds=29)).code_serial == visit.code_serial
    assert ask(visit, now=LATER + dt.timedelta(seconds=30)).code_serial == visit.code_serial + 1


def test_ten_codes_are_the_most_for_one_consultation():
    visit = visit_next_week()
    for number in range(bookings.actions.proof.CODES_AT_MOST - visit.code_serial):
        ask(visit, f"a{number}@example.org", ip=f"10.0.0.{number}")
    with pytest.raises(bookings.actions.TooManyTries, match="call the clinic"):
        ask(visit, "more@example.org")


def test_one_address_is_wanted_twice_at_most_and_one_device_changes_five_at_most():
    visits = [make.confirmed(starts_at=NEXT_WEEK + n * HOUR) for n in range(6)]
    for visit in visits[:2]:
        ask(visit, ip="10.0.0.1")
    with pytest.raises(bookings.actions.TooManyRequests):
        ask(visits[2], ip="10.0.0.2")
    for number, visit in enumerate(visits[2:5]):
        ask(visit, f"a{number}@example.org", ip="10.0.0.1")
    with pytest.raises(bookings.actions.TooManyRequests):
        ask(visits[5], "b@example.org", ip="10.0.0.1")
    assert ask(visits[5], "b@example.org", ip="10.0.0.1", now=LATER + 20 * MINUTE).new_email
    assert ask(visits[5], NEW, by_staff=True, now=LATER + 21 * MINUTE).new_email == NEW


def test_what_cannot_be_changed_is_refused():
    visit = make.confirmed()
    with pytest.raises(bookings.actions.DetailsRefused, match="already"):
        ask(visit, visit.email.upper())
    with pytest.raises(bookings.models.NotPossibleNow, match="not confirmed yet"):
        ask(make.held(starts_at=NEXT_WEEK))
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)
    with pytest.raises(bookings.models.NotPossibleNow, match="cancelled"):
        ask(visit)


def test_a_cancellation_ends_the_code():
    visit = ask(visit_next_week())
    token = links.token(visit, Purpose.NEW_ADDRESS)
    bookings.actions.cancel(consultation=visit, now=LATER, by_patient=True)
    with pytest.raises(bookings.models.NotPossibleNow):
        prove(visit)
    with pytest.raises(bookings.actions.LinkEnded):
        bookings.actions.prove_new_address_by_link(token=token, now=LATER)
    assert owed(LATER) == [Kind.CANCELLED]


def test_who_keeps_the_address_ends_the_code():
    visit = ask(visit_next_week())
    kept = bookings.actions.keep_address(consultation=visit)
    with pytest.raises(bookings.models.NotPossibleNow):
        prove(visit)
    assert (kept.new_email, owed(LATER)) == ("", [])
