"""Whether e-mails go out, as machines ask it (/healthz/messages, /metrics) and as the desk says it."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from bookings import delivery
from bookings.models import Message, Relay, Why
from clinic import clock
from tests import desk, make
from tests.bookings.mails import HOUR, NEXT_WEEK
from tests.bookings.owing import note
from tests.bookings.undelivered import undelivered

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
SECOND, MINUTE = dt.timedelta(seconds=1), dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    set_clock(monkeypatch, make.NOW)


def set_clock(monkeypatch, now):
    monkeypatch.setattr(clock, "now", lambda: now)


def asked() -> tuple[int, dict]:
    response = Client().get("/healthz/messages")
    assert "no-store" in response.headers["Cache-Control"]
    return response.status_code, response.json()


def left_alone(why: Why = Why.NO_ANSWER) -> None:
    Relay.objects.update(
        opened_at=make.NOW - 3 * MINUTE, why=why, probe_at=make.NOW + 5 * SECOND, answer="421"
    )


# --- /healthz/messages -----------------------------------------------------------------------------


def test_it_is_not_well_before_anybody_asked_what_is_owed():
    assert asked() == (
        503,
        {"ok": False, "oldest_due_seconds": 0, "last_beat_seconds": None, "relay": "used"},
    )


def test_it_is_well_after_a_round(smtp_sink):
    make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    delivery.send_due(now=make.NOW)
    assert asked() == (
        200,
        {"ok": True, "oldest_due_seconds": 0, "last_beat_seconds": 0, "relay": "used"},
    )


@pytest.mark.parametrize(("seconds", "status"), [(300, 200), (301, 503)])
def test_five_minutes_after_the_last_beat_it_is_not_well(monkeypatch, seconds, status):
    note(make.NOW)
    set_clock(monkeypatch, make.NOW + seconds * SECOND)
    found = asked()
    assert (found[0], found[1]["ok"]) == (status, status == 200)
    assert found[1]["last_beat_seconds"] == seconds


@pytest.mark.parametrize(("seconds", "status"), [(300, 200), (301, 503)])
def test_five_minutes_after_the_oldest_could_have_gone_it_is_not_well(monkeypatch, seconds, status):
    make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    make.confirmed(starts_at=NEXT_WEEK + HOUR)
    note(make.NOW + seconds * SECOND)
    set_clock(monkeypatch, make.NOW + seconds * SECOND)
    assert asked() == (
        status,
        {
            "ok": status == 200,
            "oldest_due_seconds": seconds,
            "last_beat_seconds": 0,
            "relay": "used",
        },
    )


def test_one_that_waits_for_its_next_try_or_for_the_morning_is_not_late(monkeypatch):
    make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    Message.objects.update(next_try_at=make.NOW + 3 * HOUR)
    Relay.objects.update(ticked_at=make.NOW + 3 * HOUR)
    set_clock(monkeypatch, make.NOW + 3 * HOUR)
    assert asked()[0] == 200


def test_one_that_needs_staff_is_not_late(monkeypatch):
    undelivered("gave_up")
    Relay.objects.update(ticked_at=make.NOW + HOUR)
    set_clock(monkeypatch, make.NOW + HOUR)
    assert asked() == (
        200,
        {"ok": True, "oldest_due_seconds": 0, "last_beat_seconds": 0, "relay": "used"},
    )


@pytest.mark.parametrize("why", Why)
def test_a_relay_that_is_left_alone_is_named_and_is_no_error_yet(why):
    note(make.NOW)
    left_alone(why)
    assert asked()[1]["relay"] == why.value
    assert asked()[0] == 200


def test_only_get_and_head_are_answered_and_https_is_not_asked_for(settings):
    settings.SECURE_SSL_REDIRECT = True
    note(make.NOW)
    assert Client().head("/healthz/messages").status_code == 200
    assert Client().get("/healthz").status_code == 200
    assert Client().post("/healthz/messages").status_code == 405
    assert Client().get("/metrics").status_code == 301  # its token is not for the open road


def test_it_costs_three_queries_however_many_e_mails(django_assert_num_queries):
    for number in range(3):
        make.confirmed(starts_at=NEXT_WEEK + number * HOUR)
        note(make.NOW)
    with django_assert_num_queries(3):
        asked()


# --- /metrics --------------------------------------------------------------------------------------


def figures(**headers) -> dict[str, float]:
    """What Prometheus reads: name, or name with its label, to value."""
    response = Client().get("/metrics", headers=headers)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def test_the_figures_are_those_of_the_database(smtp_sink, monkeypatch):
    undelivered("bounced")
    make.confirmed(starts_at=NEXT_WEEK + HOUR)
    note(make.NOW + MINUTE)
    delivery.send_due(now=make.NOW + MINUTE)
    make.confirmed(starts_at=NEXT_WEEK + 2 * HOUR)
    note(make.NOW + 2 * MINUTE)
    Message.objects.filter(state="sent").update(sent_at=make.NOW + MINUTE)
    left_alone()
    set_clock(monkeypatch, make.NOW + 3 * MINUTE)
    found = figures()
    assert found["clinic_messages sent"] == 1
    assert found["clinic_messages owed"] == 1
    assert found["clinic_messages bounced"] == 1
    assert found["clinic_messages gave_up"] == 0
    assert found["clinic_messages_oldest_due_seconds"] == 60
    assert found["clinic_messages_last_beat_seconds"] == 60
    assert found["clinic_messages_needing_staff"] == 1
    assert found["clinic_mail_relay_left_alone"] == 1
    # The bounced one was sent at make.NOW.
    assert found["clinic_messages_sent_in_the_last_hour confirmed"] == 2
    assert found["clinic_messages_sent_in_the_last_hour code"] == 0


def test_before_anybody_asked_the_beat_is_endlessly_old():
    found = figures()
    assert found["clinic_messages_last_beat_seconds"] == float("inf")
    assert found["clinic_mail_relay_left_alone"] == 0


def test_old_e_mails_are_not_counted_but_those_still_to_be_sent_are(monkeypatch):
    undelivered("gave_up")
    make.confirmed(starts_at=NEXT_WEEK + HOUR)
    note(make.NOW)
    Message.objects.update(due_at=make.NOW - dt.timedelta(days=8))
    found = figures()
    assert found["clinic_messages gave_up"] == 0
    assert found["clinic_messages_needing_staff"] == 1
    assert found["clinic_messages owed"] == 1


def test_they_cost_as_many_queries_for_three_e_mails_as_for_one(django_assert_num_queries):
    for number in range(3):
        undelivered("gave_up", starts_at=NEXT_WEEK + number * HOUR)
        with django_assert_num_queries(7):
            figures()


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", "Basic secret", "Bearer sécret"])
def test_with_a_token_in_the_settings_nobody_reads_without_it(settings, given):
    settings.METRICS_TOKEN = "secret"
    refused = Client().get("/metrics", headers={"Authorization": given})
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert refused.content == b""
    assert figures(authorization="Bearer secret")


def test_without_a_token_it_is_not_there_in_production(settings):
    assert figures()
    settings.PRODUCTION = True
    assert Client().get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "secret"
    assert figures(authorization="Bearer secret")


def test_no_figure_names_a_patient():
    message = undelivered("bad_address", patient_name="Zubaida Canary")
    for address in ("/metrics", "/healthz/messages"):
        text = Client().get(address).content.decode()
        for fact in ("Zubaida", message.addressee, message.consultation.reference, "example.com"):
            assert fact not in text


# --- The banner on the desk --------------------------------------------------------------------------


def banners(client, address="/admin/") -> list[str]:
    soup = BeautifulSoup(client.get(address).content, "html.parser")
    return [" ".join(one.get_text(" ").split()) for one in soup.select(".desk-banners li")]


def test_while_all_is_well_no_page_says_anything():
    note(make.NOW)
    assert banners(desk.reception()) == []


def test_every_page_says_since_when_and_why_no_e_mail_is_sent_and_how_many_wait():
    visit = make.confirmed(starts_at=NEXT_WEEK)
    note(make.NOW)
    left_alone(Why.REFUSES_US)
    for address in ("/admin/", desk.url(desk.LIST), desk.page(visit)):
        [words] = banners(desk.reception(), address)
        assert words == (
            "! No e-mail is sent since Sunday 22 November 2026, 09:57 , Dubai time (GMT +4 ) . The "
            "mail server refuses every e-mail of ours. Next try: 10:00 . 1 e-mail waits."
        )
    for client in (desk.dermatologist(), desk.lead()):
        assert len(banners(client)) == 1


def test_every_page_says_that_nobody_asks_what_is_owed(monkeypatch):
    [never] = banners(desk.reception())
    assert "Nobody has asked yet which e-mails are owed." in never
    note(make.NOW)
    set_clock(monkeypatch, make.NOW + 5 * MINUTE)
    assert banners(desk.reception()) == []
    set_clock(monkeypatch, make.NOW + 5 * MINUTE + SECOND)
    [words] = banners(desk.reception())
    assert words.startswith("! Nobody has asked since Sunday 22 November 2026, 10:00")
    assert "the sender of e-mails does not run" in words


def test_who_may_not_see_e_mails_and_who_is_not_signed_in_are_told_nothing():
    left_alone()
    assert banners(desk.client_of(make.staff("new"))) == []
    assert banners(Client(), "/admin/login/") == []
    no_staff = make.staff("left", group="Reception")
    no_staff.is_staff = False
    no_staff.save()
    assert banners(desk.client_of(no_staff), "/admin/login/") == []
