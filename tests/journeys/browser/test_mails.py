"""Every e-mail's HTML in Chromium, light and dark, on a phone and a desk: axe finds nothing."""

import os
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import chain
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from bookings import aftercare, emails
from bookings.delivery.claims import ADDRESS_REFUSED
from bookings.emails.samples import REFERENCE, samples, to_staff
from bookings.emails.staff import did_not_arrive
from bookings.models import Consultation, Kind
from clinic import clock
from clinic.inbox import Mail
from clinic.management import demo_catalogue
from clinic.models import Clinic
from clinic.settings import PASSWORD_HASHERS
from consent.admin import staff_samples
from tests.journeys.browser.patient import RULES, SIZES, Patient, chromium

pytestmark = [pytest.mark.browser, pytest.mark.empty_clinic]
SHOTS = Path(os.environ["SHOTS"]) if os.environ.get("SHOTS") else None
LOOKS: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# The elements are the same in every look and size: once is enough for the other rules.
OF_LOOKS = {"runOnly": ["color-contrast", "target-size", "link-in-text-block", "meta-viewport"]}


@pytest.fixture
def catalogue(db, monkeypatch):
    """The demo's clinic with its plans of aftercare, so that the real texts are looked at."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop in this thread
    demo_catalogue.load(now=clock.now())


def html_of_all(language: str) -> dict[str, str]:
    """The HTML parts as they arrive, with the pictures that they bring."""
    now, clinic = clock.now(), Clinic.objects.get()
    steps = [tip.steps for tip in aftercare.tips()]
    found = {}
    bounce = did_not_arrive(Consultation(id=0, reference=REFERENCE), ADDRESS_REFUSED)
    for_staff = [(Kind.BOUNCE, bounce), *staff_samples(now)] if language == "en" else []
    of_staff = [to_staff(kind, words, clinic, now=now) for kind, words in for_staff]
    for sample in chain(samples(language, clinic, now=now, steps=steps), of_staff):
        email = emails.compose(sample.message, now=sample.now, clinic=clinic)
        arrived = message_from_bytes(email.message().as_bytes(), policy=policy.default)
        assert isinstance(arrived, EmailMessage)
        found[sample.key] = Mail("", arrived).html()
    return found


def findings(page: Page, rules: dict, *, wide: str) -> list[str]:
    """What axe finds in the e-mail as it stands, and whether something is wider than the screen."""
    result = page.evaluate("options => axe.run(options)", rules)
    found = [
        f"axe {violation['id']}: {violation['nodes'][0]['target']}"
        for violation in result["violations"]
    ]
    too_wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return found + ([f"{too_wide} px wider than {wide}"] if too_wide > 0 else [])


def look_at(page: Page, name: str, html: str) -> list[str]:
    """The e-mail in each size and look; axe, once brought, stays for as long as the page does."""
    page.set_content(html)
    found: list[str] = []
    rules = RULES
    for size_name, size in SIZES.items():
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for look in LOOKS:
            page.emulate_media(color_scheme=look)
            seen = f"{name}, {look}, {size['width']} px"
            found += [f"{seen}: {finding}" for finding in findings(page, rules, wide=size_name)]
            rules = OF_LOOKS
            if SHOTS:
                file = f"{name}-{look}-{page.locator('html').get_attribute('lang')}-{size['width']}"
                page.screenshot(path=SHOTS / f"{file}.png", full_page=True)
    return found


@pytest.mark.parametrize("language", ["en", "ar"])
def test_axe_finds_nothing_in_any_e_mail_and_none_is_wider_than_a_phone(catalogue, language):
    mails, found = html_of_all(language), []
    with chromium() as browser:
        page = browser.new_context(offline=True).new_page()
        page.evaluate(Axe().axe_script)
        for name, html in mails.items():
            found += look_at(page, name, html)
    assert len(mails) > 30
    assert not found, "\n".join(found)


def test_axe_would_find_grey_on_grey_in_the_dark_alone(monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the test before left a connection open
    faint = "@media (prefers-color-scheme: dark) { p { color: #222; background: #111; } }"
    words = "<main><h1>A title</h1><p>Words that nobody can read.</p></main>"
    html = f"<!doctype html><html lang=en><title>A title</title><style>{faint}</style>{words}"
    with chromium() as browser:
        page = browser.new_page()
        page.evaluate(Axe().axe_script)
        found = look_at(page, "faint", html)
    assert found == [f"faint, dark, {width} px: axe color-contrast: ['p']" for width in (360, 1280)]


@pytest.fixture
def clinic_open(committed_db, monkeypatch, settings):
    """The demo's catalogue and sign-ins, for the web server."""
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    demo_catalogue.load(now=clock.now())


def sign_in(page: Page, desk: str) -> None:
    page.goto(f"{desk}/")
    page.fill("input[name=username]", "reception")
    page.fill("input[name=password]", demo_catalogue.PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state()


def test_the_desks_page_shows_each_e_mail_in_a_frame_without_javascript(clinic_open, live_site):
    problems = []
    with chromium() as browser:
        for language, prefix in (("en", ""), ("ar", "/ar")):
            context = browser.new_context(viewport=SIZES["desk"])
            reader = Patient(context.new_page(), language, SHOTS)
            sign_in(reader.page, f"{live_site}{prefix}/admin")
            for size in SIZES.values():
                reader.page.set_viewport_size(size)  # type: ignore[arg-type]
                reader.page.goto(f"{live_site}{prefix}/admin/all-emails/?look=dark")
                reader.look("all-emails")
            problems += [f"{language}: {problem}" for problem in reader.problems]
            frames = reader.page.locator("iframe")
            frames.first.scroll_into_view_if_needed()
            shown = frames.first.content_frame
            shown.locator("h1").wait_for()
            colour = "getComputedStyle(document.body).backgroundColor"
            assert shown.locator("body").evaluate(f"() => {colour}") == "rgb(16, 24, 27)"
            context.close()
    assert not problems, "\n".join(problems)
