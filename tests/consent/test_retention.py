"""How long data is kept: the policy in numbers, and the round that carries it out."""

import datetime as dt

import pytest
from django.contrib.sessions.models import Session

import bookings.actions
import consent.actions
from bookings.models import Consultation
from clinic import clock
from clinic.celery import app as celery
from clinic.models import Clinic
from consent import retention, tasks
from consent.models import EntryKind, LedgerEntry
from consent.retention import Rule
from tests import make
from tests.consent.erased import where

pytestmark = pytest.mark.django_db
AT = make.TOMORROW_AT_9
ENDS = AT + dt.timedelta(minutes=20)
OVER = AT + dt.timedelta(minutes=30)
SECOND = dt.timedelta(seconds=1)


def cancelled(**fields) -> Consultation:
    visit = make.confirmed(**fields)
    return bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)


def treated(took_place_at: dt.datetime = OVER, **fields) -> Consultation:
    visit = make.completed(**fields)
    bookings.actions.record_session(
        consultation=visit, took_place_at=took_place_at, now=took_place_at, recorded_by=None
    )
    return visit


def years_later(moment: dt.datetime, years: int) -> dt.datetime:
    return moment.replace(year=moment.year + years)


def is_due(consultation: Consultation, now: dt.datetime) -> bool:
    return retention.due_for_erasure(now=now).filter(pk=consultation.pk).exists()


# --- Until when ---------------------------------------------------------------------------------


def test_a_treated_patients_data_is_kept_25_years_from_the_last_session():
    visit = treated()
    last = OVER + dt.timedelta(days=30)
    bookings.actions.record_session(
        consultation=visit, took_place_at=last, now=last, recorded_by=None
    )
    kept = retention.keep_until(visit)
    assert (kept.rule, kept.since, kept.until) == (Rule.TREATED, last, years_later(last, 25))


def test_everybody_elses_is_kept_24_months_from_the_last_thing_that_happened():
    for visit, last in (
        (make.waiting(), make.NOW),
        (make.completed(starts_at=AT), OVER),
        (cancelled(starts_at=AT + dt.timedelta(hours=1)), make.NOW),
        (make.confirmed(starts_at=AT + dt.timedelta(hours=2)), ENDS + dt.timedelta(hours=2)),
    ):
        kept = retention.keep_until(visit)
        assert (kept.rule, kept.since, kept.until) == (Rule.OTHERS, last, years_later(last, 2))


def test_the_clinic_decides_how_long():
    Clinic.objects.update(keep_treated_years=30, keep_others_months=6)
    assert retention.keep_until(treated()).until == years_later(OVER, 30)
    waiting = make.waiting()
    assert retention.keep_until(waiting).until == dt.datetime(2027, 5, 22, 6, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("since", "months", "until"),
    [
        ("2028-02-29T10:00+00:00", 12, "2029-02-28T10:00+00:00"),
        ("2028-02-29T10:00+00:00", 48, "2032-02-29T10:00+00:00"),
        ("2027-08-31T23:59+00:00", 6, "2028-02-29T23:59+00:00"),
        ("2026-12-31T00:00+00:00", 2, "2027-02-28T00:00+00:00"),
    ],
)
def test_months_are_those_of_the_calendar(since, months, until):
    Clinic.objects.update(keep_others_months=months)
    waiting = make.waiting(now=dt.datetime.fromisoformat(since))
    assert retention.keep_until(waiting).until == dt.datetime.fromisoformat(until)


def test_a_voided_session_does_not_count():
    visit = treated()
    session = visit.sessions.get()
    bookings.actions.void_session(session=session, reason="Wrong patient", now=OVER)
    assert retention.keep_until(visit).rule is Rule.OTHERS


def test_all_consultations_of_a_treated_patient_are_kept_as_long():
    same = {
        "patient_name": "Amal",
        "email": "amal@example.com",
        "mobile": "+971500001111",
        "birth_date": dt.date(1991, 2, 3),
    }
    treated(**same)
    other = make.completed(**same, starts_at=AT + dt.timedelta(hours=2))
    somebody_else = make.completed(starts_at=AT + dt.timedelta(hours=3))
    assert retention.keep_until(other).until == years_later(OVER, 25)
    assert retention.keep_until(somebody_else).rule is Rule.OTHERS


# --- What is due --------------------------------------------------------------------------------


def test_it_is_due_at_the_very_moment_and_not_a_second_before():
    for visit in (treated(), make.waiting()):
        until = retention.keep_until(visit).until
        assert not is_due(visit, until - SECOND)
        assert is_due(visit, until)


def test_a_shorter_time_for_the_treated_is_seen_too():
    """The first look spares what is younger than the shortest time, whichever that is."""
    Clinic.objects.update(keep_treated_years=1, keep_others_months=1200)
    visit = treated()
    assert is_due(visit, years_later(OVER, 1))


def test_under_a_legal_hold_nothing_is_due():
    visit, lead = make.waiting(), make.staff("lead")
    later = years_later(make.NOW, 3)
    hold = consent.actions.place_hold(consultation=visit, reason="a claim", by=lead, now=make.NOW)
    assert not is_due(visit, later)
    consent.actions.lift_hold(hold=hold, reason="settled", by=lead, now=make.NOW)
    assert is_due(visit, later)


def test_what_is_due_is_asked_in_two_queries(django_assert_num_queries):
    for count in (1, 2):
        for _one in range(count):
            make.waiting()
        with django_assert_num_queries(2):  # the clinic, and the rows
            list(retention.due_for_erasure(now=years_later(make.NOW, 3)))


# --- The round ----------------------------------------------------------------------------------


def test_the_round_erases_what_is_due_and_nothing_else(monkeypatch):
    old = [make.waiting(patient_name="Amal Kanari"), cancelled(patient_name="Amal Kanari")]
    of_law = treated(
        starts_at=AT + dt.timedelta(hours=2), took_place_at=OVER + dt.timedelta(hours=2)
    )
    young = make.waiting(now=years_later(make.NOW, 1))
    monkeypatch.setattr(clock, "now", lambda: years_later(make.NOW, 2))
    tasks.erase_what_is_due()
    erased = Consultation.objects.exclude(erased_at=None)
    assert set(erased) == set(old)
    assert where("Amal Kanari") == []
    assert {row.erased_at for row in erased} == {years_later(make.NOW, 2)}
    entries = LedgerEntry.objects.filter(kind=EntryKind.ERASURE)
    assert all(b'"basis":"retention"' in bytes(entry.content) for entry in entries)
    assert not {of_law.pk, young.pk} & set(erased.values_list("pk", flat=True))
    tasks.erase_what_is_due()
    assert entries.count() == 2


def test_one_that_fails_delays_only_itself(caplog):
    """A time held for somebody who asked years ago: odd enough to be left to a person."""
    odd, goes = make.held(patient_name="Amal Kanari"), make.waiting()
    later = years_later(make.NOW, 3)
    soon = later + dt.timedelta(hours=1)
    Consultation.objects.filter(pk=odd.pk).update(
        starts_at=soon, ends_at=soon + dt.timedelta(minutes=20), hold_expires_at=soon
    )
    assert is_due(odd, later)
    assert consent.actions.erase_due(now=later) == 1
    odd.refresh_from_db()
    goes.refresh_from_db()
    assert goes.is_erased and not odd.is_erased and odd.patient_name == "Amal Kanari"
    assert f"consultation {odd.pk} was not erased: NotPossibleNow" in caplog.text
    assert "Kanari" not in caplog.text
    assert consent.actions.erase_due(now=soon + dt.timedelta(hours=1)) == 1


def test_a_round_ends_in_time_and_the_next_one_goes_on(monkeypatch):
    for _one in range(3):
        make.waiting()
    later = years_later(make.NOW, 3)
    monkeypatch.setattr(consent.actions.erasing, "ROUND_LASTS", -1)
    assert consent.actions.erase_due(now=later) == 0
    monkeypatch.setattr(consent.actions.erasing, "ROUND_LASTS", 20)
    assert consent.actions.erase_due(now=later) == 3


def test_the_round_forgets_sessions_that_ran_out(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)
    for key, hours in (("a" * 32, -1), ("b" * 32, 1)):
        Session.objects.create(
            session_key=key,
            session_data="typed",
            expire_date=make.NOW + dt.timedelta(hours=hours),
        )
    tasks.erase_what_is_due()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["b" * 32]


def test_beat_wakes_the_round():
    beat = celery.conf.beat_schedule["erase_what_is_due"]
    assert beat["schedule"] == 3600
    assert beat["task"] == tasks.erase_what_is_due.name
