"""The desk's pages of what is erased: each still works, names nobody and changes nothing."""

import datetime as dt

import pytest

import bookings.actions
import consent.actions
from bookings import calendar
from bookings.models import Consultation
from clinic import clock
from consent.models import ConsentRecord
from tests import desk, make
from tests.consent.keeping import EMAIL, NAME, asked_for, cancelled, soup_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def erased(consultation: Consultation) -> Consultation:
    consent.actions.grant_erasure(
        asked=asked_for(consultation), by=make.staff("lead", group="Lead"), now=make.NOW
    )
    consultation.refresh_from_db()
    return consultation


def there(prefix: str, address: str) -> str:
    """An address in a language, whichever the last page was in."""
    return prefix + address.removeprefix("/ar")


@pytest.mark.parametrize("prefix", ["", "/ar"])
@pytest.mark.parametrize("status", ["cancelled", "completed", "waiting", "no_show"])
def test_every_page_of_the_desk_works_with_an_erased_consultation(prefix, status):
    rows = {
        "cancelled": cancelled,
        "completed": lambda: make.completed(patient_name=NAME, email=EMAIL),
        "waiting": lambda: make.waiting(patient_name=NAME, email=EMAIL),
        "no_show": lambda: bookings.actions.no_show(
            consultation=make.confirmed(patient_name=NAME, email=EMAIL),
            now=make.NOW + dt.timedelta(days=2),
        ),
    }
    consultation = rows[status]()
    if consultation.ends_at and status != "cancelled":  # over by now
        past = make.NOW - dt.timedelta(days=1)
        Consultation.objects.filter(pk=consultation.pk).update(
            starts_at=past, ends_at=past + dt.timedelta(minutes=20)
        )
    consultation = erased(consultation)
    word = "erased" if not prefix else ""
    reception = desk.reception()
    for query in (
        "day=all",
        f"q={consultation.grouped_reference}",
        "q=Zubaida",
        "day=past",
        "risks=missing",
        "mail=failed&day=all",
        f"status__exact={consultation.status}",
    ):
        shown = reception.get(there(prefix, desk.url(desk.LIST)) + "?" + query)
        assert shown.status_code == 200
        assert NAME not in text_of(shown)
        assert (str(consultation) in text_of(shown)) == (query in found_by(consultation, status))
    one = reception.get(there(prefix, desk.page(consultation)))
    assert one.status_code == 200 and word in text_of(one)
    if not prefix:
        assert "What was known of this patient was erased: Sunday" in text_of(one)
    assert not soup_of(one).select(".verbs")
    records = ConsentRecord.objects.filter(consultation=consultation)
    for record in records:
        dermatologist = desk.dermatologist()
        listed = dermatologist.get(there(prefix, desk.url("consent_consentrecord_changelist")))
        assert listed.status_code == 200 and word in text_of(listed)
        shown = dermatologist.get(
            there(prefix, desk.url("consent_consentrecord_change", record.pk))
        )
        assert shown.status_code == 200
        if not prefix:
            assert "lawfully erased" in text_of(shown)
        for paper in ("print", "pdf"):
            address = desk.url(f"consent_consentrecord_{paper}", record.pk)
            assert dermatologist.get(there(prefix, address)).status_code == 200, paper
    assert calendar.feed(make.dermatologist(), now=make.NOW)


def found_by(consultation: Consultation, status: str) -> set[str]:
    """The questions to the list which an erased consultation still answers."""
    found = {
        "day=all",
        f"q={consultation.grouped_reference}",
        f"status__exact={consultation.status}",
    }
    return found | ({"day=past"} if status in ("completed", "no_show") else set())


def test_no_button_and_no_review_changes_what_is_erased():
    consultation = erased(cancelled())
    before = Consultation.objects.values().get(pk=consultation.pk)
    for verb, given in (
        ("send-link", {}),
        ("cancel", {"on_the_phone": "no", "reason": "x"}),
        ("prove", {"note": "x"}),
        ("undo", {}),
    ):
        desk.reception().post(desk.button(consultation, verb), given)
        assert Consultation.objects.values().get(pk=consultation.pk) == before
    record = ConsentRecord.objects.get(consultation=consultation)
    answer = desk.dermatologist().post(
        desk.url("consent_consentrecord_change", record.pk),
        {"decision": "discussed", "note": "x"},
    )
    assert answer.status_code == 403 and not record.reviews.exists()


def test_an_erased_record_waits_for_no_review():
    visit = make.confirmed()
    past = make.NOW - dt.timedelta(days=1)
    Consultation.objects.filter(pk=visit.pk).update(
        starts_at=past, ends_at=past + dt.timedelta(minutes=20)
    )
    before = soup_of(desk.dermatologist().get("/admin/")).select(".desk-cards strong")
    erased(visit)
    after = soup_of(desk.dermatologist().get("/admin/")).select(".desk-cards strong")
    count = [int(one.get_text()) for one in before], [int(one.get_text()) for one in after]
    assert sum(count[0]) == sum(count[1]) + 1
