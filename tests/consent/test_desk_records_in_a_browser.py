"""A record's page in Chromium: axe, both languages, phone and desk, decided by keyboard, and on paper."""

import itertools
import os
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page

import consent.actions
from clinic import clock
from clinic.models import Clinic
from consent.models import ConsentRecord, RecordAccess, Review, Risk
from tests import desk, make
from tests.consent import records
from tests.journeys.browser.patient import SIZES, Patient, chromium

pytestmark = pytest.mark.browser
# SHOTS=folder keeps a picture of every page, to be looked at.
SHOTS = Path(os.environ["SHOTS"]) if os.environ.get("SHOTS") else None

DJANGOS = "axe label-title-only: #searchbar"  # the search box's visible label is a picture


@pytest.fixture
def to_review(committed_db, monkeypatch) -> list[ConsentRecord]:
    """Two records, English and Arabic, with questions; then the wording of one side effect changed."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright runs a loop in this thread
    Clinic.objects.update(min_notice_minutes=0)
    doctor = make.dermatologist(licence_number="DHA-P-1234567")
    doctor.user = make.staff("huda", group="Dermatologists")
    doctor.save()
    found = [
        records.talking(patient_name="Layla Hassan", question="Does it hurt?", ip="203.0.113.9"),
        records.talking(
            patient_name="مريم سالم",
            guardian_name="سالم علي",
            question="هل يؤلم؟ 10 mg",
            language="ar",
            starts_at=make.TOMORROW_AT_9.replace(hour=8),
        ),
    ]
    draft = consent.actions.start_list(
        treatment=make.treatment(), written_by=make.staff("lead", group="Lead")
    )
    Risk.objects.filter(risk_list=draft, key="burning").update(
        what_helps_en="Cold water helps.", what_helps_ar="الماء البارد يساعد."
    )
    draft.risks.get(key="needle-pricks").delete()
    make.publish(draft, now=clock.now())
    return found


def signed_in(browser, site: str, username: str, size: dict[str, int]):
    """A page of a browser in which somebody of the staff is signed in."""
    client = desk.client_of(make.staff(username))
    context = browser.new_context(viewport=size)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])
    return context.new_page()


def test_axe_finds_nothing_on_any_page_of_a_record(to_review, live_site):
    problems = []
    with chromium() as browser:
        for language, (name, size) in itertools.product(("en", "ar"), SIZES.items()):
            staff = Patient(signed_in(browser, live_site, "huda", size), language, SHOTS)
            prefix = f"{live_site}/ar" if language == "ar" else live_site
            for number, record in enumerate(to_review, 1):
                staff.page.goto(prefix + records.address(record))
                staff.look(f"record-{number}")
                staff.page.goto(prefix + records.address(record, "print"))
                staff.look(f"print-{number}")
            staff.page.goto(prefix + desk.url("consent_consentrecord_changelist"))
            staff.look("records")
            staff.page.context.close()
            lead = Patient(signed_in(browser, live_site, "lead", size), language, SHOTS)
            lead.page.goto(prefix + desk.url("consent_recordaccess_changelist"))
            lead.look("looks")
            lead.page.context.close()
            found = [one for one in staff.problems + lead.problems if DJANGOS not in one]
            problems += [f"{language} {name}: {problem}" for problem in found]
    assert not problems, "\n".join(problems)


def test_no_page_is_wider_than_a_phone_however_long_an_address_or_a_remark_is(
    committed_db, monkeypatch, live_site
):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    make.dermatologist(user=make.staff("huda", group="Dermatologists"))
    email = "a.very.long.name.of.somebody@a-clinic-far-away.example.com"
    record = records.talking(email=email, ip="203.0.113.9")
    draft = make.risk_list(make.treatment())
    draft.risks.update(what_helps_ar=" ".join(["كمّادات"] * 35) + ".")
    pages = [
        records.address(record),
        desk.url("consent_risklist_preview", make.in_review(draft).pk),
    ]
    wide = []
    with chromium() as browser:
        page = signed_in(browser, live_site, "huda", SIZES["phone"])
        for prefix, address in itertools.product(("", "/ar"), pages):
            page.goto(f"{live_site}{prefix}{address}")
            assert (email if address == pages[0] else "35") in page.inner_text("#content")
            width = page.evaluate("document.documentElement.scrollWidth")
            wide += [(prefix + address, width)] if width > SIZES["phone"]["width"] else []
    assert not wide


def press_with_alt(page: Page, digit: str) -> None:
    """Alt and a digit, as a keyboard sends them (Playwright's own leaves out which digit it was)."""
    session = page.context.new_cdp_session(page)
    key = {"key": digit, "code": f"Digit{digit}", "windowsVirtualKeyCode": ord(digit)}
    for kind, text in (("rawKeyDown", ""), ("char", digit), ("keyUp", "")):
        event = {"type": kind, "text": text, "unmodifiedText": text, "modifiers": 1, **key}
        session.send("Input.dispatchKeyEvent", event)


@pytest.mark.parametrize("keys", ["accesskeys", "arrows"])
def test_a_record_is_decided_and_the_next_one_shown_by_keyboard_alone(to_review, live_site, keys):
    first, second = to_review
    with chromium() as browser:
        page = signed_in(browser, live_site, "huda", SIZES["desk"])
        page.goto(live_site + records.address(first))
        if keys == "accesskeys":
            press_with_alt(page, "3")
            press_with_alt(page, "5")
            page.keyboard.type("Seen.")
            with page.expect_navigation():
                press_with_alt(page, "9")
        else:
            staff = Patient(page, "en")
            staff.tab_to("a[href='#decision']")
            page.keyboard.press("Enter")
            staff.tab_to("input[name=decision]")
            page.keyboard.press("ArrowUp")  # from the first choice round to the last
            with page.expect_navigation():
                page.keyboard.press("Enter")
        assert page.url == live_site + records.address(second)
    written = Review.objects.get()
    assert (written.record, written.decision) == (first, "countersigned")


def test_only_the_print_page_gives_the_record_to_a_printer(to_review, live_site):
    with chromium() as browser:
        page = signed_in(browser, live_site, "huda", SIZES["desk"])
        for kind, is_whole in (("change", False), ("print", True)):
            page.goto(live_site + records.address(to_review[0], kind))
            page.emulate_media(media="print")
            words = page.inner_text("body")
            assert ("Does it hurt?" in words) == ("What burning" in words) == is_whole, words
            assert ("To print this record, press" in words) != is_whole
            assert "written down as a print" not in words
            page.emulate_media(media="screen")
    assert [row.how for row in RecordAccess.objects.order_by("pk")] == ["read", "printed"]
