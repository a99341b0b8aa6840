"""The lead's room for seasons: no two at a time, and no visit loses its hours through one."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup

from bookings.models import Consultation, Season, WeeklyHours
from clinic import clock
from tests import desk, make
from tests.bookings.hours import DAY, form_of, said, season

pytestmark = pytest.mark.django_db
NEW = {
    "name_en": "Ramadan 2027",
    "name_ar": "رمضان 2027",
    "first_day": "2027-02-08",
    "last_day": "2027-03-09",
}


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def add(**fields):
    make.clinic()
    return desk.lead().post(desk.url("bookings_season_add"), NEW | fields)


def page_of(row: Season) -> str:
    return desk.url("bookings_season_change", row.pk)


def in_a_season_of_its_own():
    """A visit on Monday whose hours are those of a season from Monday to Sunday."""
    ramadan, row = season(), make.dermatologist()
    make.clinic()
    WeeklyHours.objects.create(
        dermatologist=row, season=ramadan, weekday=0, starts=dt.time(20), ends=dt.time(1)
    )
    at_midnight = make.TOMORROW_AT_9 + dt.timedelta(hours=15)  # Tuesday, 00:00 in Dubai
    return ramadan, make.confirmed(starts_at=at_midnight)


def test_a_season_has_names_and_a_first_and_last_day():
    assert add().status_code == 302
    assert Season.objects.get().last_day == dt.date(2027, 3, 9)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"last_day": "2027-02-07"}, "The last day must not be before the first day."),
        ({"first_day": "0001-01-01"}, "Enter a year from 2000 to 2100."),
        ({"last_day": "9999-12-31"}, "Enter a year from 2000 to 2100."),
        ({"first_day": ""}, "This field is required."),
    ],
)
def test_what_is_no_season_is_refused_in_words(fields, words):
    assert words in said(add(**fields))
    assert not Season.objects.exists()


@pytest.mark.parametrize(
    ("first", "last"), [("2027-03-09", "2027-03-20"), ("2027-01-01", "2027-12-31")]
)
def test_a_season_beside_another_one_is_refused_with_its_name(first, last):
    add()
    page = said(add(first_day=first, last_day=last))
    assert "These days are part of another season" in page
    assert "Ramadan 2027" in page
    assert "Constraint" not in page
    assert add(first_day="2027-03-10", last_day="2027-03-20").status_code == 302


def test_its_page_shows_who_has_hours_in_it_and_that_others_keep_theirs():
    ramadan, _visit = in_a_season_of_its_own()
    page = BeautifulSoup(desk.lead().get(page_of(ramadan)).content, "html.parser")
    listed = page.select_one(".hours-of-a-season").get_text(" ", strip=True)
    assert listed.startswith("Dr Huda Monday")
    assert "20:00" in listed
    assert "01:00" in listed
    other = season(dt.date(2027, 2, 8), dt.date(2027, 3, 9))
    assert "Nobody yet" in said(desk.lead().get(page_of(other)))


def test_new_days_that_leave_a_visit_outside_are_refused_with_its_reference():
    ramadan, visit = in_a_season_of_its_own()
    client = desk.lead()
    given = form_of(page_of(ramadan), client)
    refused = client.post(page_of(ramadan), given | {"first_day": "2026-11-24"})
    assert visit.grouped_reference in said(refused)
    ramadan.refresh_from_db()
    assert ramadan.first_day == dt.date(2026, 11, 23)
    # The last day counts: the hours that begin on it go on past midnight.
    assert client.post(page_of(ramadan), given | {"last_day": "2026-11-23"}).status_code == 302


def test_a_season_of_the_past_that_is_put_over_a_visit_is_refused():
    visit = make.confirmed()
    past = season(dt.date(2026, 2, 18), dt.date(2026, 3, 19))
    WeeklyHours.objects.create(
        dermatologist=visit.dermatologist,
        season=past,
        weekday=0,
        starts=dt.time(20),
        ends=dt.time(22),
    )
    days = {"first_day": "2026-11-20", "last_day": "2026-11-30"}
    client = desk.lead()
    response = client.post(page_of(past), form_of(page_of(past), client) | days)
    assert visit.grouped_reference in said(response)


def test_a_season_whose_hours_a_visit_needs_is_not_deleted():
    ramadan, visit = in_a_season_of_its_own()
    address = desk.url("bookings_season_delete", ramadan.pk)
    response = desk.lead().post(address, {"post": "yes"}, follow=True)
    assert visit.grouped_reference in said(response)
    assert ramadan.weekly_hours.exists()
    past = make.NOW - DAY
    Consultation.objects.update(starts_at=past, ends_at=past + dt.timedelta(minutes=20))
    desk.lead().post(address, {"post": "yes"})
    assert not Season.objects.exists()
    assert not WeeklyHours.objects.exclude(season=None).exists()


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_as_many_queries_for_three_rows_as_for_one(
    how_many, django_assert_num_queries
):
    make.clinic()
    for year in range(2027, 2027 + how_many):
        season(dt.date(year, 2, 1), dt.date(year, 3, 1))
    client = desk.lead()
    # session, user, clinic (2), permissions (2), counts (2), rows
    with django_assert_num_queries(9):
        client.get(desk.url("bookings_season_changelist"))


def test_reception_looks_at_a_season_and_changes_nothing():
    ramadan, _visit = in_a_season_of_its_own()
    client = desk.reception()
    assert "20:00" in said(client.get(page_of(ramadan)))
    assert client.post(page_of(ramadan), NEW).status_code == 403
    for name, args in (("add", ()), ("delete", (ramadan.pk,))):
        address = desk.url(f"bookings_season_{name}", *args)
        assert client.post(address, NEW | {"post": "yes"}).status_code == 403
    assert desk.dermatologist().get(page_of(ramadan)).status_code == 403
    assert Season.objects.get().name_en == "Ramadan"
