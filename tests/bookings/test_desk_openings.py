"""Extra openings, and how a stretch of time is typed: whole days, a part of one, odd clocks."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup

import bookings.actions
from bookings.models import Opening
from clinic import clock
from tests import desk, make
from tests.bookings.hours import DAY, add, form_of, said, typed_in

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
EVENING = make.TOMORROW_AT_9 + 10 * HOUR  # Monday, 19:00 in Dubai: after the usual hours


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def utc(words: str) -> dt.datetime:
    return dt.datetime.fromisoformat(words).replace(tzinfo=dt.UTC)


def stored() -> tuple[dt.datetime, dt.datetime]:
    row = Opening.objects.get()
    return row.starts_at, row.ends_at


@pytest.mark.parametrize(
    ("fields", "starts", "ends"),
    [
        ({}, "2026-11-22T20:00", "2026-11-23T20:00"),
        ({"to_day": "2026-11-25"}, "2026-11-22T20:00", "2026-11-25T20:00"),
        ({"from_time": "18:00", "to_time": "21:30"}, "2026-11-23T14:00", "2026-11-23T17:30"),
        ({"from_time": "18:00"}, "2026-11-23T14:00", "2026-11-23T20:00"),
        ({"to_time": "09:00"}, "2026-11-22T20:00", "2026-11-23T05:00"),
        (
            {"from_time": "22:00", "to_day": "2026-11-24", "to_time": "01:00"},
            "2026-11-23T18:00",
            "2026-11-23T21:00",
        ),
    ],
)
def test_whole_days_and_parts_of_a_day_are_typed_in_the_clinics_clock(fields, starts, ends):
    make.clinic()
    assert add("opening", **fields).status_code == 302
    assert stored() == (utc(starts), utc(ends))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"to_day": "2026-11-25"},
        {"from_time": "18:00", "to_time": "21:30"},
        {"from_time": "22:00", "to_day": "2026-11-24", "to_time": "01:00"},
    ],
)
def test_what_is_stored_is_shown_as_it_was_typed(fields):
    make.clinic()
    add("opening", **fields)
    before = stored()
    client = desk.lead()
    address = desk.url("bookings_opening_change", Opening.objects.get().pk)
    given = form_of(address, client)
    assert {name: given[name] for name in fields} == fields
    assert client.post(address, given).status_code == 302
    assert stored() == before


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"to_day": "2026-11-22"}, "The end must be after the start."),
        ({"from_time": "10:00", "to_time": "10:00"}, "The end must be after the start."),
        ({"from_time": "10:00", "to_time": "09:59"}, "The end must be after the start."),
        ({"from_day": "1999-12-31"}, "Enter a year from 2000 to 2100."),
        ({"to_day": "9999-12-31"}, "Enter a year from 2000 to 2100."),
        ({"from_time": "25:00"}, "Enter a valid time."),
        ({"from_day": ""}, "This field is required."),
    ],
)
def test_what_is_no_stretch_of_time_is_refused_in_words(fields, words):
    make.clinic()
    assert words in said(add("opening", **fields))
    assert not Opening.objects.exists()


def test_a_time_that_the_clock_leaves_out_is_refused_in_words():
    make.clinic(zone="Europe/Berlin")
    for fields in ({"from_time": "02:30"}, {"from_time": "01:00", "to_time": "02:30"}):
        page = said(add("opening", day="2027-03-28", **fields))
        assert "never shows this time" in page
    assert not Opening.objects.exists()
    add("opening", day="2027-03-28", from_time="01:00", to_time="03:00")
    assert stored() == (utc("2027-03-28T00:00"), utc("2027-03-28T01:00"))


def test_a_time_that_the_clock_shows_twice_is_asked_about():
    make.clinic(zone="Europe/Berlin")
    typed = {"day": "2027-10-31", "from_time": "02:30", "to_time": "04:00"}
    response = add("opening", **typed)
    assert "The clock shows this time twice on this day. Choose which one." in said(response)
    soup = BeautifulSoup(response.content, "html.parser")
    first, second = [one["value"] for one in soup.select("input[name=from_which]")]
    labels = [one.get_text(" ", strip=True) for one in soup.select("#id_from_which label")]
    assert "+2" in labels[0]
    assert "+1" in labels[1]
    assert soup.select("input[name=to_which][type=radio]") == []
    add("opening", **typed, from_which=second)
    assert stored()[0] == utc("2027-10-31T01:30") == dt.datetime.fromisoformat(second)
    assert dt.datetime.fromisoformat(first) == utc("2027-10-31T00:30")
    # Its page has it chosen; with another time nothing is asked any more.
    client = desk.lead()
    address = desk.url("bookings_opening_change", Opening.objects.get().pk)
    given = typed_in(client.get(address))
    assert given["from_which"] == [second]
    client.post(address, given | {"from_time": "01:30"})
    assert stored()[0] == utc("2027-10-30T23:30")


def test_a_forged_answer_to_which_one_is_refused():
    make.clinic(zone="Europe/Berlin")
    response = add(
        "opening", day="2027-10-31", from_time="02:30", from_which="2020-01-01T00:00:00+00:00"
    )
    assert response.status_code == 200
    assert not Opening.objects.exists()


def test_an_extra_opening_is_offered():
    row = make.dermatologist()
    make.clinic()
    add("opening", dermatologist=row.pk, from_time="19:00", to_time="20:00")
    free = bookings.actions.free_times(
        treatment=make.treatment(), now=make.NOW, not_before=EVENING, not_after=EVENING + HOUR
    )
    assert [time.starts_at for time in free] == [EVENING + n * HOUR / 3 for n in range(3)]


@pytest.fixture
def in_the_evening():
    """A visit in an extra opening of its dermatologist, from 18:00 to 20:00."""
    row = make.dermatologist()
    make.clinic()
    opening = row.openings.create(starts_at=EVENING - HOUR, ends_at=EVENING + HOUR, reason="")
    return opening, make.confirmed(starts_at=EVENING)


def test_an_opening_that_a_visit_lies_in_is_neither_shortened_nor_given_away(in_the_evening):
    opening, visit = in_the_evening
    client, address = desk.lead(), desk.url("bookings_opening_change", opening.pk)
    given = form_of(address, client)
    for fields in (
        {"to_time": "19:10"},
        {"from_time": "19:01"},
        {"dermatologist": make.dermatologist("arjun").pk},
        {"from_day": "2026-11-24", "to_day": "2026-11-24"},
    ):
        assert visit.grouped_reference in said(client.post(address, given | fields)), fields
    assert stored() == (EVENING - HOUR, EVENING + HOUR)
    assert client.post(address, given | {"dermatologist": ""}).status_code == 302
    assert client.post(address, given | {"from_time": "19:00"}).status_code == 302


def test_an_opening_that_a_visit_lies_in_is_not_deleted(in_the_evening):
    opening, visit = in_the_evening
    address = desk.url("bookings_opening_delete", opening.pk)
    response = desk.lead().post(address, {"post": "yes"}, follow=True)
    assert visit.grouped_reference in said(response)
    assert Opening.objects.exists()
    # Where the weekly hours hold the visit too, nothing is lost.
    visit.dermatologist.weekly_hours.filter(weekday=0).update(ends=dt.time(20))
    assert desk.lead().post(address, {"post": "yes"}).status_code == 302
    assert not Opening.objects.exists()


def test_several_openings_are_not_deleted_at_once(in_the_evening):
    opening, _visit = in_the_evening
    given = {"action": "delete_selected", "_selected_action": opening.pk, "post": "yes"}
    desk.lead().post(desk.url("bookings_opening_changelist"), given)
    assert Opening.objects.exists()


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_as_many_queries_for_three_rows_as_for_one(
    how_many, django_assert_num_queries
):
    make.clinic()
    for number in range(how_many):
        row = make.dermatologist(f"doctor-{number}")
        row.openings.create(starts_at=make.NOW, ends_at=make.NOW + DAY)
    client = desk.lead()
    # session, user, clinic (2), permissions (2), filter, counts (2), rows
    with django_assert_num_queries(10):
        client.get(desk.url("bookings_opening_changelist"))


def test_reception_looks_at_an_opening_and_changes_nothing(in_the_evening):
    opening, _visit = in_the_evening
    client = desk.reception()
    address = desk.url("bookings_opening_change", opening.pk)
    assert "18:00" in said(client.get(address))
    assert client.post(address, {}).status_code == 403
    assert add("opening", client).status_code == 403
    address = desk.url("bookings_opening_delete", opening.pk)
    assert client.post(address, {"post": "yes"}).status_code == 403
    assert desk.dermatologist().get(address).status_code == 403
