"""What must be refused with nothing stored, over the pages and over the API, as one table.

Each attack gets a page as a patient has it, does what it must not do, and sends the act. The rows of every
table of evidence are the same before and after. The twins at the end show that the same page sent without
the attack is accepted, so that it is the attack which is refused.
"""

from typing import Any

import pytest

import bookings.actions
import consent.actions
from bookings.models import Consultation
from clinic import clock
from consent import ledger
from tests import make
from tests.bookings.api import Api, token_of
from tests.consent.evidence import counts
from tests.consent.shown import HOUR, Page, another, by_api, by_page, page_of, token
from tests.person import Person


@pytest.fixture(autouse=True)
def at_ten_in_dubai(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOW)


def forged(page: Page, **changes: Any) -> str:
    """A token that our key signed, about something that no page of ours showed."""
    statement = page.reading.risk_list.statement_en
    said = {
        "reading_id": page.reading.pk,
        "risk_id": page.risk.pk,
        "language": "en",
        "words_hash": ledger.hash_of_words(page.risk.words("en"), statement),
        "shown_at": make.NOW,
    }
    return ledger.sign_shown(ledger.Shown(**said | changes))


def new_wording(page: Page, *, position: int = 2, publish: bool = True) -> None:
    draft = make.risk_list(page.consultation.treatment)
    draft.risks.filter(position=position).update(
        what_helps_en="Breathe out.", what_helps_ar="ازفر."
    )
    if publish:
        make.publish(draft)


# --- The attacks ----------------------------------------------------------------------------------


def stale_version(page: Page) -> None:
    new_wording(
        page, position=4
    )  # another side effect's words: the list is another one all the same


def wording_changed_between_page_and_post(page: Page) -> None:
    new_wording(page)


def list_retired_between_page_and_post(page: Page) -> None:
    page.consultation.treatment.risk_lists.update(state="retired")


def missing_token(page: Page) -> None:
    page.shown = ""


def made_up_token(page: Page) -> None:
    page.shown = "made-up"


def cut_token(page: Page) -> None:
    page.shown = page.shown[:-1]


def foreign_risk_of_another_treatment(page: Page) -> None:
    foreign = make.treatment("peel", risks=1).risk_lists.get().risks.get()
    page.shown = forged(
        page,
        risk_id=foreign.pk,
        words_hash=ledger.hash_of_words(foreign.words("en"), foreign.risk_list.statement_en),
    )


def risk_of_a_draft(page: Page) -> None:
    new_wording(page, publish=False)
    draft = page.consultation.treatment.risk_lists.get(state="draft")
    page.shown = forged(page, risk_id=draft.risks.get(position=2).pk)


def words_that_were_never_shown(page: Page) -> None:
    page.shown = forged(page, words_hash=ledger.hash_of_words("Harmless.", "Fine."))


def token_of_another_reading(page: Page) -> None:
    consent.actions.open_reading(consultation=page.consultation, language="ar", now=make.NOW)
    consent.actions.open_reading(consultation=page.consultation, language="en", now=make.NOW)


def token_of_another_consultation(page: Page) -> None:
    page.shown = another().shown


def token_of_another_language(page: Page) -> None:
    words = ledger.hash_of_words(page.risk.words("ar"), page.reading.risk_list.statement_ar)
    page.shown = forged(page, language="ar", words_hash=words)


def token_of_yesterday(page: Page) -> None:
    page.shown = token(page.reading, page.risk, now=make.NOW - ledger.TOKEN_HOLDS - HOUR)


def token_of_tomorrow(page: Page) -> None:
    page.shown = token(page.reading, page.risk, now=make.NOW + HOUR)


def token_for_another_purpose(page: Page) -> None:
    page.shown = token_of(page.consultation)


def clients_own_time_of_the_act(page: Page) -> None:
    page.more = {"acknowledged_at": "2020-01-01T00:00:00Z"}


def clients_own_time_of_showing(page: Page) -> None:
    page.more = {"shown_at": "2020-01-01T00:00:00Z"}


def clients_own_words(page: Page) -> None:
    page.more = {"words": "Harmless."}


def clients_own_language(page: Page) -> None:
    page.more = {"language": "ar"}


def who_acts_for_somebody(page: Page) -> None:
    page.more = {"consultation": another().consultation.pk}


def ended_request(page: Page) -> None:
    bookings.actions.cancel(consultation=page.consultation, now=make.NOW, by_patient=True)


def another_treatment(page: Page) -> None:
    other = make.treatment("laser-hair-removal")
    page.consultation.dermatologist.treatments.add(other)
    bookings.actions.set_treatment(
        consultation=page.consultation, treatment=other, concern=None, now=make.NOW
    )


ATTACKS = [
    stale_version,
    wording_changed_between_page_and_post,
    list_retired_between_page_and_post,
    missing_token,
    made_up_token,
    cut_token,
    foreign_risk_of_another_treatment,
    risk_of_a_draft,
    words_that_were_never_shown,
    token_of_another_reading,
    token_of_another_consultation,
    token_of_another_language,
    token_of_yesterday,
    token_of_tomorrow,
    token_for_another_purpose,
    clients_own_time_of_the_act,
    clients_own_time_of_showing,
    clients_own_words,
    clients_own_language,
    who_acts_for_somebody,
    ended_request,
    another_treatment,
]


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["acknowledge", "talk"])
@pytest.mark.parametrize("send", [by_page, by_api])
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_it_is_refused_with_nothing_stored(attack, send, act):
    page = page_of(make.proven())
    attack(page)
    before = counts()
    status = send(page, act)
    # Out of turn (a cancelled request), the page leads to where the person has to be now.
    assert status in (400, 409) or (status == 303 and attack is ended_request)
    assert counts() == before
    row = Consultation.objects.get(pk=page.consultation.pk)
    assert not row.wants_to_talk and row.risks_acknowledged <= 1


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["acknowledge", "talk"])
@pytest.mark.parametrize("send", [by_page, by_api])
def test_the_same_page_without_an_attack_is_accepted(send, act):
    page = page_of(make.proven())
    before = counts()
    assert send(page, act) in (201, 303)
    stored = {name: count - before[name] for name, count in counts().items()}
    table = "PatientAct" if act == "talk" else "Acknowledgement"
    assert {name for name, count in stored.items() if count} == {table}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "field", ["shown", "understood", "wants_to_talk", "question", "act", "csrfmiddlewaretoken"]
)
def test_a_field_sent_twice_is_refused(field):
    page = page_of(make.proven())
    sent: dict[str, Any] = {"shown": page.shown, "understood": "on"}
    sent[field] = [sent.get(field, "x"), token(page.reading, page.risk)]
    before = counts()
    person = Person().walks(page.consultation)
    assert person.client.post("/book/risks/2/", sent).status_code == 400
    body = f'{{"shown": "{page.shown}", "shown": "{page.shown}", "understood": true}}'
    api = Api(token=token_of(page.consultation))
    assert api.post_raw("consultation/acknowledgements/", body).status_code == 400
    assert counts() == before
