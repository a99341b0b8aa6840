"""The waiting list: who is offered a time that comes free, which one, for how long, and who is next."""

import datetime as dt

import pytest

import bookings.actions
from bookings import links, owing
from bookings.actions.offers import part_of_day
from bookings.models import Consultation, Kind, Offer, PartOfDay, Status, WeeklyHours
from clinic import times
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
AT_9 = make.TOMORROW_AT_9


@pytest.fixture(autouse=True)
def one_time_a_day():
    """A dermatologist who has time for one visit a day, at 9:00, on four days."""
    make.treatment()
    doctor = make.dermatologist()
    WeeklyHours.objects.filter(dermatologist=doctor).update(ends=dt.time(9, 20))


def waits(*, now: dt.datetime = make.NOW, **fields) -> Consultation:
    """A proven request that waits for a time."""
    row = make.waiting(now=now, **fields)
    return bookings.actions.prove_by_code(consultation=row, code=links.code(row), now=now)


def offer(now: dt.datetime = make.NOW) -> int:
    make.clinic(horizon_days=4)  # making a row sets the usual policy again
    return bookings.actions.offer_times(now=now)


def fresh(consultation: Consultation) -> Consultation:
    return Consultation.objects.get(pk=consultation.pk)


def test_a_free_time_is_held_for_two_hours_for_who_waits():
    row = waits()
    assert offer() == 1
    row = fresh(row)
    assert (row.status, row.starts_at) == (Status.HELD, AT_9)
    assert row.hold_expires_at == make.NOW + 2 * HOUR
    assert [one.starts_at for one in row.offers.all()] == [AT_9]
    assert AT_9 not in [
        time.starts_at
        for time in bookings.actions.free_times(treatment=row.treatment, now=make.NOW)
    ]


def test_it_is_said_by_e_mail_and_no_longer_than_it_holds():
    row = waits()
    offer()
    [mail] = [one for one in owing.owed(now=make.NOW) if one.kind == Kind.OFFERED]
    assert (mail.addressee, mail.useful_until) == (row.email, make.NOW + 2 * HOUR)
    later = owing.owed(now=make.NOW + 2 * HOUR)
    assert [one.kind for one in later if one.consultation == row] == [Kind.HOLD_RAN_OUT]


def test_who_waits_longest_comes_first():
    second, first = waits(now=make.NOW), waits(now=make.NOW - DAY)
    assert offer() == 2
    assert (fresh(first).starts_at, fresh(second).starts_at) == (AT_9, AT_9 + DAY)


def test_a_time_comes_free_and_goes_to_the_first_whom_it_suits():
    taken = [make.confirmed(starts_at=AT_9 + day * DAY) for day in range(4)]
    monday = waits(preferred_days=[0])
    tuesday = waits(preferred_days=[1])
    assert offer() == 0
    bookings.actions.cancel(consultation=taken[1], now=make.NOW, by_patient=True)
    assert offer() == 1
    assert fresh(monday).status == Status.WAITING
    assert fresh(tuesday).starts_at == AT_9 + DAY  # Tuesday 24 November


def test_whose_offer_runs_out_waits_no_longer_and_the_next_one_is_offered_it():
    first, second = waits(preferred_days=[0]), waits(preferred_days=[0])
    assert offer() == 1
    later = make.NOW + 2 * HOUR + MINUTE
    bookings.actions.expire_holds(now=later)
    assert offer(later) == 1
    assert (fresh(first).status, fresh(second).status) == (Status.EXPIRED, Status.HELD)
    assert offer(later) == 0


def test_nobody_is_offered_the_same_time_twice():
    row = waits()
    offer()
    for _time in range(3):
        bookings.actions.ask_for_other_times(
            consultation=row,
            preferred_days=[],
            preferred_part=PartOfDay.ANY,
            preferred_dermatologist=None,
        )
        offer()
    given = Offer.objects.order_by("starts_at").values_list("starts_at", flat=True)
    assert list(given) == [AT_9 + day * DAY for day in range(4)]


def test_the_wished_for_part_of_the_day_and_dermatologist_count():
    other = make.dermatologist("arjun")
    WeeklyHours.objects.filter(dermatologist=other).update(starts=dt.time(17), ends=dt.time(17, 20))
    evening = waits(preferred_part=PartOfDay.EVENING)
    with_huda = waits(preferred_dermatologist=make.dermatologist("huda"))
    assert offer() == 2
    assert fresh(evening).starts_at == make.NOW + 7 * HOUR  # today at 17:00
    assert fresh(with_huda).dermatologist == make.dermatologist("huda")


@pytest.mark.parametrize(
    ("clock", "part"),
    [
        ("00:00", PartOfDay.MORNING),
        ("11:59", PartOfDay.MORNING),
        ("12:00", PartOfDay.AFTERNOON),
        ("16:59", PartOfDay.AFTERNOON),
        ("17:00", PartOfDay.EVENING),
        ("23:59", PartOfDay.EVENING),
    ],
)
def test_the_parts_of_a_day(clock, part):
    assert part_of_day(dt.time.fromisoformat(clock)) == part


@pytest.mark.parametrize(
    ("zone", "offered"),
    [
        ("Asia/Dubai", 1),  # 10:00
        ("Europe/London", 0),  # 6:00
        ("Asia/Tokyo", 1),  # 15:00
        ("Pacific/Auckland", 0),  # 19:00, and the offer would run out at 21:00
        ("America/New_York", 0),  # 1:00
    ],
)
def test_nobody_is_asked_in_their_night(zone, offered):
    row = waits(zone=zone)
    assert offer() == offered
    assert fresh(row).status == (Status.HELD if offered else Status.WAITING)


@pytest.mark.parametrize(
    ("clock", "quiet"), [("20:59", False), ("21:00", True), ("07:59", True), ("08:00", False)]
)
def test_quiet_hours_are_from_nine_to_eight(clock, quiet):
    moment = dt.datetime.fromisoformat(f"2026-11-23T{clock}+04:00")
    assert times.is_quiet(moment, "Asia/Dubai") is quiet


def test_who_is_not_proven_has_no_treatment_or_no_e_mail_is_offered_nothing():
    make.waiting()
    waits(treatment=None)
    bookings.actions.prove_in_person(
        consultation=make.waiting(email="", entered_by=make.staff()), note="Mona", now=make.NOW
    )
    assert offer() == 0


def test_a_time_too_soon_to_finish_is_no_offer():
    WeeklyHours.objects.update(starts=dt.time(15), ends=dt.time(15, 20))
    waits()
    at_15 = AT_9 + 6 * HOUR
    assert offer(at_15 - 2 * HOUR - 30 * MINUTE) == 1  # half an hour more than the notice
    assert Offer.objects.get().starts_at == at_15 + DAY


def test_who_has_a_visit_at_that_time_is_offered_another():
    other = make.dermatologist("arjun")
    visit = make.confirmed(dermatologist=other)
    row = waits(
        **{name: getattr(visit, name) for name in ("email", "patient_name", "birth_date")},
        preferred_dermatologist=make.dermatologist("huda"),
    )
    assert offer() == 1
    assert fresh(row).starts_at == AT_9 + DAY


def test_an_offer_is_finished_like_any_request():
    row = waits()
    offer()
    make.sealed(fresh(row))
    assert fresh(row).status == Status.CONFIRMED
    assert offer() == 0


def test_steps_taken_do_not_keep_an_offer_longer_than_two_hours():
    row = waits()
    offer()
    later = make.NOW + 90 * MINUTE
    bookings.actions.renew_hold(consultation=row, now=later)
    assert fresh(row).hold_expires_at == make.NOW + 2 * HOUR


@pytest.mark.parametrize("rows", [1, 3])
def test_looking_takes_the_same_queries_for_1_and_3_who_cannot_be_served(
    rows, django_assert_num_queries
):
    for _row in range(rows):
        waits(preferred_days=[6], preferred_part=PartOfDay.EVENING)
    # the clinic, who waits, their offers; then free_times: clinic, dermatologists, what is known
    with django_assert_num_queries(6):
        assert bookings.actions.offer_times(now=make.NOW) == 0
