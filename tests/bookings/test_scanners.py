"""Mail scanners open every link of every e-mail: nothing in the database changes by it.

Allowed are rows of `django_session`: a browser that comes by a link is remembered until its light check.
"""

import re

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

import bookings.actions
from bookings import owing
from bookings.models import Kind
from clinic import clock
from tests.bookings.mails import HOUR, SCENES, body, of_kind, read

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
OURS = "http://127.0.0.1:8000"


def rows() -> dict[str, list[tuple]]:
    """Every row of every table, but for the browsers' sessions; rows as they are stored."""
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(tables - {Session._meta.db_table}):
            cursor.execute(f'SELECT "{table}"::text FROM "{table}" ORDER BY 1')  # noqa: S608
            found[table] = cursor.fetchall()
    return found


def links_in(message, now) -> set[str]:
    """Every address of ours that stands anywhere in the e-mail: text, HTML, headers, calendar file."""
    mail = read(message, now)
    parts = [part.get_payload(decode=True) or b"" for part in mail.walk()]
    words = [body(mail, "plain"), body(mail, "html"), str(mail["List-Unsubscribe"])]
    words += [re.sub(r"\r?\n[ \t]", "", part.decode(errors="replace")) for part in parts]
    found = re.findall(re.escape(OURS) + r"""[^\s<>"'\u2066-\u2069\\;]*""", "\n".join(words))
    return {link.removeprefix(OURS).rstrip(".,") for link in found}


def scan(link: str) -> None:
    """As scanners do: HEAD, GET, with and without cookies, followed to the end, and the page's forms not
    sent.
    """
    for client in (Client(), Client(HTTP_USER_AGENT="Scanner")):
        client.head(link, follow=True)
        answer = client.get(link, follow=True)
        assert answer.status_code == 200, (link, answer.status_code)
        client.get(link, follow=True)
        client.options(link)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("kind", list(SCENES))
def test_every_link_of_every_kind_of_e_mail_changes_nothing(kind, language, monkeypatch):
    message, now = of_kind(kind, language=language)
    monkeypatch.setattr(clock, "now", lambda: now)
    found = links_in(message, now)
    assert found and len(found) >= (2 if kind in (Kind.AFTERCARE, Kind.CONFIRMED) else 1)
    still_owed = [(row.kind, row.about) for row in owing.owed(now=now)]
    before = rows()
    for link in sorted(found):
        scan(link)
    assert rows() == before
    assert [(row.kind, row.about) for row in owing.owed(now=now)] == still_owed


def test_a_change_would_be_seen():
    """The twin: what a button's POST does shows in the rows that are compared."""
    message, now = of_kind(Kind.AFTERCARE)
    before = rows()
    bookings.actions.stop_tips(consultation=message.consultation, now=now)
    assert rows() != before


def test_the_same_links_do_their_work_when_the_button_is_pressed(monkeypatch):
    """So it is no dead page that a scanner sees."""
    message, now = of_kind(Kind.AFTERCARE)
    monkeypatch.setattr(clock, "now", lambda: now + HOUR)
    (stop,) = [link for link in links_in(message, now) if "/stop/" in link]
    before = rows()
    Client().post(stop, {"stop": "1"})
    assert rows() != before
