"""The desk: erasure requests taken and answered, and how long data is kept."""

import datetime as dt

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

import bookings.actions
import consent.actions
from bookings.models import Consultation
from clinic import clock
from consent.models import Answer, EntryKind, ErasureRequest, LedgerEntry, LegalHold
from tests import desk, make
from tests.consent.keeping import (
    EMAIL,
    HOLDS,
    NAME,
    REQUESTS,
    asked_for,
    cancelled,
    page,
    soup_of,
    text_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def treated() -> Consultation:
    visit = make.completed(patient_name=NAME, email=EMAIL)
    after = visit.ends_at + dt.timedelta(minutes=30)
    bookings.actions.record_session(
        consultation=visit, took_place_at=after, now=after, recorded_by=None
    )
    return visit


# --- Taking a request ---------------------------------------------------------------------------


def test_reception_takes_a_request_from_the_consultations_page():
    consultation = cancelled()
    client = desk.reception()
    shown = soup_of(client.get(desk.page(consultation)))
    link = next(one for one in shown.select("a") if one.get_text() == "Take an erasure request")
    form = soup_of(client.get(link["href"]))
    assert form.select_one("input[name=consultation]")["value"] == str(consultation)
    answer = client.post(link["href"], {"consultation": str(consultation)}, follow=True)
    asked = ErasureRequest.objects.get()
    assert (asked.consultation, asked.taken_by.username) == (consultation, "reception")
    assert "The clinic's lead answers it." in text_of(answer)
    again = text_of(client.get(desk.page(consultation)))
    assert "has asked to have this erased. It is not answered yet." in again
    assert "Take an erasure request" not in again


@pytest.mark.parametrize("typed", ["{0}", " {1} ", "{2}"])
def test_a_reference_is_typed_in_any_way(typed):
    consultation = cancelled()
    code = consultation.reference
    ways = typed.format(code, consultation.grouped_reference.lower(), f"{code[:4]} {code[4:]}")
    desk.reception().post(desk.url(f"{REQUESTS}_add"), {"consultation": ways})
    assert ErasureRequest.objects.get().consultation == consultation


@pytest.mark.parametrize(
    ("typed", "words"),
    [("", "This field is required."), ("ZZZZ-ZZZZ", "No consultation has this reference.")],
)
def test_a_reference_of_nobody_is_refused(typed, words):
    answer = desk.reception().post(desk.url(f"{REQUESTS}_add"), {"consultation": typed})
    assert words in text_of(answer) and not ErasureRequest.objects.exists()


def test_a_visit_ahead_is_said_before_a_request_is_taken():
    consultation = make.confirmed()
    answer = desk.reception().post(desk.url(f"{REQUESTS}_add"), {"consultation": str(consultation)})
    assert "Cancel it first." in text_of(answer) and not ErasureRequest.objects.exists()


# --- Who may what -------------------------------------------------------------------------------


def test_reception_takes_and_sees_and_does_not_answer():
    asked = asked_for(cancelled())
    client = desk.reception()
    shown = text_of(client.get(page(asked)))
    assert "not answered yet" in shown
    assert "Erase it" not in shown and "Refuse it" not in shown
    for name in ("grant", "refuse"):
        for answer in (
            client.get(page(asked, name)),
            client.post(page(asked, name), {"told": "on"}),
        ):
            assert answer.status_code == 403
    for address in (desk.url(f"{HOLDS}_add"), desk.url(f"{HOLDS}_changelist")):
        assert client.get(address).status_code == 403
    asked.refresh_from_db()
    assert asked.answer == Answer.OPEN


def test_a_dermatologist_sees_neither():
    asked, client = asked_for(cancelled()), desk.dermatologist()
    for address in (
        page(asked),
        page(asked, "grant"),
        desk.url(f"{REQUESTS}_changelist"),
        desk.url(f"{REQUESTS}_add"),
        desk.url(f"{HOLDS}_changelist"),
    ):
        assert client.get(address).status_code == 403
    assert "Erasure requests to answer" not in text_of(client.get("/admin/"))


def test_nobody_edits_or_deletes_a_request_or_a_hold():
    lead = make.staff("lead", group="Lead")
    consultation = cancelled()
    asked = asked_for(consultation)
    hold = consent.actions.place_hold(
        consultation=consultation, reason="a claim", by=lead, now=make.NOW
    )
    root = desk.client_of(User.objects.create_superuser("root", password="a long password"))
    before = ErasureRequest.objects.values().get(), LegalHold.objects.values().get()
    lie = {"answer": "granted", "why": "x", "reason": "", "lifted_at": "2026-01-01", "post": "yes"}
    for address in (
        page(asked),
        page(asked, "delete"),
        desk.url(f"{HOLDS}_delete", hold.pk),
        desk.url(f"{HOLDS}_change", hold.pk),
    ):
        for client in (root, desk.client_of(lead)):
            assert client.post(address, lie).status_code in (200, 403)
    assert (ErasureRequest.objects.values().get(), LegalHold.objects.values().get()) == before


# --- Answering ----------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "/ar"])
def test_the_lead_sees_on_the_front_page_what_waits(prefix):
    asked_for(cancelled())
    soup = soup_of(desk.lead().get(f"{prefix}/admin/"))
    card = next(one for one in soup.select(".desk-cards a") if "answer__exact=open" in one["href"])
    assert card.select_one("strong").get_text() == "1"
    assert desk.lead().get(card["href"]).status_code == 200


def test_granting_takes_two_steps_and_says_what_goes_what_stays_and_whom_to_tell():
    consultation = cancelled(language="ar", mobile="+971501234567")
    asked, client = asked_for(consultation), desk.lead()
    first = text_of(client.get(page(asked)))
    assert "yes: nothing forbids it" in first and "24 November 2028" not in first
    assert "22 November 2028" in first
    assert NAME not in first  # until somebody has to be told
    shown = soup_of(client.get(page(asked, "grant")))
    words = " ".join(shown.get_text(" ").split())
    for fact in (NAME, EMAIL, "+971 50 123 4567", "What goes", "What stays", "1, with the words"):
        assert fact in words, fact
    told = shown.select("blockquote")
    assert [(one["lang"], one["dir"]) for one in told] == [("ar", "rtl"), ("en", "ltr")]
    assert not Consultation.objects.get(pk=consultation.pk).is_erased
    refused = client.post(page(asked, "grant"), {})
    assert "Tell the patient first" in text_of(refused)
    assert not Consultation.objects.get(pk=consultation.pk).is_erased
    done = client.post(page(asked, "grant"), {"told": "on"}, follow=True)
    assert Consultation.objects.get(pk=consultation.pk).is_erased
    said = text_of(done)
    assert "It is erased. Nobody can undo this." in said
    assert "We have erased what we knew about you" in said  # to be read out, reload or not
    assert NAME not in said and EMAIL not in said


def test_other_consultations_of_the_person_are_named_before_it_is_erased():
    same = {"mobile": "+971501234567", "birth_date": dt.date(1990, 5, 17)}
    consultation = cancelled(**same)
    other = make.confirmed(
        patient_name=NAME,
        email=EMAIL,
        starts_at=make.TOMORROW_AT_9 + dt.timedelta(hours=1),
        **same,
    )
    shown = text_of(desk.lead().get(page(asked_for(consultation), "grant")))
    assert "Their other consultations" in shown and str(other) in shown


def test_what_may_not_be_erased_is_refused_with_the_reason():
    asked, client = asked_for(treated()), desk.lead()
    assert "The law keeps this until 23 November 2051" in text_of(client.get(page(asked)))
    answer = client.post(page(asked, "grant"), {"told": "on"})
    assert "The law keeps this until 23 November 2051" in text_of(answer)
    assert not LedgerEntry.objects.filter(kind=EntryKind.ERASURE).exists()
    form = soup_of(client.get(page(asked, "refuse")))
    usual = form.select_one("textarea[name=why]").get_text()
    assert "article 20" in usual and "until 23 November 2051" in usual
    empty = client.post(page(asked, "refuse"), {"why": "  "})
    assert "This field is required." in text_of(empty)
    client.post(page(asked, "refuse"), {"why": usual})
    asked.refresh_from_db()
    assert (asked.answer, asked.answered_by.username) == (Answer.REFUSED, "lead")
    assert asked.why == usual.strip()


def test_an_answer_is_given_once():
    asked, client = asked_for(cancelled()), desk.lead()
    client.post(page(asked, "refuse"), {"why": "Not yet."})
    for name, given in (("grant", {"told": "on"}), ("refuse", {"why": "Other words."})):
        answer = client.post(page(asked, name), given, follow=True)
        assert "answered already" in text_of(answer)
    asked.refresh_from_db()
    assert (asked.answer, asked.why) == (Answer.REFUSED, "Not yet.")


def test_the_history_says_who_and_names_no_patient():
    asked, client = asked_for(cancelled()), desk.lead()
    client.post(page(asked, "grant"), {"told": "on"})
    lines = LogEntry.objects.values_list("user__username", "change_message", "object_repr")
    assert [line[:2] for line in lines] == [("lead", "Granted: it is erased.")]
    assert NAME not in str(list(lines))


def test_a_request_that_the_time_has_overtaken_can_still_be_answered():
    consultation = cancelled()
    asked = asked_for(consultation)
    later = make.NOW.replace(year=2030)
    assert consent.actions.erase_due(now=later) == 1
    client = desk.lead()
    assert "it is erased already" in text_of(client.get(page(asked)))
    assert "it is erased already" in text_of(client.get(page(asked, "grant")))
    client.post(page(asked, "grant"), {"told": "on"})
    asked.refresh_from_db()
    assert asked.answer == Answer.GRANTED
    assert LedgerEntry.objects.filter(kind=EntryKind.ERASURE).count() == 1


# --- How long -----------------------------------------------------------------------------------


def test_the_clinics_page_says_how_long_data_is_kept_and_the_lead_changes_it():
    client = desk.lead()
    address = desk.url("clinic_clinic_change", 1)
    soup = soup_of(client.get(address))
    assert "article 20" in soup.get_text()
    given = {
        field["name"]: field.get("value", "")
        for field in soup.select("#clinic_form input[name]")
        if field.get("type") != "submit"
    }
    assert given["keep_treated_years"] == "25" and given["keep_others_months"] == "24"
    answer = client.post(address, given | {"keep_others_months": "6"})
    assert answer.status_code == 302
    assert "22 May 2027" in consent.actions.day_in_words(
        consent.retention.keep_until(make.waiting()).until
    )
