"""The same act sent again, or by sixteen at once, is stored once; PostgreSQL refuses the double."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

import bookings.actions
import consent.actions
from clinic import clock
from consent.models import Acknowledgement, ConsentRecord, PatientAct
from tests import make
from tests.consent.evidence import counts
from tests.consent.shown import by_api, by_page, page_of, token


@pytest.fixture(autouse=True)
def at_ten_in_dubai(request, monkeypatch):
    if "committed_db" not in request.fixturenames:
        monkeypatch.setattr(clock, "now", lambda: make.NOW)


@pytest.mark.django_db
def test_a_doubled_risk_is_refused_by_postgresql():
    page = page_of(make.proven())
    act = Acknowledgement.objects.get(reading=page.reading)
    act.pk, act._state.adding = None, True
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        act.save(force_insert=True)
    assert error.value.__cause__.diag.constraint_name == "a_risk_is_acknowledged_once_per_reading"


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
