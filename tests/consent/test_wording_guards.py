"""How a list comes to be published, straight through SQL: PostgreSQL refuses, whoever asks.

Each is tried as the role that the application runs as, and as the owner of the tables.
"""

import pytest
from django.db import DatabaseError, connection, connections

import consent.actions
from clinic.models import VERSION_STEPS, VersionState
from consent.actions.entering import enter
from consent.bodies import publication_of
from consent.models import EntryKind, RiskList
from tests import make
from tests.consent.wording import RISK_TEXTS, Lists, lists_in_each_state, put, refused


@pytest.fixture
def lists(committed_db) -> Lists:
    return lists_in_each_state()


def published(row: RiskList, entered: dict | None = None, **columns: object) -> str:
    """The name of the constraint that refused a publication, entered in the ledger as it is told."""
    values = {
        "state": "published",
        "published_at": make.NOW,
        "published_by_id": make.staff("second").pk,
    } | columns
    for name, value in values.items():
        setattr(row, name, value)
    entry = enter(
        kind=EntryKind.PUBLICATION, body=publication_of(row) | (entered or {}), now=make.NOW
    )
    return put(row, **values, entry_id=entry.entry_hash)


def test_the_databases_steps_of_a_list_are_those_in_python(lists):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('refuse_a_step_that_no_list_takes'::regproc)")
        body = cursor.fetchone()[0]
    for old in VersionState.values:
        allowed = {new for new in VersionState.values if f"('{old}', '{new}')" in body}
        assert allowed == VERSION_STEPS[old]


def test_a_list_takes_no_other_step(lists):
    name = "a_list_takes_its_steps_in_order"
    assert put(lists.draft, state="published") == name
    assert put(lists.draft, state="retired") == name
    assert put(lists.in_review, state="retired") == name
    assert put(lists.live, state="in_review") == "a_published_list_never_changes"
    insert = (
        "INSERT INTO consent_risklist (treatment_id, version, state, statement_en, statement_ar,"
        " change, change_note, reviewer_licence) VALUES (%s, 9, 'in_review', '', '', '', '', '')"
    )
    assert refused(insert, lists.draft.treatment_id) == name


def test_what_is_in_review_does_not_change(lists):
    name = "words_in_review_stay_as_they_are"
    row, risk = lists.in_review, lists.in_review.risks.first()
    other = make.staff("other").pk
    for column, value in {
        "statement_en": "x",
        "statement_ar": "x",
        "change": "editorial",
        "change_note": "x",
        "written_by_id": other,
        "version": 9,
    }.items():
        assert put(row, **{column: value}) == name
    assert put(risk, name_en="x") == name
    assert put(risk, risk_list_id=lists.draft.pk) == name
    assert put(lists.draft.risks.first(), risk_list_id=row.pk) == name
    assert refused("DELETE FROM consent_risk WHERE id = %s", risk.pk) == name
    columns = ", ".join(["key", *RISK_TEXTS])
    copy = f"INSERT INTO consent_risk (risk_list_id, position, {columns}) SELECT %s, 9, {columns}"
    assert refused(f"{copy} FROM consent_risk WHERE id = %s", row.pk, risk.pk) == name


def test_a_list_goes_to_review_with_its_change_and_its_writer(lists):
    name = "a_list_in_review_says_its_change_and_its_writer"
    told = {"state": "in_review", "change": "first", "change_note": "New."}
    assert put(lists.draft, **told | {"change": ""}) == name
    assert put(lists.draft, **told | {"change": "big"}) == name
    assert put(lists.draft, **told | {"change_note": ""}) == name
    assert put(lists.draft, **told | {"written_by_id": None}) == name


def test_only_a_dermatologist_who_did_not_write_it_reviews_a_list(lists):
    row, reviewer = lists.in_review, make.dermatologist("reviewer")
    review = {
        "reviewed_by_id": reviewer.user.pk,
        "reviewed_at": make.NOW,
        "reviewer_licence": reviewer.licence_number,
    }
    name = "wording_is_reviewed_by_a_dermatologist"
    assert put(row, **review | {"reviewed_by_id": make.staff("clerk").pk}) == name
    assert put(row, **review | {"reviewer_licence": "DHA-P-0"}) == name
    name = "a_reviewed_list_says_when_and_by_which_licence"
    assert put(row, **review | {"reviewed_at": None}) == name
    assert put(row, reviewed_at=make.NOW) == name
    writer = make.dermatologist("writer", treatments=[], user=row.written_by)
    own = review | {"reviewed_by_id": writer.user.pk, "reviewer_licence": writer.licence_number}
    assert put(row, **own) == "nobody_reviews_their_own_words"
    assert put(lists.draft, **review) == "a_draft_is_not_reviewed"
    assert put(lists.reviewed, state="draft") == "a_draft_is_not_reviewed"


def test_a_publication_is_reviewed_and_by_a_second_person(lists):
    assert published(lists.in_review) == "a_published_list_was_reviewed"
    writer = lists.reviewed.written_by_id
    assert (
        published(lists.reviewed, published_by_id=writer)
        == "a_list_is_published_by_a_second_person"
    )
    assert published(lists.reviewed, published_at=None) == "a_published_list_says_when_and_by_whom"


@pytest.mark.parametrize(
    "lie",
    [
        {"treatment": "peel"},
        {"list_version": 7},
        {"change": "editorial"},
        {"reviewed_by": "DHA-P-0"},
        {"published_by": 0},
        {"statement": {"en": "I agree", "ar": "أوافق"}},
    ],
    ids=lambda lie: next(iter(lie)),
)
def test_a_publication_is_entered_in_the_ledger_as_it_is(lists, lie):
    assert published(lists.reviewed, lie) == "a_publication_is_entered_as_it_is"


def test_a_publication_without_an_entry_or_with_another_ones_is_refused(lists):
    row, name = lists.reviewed, "a_publication_is_entered_as_it_is"
    values = {"state": "published", "published_at": make.NOW, "published_by_id": row.reviewed_by_id}
    assert put(row, **values) == name
    assert put(row, **values, entry_id=lists.live.entry_id) == name
    record = make.sealed(make.proven())
    assert put(row, **values, entry_id=record.record_hash) == name
    name = "a_published_list_has_its_entry_and_no_other_has_one"
    entry = enter(kind=EntryKind.PUBLICATION, body=publication_of(row), now=make.NOW)
    assert put(row, entry_id=entry.entry_hash) == name


def reviewed_as(change: str, draft: RiskList) -> RiskList:
    """A draft that was sent to review behind the actions' back, as another change than it is."""
    told = {"state": "in_review", "change": change, "change_note": "Words."}
    RiskList.objects.filter(pk=draft.pk).update(**told)
    reviewer = make.staff("second")
    return consent.actions.review_wording(risk_list=draft, reviewed_by=reviewer, now=make.NOW)


def test_the_first_version_alone_is_the_first(lists):
    name = "the_first_version_says_that_it_is_the_first"
    assert published(reviewed_as("first", make.risk_list(make.treatment()))) == name
    assert published(reviewed_as("editorial", lists.draft)) == name


@pytest.mark.parametrize("risks", [3, 5], ids=["removed", "added"])
def test_a_risk_that_is_added_or_removed_is_a_material_change(lists, risks):
    draft = make.risk_list(make.treatment(), risks=risks)
    assert published(reviewed_as("editorial", draft)) == "to_add_or_remove_a_risk_is_material"


def test_one_list_is_live_for_a_treatment(lists):
    second = make.reviewed(make.risk_list(make.treatment()), change="editorial")
    assert published(second) == "one_live_risk_list_per_treatment"


def test_an_empty_list_cannot_be_published(lists):
    with connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE consent_risk DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM consent_risk WHERE risk_list_id = %s", [lists.reviewed.pk])
    assert published(lists.reviewed) == "a_published_list_has_a_risk"


def test_what_was_published_cannot_be_emptied(lists):
    make.reviewed(make.risk_list(make.treatment()))
    for table in ("consent_risk", "consent_risklist"):
        with pytest.raises(DatabaseError, match="written once"):
            connections["owner"].cursor().execute(f"TRUNCATE {table} CASCADE")
        with pytest.raises(DatabaseError, match="permission denied"):
            connection.cursor().execute(f"TRUNCATE {table} CASCADE")


def test_a_remark_is_written_once(lists):
    consent.actions.send_back(
        risk_list=lists.reviewed, remark="Shorter.", sent_back_by=make.staff("second"), now=make.NOW
    )
    for sql in ("UPDATE consent_remark SET words = 'x'", "DELETE FROM consent_remark"):
        with pytest.raises(DatabaseError, match="written once"):
            connections["owner"].cursor().execute(sql)
        with pytest.raises(DatabaseError, match="permission denied"):
            connection.cursor().execute(sql)


def test_a_record_of_retired_wording_is_refused(lists):
    consultation = make.proven()
    reading = make.acknowledge_all(consultation)
    make.publish(make.risk_list(make.treatment()), change="editorial")
    entry = enter(kind=EntryKind.RECORD, body={}, consultation=consultation, now=make.NOW)
    insert = (
        "INSERT INTO consent_consentrecord (consultation_id, reading_id, declaration, sealed_at,"
        " record_hash) VALUES (%s, %s, 'x', %s, %s)"
    )
    values = [consultation.pk, reading.pk, make.NOW, entry.entry_hash]
    assert refused(insert, *values) == "a_record_seals_the_live_wording"
