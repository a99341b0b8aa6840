"""`make shots`: the README's pictures, taken from a running demo (`make run` beside it; SITE names another)."""

import os
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from tests.journeys.browser.patient import Patient, chromium
from tests.journeys.walk import in_inbox

SITE = os.environ.get("SITE", "http://127.0.0.1:8000")
README = Path(__file__).resolve().parents[3] / "README.md"
PICTURES = README.parent / "docs" / "pictures"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}


def take(page: Page, name: str) -> None:
    """One picture, if the README shows it; with few colours, so that it stays small."""
    if f"{name}.png" not in README.read_text():
        return
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file)
    Image.open(file).convert("RGB").quantize(96).save(file, optimize=True)
    print(f"{file.relative_to(PICTURES.parents[1])}: {file.stat().st_size // 1024} KB")


def road(page: Page, language: str) -> None:
    """The patient's pages in one language."""
    patient = Patient(page, language)
    email = f"shots-{language}-{int(time.time())}@example.com"
    page.goto(f"{SITE}/{'ar/' if language == 'ar' else ''}")
    patient.press("main a.button, main .actions button")
    patient.tick("input[name=about]")
    patient.go_on()
    take(page, f"when-{language}")
    patient.tick("input[name=time]")
    patient.go_on()
    patient.tick("input[name=visit_for]")
    patient.type("input[name=patient_name]", "مريم سالم" if language == "ar" else "Maryam Salem")
    patient.type("input[name=email]", email)
    patient.type("input[name=mobile]", "050 000 9999")
    for part, digits in (("day", "17"), ("month", "5"), ("year", "1990")):
        patient.type(f"input[name=birth_date_{part}]", digits)
    patient.go_on()
    patient.type("input[name=code]", in_inbox(SITE, email, r"\b\d{6}\b"))
    patient.go_on()
    page.evaluate("window.scrollTo(0, 0)")
    take(page, f"risk-{language}")
    while "/risks/" in page.url:
        patient.tick("input[name=understood]")
        patient.go_on()
    patient.go_on()
    in_inbox(SITE, email, r"[0-9A-Z]{4}-[0-9A-Z]{4}")
    page.reload()
    take(page, f"booked-{language}")


def desk(page: Page) -> None:
    """What reception and a dermatologist see."""
    for name, path in (
        ("reception", "bookings/consultation/"),
        ("dermatologist", "consent/consentrecord/"),
    ):
        page.context.clear_cookies()
        page.goto(f"{SITE}/admin/")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", "demo-clinic-2026")
        page.press("input[name=password]", "Enter")
        page.wait_for_load_state()
        page.goto(f"{SITE}/admin/{path}")
        take(page, "desk" if name == "reception" else "records")


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for language in ("en", "ar"):
            context = browser.new_context(viewport=PHONE)
            road(context.new_page(), language)
            context.close()
        desk(browser.new_context(viewport=DESK).new_page())


if __name__ == "__main__":
    main()
