"""The e-mails on a consultation's page and in the day's list: what comes next, what was, and why not."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup

import bookings.actions
from bookings.emails.versions import wording_hash
from bookings.models import Kind, Message, MessageState, Phase
from clinic import clock
from tests import desk, make
from tests.bookings.mails import DAY, HOUR, NEXT_WEEK
from tests.bookings.owing import note, session_of
from tests.bookings.undelivered import sent, undelivered

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
MINUTE = dt.timedelta(minutes=1)
LEFT_BEFORE = "may have left before you cancelled"


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch, make.NOW)


def set_clock(monkeypatch, now):
    monkeypatch.setattr(clock, "now", lambda: now)


def page_of(visit, client=None) -> BeautifulSoup:
    response = (client or desk.reception()).get(desk.page(visit))
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def next_mails(visit) -> list[str]:
    found = page_of(visit).select(".next-mails li")
    return [" ".join(one.get_text(" ", strip=True).split()) for one in found]


def mails_of(visit, client=None) -> list[str]:
    """The text of each line of the table of e-mails."""
    found = page_of(visit, client).select("#messages-group tbody tr")
    return [" ".join(one.get_text(" ", strip=True).split()) for one in found]


# --- What comes next -----------------------------------------------------------------------------


def test_what_is_owed_next_stands_there_in_order_with_its_time():
    assert next_mails(make.confirmed(starts_at=NEXT_WEEK)) == [
        "Friday 27 November 2026, 09:00 , Dubai time (GMT +4 ) reminder, 3 days before",
        "Sunday 29 November 2026, 09:00 , Dubai time (GMT +4 ) reminder, 1 day before",
        "Monday 30 November 2026, 08:00 , Dubai time (GMT +4 ) reminder, 1 hour before",
    ]


def test_a_held_request_is_told_when_its_time_is_let_go():
    assert next_mails(make.proven()) == [
        "Sunday 22 November 2026, 10:20 , Dubai time (GMT +4 ) hold ran out"
    ]


def test_after_a_session_its_aftercare_comes_step_by_step(monkeypatch):
    visit = make.completed()
    make.aftercare_steps(visit.treatment)
    session = session_of(visit)
    set_clock(monkeypatch, session.took_place_at + MINUTE)
    assert next_mails(visit) == [
        "Tuesday 24 November 2026, 10:00 , Dubai time (GMT +4 ) aftercare: After 24 hours",
        "Wednesday 25 November 2026, 10:00 , Dubai time (GMT +4 ) aftercare: After 48 hours",
    ]
    bookings.actions.void_session(session=session, reason="typed twice", now=make.NOW)
    assert next_mails(visit) == []


def test_a_cancelled_visit_says_that_nothing_comes():
    visit = make.confirmed(starts_at=NEXT_WEEK)
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)
    assert next_mails(visit) == []
    assert "None." in page_of(visit).select_one(".to-come").get_text()


# --- What was ------------------------------------------------------------------------------------


def test_a_sent_one_says_when_it_was_due_and_sent_and_in_which_version():
    visit = make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    sent(visit, wording="ab12cd34" * 8, sent_at=make.NOW + MINUTE)
    [row] = mails_of(visit)
    for words in (
        "confirmed",
        "✓ sent",
        visit.email,
        "due: 22 November",
        "sent: 22 November",
        "10:01",
    ):
        assert words in row, words
    assert "ab12cd34" in row
    assert "perhaps twice" not in row
    [version] = page_of(visit).select("#messages-group .hash")
    assert version["title"] == "ab12cd34" * 8


def test_the_version_of_aftercare_leads_to_the_plan_that_has_its_words():
    visit = make.completed()
    make.aftercare_steps(visit.treatment)
    session = session_of(visit)
    note(session.took_place_at)
    message = Message.objects.get(kind=Kind.AFTERCARE)
    Message.objects.filter(pk=message.pk).update(wording=wording_hash(message))
    client = desk.reception()
    way = page_of(visit, client).select_one("#messages-group a")
    plan = client.get(way["href"], follow=True)
    assert plan.status_code == 200
    assert "Wrap ice in a thin damp towel." in plan.content.decode()


def test_one_that_waits_says_why_and_when_it_is_tried_again():
    visit = make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    Message.objects.update(
        next_try_at=make.NOW + 5 * MINUTE,
        tries=2,
        trouble="The mail server could not take it.",
        answer="451 4.2.2",
    )
    [row] = mails_of(visit)
    for words in (
        "… owed",
        "next try: 22 November 2026 , 10:05",
        "could not take it. The mailbox is full.",
    ):
        assert words in row, words


@pytest.mark.parametrize(
    ("state", "sign"),
    [("bad_address", "!"), ("bounced", "!"), ("unknown", "?"), ("gave_up", "!")],
)
def test_one_that_did_not_arrive_is_marked_by_word_sign_and_colour(state, sign):
    message = undelivered(state)
    badge = page_of(message.consultation).select_one("#messages-group .badge")
    label = MessageState(state).label
    assert " ".join(badge.get_text(" ", strip=True).split()) == f"{sign} {label}"
    assert "bad" in badge["class"]


def test_one_that_needs_somebody_leads_to_where_it_is_taken_care_of():
    message = undelivered("bounced")
    client = desk.reception()
    way = page_of(message.consultation).select_one("#messages-group a")
    assert way.get_text() == "Take care of it"
    assert "I phoned" in client.get(way["href"]).content.decode()
    Message.objects.update(phoned_at=make.NOW)
    assert not page_of(message.consultation).select("#messages-group a")


def test_one_that_was_handed_over_twice_says_so():
    [row] = mails_of(undelivered("unknown").consultation)
    assert "perhaps twice" in row
    [once] = mails_of(undelivered("unknown", copies=1, starts_at=NEXT_WEEK + HOUR).consultation)
    assert "perhaps twice" not in once


def test_every_state_can_be_shown():
    visit = make.confirmed(starts_at=NEXT_WEEK)
    for state in MessageState.values:
        Message.objects.create(
            consultation=visit,
            kind=Kind.CONFIRMED,
            about=state,
            addressee=visit.email,
            language="en",
            state=state,
            lease_until=make.NOW if state == "sending" else None,
            sent_at=make.NOW if state == "sent" else None,
            dot_at=make.NOW,
            copies=1,
            **{"due_at": make.NOW, "useful_until": NEXT_WEEK, "next_try_at": make.NOW},
        )
    assert len(mails_of(visit)) == len(MessageState.values)


# --- Around a cancellation or a move ---------------------------------------------------------------


def cancelled_after(at: dt.datetime, **fields):
    """A visit that is cancelled at make.NOW, whose confirmation was handed over at that time."""
    visit = make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    sent(visit, dot_at=at, **fields)
    return bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)


@pytest.mark.parametrize("seconds", [-240, -1, 0, 1])
def test_what_was_past_its_mark_when_the_visit_was_cancelled_says_so(seconds):
    """The mark waits for the cancellation, so one with a later time was set before it."""
    [row] = mails_of(cancelled_after(make.NOW + seconds * MINUTE / 60))
    assert LEFT_BEFORE in row


def test_one_that_is_still_at_its_last_dot_says_so():
    visit = cancelled_after(
        make.NOW, state=MessageState.SENDING, phase=Phase.DOT, sent_at=None, lease_until=make.NOW
    )
    assert LEFT_BEFORE in mails_of(visit)[0]


def test_what_left_long_before_never_left_and_the_cancellations_own_mail_say_nothing_of_it():
    [long_before] = mails_of(cancelled_after(make.NOW - 6 * MINUTE))
    assert LEFT_BEFORE not in long_before
    visit = make.confirmed(starts_at=NEXT_WEEK + HOUR)
    note(make.NOW)
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)
    note(make.NOW)
    sent(visit, trouble="")  # the newest: the e-mail about the cancellation
    cancelled, never = mails_of(visit)
    assert "cancelled" in cancelled
    assert "owed" in never
    assert LEFT_BEFORE not in cancelled + never


def test_one_that_names_a_time_before_the_move_says_so():
    visit = make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    sent(visit)
    bookings.actions.move(
        consultation=visit,
        dermatologist=visit.dermatologist,
        starts_at=NEXT_WEEK + DAY,
        now=make.NOW + HOUR,
    )
    note(make.NOW + HOUR)
    moved, before = mails_of(visit)
    assert "about an earlier time" in before
    assert "about an earlier time" not in moved


# --- Cost, and who sees it -------------------------------------------------------------------------


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_page_costs_as_many_queries_for_three_e_mails_as_for_one(
    how_many, django_assert_num_queries
):
    visit = make.confirmed(starts_at=NEXT_WEEK)
    for number in range(how_many):
        Message.objects.create(
            consultation=visit,
            kind=Kind.CONFIRMED,
            about=f"{visit.reference} {number}",
            addressee=visit.email,
            language="en",
            **{"due_at": make.NOW, "useful_until": NEXT_WEEK, "next_try_at": make.NOW},
        )
    client = desk.reception()
    client.get(desk.page(visit))
    # three of them for the reminders to come
    with django_assert_num_queries(19):
        client.get(desk.page(visit))


def test_a_dermatologist_reads_them_too():
    visit = undelivered("unknown", dermatologist=make.dermatologist("huda")).consultation
    [row] = mails_of(visit, desk.dermatologist("huda"))
    assert "nobody knows" in row


# --- The day's list --------------------------------------------------------------------------------


@pytest.mark.parametrize("state", MessageState.values)
def test_the_day_s_list_knows_every_state(state):
    visit = make.confirmed()
    note(make.NOW)
    left = {"sent_at": make.NOW} if state == "sent" else {}
    left |= {"lease_until": make.NOW} if state == "sending" else {}
    Message.objects.update(state=state, copies=1, dot_at=make.NOW, **left)
    text = desk.reception().get(desk.url(desk.LIST)).content.decode()
    row = BeautifulSoup(text, "html.parser").select_one("#result_list tbody tr")
    assert f"confirmed: {MessageState(state).label}" in row.get_text()
    assert visit.patient_name in row.get_text()


def test_the_chip_of_the_days_list_shows_all_that_did_not_arrive_until_somebody_phoned():
    for number, state in enumerate(("bad_address", "bounced", "unknown", "gave_up")):
        undelivered(state, starts_at=NEXT_WEEK + number * HOUR)
    text = desk.reception().get(desk.url(desk.LIST) + "?day=all&mail=failed").content.decode()
    assert len(BeautifulSoup(text, "html.parser").select("#result_list tbody tr")) == 4
    Message.objects.update(phoned_at=make.NOW)
    text = desk.reception().get(desk.url(desk.LIST) + "?day=all").content.decode()
    soup = BeautifulSoup(text, "html.parser")
    [chip] = [one for one in soup.select(".chips a") if "mail=failed" in one["href"]]
    assert chip.select_one(".count").get_text() == "0"
    assert soup.select_one("#result_list").get_text().count("taken care of") == 4
