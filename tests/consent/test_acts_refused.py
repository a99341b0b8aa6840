"""What must be refused with nothing stored, over the pages and over the API, as one table.

Each attack gets a page as a patient has it, does what it must not do, and sends the act. The rows of every
table of evidence are the same before and after. The twins at the end show that the same page sent without
the attack is accepted, so that it is the attack which is refused.
"""

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

import bookings.actions
import consent.actions
from bookings.models import Consultation, Status
from clinic import clock
from consent import ledger
from consent.actions import StalePage
from consent.models import Acknowledgement, ConsentRecord, PatientAct, Reading, Risk
from tests import make
from tests.bookings.api import Api, token_of
from tests.consent.evidence import counts
from tests.person import Person

HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def at_ten_in_dubai(request, monkeypatch):
    if "committed_db" not in request.fixturenames:
        monkeypatch.setattr(clock, "now", lambda: make.NOW)


@dataclass
class Page:
    """The page of the first side effect as a patient has it, and what will be sent from it."""

    consultation: Consultation
    reading: Reading
    risk: Risk
    shown: str
    more: dict[str, Any] = field(default_factory=dict)


def page_of(consultation: Consultation) -> Page:
    """A page whose reading has one act already, so that there is something to carry over."""
    reading = consent.actions.open_reading(consultation=consultation, language="en", now=make.NOW)
    first, second = reading.risk_list.risks.order_by("position")[:2]
    consent.actions.acknowledge(
        consultation=consultation, shown=token(reading, first), understood=True, now=make.NOW
    )
    return Page(consultation, reading, second, token(reading, second))


def token(reading: Reading, risk: Risk, *, now: dt.datetime = make.NOW) -> str:
    return consent.actions.shown(reading=reading, risk=risk, now=now)


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


def another() -> Page:
    """The page of somebody else."""
    return page_of(make.proven(starts_at=make.TOMORROW_AT_9 + HOUR))


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


def by_page(page: Page, act: str) -> int:
    sent = {"shown": page.shown, **page.more}
    sent |= {"act": "talk"} if act == "talk" else {"understood": "on"}
    path = f"/book/risks/{page.risk.position}/"
    return Person().walks(page.consultation).client.post(path, sent).status_code


def by_api(page: Page, act: str) -> int:
    sent = {"shown": page.shown, **page.more} | ({} if act == "talk" else {"understood": True})
    path = "wishes" if act == "talk" else "acknowledgements"
    return Api(token=token_of(page.consultation)).post(f"consultation/{path}/", **sent).status_code


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


# --- The last press -------------------------------------------------------------------------------


def reading_of_another(consultation: Consultation, reading: Reading) -> int:
    return another().reading.pk


def reading_before(consultation: Consultation, reading: Reading) -> int:
    consent.actions.open_reading(consultation=consultation, language="ar", now=make.NOW)
    return reading.pk


def reading_after_a_change(consultation: Consultation, reading: Reading) -> int:
    draft = make.risk_list(consultation.treatment)
    draft.risks.filter(position=1).update(what_helps_en="Breathe out.", what_helps_ar="ازفر.")
    make.publish(draft)
    return reading.pk


def no_reading(consultation: Consultation, reading: Reading) -> int:
    return 0


def ended(consultation: Consultation, reading: Reading) -> int:
    consent.actions.decline(consultation=consultation, language="en", now=make.NOW)
    return reading.pk


SEALS = [reading_of_another, reading_before, reading_after_a_change, no_reading, ended]


@pytest.mark.django_db
@pytest.mark.parametrize("send", ["page", "api"])
@pytest.mark.parametrize("attack", SEALS, ids=lambda attack: attack.__name__)
def test_the_last_press_is_refused_with_nothing_stored(attack, send):
    consultation = make.proven()
    reading = attack(consultation, make.acknowledge_all(consultation))
    before = counts()
    assert press(consultation, send, reading=reading) in (303, 409)
    assert counts() == before
    assert not Consultation.objects.filter(status=Status.CONFIRMED).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("send", ["page", "api"])
@pytest.mark.parametrize("name", ["sealed_at", "acknowledged_at", "declaration", "acts"])
def test_the_last_press_takes_nothing_but_the_reading(name, send):
    consultation = make.proven()
    reading = make.acknowledge_all(consultation)
    before = counts()
    assert press(consultation, send, reading=reading.pk, **{name: "x"}) == 400
    assert counts() == before
    assert press(consultation, send, reading=reading.pk) in (200, 303)
    assert ConsentRecord.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("send", ["page", "api"])
def test_one_side_effect_that_is_missing_books_nothing(send):
    consultation = make.proven()
    reading = make.acknowledge_all(consultation, leave=1)
    before = counts()
    assert press(consultation, send, reading=reading.pk) in (303, 409)
    assert counts() == before and not ConsentRecord.objects.exists()


def press(consultation: Consultation, send: str, **sent: Any) -> int:
    if send == "api":
        return Api(token=token_of(consultation)).post("consultation/book/", **sent).status_code
    return Person().walks(consultation).client.post("/book/check/", sent).status_code


@pytest.mark.django_db
def test_a_doubled_risk_is_refused_by_postgresql():
    page = page_of(make.proven())
    act = Acknowledgement.objects.get(reading=page.reading)
    act.pk, act._state.adding = None, True
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        act.save(force_insert=True)
    assert error.value.__cause__.diag.constraint_name == "a_risk_is_acknowledged_once_per_reading"


# --- Withdrawn ------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["acknowledge", "talk"])
@pytest.mark.parametrize("when", ["sealed", "half-way"])
@pytest.mark.parametrize("send", [by_api, "own page", "action"])
def test_a_token_from_before_a_withdrawal_is_refused(send, when, act):
    consultation = make.confirmed()
    record = consultation.consent_records.get()
    if when == "half-way":  # a reading that was begun again, and then all of it is withdrawn
        draft = make.risk_list(consultation.treatment)
        draft.risks.filter(position=1).update(what_helps_en="Breathe.", what_helps_ar="تنفّس.")
        make.publish(draft)
        bookings.actions.ask_again(consultation=consultation, now=make.NOW)
        reading = consent.actions.open_reading(
            consultation=consultation, language="en", now=make.NOW
        )
    else:
        reading = record.reading
    risk = reading.risk_list.risks.get(position=1)
    page = Page(consultation, reading, risk, token(reading, risk))
    consent.actions.withdraw(
        consultation=consultation, record=record.pk, language="en", now=make.NOW
    )
    before = counts()
    if send == "action":
        with pytest.raises(StalePage):
            consent.actions.acknowledge(
                consultation=consultation,
                shown=page.shown,
                understood=True,
                question="Another answer",
                now=make.NOW,
            )
    elif send == "own page":
        sent = {"shown": page.shown} | ({"act": "talk"} if act == "talk" else {"understood": "on"})
        client = Person().opens_own_page(consultation).client
        assert client.post("/my/risks/1/", sent).status_code == 409
    else:
        assert send(page, act) == 409
    assert counts() == before


# --- Once -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_same_act_sent_twice_stores_one():
    page = page_of(make.proven())
    for send in (by_page, by_page, by_api, by_api):
        assert send(page, "acknowledge") in (201, 303)
    assert Acknowledgement.objects.filter(reading=page.reading).count() == 2
    for send in (by_page, by_page, by_api, by_api):
        assert send(page, "talk") in (201, 303)
    assert PatientAct.objects.count() == 1


AT_ONCE = 16


def at_once(act: Callable[[], Any]) -> list[Any]:
    """What sixteen threads got that did the same at the same moment, each with its own connection."""
    start = threading.Barrier(AT_ONCE)

    def one(_number: int) -> Any:
        try:
            connection.ensure_connection()
            start.wait()
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(AT_ONCE)))


def test_sixteen_times_at_once_stores_one(committed_db):
    now = clock.now()
    starts_at = bookings.actions.free_times(treatment=make.treatment(), now=now)[20].starts_at
    published = counts()["LedgerEntry"]
    consultation = make.proven(now=now, starts_at=starts_at)
    reading = consent.actions.open_reading(consultation=consultation, language="en", now=now)
    for risk in reading.risk_list.risks.all():
        page = {"consultation": consultation, "shown": token(reading, risk, now=now), "now": now}
        asked = dict(page, question="Why?")
        rows = at_once(lambda asked=asked: consent.actions.want_to_talk(**asked).pk)
        assert len(set(rows)) == 1
        asked = dict(page, understood=True, question="Why?")
        rows = at_once(lambda asked=asked: consent.actions.acknowledge(**asked).pk)
        assert len(set(rows)) == 1
    assert counts() | {"Reading": 1, "Acknowledgement": 4, "PatientAct": 4} == counts()
    sealed = {"consultation": consultation, "reading": reading.pk, "now": now}
    assert len(set(at_once(lambda: consent.actions.seal(**sealed).pk))) == 1
    record = ConsentRecord.objects.get().pk
    asked = {"consultation": consultation, "record": record, "language": "en", "now": now}
    assert len(set(at_once(lambda: consent.actions.withdraw(**asked).pk))) == 1
    asked = {"consultation": consultation, "language": "en", "now": now}
    assert len(set(at_once(lambda: consent.actions.decline(**asked).pk))) == 1
    assert (
        counts() | {"ConsentRecord": 1, "PatientAct": 6, "LedgerEntry": published + 3} == counts()
    )


# --- A language switched midway, and ticks in addresses -------------------------------------------


@pytest.mark.django_db
def test_a_language_switched_midway_begins_anew():
    page = page_of(make.proven())
    person = Person().walks(page.consultation).open("/book/risks/2/").press("العربية")
    arabic = Reading.objects.latest("pk")
    assert person.url == "/ar/book/risks/1/" and arabic.language == "ar"
    assert not arabic.acknowledgements.exists()
    assert Consultation.objects.get().risks_acknowledged == 0
    before = counts()
    assert by_page(page, "acknowledge") == 409  # the English page is still open in another tab
    assert counts() == before
    person.open("/book/risks/1/")  # and back: nothing comes back from the first English reading
    assert not Reading.objects.latest("pk").acknowledgements.exists()


TICKS = [
    "?understood=on",
    "?understood=true",
    "?understood=1",
    "?understood",
    "?understood=on&wants_to_talk=on&question=x",
    "?answers=understood",
    "?initial-understood=on",
    "?act=talk&understood=on",
    "#understood",
    "#id_understood",
    "?shown=x&understood=checked#id_understood",
    "?switch_language=ar&understood=on",
]


@pytest.mark.django_db
@pytest.mark.parametrize("address", TICKS)
def test_nothing_in_an_address_can_render_a_tick(address):
    consultation = make.proven()
    person = Person().walks(consultation)
    for number in (1, 2):
        path = f"/book/risks/{number}/"
        assert not ticked(person.open(path + address))
        assert person.url.partition("?")[0].partition("#")[0] == path
        assert not ticked(person.press("Save and go on", question="a" * 301))  # after an error
        assert not ticked(person.press("Save and go on"))
        person.open(path).press("Save and go on", understood="on")
        assert not ticked(person.open(path + address))  # nor once it is acknowledged
        person.open(f"/book/risks/{number + 1}/")
    assert Acknowledgement.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("address", TICKS)
def test_nor_on_the_own_page_of_a_visit_that_asks_again(address):
    consultation = make.confirmed()
    record = consultation.consent_records.get()
    consent.actions.withdraw(
        consultation=consultation, record=record.pk, language="en", now=make.NOW
    )
    person = Person().opens_own_page(consultation)
    for path in ("/my/risks/1/", "/ar/my/risks/1/", "/my/risks/", "/my/risks/check/"):
        assert not ticked(person.open(path + address))
    assert Acknowledgement.objects.count() == 4


def ticked(person: Person) -> list[Any]:
    """Whatever is checked on the page, in either way of writing it."""
    return person.page.select("[checked], [aria-checked=true]")
