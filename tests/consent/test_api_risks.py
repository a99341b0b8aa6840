"""The side effects over the API: read, acknowledged one by one, sealed; and the copy."""

import datetime as dt

import pytest

from bookings.models import Status
from clinic import clock
from consent.models import Acknowledgement, ConsentRecord, Reading
from tests import make
from tests.bookings.api import Api, code_of, pointers, slot, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalogue(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)
    make.clinic()
    make.dermatologist()


def on_the_way(**fields) -> Api:
    api = Api()
    assert api.begin(**slot(), **fields).status_code == 201
    assert api.prove().status_code == 200
    return api


def acknowledge_all(api: Api, *, leave: int = 0, **query: str) -> dict:
    total = len(api.get("consultation/risks/", **query).json()["risks"])
    for number in range(total - leave):
        # Another answer than before begins a new reading, so the list is had anew each time.
        risk = api.get("consultation/risks/", **query).json()["risks"][number]
        answer = api.post("consultation/acknowledgements/", shown=risk["shown"], understood=True)
        assert answer.status_code == 201
    return api.get("consultation/risks/", **query).json()


def test_the_whole_road_over_the_api_books_the_visit():
    api = on_the_way(language="ar")
    first = api.get("consultation/risks/").json()
    assert first["language"] == "ar"
    assert [risk["position"] for risk in first["risks"]] == [1, 2, 3, 4]
    assert first["risks"][0]["name"] == "عدوى جلدية"
    assert first["risks"][0]["statement"] == "أفهم أن هذا قد يحدث"
    assert not first["is_complete"]
    reading = acknowledge_all(api)
    assert reading["is_complete"] and reading["reading"] == first["reading"]
    booked = api.post("consultation/book/", reading=reading["reading"])
    assert booked.status_code == 200
    told = booked.json()
    assert told["status"] == "confirmed"
    assert told["video_room"] == "https://video.example.com/huda"
    assert told["risks_acknowledged"] == told["risks_total"] == 4
    assert told["receipt"] == ConsentRecord.objects.get().record_hash
    again = api.post("consultation/book/", reading=reading["reading"])
    assert (again.status_code, again.json()) == (200, told)
    assert ConsentRecord.objects.count() == 1


def test_an_act_keeps_the_words_that_were_shown_and_the_question():
    api = on_the_way()
    risk = api.get("consultation/risks/").json()["risks"][0]
    sent = {"shown": risk["shown"], "understood": True, "wants_to_talk": True}
    act = api.post("consultation/acknowledgements/", **sent, question="Does it hurt?\nمؤلم؟")
    assert act.status_code == 201
    assert act.json()["risk"] == "skin-infection"
    assert act.json()["words"].startswith("Skin infection\n\nWhat skin infection is.")
    assert api.post("consultation/acknowledgements/", **sent, question="Does it hurt?\nمؤلم؟")
    assert Acknowledgement.objects.count() == 1
    reading = acknowledge_all(api)
    api.post("consultation/book/", reading=reading["reading"])
    copy = api.get("consultation/acknowledgements/").json()
    assert len(copy["acknowledgements"]) == 4
    assert "not consent to a procedure" in copy["purpose"]
    assert copy["receipt"] == ConsentRecord.objects.get().record_hash
    # acknowledge_all said again that there is nothing to talk about: the last act counts.
    assert copy["acknowledgements"][0]["question"] == ""
    assert copy["acknowledgements"][0]["words"] == act.json()["words"]


def test_the_copy_has_the_patients_own_question():
    api = on_the_way()
    for number, risk in enumerate(api.get("consultation/risks/").json()["risks"], 1):
        api.post(
            "consultation/acknowledgements/",
            shown=risk["shown"],
            understood=True,
            wants_to_talk=number == 2,
            question="How long?" if number == 2 else "",
        )
    assert code_of(api.get("consultation/acknowledgements/")) == "not_possible_now"
    reading = api.get("consultation/risks/").json()
    assert api.post("consultation/book/", reading=reading["reading"]).json()["wants_to_talk"]
    copy = api.get("consultation/acknowledgements/").json()["acknowledgements"]
    assert [act["question"] for act in copy] == ["", "How long?", "", ""]


@pytest.mark.parametrize("understood", [False, "true", 1, None])
def test_nothing_but_a_tick_acknowledges(understood):
    api = on_the_way()
    risk = api.get("consultation/risks/").json()["risks"][0]
    answer = api.post("consultation/acknowledgements/", shown=risk["shown"], understood=understood)
    assert answer.status_code == 400
    assert code_of(answer) == ("not_acknowledged" if understood is False else "invalid")
    assert pointers(answer) == ["#/understood"]
    assert not Acknowledgement.objects.exists()


def test_what_another_patient_was_shown_acknowledges_nothing():
    mine = on_the_way()
    theirs = Api(token=token_of(make.proven(starts_at=make.TOMORROW_AT_9 + dt.timedelta(hours=1))))
    shown = theirs.get("consultation/risks/").json()["risks"][0]["shown"]
    mine.get("consultation/risks/")
    for forged in (shown, shown[:-1], "x"):
        answer = mine.post("consultation/acknowledgements/", shown=forged, understood=True)
        assert (answer.status_code, code_of(answer)) == (409, "stale_page")
    answer = mine.post("consultation/acknowledgements/", shown="é", understood=True)
    assert (answer.status_code, pointers(answer)) == (400, ["#/shown"])


def test_another_language_begins_anew():
    api = on_the_way()
    english = acknowledge_all(api)
    arabic = api.get("consultation/risks/", language="ar").json()
    assert arabic["reading"] != english["reading"]
    assert [risk["acknowledged_at"] for risk in arabic["risks"]] == [None] * 4
    assert code_of(api.post("consultation/book/", reading=english["reading"])) == "stale_page"
    assert api.get("consultation/risks/", language="fr").status_code == 400


def test_a_changed_wording_is_read_again():
    api = on_the_way()
    reading = acknowledge_all(api)
    draft = make.risk_list(make.treatment())
    draft.risks.filter(position=1).update(what_helps_en="Antibiotics help.")
    make.publish(draft)
    assert code_of(api.post("consultation/book/", reading=reading["reading"])) == "stale_page"
    anew = api.get("consultation/risks/").json()
    assert [risk["acknowledged_at"] is None for risk in anew["risks"]] == [True] + [False] * 3


def test_a_visit_is_not_booked_before_every_side_effect_is_acknowledged():
    api = on_the_way()
    reading = acknowledge_all(api, leave=1)
    answer = api.post("consultation/book/", reading=reading["reading"])
    assert (answer.status_code, code_of(answer)) == (409, "risks_missing")
    assert api.row.status == Status.HELD


def test_before_the_proof_no_side_effect_can_be_acknowledged():
    api = Api()
    api.begin(**slot())
    assert code_of(api.get("consultation/risks/")) == "not_possible_now"
    assert not Reading.objects.exists()


def test_a_treatment_without_a_published_list_says_so():
    make.treatment("new", risks=0)
    api = Api()
    api.begin(treatment="new")
    api.prove()
    assert code_of(api.get("consultation/risks/")) == "no_risks_listed"


def test_a_time_that_was_lost_meanwhile_is_refused_with_alternatives(monkeypatch):
    api = on_the_way()
    reading = acknowledge_all(api)
    later = make.NOW + dt.timedelta(minutes=90)
    make.held(now=later)
    monkeypatch.setattr(clock, "now", lambda: later)
    answer = api.post("consultation/book/", reading=reading["reading"])
    assert (answer.status_code, code_of(answer)) == (409, "slot_taken")
    assert len(answer.json()["alternatives"]) == 3
    assert not ConsentRecord.objects.exists()
    taken = api.post("consultation/time/", **slot(make.TOMORROW_AT_9 + dt.timedelta(minutes=20)))
    assert taken.json()["risks_acknowledged"] == 4
    assert api.post("consultation/book/", reading=reading["reading"]).status_code == 200


@pytest.mark.parametrize("treatments", [1, 3])
def test_treatments_cost_three_queries(treatments, django_assert_num_queries):
    make.dermatologist()
    make.dermatologist("gone", is_active=False)
    for number in range(1, treatments):
        make.dermatologist("omar").treatments.add(make.treatment(f"number-{number}", risks=number))
    make.treatment("hidden", is_offered=False)
    with django_assert_num_queries(3):
        told = Api().get("treatments/").json()
    assert [row["risks"] for row in told] == [4, 1, 2][:treatments]
    assert told[0]["concerns"][0] == {
        "slug": "cellulite",
        "name": {"en": "Cellulite", "ar": "السيلوليت"},
    }
    who = [[row["slug"] for row in treatment["dermatologists"]] for treatment in told]
    assert who[0][0] == "huda" and "gone" not in who[0]
    assert who[1:] == [["omar"], ["omar"]][: treatments - 1]


@pytest.mark.parametrize("risks", [1, 6])
def test_reading_and_copying_cost_a_fixed_number_of_queries(risks, django_assert_num_queries):
    slug = f"with-{risks}"
    make.dermatologist("omar", treatments=[make.treatment(slug, risks=risks)])
    api = Api()
    api.begin(**slot(dermatologist="omar"), treatment=slug)
    api.prove()
    reading = acknowledge_all(api)
    with django_assert_num_queries(QUERIES_OF_RISKS):
        api.get("consultation/risks/")
    api.post("consultation/book/", reading=reading["reading"])
    with django_assert_num_queries(QUERIES_OF_THE_COPY):
        api.get("consultation/acknowledgements/")


QUERIES_OF_RISKS = 10
QUERIES_OF_THE_COPY = 3
