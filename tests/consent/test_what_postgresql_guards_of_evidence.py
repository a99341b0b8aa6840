"""Evidence straight through the ORM and SQL: PostgreSQL refuses what is incomplete, foreign or a lie."""

import pytest
from django.db import connection

from bookings.models import Consultation
from consent import ledger
from consent.actions.entering import enter
from consent.models import (
    Acknowledgement,
    ConsentRecord,
    EntryKind,
    LedgerEntry,
    Reading,
    Risk,
    RiskList,
)
from tests import make
from tests.consent.refusals import refusal

pytestmark = pytest.mark.django_db


def test_a_record_of_an_unfinished_reading_is_refused():
    reading = make.acknowledge_all(make.proven(), leave=1)
    name = refusal(
        lambda: ConsentRecord.objects.create(
            consultation=reading.consultation,
            reading=reading,
            declaration="x",
            sealed_at=make.NOW,
            entry=entry(reading.consultation),
        )
    )
    assert name == "a_record_seals_a_complete_reading"


def entry(consultation: Consultation, *, kind: str = "record") -> LedgerEntry:
    """A signed entry that says nothing."""
    return enter(kind=EntryKind(kind), body={}, consultation=consultation, now=make.NOW)


def act_of(reading: Reading, risk: Risk, **fields) -> dict:
    """The columns of an acknowledgement, true unless `fields` lie."""
    words = risk.words(reading.language)
    statement = getattr(reading.risk_list, f"statement_{reading.language}")
    return {
        "reading": reading,
        "risk_list": reading.risk_list,
        "language": reading.language,
        "risk": risk,
        "words": words,
        "statement": statement,
        "words_hash": ledger.hash_of_words(words, statement),
        "shown_at": make.NOW,
        "acknowledged_at": make.NOW,
        "salt": ledger.new_salt(),
    } | fields


def test_a_risk_of_another_treatment_or_version_is_refused():
    reading = make.acknowledge_all(make.proven(), leave=1)
    foreign = make.treatment("laser-hair-removal").risk_lists.get().risks.first()
    name = refusal(lambda: Acknowledgement.objects.create(**act_of(reading, foreign)))
    assert name == "an_acknowledgement_is_of_a_risk_of_its_list"


def test_an_acknowledgement_in_another_language_than_its_reading_is_refused():
    reading = make.acknowledge_all(make.proven(), leave=1)
    risk = reading.risk_list.risks.last()
    words, statement = risk.words("ar"), reading.risk_list.statement_ar
    name = refusal(
        lambda: Acknowledgement.objects.create(
            **act_of(
                reading,
                risk,
                language="ar",
                words=words,
                statement=statement,
                words_hash=ledger.hash_of_words(words, statement),
            )
        )
    )
    assert name == "an_acknowledgement_is_of_its_readings_list_and_language"


@pytest.mark.parametrize(
    "lie",
    [
        {"words": "Nothing can happen."},
        {"statement": "I agree to everything"},
        {"words_hash": "0" * 64},
    ],
    ids=["words", "statement", "hash"],
)
def test_words_that_are_not_the_lists_are_refused(lie):
    reading = make.acknowledge_all(make.proven(), leave=1)
    risk = reading.risk_list.risks.last()
    name = refusal(lambda: Acknowledgement.objects.create(**act_of(reading, risk, **lie)))
    assert name == "the_words_are_those_of_the_list"


def test_the_same_risk_twice_in_one_reading_is_refused():
    reading = make.acknowledge_all(make.proven())
    risk = reading.risk_list.risks.first()
    name = refusal(lambda: Acknowledgement.objects.create(**act_of(reading, risk)))
    assert name == "a_risk_is_acknowledged_once_per_reading"


def test_a_published_list_never_changes():
    live = make.treatment().risk_lists.get()
    risk = live.risks.first()
    lists, risks = RiskList.objects.filter(pk=live.pk), Risk.objects.filter(pk=risk.pk)
    assert refusal(lambda: lists.update(statement_en="x")) == "a_published_list_never_changes"
    assert refusal(lambda: lists.update(state="draft")) == "a_published_list_never_changes"
    assert refusal(lambda: risks.update(name_en="x")) == "a_published_risk_never_changes"
    assert refusal(risks.delete) == "a_published_risk_never_changes"
    new = Risk(risk_list=live, key="new", position=9, name_en="x", name_ar="x")
    assert refusal(new.save) == "a_published_risk_never_changes"
    assert lists.update(state="retired") == 1


def test_python_and_postgresql_make_the_same_words():
    risk = make.treatment().risk_lists.get().risks.first()
    with connection.cursor() as cursor:
        for language in ("en", "ar"):
            cursor.execute(
                "SELECT risk_words(r, %s) FROM consent_risk r WHERE id = %s", [language, risk.pk]
            )
            assert cursor.fetchone()[0] == risk.words(language)


def test_a_record_that_rests_on_another_kind_of_entry_is_refused():
    reading = make.acknowledge_all(make.proven())
    name = refusal(
        lambda: ConsentRecord.objects.create(
            consultation=reading.consultation,
            reading=reading,
            declaration="x",
            sealed_at=make.NOW,
            entry=entry(reading.consultation, kind="declined"),
        )
    )
    assert name == "a_row_rests_on_an_entry_of_its_kind"


@pytest.mark.parametrize(
    ("lie", "constraint"),
    [
        ({"entry_hash": "0" * 64}, "an_entry_is_named_by_the_hash_of_its_bytes"),
        ({"kind": "review"}, "an_entry_is_what_its_bytes_say"),
        ({"key_id": "0" * 64}, "an_entry_is_what_its_bytes_say"),
        ({"written_at": make.TOMORROW_AT_9}, "an_entry_is_what_its_bytes_say"),
        ({"consultation": None}, "an_entry_is_what_its_bytes_say"),
        ({"signature": b"short"}, "a_signature_has_64_bytes"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_entry_that_is_not_what_its_bytes_say_is_refused(lie, constraint):
    true = entry(make.confirmed())
    true.pk, true.entry_hash = None, "f" * 64
    for name, value in lie.items():
        setattr(true, name, value)
    if "entry_hash" not in lie:
        true.entry_hash = ledger.sha256(true.content)
        true.content = true.content + b" "
        true.entry_hash = ledger.sha256(true.content)
    assert refusal(lambda: true.save(force_insert=True)) == constraint


def test_the_application_cannot_enter_an_erasure_without_erasing():
    assert refusal(lambda: entry(make.confirmed(), kind="erasure")) == (
        "an_erasure_is_entered_by_erasing"
    )


def test_a_commitment_that_does_not_bind_its_value_is_refused():
    kept = make.acknowledge_all(make.proven()).consultation.particulars.first()
    kept.pk, kept.commitment = None, "0" * 64
    name = refusal(lambda: kept.save(force_insert=True))
    assert name == "particulars_are_bound_by_their_commitment"


@pytest.mark.parametrize("lie", ["draft", "demo", "another treatment"])
def test_a_reading_of_anything_but_the_live_list_is_refused(lie):
    reading = make.acknowledge_all(make.proven())
    fields = {"risk_list": reading.risk_list, "is_demo": lie == "demo"}
    if lie == "draft":
        fields["risk_list"] = make.risk_list(reading.risk_list.treatment)
    if lie == "another treatment":
        fields["risk_list"] = make.treatment("laser-hair-removal").risk_lists.get()
    name = refusal(
        lambda: Reading.objects.create(
            consultation=reading.consultation,
            language="en",
            opened_at=make.NOW,
            commitments={},
            **fields,
        )
    )
    assert name == "a_reading_is_of_the_live_list"
