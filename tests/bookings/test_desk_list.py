"""The day's list: what it shows, how it is filtered and searched, and what it costs."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup

import bookings.actions
from bookings.admin.finding import folded
from bookings.models import Kind, Message, MessageState
from clinic import clock
from tests import desk, make

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
# Tomorrow at 9 in Dubai is the first visit; the list is looked at in the evening before.


@pytest.fixture(autouse=True)
def _evening_before(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def rows(client, query="") -> list[str]:
    """The text of each row."""
    response = client.get(desk.url(desk.LIST) + query)
    assert response.status_code == 200
    soup = BeautifulSoup(response.content, "html.parser")
    return [row.get_text(" ", strip=True) for row in soup.select("#result_list tbody tr")]


def test_a_row_says_time_patient_phone_risks_and_status_in_words():
    visit = make.confirmed(patient_name="Sara Haddad", mobile="+971500000116")
    [row] = rows(desk.reception())
    for words in ("09:00", "Monday 23 November", "Sara Haddad", "+971 50 000 0116", "4 of 4"):
        assert words in row
    assert "confirmed" in row
    assert visit.grouped_reference in row


def test_the_phone_is_a_link_that_calls():
    make.held(mobile="+971500000116")
    soup = BeautifulSoup(desk.reception().get(desk.url(desk.LIST)).content, "html.parser")
    assert soup.select_one('a[href="tel:+971500000116"]').get_text() == "+971 50 000 0116"


def test_the_list_begins_today_by_the_clinics_clock(monkeypatch):
    make.held()
    # 20:30 UTC on the 22nd is already the 23rd in Dubai.
    monkeypatch.setattr(clock, "now", lambda: make.NOW.replace(hour=20, minute=30))
    assert len(rows(desk.reception(), "?day=today")) == 1
    monkeypatch.setattr(clock, "now", lambda: make.TOMORROW_AT_9 + DAY)
    assert rows(desk.reception()) == []
    assert len(rows(desk.reception(), "?day=past")) == 1


def test_the_list_is_in_order_of_time():
    make.held(starts_at=make.TOMORROW_AT_9 + 60 * MINUTE)
    make.held(starts_at=make.TOMORROW_AT_9)
    first, second = rows(desk.reception())
    assert "09:00" in first
    assert "10:00" in second


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?day=today", 0),
        ("?day=tomorrow", 2),
        ("?day=week", 2),
        ("?day=none", 1),
        ("?day=all", 3),
        ("?risks=missing", 1),
        ("?risks=all", 1),
        ("?risks=talk", 0),
        ("?status__exact=waiting", 1),
        ("?day=nonsense", 2),
        ("?dermatologist__id__exact=abc", 2),  # the admin drops what it cannot read
    ],
)
def test_filters(query, found):
    make.confirmed()
    make.held(starts_at=make.TOMORROW_AT_9 + 60 * MINUTE)
    make.waiting()
    client = desk.reception()
    response = client.get(desk.url(desk.LIST) + query, follow=True)
    soup = BeautifulSoup(response.content, "html.parser")
    assert len(soup.select("#result_list tbody tr")) == found


def test_who_wants_to_talk_is_marked_and_found():
    visit = make.proven()
    make.acknowledge_all(visit, wants_to_talk=True, question="Does it hurt?")
    [row] = rows(desk.reception(), "?risks=talk")
    assert "wants to talk" in row
    assert "Does it hurt?" not in row


@pytest.mark.parametrize(
    "typed",
    [
        "fatima",
        "FÁTIMA kaabi",
        "0116",
        "050 000 0116",
        "00971500000116",
        "+971 50 000 0116",
        "٠١١٦",
    ],
)
def test_search_finds_a_name_or_the_phone(typed):
    make.held(patient_name="Fátima Al Kaabi", mobile="+971500000116")
    make.held(patient_name="Tom Becker", starts_at=make.TOMORROW_AT_9 + 60 * MINUTE)
    [row] = rows(desk.reception(), f"?q={typed.replace('+', '%2B')}")
    assert "Fátima" in row


@pytest.mark.parametrize("typed", ["احمد", "أحمد", "أَحْمَد", "احمد المرزوقى"])
def test_search_finds_an_arabic_name_without_its_marks(typed):
    make.held(patient_name="أحمد سعيد المرزوقي")
    assert len(rows(desk.reception(), f"?q={typed}")) == 1


def test_search_finds_a_guardian_and_a_past_day(monkeypatch):
    make.held(
        patient_name="Noura", guardian_name="Huda Al Suwaidi", birth_date=dt.date(2012, 2, 11)
    )
    monkeypatch.setattr(clock, "now", lambda: make.NOW + 30 * DAY)
    assert len(rows(desk.reception(), "?q=huda")) == 1


def test_search_finds_a_reference_with_and_without_its_dash_in_any_case():
    visit = make.held()
    make.held(starts_at=make.TOMORROW_AT_9 + 60 * MINUTE)
    for typed in (visit.reference, visit.grouped_reference.lower(), visit.reference[:5]):
        assert len(rows(desk.reception(), f"?q={typed}")) == 1


@pytest.mark.parametrize("typed", ["%00", "'", "((", "ـ", "%F0%9F%98%80", "x" * 2000])
def test_a_strange_search_is_answered(typed):
    make.held()
    assert desk.reception().get(desk.url(desk.LIST) + f"?q={typed}").status_code == 200


def test_names_are_compared_without_marks():
    assert folded("Lefèvre") == folded("lefevre")
    assert folded("آمنة") == folded("امنه")


def test_the_newest_mail_about_the_visit_is_shown():
    visit = make.confirmed()
    for kind, state in ((Kind.CONFIRMED, MessageState.GAVE_UP), (Kind.CODE, MessageState.OWED)):
        Message.objects.create(
            consultation=visit,
            kind=kind,
            about=f"{visit.reference} {kind}",
            addressee=visit.email,
            language="en",
            state=state,
            due_at=make.NOW,
            useful_until=make.NOW + DAY,
            next_try_at=make.NOW,
        )
    [row] = rows(desk.reception(), "?mail=failed")
    assert "confirmed: could not be sent" in row


def test_chips_count_what_they_show():
    make.confirmed()
    make.waiting()
    soup = BeautifulSoup(desk.reception().get(desk.url(desk.LIST)).content, "html.parser")
    for chip in soup.select(".chips a"):
        count = int(chip.select_one(".count").get_text())
        query = chip["href"].partition("?")[2]
        assert len(rows(desk.reception(), f"?{query}")) == count


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_as_many_queries_for_three_rows_as_for_one(
    how_many, django_assert_num_queries
):
    for number in range(how_many):
        make.confirmed(starts_at=make.TOMORROW_AT_9 + 20 * number * MINUTE)
    client = desk.reception()
    # session, user, clinic, permissions (2), chips (2), filters (2), count, rows, sessions, clinic
    with django_assert_num_queries(13):
        client.get(desk.url(desk.LIST))


def test_arrived_takes_one_click_in_the_list_and_one_to_undo(monkeypatch):
    visit = make.confirmed()
    monkeypatch.setattr(clock, "now", lambda: make.TOMORROW_AT_9 - 5 * MINUTE)
    client = desk.reception()
    soup = BeautifulSoup(client.get(desk.url(desk.LIST) + "?day=today").content, "html.parser")
    button = soup.select_one("button.at-once")
    response = client.post(button["formaction"])
    assert response.headers["Location"] == desk.url(desk.LIST) + "?day=today"
    visit.refresh_from_db()
    assert visit.status == "arrived"
    soup = BeautifulSoup(client.get(response.headers["Location"]).content, "html.parser")
    undo = [b for b in soup.select("button.at-once") if b.get_text() == "Undo: arrived"]
    client.post(undo[0]["formaction"])
    visit.refresh_from_db()
    assert visit.status == "confirmed"


def test_a_cancelled_visit_stays_in_the_list():
    visit = make.confirmed()
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)
    [row] = rows(desk.reception())
    assert "cancelled" in row
