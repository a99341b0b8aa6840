"""Hours and closures at the lead's desk: neither takes a time away from a visit."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup

from bookings.models import Closure
from clinic import clock
from tests import desk, make

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
AT = make.TOMORROW_AT_9


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def close(day="2026-11-23", **fields):
    given = {
        "starts_at_0": day,
        "starts_at_1": "09:00",
        "ends_at_0": day,
        "ends_at_1": "12:00",
        "reason": "Leave",
        "dermatologist": "",
    }
    return desk.lead().post(desk.url("bookings_closure_add"), given | fields)


def form_of(address, client) -> dict[str, str]:
    """What the browser would send of a page's form as it stands."""
    soup = BeautifulSoup(client.get(address).content, "html.parser")
    given = {}
    for field in soup.select("#content-main form [name]"):
        if field.name == "select":
            chosen = field.select("option[selected]")
            given[field["name"]] = chosen[0]["value"] if chosen else ""
        elif field.name == "textarea":
            given[field["name"]] = field.get_text().strip()
        elif field.get("type") == "checkbox":
            if field.has_attr("checked"):
                given.setdefault(field["name"], []).append(field.get("value", "on"))
        elif field.get("type") != "submit" and "__prefix__" not in field["name"]:
            given[field["name"]] = field.get("value", "")
    return given


def test_a_closure_is_typed_in_the_clinics_clock():
    make.held()
    close(day="2026-11-25")
    [closure] = Closure.objects.all()
    assert closure.starts_at == dt.datetime(2026, 11, 25, 5, 0, tzinfo=dt.UTC)


def test_a_closure_over_a_visit_is_refused_with_its_reference():
    visit = make.confirmed()
    for fields in ({}, {"dermatologist": visit.dermatologist.pk}):
        response = close(**fields)
        assert visit.grouped_reference in response.content.decode()
    assert not Closure.objects.exists()


def test_a_closure_of_somebody_else_or_beside_the_visit_is_fine():
    make.confirmed()
    other = make.dermatologist("arjun")
    close(dermatologist=other.pk)
    close(starts_at_1="09:20")
    assert Closure.objects.count() == 2


def test_a_closure_over_a_hold_that_ran_out_is_fine(monkeypatch):
    make.held()
    monkeypatch.setattr(clock, "now", lambda: make.NOW + dt.timedelta(minutes=30))
    close()
    assert Closure.objects.count() == 1


def test_a_closure_that_ends_before_it_begins_is_refused_in_words():
    make.clinic()
    assert "The end must be after the start." in close(ends_at_1="08:00").content.decode()


def test_hours_that_leave_a_visit_outside_are_refused_with_its_reference():
    visit = make.confirmed()
    address = desk.url("clinic_dermatologist_change", visit.dermatologist.pk)
    client = desk.lead()
    given = form_of(address, client)
    monday = next(
        name.rpartition("-")[0]
        for name, value in given.items()
        if name.endswith("-weekday") and value == "0"
    )
    response = client.post(address, given | {f"{monday}-starts": "10:00"})
    assert visit.grouped_reference in response.content.decode()
    response = client.post(address, given | {f"{monday}-DELETE": "on"})
    assert visit.grouped_reference in response.content.decode()
    assert visit.dermatologist.weekly_hours.get(weekday=0).starts == dt.time(9)


def test_hours_without_a_visit_in_them_can_change_and_the_rest_stays():
    visit = make.confirmed()
    address = desk.url("clinic_dermatologist_change", visit.dermatologist.pk)
    client = desk.lead()
    given = form_of(address, client)
    sunday = next(
        name.rpartition("-")[0]
        for name, value in given.items()
        if name.endswith("-weekday") and value == "6"
    )
    response = client.post(address, given | {f"{sunday}-starts": "10:00"})
    assert response.status_code == 302
    visit.dermatologist.refresh_from_db()
    assert visit.dermatologist.weekly_hours.get(weekday=6).starts == dt.time(10)
    assert visit.dermatologist.languages == ["en", "ar"]
    assert visit.dermatologist.treatments.count() == 1
