"""Addresses and dates at the desk that no page of it offers: answered, never with a crash."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bookings.models import Closure, Status
from clinic import clock
from clinic.admin import desk as the_desk
from tests import desk, make

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def test_arriving_days_ahead_is_refused_in_words():
    visit = make.confirmed(starts_at=make.TOMORROW_AT_9 + dt.timedelta(days=7))
    response = desk.reception().post(desk.button(visit, "arrive"), follow=True)
    assert "This visit is not today. Move it first." in response.content.decode()
    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED


# --- Lists ---------------------------------------------------------------------------------------

NOT_OF_A_FILTER = [
    "status__exact=%00",
    "reference__regex=(",
    "starts_at__year=99999",
    "email__startswith=a",
    "patient__email__contains=a",
    "nonsense=1",
    "day=%00",
]


def in_every_room(client: Client, query: str) -> dict[str, int]:
    """How each list of the desk answers."""
    names = [model._meta.label_lower.replace(".", "_") for model in the_desk._registry]
    lists = [reverse(f"admin:{name}_changelist") for name in names]
    return {one: client.get(f"{one}?{query}", follow=True).status_code for one in lists}


@pytest.fixture
def superuser() -> Client:
    make.confirmed()
    return desk.client_of(User.objects.create_superuser("root"))


@pytest.mark.parametrize("query", NOT_OF_A_FILTER)
def test_a_list_refuses_what_none_of_its_filters_asks(superuser, query):
    assert set(in_every_room(superuser, query).values()) == {400}


@pytest.mark.parametrize(
    "query",
    [
        *("q=%00", "q=(", "q=%25%27", "q=" + "9" * 5000),
        *("p=%00", "p=-1", "p=99999999999999999999", "p=all", "all=", "e=1"),
        *("o=%00", "o=99", "o=-1.2.x", "o=" + "9" * 5000, "_facets=1", "_popup=1"),
    ],
)
def test_whatever_else_is_in_the_address_the_list_is_shown(superuser, query):
    assert set(in_every_room(superuser, query).values()) == {200}


@pytest.mark.parametrize("value", ["abc", "99999999999999999999", "-1", "9" * 5000])
@pytest.mark.parametrize("name", ["treatment__id__exact", "status__exact", "status__isnull"])
def test_a_filter_with_a_value_that_it_never_offered_finds_nothing_or_is_dropped(
    superuser, name, value
):
    response = superuser.get(desk.url(desk.LIST), {name: value}, follow=True)
    assert response.status_code == 200


def test_the_links_of_every_filter_lead_to_a_list(superuser):
    for model in the_desk._registry:
        address = desk.url(f"{model._meta.label_lower.replace('.', '_')}_changelist")
        soup = BeautifulSoup(superuser.get(address).content, "html.parser")
        for link in soup.select("#changelist-filter a[href], #toolbar a[href]"):
            response = superuser.get(address + link["href"], follow=True)
            assert (response.status_code, response.redirect_chain) == (200, []), link["href"]


# --- Dates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "2101-01-01", "9999-12-31"])
def test_a_closure_of_another_age_is_refused_in_words(day):
    make.clinic()
    days = {"from_day": day, "to_day": day, "to_time": "23:59"}
    client = desk.lead()
    response = client.post(desk.url("bookings_closure_add"), days | {"reason": "Leave"})
    assert "Enter a year from 2000 to 2100." in response.content.decode()
    assert not Closure.objects.exists()
    assert client.get(desk.url("bookings_closure_changelist")).status_code == 200


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "99999-01-01", "%00", "x"])
def test_free_times_of_another_age_are_not_looked_for(day):
    page = desk.button(make.confirmed(), "move")
    assert desk.reception().get(f"{page}?from={day}&with={'9' * 18}").status_code == 200


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_session_of_another_age_is_refused(day):
    visit = make.completed()
    given = {"took_place_at_0": day, "took_place_at_1": "00:00"}
    response = desk.reception().post(desk.button(visit, "record-session"), given)
    assert response.status_code == 200
    assert not visit.sessions.exists()
