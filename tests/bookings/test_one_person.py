"""One person cannot be at two visits at once; who has not proven the address learns nothing of it."""

import datetime as dt

import pytest

import bookings.actions
from bookings import links, owing
from bookings.models import Consultation, Kind, Status
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
AT_9, HOUR = make.TOMORROW_AT_9, dt.timedelta(hours=1)
TEN_MINUTES = dt.timedelta(minutes=10)


@pytest.fixture(autouse=True)
def two_dermatologists():
    make.clinic(grid_minutes=10)
    make.treatment()
    make.dermatologist("huda")
    make.dermatologist("arjun")


def same_person(visit: Consultation, **fields) -> dict:
    names = ("email", "patient_name", "birth_date")
    return (
        {name: getattr(visit, name) for name in names}
        | {"dermatologist": make.dermatologist("arjun")}
        | fields
    )


def test_a_proven_patient_cannot_hold_two_visits_that_overlap():
    visit = make.confirmed()
    second = make.proven(**same_person(visit, starts_at=AT_9 + HOUR))
    for starts_at in (AT_9, AT_9 + TEN_MINUTES, AT_9 - TEN_MINUTES):
        with pytest.raises(bookings.actions.TimeTaken):
            bookings.actions.choose_time(
                consultation=second,
                dermatologist=make.dermatologist("arjun"),
                starts_at=starts_at,
                now=make.NOW,
            )
    chosen = bookings.actions.choose_time(
        consultation=second,
        dermatologist=make.dermatologist("arjun"),
        starts_at=AT_9 + 2 * TEN_MINUTES,  # back to back
        now=make.NOW,
    )
    assert chosen.status == Status.HELD


def test_the_refusal_says_that_it_is_the_own_visit():
    visit = make.confirmed()
    second = make.proven(**same_person(visit, starts_at=AT_9 + HOUR))
    with pytest.raises(bookings.actions.OwnVisitThen, match="already have a visit"):
        bookings.actions.choose_time(
            consultation=second,
            dermatologist=make.dermatologist("arjun"),
            starts_at=AT_9,
            now=make.NOW,
        )


def test_times_of_own_visits_are_not_offered_to_a_proven_patient():
    visit = make.confirmed()
    second = make.proven(**same_person(visit, starts_at=AT_9 + HOUR))
    free = bookings.actions.free_times(treatment=visit.treatment, now=make.NOW, own=second)
    assert AT_9 not in [time.starts_at for time in free]
    everybodys = bookings.actions.free_times(treatment=visit.treatment, now=make.NOW)
    assert AT_9 in [time.starts_at for time in everybodys]


def test_before_the_proof_the_rule_tells_nothing_and_at_the_proof_the_time_is_let_go():
    visit = make.confirmed()
    stranger = make.held(**same_person(visit))
    assert stranger.status == Status.HELD
    proven = bookings.actions.prove_by_code(
        consultation=stranger, code=links.code(stranger), now=make.NOW
    )
    assert proven.is_proven
    assert (proven.status, proven.gave_way) == (Status.EXPIRED, True)
    kinds = [one.kind for one in owing.owed(now=make.NOW) if one.consultation == proven]
    assert Kind.HOLD_RAN_OUT not in kinds


def test_a_child_of_the_same_address_is_another_person():
    visit = make.confirmed()
    child = make.proven(
        **same_person(
            visit,
            patient_name="Layla",
            birth_date=dt.date(2015, 1, 1),
            guardian_name=visit.patient_name,
        )
    )
    assert (child.status, child.starts_at) == (Status.HELD, visit.starts_at)


def test_a_move_onto_an_own_visit_is_refused_and_moves_nothing():
    visit = make.confirmed()
    second = make.confirmed(**same_person(visit, starts_at=AT_9 + HOUR))
    with pytest.raises(bookings.actions.OwnVisitThen):
        bookings.actions.move(
            consultation=second,
            dermatologist=second.dermatologist,
            starts_at=AT_9 + TEN_MINUTES,
            now=make.NOW,
        )
    second.refresh_from_db()
    assert (second.starts_at, second.revision) == (AT_9 + HOUR, 0)


def test_a_cancelled_own_visit_is_in_nobodys_way():
    visit = make.confirmed()
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)
    assert make.confirmed(**same_person(visit)).status == Status.CONFIRMED
