"""The room of e-mails that need somebody: what it lists, and whom it lets in."""

import pytest
from bs4 import BeautifulSoup

from bookings.models import Message
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
