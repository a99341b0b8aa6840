"""The desk's page of all e-mails: every kind, both languages, no patient's, and who may look."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from bookings import links
from bookings.admin.samples import in_look
from bookings.emails import KINDS
from bookings.emails.samples import AFTERCARE, REFERENCE, VARIANTS
from bookings.models import TO_STAFF, Consultation, Kind, Message
from clinic import clock
from clinic.models import Dermatologist, Treatment
from tests import desk, make
from tests.bookings.mails import DAY

pytestmark = [pytest.mark.django_db, pytest.mark.one_risk]
PAGE = "/admin/all-emails/"
# The session, the user, their permissions (two), the clinic (for the desk, the e-mails and the header),
# the plans' steps; and whether a moved visit was confirmed before, in each language.
QUERIES = 10


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    make.aftercare_steps(make.treatment())
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def page(path: str = PAGE) -> BeautifulSoup:
    return BeautifulSoup(desk.reception().get(path).content, "html.parser")


def test_every_kind_and_each_step_of_aftercare_stands_there_in_both_languages():
    shown = page()
    texts = shown.select(".sample-text")
    # Three steps, the first in each state; then what staff get, for both languages at once.
    assert len(texts) == 2 * (len(VARIANTS) + len(AFTERCARE) + 2) + len(TO_STAFF)
    assert [text["lang"] for text in texts[:2]] == ["en", "ar"]
    assert {kind for kind, _state in VARIANTS} == set(KINDS) - {Kind.AFTERCARE}
    keys = [section["id"] for section in shown.select(".sample")]
    assert len(keys) == len(set(keys))
    assert all(text.get_text().strip() for text in texts)
    assert {f"{kind}-to-staff" for kind in TO_STAFF} <= set(keys)


def test_a_frame_shows_the_html_of_the_same_e_mail():
    shown = page()
    (section,) = shown.select("#confirmed-confirmed-receipt")
    for text, frame in zip(section.select(".sample-text"), section.select("iframe"), strict=True):
        response = desk.reception().get(frame["src"])
        mail = BeautifulSoup(response.content, "html.parser")
        assert frame.has_attr("sandbox") and not frame["sandbox"]
        assert mail.html["lang"] == text["lang"]
        assert mail.a["href"] in text.get_text()
        assert mail.img["src"].startswith("data:image/png;base64,")


def test_every_frame_can_be_opened_and_runs_and_fetches_nothing():
    client = desk.reception()
    frames = page().select("iframe")
    assert len(frames) > 60
    for frame in frames[::7]:
        response = client.get(frame["src"])
        policy = response.headers["Content-Security-Policy"]
        assert response.status_code == 200
        assert "sandbox" in policy and "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_the_page_keeps_the_strict_policy():
    policy = desk.reception().get(PAGE).headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy and "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(("look", "dark"), [("dark", True), ("light", False), ("", False)])
def test_the_frames_are_light_or_dark_as_the_links_above_say(look, dark):
    src = page(f"{PAGE}?look={look}").iframe["src"]
    html = desk.reception().get(src).content.decode()
    assert ("@media all" in html, "@media not all" in html) == (dark, not dark)
    wanted = "dark" if dark else "light"
    assert f'name="color-scheme" content="{wanted}"' in html
    assert f"color-scheme: {wanted};" in html
    assert "prefers-color-scheme" not in html


def test_a_look_changes_nothing_but_the_colours():
    html = "<p>light dark</p>"
    assert in_look(html, "dark") == html


def test_no_row_is_read_that_belongs_to_a_patient_and_none_is_written():
    make.confirmed(patient_name="Zubaida Canary", email="canary@example.com")
    before = (Consultation.objects.count(), Message.objects.count())
    shown = desk.reception().get(PAGE).content.decode()
    assert "Zubaida" not in shown and "canary@example.com" not in shown
    assert (Consultation.objects.count(), Message.objects.count()) == before
    assert not Treatment.objects.filter(pk=0) and not Dermatologist.objects.filter(pk=0)


def test_the_link_of_a_sample_opens_nothing():
    sample = Consultation(reference=REFERENCE)
    for purpose in links.Purpose:
        assert links.find(links.token(sample, purpose), purpose) is None


@pytest.mark.parametrize("who", [desk.reception, desk.lead, desk.dermatologist])
def test_the_staff_see_it_and_the_front_page_leads_there(who):
    client = who()
    assert client.get(PAGE).status_code == 200
    assert PAGE in client.get("/admin/").content.decode()


def test_nobody_else_sees_it():
    frame = reverse("sample_email", args=["code-held-unproven", "en"])
    nobody = desk.client_of(make.staff("nobody"))
    for path in (PAGE, frame):
        assert Client().get(path).status_code == 302
        assert nobody.get(path).status_code == 403
    assert PAGE not in nobody.get("/admin/").content.decode()


@pytest.mark.parametrize("path", ["code-held-unproven/fr/", "no-such-mail/en/"])
def test_there_is_no_other_sample(path):
    assert desk.reception().get(PAGE + path).status_code == 404


@pytest.mark.parametrize("consultations", [1, 3])
def test_it_asks_as_many_queries_however_many_visits_there_are(
    consultations, django_assert_num_queries
):
    for day in range(consultations):
        make.confirmed(starts_at=make.TOMORROW_AT_9 + day * DAY)
    client = desk.reception()
    with django_assert_num_queries(QUERIES):
        client.get(PAGE)
