"""While PostgreSQL is away a page says so in a sentence, and the API in a problem document: 503."""

import json

import pytest
from django.db import close_old_connections, connection
from django.test import Client

from clinic.errors import TRY_AGAIN_AFTER
from tests.bookings.api import typed

pytestmark = pytest.mark.one_risk
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


@pytest.fixture
def asks(committed_db):
    """A client, while no PostgreSQL is where the settings say."""
    there = connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = "/nowhere"
    yield Client(raise_request_exception=False)
    connection.close()
    connection.settings_dict["HOST"] = there


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/", "We cannot reach our records just now"),
        ("/ar/", 'dir="rtl"'),
        ("/admin/", "We cannot reach our records just now"),
        ("/healthz", "We cannot reach our records just now"),
    ],
)
def test_a_page_says_so(asks, path, heading):
    asks.cookies["sessionid"] = "a" * 32  # so that the desk has to look who that is
    page = asks.get(path)
    assert page.status_code == 503
    assert page["Retry-After"] == str(TRY_AGAIN_AFTER)
    assert heading in page.content.decode()


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": KEY}])
def test_the_api_says_so(asks, headers):
    told = asks.post(
        "/api/consultations/", typed(), content_type="application/json", headers=headers
    )
    assert told.status_code == 503
    assert told["Content-Type"] == "application/problem+json"
    assert told["Retry-After"] == str(TRY_AGAIN_AFTER)
    problem = json.loads(told.content)
    assert problem["type"].endswith("/unavailable/")
    assert problem["detail"].startswith("We cannot reach our records just now.")


def test_another_error_is_an_error_of_ours(committed_db, monkeypatch):
    monkeypatch.setattr("clinic.views.clock.now", lambda: 1 / 0)
    told = Client(raise_request_exception=False).get("/healthz")
    assert told.status_code == 500
    assert "Something went wrong on our side" in told.content.decode()


def test_a_session_that_postgresql_ended_is_opened_anew_unseen(committed_db):
    client = Client()
    assert client.get("/healthz").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (ended,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ended])
    other.close()
    close_old_connections()  # as each request begins; Django's test client leaves it out
    assert client.get("/healthz").status_code == 200
