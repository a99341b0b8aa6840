"""A visit is booked in Chromium by keyboard alone, in both languages, on a phone and on a desk."""

import itertools
import os
import re
from pathlib import Path

import pytest

from bookings.models import Consultation
from clinic import clock
from clinic.management import demo_catalogue
from clinic.models import Clinic
from tests import processes
from tests.journeys.browser.patient import SIZES, Patient, chromium

pytestmark = [pytest.mark.browser, pytest.mark.empty_clinic]
# SHOTS=folder keeps a picture of every page of the road, to be looked at.
SHOTS = Path(os.environ["SHOTS"]) if os.environ.get("SHOTS") else None


def code_in(sink, email: str) -> str:
    """The six digits of the newest e-mail to this address."""
    processes.wait_until(lambda: mails_to(sink, email), what=f"an e-mail to {email}")
    text = mails_to(sink, email)[-1].get_body(("plain",)).get_content()
    found = re.search(r"\b(\d{6})\b", text)
    assert found, text
    return found[1]


def mails_to(sink, email: str) -> list:
    return [message for message in sink.messages if email in message["To"]]


@pytest.fixture
def clinic_open(committed_db, monkeypatch):
    """The demo's catalogue, without its consultations."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop in this thread
    demo_catalogue.load(now=clock.now())
    # The next free time is booked, and cancelled a minute later: it must not be too late by then.
    Clinic.objects.update(cancel_until_minutes=60)


def walk(patient: Patient, site: str, sink, email: str) -> None:
    """From the start page to the booked visit, with the keyboard; every page is looked at."""
    prefix = "/ar" if patient.language == "ar" else ""
    patient.page.goto(f"{site}{prefix}/")
    patient.look("start")
    patient.press("main a.button, main .actions button")
    patient.look("what")
    patient.go_on()
    patient.look("what-nothing-chosen")
    patient.tick("input[name=about]")
    patient.go_on()
    patient.look("when")
    patient.tick("input[name=time]")
    patient.go_on()
    patient.look("about-you")
    patient.go_on()
    patient.look("about-you-errors")
    patient.tick("input[name=visit_for]")
    patient.type("input[name=patient_name]", "ليلى حسن" if prefix else "Layla Hassan")
    patient.type("input[name=email]", email)
    patient.type("input[name=mobile]", "00971 50 123 4567")
    for part, digits in (("day", "17"), ("month", "5"), ("year", "1990")):
        patient.type(f"input[name=birth_date_{part}]", digits)
    patient.go_on()
    patient.look("code")
    patient.type("input[name=code]", "000000")
    patient.go_on()
    patient.look("code-wrong")
    patient.type("input[name=code]", code_in(sink, email))
    patient.go_on()
    for number in itertools.count(1):
        if "/risks/" not in patient.page.url:
            break
        patient.look(f"risk-{number}")
        if number == 1:
            patient.go_on()
            patient.look("risk-not-ticked")
        patient.tick("input[name=understood]")
        if number == 2:
            patient.tick("input[name=wants_to_talk]")
            patient.type("textarea[name=question]", "هل يؤلم؟" if prefix else "Does it hurt?")
        patient.go_on()
    patient.look("check")
    patient.go_on()
    patient.look("booked")


def walk_own_page(patient: Patient, link: str) -> None:
    """The patient's own page, from the e-mail: the light check, the copy, moving, cancelling."""
    patient.page.goto(link)
    patient.look("light-check")
    patient.type("input[name=answer]", "1990")
    patient.go_on()
    patient.look("mine")
    mine = patient.page.url
    for name in ("acknowledged", "move", "cancel"):
        patient.page.goto(f"{mine}{name}/")
        patient.look(f"mine-{name}")
    patient.page.goto(f"{mine}cancel/")
    patient.press("#answers button[type=submit].danger, #answers .actions button")
    patient.look("cancelled")


def link_in(sink, email: str, count: int) -> str:
    """The path of the link to the patient's page, once there are `count` e-mails.

    The worker cannot know the free port that the test's web server found.
    """
    processes.wait_until(lambda: len(mails_to(sink, email)) >= count, what="the confirmation")
    text = mails_to(sink, email)[-1].get_body(("plain",)).get_content()
    found = re.search(r"https?://[^/\s]+(/\S*c/[\w.-]+/)", text)
    assert found, text
    return found[1]


def test_a_visit_is_booked_by_keyboard_alone_and_axe_finds_nothing(
    clinic_open, live_site, worker, smtp_sink
):
    problems, walked = [], []
    with chromium() as browser:
        for language, size in itertools.product(("en", "ar"), SIZES):
            email = f"{language}-{size}@example.com"
            context = browser.new_context(viewport=SIZES[size], java_script_enabled=True)
            patient = Patient(context.new_page(), language, SHOTS)
            walk(patient, live_site, smtp_sink, email)
            booked = Consultation.objects.get(email=email)
            assert (booked.status, booked.language) == ("confirmed", language)
            context.clear_cookies()  # the link is opened on another device
            walk_own_page(patient, live_site + link_in(smtp_sink, email, 2))
            booked.refresh_from_db()
            assert booked.status == "cancelled"
            for name, path in (("dead-link", "c/AAAAAAAA.x/"), ("nothing-here", "nothing/")):
                patient.page.goto(f"{live_site}/{'ar/' if language == 'ar' else ''}{path}")
                patient.look(name)
            problems += [f"{language} {size}: {problem}" for problem in patient.problems]
            walked.append(len(patient.seen))
            context.close()
    assert not problems, "\n".join(problems)
    assert min(walked) >= 20
