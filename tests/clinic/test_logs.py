"""No token of a patient's link stands in a log."""

import logging

import pytest

from bookings import links
from bookings.links import Purpose
from clinic.logs import WithoutTokens, without_tokens
from tests import make


def test_a_links_token_is_left_out_in_either_language():
    line = "Not Found: /ar/c/K7QM2F4D.abc-DEF_123/ and /prove/K7QM2F4D.xyz/?a=1 but /admin/c-d/"
    assert without_tokens(line) == "Not Found: /ar/c/…/ and /prove/…/?a=1 but /admin/c-d/"


def test_the_token_of_a_calendar_feed_is_left_out_too():
    line = "Not Found: /ar/calendar/12.abc-DEF_123/visits.ics but /my/calendar.ics"
    assert without_tokens(line) == "Not Found: /ar/calendar/…/visits.ics but /my/calendar.ics"


@pytest.mark.django_db
def test_django_logs_a_dead_link_without_its_token(client, caplog):
    caplog.handler.addFilter(WithoutTokens())  # as settings.LOGGING gives it to the console
    consultation = make.held()
    token = links.token(consultation, Purpose.PAGE)[:-1]
    with caplog.at_level(logging.INFO):
        assert client.get(f"/c/{token}/").status_code == 404
    assert "/c/…/" in caplog.text
    assert token not in caplog.text


def test_the_console_leaves_tokens_out(settings):
    assert settings.LOGGING["handlers"]["console"]["filters"] == ["without_tokens"]
