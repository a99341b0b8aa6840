"""The buttons of the room of e-mails that need somebody: one click each, refused in words, and kept."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry

import bookings.actions
from bookings.models import Message, MessageState
from clinic import clock
from tests import desk, make
from tests.bookings.mails import HOUR, NEXT_WEEK
from tests.bookings.test_desk_messages import ROOM, page_of, press, rows
from tests.bookings.undelivered import undelivered

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]


@pytest.fixture(autouse=True)
def _an_hour_later(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW + HOUR)


def said(response) -> str:
    soup = BeautifulSoup(response.content, "html.parser")
    return " ".join(soup.select_one(".messagelist").get_text(" ", strip=True).split())


def test_i_phoned_takes_one_click_and_one_to_undo_and_is_kept():
    message = undelivered("unknown")
    client = desk.reception()
    [button] = page_of(client, "?need=unknown").select("button.at-once")
    assert button.get_text() == "I phoned"
    answer = client.post(button["formaction"])
    assert answer.headers["Location"] == desk.url(ROOM) + "?need=unknown"
    assert rows(client) == []
    [row] = rows(client, "?need=done")
    assert "taken care of" in row
    [undo] = page_of(client, "?need=done").select("button.at-once")
    client.post(undo["formaction"])
    assert len(rows(client)) == 1
    kept = LogEntry.objects.order_by("pk").values_list("change_message", "user__username")
    assert [who for _what, who in kept] == ["reception"] * 2
    history = client.get(desk.url("bookings_message_history", message.pk)).content.decode()
    assert "Marked as taken care of." in history
    assert message.consultation.patient_name not in history


def test_send_again_takes_one_click():
    message = undelivered("bad_address")
    client = desk.reception()
    [again, _phoned] = page_of(client).select("button.at-once")
    assert again.get_text() == "Send again"
    assert "The e-mail is sent again." in said(client.post(again["formaction"], follow=True))
    assert Message.objects.get(pk=message.pk).state == MessageState.OWED


def test_send_again_is_not_offered_where_it_cannot_be_and_a_late_press_is_refused_in_words():
    twice = undelivered("unknown")
    client = desk.reception()
    [only] = page_of(client).select("button.at-once")
    assert only.get_text() == "I phoned"
    assert "handed over twice already. Please phone." in said(press(client, twice, "retry"))
    gone = undelivered("gave_up", starts_at=NEXT_WEEK + HOUR)
    bookings.actions.cancel(consultation=gone.consultation, now=make.NOW, by_patient=True)
    assert "not owed any more" in said(press(client, gone, "retry"))
    assert not LogEntry.objects.exists()


def test_a_button_is_no_link():
    message = undelivered()
    client = desk.reception()
    for name in ("retry", "phoned", "not-phoned"):
        assert client.get(desk.url(f"bookings_message_{name}", message.pk)).status_code == 405
    assert client.get(desk.url("bookings_message_send-unwritten")).status_code == 405


def test_all_that_could_not_be_put_together_are_sent_again_with_one_click():
    undelivered("gave_up")
    undelivered("gave_up", starts_at=NEXT_WEEK + HOUR)
    client = desk.reception()
    form = page_of(client).select_one("form.unwritten")
    assert "2 e-mails could not be put together." in " ".join(form.get_text(" ").split())
    assert "2 e-mails are tried again." in said(client.post(form["action"], follow=True))
    assert not page_of(client).select("form.unwritten")


def test_nothing_is_typed_or_deleted():
    message = undelivered()
    client = desk.reception()
    address = desk.url("bookings_message_change", message.pk)
    assert client.post(address, {"state": "sent", "phoned_at_0": "2026-11-22"}).status_code == 403
    assert client.post(desk.url("bookings_message_delete", message.pk)).status_code == 403
    assert client.get(desk.url("bookings_message_add")).status_code == 403
    shown = BeautifulSoup(client.get(address).content, "html.parser")
    assert shown.select("main input:not([type=hidden]), main select, main textarea") == []
