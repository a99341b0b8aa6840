"""What a move and a cancellation do to a calendar, and that a refused move does nothing to anything."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from icalendar import Calendar

import bookings.actions
from bookings import calendar, delivery, owing
from bookings.actions import TimeTaken
from bookings.models import Consultation, Kind, Message, MessageState
from clinic import clock
from tests import desk, make
from tests.bookings.api import Api, code_of, token_of
from tests.person import Person

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# Six days ahead: the reminders are still to come, and the one three days before comes due meanwhile.
AT = make.TOMORROW_AT_9 + 5 * DAY
TAKEN, FREE = AT + HOUR, AT + 2 * HOUR


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    make.clinic()
    make.treatment()
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


# --- Revisions, as they arrive by e-mail -------------------------------------------------------------


def arrived(sink) -> list[tuple[str, str, Any]]:
    """Of each e-mail with a calendar: the MIME part's method, the file's own, and its visit."""
    found = []
    for mail in sink.messages:
        for part in mail.walk():
            if part.get_content_type() == "text/calendar":
                whole = Calendar.from_ical(part.get_payload(decode=True))
                (event,) = whole.walk("VEVENT")
                found.append((part.get_param("method"), str(whole["METHOD"]), event))
    return found


def send(now: dt.datetime) -> None:
    owing.note_owed(now=now)
    delivery.send_due(now=now)


def test_one_visit_keeps_its_uid_through_two_moves_and_a_cancellation_and_the_sequence_rises(
    smtp_sink,
):
    visit = make.confirmed(starts_at=AT)
    send(make.NOW)
    for number, to in enumerate((FREE, AT), 1):  # away, and back to where it was
        now = make.NOW + number * HOUR
        visit = bookings.actions.move(
            consultation=visit, dermatologist=visit.dermatologist, starts_at=to, now=now
        )
        send(now)
    bookings.actions.cancel(consultation=visit, now=make.NOW + 3 * HOUR, by_patient=True)
    send(make.NOW + 3 * HOUR)
    calendars = arrived(smtp_sink)
    assert [(mime, own) for mime, own, _event in calendars] == [
        ("PUBLISH", "PUBLISH"),
        ("PUBLISH", "PUBLISH"),
        ("PUBLISH", "PUBLISH"),
        ("CANCEL", "CANCEL"),  # RFC 6047, 2.4: the part's method is the file's
    ]
    events = [event for _mime, _own, event in calendars]
    assert {event["UID"] for event in events} == {calendar.uid_of(visit)}
    assert [event["SEQUENCE"] for event in events] == [0, 1, 2, 3]
    assert [event.decoded("DTSTART") for event in events] == [AT, FREE, AT, AT]
    assert [event["STATUS"] for event in events] == [*["CONFIRMED"] * 3, "CANCELLED"]


# --- A move that is refused ----------------------------------------------------------------------------


def by_action(visit: Consultation) -> Callable[[], None]:
    def move() -> None:
        with pytest.raises(TimeTaken):
            bookings.actions.move(
                consultation=visit,
                dermatologist=visit.dermatologist,
                starts_at=TAKEN,
                now=make.NOW,
            )

    return move


def by_page(visit: Consultation) -> Callable[[], None]:
    person = Person().opens_own_page(visit).open("/my/move/")

    def move() -> None:
        person.press("Move it to this time", time=f"huda|{TAKEN:%Y-%m-%dT%H:%M:%SZ}")
        assert person.status == 409

    return move


def by_api(visit: Consultation) -> Callable[[], None]:
    def move() -> None:
        answer = Api(token=token_of(visit)).post(
            "consultation/move/", dermatologist="huda", starts_at=TAKEN.isoformat()
        )
        assert (answer.status_code, code_of(answer)) == (409, "slot_taken")

    return move


def by_desk(visit: Consultation) -> Callable[[], None]:
    def move() -> None:
        answer = desk.reception().post(
            desk.button(visit, "move"),
            {"time": f"{visit.dermatologist_id}|{TAKEN.isoformat()}", "reason": "ill"},
        )
        assert (answer.status_code, b"errorlist" in answer.content) == (200, True)

    return move


def everything(visit: Consultation) -> dict[str, Any]:
    """The rows of the visit and of its e-mails, what it is still owed, and every calendar's bytes."""
    dermatologist = make.dermatologist("huda")
    row = Consultation.objects.get(pk=visit.pk)
    coming = [make.NOW + days * DAY for days in range(8)]
    return {
        "visit": Consultation.objects.filter(pk=visit.pk).values().get(),
        "mails": list(Message.objects.filter(consultation=visit).order_by("pk").values()),
        "owed": [
            (now, message.kind, message.about, message.addressee)
            for now in coming
            for message in owing.owed(now=now)
            if message.consultation_id == visit.pk
        ],
        "file": calendar.calendar_file(row, now=make.NOW),
        "feed": calendar.feed(dermatologist, now=make.NOW),
    }


def with_sent_and_owed_mails() -> Consultation:
    """A visit whose confirmation was sent, and whose first reminder is a row that waits."""
    visit = make.confirmed(starts_at=AT)
    send(make.NOW)
    owing.note_owed(now=AT - 3 * DAY)
    states = dict(visit.messages.values_list("kind", "state"))
    assert states[Kind.CONFIRMED] == MessageState.SENT
    assert states[Kind.REMINDER_3_DAYS] == MessageState.OWED
    return visit


@pytest.mark.parametrize("way", [by_action, by_page, by_api, by_desk])
def test_a_move_to_a_taken_time_leaves_the_visit_its_mails_and_its_calendar_untouched(
    way, smtp_sink
):
    visit = with_sent_and_owed_mails()
    move = way(visit)
    taken = make.confirmed(starts_at=TAKEN)  # by somebody else, while the page stands open
    before, others, sent = everything(visit), everything(taken), len(smtp_sink.messages)
    move()
    assert everything(visit) == before
    assert everything(taken) == others
    assert len(smtp_sink.messages) == sent
    assert before["mails"] and before["owed"] and b"SEQUENCE:0" in before["file"]


def test_what_is_compared_would_show_a_move_that_was_made(smtp_sink):
    """The twin: the same look at the same rows, after a move to a time that is free."""
    visit = with_sent_and_owed_mails()
    before = everything(visit)
    bookings.actions.move(
        consultation=visit, dermatologist=visit.dermatologist, starts_at=FREE, now=make.NOW
    )
    after = everything(visit)
    assert {name for name in before if before[name] != after[name]} >= {
        "visit",
        "owed",
        "file",
        "feed",
    }
