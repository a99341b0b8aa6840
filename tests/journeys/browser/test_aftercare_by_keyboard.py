"""A new version of an aftercare plan is written, reviewed and published in Chromium by keyboard alone."""

import pytest

from clinic.models import AftercarePlan
from tests.journeys.browser import test_wording_by_keyboard as wording
from tests.journeys.browser.patient import SIZES, Patient, chromium
from tests.journeys.browser.test_wording_by_keyboard import SHOTS, SUBMIT, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.empty_clinic]
clinic_open = wording.clinic_open
WORDS = {"en": "Keep it cool.\n\n1. Wait.\n2. Wrap the ice.", "ar": "حافظ على برودتها."}


def write(person: Patient, rooms: str) -> AftercarePlan:
    """The lead's part: a new draft, changed words, and why."""
    live = AftercarePlan.objects.filter(state="published").order_by("treatment__position").first()
    assert live is not None
    person.page.goto(f"{rooms}/")
    person.look("list")
    person.page.goto(f"{rooms}/{live.pk}/change/")
    person.look("live")
    person.press("button[formaction='../new-version/']")
    for language, words in WORDS.items():
        person.type(f"[name=steps-1-body_{language}]", words)
    person.press("input[name=_continue]")
    person.look("draft")
    person.press("a[href='../preview/']")
    person.look("preview-of-the-draft")
    person.page.go_back()
    person.press("a[href='../send-to-review/']")
    person.press(SUBMIT)
    person.look("why-missing")
    person.type("textarea[name=change_note]", "Clearer.")
    person.press(SUBMIT)
    person.look("sent-to-review")
    return AftercarePlan.objects.get(treatment=live.treatment, state="in_review")


def review_and_publish(person: Patient, rooms: str, row: AftercarePlan) -> None:
    person.page.goto(f"{rooms}/{row.pk}/change/")
    person.press("a[href='../preview/']")
    person.look("preview")
    person.press("button[formaction='../reviewed/']")
    person.press("a[href='../preview/']")
    person.look("preview-reviewed")
    person.press("button[formaction='../publish/']")
    person.look("published")
    person.page.goto(f"{rooms}/{row.pk}/preview/")
    person.look("its-e-mails")
    person.page.goto(f"{rooms}/{row.pk}/retire/")
    person.look("retire")


def test_a_plan_is_written_reviewed_and_published_by_keyboard_and_axe_finds_nothing(
    clinic_open, live_site
):
    problems = []
    with chromium() as browser:
        for language in ("en", "ar"):
            context = browser.new_context(viewport=SIZES["desk"])
            person = Patient(context.new_page(), language, SHOTS)
            desk = f"{live_site}/{'ar/' if language == 'ar' else ''}admin"
            rooms = f"{desk}/clinic/aftercareplan"
            sign_in(person, desk, "lead")
            row = write(person, rooms)
            sign_in(person, desk, "dermatologist")
            review_and_publish(person, rooms, row)
            row.refresh_from_db()
            assert row.state == "published" and row.steps.filter(body_ar=WORDS["ar"]).exists()
            problems += [f"{language}: {problem}" for problem in person.problems]
            context.close()
    assert not problems, "\n".join(problems)
