"""Closing hours that hold visits: shown first, then cancelled with a notice in one step, or nothing."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry

import bookings.actions
from bookings import owing
from bookings.models import Closure, Consultation, Kind, Status
from clinic import clock
from tests import desk, make
from tests.bookings.hours import DAY, MINUTE, add, said, stretch, typed_in

pytestmark = pytest.mark.django_db
AT = make.TOMORROW_AT_9
ADD = "bookings_closure_add"


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch, make.NOW)


def set_clock(monkeypatch, now):
    monkeypatch.setattr(clock, "now", lambda: now)


def agree(response, client, **fields):
    """Presses the button of the preview."""
    return client.post(desk.url(ADD), typed_in(response) | fields, follow=True)


def is_preview(response) -> bool:
    return "Nothing is closed yet." in said(response)


def rows_of(response) -> list[str]:
    soup = BeautifulSoup(response.content, "html.parser")
    return [row.get_text(" ", strip=True) for row in soup.select(".booked-in-it tbody tr")]


def owed(now=make.NOW) -> set[tuple[str, str]]:
    return {(row.kind, row.addressee) for row in owing.owed(now=now)}


# --- Without a visit in it -----------------------------------------------------------------------


def test_a_closure_without_a_visit_in_it_is_stored_at_once():
    make.held()
    assert add("closure", day="2026-11-25", from_time="09:00").status_code == 302
    [closure] = Closure.objects.all()
    assert closure.starts_at == dt.datetime(2026, 11, 25, 5, 0, tzinfo=dt.UTC)
    assert closure.ends_at == dt.datetime(2026, 11, 25, 20, 0, tzinfo=dt.UTC)


def test_a_closure_of_somebody_else_or_beside_the_visit_is_stored_at_once():
    make.confirmed()
    assert add("closure", dermatologist=make.dermatologist("arjun").pk).status_code == 302
    assert add("closure", from_time="09:20").status_code == 302
    assert add("closure", to_time="09:00").status_code == 302
    assert Closure.objects.count() == 3


def test_a_hold_that_ran_out_is_in_nobodys_way(monkeypatch):
    make.held()
    set_clock(monkeypatch, make.NOW + 30 * MINUTE)
    assert add("closure").status_code == 302


def test_what_has_begun_or_is_over_is_not_touched(monkeypatch):
    done = make.confirmed()
    running = make.confirmed(starts_at=AT + 20 * MINUTE)
    missed = make.confirmed(starts_at=AT + 40 * MINUTE)
    bookings.actions.arrive(consultation=running, now=AT)
    bookings.actions.complete(consultation=done, now=AT + 5 * MINUTE)
    set_clock(monkeypatch, AT + 41 * MINUTE)
    assert add("closure", desk.reception()).status_code == 302
    found = {row.pk: row.status for row in Consultation.objects.all()}
    assert found == {
        done.pk: Status.COMPLETED,
        running.pk: Status.ARRIVED,
        missed.pk: Status.CONFIRMED,
    }


def test_a_closed_time_is_not_offered():
    row = make.dermatologist()
    make.clinic()
    asked = {"treatment": make.treatment(), "now": make.NOW, "not_before": AT, "not_after": AT}
    assert bookings.actions.free_times(**asked)
    add("closure", dermatologist=row.pk)
    assert bookings.actions.free_times(**asked) == []


# --- The preview ---------------------------------------------------------------------------------


def test_what_is_booked_in_it_is_shown_and_nothing_is_done():
    hold = make.proven(starts_at=AT + 20 * MINUTE)
    visit = make.confirmed(patient_name="Sara Haddad", mobile="+971500000116")  # earlier in the day
    for fields in ({}, {"dermatologist": visit.dermatologist.pk}):
        response = add("closure", desk.reception(), **fields)
        first, second = rows_of(response)
        for words in ("from 09:00 to 09:20", "Sara Haddad", "+971 50 000 0116", "confirmed"):
            assert words in first
        assert visit.grouped_reference in first
        assert hold.grouped_reference in second
        assert "time held" in second
        assert "Cancel these 2 visits and tell the patients" in str(response.content)
        whole = "Monday 23 November 2026, 00:00 , Dubai time (GMT +4 ) to Tuesday 24 November 2026"
        assert whole in said(response)
    assert not Closure.objects.exists()
    assert Consultation.objects.filter(status=Status.CANCELLED).count() == 0
    assert not LogEntry.objects.exists()


def test_who_is_told_by_e_mail_and_who_has_to_be_called_is_said():
    make.confirmed()
    make.proven(starts_at=AT + 20 * MINUTE)
    make.held(starts_at=AT + 40 * MINUTE)
    reception = make.staff("reception", group="Reception")
    make.held(starts_at=AT + 60 * MINUTE, entered_by=reception)
    make.held(starts_at=AT + 80 * MINUTE, entered_by=reception, email="")
    told = [row.rpartition(" ")[2] for row in rows_of(add("closure", desk.reception()))]
    assert told == ["e-mail", "e-mail", "call", "e-mail", "call"]


def test_on_agreement_the_closure_is_stored_and_all_is_ended_and_told(monkeypatch):
    visit = make.confirmed()
    hold = make.proven(starts_at=AT + 20 * MINUTE)
    later = make.NOW + 5 * MINUTE
    set_clock(monkeypatch, later)
    client = desk.reception()
    preview = add("closure", client, reason="Burst pipe")
    assert typed_in(preview)["cancel_reason"] == "Burst pipe"
    response = agree(preview, client, cancel_reason="The clinic is under water.")
    assert "2 visits are cancelled." in said(response)
    [closure] = Closure.objects.all()
    assert closure.reason == "Burst pipe"
    visit.refresh_from_db()
    hold.refresh_from_db()
    assert (visit.status, visit.revision) == (Status.CANCELLED, 1)
    assert (visit.cancel_reason, visit.cancelled_by_patient) == (
        "The clinic is under water.",
        False,
    )
    assert (hold.status, hold.hold_expires_at) == (Status.EXPIRED, later)
    assert owed(later) == {(Kind.CANCELLED, visit.email), (Kind.HOLD_RAN_OUT, hold.email)}
    history = LogEntry.objects.values_list("object_repr", "user__username")
    assert (visit.grouped_reference, "reception") in history
    assert (hold.grouped_reference, "reception") in history


def test_a_hold_that_was_let_go_cannot_be_confirmed_and_keeps_its_answers():
    hold = make.proven()
    reading = make.acknowledge_all(hold)
    client = desk.reception()
    agree(add("closure", client), client)
    hold.refresh_from_db()
    assert hold.risks_acknowledged == hold.risks_total == 4
    with pytest.raises(bookings.actions.NotOffered):
        bookings.actions.confirm(
            consultation=hold, receipt="0" * 64, risks_total=4, now=make.NOW + MINUTE
        )
    assert reading.acknowledgements.count() == 4


def test_a_caller_whose_address_is_not_proven_gets_a_new_link():
    hold = make.held(entered_by=make.staff("reception", group="Reception"))
    client = desk.reception()
    agree(add("closure", client), client)
    hold.refresh_from_db()
    assert (hold.status, hold.link_serial) == (Status.EXPIRED, 3)
    assert owed() == {(Kind.FINISH, hold.email)}


def test_who_gets_no_e_mail_is_named_with_the_phone_call_that_is_owed():
    hold = make.held(patient_name="Omar Said")
    client = desk.reception()
    response = agree(add("closure", client), client)
    assert "Please call them: Omar Said" in said(response)
    assert hold.grouped_reference in said(response)
    assert (Kind.HOLD_RAN_OUT, hold.email) not in owed()


def test_a_patient_who_waits_in_the_room_is_cancelled_too(monkeypatch):
    visit = make.confirmed()
    bookings.actions.arrive(consultation=visit, now=AT - 10 * MINUTE)
    set_clock(monkeypatch, AT - 5 * MINUTE)
    client = desk.reception()
    agree(add("closure", client), client)
    visit.refresh_from_db()
    assert visit.status == Status.CANCELLED


def test_a_reason_has_to_be_given_and_fits_into_the_row():
    make.confirmed()
    client = desk.reception()
    preview = add("closure", client, reason="")
    for reason in ("", "x" * 301, "a\x00b"):
        response = agree(preview, client, cancel_reason=reason)
        assert is_preview(response)
        assert "Please correct the error below." in said(response)
    assert not Closure.objects.exists()
    assert "1 visit is cancelled." in said(agree(preview, client, cancel_reason="Ill"))


def test_what_was_typed_of_the_closure_is_sent_along_and_judged_again():
    make.confirmed()
    client = desk.reception()
    preview = add("closure", client, from_time="08:00")
    kept = typed_in(preview)
    assert {name: kept[name] for name in stretch()} == stretch(from_time="08:00")
    response = agree(preview, client, to_time="07:00")
    assert "The end must be after the start." in said(response)
    assert not Closure.objects.exists()


# --- Who may -------------------------------------------------------------------------------------


def test_who_may_not_cancel_visits_sees_when_but_not_whom_and_cancels_none():
    visit = make.confirmed(patient_name="Sara Haddad", mobile="+971500000116")
    client = desk.lead()
    response = add("closure", client)
    [row] = rows_of(response)
    assert visit.grouped_reference in row
    assert "You may not cancel visits." in said(response)
    for fact in ("Sara Haddad", "0116", "Cancel this visit"):
        assert fact not in response.content.decode()
    # Not with a forged answer either.
    preview = typed_in(add("closure", desk.reception()))
    forged = preview | {"cancel_reason": "Because"}
    assert is_preview(client.post(desk.url(ADD), forged))
    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED
    assert not Closure.objects.exists()


def test_who_may_not_close_does_not_reach_the_preview():
    visit = make.confirmed()
    client = desk.reception()
    preview = typed_in(add("closure", client))
    for who in (desk.dermatologist(), desk.client_of(make.staff("new"))):
        assert who.get(desk.url(ADD)).status_code == 403
        assert who.post(desk.url(ADD), preview).status_code == 403
    assert not Closure.objects.exists()
    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_preview_costs_as_many_queries_for_three_visits_as_for_one(
    how_many, django_assert_num_queries
):
    for number in range(how_many):
        make.held(starts_at=AT + 20 * number * MINUTE)
    client = desk.reception()
    # clinic (2: zone, header), session, user, permissions (2), savepoints (6), dermatologists,
    # their locks, visits
    with django_assert_num_queries(15):
        add("closure", client)


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_as_many_queries_for_three_rows_as_for_one(
    how_many, django_assert_num_queries
):
    make.clinic()
    for number in range(how_many):
        row = make.dermatologist(f"doctor-{number}")
        row.closures.create(starts_at=make.NOW, ends_at=make.NOW + DAY)
    client = desk.lead()
    # session, user, clinic (2), permissions (2), filter, counts (2), rows
    with django_assert_num_queries(10):
        client.get(desk.url("bookings_closure_changelist"))
