"""The address of a calendar feed: nobody else's, ended for good, as private as the desk, in no log."""

import datetime as dt
import logging
from urllib.parse import quote

import pytest
from django.test import Client

import bookings.actions
from bookings import links
from bookings.links import Purpose
from clinic import clock
from clinic.logs import WithoutTokens
from tests import desk, make
from tests.bookings.feeds import address

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
HOUR = dt.timedelta(hours=1)
AT = make.TOMORROW_AT_9


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    make.clinic()
    make.treatment()
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def test_every_address_that_is_no_feeds_gets_the_same_answer(settings):
    huda, arjun = address("huda"), address("arjun")
    visit = make.confirmed(starts_at=AT + HOUR)
    number, mac = huda.split("/")[2].split(".")
    former = links.feed_token(make.dermatologist("huda"))
    bookings.actions.replace_feed(dermatologist=make.dermatologist("huda"))
    desk.dermatologist("noura")  # who can sign in, and has never made one
    unknown = {
        "replaced": former,
        "foreign": f"{number}.{arjun.split('/')[2].split('.')[1]}",
        "of somebody who has no feed": links.feed_token(make.dermatologist("noura")),
        "of nobody": f"999999.{mac}",
        "cut off": links.feed_token(make.dermatologist("arjun"))[:-1],
        "another way to write the number": "0" + arjun.split("/")[2],
        "a patient's": links.token(visit, Purpose.PAGE),
        "no number": f"x.{mac}",
        "a large number": f"{'9' * 30}.{mac}",
        "another script": f"١.{mac}",
        "nothing": ".",
    }
    settings.LINK_KEY, ours = "another key", settings.LINK_KEY
    unknown["of another key"] = links.feed_token(make.dermatologist("arjun"))
    settings.LINK_KEY = ours
    pages = set()
    for what, token in unknown.items():
        answer = Client().get(f"/calendar/{token}/visits.ics")
        assert answer.status_code == 404, what
        # The switch of language repeats the address; nothing else on the page differs.
        pages.add(answer.content.decode().replace(f"/calendar/{quote(token)}/", ""))
    assert len(pages) == 1
    assert Client().get(arjun).status_code == 200


def test_an_ended_address_stays_ended_whatever_comes_after_it():
    former = []
    for _time in range(20):
        former.append(address())
        bookings.actions.end_feed(dermatologist=make.dermatologist())
    present = address()
    assert {Client().get(one).status_code for one in former} == {404}
    assert len({*former, present}) == 21
    assert Client().get(present).status_code == 200


def test_making_a_feed_that_there_is_keeps_its_address_and_replacing_does_not():
    first = address()
    assert address() == first
    bookings.actions.replace_feed(dermatologist=make.dermatologist())
    assert address() != first


def test_the_token_carries_192_bits_and_stands_in_no_row():
    token = address().split("/")[2]
    assert len(token.partition(".")[2]) * 6 == 192
    row = make.dermatologist()
    assert token.partition(".")[2] not in str(vars(row))


@pytest.mark.parametrize("lost", ["the sign-in", "the role", "the desk", "the name of the sign-in"])
def test_who_may_see_no_visits_at_the_desk_has_no_feed_either(lost):
    feed = address()
    row = make.dermatologist()
    match lost:
        case "the sign-in":
            row.user.is_active = False
        case "the desk":
            row.user.is_staff = False
        case "the role":
            row.user.groups.clear()
        case "the name of the sign-in":
            row.user.delete()
    if lost != "the name of the sign-in":
        row.user.save()
    assert Client().get(feed).status_code == 404


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_log_has_the_address(caplog, ended, language):
    caplog.handler.addFilter(WithoutTokens())  # as settings.LOGGING gives it to the console
    feed = address(language=language)
    if ended:
        bookings.actions.end_feed(dermatologist=make.dermatologist())
    with caplog.at_level(logging.DEBUG):
        Client().get(feed)
        Client().post(feed)
    token = feed.split("/calendar/")[1].split("/")[0]
    assert "/calendar/…/visits.ics" in caplog.text  # Method Not Allowed, at least
    assert token not in caplog.text and token.partition(".")[2] not in caplog.text
