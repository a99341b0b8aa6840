"""Asked to acknowledge again: one e-mail by day, and until the answer every reminder says it is open."""

import datetime as dt

import pytest

import bookings.actions
import consent.actions
from bookings import owing
from bookings.models import Consultation, Kind, Message
from clinic import times
from tests import make
from tests.bookings.mails import NEXT_WEEK, SCENES, Tags, body, first_line, hostile, plain, read
from tests.bookings.owing import HOUR, are_sent, note, owed
from tests.person import link_to

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
DAY = dt.timedelta(days=1)
LATER = make.NOW + HOUR
STILL_OPEN = "One thing is still open: please read the risk information on your page again"


@pytest.fixture
def visit() -> Consultation:
    """Whose confirmation has gone out."""
    row = make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    are_sent(Message.objects.all(), now=make.NOW)
    return row


def ask(visit, now=LATER) -> Consultation:
    return bookings.actions.ask_again(consultation=visit, now=now)


def answer(visit, now) -> None:
    """The patient acknowledges again on their page."""
    visit.refresh_from_db()
    reading = make.acknowledge_all(visit, now=now)
    consent.actions.seal_again(consultation=visit, reading=reading.pk, now=now)
    visit.refresh_from_db()
    assert visit.asks_again_since is None


def withdraw(visit, now) -> None:
    record = visit.consent_records.order_by("-pk")[0]
    consent.actions.withdraw(
        consultation=visit, record=record.pk, language="en", reason="", now=now
    )


def text_of(kind, now) -> str:
    message = next(row for row in owing.owed(now=now) if row.kind == kind)
    message.save()
    return plain(body(read(message, now), "plain"))


def test_it_is_sent_once_for_each_asking(visit):
    ask(visit)
    (mail,) = note(LATER)
    assert mail.kind == Kind.ASK_AGAIN
    ask(visit, LATER + HOUR)
    assert owed(LATER + HOUR) == []


def test_it_is_dropped_when_the_patient_has_answered(visit):
    withdraw(visit, LATER)
    (mail,) = note(LATER)
    assert mail.kind == Kind.ASK_AGAIN and owing.still_owed(mail, now=LATER)
    answer(visit, LATER)
    assert not owing.still_owed(mail, now=LATER)


def test_asked_once_more_after_the_answer_it_is_sent_once_more(visit):
    withdraw(visit, LATER)
    first = note(LATER)
    answer(visit, LATER + HOUR)
    withdraw(visit, LATER + 2 * HOUR)
    second = note(LATER + 2 * HOUR)
    assert [row.kind for row in first + second] == [Kind.ASK_AGAIN, Kind.ASK_AGAIN]


def test_at_night_it_waits_for_the_morning(visit):
    midnight = make.NOW + 14 * HOUR
    ask(visit, midnight)
    (mail,) = note(midnight)
    assert mail.next_try_at == times.quiet_until(midnight, "Asia/Dubai") > midnight


def test_a_cancelled_or_moved_visit(visit):
    ask(visit)
    (mail,) = note(LATER)
    bookings.actions.move(consultation=visit, starts_at=NEXT_WEEK + DAY, now=LATER)
    assert owing.still_owed(mail, now=LATER)
    bookings.actions.cancel(consultation=visit, now=LATER, by_patient=True)
    assert not owing.still_owed(mail, now=LATER)


def test_it_says_that_the_visit_stays_booked_and_leads_to_the_own_page():
    visit, now = SCENES[Kind.ASK_AGAIN](hostile())
    (message,) = [row for row in owing.owed(now=now) if row.kind == Kind.ASK_AGAIN]
    message.save()
    mail = read(message, now)
    text = plain(body(mail, "plain"))
    assert first_line(mail).startswith("Before your visit, please read the risk information again")
    assert "Your visit stays booked: Monday 30 November 2026, 09:00, Dubai time (GMT+4)." in text
    visit.refresh_from_db()
    assert Tags(body(mail, "html")).links[0].endswith(link_to(visit))


@pytest.mark.parametrize(
    ("kind", "before"),
    [(Kind.REMINDER_3_DAYS, 3 * DAY), (Kind.REMINDER_1_DAY, DAY), (Kind.REMINDER_1_HOUR, HOUR)],
)
def test_until_the_answer_each_reminder_says_that_it_is_open(visit, kind, before):
    assert STILL_OPEN not in text_of(kind, NEXT_WEEK - before)
    Message.objects.filter(kind=kind).delete()
    ask(visit)
    assert STILL_OPEN in text_of(kind, NEXT_WEEK - before)


# --- An hour before --------------------------------------------------------------------------------


def test_an_hour_before_the_button_opens_the_video_room_and_the_page_stands_beside_it(visit):
    now = NEXT_WEEK - HOUR
    message = next(row for row in owing.owed(now=now) if row.kind == Kind.REMINDER_1_HOUR)
    message.save()
    mail = read(message, now)
    assert set(Tags(body(mail, "html")).links) == {"https://video.example.com/huda"}
    assert "Open the video visit:\nhttps://video.example.com/huda" in plain(body(mail, "plain"))
    assert link_to(visit) in plain(body(mail, "plain"))
