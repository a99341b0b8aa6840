"""A material change asks booked patients again, and only those who have something new to read."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import bookings.actions
import consent.actions
from bookings.models import Consultation, NotPossibleNow, Status
from consent.models import Risk, RiskList
from tests import make

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def changed(**words) -> RiskList:
    """A draft of the next version, in which the first side effect says something else."""
    row = make.risk_list(make.treatment())
    row.risks.filter(position=1).update(**words)
    return row


def asked(consultation: Consultation) -> dt.datetime | None:
    consultation.refresh_from_db()
    return consultation.asks_again_since


def test_a_material_change_asks_who_is_booked_and_leaves_the_visit_confirmed():
    consultation = make.confirmed()
    row = make.publish(changed(what_helps_en="Antibiotics help."), now=make.NOW + HOUR)
    assert asked(consultation) == make.NOW + HOUR == row.published_at
    assert consultation.status == Status.CONFIRMED


def test_an_editorial_change_asks_nobody():
    consultation = make.confirmed()
    make.publish(changed(what_helps_en="Antibiotics help."), change="editorial")
    assert asked(consultation) is None


def test_words_that_changed_in_the_other_language_only_ask_nobody():
    english = make.confirmed()
    arabic = make.confirmed(starts_at=make.TOMORROW_AT_9 + HOUR, language="ar")
    make.publish(changed(what_helps_ar="المضادات الحيوية تساعد."))
    assert asked(english) is None and asked(arabic) is not None


def test_another_statement_beside_the_tick_is_something_new_to_read():
    consultation = make.confirmed()
    draft = make.risk_list(make.treatment())
    RiskList.objects.filter(pk=draft.pk).update(statement_en="I know that this can happen")
    make.publish(draft)
    assert asked(consultation) is not None


@pytest.mark.parametrize(("risks", "asks"), [(3, False), (5, True)], ids=["removed", "added"])
def test_who_read_all_that_is_left_is_not_asked(risks, asks):
    consultation = make.confirmed()
    row = make.risk_list(make.treatment(), risks=risks)
    row.risks.filter(position=5).update(name_en="Blisters")
    make.publish(row)
    assert (asked(consultation) is not None) == asks


def test_another_order_alone_asks_nobody_even_as_a_material_change():
    consultation = make.confirmed()
    draft = make.risk_list(make.treatment())
    for position, risk in enumerate(draft.risks.order_by("-position"), 11):
        Risk.objects.filter(pk=risk.pk).update(position=position)
    make.publish(draft)
    assert asked(consultation) is None


def test_only_visits_ahead_that_are_confirmed_are_asked():
    at = [make.TOMORROW_AT_9 + number * HOUR for number in range(5)]
    held = make.proven(starts_at=at[0])
    cancelled = make.confirmed(starts_at=at[1])
    bookings.actions.cancel(consultation=cancelled, now=make.NOW, by_patient=True)
    past, ahead = make.confirmed(starts_at=at[2]), make.confirmed(starts_at=at[4])
    other = make.treatment("laser-hair-removal")
    make.dermatologist().treatments.add(other)
    about_other = make.confirmed(treatment=other, starts_at=at[3])
    make.publish(changed(what_helps_en="Antibiotics help."), now=at[3])
    found = [held, cancelled, past, about_other]
    assert [asked(consultation) for consultation in found] == [None] * 4
    assert asked(ahead) == at[3]


def test_who_was_asked_before_keeps_the_first_moment():
    consultation = make.confirmed()
    make.publish(changed(what_helps_en="Antibiotics help."))
    make.publish(changed(what_helps_en="Antibiotics may help."), now=make.NOW + HOUR)
    assert asked(consultation) == make.NOW


def test_an_unfinished_request_reads_only_the_changed_side_effect():
    consultation = make.proven()
    make.acknowledge_all(consultation)
    make.publish(changed(what_helps_en="Antibiotics help."))
    reading = consent.actions.open_reading(consultation=consultation, language="en", now=make.NOW)
    assert reading.acknowledgements.count() == 3
    assert asked(consultation) is None


def test_a_publication_that_fails_asks_nobody():
    consultation = make.confirmed()
    row = make.reviewed(changed(what_helps_en="Antibiotics help."))
    with pytest.raises(NotPossibleNow):
        consent.actions.publish(
            risk_list=row, published_by=row.written_by, now=make.NOW, previewed="x"
        )
    assert asked(consultation) is None


def test_whom_to_ask_is_asked_in_three_queries_for_one_and_for_three():
    counts = set()
    for number in range(3):
        make.confirmed(starts_at=make.TOMORROW_AT_9 + number * HOUR)
        row = changed(what_helps_en="Antibiotics help.")
        with CaptureQueriesContext(connection) as queries:
            found = consent.actions.to_be_asked(risk_list=row, now=make.NOW)
        assert len(found) == number + 1
        counts.add(len(queries))
    assert counts == {3}


def test_an_arrival_waits_for_the_answer_whoever_holds_an_older_row():
    consultation = make.confirmed()
    stale = Consultation.objects.get(pk=consultation.pk)
    make.publish(changed(what_helps_en="Antibiotics help."))
    with pytest.raises(NotPossibleNow, match="first has to acknowledge the side effects"):
        bookings.actions.arrive(consultation=stale, now=make.TOMORROW_AT_9)


def test_only_a_confirmed_visit_is_asked():
    consultation = make.proven()
    bookings.actions.ask_again(consultation=consultation, now=make.NOW)
    assert asked(consultation) is None


def again(consultation: Consultation, **fields) -> Consultation:
    told = {
        "receipt": consultation.receipt,
        "receipt_signature": "s" * 86,
        "receipt_key": "k" * 64,
        "risks_total": 4,
    } | fields
    return bookings.actions.asked_again_done(consultation=consultation, now=make.NOW + HOUR, **told)


def test_who_has_acknowledged_again_has_the_new_receipt_and_may_arrive():
    consultation = make.confirmed()
    bookings.actions.ask_again(consultation=consultation, now=make.NOW)
    done = again(consultation)
    assert done.asks_again_since is None and done.risks_acknowledged_at == make.NOW + HOUR
    assert (done.receipt_signature, done.receipt_key) == ("s" * 86, "k" * 64)
    assert bookings.actions.arrive(consultation=done, now=make.TOMORROW_AT_9).status == "arrived"


def test_acknowledging_again_takes_a_confirmed_visit_and_every_side_effect():
    with pytest.raises(NotPossibleNow, match="Only for a confirmed visit"):
        again(make.proven(), receipt="f" * 64)
    consultation = make.confirmed(starts_at=make.TOMORROW_AT_9 + HOUR)
    bookings.actions.ask_again(consultation=consultation, now=make.NOW)
    for lack in ({"risks_total": 0}, {"receipt": ""}):
        with pytest.raises(bookings.actions.RisksMissing):
            again(consultation, **lack)
    assert asked(consultation) == make.NOW


def test_the_same_answer_twice_changes_nothing():
    consultation = make.confirmed()
    signature = consultation.receipt_signature
    assert again(consultation).receipt_signature == signature
