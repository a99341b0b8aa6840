"""The desk: erasure requests taken and answered, legal holds, and pages of what is erased."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

import bookings.actions
import consent.actions
from bookings import calendar
from bookings.models import Consultation
from clinic import clock
from consent.models import Answer, ConsentRecord, EntryKind, ErasureRequest, LedgerEntry, LegalHold
from tests import desk, make

pytestmark = pytest.mark.django_db
REQUESTS, HOLDS = "consent_erasurerequest", "consent_legalhold"
NAME, EMAIL = "Zubaida Kanari", "kanari@example.net"


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def soup_of(response) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def text_of(response) -> str:
    return " ".join(soup_of(response).get_text(" ").split())


def cancelled(**fields) -> Consultation:
    visit = make.confirmed(patient_name=NAME, email=EMAIL, **fields)
    return bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)


def treated() -> Consultation:
    visit = make.completed(patient_name=NAME, email=EMAIL)
    after = visit.ends_at + dt.timedelta(minutes=30)
    bookings.actions.record_session(
        consultation=visit, took_place_at=after, now=after, recorded_by=None
    )
    return visit


def asked_for(consultation: Consultation) -> ErasureRequest:
    return consent.actions.ask_for_erasure(consultation=consultation, now=make.NOW)


def erased(consultation: Consultation) -> Consultation:
    consent.actions.grant_erasure(
        asked=asked_for(consultation), by=make.staff("lead", group="Lead"), now=make.NOW
    )
    consultation.refresh_from_db()
    return consultation


def page(asked: ErasureRequest, name: str = "change") -> str:
    return desk.url(f"{REQUESTS}_{name}", asked.pk)


def there(prefix: str, address: str) -> str:
    """An address in a language, whichever the last page was in."""
    return prefix + address.removeprefix("/ar")


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


# --- Legal holds --------------------------------------------------------------------------------


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


# --- Pages of what is erased --------------------------------------------------------------------


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
