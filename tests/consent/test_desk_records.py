"""The dermatologist's desk: the records that wait, the soonest visit first, and a page for each."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup

import bookings.actions
from clinic import clock
from tests import desk, make
from tests.consent import records
from tests.consent.records import page, talking

pytestmark = pytest.mark.django_db
LIST = "consent_consentrecord_changelist"


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def review(record, client=None, **fields):
    address = desk.url("consent_consentrecord_change", record.pk)
    given = {"decision": "discussed", "note": "We talked about bruises."} | fields
    return (client or desk.dermatologist()).post(address, given)


def test_the_page_shows_the_exact_words_statement_question_and_receipt():
    record = talking()
    soup = page(record)
    text = " ".join(soup.get_text(" ", strip=True).split())
    for act in record.reading.acknowledgements.all():
        for part in act.words.split("\n\n"):
            assert part in text
        assert act.statement in text
        assert act.words_hash in text
    assert text.count("Does it hurt?") == 4
    assert record.record_hash in text.replace(" ", "")
    assert "It is not consent to a procedure." in text


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl")])
def test_the_words_are_marked_with_the_language_the_patient_read(language, direction):
    visit = make.confirmed(language=language)
    soup = page(visit.consent_records.get())
    shown = soup.select(".act .shown")
    assert len(shown) == 4
    assert {(one["lang"], one["dir"]) for one in shown} == {(language, direction)}


def test_after_a_review_the_next_one_that_waits_is_shown():
    first = make.confirmed().consent_records.get()
    later = make.TOMORROW_AT_9 + (make.TOMORROW_AT_9 - make.NOW)
    second = make.confirmed(starts_at=later.replace(hour=8, minute=0)).consent_records.get()
    response = review(first, next="1")
    assert response.headers["Location"].endswith(f"/{second.pk}/change/")


def test_the_list_shows_what_waits_for_a_review():
    record = make.confirmed().consent_records.get()
    client = desk.dermatologist()
    assert "to be reviewed" in client.get(desk.url(LIST) + "?reviewed=no").content.decode()
    review(record)
    soup = BeautifulSoup(client.get(desk.url(LIST) + "?reviewed=no").content, "html.parser")
    assert soup.select("#result_list tbody tr") == []


def test_reception_sees_that_somebody_wants_to_talk_and_not_what_about():
    record = talking()
    text = desk.reception().get(desk.page(record.consultation)).content.decode()
    assert "wants to talk" in text
    assert "Does it hurt?" not in text


def waiting() -> list[str]:
    """The patients in the list of what is to be reviewed."""
    response = desk.dermatologist().get(desk.url(LIST) + "?reviewed=no")
    soup = BeautifulSoup(response.content, "html.parser")
    return [one.get_text(strip=True) for one in soup.select(".field-patient")]


def test_a_wish_to_talk_that_acknowledged_nothing_is_found_too():
    quiet = make.confirmed(starts_at=make.TOMORROW_AT_9.replace(hour=8))
    record = make.confirmed(patient_name="Layla").consent_records.get()
    risk = record.reading.risk_list.risks.first()
    records.wished(record.reading, risk, note="Is it safe?")
    text = desk.dermatologist().get(desk.url(LIST) + "?talk=yes").content.decode()
    assert "Layla" in text and quiet.patient_name not in text
    assert "Is it safe?" not in text
    top = page(record).select_one(".open-points").get_text()
    assert "Skin infection" in top and "Is it safe?" in top
    assert "I want to talk about this first" in top


def test_a_record_that_was_acknowledged_again_need_not_be_reviewed_any_more():
    first = make.confirmed(patient_name="Layla").consent_records.get()
    second = records.acknowledged_again(first, now=make.NOW)
    assert waiting() == ["Layla"]
    review(second)
    assert waiting() == []
    text = desk.dermatologist().get(desk.url(LIST)).content.decode()
    assert "acknowledged again since" in text


def test_a_withdrawal_is_seen_in_the_list_and_on_top_of_the_page():
    record = make.confirmed().consent_records.get()
    review(record)
    records.withdrawn(record, reason="I changed my mind")
    assert "withdrawn" in desk.dermatologist().get(desk.url(LIST)).content.decode()
    top = page(record).select_one("div.errornote").get_text()
    assert "has withdrawn this acknowledgement" in top and "I changed my mind" in top


def test_a_cancelled_visits_record_can_still_be_read():
    visit = make.confirmed()
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=False)
    assert "cancelled" in page(visit.consent_records.get()).get_text()


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_as_many_queries_for_three_rows_as_for_one(
    how_many, django_assert_num_queries
):
    for number in range(how_many):
        make.confirmed(starts_at=make.TOMORROW_AT_9.replace(hour=5 + number))
    client = desk.dermatologist()
    with django_assert_num_queries(8):
        client.get(desk.url(LIST))


def test_the_next_visit_stands_first_and_who_did_not_come_is_not_to_be_reviewed(monkeypatch):
    day = dt.timedelta(days=1)
    for days, name in ((0, "Past"), (2, "Later"), (1, "Sooner"), (3, "Cancelled")):
        visit = make.confirmed(starts_at=make.TOMORROW_AT_9 + days * day, patient_name=name)
    bookings.actions.cancel(consultation=visit, now=make.NOW, by_patient=True)
    monkeypatch.setattr(clock, "now", lambda: make.TOMORROW_AT_9 + day / 2)

    def names(query: str) -> list[str]:
        response = desk.dermatologist().get(desk.url(LIST) + query)
        soup = BeautifulSoup(response.content, "html.parser")
        return [one.get_text(strip=True) for one in soup.select(".field-patient")]

    assert names("") == ["Sooner", "Later", "Cancelled", "Past"]
    assert names("?reviewed=no") == ["Sooner", "Later", "Past"]
