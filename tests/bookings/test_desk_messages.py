"""The room of e-mails that need somebody: what it lists, whom it lets in, and its buttons."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry

import bookings.actions
from bookings.models import Message, MessageState
from clinic import clock
from tests import desk, make
from tests.bookings.mails import HOUR, NEXT_WEEK
from tests.bookings.owing import note
from tests.bookings.undelivered import sent, to_staff, undelivered

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
ROOM = "bookings_message_changelist"


@pytest.fixture(autouse=True)
def _an_hour_later(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW + HOUR)


def page_of(client, query="") -> BeautifulSoup:
    response = client.get(desk.url(ROOM) + query, follow=True)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def rows(client, query="") -> list[str]:
    """The text of each row."""
    found = page_of(client, query).select("#result_list tbody tr")
    return [" ".join(row.get_text(" ", strip=True).split()) for row in found]


def press(client, message, name, query=""):
    return client.post(desk.url(f"bookings_message_{name}", message.pk) + query, follow=True)


def said(response) -> str:
    soup = BeautifulSoup(response.content, "html.parser")
    return " ".join(soup.select_one(".messagelist").get_text(" ", strip=True).split())


# --- What it lists -------------------------------------------------------------------------------


def test_a_row_says_who_how_to_reach_them_what_is_wrong_and_what_to_do():
    message = undelivered("bad_address", patient_name="Sara Haddad", mobile="+971500000116")
    soup = page_of(desk.reception())
    [row] = soup.select("#result_list tbody tr")
    text = " ".join(row.get_text(" ", strip=True).split())
    for words in (
        *("confirmed", "Sara Haddad", message.consultation.grouped_reference, "+971 50 000 0116"),
        *("no such mailbox", "There is no mailbox with this address.", "550 5.1.1"),
        *("due: 22 November 2026 , 10:00", "Phone the patient and ask for the right address."),
    ):
        assert words in text, words
    assert row.select_one('a[href="tel:+971500000116"]')
    assert row.select_one(f'a[href="{desk.page(message.consultation)}"]')


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("bounced", ["came back", "It was taken, and came back later.", "an address that works"]),
        ("unknown", ["nobody knows", "may have arrived", "ask if it came", "perhaps twice"]),
        ("gave_up", ["could not be sent", "could not be put together", "mend its words"]),
    ],
)
def test_each_trouble_has_its_sentence_and_what_to_do(state, words):
    undelivered(state)
    [row] = rows(desk.reception())
    for one in words:
        assert one in row


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("552 5.2.2", "The mailbox is full."),
        ("554 5.7.1", "The mail server's rules do not let it in."),
        ("451 4.4.1", "Something is broken at the mail server or on the way to it."),
        ("535", "The mail server does not accept our user name and password."),
        ("554", "refused it. ( 554 )"),
        ("550 5.1.8", "refused it. ( 550 5.1.8 )"),
        ("000", "refused it. ( 000 )"),
    ],
)
def test_the_mail_servers_codes_are_put_into_words(answer, words):
    undelivered("gave_up", trouble="The mail server refused it.", answer=answer)
    [row] = rows(desk.reception())
    assert words in row
    assert answer in row


def test_what_is_sent_or_waits_or_was_taken_care_of_is_not_there():
    sent(undelivered("gave_up").consultation, trouble="")
    make.confirmed(starts_at=NEXT_WEEK + HOUR)
    note(make.NOW)
    undelivered("unknown", starts_at=NEXT_WEEK + 2 * HOUR, phoned_at=make.NOW)
    assert rows(desk.reception()) == []
    assert "0 e-mails" in page_of(desk.reception()).select_one(".paginator").get_text()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?need=bad_address", 1),
        ("?need=bounced", 1),
        ("?need=unknown", 1),
        ("?need=gave_up", 1),
        ("?need=waiting", 1),
        ("?need=done", 1),
        ("?need=all", 6),
        ("?need=nonsense", 4),
        ("?state__exact=unknown", 2),
        ("?state__exact=owed", 1),
        ("?kind__exact=confirmed", 4),
        ("?kind__exact=code", 0),
    ],
)
def test_filters(query, found):
    one_of_each()
    assert len(rows(desk.reception(), query)) == found


def one_of_each() -> None:
    for number, state in enumerate(("bad_address", "bounced", "unknown", "gave_up")):
        undelivered(state, starts_at=NEXT_WEEK + number * HOUR)
    undelivered("unknown", starts_at=NEXT_WEEK + 4 * HOUR, phoned_at=make.NOW)
    make.confirmed(starts_at=NEXT_WEEK + 5 * HOUR)
    note(make.NOW)


def test_chips_count_what_they_show_and_stay_in_the_address():
    one_of_each()
    to_staff()
    client = desk.reception()
    chips = page_of(client).select(".chips a")
    assert len(chips) == 6
    for chip in chips:
        query = chip["href"].partition("?")[2]
        shown = page_of(client, f"?{query}")
        assert len(shown.select("#result_list tbody tr")) == int(chip.select_one(".count").text)
        [here] = shown.select(".chips a[aria-current]")
        assert here["href"] == chip["href"]


def test_search_finds_an_e_mail_in_any_state():
    message = undelivered("gave_up", patient_name="Sara Haddad", email="sara@example.com")
    sent(message.consultation, trouble="")
    undelivered("gave_up", starts_at=NEXT_WEEK + HOUR)
    visit = message.consultation
    for typed in (visit.reference, visit.grouped_reference.lower(), "SARA@example.com", "haddad"):
        [row] = rows(desk.reception(), f"?q={typed}")
        assert "Sara Haddad" in row
        assert "sent" in row


@pytest.mark.parametrize("typed", ["%00", "'", "@", "((", "x" * 2000])
def test_a_strange_search_is_answered(typed):
    undelivered()
    assert rows(desk.reception(), f"?q={typed}") in ([], rows(desk.reception()))


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_as_many_queries_for_three_rows_as_for_one(
    how_many, django_assert_num_queries
):
    for number in range(how_many):
        undelivered("bad_address", starts_at=NEXT_WEEK + number * HOUR)
    client = desk.reception()
    # session, user, clinic, permissions (2), chips (2), not written, count, rows, mail server
    with django_assert_num_queries(11):
        client.get(desk.url(ROOM))


def test_no_row_says_what_an_e_mail_to_staff_says():
    message = to_staff()
    [row] = rows(desk.reception())
    assert "lead@example.com" in row
    assert "Tell this person in another way." not in row  # its words could not be put together
    single = desk.reception().get(desk.url("bookings_message_change", message.pk))
    assert "canary" not in row + single.content.decode()


# --- Who is let in -------------------------------------------------------------------------------


def test_a_dermatologist_reads_those_to_their_own_patients_and_presses_nothing():
    mine = undelivered(patient_name="Sara Haddad", dermatologist=make.dermatologist("huda"))
    undelivered(starts_at=NEXT_WEEK + HOUR, dermatologist=make.dermatologist("arjun"))
    to_staff()
    client = desk.dermatologist("huda")
    [row] = rows(client)
    assert "Sara Haddad" in row
    assert not page_of(client).select("button.at-once")
    for name in ("retry", "phoned", "not-phoned"):
        assert press(client, mine, name).status_code == 403
    assert client.post(desk.url("bookings_message_send-unwritten")).status_code == 403
    assert not page_of(client).select(".unwritten")


def test_the_lead_takes_care_of_e_mails_to_staff_and_sees_no_patients():
    of_a_patient, ours = undelivered(patient_name="Sara Haddad"), to_staff("bad_address")
    client = desk.lead()
    assert not page_of(client).select(".unwritten")
    assert client.post(desk.url("bookings_message_send-unwritten")).status_code == 403
    [row] = rows(client)
    assert "lead@example.com" in row
    assert "Taken care of" in row
    press(client, ours, "phoned")
    press(client, of_a_patient, "phoned")
    assert list(Message.objects.exclude(phoned_at=None)) == [ours]
    assert rows(client, "?need=all&q=haddad") == []


# --- Buttons -------------------------------------------------------------------------------------


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


# --- The front page ------------------------------------------------------------------------------


def test_the_front_page_counts_them_in_red_and_calmly_when_there_are_none():
    client = desk.reception()
    [calm] = card(client)
    assert (calm.select_one("strong").get_text(), calm.get("class")) == ("0", None)
    undelivered("unknown")
    to_staff()
    [red] = card(client)
    assert (red.select_one("strong").get_text(), red["class"]) == ("2", ["alarm"])
    [own] = card(desk.dermatologist("arjun"))
    assert own.select_one("strong").get_text() == "0"
    front = BeautifulSoup(client.get("/admin/").content, "html.parser")
    assert not [one for one in front.select(".desk-cards a") if "mail=failed" in one["href"]]


def card(client) -> list:
    soup = BeautifulSoup(client.get("/admin/").content, "html.parser")
    return [one for one in soup.select(".desk-cards li") if "Messages that need you" in one.text]
