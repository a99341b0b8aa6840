"""Every e-mail's HTML in Chromium, light and dark, on a phone and a desk: axe finds nothing."""

import os
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from bookings import aftercare, emails
from bookings.emails.samples import samples
from clinic import clock
from clinic.inbox import Mail
from clinic.management import demo_catalogue
from clinic.models import Clinic
from tests.journeys.browser.patient import SIZES, Patient, chromium

pytestmark = [pytest.mark.browser, pytest.mark.empty_clinic, pytest.mark.django_db]
SHOTS = Path(os.environ["SHOTS"]) if os.environ.get("SHOTS") else None
LOOKS = ("light", "dark")


@pytest.fixture
def catalogue(monkeypatch):
    """The demo's clinic with its plans of aftercare, so that the real texts are looked at."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop in this thread
    demo_catalogue.load(now=clock.now())


def html_of_all(language: str) -> dict[str, str]:
    """The HTML parts as they arrive, with the pictures that they bring."""
    now, clinic = clock.now(), Clinic.objects.get()
    steps = [tip.step for tip in aftercare.tips()]
    found = {}
    for sample in samples(language, clinic, now=now, steps=steps):
        email = emails.compose(sample.message, now=sample.now, clinic=clinic)
        arrived = message_from_bytes(email.message().as_bytes(), policy=policy.default)
        assert isinstance(arrived, EmailMessage)
        found[sample.key] = Mail("", arrived).html()
    return found


@pytest.mark.parametrize("language", ["en", "ar"])
def test_axe_finds_nothing_in_any_e_mail_and_none_is_wider_than_a_phone(catalogue, language):
    mails, problems = html_of_all(language), []
    with chromium() as browser:
        for look in LOOKS:
            for size in SIZES.values():
                context = browser.new_context(
                    viewport=size, color_scheme=look, java_script_enabled=True, offline=True
                )
                reader = Patient(context.new_page(), language, SHOTS)
                for name, html in mails.items():
                    reader.page.set_content(html)
                    reader.look(f"{look}-{name}")
                problems += [f"{size['width']} px: {problem}" for problem in reader.problems]
                context.close()
    assert len(mails) > 30
    assert not problems, "\n".join(problems)
