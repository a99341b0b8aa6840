"""The ledger at the desk: what the lead sees, in red when something is wrong, and that nobody edits it."""

import datetime as dt

import pytest

from clinic import clock
from consent import tasks, verifying
from consent.models import AnchorPlace, LedgerEntry, TreeHead, Verification
from tests import desk
from tests.consent.attacker import Attacker

pytestmark = pytest.mark.one_risk

TAMPERED = "Somebody has tampered with the consent records."
NOT_VERIFIED = "The ledger was not verified last night."
ROOMS = ["verification", "anchorplace", "ledgerentry"]


def front(client) -> str:
    return client.get("/admin/").content.decode()


def verified(here) -> Verification:
    return verifying.note(here.verify(), finished_at=clock.now())


def tampered(here) -> Verification:
    one = Attacker(here)
    with one.unguarded():
        one.run(
            "UPDATE consent_reading SET opened_at = opened_at - interval '1 s' WHERE id = %s",
            here.records[0].reading_id,
        )
    one.close()
    return verified(here)


def test_the_nightly_task_writes_down_what_it_found(here):
    here.grow()
    tasks.verify_ledger()
    run = Verification.objects.get()
    assert (run.outcome, run.size, run.findings) == ("sound", 5, [])
    assert run.finished_at >= run.started_at


def test_a_sound_ledger_needs_no_card(here):
    here.grow()
    verified(here)
    assert 'class="alarm"' not in front(desk.lead())


def test_what_was_tampered_with_stands_on_the_front_page_in_red_with_its_findings_behind_it(here):
    run = tampered(here)
    page = front(desk.lead())
    address = desk.url("consent_verification_change", run.pk)
    assert f'<li class="alarm"><a href="{address}">' in page and TAMPERED in page
    findings = desk.lead().get(address).content.decode()
    assert "consent_reading.opened_at" in findings
    assert here.records[0].consultation.reference in findings


def test_a_later_run_over_the_newest_part_does_not_take_the_card_away(here):
    verified(here)
    tampered(here)
    here.sealed()
    here.grow()
    since = verifying.note(here.verify(since_last=True), finished_at=clock.now())
    assert since.outcome == "sound"
    assert TAMPERED in front(desk.lead())


def test_an_anchor_that_fails_stands_there_too(here):
    here.grow()
    verified(here)
    AnchorPlace.objects.update(failing_since=clock.now(), trouble="PermissionError: denied")
    assert front(desk.lead()).count('class="alarm"') == 1
    assert (
        "PermissionError"
        in desk.lead().get(desk.url("consent_anchorplace_changelist")).content.decode()
    )


def test_a_night_without_a_verification_is_told(here):
    here.grow()
    one = Attacker(here)
    with one.unguarded():
        one.run("UPDATE consent_ledgerentry SET recorded_at = recorded_at - interval '3 days'")
    assert NOT_VERIFIED in front(desk.lead())
    verified(here)
    assert NOT_VERIFIED not in front(desk.lead())


@pytest.mark.parametrize("client", [desk.reception, desk.dermatologist])
def test_only_the_lead_sees_it(here, client):
    tampered(here)
    browser = client()
    assert TAMPERED not in front(browser)
    for room in ROOMS:
        assert browser.get(desk.url(f"consent_{room}_changelist")).status_code == 403


def test_nobody_edits_it(here):
    verified(here)
    browser = desk.lead()
    for room, row in zip(ROOMS, (Verification, AnchorPlace, LedgerEntry), strict=True):
        key = row.objects.first().pk
        assert browser.get(desk.url(f"consent_{room}_add")).status_code == 403
        assert browser.post(desk.url(f"consent_{room}_change", key), {}).status_code == 403
        assert browser.post(desk.url(f"consent_{room}_delete", key), {}).status_code == 403


def test_an_entry_is_found_by_its_hash_and_shows_its_bytes_and_its_place(here):
    record = here.records[0]
    browser = desk.lead()
    rows = browser.get(desk.url("consent_ledgerentry_changelist"), {"q": record.record_hash[:10]})
    assert rows.content.decode().count(record.record_hash[:16]) == 1
    page = browser.get(desk.url("consent_ledgerentry_change", record.entry.pk)).content.decode()
    assert "not consent to a procedure" in page and record.record_hash in page


def test_the_lists_ask_as_many_queries_with_one_row_as_with_five(here, django_assert_num_queries):
    browser = desk.lead()
    address = desk.url("consent_ledgerentry_changelist")
    browser.get(address)
    with django_assert_num_queries(9):
        browser.get(address)
    with django_assert_num_queries(9):
        browser.get(address, {"kind__exact": "publication"})
    assert TreeHead.objects.count() == 3
    assert clock.now() - LedgerEntry.objects.latest("pk").recorded_at < dt.timedelta(minutes=5)
