"""Free times over the API."""

import datetime as dt

import pytest

from bookings.models import WeeklyHours
from clinic import clock
from tests import make
from tests.bookings.api import Api, code_of, pointers

pytestmark = pytest.mark.django_db
# clock, treatment; then free_times: clinic, dermatologists, all that is known of them
QUERIES = 5


@pytest.fixture(autouse=True)
def catalogue(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)
    make.clinic(horizon_days=3)
    make.dermatologist()


def starts(answer) -> list[str]:
    return [time["starts_at"] for time in answer.json()["times"]]


def test_free_times_begin_after_the_minimum_notice_and_end_at_the_horizon():
    found = starts(Api().get("times/", treatment="mesotherapy"))
    assert found == sorted(found)
    assert found[0] == "2026-11-22T08:00:00Z"
    assert found[-1] == "2026-11-25T12:40:00Z"


def test_a_held_time_is_not_offered():
    make.held()
    assert "2026-11-23T05:00:00Z" not in starts(Api().get("times/"))
    assert "2026-11-23T05:20:00Z" in starts(Api().get("times/"))


def test_times_are_filtered_by_dermatologist_language_and_moment():
    make.dermatologist("omar", languages=["ar"])
    api = Api()
    everyone = api.get("times/").json()
    assert [row["slug"] for row in everyone["dermatologists"]] == ["huda", "omar"]
    assert everyone["zone"] == "Asia/Dubai"
    assert everyone["dermatologists"][0]["name"] == {"en": "Dr Huda", "ar": "د. هدى"}
    for query in ({"dermatologist": "huda"}, {"language": "en"}):
        assert {row["dermatologist"] for row in api.get("times/", **query).json()["times"]} == {
            "huda"
        }
    window = {"from": "2026-11-23T09:00:00+04:00", "to": "2026-11-23T09:20:00+04:00"}
    assert starts(api.get("times/", **window, dermatologist="huda")) == [
        "2026-11-23T05:00:00Z",
        "2026-11-23T05:20:00Z",
    ]
    assert starts(api.get("times/", **{"from": "9999-12-31T00:00:00Z"})) == []


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("treatment=none", "#/treatment"),
        ("dermatologist=none", "#/dermatologist"),
        ("dermatologist=%ff%fe", "#/dermatologist"),
        ("language=fr", "#/language"),
        ("from=2026-11-23", "#/from"),
        ("from=2026-11-23T09:00:00", "#/from"),
        ("to=9999-12-31T23:59:59-14:00", "#/to"),
        ("from=2026-11-24T09:00:00Z&to=2026-11-23T09:00:00Z", "#/to"),
        ("form=2026", "#/form"),
        ("language=en&language=ar", "#/language"),
    ],
)
def test_a_query_that_cannot_be_used_is_named(query, names):
    answer = Api().client.get(f"/api/times/?{query}")
    assert (answer.status_code, code_of(answer)) == (400, "invalid")
    assert pointers(answer) == [names]


def test_nul_in_a_query_is_refused():
    answer = Api().client.get("/api/times/?treatment=meso%00therapy")
    assert (answer.status_code, code_of(answer)) == (400, "parse_error")


@pytest.mark.parametrize("rows", [1, 3])
def test_times_cost_a_fixed_number_of_queries(rows, django_assert_num_queries):
    for number in range(rows):
        other = make.dermatologist(f"number-{number}")
        make.held(dermatologist=other)
        WeeklyHours.objects.create(
            dermatologist=other, weekday=0, starts=dt.time(18), ends=dt.time(19)
        )
    with django_assert_num_queries(QUERIES):
        Api().get("times/", treatment="mesotherapy")
