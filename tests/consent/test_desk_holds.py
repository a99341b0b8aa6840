"""Legal holds at the desk: placed and lifted with reasons, and shown where something could be erased."""

import datetime as dt

import pytest
from django.contrib.admin.models import LogEntry

import consent.actions
from clinic import clock
from consent.models import ConsentRecord, LegalHold
from tests import desk, make
from tests.consent.keeping import HOLDS, REQUESTS, cancelled, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def test_the_lead_places_and_lifts_a_hold_with_reasons():
    consultation, client = cancelled(), desk.lead()
    add = desk.url(f"{HOLDS}_add")
    no_reason = client.post(add, {"consultation": str(consultation), "reason": ""})
    assert "required" in text_of(no_reason) and not LegalHold.objects.exists()
    client.post(add, {"consultation": str(consultation), "reason": "Claim 12/2026"})
    hold = LegalHold.objects.get()
    assert (hold.placed_by.username, hold.placed_at) == ("lead", make.NOW)
    twice = client.post(add, {"consultation": str(consultation), "reason": "Claim 13/2026"})
    assert "A legal hold stands already." in text_of(twice)
    address = desk.url(f"{HOLDS}_change", hold.pk)
    assert "Claim 12/2026" in text_of(client.get(address))
    assert "required" in text_of(client.post(address, {"reason": ""}))
    client.post(address, {"reason": "Settled"})
    hold.refresh_from_db()
    assert (hold.lifted_by.username, hold.lift_reason) == ("lead", "Settled")
    assert "Lift the hold" not in text_of(client.get(address))
    lines = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert list(lines) == ["Placed a legal hold.", "Lifted the legal hold."]


def test_a_hold_is_shown_on_the_consultation_and_on_its_record():
    consultation = make.confirmed()
    lead = make.staff("lead", group="Lead")
    record = ConsentRecord.objects.get(consultation=consultation)
    pages = (
        (desk.reception(), desk.page(consultation)),
        (desk.dermatologist(), desk.page(consultation)),
        (desk.dermatologist(), desk.url("consent_consentrecord_change", record.pk)),
    )
    words = "There is a legal hold: nothing of this may be erased."
    for client, address in pages:
        assert words not in text_of(client.get(address))
    hold = consent.actions.place_hold(
        consultation=consultation, reason="Claim 12/2026", by=lead, now=make.NOW
    )
    for client, address in pages:
        shown = client.get(address)
        assert words in text_of(shown)
        # The reason is the lead's to read.
        assert "Claim 12/2026" not in text_of(shown)
        assert desk.url(f"{HOLDS}_change", hold.pk) not in shown.content.decode()


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_lists_cost_as_many_queries_for_three_as_for_one(how_many, django_assert_num_queries):
    lead = make.staff("lead", group="Lead")
    for number in range(how_many):
        consultation = cancelled(
            starts_at=make.TOMORROW_AT_9 + dt.timedelta(hours=number),
            mobile=f"+97150000000{number}",
        )
        consent.actions.ask_for_erasure(consultation=consultation, taken_by=lead, now=make.NOW)
        consent.actions.place_hold(
            consultation=consultation, reason="a claim", by=lead, now=make.NOW
        )
    client = desk.lead()
    client.get("/admin/")
    for name in (REQUESTS, HOLDS):
        with django_assert_num_queries(8):
            client.get(desk.url(f"{name}_changelist"))
