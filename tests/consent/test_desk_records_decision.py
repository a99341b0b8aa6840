"""The dermatologist's decision: a new row under their name and licence, and the next record."""

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import User

import consent.actions
from bookings.models import NotPossibleNow
from clinic import clock
from consent.models import ConsentRecord, Particulars, Review
from tests import desk, make
from tests.consent import records
from tests.consent.records import page, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


@pytest.fixture
def record() -> ConsentRecord:
    return make.confirmed().consent_records.get()


def review(record, client=None, **fields):
    given = {"decision": "discussed", "note": "We talked about bruises."} | fields
    return (client or desk.dermatologist()).post(records.address(record), given)


def said_of(response) -> str:
    """The refusal on the page that is shown again."""
    assert response.status_code == 200
    soup = BeautifulSoup(response.content, "html.parser")
    return text_of(soup.select_one("#decision").find_parent("section").select_one(".errorlist"))


def test_a_review_is_a_new_row_each_time(record):
    review(record)
    review(record, decision="countersigned", note="")
    notes = dict(Particulars.objects.values_list("commitment", "value"))
    assert [
        (row.decision, notes.get(row.note_commitment, ""), row.entry.kind)
        for row in record.reviews.order_by("pk")
    ] == [("discussed", "We talked about bruises.", "review"), ("countersigned", "", "review")]
    assert {row.dermatologist.slug for row in record.reviews.all()} == {"huda"}
    assert "We talked about bruises." in page(record).get_text()


def test_a_button_that_is_pressed_twice_writes_one_review(record):
    client = desk.dermatologist()
    for _press in range(2):
        assert review(record, client).status_code == 302
    assert record.reviews.count() == 1
    review(record, client, note="")
    review(record, client)
    assert record.reviews.count() == 3


def test_a_countersignature_carries_the_licence_number_of_that_day(record):
    doctor = make.dermatologist(licence_number="DHA-P-1111111")
    assert "licence number DHA-P-1111111" in text_of(page(record))
    review(record, decision="countersigned")
    make.dermatologist(licence_number="DHA-P-2222222")
    soup = page(record)
    assert f"countersigned, {doctor}, licence number DHA-P-1111111" in text_of(
        soup.select_one(".review")
    ).replace(" ,", ",")
    assert "It is written under your name" in text_of(soup)
    assert "DHA-P-2222222" in text_of(soup.select_one("#content-main form"))
    assert record.reviews.get().licence_number == "DHA-P-1111111"


def test_a_review_without_a_decision_is_asked_again_and_the_note_is_kept(record):
    response = review(record, decision="")
    assert "We talked about bruises." in response.content.decode()
    assert not Review.objects.exists()


@pytest.mark.parametrize("fields", [{"decision": "consented"}, {"note": "x" * 2001}])
def test_another_decision_or_a_longer_note_is_refused(record, fields):
    assert review(record, **fields).status_code == 200
    assert not Review.objects.exists()


def test_nobody_reviews_anothers_record(record):
    assert review(record, desk.dermatologist("arjun")).status_code == 302
    assert review(record, desk.reception()).status_code == 403
    assert review(record, desk.lead()).status_code == 403
    assert not Review.objects.exists()


def test_a_superuser_who_is_no_dermatologist_reads_and_does_not_review(record):
    client = desk.client_of(User.objects.create_superuser("root", password="a long password"))
    assert page(record, client).select("[name=decision]") == []
    assert review(record, client).status_code == 403
    with pytest.raises(NotPossibleNow, match="Only a dermatologist"):
        consent.actions.review(
            record=record, reviewed_by=make.staff("root"), decision="discussed", now=make.NOW
        )
    assert not Review.objects.exists()


def test_a_withdrawn_record_is_not_countersigned_and_can_be_talked_about(record):
    records.withdrawn(record)
    assert "cannot be countersigned" in said_of(review(record, decision="countersigned"))
    assert not Review.objects.exists()
    assert review(record, decision="needs_talk").status_code == 302


@pytest.mark.parametrize("note", ["", "Too late."])
def test_nothing_is_added_to_an_erased_record(record, note):
    records.erased(record.consultation)
    assert "was erased" in said_of(review(record, note=note))
    assert not Review.objects.exists()


def test_the_decision_is_taken_by_keys_that_stand_beside_it(record):
    soup = page(record)
    by_key = {"".join(one["accesskey"]): one for one in soup.select("[accesskey]")}
    assert [by_key[key]["value"] for key in "123"] == ["discussed", "needs_talk", "countersigned"]
    assert (by_key["5"].name, by_key["9"]["name"]) == ("textarea", "next")
    assert by_key["0"]["href"] == "#decision"
    told = [one.get_text() for one in soup.select(".keys kbd")]
    assert sorted(told) == sorted(by_key)


def test_enter_writes_the_review_and_shows_the_next_one(record):
    first = page(record).select_one("form [type=submit][value*=Write]")
    assert first["name"] == "next"


def test_words_of_a_patient_and_a_note_keep_their_own_direction():
    record = records.talking(question="هل يؤلم؟ 10 <b>mg</b>")
    review(record, note="نعم <script>")
    soup = page(record)
    quotes = soup.select("blockquote")
    assert {one["dir"] for one in quotes} == {"auto"}
    assert "هل يؤلم؟ 10 <b>mg</b>" in quotes[0].get_text()
    assert "نعم <script>" in [one.get_text() for one in soup.select(".review blockquote")]
