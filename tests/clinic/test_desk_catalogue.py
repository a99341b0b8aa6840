"""The catalogue at the lead's desk."""

import pytest
from bs4 import BeautifulSoup

from clinic import clock
from tests import desk, make
from tests.bookings.hours import form_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def test_there_is_one_clinic_and_its_zone_has_to_be_real():
    make.clinic()
    client, address = desk.lead(), desk.url("clinic_clinic_change", 1)
    assert client.get(desk.url("clinic_clinic_add")).status_code == 403
    given = form_of(address, client) | {"zone": "Asia/Dubay"}
    assert "Choose a time zone" in client.post(address, given).content.decode()
    assert client.post(address, given | {"zone": "Asia/Muscat"}).status_code == 302


def test_a_treatment_is_written_with_its_concerns_in_both_languages():
    make.clinic()
    row = make.treatment()
    client, address = desk.lead(), desk.url("clinic_treatment_change", row.pk)
    soup = BeautifulSoup(client.get(address).content, "html.parser")
    assert soup.select_one("[name=name_ar]")["dir"] == "rtl"
    given = form_of(address, client) | {"concerns-0-name_en": "Cellulite on the legs"}
    assert client.post(address, given).status_code == 302
    assert row.concerns.get(slug="cellulite").name_en == "Cellulite on the legs"


def test_a_treatment_is_given_its_short_name_once():
    """Addresses and signed records have it; PostgreSQL refuses another once the ledger has it."""
    make.clinic()
    row = make.treatment()
    client, address = desk.lead(), desk.url("clinic_treatment_change", row.pk)
    assert "It is given once" in client.get(address).content.decode()
    assert "slug" in form_of(desk.url("clinic_treatment_add"), client)
    given = form_of(address, client)
    assert "slug" not in given
    assert client.post(address, given | {"slug": "other"}).status_code == 302
    row.refresh_from_db()
    assert row.slug == "mesotherapy"


def test_a_concern_that_somebody_asked_about_is_not_deleted():
    row = make.treatment()
    make.held(concern=row.concerns.get(slug="cellulite"))
    client, address = desk.lead(), desk.url("clinic_treatment_change", row.pk)
    given = form_of(address, client) | {"concerns-0-DELETE": "on"}
    assert client.post(address, given).status_code == 200
    assert row.concerns.filter(slug="cellulite").exists()


def test_a_video_room_of_a_dermatologist_is_reached_by_https():
    make.clinic()
    row = make.dermatologist()
    client, address = desk.lead(), desk.url("clinic_dermatologist_change", row.pk)
    given = form_of(address, client) | {"video_room": "http://video.example.com/x"}
    assert client.post(address, given).status_code == 200
    row.refresh_from_db()
    assert row.video_room.startswith("https://")


def test_the_policy_says_when_visits_begin_and_what_is_free_between_them():
    clinic = make.clinic()
    client, address = desk.lead(), desk.url("clinic_clinic_change", 1)
    given = form_of(address, client) | {"grid_minutes": "15", "buffer_after_minutes": "10"}
    assert client.post(address, given).status_code == 302
    clinic.refresh_from_db()
    assert (clinic.grid_minutes, clinic.buffer_after_minutes) == (15, 10)


def test_a_treatment_has_a_length_and_buffers_of_its_own_or_the_clinics():
    make.clinic()
    row = make.treatment()
    client, address = desk.lead(), desk.url("clinic_treatment_change", row.pk)
    given = form_of(address, client)
    assert client.post(address, given).status_code == 302
    row.refresh_from_db()
    assert (row.visit_minutes, row.buffer_before_minutes) == (None, None)
    assert client.post(address, given | {"visit_minutes": "4"}).status_code == 200
    more = {"visit_minutes": "45", "buffer_before_minutes": "0"}
    assert client.post(address, given | more).status_code == 302
    row.refresh_from_db()
    assert (row.visit_minutes, row.buffer_before_minutes) == (45, 0)
