"""A new version of a risk list is written, reviewed and published in Chromium by keyboard alone."""

import os
from pathlib import Path

import pytest

from clinic import clock
from clinic.management import demo_catalogue
from clinic.settings import PASSWORD_HASHERS
from consent.models import RiskList
from tests.journeys.browser.patient import SIZES, Patient, chromium

pytestmark = [pytest.mark.browser, pytest.mark.empty_clinic]
SHOTS = Path(os.environ["SHOTS"]) if os.environ.get("SHOTS") else None
WORDS = {"en": "Cold packs help. Call us.", "ar": "الكمادات الباردة تساعد. اتصل بنا."}
SUBMIT = ".submit-row input[type=submit].default"


@pytest.fixture
def clinic_open(committed_db, monkeypatch, settings):
    """The demo's catalogue, with its published lists; its sign-ins as the web server reads them."""
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop in this thread
    demo_catalogue.load(now=clock.now())


def sign_in(person: Patient, desk: str, name: str) -> None:
    person.page.context.clear_cookies()
    person.page.goto(f"{desk}/")
    person.type("input[name=username]", name)
    person.type("input[name=password]", demo_catalogue.PASSWORD)
    person.press("input[name=password]")


def write(person: Patient, rooms: str) -> RiskList:
    """The lead's part: a new draft, a changed side effect, and why."""
    live = RiskList.objects.filter(state="published").order_by("pk").first()
    assert live is not None
    person.page.goto(f"{rooms}/{live.pk}/change/")
    person.look("live")
    person.press("button[formaction='../new-version/']")
    for language, words in WORDS.items():
        person.type(f"[name=risks-0-what_helps_{language}]", words)
    person.press("input[name=_continue]")
    person.look("draft")
    person.press("a[href='../preview/']")
    person.look("preview-of-the-draft")
    person.page.go_back()
    person.press("a[href='../send-to-review/']")
    person.press(SUBMIT)
    person.look("why-missing")
    person.tick("input[name=change]")
    person.type("textarea[name=change_note]", "Clearer.")
    person.press(SUBMIT)
    person.look("sent-to-review")
    return RiskList.objects.get(treatment=live.treatment, state="in_review")


def send_back(person: Patient, rooms: str, row: RiskList) -> None:
    person.page.goto(f"{rooms}/{row.pk}/send-back/")
    person.look("send-back")
    person.type("textarea[name=remark]", "Shorter, please.")
    person.press(SUBMIT)
    person.look("sent-back")


def review_and_publish(person: Patient, rooms: str, row: RiskList) -> None:
    person.page.goto(f"{rooms}/{row.pk}/change/")
    person.look("in-review")
    person.press("a[href='../preview/']")
    person.look("preview")
    person.press("button[formaction='../reviewed/']")
    person.press("a[href='../preview/']")
    person.look("preview-reviewed")
    person.press("button[formaction='../publish/']")
    person.look("published")


def go_the_whole_way(person: Patient, site: str) -> RiskList:
    """From the live version to the next one, with one sending back on the way."""
    desk = f"{site}/{'ar/' if person.language == 'ar' else ''}admin"
    rooms = f"{desk}/consent/risklist"
    sign_in(person, desk, "lead")
    row = write(person, rooms)
    sign_in(person, desk, "dermatologist")
    send_back(person, rooms, row)
    sign_in(person, desk, "lead")
    person.page.goto(f"{rooms}/{row.pk}/change/")
    person.look("remarked")
    person.press("a[href='../send-to-review/']")
    person.press(SUBMIT)  # the change and why it is made stand there already
    sign_in(person, desk, "dermatologist")
    review_and_publish(person, rooms, row)
    row.refresh_from_db()
    return row


def test_a_version_is_written_reviewed_and_published_by_keyboard_and_axe_finds_nothing(
    clinic_open, live_site
):
    problems = []
    with chromium() as browser:
        for language in ("en", "ar"):
            context = browser.new_context(viewport=SIZES["desk"])
            person = Patient(context.new_page(), language, SHOTS)
            row = go_the_whole_way(person, live_site)
            assert (row.state, row.change) == ("published", "material")
            assert row.risks.get(position=1).what_helps_ar == WORDS["ar"]
            problems += [f"{language}: {problem}" for problem in person.problems]
            assert len(person.seen) >= 11
            context.close()
    assert not problems, "\n".join(problems)
