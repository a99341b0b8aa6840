"""A visit that is sealed while its wording changes is asked again, or reads the new words first."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

import consent.actions
from bookings.models import Consultation
from clinic.models import Treatment
from consent.models import Reading, RiskList
from consent.models.wording import RiskListQuerySet
from tests import make
from tests.processes import wait_until


class Late:
    """Two people at once: the first has done its part, and commits only when it is told to."""

    def __init__(self) -> None:
        self.done, self.may_commit = threading.Event(), threading.Event()
        self.pool = ThreadPoolExecutor(2)

    def starts(self, act: Callable[[], Any]) -> Future:
        def run() -> Any:
            try:
                with transaction.atomic():
                    given = act()
                    self.done.set()
                    assert self.may_commit.wait(30)
                return given
            finally:
                connection.close()

        first = self.pool.submit(run)
        assert self.done.wait(30)
        return first

    def meets(self, act: Callable[[], Any]) -> Future:
        """Begins the second act; comes back once it has ended or waits for the first."""

        def run() -> Any:
            try:
                return act()
            finally:
                connection.close()

        second = self.pool.submit(run)
        wait_until(lambda: second.done() or somebody_waits(), what="the second to meet the first")
        return second


def somebody_waits() -> bool:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN"
            " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
        )
        return cursor.fetchone()[0] > 0


@pytest.fixture
def sealing(committed_db) -> tuple[Consultation, Reading]:
    """A request whose last button is about to be pressed."""
    consultation = make.proven()
    return consultation, make.acknowledge_all(consultation)


@pytest.fixture
def next_version(committed_db) -> RiskList:
    """A reviewed version in which the first side effect says something else."""
    row = make.risk_list(make.treatment())
    row.risks.filter(position=1).update(what_helps_en="Antibiotics help.")
    return make.reviewed(row, change="material")


def seal(consultation: Consultation, reading: Reading) -> Any:
    return consent.actions.seal(consultation=consultation, reading=reading.pk, now=make.NOW)


def publish(row: RiskList) -> RiskList:
    return consent.actions.publish(risk_list=row, published_by=make.staff("second"), now=make.NOW)


def sealed_while_publishing(sealing, next_version) -> Consultation:
    """The seal commits late, and the publication begins meanwhile."""
    consultation, reading = sealing
    late = Late()
    first = late.starts(lambda: seal(consultation, reading))
    second = late.meets(lambda: publish(next_version))
    late.may_commit.set()
    assert first.result(30).consultation == consultation
    assert second.result(30).state == "published"
    consultation.refresh_from_db()
    assert consultation.status == "confirmed"
    return consultation


def test_a_visit_that_is_sealed_just_before_is_asked_again(sealing, next_version):
    assert sealed_while_publishing(sealing, next_version).asks_again_since == make.NOW


def test_without_the_guards_it_would_be_missed(sealing, next_version, monkeypatch):
    monkeypatch.setattr(
        RiskListQuerySet,
        "kept_live_for",
        lambda lists, treatment: lists.filter(treatment=treatment, state="published").first(),
    )
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP TRIGGER a_record_seals_the_live_wording ON consent_consentrecord")
    assert sealed_while_publishing(sealing, next_version).asks_again_since is None


def test_a_seal_that_comes_just_after_reads_the_new_words_first(sealing, next_version):
    consultation, reading = sealing
    late = Late()
    first = late.starts(lambda: publish(next_version))
    second = late.meets(lambda: seal(consultation, reading))
    assert not second.done()
    late.may_commit.set()
    first.result(30)
    with pytest.raises(consent.actions.StalePage):
        second.result(30)
    consultation.refresh_from_db()
    assert (consultation.status, consultation.asks_again_since) == ("held", None)


def opening_while_publishing(next_version: RiskList) -> tuple[bool, Reading]:
    """A reading is opened while a publication is about to commit: whether it waited, and what it is."""
    consultation = make.proven()
    late = Late()
    first = late.starts(lambda: publish(next_version))
    second = late.meets(
        lambda: consent.actions.open_reading(
            consultation=consultation, language=consultation.language, now=make.NOW
        )
    )
    waited = not second.done()
    late.may_commit.set()
    first.result(30)
    return waited, second.result(30)


def test_a_reading_that_is_opened_meanwhile_is_of_the_new_words(next_version):
    waited, reading = opening_while_publishing(next_version)
    assert (waited, reading.risk_list) == (True, next_version)


def test_without_the_lock_it_is_of_the_words_that_are_being_retired(next_version, monkeypatch):
    """Or PostgreSQL refuses the row, if the publication commits between the look and the row."""
    monkeypatch.setattr(
        RiskListQuerySet, "kept_live_for", lambda lists, pk: lists.live_for(Treatment(pk=pk))
    )
    waited, reading = opening_while_publishing(next_version)
    assert (waited, reading.risk_list.version) == (False, next_version.version - 1)


def test_another_answer_meanwhile_reads_the_new_words_first(sealing, next_version):
    """It would open a reading of the list that is being retired."""
    consultation, reading = sealing
    risk = reading.risk_list.risks.first()
    token = consent.actions.shown(reading=reading, risk=risk, now=make.NOW)
    late = Late()
    first = late.starts(lambda: publish(next_version))
    second = late.meets(
        lambda: consent.actions.acknowledge(
            consultation=consultation,
            shown=token,
            understood=True,
            wants_to_talk=True,
            now=make.NOW,
        )
    )
    assert not second.done()
    late.may_commit.set()
    first.result(30)
    with pytest.raises(consent.actions.StalePage):
        second.result(30)


def test_words_that_are_written_while_a_list_is_sent_to_review_come_first_or_are_refused(
    committed_db,
):
    row = make.risk_list(make.treatment())
    risk = row.risks.first()
    late = Late()
    first = late.starts(lambda: make.in_review(row))
    second = late.meets(lambda: type(risk).objects.filter(pk=risk.pk).update(name_en="Itch"))
    assert not second.done()
    late.may_commit.set()
    first.result(30)
    with pytest.raises(DatabaseError, match="in review and does not change"):
        second.result(30)
