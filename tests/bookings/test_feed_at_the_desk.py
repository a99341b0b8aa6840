"""The desk's pages about calendar feeds: a dermatologist's own, and the end that the lead can put to one."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import translation

import bookings.actions
from bookings import links
from clinic import clock
from clinic.models import Dermatologist
from tests import desk, make

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
OWN = "/admin/my-feed/"


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    make.clinic()
    make.treatment()
    monkeypatch.setattr(clock, "now", lambda: make.NOW)
    with translation.override("en"):
        yield


def huda() -> Dermatologist:
    return make.dermatologist("huda")


def feed_of(dermatologist: Dermatologist) -> str:
    """The lead's page about this dermatologist's feed."""
    return f"/admin/clinic/dermatologist/{dermatologist.pk}/feed/"


def page(client: Client, path: str = OWN) -> BeautifulSoup:
    return BeautifulSoup(client.get(path).content, "html.parser")


def shown(client: Client, path: str = OWN) -> str:
    """The address that the page shows; "" for none."""
    field = page(client, path).select_one("#feed-address")
    return field["value"] if field else ""


def buttons(client: Client, path: str = OWN) -> list[str]:
    return [one["value"] for one in page(client, path).select("button[name=do]")]


def press(client: Client, do: str, path: str = OWN) -> int:
    return client.post(path, {"do": do}).status_code


def answer(address: str) -> int:
    return Client().get(address.removeprefix("http://127.0.0.1:8000")).status_code


def test_a_dermatologist_makes_sees_replaces_and_ends_their_feed():
    client = desk.dermatologist()
    assert (shown(client), buttons(client)) == ("", ["make"])
    assert press(client, "make") == 302
    first = shown(client)
    assert first.startswith("http://127.0.0.1:8000/calendar/") and answer(first) == 200
    assert buttons(client) == ["replace", "end"]
    press(client, "replace")
    second = shown(client)
    assert (answer(first), answer(second)) == (404, 200)
    press(client, "end")
    assert (shown(client), answer(second)) == ("", 404)
    press(client, "make")
    assert (answer(first), answer(second), answer(shown(client))) == (404, 404, 200)


def test_a_second_press_of_make_keeps_the_address():
    client = desk.dermatologist()
    press(client, "make")
    first = shown(client)
    press(client, "make")
    assert shown(client) == first


def test_the_page_says_what_the_address_can_do():
    client = desk.dermatologist()
    press(client, "make")
    words = page(client).get_text(" ", strip=True)
    assert "The address is like a password." in words
    assert "Whoever has it can see when your visits are, without signing in." in words
    assert "nothing about the patient" in words


@pytest.mark.parametrize("do", ["", "x", "give", "\x00"])
def test_a_button_that_there_is_not_is_refused_and_changes_nothing(do):
    client = desk.dermatologist()
    assert press(client, do) == 400
    assert huda().feed_serial == 0


def test_looking_changes_nothing_and_a_form_of_another_site_neither():
    client = desk.dermatologist()
    client.get(OWN, {"do": "make"})
    assert huda().feed_serial == 0
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(huda().user)
    assert press(strict, "make") == 403
    assert client.put(OWN).status_code == 405
    assert huda().feed_serial == 0


def test_nobody_keeps_a_copy_of_the_page():
    client = desk.dermatologist()
    press(client, "make")
    assert "no-store" in client.get(OWN)["Cache-Control"]


def test_only_a_dermatologist_has_a_feed_of_their_own():
    for client in (desk.reception(), desk.lead(), desk.client_of(make.staff("new"))):
        assert client.get(OWN).status_code == 403
        assert press(client, "make") == 403
    assert Client().get(OWN).headers["Location"].startswith("/admin/login/")
    assert Client().post(OWN, {"do": "make"}).headers["Location"].startswith("/admin/login/")
    assert not Dermatologist.objects.filter(feed_serial__gt=0).exists()


def test_a_dermatologist_who_may_not_see_visits_has_none_either():
    client = desk.dermatologist()
    huda().user.groups.clear()
    assert client.get(OWN).status_code == 403


def test_a_dermatologist_changes_their_own_feed_alone():
    arjun = desk.dermatologist("arjun")
    press(arjun, "make")
    before = shown(arjun)
    client = desk.dermatologist("huda")
    for do in ("make", "replace", "end"):
        press(client, do)
    assert shown(arjun) == before
    assert client.get(feed_of(make.dermatologist("arjun"))).status_code == 403
    assert press(client, "end", feed_of(make.dermatologist("arjun"))) == 403
    assert answer(before) == 200


def test_the_front_page_leads_a_dermatologist_there_and_nobody_else():
    def leads(client: Client, front: str) -> list[str]:
        return [link["href"] for link in page(client, front).select(".desk-cards a")]

    client = desk.dermatologist()
    assert OWN in leads(client, "/admin/")
    assert "/ar" + OWN in leads(client, "/ar/admin/")
    for other in (desk.reception(), desk.lead()):
        assert OWN not in leads(other, "/admin/")


# --- The lead ----------------------------------------------------------------------------------------


def test_the_lead_ends_a_feed_from_the_dermatologists_page_and_never_sees_its_address():
    client, lead = desk.dermatologist(), desk.lead()
    press(client, "make")
    address = shown(client)
    profile = desk.url("clinic_dermatologist_change", huda().pk)
    (link,) = page(lead, profile).select(".object-tools a[href$='/feed/']")
    assert link["href"] == feed_of(huda())
    for path in (profile, link["href"]):
        text = lead.get(path).content.decode()
        assert links.feed_token(huda()) not in text and str(huda().feed_serial) not in text
    assert buttons(lead, link["href"]) == ["end"]
    assert answer(address) == 200  # asking was not ending
    assert press(lead, "end", link["href"]) == 302
    assert answer(address) == 404
    assert not page(lead, profile).select(".object-tools a[href$='/feed/']")
    assert buttons(lead, feed_of(huda())) == []


@pytest.mark.parametrize("do", ["make", "replace"])
def test_the_lead_makes_no_address_for_somebody_else(do):
    before = bookings.actions.make_feed(dermatologist=huda()).feed_serial
    assert press(desk.lead(), do, feed_of(huda())) == 400
    assert huda().feed_serial == before


def test_nobody_but_the_lead_ends_anothers_feed():
    before = bookings.actions.make_feed(dermatologist=huda()).feed_serial
    for client in (desk.reception(), desk.dermatologist("arjun"), Client()):
        assert press(client, "end", feed_of(huda())) in (302, 403)
    assert huda().feed_serial == before


@pytest.mark.parametrize("pk", [999999, 10**30])
def test_a_dermatologist_who_is_not_there_has_no_such_page(pk):
    assert desk.lead().get(f"/admin/clinic/dermatologist/{pk}/feed/").status_code == 404


def test_a_change_of_the_profile_keeps_the_feed():
    """The number is no field of any form."""
    bookings.actions.make_feed(dermatologist=huda())
    names = {
        field.get("name")
        for field in page(desk.lead(), desk.url("clinic_dermatologist_add"))("input")
    }
    assert "slug" in names and "feed_serial" not in names


# --- What is kept, and Arabic --------------------------------------------------------------------------


def test_the_history_says_who_did_what_and_holds_no_address():
    client, lead = desk.dermatologist(), desk.lead()
    for do in ("make", "replace"):
        press(client, do)
    press(lead, "end", feed_of(huda()))
    kept = LogEntry.objects.order_by("pk").values_list("user__username", "change_message")
    assert list(kept) == [
        ("huda", "Made the calendar feed."),
        ("huda", "Gave the calendar feed a new address."),
        ("lead", "Ended the calendar feed."),
    ]


def test_in_arabic_the_page_runs_right_to_left_and_the_address_left_to_right():
    client = desk.dermatologist()
    press(client, "make")
    arabic = page(client, "/ar" + OWN)
    assert (arabic.html["lang"], arabic.html["dir"]) == ("ar", "rtl")
    field = arabic.select_one("#feed-address")
    assert field["dir"] == "ltr"
    assert arabic.select_one("label[for=feed-address]")
    # The words in the calendar follow the language that its address was read in.
    assert "/ar/calendar/" in field["value"] and answer(field["value"]) == 200
