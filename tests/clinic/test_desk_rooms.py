"""Each role sees its own rooms, and no others: the front page and every address of the desk."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import translation

import consent.actions
from clinic import clock
from clinic.admin import desk as site
from consent.models import AnchorPlace, Outcome, Place, Verification
from tests import desk, make
from tests.bookings.hours import season as season_of
from tests.bookings.owing import note

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]

# What each role may open: room -> the pages of it that answer.
ROOMS = {
    "reception": {
        "bookings_consultation": {"changelist", "add", "change", "history"},
        "bookings_closure": {"changelist", "add", "change", "history", "delete"},
        "bookings_opening": {"changelist", "change", "history"},
        "bookings_season": {"changelist", "change", "history"},
        "bookings_message": {"changelist", "change", "history"},
        "clinic_aftercareplan": {"changelist", "change", "history"},
        "consent_erasurerequest": {"changelist", "add", "change", "history"},
    },
    "dermatologist": {
        "bookings_message": {"changelist", "change", "history"},
        "bookings_consultation": {"changelist", "change", "history"},
        "consent_consentrecord": {"changelist", "change", "history"},
        "consent_risklist": {"changelist", "change", "history"},
        "clinic_aftercareplan": {"changelist", "change", "history"},
    },
    "lead": {
        "clinic_clinic": {"changelist", "change", "history"},
        "clinic_treatment": {"changelist", "add", "change", "history"},
        "clinic_dermatologist": {"changelist", "add", "change", "history"},
        "clinic_aftercareplan": {"changelist", "add", "change", "history"},
        "bookings_closure": {"changelist", "add", "change", "history", "delete"},
        "bookings_opening": {"changelist", "add", "change", "history", "delete"},
        "bookings_season": {"changelist", "add", "change", "history", "delete"},
        "bookings_message": {"changelist"},  # those to patients are not for the lead
        "consent_risklist": {"changelist", "add", "change", "history"},
        "consent_erasurerequest": {"changelist", "add", "change", "history"},
        "consent_legalhold": {"changelist", "add", "change", "history"},
        "consent_recordaccess": {"changelist", "change", "history"},
        "consent_anchorplace": {"changelist", "change", "history"},
        "consent_ledgerentry": {"changelist", "change", "history"},
        "consent_verification": {"changelist", "change", "history"},
    },
}
SIGN_IN = {
    "reception": desk.reception,
    "dermatologist": desk.dermatologist,
    "lead": desk.lead,
}
EVERY_ROOM = sorted(f"{model._meta.app_label}_{model._meta.model_name}" for model in site._registry)
PAGES = ("changelist", "add", "change", "history", "delete")


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)
    with translation.override("en"):  # the test client leaves the last page's language behind
        yield


def a_row_of_each() -> dict[str, int]:
    """The id of one row for each room."""
    visit = make.confirmed()
    [step] = make.aftercare_steps(visit.treatment, hours=(0,))
    closure = visit.dermatologist.closures.create(
        starts_at=make.NOW, ends_at=make.TOMORROW_AT_9, reason="Leave"
    )
    opening = visit.dermatologist.openings.create(starts_at=make.NOW, ends_at=make.TOMORROW_AT_9)
    season = season_of()
    user = make.staff("somebody", group="Lead")
    record = visit.consent_records.get()
    look = consent.actions.look(record=record, by=user, how="read", now=make.NOW)
    [message] = note(make.NOW)
    other = make.waiting()
    asked = consent.actions.ask_for_erasure(consultation=other, now=make.NOW)
    hold = consent.actions.place_hold(consultation=other, reason="a claim", by=user, now=make.NOW)
    anchor = AnchorPlace.objects.create(place=Place.FILE)
    run = Verification.objects.create(
        started_at=make.NOW, finished_at=make.NOW, size=0, outcome=Outcome.SOUND
    )
    return {
        "auth_group": user.groups.get().pk,
        "auth_user": user.pk,
        "bookings_closure": closure.pk,
        "bookings_consultation": visit.pk,
        "bookings_message": message.pk,
        "bookings_opening": opening.pk,
        "bookings_season": season.pk,
        "clinic_aftercareplan": step.plan.pk,
        "clinic_clinic": 1,
        "clinic_dermatologist": visit.dermatologist.pk,
        "clinic_treatment": visit.treatment.pk,
        "consent_anchorplace": anchor.pk,
        "consent_consentrecord": visit.consent_records.get().pk,
        "consent_erasurerequest": asked.pk,
        "consent_ledgerentry": record.entry.pk,
        "consent_legalhold": hold.pk,
        "consent_recordaccess": look.pk,
        "consent_risklist": visit.treatment.risk_lists.get().pk,
        "consent_verification": run.pk,
    }


@pytest.mark.parametrize("role", ROOMS)
def test_every_page_of_the_desk_answers_only_those_whose_room_it_is(role):
    rows = a_row_of_each()
    assert sorted(rows) == EVERY_ROOM
    client = SIGN_IN[role]()
    opened = {}
    for room in EVERY_ROOM:
        for page in PAGES:
            args = () if page in ("changelist", "add") else (rows[room],)
            status = client.get(desk.url(f"{room}_{page}", *args)).status_code
            assert status in (200, 302, 403), (room, page, status)  # 302: not there, for them
            if status == 200:
                opened.setdefault(room, set()).add(page)
    assert opened == ROOMS[role]


@pytest.mark.parametrize("role", ROOMS)
@pytest.mark.parametrize("language", ["", "/ar"])
def test_the_front_page_lists_the_rooms_of_the_role_and_no_others(role, language):
    make.clinic()
    response = SIGN_IN[role]().get(f"{language}/admin/")
    soup = BeautifulSoup(response.content, "html.parser")
    shown = {link["href"] for link in soup.select(".rooms a")}
    translation.activate("en")
    assert shown == {language + desk.url(f"{room}_changelist") for room in ROOMS[role]}


def test_somebody_without_a_role_finds_no_room():
    client = desk.client_of(make.staff("new"))
    response = client.get("/admin/")
    assert "You have no rooms here yet" in response.content.decode()
    for room in EVERY_ROOM:
        assert client.get(desk.url(f"{room}_changelist")).status_code == 403


def test_who_is_not_signed_in_is_asked_to():
    for room in EVERY_ROOM:
        response = Client().get(desk.url(f"{room}_changelist"))
        assert response.headers["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("verb", ["arrive", "move", "cancel", "prove", "send-link", "void-session"])
def test_a_dermatologist_and_the_lead_press_no_button_of_reception(verb):
    visit = make.confirmed()
    for client in (desk.dermatologist(), desk.lead()):
        assert client.post(desk.button(visit, verb)).status_code == 403
    visit.refresh_from_db()
    assert visit.status == "confirmed"


def test_another_dermatologists_consultation_and_record_are_not_there():
    visit = make.confirmed(dermatologist=make.dermatologist("huda"))
    record = visit.consent_records.get()
    addresses = [desk.page(visit), desk.url("consent_consentrecord_change", record.pk)]
    for address in addresses:
        assert desk.dermatologist("huda").get(address).status_code == 200
        refused = desk.dermatologist("arjun").get(address)
        assert (refused.status_code, refused.headers["Location"]) == (302, "/admin/")
    for name in ("bookings_consultation_changelist", "consent_consentrecord_changelist"):
        page = desk.dermatologist("arjun").get(desk.url(name) + f"?q={visit.reference}")
        assert visit.patient_name not in page.content.decode()


def test_the_header_names_the_clinic_its_zone_and_the_other_language():
    make.clinic()
    soup = BeautifulSoup(desk.reception().get("/admin/").content, "html.parser")
    header = soup.select_one("#header").get_text(" ", strip=True)
    assert "Marsa Skin Clinic" in header
    assert "Dubai time" in header
    assert soup.select_one('#header a[hreflang="ar"]')["href"] == "/ar/admin/"
    arabic = BeautifulSoup(desk.reception().get("/ar/admin/").content, "html.parser")
    assert arabic.html["dir"] == "rtl"
    assert "عيادة مرسى للجلدية" in arabic.get_text()


def test_the_desk_has_no_page_that_deletes_patients_or_evidence():
    for room in site._registry.values():
        assert room.actions is None or "delete_selected" not in room.actions
    superuser = make.staff("root")
    superuser.is_superuser = True
    superuser.save()
    rows = a_row_of_each()
    client = desk.client_of(superuser)
    for room in ("bookings_consultation", "consent_consentrecord", "clinic_dermatologist"):
        assert client.get(desk.url(f"{room}_delete", rows[room])).status_code == 403
