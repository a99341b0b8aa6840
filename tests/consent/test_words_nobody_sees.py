"""Words without a visible letter are none, on patients' pages, over the API and at the desk."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup

import bookings.actions
from clinic import clock
from consent.models import Acknowledgement, Answer, LegalHold, Particulars, Remark
from tests import desk, make
from tests.bookings.api import Api, token_of
from tests.consent import records
from tests.consent.test_desk_keeping import HOLDS, asked_for, page
from tests.person import Person

pytestmark = pytest.mark.django_db
UNSEEN = ["\u200b", "\u202e", "\u2066 \u200d\ufeff", "\u3164"]


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def errors(answer) -> str:
    assert answer.status_code == 200
    soup = BeautifulSoup(answer.content, "html.parser")
    return " ".join(one.get_text() for one in soup.select(".errorlist"))


@pytest.mark.parametrize("typed", UNSEEN)
def test_a_question_that_nobody_sees_is_none_on_the_page_and_over_the_api(typed):
    person = Person().walks(make.proven()).open("/book/risks/1/")
    person.press("Save and go on", understood="on", question=typed)
    assert person.url == "/book/risks/2/"
    api = Api(token=token_of(make.proven(starts_at=make.TOMORROW_AT_9 + dt.timedelta(hours=1))))
    shown = api.get("consultation/risks/").json()["risks"][0]["shown"]
    sent = {"shown": shown, "understood": True, "question": typed}
    assert api.post("consultation/acknowledgements/", **sent).status_code == 201
    acts = Acknowledgement.objects.values_list("wants_to_talk", "question_commitment")
    assert list(acts) == [(False, "")] * 2


def test_a_question_is_kept_without_what_nobody_sees_and_with_its_joiners():
    person = Person().walks(make.proven()).open("/book/risks/1/")
    typed = "\u200bمی\u200cخواهم \u202eabc\u202c 👩\u200d⚕️"
    person.press("Save and go on", understood="on", question=typed)
    act = Acknowledgement.objects.get()
    kept = Particulars.objects.get(commitment=act.question_commitment).value
    assert kept == "می\u200cخواهم abc 👩\u200d⚕️"


@pytest.mark.parametrize("typed", UNSEEN)
def test_a_hold_is_placed_and_lifted_with_a_reason_that_can_be_seen(typed):
    visit = bookings.actions.cancel(consultation=make.confirmed(), now=make.NOW, by_patient=True)
    client, given = desk.lead(), {"consultation": str(visit), "reason": typed}
    answer = client.post(desk.url(f"{HOLDS}_add"), given)
    assert "required" in errors(answer) and not LegalHold.objects.exists()
    assert str(visit) in answer.content.decode()  # what was typed stays
    client.post(desk.url(f"{HOLDS}_add"), given | {"reason": f"Cla{typed}im"})
    hold = LegalHold.objects.get()
    assert hold.reason.replace("\u3164", "").replace(" ", "") == "Claim"
    address = desk.url(f"{HOLDS}_change", hold.pk)
    assert "required" in errors(client.post(address, {"reason": typed}))
    hold.refresh_from_db()
    assert hold.lifted_at is None


@pytest.mark.parametrize("typed", UNSEEN)
def test_an_erasure_is_refused_in_words_that_can_be_seen(typed):
    visit = bookings.actions.cancel(consultation=make.confirmed(), now=make.NOW, by_patient=True)
    asked = asked_for(visit)
    assert "required" in errors(desk.lead().post(page(asked, "refuse"), {"why": typed}))
    asked.refresh_from_db()
    assert asked.answer == Answer.OPEN


@pytest.mark.parametrize("typed", UNSEEN)
def test_a_reviews_note_that_nobody_sees_is_none(typed):
    record = make.confirmed().consent_records.get()
    given = {"decision": "discussed", "note": typed}
    assert desk.dermatologist().post(records.address(record), given).status_code == 302
    assert record.reviews.get().note_commitment == ""


@pytest.mark.parametrize("typed", UNSEEN)
def test_a_list_is_sent_back_with_a_remark_that_can_be_seen(typed):
    row = make.in_review(make.risk_list(make.treatment()))
    client, address = desk.dermatologist(), desk.url("consent_risklist_send-back", row.pk)
    assert "required" in errors(client.post(address, {"remark": typed}))
    assert not Remark.objects.exists()
    client.post(address, {"remark": "\u202eSay how long.\u200b"})
    assert Remark.objects.get().words == "Say how long."
