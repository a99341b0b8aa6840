"""How aftercare is published, straight through SQL: PostgreSQL refuses, whoever asks.

Each is tried as the role that the application runs as, and as the owner of the tables.
"""

from dataclasses import dataclass

import pytest
from django.db import DatabaseError, connection, connections, transaction

from clinic import actions, plain_text
from clinic.models import VERSION_STEPS, AftercarePlan, AftercareStep, VersionState
from tests import make

TEXTS = [f"{part}_{language}" for part in AftercareStep.PARTS for language in ("en", "ar")]
pytestmark = pytest.mark.one_risk


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


def put(row: AftercarePlan | AftercareStep, **values: object) -> str:
    """The name of the constraint that refused new values of a row's columns."""
    columns = ", ".join(f"{column} = %s" for column in values)
    return refused(
        f"UPDATE {row._meta.db_table} SET {columns} WHERE id = %s", *values.values(), row.pk
    )


@dataclass
class Plans:
    """One plan in each state, of treatments of their own."""

    live: AftercarePlan
    retired: AftercarePlan
    draft: AftercarePlan
    in_review: AftercarePlan
    reviewed: AftercarePlan


@pytest.fixture
def plans(committed_db) -> Plans:
    def new(slug: str = "mesotherapy") -> AftercarePlan:
        return make.plan(
            make.treatment(slug, risks=None if slug == "mesotherapy" else 0), hours=(0,)
        )

    retired, live = make.publish_plan(new()), make.publish_plan(new())
    return Plans(
        live=live,
        retired=AftercarePlan.objects.get(pk=retired.pk),
        draft=new("peel"),
        in_review=actions.submit_for_review(plan=new("laser"), change_note="New."),
        reviewed=make.reviewed_plan(new("botox")),
    )


def published(row: AftercarePlan, **columns: object) -> str:
    """The name of the constraint that refused a publication."""
    told = {"state": "published", "published_at": make.NOW}
    return put(row, **told | {"published_by_id": make.staff("second").pk} | columns)


def test_the_databases_steps_of_a_plan_are_those_in_python(plans):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('refuse_a_step_that_no_plan_takes'::regproc)")
        body = cursor.fetchone()[0]
    for old in VersionState.values:
        assert {
            new for new in VersionState.values if f"('{old}', '{new}')" in body
        } == VERSION_STEPS[old]


def test_a_plan_takes_no_other_step(plans):
    name = "a_plan_takes_its_steps_in_order"
    assert published(plans.draft) == name
    assert put(plans.draft, state="retired") == name
    assert put(plans.in_review, state="retired") == name
    insert = (
        "INSERT INTO clinic_aftercareplan (treatment_id, version, state, change_note, remark)"
        " VALUES (%s, 9, %s, 'x', '')"
    )
    for state in ("in_review", "published", "retired"):
        assert refused(insert, plans.draft.treatment_id, state) == name


def test_a_published_plan_never_changes_and_never_goes(plans):
    name = "a_published_plan_never_changes"
    other = make.staff("other").pk
    for row in (plans.live, plans.retired):
        for column, value in {
            "state": "draft",
            "version": 9,
            "change_note": "x",
            "remark": "x",
            "reviewed_at": make.NOW,
            "published_by_id": other,
        }.items():
            assert put(row, **{column: value}) == name
        assert refused("DELETE FROM clinic_aftercareplan WHERE id = %s", row.pk) == name
    assert put(plans.live, state="retired", remark="x") == name
    truncate = "TRUNCATE clinic_aftercareplan, clinic_aftercarestep CASCADE"
    with pytest.raises(DatabaseError) as error, transaction.atomic(using="owner"):
        with connections["owner"].cursor() as cursor:
            cursor.execute(truncate)
    assert error.value.__cause__.diag.constraint_name == name


def test_steps_change_only_in_a_draft(plans):
    name = "steps_change_only_in_a_draft"
    columns = ", ".join(["key", "position", "hours_after", *TEXTS])
    copy = f"INSERT INTO clinic_aftercarestep (plan_id, {columns}) SELECT %s, {columns}"
    mine = plans.draft.steps.get()
    for row in (plans.live, plans.retired, plans.in_review, plans.reviewed):
        step = row.steps.get()
        for column in ("key", *TEXTS):
            assert put(step, **{column: "x"}) == name
        assert put(step, hours_after=9) == name
        assert put(step, plan_id=plans.draft.pk) == name
        assert put(mine, plan_id=row.pk) == name
        assert refused("DELETE FROM clinic_aftercarestep WHERE id = %s", step.pk) == name
        assert refused(f"{copy} FROM clinic_aftercarestep WHERE id = %s", row.pk, mine.pk) == name


def test_a_plan_in_review_stays_as_it_is(plans):
    name = "a_plan_in_review_stays_as_it_is"
    assert put(plans.in_review, change_note="x") == name
    assert put(plans.in_review, written_by_id=make.staff("other").pk) == name
    assert put(plans.reviewed, version=9) == name


def test_a_plan_is_published_by_a_second_person_after_a_review(plans):
    writer = make.staff("lead").pk
    name = "a_plan_is_published_by_a_second_person"
    assert published(plans.reviewed, published_by_id=writer) == name
    name = "a_plan_says_who_wrote_and_who_published_it"
    assert published(plans.reviewed, published_by_id=None) == name
    name = "a_published_plan_was_reviewed_and_says_when"
    assert published(plans.in_review) == name
    assert published(plans.reviewed, published_at=None) == name


def test_only_a_dermatologist_who_did_not_write_it_reviews_a_plan(plans):
    huda = make.dermatologist()
    name = "nobody_reviews_their_own_plan"
    told = {"reviewed_by_id": huda.pk, "reviewed_at": make.NOW}
    assert put(plans.in_review, **told) == name  # nobody signs in as her
    huda.user = make.staff("lead")
    huda.save()
    assert put(plans.in_review, **told) == name
    assert put(plans.reviewed, reviewed_at=None) == "a_reviewed_plan_says_when"


def test_each_text_stands_in_both_languages_or_in_neither(plans):
    name = "each_text_is_in_both_languages_or_in_neither"
    step = plans.draft.steps.get()
    for text in TEXTS:
        whole = getattr(step, text)
        AftercareStep.objects.filter(pk=step.pk).update(**{text: " "})
        assert put(plans.draft, state="in_review", change_note="New.") == name, text
        AftercareStep.objects.filter(pk=step.pk).update(**{text: whole})
    plans.draft.steps.all().delete()
    name = "a_published_plan_has_a_step"
    assert put(plans.draft, state="in_review", change_note="New.") == name


def test_a_plan_in_review_says_why_it_changes_and_who_wrote_it(plans):
    assert put(plans.draft, state="in_review") == "a_plan_in_review_says_why_it_changes"
    name = "a_plan_says_who_wrote_and_who_published_it"
    assert put(plans.draft, state="in_review", change_note="New.", written_by_id=None) == name


def test_there_is_one_live_plan_and_one_of_each_version(plans):
    next_one = make.reviewed_plan(make.plan(make.treatment()))
    assert published(next_one) == "one_live_aftercare_plan_per_treatment"
    row = make.plan(make.treatment())
    assert put(row, version=1) == "a_plan_has_one_version_of_each_number"
    step = plans.draft.steps.get()
    make.write_step(plans.draft, 24)
    assert put(step, key="after-24") == "an_aftercare_step_is_listed_once_per_plan"


@pytest.mark.parametrize("sign", ["\u202e", "\u200b", "\u0007", "\r", "e\u0301"])
def test_words_hold_no_sign_that_nobody_sees(plans, sign):
    assert plain_text.trouble_in(f"Two{sign}words")
    step = plans.draft.steps.get()
    for text in ("key", *TEXTS):
        name = "the_words_of_aftercare_are_plain_text"
        assert put(step, **{text: f"Two{sign}words"}) == name
    for text in ("change_note", "remark"):
        name = "the_words_about_a_plan_are_plain_text"
        assert put(plans.draft, **{text: f"Two{sign}words"}) == name
