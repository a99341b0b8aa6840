"""Another e-mail address once it is proven: what goes there, and the old mailbox has no access any more."""

import datetime as dt

import pytest

import bookings.actions
import consent.actions
from bookings import links, owing
from bookings.links import Purpose
from bookings.models import Consultation, Kind, Message, MessageState, Patient, Proof, Status
from consent.models import ConsentRecord, Particulars
from tests import make
from tests.bookings.owing import HOUR, are_sent, kinds, note, owed, session_of
from tests.consent.erased import tables

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
LATER = make.NOW + HOUR
NEXT_WEEK = make.TOMORROW_AT_9 + 7 * DAY
NEW = "another@example.org"


def ask(consultation, email=NEW, *, now=LATER, **fields) -> Consultation:
    return bookings.actions.ask_for_new_address(
        consultation=consultation, email=email, now=now, **fields
    )


def prove(consultation, *, now=LATER, code=None) -> Consultation:
    code = code or links.code(consultation, Purpose.NEW_CODE)
    return bookings.actions.prove_new_address_by_code(consultation=consultation, code=code, now=now)


def change(consultation, email=NEW, *, now=LATER) -> Consultation:
    return prove(ask(consultation, email, now=now), now=now)


def visit_next_week(**fields) -> Consultation:
    """Whose confirmation has gone out."""
    row = make.confirmed(starts_at=NEXT_WEEK, **fields)
    note(make.NOW)
    are_sent(Message.objects.all(), now=make.NOW)
    return row


# --- The proof -------------------------------------------------------------------------------------


def test_once_proven_the_confirmation_goes_to_the_new_address_and_word_of_it_to_the_old():
    visit = visit_next_week()
    old = visit.email
    changed = change(visit)
    assert (changed.email, changed.former_email, changed.new_email) == (NEW, old, "")
    assert (changed.email_changed_at, changed.proven_by) == (LATER, Proof.EMAIL_CODE)
    rows = {row.kind: row.addressee for row in note(LATER)}
    assert rows == {Kind.CONFIRMED: NEW, Kind.ADDRESS_CHANGED: old}


def test_the_older_links_end():
    visit = visit_next_week()
    page, stop = links.token(visit, Purpose.PAGE), links.token(visit, Purpose.STOP)
    changed = change(visit)
    for ended, purpose in ((page, Purpose.PAGE), (stop, Purpose.STOP)):
        assert links.find(ended, purpose) is None
        assert links.find(links.token(changed, purpose), purpose) == changed


def test_a_visit_that_was_moved_is_told_as_moved():
    visit = visit_next_week()
    bookings.actions.move(
        consultation=visit,
        dermatologist=visit.dermatologist,
        starts_at=NEXT_WEEK + DAY,
        now=make.NOW,
    )
    are_sent(Message.objects.filter(pk__in=[row.pk for row in note(make.NOW)]), now=make.NOW)
    change(visit)
    assert kinds(note(LATER)) == [Kind.ADDRESS_CHANGED, Kind.MOVED]
    assert owed(NEXT_WEEK + DAY - 3 * DAY) == [Kind.REMINDER_3_DAYS]


def test_a_reminder_of_the_same_moment_is_left_out():
    visit = visit_next_week()
    at = NEXT_WEEK - 2 * DAY
    are_sent(Message.objects.filter(pk__in=[row.pk for row in note(at - DAY)]), now=at)
    change(visit, now=at)
    rows = {row.kind: row.state for row in note(at)}
    assert rows == {
        Kind.CONFIRMED: MessageState.OWED,
        Kind.ADDRESS_CHANGED: MessageState.OWED,
        Kind.REMINDER_3_DAYS: MessageState.DROPPED,
    }
    assert owed(NEXT_WEEK - DAY) == [Kind.REMINDER_1_DAY]


def test_what_was_noted_for_the_old_address_is_not_sent_there():
    visit = make.confirmed(starts_at=NEXT_WEEK)
    (confirmation,) = note(make.NOW)
    change(visit)
    assert not owing.still_owed(confirmation, now=LATER)


def test_who_has_nothing_else_to_hear_gets_the_new_link():
    waiting = make.waiting()
    bookings.actions.prove_by_code(
        consultation=waiting, code=links.code(waiting), now=make.NOW - 2 * DAY
    )
    change(waiting)
    assert kinds(note(LATER)) == [Kind.ADDRESS_CHANGED, Kind.FINISH]
    over = make.completed()
    change(over, "over@example.org", now=over.ends_at + DAY)
    assert kinds(note(over.ends_at + DAY)) == [Kind.ADDRESS_CHANGED, Kind.LINK]


def test_a_time_that_is_held_stays_held():
    held = make.proven()
    changed = change(held, now=make.NOW + 5 * MINUTE)
    assert (changed.status, changed.hold_expires_at) == (Status.HELD, held.hold_expires_at)
    assert kinds(note(make.NOW + 5 * MINUTE)) == [Kind.ADDRESS_CHANGED, Kind.FINISH]


def test_the_step_of_aftercare_that_counts_now_goes_to_the_new_address():
    make.aftercare_steps(make.treatment())
    session = session_of(make.completed())
    at = session.took_place_at + 30 * HOUR
    are_sent(Message.objects.filter(pk__in=[row.pk for row in note(at)]), now=at)
    change(session.consultation, now=at)
    (tip,) = [row for row in note(at) if row.kind == Kind.AFTERCARE]
    assert (tip.step.hours_after, tip.addressee) == (24, NEW)


def test_back_at_the_first_address_it_hears_of_it_once_more():
    visit = visit_next_week()
    old = visit.email
    change(visit)
    note(LATER)
    again = LATER + HOUR
    change(visit, old, now=again)
    assert {row.kind: row.addressee for row in note(again)} == {
        Kind.LINK: old,
        Kind.ADDRESS_CHANGED: NEW,
    }


def test_what_was_dropped_for_the_change_is_owed_again_when_it_is_changed_back():
    visit = make.confirmed(starts_at=NEXT_WEEK)
    (confirmation,) = note(make.NOW)
    change(visit)
    Message.objects.filter(pk=confirmation.pk).update(state=MessageState.DROPPED)
    change(visit, confirmation.addressee, now=LATER + HOUR)
    note(LATER + HOUR)
    confirmation.refresh_from_db()
    assert confirmation.state == MessageState.OWED
    assert owing.still_owed(confirmation, now=LATER + HOUR)


def test_proven_twice_is_changed_once():
    visit = ask(visit_next_week())
    token = links.token(visit, Purpose.NEW_ADDRESS)
    first = prove(visit)
    again = prove(visit, now=LATER + MINUTE)
    by_link = bookings.actions.prove_new_address_by_link(token=token, now=LATER + MINUTE)
    assert {row.email_changed_at for row in (first, again, by_link)} == {LATER}
    assert {row.link_serial for row in (first, again, by_link)} == {visit.link_serial + 1}


# --- The person behind the address -----------------------------------------------------------------


def test_only_this_consultation_changes():
    first = make.confirmed(starts_at=NEXT_WEEK)
    names = ("email", "patient_name", "birth_date")
    same = {name: getattr(first, name) for name in names}
    second = make.confirmed(starts_at=NEXT_WEEK + HOUR, **same)
    assert first.patient == second.patient
    changed = change(first)
    second.refresh_from_db()
    assert (second.email, second.patient) == (same["email"], first.patient)
    assert changed.patient != second.patient
    assert (changed.patient.email, changed.patient.name) == (NEW, first.patient_name)


def test_a_row_of_a_patient_that_nobody_needs_any_longer_goes():
    visit = visit_next_week()
    former = visit.patient.pk
    changed = change(visit)
    assert list(Patient.objects.all()) == [changed.patient] and changed.patient.pk != former


def test_nobody_is_at_two_visits_at_once_by_a_change_of_address():
    make.dermatologist("arjun")
    visit = make.confirmed(starts_at=NEXT_WEEK)
    fields = {name: getattr(visit, name) for name in ("patient_name", "birth_date")}
    make.confirmed(
        starts_at=NEXT_WEEK, email=NEW, dermatologist=make.dermatologist("arjun"), **fields
    )
    with pytest.raises(bookings.actions.OwnVisitThen, match="another visit at the same time"):
        change(visit)
    kept = Consultation.objects.get(pk=visit.pk)
    assert (kept.email, kept.new_email, kept.patient) == (visit.email, NEW, visit.patient)


def test_an_erased_consultation_keeps_none_of_its_addresses():
    visit = visit_next_week(email="kanari@example.com")
    change(visit, "kanari@example.org")
    note(LATER)
    ask(visit, "kanari@example.net", now=LATER + HOUR)
    note(LATER + HOUR)
    visit = bookings.actions.cancel(consultation=visit, now=LATER + HOUR, by_patient=True)
    consent.actions.erase(
        consultation=visit,
        basis=consent.actions.Basis.ASKED,
        by=make.staff("lead", group="Lead"),
        now=LATER + HOUR,
    )
    assert not [table for table, text in tables().items() if "kanari@" in text]
    assert visit.messages.count() == 4


def test_what_was_acknowledged_stays_with_the_address_of_then():
    visit = visit_next_week()
    old, papers = visit.email, list(Particulars.objects.values())
    records = list(ConsentRecord.objects.values())
    changed = change(visit)
    assert list(Particulars.objects.values()) == papers
    assert list(ConsentRecord.objects.values()) == records
    bookings.actions.ask_again(consultation=changed, now=LATER)
    changed.refresh_from_db()
    make.acknowledge_all(changed, now=LATER + MINUTE)
    addresses = Particulars.objects.filter(field="email").order_by("pk")
    assert list(addresses.values_list("value", flat=True)) == [old, NEW]


# --- At the desk -----------------------------------------------------------------------------------


def in_person(consultation, email=NEW, note_="Mariam saw the passport", now=LATER):
    return bookings.actions.change_address_in_person(
        consultation=consultation, email=email, note=note_, now=now
    )


def test_whom_staff_have_seen_has_the_new_address_at_once():
    visit = ask(visit_next_week(), "never-proven@example.org")
    changed = in_person(visit)
    assert (changed.email, changed.new_email) == (NEW, "")
    assert (changed.proven_by, changed.proven_note) == (Proof.IN_PERSON, "Mariam saw the passport")
    assert kinds(note(LATER)) == [Kind.ADDRESS_CHANGED, Kind.CONFIRMED]
    with pytest.raises(bookings.models.NotPossibleNow):
        prove(changed, code=links.code(visit, Purpose.NEW_CODE))


def test_staff_say_who_saw_the_person():
    with pytest.raises(bookings.models.NotPossibleNow, match="who saw the person"):
        in_person(visit_next_week(), note_="  ")


def test_a_patient_of_the_phone_gets_an_address_and_from_then_on_e_mails():
    row = make.held(entered_by=make.staff(), email="", starts_at=NEXT_WEEK)
    row = bookings.actions.prove_in_person(consultation=row, note="Mariam", now=make.NOW)
    make.sealed(row)
    assert owed(make.NOW) == []
    changed = change(row)
    assert (changed.former_email, changed.patient.email) == ("", NEW)
    assert kinds(note(LATER)) == [Kind.CONFIRMED]
    assert Patient.objects.count() == 1
