"""A mail server that puts everything off ("not now", 4xx) does not look healthy, and staff are told."""

import datetime as dt

import pytest

from bookings import delivery, health
from bookings.models import Consultation, Message, Relay
from tests import desk, make
from tests.bookings.mails import HOUR, NEXT_WEEK
from tests.bookings.owing import are_sent, note
from tests.bookings.test_change_address_again import many_were_sent
from tests.clinic.test_health import asked, banners, figures, set_clock

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
SECOND, MINUTE, DAY = dt.timedelta(seconds=1), dt.timedelta(minutes=1), dt.timedelta(days=1)


def tick(monkeypatch, moment) -> int:
    """What every two seconds does; the clock stays there."""
    set_clock(monkeypatch, moment)
    note(moment)
    return delivery.send_due(now=moment)


def confirmed(count: int) -> None:
    for number in range(count):
        make.confirmed(starts_at=NEXT_WEEK + number * HOUR / 3)


# --- /healthz/messages -----------------------------------------------------------------------------


def test_one_that_is_put_off_again_and_again_is_as_old_as_it_is_due(smtp_sink, monkeypatch):
    confirmed(1)
    smtp_sink.refuse_next = 100
    for minutes in range(5):
        tick(monkeypatch, make.NOW + minutes * MINUTE)
    tick(monkeypatch, make.NOW + 5 * MINUTE)
    assert asked()[0] == 200
    tick(monkeypatch, make.NOW + 5 * MINUTE + SECOND)
    assert Message.objects.get().next_try_at > make.NOW + 5 * MINUTE + SECOND  # it waits
    assert (asked()[0], asked()[1]["oldest_due_seconds"]) == (503, 301)
    assert figures()["clinic_messages_oldest_due_seconds"] == 301
    smtp_sink.refuse_next = 0
    assert tick(monkeypatch, make.NOW + 20 * MINUTE) == 1
    assert (asked()[0], asked()[1]["oldest_due_seconds"]) == (200, 0)


def reminder_put_off(smtp_sink, monkeypatch) -> dt.datetime:
    """A reminder of the evening (Dubai), put off once at 20:58 by the patient's clock; gives 20:58."""
    visit = make.confirmed(starts_at=NEXT_WEEK)
    evening = NEXT_WEEK - 3 * DAY + 12 * HOUR - 2 * MINUTE
    note(make.NOW)
    are_sent(Message.objects.all(), now=make.NOW)
    Consultation.objects.filter(pk=visit.pk).update(zone="Asia/Dubai")
    note(evening)
    Message.objects.filter(kind="reminder_3_days").update(due_at=evening)
    smtp_sink.refuse_next = 1
    tick(monkeypatch, evening)
    tick(monkeypatch, evening + 3 * MINUTE)  # put back till the morning
    return evening


def test_in_the_patients_night_what_goes_by_day_is_not_late(smtp_sink, monkeypatch):
    evening = reminder_put_off(smtp_sink, monkeypatch)
    row = Message.objects.get(kind="reminder_3_days")
    assert (row.state, row.tries) == ("owed", 1)
    tick(monkeypatch, evening + 8 * HOUR)
    assert asked()[0] == 200
    smtp_sink.refuse_next = 100
    morning = evening + 11 * HOUR + 2 * MINUTE
    tick(monkeypatch, morning)
    tick(monkeypatch, morning + 5 * MINUTE)
    assert asked()[0] == 200
    tick(monkeypatch, morning + 5 * MINUTE + SECOND)
    assert (asked()[0], asked()[1]["oldest_due_seconds"]) == (503, 301)


def test_what_staff_send_again_is_not_late_at_once(monkeypatch):
    confirmed(1)
    note(make.NOW)
    Message.objects.update(trouble=delivery.NOT_NOW, next_try_at=make.NOW + HOUR)  # tries: 0
    Relay.objects.update(ticked_at=make.NOW + HOUR)
    set_clock(monkeypatch, make.NOW + HOUR)
    assert asked()[0] == 200


def test_those_that_were_tried_are_found_by_index():
    confirmed(1)
    note(make.NOW)
    many_were_sent()
    tried = Message.objects.filter(state="owed", tries__gt=0).exclude(trouble="")
    assert "message_to_send" in tried.order_by().explain()


# --- The banner ------------------------------------------------------------------------------------


def put_off(smtp_sink, monkeypatch, count: int) -> list[str]:
    """The banners when so many e-mails have been put off for five minutes."""
    confirmed(count)
    smtp_sink.refuse_next = 10_000
    for minutes in range(6):
        tick(monkeypatch, make.NOW + minutes * MINUTE)
    return banners(desk.reception())


def test_ten_put_off_for_five_minutes_are_told_and_the_server_is_not_left_alone(
    smtp_sink, monkeypatch
):
    [words] = put_off(smtp_sink, monkeypatch, 10)
    assert words.startswith("! The mail server puts us off since Sunday 22 November 2026, 10:00")
    assert Relay.objects.get().opened_at is None
    smtp_sink.refuse_next = 0
    assert tick(monkeypatch, make.NOW + 30 * MINUTE) == 10
    assert banners(desk.reception()) == []
    assert Relay.objects.get().put_off_since is None


def test_nine_tried_many_times_are_not(smtp_sink, monkeypatch):
    assert put_off(smtp_sink, monkeypatch, 9) == []


def test_nor_ten_in_less_than_five_minutes(smtp_sink, monkeypatch):
    put_off(smtp_sink, monkeypatch, 10)
    set_clock(monkeypatch, make.NOW + 5 * MINUTE - SECOND)
    assert banners(desk.reception()) == []


def test_nor_where_one_was_taken_between(smtp_sink, monkeypatch):
    put_off(smtp_sink, monkeypatch, 10)
    smtp_sink.refuse_next = 0
    make.confirmed(starts_at=NEXT_WEEK + 5 * HOUR)
    set_clock(monkeypatch, make.NOW + 5 * MINUTE + SECOND)
    assert tick(monkeypatch, make.NOW + 5 * MINUTE + SECOND) >= 1
    assert banners(desk.reception()) == []
    assert not health.puts_us_off(Relay.objects.get(), now=make.NOW + HOUR)
