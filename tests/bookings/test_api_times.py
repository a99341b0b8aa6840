"""Free times over the API."""

import datetime as dt

import pytest

from bookings.models import WeeklyHours
from clinic import clock
from tests import make
from tests.bookings.api import Api, code_of, pointers

pytestmark = pytest.mark.django_db
# treatment, clinic; then free_times: dermatologists, all that is known of them
QUERIES = 4


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
        ("limit=0", "#/limit"),
        ("limit=1001", "#/limit"),
        ("limit=many", "#/limit"),
        ("limit=" + "9" * 5000, "#/limit"),
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


# --- Page by page -----------------------------------------------------------------------------


def pages(path: str, **query: str) -> list[dict]:
    """The answers, as a client gets them who follows `next` to the end."""
    answer = Api().get(path, **query)
    found = [answer.json()]
    while found[-1]["next"]:
        address = found[-1]["next"]
        assert address.startswith("http://127.0.0.1:8000/api/times/?")
        answer = Api().client.get(address.removeprefix("http://127.0.0.1:8000"))
        assert answer.status_code == 200
        found.append(answer.json())
    return found


def times_of(found: list[dict]) -> list[tuple[str, str]]:
    return [(row["starts_at"], row["dermatologist"]) for page in found for row in page["times"]]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 1000])
def test_following_next_gives_each_time_once(limit):
    """Two share some starts, one begins half an hour later: a page breaks between starts."""
    make.dermatologist("omar")
    late = make.dermatologist("sara")
    late.weekly_hours.update(starts=dt.time(9, 30))
    whole = pages("times/", limit="1000", treatment="mesotherapy")
    assert len(whole) == 1 and len(times_of(whole)) > 250
    found = pages("times/", limit=str(limit), treatment="mesotherapy")
    assert times_of(found) == times_of(whole)
    for page in found:
        starts_of = {row["starts_at"] for row in page["times"]}
        assert len(page["times"]) <= limit or len(starts_of) == 1
        shown = {row["dermatologist"] for row in page["times"]}
        assert {row["slug"] for row in page["dermatologists"]} == shown
    assert (len(found) == 1) == (limit == 1000)


def test_next_keeps_the_rest_of_the_question_and_the_last_page_has_none():
    query = {"dermatologist": "huda", "language": "ar", "to": "2026-11-23T09:00:00+04:00"}
    first, second = pages("times/", limit="15", **query)
    assert len(first["times"]) == 15
    assert [row["starts_at"] for row in second["times"]] == ["2026-11-23T05:00:00Z"]
    assert "dermatologist=huda" in first["next"] and "to=2026" in first["next"]


def test_without_a_limit_an_answer_has_at_most_five_hundred():
    make.clinic(horizon_days=42)
    found = pages("times/")
    assert [len(page["times"]) for page in found[:-1]] == [500] * (len(found) - 1)
    assert len(found) == 3
