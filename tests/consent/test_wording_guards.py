"""How a list comes to be published, straight through SQL: PostgreSQL refuses, whoever asks.

Each is tried as the role that the application runs as, and as the owner of the tables.
"""

import unicodedata
from dataclasses import dataclass

import pytest
from django.db import DatabaseError, connection, connections, transaction

import consent.actions
from bookings.models import NotPossibleNow
from clinic import plain_text
from clinic.models import VERSION_STEPS, VersionState
from consent.actions.entering import enter
from consent.bodies import publication_of
from consent.models import EntryKind, Remark, Risk, RiskList
from tests import make

LIST_TEXTS = ["statement_en", "statement_ar", "change_note"]
RISK_TEXTS = [f"{part}_{language}" for part in Risk.PARTS for language in ("en", "ar")]
# What nobody can see in a text: one of each kind.
HIDDEN = [
    "\u202e",
    "\u2066",
    "\u200f",
    "\u061c",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u0007",
    "\u0085",
    "\r",
]


def refused(sql: str, *values: object) -> str:
    """The name of the constraint that refused it to both roles; nothing of it stays."""
    names = set()
    for alias in ("default", "owner"):
        with pytest.raises(DatabaseError) as error, transaction.atomic(using=alias):
            with connections[alias].cursor() as cursor:
                cursor.execute(sql, values)
        names.add(error.value.__cause__.diag.constraint_name)
    assert len(names) == 1, names
    return names.pop() or ""


def put(row: RiskList | Risk | Remark, **values: object) -> str:
    """The name of the constraint that refused new values of a row's columns."""
    columns = ", ".join(f"{column} = %s" for column in values)
    return refused(
        f"UPDATE {row._meta.db_table} SET {columns} WHERE id = %s", *values.values(), row.pk
    )


@dataclass
class Lists:
    """One list in each state, of treatments of their own."""

    live: RiskList
    draft: RiskList
    in_review: RiskList
    reviewed: RiskList


@pytest.fixture
def lists(committed_db) -> Lists:
    return Lists(
        live=make.treatment().risk_lists.get(),
        draft=make.risk_list(make.treatment("peel", risks=0)),
        in_review=make.in_review(make.risk_list(make.treatment("laser", risks=0))),
        reviewed=make.reviewed(make.risk_list(make.treatment("botox", risks=0))),
    )


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


@pytest.mark.parametrize("sign", HIDDEN, ids=lambda sign: f"U+{ord(sign):04X}")
def test_no_text_holds_a_sign_that_nobody_sees(lists, sign):
    assert plain_text.trouble_in(f"Two{sign}words")
    name = "the_words_of_a_risk_are_plain_text"
    for column in ["key", *RISK_TEXTS]:
        assert put(lists.draft.risks.first(), **{column: f"Two{sign}words"}) == name
    name = "the_words_of_a_list_are_plain_text"
    for column in LIST_TEXTS:
        assert put(lists.draft, **{column: f"{sign}Words"}) == name
    insert = "INSERT INTO consent_remark (risk_list_id, words, written_by_id, written_at)"
    who = lists.draft.written_by_id
    values = [lists.draft.pk, f"Words{sign}", who, make.NOW]
    assert refused(f"{insert} VALUES (%s, %s, %s, %s)", *values) == "a_remark_is_plain_text"


def test_every_text_is_spelt_in_one_way(lists):
    apart = unicodedata.normalize("NFD", "Café أ")
    assert plain_text.trouble_in(apart) and not plain_text.trouble_in(plain_text.as_kept(apart))
    for column in RISK_TEXTS:
        name = "the_words_of_a_risk_are_plain_text"
        assert put(lists.draft.risks.first(), **{column: apart}) == name
    for column in LIST_TEXTS:
        assert put(lists.draft, **{column: apart}) == "the_words_of_a_list_are_plain_text"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("Ice\u2066 helps.", "burning, what helps (English): There is a sign that nobody can see"),
        ("Cafe\u0301.", "burning, what helps (English): These letters are put together from parts"),
    ],
    ids=["hidden", "not NFC"],
)
def test_words_that_postgresql_would_refuse_are_refused_by_the_action_too(
    committed_db, words, sentence
):
    row = make.risk_list(make.treatment())
    with connections["owner"].cursor() as cursor:
        name = "the_words_of_a_risk_are_plain_text"
        cursor.execute(f"ALTER TABLE consent_risk DROP CONSTRAINT {name}")
    row.risks.filter(key="burning").update(what_helps_en=words)
    with pytest.raises(NotPossibleNow) as error:
        consent.actions.submit_for_review(risk_list=row, change="material", change_note="x")
    assert str(error.value).startswith(sentence)


def test_python_and_postgresql_mean_the_same_hidden_signs(committed_db):
    """Every sign of Unicode that can be stored: about 1.1 million."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'a_remark_is_plain_text'"
        )
        pattern = cursor.fetchone()[0].split("!~ '")[1].split("'")[0]
        cursor.execute(
            "SELECT code FROM generate_series(1, 1114111) code"
            " WHERE code NOT BETWEEN 55296 AND 57343 AND chr(code) ~ %s",
            [pattern],
        )
        theirs = {code for (code,) in cursor.fetchall()}
    ours = {code for code in range(1, 0x110000) if plain_text.HIDDEN.fullmatch(chr(code))}
    assert ours == theirs
    assert 0x202E in theirs and 10 not in theirs


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
