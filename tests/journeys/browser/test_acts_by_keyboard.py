"""Reading out, talking first, stopping, withdrawing and reading again: by keyboard alone, looked at by axe."""

import datetime as dt
import itertools
import os
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

import bookings.actions
from bookings.models import Consultation
from clinic import clock
from clinic.models import Treatment
from consent.models import ActKind, PatientAct
from tests import make
from tests.journeys.browser.patient import SIZES, Patient, chromium
from tests.person import Person

pytestmark = pytest.mark.browser
SHOTS = Path(os.environ["SHOTS"]) if os.environ.get("SHOTS") else None
DANGER = "#answers button.danger"


@pytest.fixture
def clinic_open(committed_db, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop in this thread


def proven(language: str, *, time: int) -> Consultation:
    """A request whose address is proven, for the free time of this number in two days or later."""
    now = clock.now()
    free = bookings.actions.free_times(
        treatment=Treatment.objects.get(slug="mesotherapy"), now=now + dt.timedelta(days=2)
    )
    name = "ليلى حسن" if language == "ar" else "Layla Hassan"
    at = free[time * 3].starts_at
    return make.proven(now=now, starts_at=at, language=language, patient_name=name)


def sits_at(context: BrowserContext, site: str, person: Person) -> None:
    """The browser goes on where this person is."""
    cookie = person.client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": site}])


def has_it_read_out(patient: Patient, home: str) -> None:
    patient.page.goto(f"{home}/book/risks/1/")
    patient.look("risk")
    patient.press("main a[href$='read-out/']")
    patient.look("read-out")
    patient.go_on()
    patient.look("read-out-nothing-typed")
    patient.type("input[name=interpreter_name]", "آصف خان" if "/ar" in home else "Asif Khan")
    patient.type("input[name=interpreter_language]", "Urdu")
    patient.go_on()
    patient.look("risk-read-out")
    patient.type("textarea[name=question]", "هل يؤلم؟" if "/ar" in home else "Does it hurt?")
    patient.press("button[name=act]")
    patient.look("talked")


def acknowledges_all(patient: Patient, *, name: str) -> None:
    while "/check/" not in patient.page.url:
        patient.tick("input[name=understood]")
        patient.go_on()
    patient.look(name)
    patient.go_on()


def test_the_other_acts_by_keyboard_alone_and_axe_finds_nothing(clinic_open, live_site):
    problems, walked = [], []
    with chromium() as browser:
        for number, (language, size) in enumerate(itertools.product(("en", "ar"), SIZES)):
            context = browser.new_context(viewport=SIZES[size], java_script_enabled=True)
            patient = Patient(context.new_page(), language, SHOTS)
            home = live_site + ("/ar" if language == "ar" else "")
            first, second = proven(language, time=2 * number), proven(language, time=2 * number + 1)
            sits_at(context, live_site, Person().walks(first))
            has_it_read_out(patient, home)
            patient.press("main .actions a.button")
            acknowledges_all(patient, name="check-read-out")
            patient.page.goto(f"{home}/my/")  # who has booked may see it
            patient.press("main a[href$='withdraw/']")
            patient.look("withdraw")
            patient.press(DANGER)
            patient.look("mine-asks-again")
            patient.press("main a[href$='risks/']")
            patient.look("risk-again")
            acknowledges_all(patient, name="check-again")
            patient.look("mine-thanked")
            sits_at(context, live_site, Person().walks(second))
            patient.page.goto(f"{home}/book/risks/1/")
            patient.press("main a[href$='stop/']")
            patient.look("stop")
            patient.press(DANGER)
            patient.look("stopped")
            problems += [f"{language} {size}: {problem}" for problem in patient.problems]
            walked.append(len(patient.seen))
            assert set(
                PatientAct.objects.filter(consultation=first).values_list("kind", flat=True)
            ) == {
                ActKind.WANTS_TO_TALK,
                ActKind.WITHDRAWN,
            }
            assert PatientAct.objects.get(consultation=second).kind == ActKind.DECLINED
            context.close()
    assert not problems, "\n".join(problems)
    assert min(walked) >= 13
