"""Another e-mail address, and no more tips: by keyboard alone, looked at by axe, in both languages."""

import datetime as dt
import itertools
import os
from pathlib import Path

import pytest

import bookings.actions
from bookings import links
from bookings.links import Purpose
from bookings.models import Consultation
from clinic import clock
from clinic.models import Treatment
from tests import make
from tests.journeys.browser.patient import SIZES, Patient, chromium
from tests.person import link_to

pytestmark = pytest.mark.browser
SHOTS = Path(os.environ["SHOTS"]) if os.environ.get("SHOTS") else None


@pytest.fixture
def clinic_open(committed_db, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop in this thread


def visited(language: str, *, number: int) -> Consultation:
    """A visit that took place, with a treatment session after it."""
    now = clock.now()
    treatment = Treatment.objects.get(slug="mesotherapy")
    free = bookings.actions.free_times(treatment=treatment, now=now)
    name = "ليلى حسن" if language == "ar" else "Layla Hassan"
    at = free[number * 3].starts_at
    visit = make.completed(now=now, starts_at=at, language=language, patient_name=name)
    later = at + dt.timedelta(hours=1)
    bookings.actions.record_session(
        consultation=visit, took_place_at=later, now=later, recorded_by=None
    )
    return visit


def code_of(visit: Consultation) -> str:
    visit.refresh_from_db()
    return links.code(visit, Purpose.NEW_CODE)


def changes_the_address(patient: Patient, visit: Consultation, *, new: str) -> None:
    patient.press("main a[href$='address/']")
    patient.look("address")
    patient.go_on()
    patient.look("address-nothing-typed")
    patient.type("input[name=email]", new)
    patient.go_on()
    patient.look("address-code")
    code = code_of(visit)
    patient.type("input[name=code]", f"{(int(code) + 1) % 1_000_000:06d}")
    patient.go_on()
    patient.look("address-wrong-code")
    patient.type("input[name=code]", code)
    patient.go_on()
    patient.look("address-changed")


def test_the_address_and_the_tips_by_keyboard_alone_and_axe_finds_nothing(clinic_open, live_site):
    problems, walked = [], []
    with chromium() as browser:
        for number, (language, size) in enumerate(itertools.product(("en", "ar"), SIZES)):
            context = browser.new_context(viewport=SIZES[size], java_script_enabled=True)
            patient = Patient(context.new_page(), language, SHOTS)
            visit = visited(language, number=number)
            home = live_site + ("/ar" if language == "ar" else "")
            patient.page.goto(live_site + link_to(visit, language=language))
            patient.type("input[name=answer]", "1990")
            patient.go_on()
            changes_the_address(patient, visit, new=f"new{number}@example.org")
            visit.refresh_from_db()
            assert visit.email == f"new{number}@example.org"
            bookings.actions.ask_for_new_address(
                consultation=visit,
                email=f"other{number}@example.org",
                by_staff=True,
                now=clock.now() + dt.timedelta(minutes=1),
            )
            patient.page.reload()
            patient.look("address-waits")
            context.clear_cookies()
            visit.refresh_from_db()
            patient.page.goto(f"{home}/address/{links.token(visit, Purpose.NEW_ADDRESS)}/")
            patient.look("address-link")
            patient.page.goto(f"{home}/stop/{links.token(visit, Purpose.STOP)}/")
            patient.look("stop-tips")
            patient.press("main button[name=stop]")
            patient.look("tips-stopped")
            visit.refresh_from_db()
            assert visit.tips_stopped_at is not None
            problems += [f"{language} {size}: {problem}" for problem in patient.problems]
            walked.append(len(patient.seen))
            context.close()
    assert not problems, "\n".join(problems)
    assert min(walked) >= 9
