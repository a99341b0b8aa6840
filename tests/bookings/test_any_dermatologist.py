"""A time with any dermatologist: decided under the lock, the fairest first, the next if one is gone."""

import datetime as dt

import pytest

import bookings.actions
from bookings.models import WeeklyHours
from clinic.models import Dermatologist
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
AT_9 = make.TOMORROW_AT_9
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def three() -> list[Dermatologist]:
    make.clinic()
    make.treatment()
    return [
        make.dermatologist("huda"),
        make.dermatologist("arjun"),
        make.dermatologist("sara", languages=["en"]),
    ]


def asks(**fields) -> Dermatologist:
    return make.held(**{"dermatologist": None} | fields).dermatologist


def test_equal_loads_go_in_turn_and_the_fourth_is_refused(three):
    assert [asks() for _time in range(3)] == three
    with pytest.raises(bookings.actions.TimeTaken, match="Somebody else"):
        asks()


def test_the_fewest_visits_on_that_day_count_first(three):
    huda, arjun, sara = three
    for busy in (huda, arjun):
        make.held(dermatologist=busy, starts_at=AT_9 + HOUR)
    for later in (1, 2, 3):
        make.held(dermatologist=sara, starts_at=AT_9 + later * DAY)
    assert asks() == sara


def test_then_the_fewest_in_the_week(three):
    huda, arjun, sara = three
    make.held(dermatologist=huda, starts_at=AT_9 + DAY)
    make.held(dermatologist=sara, starts_at=AT_9 + 6 * DAY)
    assert asks() == arjun


def test_what_lies_a_week_off_or_was_cancelled_does_not_count(three):
    huda = three[0]
    make.held(dermatologist=huda, starts_at=AT_9 + 7 * DAY)
    gone = make.held(dermatologist=huda, starts_at=AT_9 + HOUR)
    bookings.actions.cancel(consultation=gone, now=make.NOW, by_patient=True)
    assert asks() == huda


def test_the_language_is_respected(three):
    assert {asks(speaks="ar") for _time in range(2)} == set(three[:2])
    with pytest.raises(bookings.actions.TimeTaken):
        asks(speaks="ar")


def test_who_does_not_offer_it_or_sees_nobody_is_not_chosen(three):
    huda, arjun, sara = three
    huda.treatments.clear()
    Dermatologist.objects.filter(pk=arjun.pk).update(is_active=False)
    assert asks() == sara


def test_a_time_at_which_nobody_is_there_is_refused_in_words(three):
    with pytest.raises(bookings.actions.NotOffered, match="does not see patients at this time"):
        asks(starts_at=AT_9 - 6 * HOUR)
    WeeklyHours.objects.all().delete()
    with pytest.raises(bookings.actions.NotOffered, match="does not see patients at this time"):
        asks()


def test_a_visit_is_moved_to_any_and_stays_with_its_dermatologist_where_equal(three):
    visit = make.confirmed(dermatologist=three[1])
    moved = bookings.actions.move(
        consultation=visit, dermatologist=None, starts_at=AT_9 + HOUR, now=make.NOW
    )
    assert (moved.dermatologist, moved.starts_at) == (three[1], AT_9 + HOUR)
    make.held(dermatologist=three[1], starts_at=AT_9 + 2 * HOUR)
    moved = bookings.actions.move(
        consultation=moved, dermatologist=None, starts_at=AT_9 + 2 * HOUR, now=make.NOW
    )
    assert moved.dermatologist == three[0]


def test_a_time_that_was_shown_with_another_length_is_refused(three):
    with pytest.raises(bookings.actions.NotOffered, match="takes 20 minutes now"):
        asks(ends_at=AT_9 + HOUR)
    assert asks(ends_at=AT_9 + dt.timedelta(minutes=20)) == three[0]
