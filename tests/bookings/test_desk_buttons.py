"""One consultation at the desk: what its page says, and its buttons."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry

import bookings.actions
from bookings.forms.times import time_value
from bookings.models import Proof, Status
from clinic import clock
from tests import desk, make

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
MINUTE = dt.timedelta(minutes=1)
AT = make.TOMORROW_AT_9
CHANGE_ADDRESS = "Change the e-mail address"


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch, make.NOW)


def set_clock(monkeypatch, now):
    monkeypatch.setattr(clock, "now", lambda: now)


def press(consultation, verb, client=None, **given):
    response = (client or desk.reception()).post(desk.button(consultation, verb), given)
    consultation.refresh_from_db()
    return response


def said(response) -> str:
    """What the page says, after a redirect too."""
    soup = BeautifulSoup(response.content, "html.parser")
    return soup.get_text(" ", strip=True)


def buttons(consultation, client=None) -> set[str]:
    response = (client or desk.reception()).get(desk.page(consultation))
    soup = BeautifulSoup(response.content, "html.parser")
    return {one.get_text(strip=True) for one in soup.select(".verbs .button")}


def time_of(dermatologist, starts_at) -> str:
    return time_value(dermatologist.slug, starts_at, starts_at + dt.timedelta(minutes=20))


def test_the_page_shows_facts_and_no_field_to_type_in():
    visit = make.confirmed(patient_name="Sara Haddad")
    soup = BeautifulSoup(desk.reception().get(desk.page(visit)).content, "html.parser")
    text = soup.get_text(" ", strip=True)
    assert "Sara Haddad" in text
    assert "Monday 23 November 2026, from 09:00 to 09:20 , Dubai time" in text
    assert soup.select("main input:not([type=hidden]), main select, main textarea") == []


def test_a_forged_post_to_the_page_changes_nothing():
    visit = make.held()
    fields = {"status": "confirmed", "risks_acknowledged": "4", "proven_at_0": "2026-11-22"}
    assert desk.reception().post(desk.page(visit), fields).status_code == 403
    visit.refresh_from_db()
    assert visit.status == Status.HELD


def test_a_button_that_asks_leads_to_its_page_and_one_that_does_not_acts_at_once():
    visit = make.confirmed()
    soup = BeautifulSoup(desk.reception().get(desk.page(visit)).content, "html.parser")
    links = {one["href"] for one in soup.select(".verbs a")}
    at_once = {one["formaction"] for one in soup.select(".verbs button")}
    assert links == {"../move/", "../video-room/", "../change-address/", "../cancel/"}
    assert at_once == {"../send-link/"}
    assert "hurts" in soup.select_one('.verbs a[href="../cancel/"]')["class"]


def test_there_is_no_button_that_confirms_or_acknowledges():
    shown = buttons(make.proven())
    assert shown == {
        "Set the treatment",
        "Offer a time",
        "Send a new link",
        "Video room",
        CHANGE_ADDRESS,
        "Cancel",
    }


def test_the_buttons_are_those_that_can_be_pressed_now(monkeypatch):
    visit = make.confirmed()
    assert buttons(visit) == {"Move", "Send a new link", "Video room", CHANGE_ADDRESS, "Cancel"}
    set_clock(monkeypatch, AT + MINUTE)
    assert {"Arrived", "Completed"} <= buttons(visit)
    assert "Did not come" not in buttons(visit)
    set_clock(monkeypatch, AT + 20 * MINUTE)
    assert {"Arrived", "Completed", "Did not come"} <= buttons(visit)
    press(visit, "complete")
    later = {"Record a treatment session", "Send a new link", CHANGE_ADDRESS}
    assert buttons(visit) == {"Undo: completed", *later}


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        ("arrive", Status.ARRIVED),
        ("complete", Status.COMPLETED),
        ("no-show", Status.NO_SHOW),
    ],
)
def test_an_outcome_is_noted_undone_and_kept_in_the_history(monkeypatch, verb, status):
    visit = make.confirmed(patient_name="Sara Haddad")
    set_clock(monkeypatch, AT + 20 * MINUTE)
    press(visit, verb)
    assert visit.status == status
    press(visit, "undo")
    assert visit.status == Status.CONFIRMED
    kept = LogEntry.objects.order_by("pk").values_list("object_id", "object_repr", "user__username")
    assert list(kept) == [(str(visit.pk), visit.grouped_reference, "reception")] * 2
    history = desk.reception().get(desk.url("bookings_consultation_history", visit.pk))
    assert "Taken back" in said(history)
    assert "Sara Haddad" not in said(history)


def test_a_button_is_refused_in_words():
    visit = make.confirmed()
    response = desk.reception().post(desk.button(visit, "complete"), follow=True)
    assert "This visit has not begun yet." in said(response)


def test_nobody_is_marked_as_not_come_before_the_visit_has_ended(monkeypatch):
    visit = make.confirmed()
    set_clock(monkeypatch, AT + 19 * MINUTE)
    response = desk.reception().post(desk.button(visit, "no-show"), follow=True)
    assert "This visit has not ended yet." in said(response)


def test_a_button_that_acts_at_once_is_not_a_link():
    visit = make.confirmed()
    for verb in ("arrive", "complete", "no-show", "undo", "send-link"):
        assert desk.reception().get(desk.button(visit, verb)).status_code == 405


def test_a_press_without_the_forms_token_is_refused():
    visit = make.confirmed()
    client = desk.reception()
    client.handler.enforce_csrf_checks = True
    assert client.post(desk.button(visit, "cancel"), {"reason": ""}).status_code == 403
    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED


def test_a_session_is_recorded_in_the_clinics_clock_and_voided(monkeypatch):
    visit = make.completed()
    set_clock(monkeypatch, AT + 300 * MINUTE)
    press(visit, "record-session", took_place_at_0="2026-11-23", took_place_at_1="11:00")
    session = visit.sessions.get()
    assert session.took_place_at == AT + 120 * MINUTE
    assert session.recorded_by.username == "reception"
    press(visit, "void-session", session=session.pk, reason="Wrong patient")
    session.refresh_from_db()
    assert session.void_reason == "Wrong patient"


def test_a_session_that_lies_ahead_is_refused_beside_its_field(monkeypatch):
    visit = make.completed()
    set_clock(monkeypatch, AT + 60 * MINUTE)
    response = press(visit, "record-session", took_place_at_0="2027-01-01", took_place_at_1="11:00")
    assert "This time lies ahead." in said(response)
    assert not visit.sessions.exists()


def test_a_session_of_another_visit_cannot_be_voided_here(monkeypatch):
    mine, other = make.completed(), make.completed(starts_at=AT + 60 * MINUTE)
    set_clock(monkeypatch, AT + 300 * MINUTE)
    press(other, "record-session", took_place_at_0="2026-11-23", took_place_at_1="11:00")
    session = other.sessions.get()
    press(mine, "void-session", session=session.pk, reason="Mistake")
    session.refresh_from_db()
    assert session.voided_at is None


def test_a_new_link_ends_the_older_ones():
    visit = make.confirmed()
    before = visit.link_serial
    press(visit, "send-link")
    assert visit.link_serial == before + 1


def test_reception_sets_the_treatment_then_offers_a_time():
    waiting = make.waiting(treatment=None)
    make.dermatologist()
    about = make.treatment()
    concern = about.concerns.get(slug="cellulite")
    press(waiting, "set-treatment", about=f"{about.pk}|{concern.pk}")
    assert (waiting.treatment, waiting.concern) == (about, concern)
    press(waiting, "offer-time", time=time_of(make.dermatologist(), AT))
    assert (waiting.status, waiting.starts_at) == (Status.HELD, AT)
    assert waiting.hold_expires_at == min(make.NOW + dt.timedelta(hours=24), AT)
    assert waiting.link_asked_at == make.NOW


def test_a_visit_can_have_a_video_room_of_its_own():
    visit = make.confirmed()
    press(visit, "video-room", own_video_room="https://video.example.com/other")
    assert visit.video_room == "https://video.example.com/other"
    press(visit, "video-room", own_video_room="")
    assert visit.video_room == visit.dermatologist.video_room


@pytest.mark.parametrize(
    "address", ["http://video.example.com/x", "javascript:alert(1)", "ftp://x.example"]
)
def test_a_video_room_without_https_is_refused(address):
    visit = make.confirmed()
    response = press(visit, "video-room", own_video_room=address)
    assert response.status_code == 200
    assert visit.own_video_room == ""


def test_a_person_is_proven_by_staff_only_with_a_note():
    held = make.held()
    press(held, "prove", note=" ")
    assert not held.is_proven
    press(held, "prove", note="Mariam saw the passport")
    assert (held.proven_by, held.proven_note) == (Proof.IN_PERSON, "Mariam saw the passport")
    assert held.status == Status.HELD


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_page_costs_as_many_queries_for_three_sessions_as_for_one(
    how_many, monkeypatch, django_assert_num_queries
):
    visit = make.completed()
    set_clock(monkeypatch, AT + 300 * MINUTE)
    client = desk.reception()
    for number in range(how_many):
        press(
            visit,
            "record-session",
            client,
            took_place_at_0="2026-11-23",
            took_place_at_1=f"1{number}:00",
        )
    client = desk.reception()
    client.get(desk.page(visit))
    # two for what comes next: the sessions, and the steps of the plan
    with django_assert_num_queries(16):
        client.get(desk.page(visit))


@pytest.mark.parametrize("made", [make.held, make.proven, make.confirmed])
def test_no_screen_is_handed_over_for_somebody_whom_nobody_saw(made):
    row, staff = made(), desk.reception()
    staff.post(desk.button(row, "hand-over"))
    assert "road" not in staff.session
    assert "_auth_user_id" in staff.session  # and nobody was signed out


def test_a_cancelled_request_is_not_proven_in_person():
    row = make.held()
    bookings.actions.cancel(consultation=row, now=make.NOW, by_patient=True)
    press(row, "prove", note="Mona saw the passport")
    assert not row.is_proven
