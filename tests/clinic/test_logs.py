"""No token of a patient's link stands in a log, and no row that PostgreSQL refused."""

import io
import logging

import pytest
from django.db import DataError, transaction
from django.urls import get_resolver, reverse
from django.utils import translation

from bookings import links
from bookings.links import Purpose
from bookings.models import Consultation
from clinic.logs import InShort, WithoutTokens, without_tokens
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


def links_with_a_token() -> list[str]:
    """Each address of the project that holds a token, as it is written in both languages."""
    found = []
    for name, (ways, *_rest) in get_resolver().reverse_dict.items():
        if isinstance(name, str) and any("token" in given for _way, given in ways):
            for language in ("en", "ar"):
                with translation.override(language):
                    found.append(reverse(name, args=["broken.TOKEN"]))
    return sorted(found)


def test_no_address_with_a_token_is_logged_with_it():
    assert len(links_with_a_token()) == 10  # five, in two languages
    for link in links_with_a_token():
        assert "TOKEN" not in without_tokens(f"Not Found: {link}"), link


@pytest.mark.django_db
def test_a_whole_token_is_left_out_wherever_it_stands():
    consultation, huda = make.held(), make.dermatologist()
    tokens = [links.token(consultation, purpose) for purpose in Purpose if purpose != Purpose.CODE]
    for token in [*tokens, links.feed_token(huda)]:
        assert without_tokens(f"find({token!r}) of Bearer {token}") == "find('…') of Bearer …"


def logged(act, says: str = "An act failed: %r") -> str:
    """What the console writes of an act that fails; as Celery does, the line itself says the error too."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(InShort("%(levelname)s %(message)s"))
    handler.addFilter(WithoutTokens())
    log = logging.getLogger("an act")
    log.addHandler(handler)
    try:
        with transaction.atomic():
            act()
    except Exception as error:
        log.exception(says, error)
    finally:
        log.removeHandler(handler)
    return lines.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"ends_at": None}, {"language": "x" * 9}, {"revision": -1}])
def test_a_row_that_is_refused_is_not_written_to_the_log(change):
    row = make.held(email="canary@example.com", patient_name="Canary")
    text = logged(lambda: Consultation.objects.filter(pk=row.pk).update(**change))
    assert "Canary" not in text and "canary" not in text and str(row.mobile) not in text
    assert "django.db.utils." in text and "psycopg.errors." in text
    assert "test_logs.py" in text and "in logged" in text


@pytest.mark.django_db
def test_an_error_says_what_and_where_and_not_the_value_or_the_token():
    token = links.token(make.held(), Purpose.PAGE)

    def fails():
        try:
            Consultation.objects.raw("SELECT %s::date AS id", ["Canary"])[0]
        except DataError as error:
            raise LookupError(f"at {token}\nCanary") from error

    text = logged(fails, "An act failed: %.0s")
    assert "Canary" not in text and token not in text
    assert "LookupError: at …" in text and "in fails" in text
    assert text.index("DataError: invalid input syntax for type date: …") < text.index(
        "LookupError: at …"
    )


def test_the_console_writes_errors_in_short(settings):
    assert settings.LOGGING["formatters"]["line"]["()"] == "clinic.logs.InShort"
