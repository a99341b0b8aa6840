"""What happens to a held time when it is chosen again, proven late, or its treatment changes."""

import datetime as dt

import pytest

import bookings.actions
import consent.actions
from bookings import links, owing
from bookings.actions import offers
from bookings.models import Closure, Consultation, Kind, Proof, Status
from consent.actions import StalePage
from tests import make

pytestmark = pytest.mark.django_db
MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
LATER = make.NOW + 70 * MINUTE


def waits(**fields) -> Consultation:
    row = make.waiting(**fields)
    return bookings.actions.prove_by_code(consultation=row, code=links.code(row), now=make.NOW)


def again(consultation: Consultation, *, now: dt.datetime) -> Consultation:
    """The time that is held already, chosen once more."""
    consultation.refresh_from_db()
    return bookings.actions.choose_time(
        consultation=consultation,
        dermatologist=consultation.dermatologist,
        starts_at=consultation.starts_at,
        ends_at=consultation.ends_at,
        now=now,
    )


def owed_to(consultation: Consultation, *, now: dt.datetime) -> list[str]:
    return [one.kind for one in owing.owed(now=now) if one.consultation_id == consultation.pk]


def test_an_offered_time_chosen_again_stays_held_for_its_two_hours():
    make.dermatologist()
    row = waits(preferred_days=[2])
    bookings.actions.offer_times(now=make.NOW)
    assert again(row, now=LATER).hold_expires_at == make.NOW + 2 * HOUR


def test_a_time_that_reception_held_stays_held_for_its_day():
    row = make.held(entered_by=make.staff())
    bookings.actions.prove_in_person(consultation=row, note="Mona", now=make.NOW)
    held = again(row, now=LATER)
    assert held.time_chosen_by_staff
    assert held.hold_expires_at == row.starts_at


@pytest.mark.parametrize("how", [Proof.EMAIL_CODE, Proof.EMAIL_LINK, Proof.IN_PERSON])
def test_an_own_hold_that_ran_out_is_in_no_proofs_way(how):
    who = make.details()
    first = make.proven(**who)
    now = first.hold_expires_at + MINUTE  # and nobody has swept it yet
    second = make.held(dermatologist=make.dermatologist("omar"), now=now, **who)
    if how == Proof.EMAIL_CODE:
        code = links.code(second)
        bookings.actions.prove_by_code(consultation=second, code=code, now=now)
    elif how == Proof.EMAIL_LINK:
        token = links.token(second, links.Purpose.PROVE)
        bookings.actions.prove_by_link(token=token, now=now)
    else:
        bookings.actions.prove_in_person(consultation=second, note="Mona", now=now)
    second.refresh_from_db()
    assert (second.status, second.patient) == (Status.HELD, first.patient)


def test_who_gives_way_at_the_desk_is_written_to():
    who = make.details()
    make.confirmed(**who)
    row = make.held(dermatologist=make.dermatologist("omar"), **who)
    now = make.NOW + MINUTE
    row = bookings.actions.prove_in_person(consultation=row, note="Mona", now=now)
    assert row.gave_way
    assert Kind.HOLD_RAN_OUT in owed_to(row, now=now)


def test_acknowledgements_of_another_treatment_book_nothing():
    other = make.treatment("other", risks=3)
    make.dermatologist().treatments.add(other)
    row = make.proven()
    reading = make.acknowledge_all(row)
    bookings.actions.set_treatment(consultation=row, treatment=other, concern=None, now=make.NOW)
    with pytest.raises(StalePage):
        consent.actions.seal(consultation=row, reading=reading.pk, now=make.NOW)


def test_a_patient_who_changes_the_treatment_chooses_anew_and_is_offered_nothing_meanwhile():
    longer = make.treatment("longer", visit_minutes=40)
    make.dermatologist().treatments.add(longer)
    row = make.proven()
    now = make.NOW + MINUTE
    row = bookings.actions.set_treatment(consultation=row, treatment=longer, concern=None, now=now)
    assert row.status == Status.EXPIRED
    assert owed_to(row, now=now) == []
    assert bookings.actions.offer_times(now=now) == 0


def test_whoever_sleeps_keeps_no_others_from_an_offer(monkeypatch):
    monkeypatch.setattr(offers, "AT_MOST", 1)
    make.dermatologist()
    for _row in range(3):
        waits(zone="America/Los_Angeles")  # 22:00 there
    awake = waits()
    assert bookings.actions.offer_times(now=make.NOW) == 1
    awake.refresh_from_db()
    assert awake.status == Status.HELD


def test_a_room_of_its_own_stays_with_the_dermatologist_it_was_given_for():
    omar = make.dermatologist("omar")
    row = make.proven()
    bookings.actions.give_own_room(
        consultation=row, own_video_room="https://video.example.com/special"
    )
    row = bookings.actions.choose_time(
        consultation=row, dermatologist=omar, starts_at=row.starts_at + HOUR, now=make.NOW
    )
    assert row.video_room == omar.video_room


def test_a_hold_that_ran_out_is_not_booked_with_another_length():
    row = make.proven()
    reading = make.acknowledge_all(row)
    row.refresh_from_db()
    make.treatment(visit_minutes=40)
    with pytest.raises(bookings.actions.NotOffered, match="takes 40 minutes now"):
        consent.actions.seal(consultation=row, reading=reading.pk, now=row.hold_expires_at + MINUTE)


def refused(**wanted) -> str:
    with pytest.raises(bookings.actions.TimeTaken) as refusal:
        bookings.actions.refuse_unless_free(
            treatment=make.treatment(), starts_at=make.TOMORROW_AT_9, now=make.NOW, **wanted
        )
    return str(refusal.value)


def test_with_anybody_the_refusal_says_what_stands_in_the_way():
    huda, omar = make.dermatologist(), make.dermatologist("omar", languages=["en"])
    at = make.TOMORROW_AT_9
    closure = Closure.objects.create(dermatologist=huda, starts_at=at, ends_at=at + HOUR)
    assert "closed at this time" in refused(speaks="ar")
    omar.weekly_hours.all().delete()
    assert "does not see patients at this time" in refused()
    closure.delete()
    assert "takes 20 minutes now" in refused(ends_at=at + HOUR)
